"""Forecasts with a band: what is known exactly, and whether past forecasts held."""

import math

import numpy as np
import pytest

from hwcalc.growth import YEAR, date_reached
from hwcalc.random_walk import (
    backtest,
    fit_walk,
    forecast,
    reach_dates,
    reach_probability,
)
from hwcalc.supercomputers import series

DATES = [2000.0 + 0.5 * n for n in range(30)]
NOISY = [2.0 ** (0.5 * n + math.sin(7.0 * n)) for n in range(30)]


def test_the_drift_is_found_in_uneven_steps() -> None:
    """Dates need not be equally far apart."""
    dates = [2000, 2000.5, 2002, 2005, 2006, 2010, 2011.5]
    walk = fit_walk(dates, [2.0 ** (date - 2000) for date in dates])
    assert walk.doubling_time / YEAR == pytest.approx(1)
    assert walk.variance == pytest.approx(0, abs=1e-20)


def test_drift_and_scatter_of_a_simulated_walk_are_recovered() -> None:
    """A long walk of known growth and scatter gives both back."""
    steps = np.random.default_rng(7).normal(0.3, 0.5, 1000)
    levels = np.concatenate([[0.0], np.cumsum(steps)])
    walk = fit_walk([float(n) for n in range(1001)], [2.0**level for level in levels])
    assert walk.growth * YEAR == pytest.approx(0.3, abs=3 * 0.5 / math.sqrt(1000))
    assert math.sqrt(walk.variance * YEAR) == pytest.approx(0.5, rel=0.08)


def test_the_bands_edges_are_where_the_forecast_meets_the_target() -> None:
    """A date's early end is where the upper forecast reaches the level, its late end the lower."""
    walk = fit_walk(DATES, NOISY)
    target = walk.value * 2.0**12
    early, middle, late = reach_dates(walk, target, 0.8)
    assert walk.date < early < middle < late
    assert forecast(walk, early, 0.9) == pytest.approx(target)
    assert forecast(walk, middle, 0.5) == pytest.approx(target)
    assert forecast(walk, late, 0.1) == pytest.approx(target)


def test_the_middle_is_the_plain_extrapolation() -> None:
    """Without asking for a band, the walk says what a line through first and last says."""
    walk = fit_walk(DATES, NOISY)
    target = walk.value * 1000
    assert reach_dates(walk, target, 0.9)[1] == pytest.approx(
        date_reached(walk.date, walk.value, target, walk.doubling_time)
    )


def test_a_wider_band_holds_the_narrower() -> None:
    """To be surer costs width, on both sides."""
    walk = fit_walk(DATES, NOISY)
    narrow, wide = (reach_dates(walk, walk.value * 100, share) for share in (0.5, 0.8))
    assert wide[0] < narrow[0] < narrow[2] < wide[2]


def test_chances_rise_with_time_from_nothing_to_a_half_at_the_middle() -> None:
    """What grows on average gets likelier; before the last value nothing higher is there."""
    walk = fit_walk(DATES, NOISY)
    target = walk.value * 2.0**8
    middle = reach_dates(walk, target, 0.9)[1]
    chances = [reach_probability(walk, date, target) for date in (2000, 2015, 2020, middle, 2050)]
    assert chances[0] == 0
    assert chances == sorted(chances)
    assert chances[3] == pytest.approx(0.5)


def test_a_series_that_may_not_grow_at_all_has_no_late_end() -> None:
    """Scatter that drowns the growth leaves the possibility of never."""
    walk = fit_walk(DATES[:7], [1.0, 3.0, 1.1, 2.9, 0.9, 3.1, 1.5])
    assert reach_dates(walk, 100, 0.9)[2] == math.inf


def test_what_falls_is_expected_never_and_what_is_reached_is_reached() -> None:
    """A falling series has no middle date; a level below the last value was passed."""
    falling = fit_walk(DATES, NOISY[::-1])
    assert reach_dates(falling, falling.value * 2, 0.5)[1:] == (math.inf, math.inf)
    walk = fit_walk(DATES, NOISY)
    assert reach_dates(walk, walk.value, 0.9) == (walk.date,) * 3


def test_a_perfect_past_makes_perfect_forecasts() -> None:
    """Without scatter every outcome is on the line."""
    result = backtest(tuple(DATES), tuple(2.0 ** (0.5 * n) for n in range(30)), 6, 0.9)
    assert result.forecasts == 30 - 2 * 6
    assert result.median == pytest.approx(1)
    assert result.bias == pytest.approx(1)


@pytest.mark.parametrize(("years", "factor"), [(5, 1.95), (10, 4.94), (13, 7.86)])
def test_bands_held_for_the_top500(years: int, factor: float) -> None:
    """Nine of ten outcomes lay within the band for nine of ten; forecasts promised too much."""
    dates, rates = series("hpl")
    result = backtest(dates, rates, 2 * years, 0.9)
    assert result.inside >= 0.9
    assert result.median == pytest.approx(factor, abs=0.01)
    assert 1 < result.bias <= result.median


def test_half_of_the_outcomes_lie_in_the_band_for_half() -> None:
    """A band that holds everything at any width would be useless."""
    dates, rates = series("hpl")
    assert 0.35 <= backtest(dates, rates, 20, 0.5).inside <= 0.7


def test_refusals_name_values_and_rule() -> None:
    """Too few values, times that stand still, levels of nothing, forecasts of the past."""
    with pytest.raises(ValueError, match="5 dates and 5 values"):
        fit_walk(DATES[:5], NOISY[:5])
    with pytest.raises(ValueError, match="must rise"):
        fit_walk([2000.0] * 6, NOISY[:6])
    with pytest.raises(ValueError, match="values = -1: must be positive"):
        fit_walk(DATES[:6], [1, 2, 3, 4, 5, -1])
    with pytest.raises(ValueError, match="date = 1999: must not be before"):
        forecast(fit_walk(DATES, NOISY), 1999, 0.5)
    with pytest.raises(ValueError, match="must leave one to forecast"):
        backtest(tuple(DATES), tuple(NOISY), 20, 0.9)
