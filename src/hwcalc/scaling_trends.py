r"""Price-performance through time: a trend over many products, its band, and its forecasts checked.

Products of one month differ in price and rate by a factor of four. A line through the logarithms
of all of them has a slope, which is the doubling time, and a spread around it, which is the choice
a buyer has. Both go into the band in which the next product is expected. This is the model for a
cloud of products; for one series in which each value follows from the last, as the fastest
supercomputer, `hwcalc.random_walk` is the model.

What it leaves out: that the products of one family are not independent, which makes the true band
of the slope wider; and inflation, unless the values were corrected for it before.

Dates are calendar years with a fraction; spans of time are seconds.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from hwcalc.distributions import student_quantile
from hwcalc.growth import YEAR
from hwcalc.numeric import check_positive

__all__ = [
    "Check",
    "Trend",
    "check_forecast",
    "deflated",
    "doubling_range",
    "fit_trend",
    "trend_band",
    "trend_date",
    "trend_value",
]

FEWEST = 6  # points, two more than the degrees of freedom that `student_quantile` asks for


@dataclass(frozen=True)
class Trend:
    """A straight line through the logarithms of values over time."""

    centre: float  # [1] mean date, in calendar years
    level: float  # [1] mean of the logarithms, base 2
    growth: float  # [1/s] doublings in time
    spread: float  # [1] standard deviation of the logarithms around the line
    weight: float  # [s*s] sum of the squared distances of the dates from their mean
    count: int

    @property
    def doubling_time(self) -> float:
        """Time of one doubling, infinite where nothing grew [s]."""
        return 1 / self.growth if self.growth > 0 else math.inf

    @property
    def choice(self) -> float:
        """Upper over lower of two thirds of the products of one time [1]."""
        factor: float = 2.0 ** (2 * self.spread)
        return factor


@dataclass(frozen=True)
class Check:
    """A trend fitted to what was known at a date, against what came later."""

    trend: Trend
    share: float  # [1] of later values that the band should hold
    later: int  # values that came later
    inside: float  # [1] share of them within the band
    bias: float  # [1] what came over what was forecast, in the median

    @property
    def held(self) -> bool:
        """Whether no fewer values are inside than chance explains, at two standard deviations."""
        chance = math.sqrt(self.share * (1 - self.share) / self.later)
        return self.inside >= self.share - 2 * chance


@functools.lru_cache(maxsize=64)  # a band is asked for at many dates
def _reach(share: float, freedom: int) -> float:
    """Standard deviations on either side that hold a share of what Student's t takes."""
    return student_quantile(0.5 + share / 2, freedom)


def fit_trend(dates: Sequence[float], values: Sequence[float]) -> Trend:
    r"""Fit exponential growth to values of many products: least squares of the logarithms.

    $$ \log_2 y = a + b\,(x - \bar x), \qquad
       b = \frac{\sum (x - \bar x) \log_2 y}{\sum (x - \bar x)^2}, \qquad
       \sigma^2 = \frac{\sum \left( \log_2 y - a - b\,(x - \bar x) \right)^2}{n - 2} $$

    Args:
        dates: Calendar years with their fraction. [1]
        values: A value for each date. [any]

    Returns:
        The line with its spread. [Trend]

    Raises:
        ValueError: If there are fewer than six values, not as many dates, a value is not
            positive, or all dates are the same.

    References:
        Hobbhahn, Besiroglu 2022, "Trends in GPU price-performance",
        https://www.alignmentforum.org/posts/c6KFvQcZggQKZzxr9

    Examples:
        A value that doubles every two years without fail, in years for a doubling:

        >>> trend = fit_trend([2008, 2010, 2012, 2014, 2016, 2018], [1, 2, 4, 8, 16, 32])
        >>> trend.doubling_time / YEAR, trend.spread
        (2.0, 0.0)
    """
    count = len(values)
    if len(dates) != count or count < FEWEST:
        raise ValueError(
            f"{len(dates)} dates and {count} values: must be as many of each, at least {FEWEST}"
        )
    check_positive(values=min(values))
    logs = [math.log2(value) for value in values]
    centre, level = math.fsum(dates) / count, math.fsum(logs) / count
    away = [(date - centre) * YEAR for date in dates]
    weight = math.fsum(x * x for x in away)
    if weight == 0:
        raise ValueError(f"dates = {dates[0]:g} throughout: must differ")
    growth = math.fsum(x * y for x, y in zip(away, logs, strict=True)) / weight
    rest = (y - level - growth * x for x, y in zip(away, logs, strict=True))
    spread = math.sqrt(math.fsum(each * each for each in rest) / (count - 2))
    return Trend(centre, level, growth, spread, weight, count)


