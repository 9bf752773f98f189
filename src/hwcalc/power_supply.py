r"""Power supply: its size, its spikes, its connectors, what it wastes, and the wall behind it.

- load and size: `sustained_load`, `peak_load`, `rating_2018`, `rating_needed`
- what published rules allow: `EXCURSIONS_SEEN` of a card, `EXCURSIONS_STOOD` by a supply
- connectors: `connectors_needed`
- the wall: `supply_loss`, `efficiency`, `circuit_power`

Left out: split rails, ageing, power factor, and supplies that stand more than their standard asks.
"""

import math

from hwcalc.numeric import (
    ceil,
    check_count,
    check_fraction,
    check_non_negative,
    check_positive,
    maximum,
    where,
)

__all__ = [
    "CONNECTORS",
    "EXCURSIONS_SEEN",
    "EXCURSIONS_STOOD",
    "SLOT_POWER",
    "circuit_power",
    "connectors_needed",
    "efficiency",
    "peak_load",
    "rating_2018",
    "rating_needed",
    "supply_loss",
    "sustained_load",
]

# Longest duration of a spike [s] -> draw over the card's limit: GeForce RTX 5090, 575 W, measured
# by Igor's Lab (901, 824, 738 and 627 W), as reported at https://www.slashgear.com/1902896/.
EXCURSIONS_SEEN = {
    1e-3: 901.1 / 575,
    5e-3: 823.6 / 575,
    10e-3: 738.2 / 575,
    20e-3: 627.5 / 575,
}
# Duration [s] -> load over rating that a supply with a 12-volt-2x6 connector must stand: Intel,
# ATX 3.0 and 3.1 design guide, document 613768, table 3-4.
EXCURSIONS_STOOD = {0.1e-3: 2.0, 1e-3: 1.8, 10e-3: 1.6, 100e-3: 1.2}
# Limits of plugs and of the slot [W]: PCI Express CEM 5.0, as given at
# https://en.wikipedia.org/wiki/12VHPWR and by Intel's ATX 3 design guide 2.01.
CONNECTORS = {"8-pin": 150.0, "12V-2x6": 600.0}
SLOT_POWER = 75.0


def sustained_load(cards: float, card: float, processor: float, rest: float) -> float:
    r"""Sum the power that a machine draws for long.

    $$ W = (n W_g + W_c)(1 + r) $$

    Args:
        cards: Accelerators, $n$. [1]
        card: Power limit of each, $W_g$. [W]
        processor: Power of the processor under load, $W_c$. [W]
        rest: Board, memory, drives and fans as a share of these, $r$. [1]

    Returns:
        Power on the supply's output, $W$. [W]

    Raises:
        ValueError: If cards is not a whole number of at least 1, or another argument is negative.

    References:
        T. Dettmers, "A Full Hardware Guide to Deep Learning" (2018),
        https://timdettmers.com/2018/12/16/deep-learning-hardware-guide/

    Examples:
        >>> sustained_load(4, 250, 150, 0.1)
        1265.0
    """
    check_count(cards=cards)
    check_non_negative(card=card, processor=processor, rest=rest)
    return (cards * card + processor) * (1 + rest)


def rating_2018(load: float, margin: float) -> float:
    r"""Return the rating of a supply by the rule of 2018: the load and a margin.

    $$ R = W (1 + m) $$

    Args:
        load: Power drawn for long, $W$. [W]
        margin: Margin, $m$. [1]

    Returns:
        Rating, $R$. [W]

    Raises:
        ValueError: If an argument is negative.

    References:
        T. Dettmers, "A Full Hardware Guide to Deep Learning" (2018),
        https://timdettmers.com/2018/12/16/deep-learning-hardware-guide/

    Examples:
        >>> rating_2018(1250, 0.1)
        1375.0
    """
    check_non_negative(load=load, margin=margin)
    return load * (1 + margin)


def peak_load(load: float, spiking: float, factor: float, together: float) -> float:
    r"""Return the load while accelerators spike.

    $$ W_p = W + (f - 1)\, W_s\, c $$

    Args:
        load: Power drawn for long, $W$. [W]
        spiking: Part of it that spikes, $W_s$. [W]
        factor: Draw in a spike over the sustained draw, $f$. [1]
        together: Share of what spikes that does so at the same time, $c$; one for cards that wait
            for each other at every step. [1]

    Returns:
        Load during the spike, $W_p$. [W]

    Raises:
        ValueError: If load or spiking is negative, factor is below 1, or together is no fraction.

    References:
        `EXCURSIONS_SEEN`

    Examples:
        >>> peak_load(1265, 1000, 1.5, 1)
        1765.0
    """
    check_non_negative(load=load, spiking=spiking, beyond=factor - 1)
    check_fraction(together=together)
    return load + (factor - 1) * spiking * together


def rating_needed(load: float, spiking: float, together: float, stands: bool) -> float:
    r"""Return the smallest rating that carries a load and stands its spikes.

    $$ R = \max\!\left( W,\; \max_i \frac{W_p(f_i)}{a_i} \right) $$

    A supply by ATX 3 must stand $a_i$ times its rating for as long as the spike $f_i$ lasts; of the
    durations in the standard the next longer one counts. An older supply promises nothing, so its
    rating must cover the spikes. An estimate: the spikes of one card, the RTX 5090, stand for all.

    Args:
        load: Power drawn for long, $W$. [W]
        spiking: Part of it that spikes. [W]
        together: Share of what spikes that does so at the same time. [1]
        stands: The supply follows ATX 3.0 or 3.1 and has the 12-volt-2x6 connector. [1]

    Returns:
        Rating, $R$. [W]

    Raises:
        ValueError: If load or spiking is negative, or together is no fraction.

    References:
        `peak_load`, `EXCURSIONS_SEEN`, `EXCURSIONS_STOOD`

    Examples:
        A card and a processor of 300 W each and 150 W of other parts; Intel named 750 and 1,100 W:

        >>> rating_needed(750, 600, 1, True), rating_needed(750, 600, 1, False)
        (750.0, 1090.3)
    """
    rating = load + 0.0
    for duration, factor in EXCURSIONS_SEEN.items():
        longer = min(d for d in EXCURSIONS_STOOD if d >= duration)
        allowed = where(stands, EXCURSIONS_STOOD[longer], 1.0)
        rating = maximum(rating, peak_load(load, spiking, factor, together) / allowed)
    return rating


