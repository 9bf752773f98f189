r"""Exponential growth: how long a doubling takes, and when a level is reached.

What doubles in equal times is a straight line in $\log_2$. Carrying the line on gives a date, and
no idea of its error; `random_walk` gives both.

What it leaves out: every reason for growth to end or to change, atoms, watts and money among them.

Dates are calendar years with a fraction, 2013.5 for the middle of 2013; spans of time are seconds.
"""

import math

from hwcalc.numeric import check_positive, log, log2

__all__ = ["YEAR", "date_reached", "decades", "doubling_time", "doublings", "grown"]

YEAR = 365.25 * 86400  # [s]


def doublings(base: float, target: float) -> float:
    r"""Count the doublings from one level to another.

    $$ n = \log_2 (R / R_0) $$

    Args:
        base: Level to start from, $R_0$. [any]
        target: Level to reach, $R$, in the same unit. [any]

    Returns:
        Doublings, negative where the target is below the base. [1]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Farmer, Lafond 2016, https://doi.org/10.1016/j.respol.2015.11.001

    Examples:
        From 0.58 PFLOP/s to the 1.075e21 FLOP/s once given for a brain:

        >>> doublings(0.58e15, 1.075e21)
        20.82
    """
    check_positive(base=base, target=target)
    return log2(target / base)


def decades(base: float, target: float) -> float:
    r"""Count the powers of ten from one level to another.

    $$ n = \log_{10} (R / R_0) $$

    Args:
        base: Level to start from, $R_0$. [any]
        target: Level to reach, $R$, in the same unit. [any]

    Returns:
        Powers of ten, negative where the target is below the base. [1]

    Raises:
        ValueError: If an argument is not positive.

    References:
        `doublings`, of which it takes 3.32 to make one.

    Examples:
        >>> decades(1e12, 1e20)
        8.0
    """
    check_positive(base=base, target=target)
    return log(target / base) / math.log(10)


def grown(base: float, time: float, doubling_time: float) -> float:
    r"""Compute the level after a time of doublings: an extrapolation.

    $$ R = R_0\, 2^{\,t / d} $$

    Args:
        base: Level now, $R_0$. [any]
        time: Time ahead, $t$; negative for the past. [s]
        doubling_time: Time of one doubling, $d$. [s]

    Returns:
        The level, in the unit of the base. [any]

    Raises:
        ValueError: If the base or the doubling time is not positive.

    References:
        `date_reached`, solved for the level.

    Examples:
        0.58 PFLOP/s after twelve years of doubling every three, in PFLOP/s:

        >>> grown(0.58, 12 * YEAR, 3 * YEAR)
        9.28
    """
    check_positive(base=base, doubling_time=doubling_time)
    level: float = base * 2.0 ** (time / doubling_time)
    return level


def doubling_time(start: float, end: float, time: float) -> float:
    r"""Compute the time of one doubling from two levels and the time between them.

    $$ d = \frac{t}{\log_2 (R_1 / R_0)} $$

    Args:
        start: Earlier level, $R_0$. [any]
        end: Later level, $R_1$, in the same unit. [any]
        time: Time between the two, $t$. [s]

    Returns:
        Time of a doubling; negative if the level fell. [s]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Farmer, Lafond 2016, https://doi.org/10.1016/j.respol.2015.11.001

    Examples:
        The best HPCG result went from 0.58 to 17.41 PFLOP/s in 12 years, in years:

        >>> doubling_time(0.58e15, 17.41e15, 12 * YEAR) / YEAR
        2.445
    """
    check_positive(time=time)
    return time / doublings(start, end)


def date_reached(base_date: float, base: float, target: float, doubling_time: float) -> float:
    r"""Compute when a level is reached that doubles in equal times: an extrapolation.

    $$ D = D_0 + d \log_2 (R / R_0) $$

    Assumption: growth goes on as it was.

    Args:
        base_date: Calendar year with its fraction at which the base holds, $D_0$. [1]
        base: Level at that date, $R_0$. [any]
        target: Level to reach, $R$, in the same unit. [any]
        doubling_time: Time of one doubling, $d$. [s]

    Returns:
        Calendar year with its fraction; in the past where the target is below the base. [1]

    Raises:
        ValueError: If a level or the time is not positive.

    References:
        Farmer, Lafond 2016, https://doi.org/10.1016/j.respol.2015.11.001

    Examples:
        21 doublings of 1.8 years from 2015 on:

        >>> date_reached(2015, 1, 2**21, 1.8 * YEAR)
        2052.8
    """
    check_positive(doubling_time=doubling_time)
    return base_date + doublings(base, target) * doubling_time / YEAR