def trend_value(trend: Trend, date: float) -> float:
    r"""Compute the value on the line at a date, the middle of the products of that time: a fit.

    $$ y = 2^{\,a + b\,(x - \bar x)} $$

    Args:
        trend: A fitted trend. [1]
        date: Calendar year with its fraction. [1]

    Returns:
        The value, in the unit of the values fitted. [any]

    References:
        `fit_trend`

    Examples:
        >>> trend_value(fit_trend([2008, 2010, 2012, 2014, 2016, 2018], [1, 2, 4, 8, 16, 32]), 2020)
        64.0
    """
    value: float = 2.0 ** (trend.level + trend.growth * (date - trend.centre) * YEAR)
    return value


def trend_band(trend: Trend, date: float, share: float) -> tuple[float, float]:
    r"""Compute the band in which a product of a date is expected: an estimate.

    $$ 2^{\,a + b\,(x - \bar x) \,\pm\, t \sigma \sqrt{1 + \frac{1}{n}
       + \frac{(x - \bar x)^2}{\sum (x_i - \bar x)^2}}} $$

    with $t$ the quantile of Student's distribution with $n - 2$ degrees of freedom.

    Args:
        trend: A fitted trend. [1]
        date: Calendar year with its fraction. [1]
        share: Share of the products that the band should hold. [1]

    Returns:
        Lower and upper end, in the unit of the values fitted. [any]

    Raises:
        ValueError: If the share is not between 0 and 1, both excluded.

    References:
        Draper, Smith 1998, "Applied regression analysis", section 3.1,
        https://doi.org/10.1002/9781118625590

    Examples:
        >>> trend = fit_trend(range(2008, 2020, 2), [1.1, 1.9, 4, 8.5, 15, 31])
        >>> trend_band(trend, 2020, 0.9)
        (50.38, 72.10)
    """
    away = (date - trend.centre) * YEAR
    wide = trend.spread * math.sqrt(1 + 1 / trend.count + away**2 / trend.weight)
    shift = _reach(share, trend.count - 2) * wide
    middle = trend_value(trend, date)
    return middle * 2.0**-shift, middle * 2.0**shift


def doubling_range(trend: Trend, share: float) -> tuple[float, float]:
    r"""Compute between which limits the doubling time lies: an estimate.

    $$ \frac{1}{b + t \sigma_b} \;\ldots\; \frac{1}{b - t \sigma_b}, \qquad
       \sigma_b = \frac{\sigma}{\sqrt{\sum (x_i - \bar x)^2}} $$

    Args:
        trend: A fitted trend. [1]
        share: Confidence, 0.95 for nineteen in twenty. [1]

    Returns:
        Shortest and longest doubling time; the longest is infinite where the slope cannot be told
        from none. [s]

    Raises:
        ValueError: If the share is not between 0 and 1, both excluded.

    References:
        Draper, Smith 1998, section 1.4, https://doi.org/10.1002/9781118625590

    Examples:
        >>> trend = fit_trend(range(2008, 2020, 2), [1.1, 1.9, 4, 8.5, 15, 31])
        >>> [time / YEAR for time in doubling_range(trend, 0.95)]
        [1.935, 2.184]
    """
    error = _reach(share, trend.count - 2) * trend.spread / math.sqrt(trend.weight)
    fast, slow = trend.growth + error, trend.growth - error
    return (1 / fast if fast > 0 else math.inf), (1 / slow if slow > 0 else math.inf)


