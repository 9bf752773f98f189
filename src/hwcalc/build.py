r"""A whole machine: which part it waits for, and what the other parts have to spare.

Each part could deliver some number of samples in a second; the machine delivers the smallest.
Where a part could deliver ten times that, a cheaper one would do.

- `throughput`, `spare`, and `cheapest_enough`

Left out: parts that get in each other's way, such as workers that compete for memory bandwidth.
"""

from collections.abc import Mapping, Sequence

from hwcalc.numeric import check_non_negative, check_positive

__all__ = ["cheapest_enough", "limiting", "spare", "throughput"]


def throughput(rates: Mapping[str, float]) -> float:
    r"""Return the rate of a machine whose parts work side by side.

    $$ R = \min_i R_i $$

    Args:
        rates: Rate that each part could deliver, by name. [samples/s]

    Returns:
        Rate of the machine, $R$. [samples/s]

    Raises:
        ValueError: If a rate is not positive.

    References:
        `limiting`

    Examples:
        >>> throughput({"accelerators": 900.0, "drive": 20e3, "processor": 1200.0})
        900.0
    """
    check_positive(**rates)
    return min(rates.values())


def limiting(rates: Mapping[str, float]) -> str:
    """Name the part that a machine waits for; the first one of several.

    Args:
        rates: Rate that each part could deliver, by name. [samples/s]

    Returns:
        Name of the part. [1]

    Raises:
        ValueError: If a rate is not positive.

    References:
        S. Williams, A. Waterman, D. Patterson, Roofline (2009), doi:10.1145/1498765.1498785: the
        same rule for the parts of a chip

    Examples:
        >>> limiting({"accelerators": 900.0, "drive": 20e3, "processor": 1200.0})
        'accelerators'
    """
    check_positive(**rates)
    return min(rates, key=lambda name: rates[name])


def spare(rates: Mapping[str, float]) -> dict[str, float]:
    r"""Return how many times over each part could do its share.

    $$ s_i = R_i / R $$

    Args:
        rates: Rate that each part could deliver, by name. [samples/s]

    Returns:
        Factor by name; one for the part that limits. [1]

    Raises:
        ValueError: If a rate is not positive.

    References:
        `throughput`

    Examples:
        >>> spare({"accelerators": 900.0, "drive": 18e3})
        {'accelerators': 1.0, 'drive': 20.0}
    """
    least = throughput(rates)
    return {name: rate / least for name, rate in rates.items()}


def cheapest_enough(offers: Sequence[tuple[float, float]], needed: float) -> int:
    """Choose the cheapest of several offers that delivers what is needed.

    Args:
        offers: Price and what is delivered, of each offer, in any one unit. [any]
        needed: What is needed, in the same unit. [any]

    Returns:
        Place of the offer; of the one that delivers most where none is enough. [1]

    Raises:
        ValueError: If there is no offer, or a price is negative.

    References:
        `spare`

    Examples:
        >>> cheapest_enough([(150.0, 750.0), (120.0, 850.0), (300.0, 1600.0)], 800.0)
        1
    """
    if not offers:
        raise ValueError("offers is empty: must have at least one")
    check_non_negative(price=min(price for price, _ in offers))
    enough = [place for place, (_, delivered) in enumerate(offers) if delivered >= needed]
    if not enough:
        return max(range(len(offers)), key=lambda place: offers[place][1])
    return min(enough, key=lambda place: offers[place][0])
