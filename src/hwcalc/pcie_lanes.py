r"""PCIe lanes: how many a processor can give to each card, and what they carry.

A slot has 16, 8, 4, 2 or 1 lanes. `even_width` gives all cards the same, because an exchange waits
for the narrowest slot; `slot_widths` then widens what the remaining lanes allow. `lane_rate` turns
lanes into bytes per second.

Left out: lanes behind a chipset or a switch, which share one uplink, and boards whose slots cannot
be divided as the processor could.
"""

from hwcalc.catalog import links
from hwcalc.numeric import check_count, check_non_negative, floor, log2, maximum, minimum, where

__all__ = ["GENERATIONS", "WIDEST", "even_width", "lane_rate", "slot_widths", "usual_share"]

GENERATIONS = (1, 2, 3, 4, 5, 6)
WIDEST = 16


def even_width(lanes: float, cards: float) -> float:
    r"""Return the widest slot that every card can have.

    $$ w = \min\!\left(16,\; 2^{\lfloor \log_2 (l / n) \rfloor}\right) $$

    Args:
        lanes: Lanes left for cards, $l$. [1]
        cards: Cards, $n$. [1]

    Returns:
        Lanes of each, $w$; zero where there are fewer lanes than cards. [1]

    Raises:
        ValueError: If lanes is negative or cards is not a whole number of at least 1.

    References:
        PCI Express Base Specification, link widths, https://pcisig.com/specifications

    Examples:
        >>> even_width(40, 4), even_width(20, 1), even_width(24, 4)
        (8.0, 16.0, 4.0)
    """
    check_non_negative(lanes=lanes)
    check_count(cards=cards)
    power = 2 ** floor(log2(maximum(lanes / cards, 1e-9)))
    return where(lanes < cards, 0.0, minimum(float(WIDEST), power))


def slot_widths(lanes: int, cards: int) -> list[int]:
    """Divide lanes among cards, as evenly as slots allow, then widen the first ones.

    Args:
        lanes: Lanes left for cards. [1]
        cards: Cards. [1]

    Returns:
        Lanes of each card, widest first. [1]

    Raises:
        ValueError: If lanes is negative or cards is not a whole number of at least 1.

    References:
        `even_width`

    Examples:
        A processor with 40 lanes and three cards:

        >>> slot_widths(40, 3), slot_widths(32, 4)
        ([16, 16, 8], [8, 8, 8, 8])
    """
    widths = [int(even_width(lanes, cards))] * cards
    left = lanes - sum(widths)
    for place, width in enumerate(widths):
        if 0 < width <= left and width < WIDEST:
            widths[place] = 2 * width
            left -= width
    return widths


def lane_rate(generation: int, lanes: float) -> float:
    r"""Return the rate of a slot after line coding, one direction.

    $$ B = l\, B_1 $$

    Args:
        generation: PCIe generation, 1 to 6. [1]
        lanes: Lanes, $l$. [1]

    Returns:
        Rate, $B$. [B/s]

    Raises:
        ValueError: If the generation is unknown or lanes is negative.

    References:
        data/links/pcie-5-x16.toml and its like

    Examples:
        >>> lane_rate(3, 16) / 1e9, lane_rate(5, 4) / 1e9
        (15.75, 15.75)
    """
    if generation not in GENERATIONS:
        known = ", ".join(map(str, GENERATIONS))
        raise ValueError(f"generation = {generation!r}: must be one of {known}")
    check_non_negative(lanes=lanes)
    return lanes * links()[f"pcie-{generation}-x16"].bandwidth / WIDEST


def usual_share(generation: int) -> float:
    """Return the share of a slot's rate that long copies from pinned memory reach.

    Measured with sixteen lanes for generations 2 to 5; the nearest of them stands for others.

    Args:
        generation: PCIe generation, 1 to 6. [1]

    Returns:
        Share. [1]

    Raises:
        ValueError: If the generation is unknown.

    References:
        data/links/pcie-5-x16.toml and its like

    Examples:
        >>> usual_share(4), usual_share(6) == usual_share(5)
        (0.79, True)
    """
    if generation not in GENERATIONS:
        known = ", ".join(map(str, GENERATIONS))
        raise ValueError(f"generation = {generation!r}: must be one of {known}")
    measured = [g for g in GENERATIONS if links()[f"pcie-{g}-x16"].achieved is not None]
    nearest = min(measured, key=lambda g: abs(g - generation))
    return links()[f"pcie-{nearest}-x16"].efficiency