def trend_date(trend: Trend, value: float) -> float:
    r"""Compute when the line passes a value: an extrapolation.

    $$ x = \bar x + \frac{\log_2 y - a}{b} $$

    Args:
        trend: A fitted trend. [1]
        value: The value, in the unit of the values fitted. [any]

    Returns:
        Calendar year with its fraction; infinite where nothing grows. [1]

    Raises:
        ValueError: If the value is not positive.

    References:
        `trend_value`, solved for the date.

    Examples:
        >>> trend_date(fit_trend([2008, 2010, 2012, 2014, 2016, 2018], [1, 2, 4, 8, 16, 32]), 64)
        2020.0
    """
    check_positive(value=value)
    if trend.growth <= 0:
        return math.inf
    return trend.centre + (math.log2(value) - trend.level) / trend.growth / YEAR


def check_forecast(
    dates: Sequence[float], values: Sequence[float], cut: float, share: float
) -> Check:
    """Fit what was known before a date and compare the rest with its forecast.

    Args:
        dates: Calendar years with their fraction. [1]
        values: A value for each date. [any]
        cut: Calendar year up to which the values were known. [1]
        share: Share of the later values that the band should hold. [1]

    Returns:
        The trend, and how the later values lie to it. [Check]

    Raises:
        ValueError: If fewer than six values lie before the cut or none after it.

    References:
        `fit_trend`, `trend_band`

    Examples:
        Growth that halves its pace in 2016 falls ever further behind the forecast:

        >>> dates = [2006, 2008, 2010, 2012, 2014, 2016, 2018, 2020]
        >>> check = check_forecast(dates, [1, 2, 4, 8, 16, 32, 45, 64], 2017, 0.9)
        >>> check.later, check.inside, check.bias
        (2, 0.0, 0.5929)
    """
    known = [(date, value) for date, value in zip(dates, values, strict=True) if date < cut]
    later = [(date, value) for date, value in zip(dates, values, strict=True) if date >= cut]
    if not later:
        raise ValueError(f"cut = {cut:g}: must leave a value after it to compare with")
    trend = fit_trend([date for date, _ in known], [value for _, value in known])
    bands = (trend_band(trend, date, share) for date, _ in later)
    inside = sum(low <= v <= high for (_, v), (low, high) in zip(later, bands, strict=True))
    ratios = sorted(value / trend_value(trend, date) for date, value in later)
    middle = len(ratios) // 2
    bias = math.sqrt(ratios[middle] * ratios[~middle])
    return Check(trend, share, len(later), inside / len(later), bias)


def deflated(price: float, date: float, base: float, inflation: float) -> float:
    r"""Express a price in the dollars of another year.

    $$ P' = P\,(1 + i)^{\,x_0 - x} $$

    Assumption: one rate for all years; the reader's, for no index is in the data.

    Args:
        price: Price in dollars of its day, $P$. [$]
        date: Calendar year of the price, $x$. [1]
        base: Calendar year in whose dollars it is wanted, $x_0$. [1]
        inflation: Rise of prices in a year, $i$. [1]

    Returns:
        Price in dollars of the base year. [$]

    Raises:
        ValueError: If the price or the factor of a year is not positive.

    References:
        Bureau of Labor Statistics, "Handbook of methods", on indexes of consumer prices,
        https://www.bls.gov/opub/hom/cpi/

    Examples:
        The $499 of 2010 at 2.5 % a year, in dollars of 2026:

        >>> deflated(499, 2010, 2026, 0.025)
        740.8
    """
    check_positive(price=price, **{"1 + inflation": 1 + inflation})
    then: float = price * (1 + inflation) ** (base - date)
    return then
