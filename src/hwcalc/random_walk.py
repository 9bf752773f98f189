r"""Forecasts of what grows exponentially, with their error: a random walk with drift.

Each past step of a series is taken as a draw of luck around its mean growth. A forecast then
spreads with the time ahead, and with the time from which the growth was learned. Farmer and Lafond
tried this on 53 technologies and found the spread right; `backtest` asks the same of any series.

What it leaves out: reasons for growth to change, and the correlation of neighbouring steps, which
makes real forecasts somewhat worse.

Dates are calendar years with a fraction, 2013.5 for the middle of 2013; spans of time are seconds.

References:
    Farmer, Lafond 2016, "How predictable is technological progress?",
    https://doi.org/10.1016/j.respol.2015.11.001
"""

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from hwcalc.distributions import student_quantile
from hwcalc.growth import YEAR, doublings
from hwcalc.numeric import check_positive

__all__ = [
    "Backtest",
    "Walk",
    "backtest",
    "fit_walk",
    "forecast",
    "reach_dates",
    "reach_probability",
]

FEWEST = 5  # steps: a scatter from fewer says nothing
# A band asks for the same few quantiles at each of its dates.
_student = functools.lru_cache(maxsize=64)(student_quantile)


@dataclass(frozen=True)
class Walk:
    """A random walk with drift, fitted to the logarithm of a series."""

    date: float  # [1] of the last value, in calendar years
    value: float  # the last value, in the unit of the series
    growth: float  # [1/s] doublings per time
    variance: float  # [1/s] of the number of doublings, per time
    span: float  # [s] from the first value to the last
    steps: int  # that were seen

    @property
    def doubling_time(self) -> float:
        """Time of one doubling, infinite where nothing grew [s]."""
        return 1 / self.growth if self.growth > 0 else math.inf

    def spread(self, ahead: float) -> float:
        """Standard deviation of the number of doublings after a time ahead in seconds [1]."""
        return math.sqrt(self.variance * (ahead + ahead**2 / self.span))


@dataclass(frozen=True)
class Backtest:
    """Forecasts made in the past against what came."""

    forecasts: int
    inside: float  # [1] share of outcomes within the band
    median: float  # [1] error of the middle forecast as a factor, in the median
    bias: float  # [1] forecast over outcome in the median; above 1, too much was promised


def fit_walk(dates: Sequence[float], values: Sequence[float]) -> Walk:
    r"""Fit a random walk with drift to a series.

    With steps of $\Delta_i$ doublings in times $t_i$, the drift is what leads from the first value
    to the last, and the variance per time is what the steps scatter around it:

    $$ \mu = \frac{\sum \Delta_i}{\sum t_i}, \qquad
       \sigma^2 = \frac{1}{m - 1} \sum_{i=1}^{m} \frac{(\Delta_i - \mu t_i)^2}{t_i} $$

    Args:
        dates: Calendar years with their fraction, rising. [1]
        values: Levels at these dates. [any]

    Returns:
        The walk, from the last value on. [Walk]

    Raises:
        ValueError: If the lengths differ, fewer than six values are given, the dates do not rise,
            or a value is not positive.

    References:
        Farmer, Lafond 2016, https://doi.org/10.1016/j.respol.2015.11.001

    Examples:
        A series that doubles each year without fail, in years for a doubling:

        >>> walk = fit_walk(range(2000, 2010), [2.0**n for n in range(10)])
        >>> walk.doubling_time / YEAR, walk.variance
        (1.0, 0.0)
    """
    if len(dates) != len(values) or len(values) <= FEWEST:
        raise ValueError(
            f"{len(dates)} dates and {len(values)} values: must be as many of each, more than "
            f"{FEWEST}"
        )
    levels = [math.log2(value) if value > 0 else math.nan for value in values]
    if any(map(math.isnan, levels)):
        raise ValueError(f"values = {min(values):g}: must be positive")
    times = [(b - a) * YEAR for a, b in itertools.pairwise(dates)]
    if min(times) <= 0:
        raise ValueError(f"dates = {list(dates)}: must rise")
    steps = [b - a for a, b in itertools.pairwise(levels)]
    span = sum(times)
    growth = (levels[-1] - levels[0]) / span
    scatter = sum((s - growth * t) ** 2 / t for s, t in zip(steps, times, strict=True))
    return Walk(dates[-1], values[-1], growth, scatter / (len(steps) - 1), span, len(steps))


def forecast(walk: Walk, date: float, quantile: float) -> float:
    r"""Forecast a level: an estimate with its error.

    With $\tau$ the time ahead, $T$ the time from which the drift was learned and $t_q$ Student's t,

    $$ \log_2 R = \log_2 R_0 + \mu \tau + t_q\, \sigma \sqrt{\tau + \tau^2 / T} . $$

    Args:
        walk: The fitted series. [1]
        date: Calendar year with its fraction, not before the last value. [1]
        quantile: Share of outcomes expected below the answer; 0.5 for the middle. [1]

    Returns:
        The level, in the unit of the series. [any]

    Raises:
        ValueError: If the date is before the last value, or the quantile not between 0 and 1.

    References:
        Farmer, Lafond 2016, equation 15, https://doi.org/10.1016/j.respol.2015.11.001

    Examples:
        >>> walk = fit_walk(range(2000, 2010), [2.0**n for n in range(10)])
        >>> forecast(walk, 2012, 0.5)
        4096.0
    """
    if date < walk.date:
        raise ValueError(f"date = {date:g}: must not be before {walk.date:g}")
    ahead = (date - walk.date) * YEAR
    shift = walk.growth * ahead + _student(quantile, walk.steps - 1) * walk.spread(ahead)
    level: float = walk.value * 2.0**shift
    return level


