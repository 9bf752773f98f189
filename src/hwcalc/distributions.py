r"""Quantiles of the normal distribution and of Student's t, without a statistics package.

Python's `statistics` has the first, but importing it costs the reader's browser more time than the
answer; the second is in no standard library. Both are bare mathematics and leave nothing out.
"""

import math

from hwcalc.numeric import check_at_least, check_positive, erfc, exp, log, minimum, sqrt, where

__all__ = ["normal_quantile", "student_quantile"]


def normal_quantile(share: float) -> float:
    r"""Compute the value that a standard normal variable stays below with a given chance.

    A rational approximation, then two steps of Newton's method on $\Phi(x) = s$, which leave no
    error that matters.

    Args:
        share: Chance to stay below, $s$, between 0 and 1. [1]

    Returns:
        The quantile, $x$. [1]

    Raises:
        ValueError: If the share is not between 0 and 1.

    References:
        Abramowitz, Stegun 1964, "Handbook of mathematical functions", 26.2.23,
        https://personal.math.ubc.ca/~cbm/aands/page_933.htm

    Examples:
        >>> normal_quantile(0.95)
        1.644854
    """
    tail = minimum(share, 1 - share)
    check_positive(**{"the smaller of share and 1 - share": tail})
    t = sqrt(-2 * log(tail))
    x = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (
        1 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    )
    for _ in range(2):
        density = exp(-x * x / 2) / math.sqrt(2 * math.pi)
        x = x + (0.5 * erfc(x / math.sqrt(2)) - tail) / density
    return where(share > 0.5, x, -x)


def student_quantile(share: float, freedom: float) -> float:
    r"""Compute the value that Student's t stays below with a given chance.

    The first four terms of its expansion in $1/\nu$ around the normal quantile. Between 1 % and
    99 % they are right to 0.1 % for $\nu \ge 4$.

    Args:
        share: Chance to stay below, between 0 and 1. [1]
        freedom: Degrees of freedom, $\nu$, at least 4. [1]

    Returns:
        The quantile. [1]

    Raises:
        ValueError: If the share is not between 0 and 1, or there are fewer than 4 degrees of
            freedom.

    References:
        Abramowitz, Stegun 1964, "Handbook of mathematical functions", 26.7.5,
        https://personal.math.ubc.ca/~cbm/aands/page_949.htm

    Examples:
        >>> student_quantile(0.95, 10)
        1.8125
    """
    check_at_least(4, freedom=freedom)
    x = normal_quantile(share)
    square = x * x
    terms = (
        x * (square + 1) / 4,
        x * ((5 * square + 16) * square + 3) / 96,
        x * (((3 * square + 19) * square + 17) * square - 15) / 384,
        x * ((((79 * square + 776) * square + 1482) * square - 1920) * square - 945) / 92160,
    )
    return x + sum(term / freedom**power for power, term in enumerate(terms, 1))