def connectors_needed(card: float, plug: str) -> float:
    r"""Count the power plugs of a card.

    $$ k = \left\lceil \frac{W - 75}{W_k} \right\rceil $$

    The slot gives 75 W. One 12-volt-2x6 plug is all that a card may have, and it brings all of the
    600 W that the standard allows.

    Args:
        card: Power limit of the card, $W$. [W]
        plug: Kind of plug, a key of `CONNECTORS`. [1]

    Returns:
        Plugs, $k$. [1]

    Raises:
        ValueError: If card is negative or the plug is unknown.

    References:
        `CONNECTORS`, `SLOT_POWER`

    Examples:
        >>> connectors_needed(450, "8-pin"), connectors_needed(575, "12V-2x6")
        (3.0, 1.0)
    """
    check_non_negative(card=card)
    if plug not in CONNECTORS:
        raise ValueError(f"plug = {plug!r}: must be one of {', '.join(CONNECTORS)}")
    return ceil(maximum(0.0, card - SLOT_POWER) / CONNECTORS[plug])


def supply_loss(
    load: float, rating: float, at_fifth: float, at_half: float, at_full: float
) -> float:
    r"""Estimate what a power supply turns into heat.

    $$ V = R\,(a + b x + c x^2), \qquad x = W / R $$

    Fixed losses, losses that go with the current (switches), and losses that go with its square
    (resistance); the three follow from the efficiencies at 20, 50 and 100 % load that an 80 PLUS
    class guarantees, where $V = R x (1 / \eta - 1)$.

    Args:
        load: Power on the output, $W$. [W]
        rating: Rating, $R$. [W]
        at_fifth: Efficiency at 20 % load. [1]
        at_half: Efficiency at 50 % load. [1]
        at_full: Efficiency at full load. [1]

    Returns:
        Heat, $V$. [W]

    Raises:
        ValueError: If rating is not positive, load is negative, or an efficiency is not above 0
            and at most 1.

    References:
        80 PLUS program, https://www.clearesult.com/80plus/

    Examples:
        An 80 PLUS Gold supply at its half load is 90 % efficient:

        >>> loss = supply_loss(500, 1000, 0.87, 0.90, 0.87)
        >>> 500 / (500 + loss)
        0.9
    """
    check_non_negative(load=load)
    check_positive(rating=rating, at_fifth=at_fifth, at_half=at_half, at_full=at_full)
    check_fraction(at_fifth=at_fifth, at_half=at_half, at_full=at_full)
    points = (0.2, 0.5, 1.0)
    shares = [x * (1 / e - 1) for x, e in zip(points, (at_fifth, at_half, at_full), strict=True)]
    x = load / rating
    # The parabola through the three points.
    curve = sum(
        share * math.prod((x - other) / (own - other) for other in points if other != own)
        for own, share in zip(points, shares, strict=True)
    )
    return rating * maximum(0.0, curve)


def efficiency(
    load: float, rating: float, at_fifth: float, at_half: float, at_full: float
) -> float:
    r"""Estimate the efficiency of a power supply at a load.

    $$ \eta = \frac{W}{W + V} $$

    Args:
        load: Power on the output, $W$. [W]
        rating: Rating. [W]
        at_fifth: Efficiency at 20 % load. [1]
        at_half: Efficiency at 50 % load. [1]
        at_full: Efficiency at full load. [1]

    Returns:
        Efficiency, $\eta$. [1]

    Raises:
        ValueError: If rating or load is not positive, or an efficiency is not above 0 and at most
            1.

    References:
        `supply_loss`

    Examples:
        >>> efficiency(100, 1000, 0.87, 0.90, 0.87) < efficiency(500, 1000, 0.87, 0.90, 0.87)
        True
    """
    check_positive(load=load)
    return load / (load + supply_loss(load, rating, at_fifth, at_half, at_full))


def circuit_power(voltage: float, current: float, continuous: float) -> float:
    r"""Return the power that a socket's circuit may carry for hours.

    $$ W = s\, U I $$

    Args:
        voltage: Voltage of the mains, $U$. [V]
        current: Rating of the breaker or fuse, $I$. [A]
        continuous: Share of it that a continuous load may use, $s$: 0.8 for loads of three hours
            and more by the rules of the United States. [1]

    Returns:
        Power, $W$. [W]

    Raises:
        ValueError: If voltage or current is not positive, or continuous is no fraction.

    References:
        National Electrical Code (NFPA 70), articles 210.19(A)(1) and 210.20(A), as discussed at
        https://forums.mikeholt.com/threads/210-20-a-maximum-load-is-it-80.46907

    Examples:
        >>> circuit_power(120, 15, 0.8)
        1440.0
    """
    check_positive(voltage=voltage, current=current)
    check_fraction(continuous=continuous)
    return voltage * current * continuous