def reach_dates(walk: Walk, target: float, share: float) -> tuple[float, float, float]:
    r"""Compute when a level is reached, with the band of a given share: an estimate.

    With $Y$ the doublings to go, the ends are the times ahead $\tau$ that solve

    $$ \left(Y - \mu\tau\right)^2 = t^2 \sigma^2 \left(\tau + \tau^2/T\right) $$

    Where growth itself is in doubt there is no later end.

    Args:
        walk: The fitted series. [1]
        target: Level to reach, in the unit of the series. [any]
        share: Share of outcomes the band should hold, 0.9 for nine in ten. [1]

    Returns:
        Early, middle and late calendar year, infinite for never; the date of the last value where
        the target is already reached. [1]

    Raises:
        ValueError: If the target is not positive or the share is not between 0 and 1.

    References:
        Farmer, Lafond 2016, https://doi.org/10.1016/j.respol.2015.11.001

    Examples:
        Without scatter there is one date:

        >>> walk = fit_walk(range(2000, 2010), [2.0**n for n in range(10)])
        >>> reach_dates(walk, 4096, 0.9)
        (2012.0, 2012.0, 2012.0)
    """
    check_positive(target=target)
    away = doublings(walk.value, target)
    wide = _student(0.5 + share / 2, walk.steps - 1) ** 2 * walk.variance
    if away <= 0:
        return walk.date, walk.date, walk.date
    a = walk.growth**2 - wide / walk.span
    half = away * walk.growth + wide / 2
    root = math.sqrt(max(half**2 - a * away**2, 0.0))
    # In this form the early end has no difference of large numbers, and needs no sign of a.
    early = away**2 / (half + root) if half + root > 0 else math.inf
    late = (half + root) / a if a > 0 and walk.growth > 0 else math.inf
    middle = away / walk.growth if walk.growth > 0 else math.inf
    return (
        walk.date + early / YEAR,
        walk.date + middle / YEAR,
        walk.date + late / YEAR,
    )


def reach_probability(walk: Walk, date: float, target: float) -> float:
    r"""Compute the chance that a level is reached at a date: an estimate.

    $$ P = F\!\left( \frac{\mu\tau - Y}{\sigma \sqrt{\tau + \tau^2 / T}} \right) $$

    with $F$ the normal distribution, $\tau$ the time ahead and $Y$ the doublings to go.

    Args:
        walk: The fitted series. [1]
        date: Calendar year with its fraction. [1]
        target: Level to reach, in the unit of the series. [any]

    Returns:
        Chance. [1]

    Raises:
        ValueError: If the target is not positive.

    References:
        Farmer, Lafond 2016, https://doi.org/10.1016/j.respol.2015.11.001

    Examples:
        The middle forecast is a toss of a coin:

        >>> walk = fit_walk([2000, 2001, 2002, 2003, 2004, 2005], [1, 2, 4, 9, 16, 32])
        >>> reach_probability(walk, 2010, 1024)
        0.5
    """
    check_positive(target=target)
    away = doublings(walk.value, target)
    ahead = max(date - walk.date, 0.0) * YEAR
    spread = walk.spread(ahead)
    if spread == 0:
        return 1.0 if walk.growth * ahead >= away else 0.0
    return 0.5 * math.erfc((away - walk.growth * ahead) / (spread * math.sqrt(2)))


@functools.lru_cache(maxsize=64)
def backtest(
    dates: tuple[float, ...], values: tuple[float, ...], ahead: int, share: float
) -> Backtest:
    r"""Make every forecast that could have been made, and compare it with what came.

    For each date that has enough values before it, the walk is fitted to these alone and carried on
    by a number of steps.

    Args:
        dates: Calendar years with their fraction, in equal steps. [1]
        values: Levels at these dates. [any]
        ahead: Steps to look ahead. [1]
        share: Share of outcomes the band should hold. [1]

    Returns:
        How many forecasts there were, and how they did. [Backtest]

    Raises:
        ValueError: If the series is too short for a single forecast.

    References:
        Farmer, Lafond 2016, section 4, https://doi.org/10.1016/j.respol.2015.11.001

    Examples:
        >>> dates = tuple(float(year) for year in range(1990, 2020))
        >>> backtest(dates, tuple(2.0**n for n in range(30)), 10, 0.9).median
        1.0
    """
    errors, inside = [], 0
    # As many steps to learn from as to look ahead: less is a guess.
    for last in range(max(FEWEST, ahead), len(values) - ahead):
        walk = fit_walk(dates[: last + 1], values[: last + 1])
        date, came = dates[last + ahead], values[last + ahead]
        low, middle, high = (
            forecast(walk, date, quantile) for quantile in (0.5 - share / 2, 0.5, 0.5 + share / 2)
        )
        errors.append(math.log2(middle / came))
        inside += low <= came <= high
    if not errors:
        raise ValueError(f"{len(values)} values and ahead = {ahead}: must leave one to forecast")
    sizes, signed = sorted(abs(error) for error in errors), sorted(errors)
    half = len(errors) // 2  # and ~half, the same place from the end
    return Backtest(
        len(errors),
        inside / len(errors),
        2.0 ** ((sizes[half] + sizes[~half]) / 2),
        2.0 ** ((signed[half] + signed[~half]) / 2),
    )
