"""Price-performance through time: published slopes, the forecast of 2017, and the line itself."""

import math

import numpy as np
import pytest

from hwcalc.catalog import accelerators
from hwcalc.growth import YEAR
from hwcalc.growth import doubling_time as doubling_between
from hwcalc.history import Card, announcements, arrival_times, came, cards
from hwcalc.prices import calendar_year
from hwcalc.scaling_trends import (
    Check,
    Trend,
    check_forecast,
    deflated,
    doubling_range,
    fit_trend,
    trend_band,
    trend_date,
    trend_value,
)

GEFORCE = [card for card in cards() if card.vendor == "NVIDIA"]


def per_dollar(measure: str, low: float = 0, high: float = 3000) -> tuple[list[float], list[float]]:
    """Dates and what a dollar bought, of NVIDIA's cards of some years."""
    found = [c for c in GEFORCE if measure in c.rates and low <= c.year < high]
    return [c.year for c in found], [c.rates[measure] / c.price for c in found]


def fitted(measure: str, low: float, high: float) -> Trend:
    """The trend of those cards."""
    return fit_trend(*per_dollar(measure, low, high))


@pytest.mark.parametrize(
    ("measure", "low", "high", "count", "years", "between"),
    [
        ("fp32", 2008, 2026, 72, 3.45, (3.2, 3.74)),
        ("fp32", 2008, 2016, 29, 2.58, (2.16, 3.21)),
        ("fp32", 2016, 2026, 43, 3.42, (2.9, 4.17)),
        ("fp32", 2020.6, 2026, 25, 5.27, (3.75, 8.89)),
        ("bandwidth", 2008, 2026, 72, 11.2, (9.07, 14.63)),
        ("memory", 2008, 2016, 29, 2.92, (2.45, 3.62)),
        ("memory", 2016, 2026, 43, 12.98, (7.23, 63.78)),
        ("memory", 2020.6, 2026, 25, 10.28, (4.43, math.inf)),
    ],
)
def test_doubling_times_of_geforce_and_titan(
    measure: str, low: float, high: float, count: int, years: float, between: tuple[float, float]
) -> None:
    """Years in which a dollar buys twice as much, with their 95 % range, as computed elsewhere."""
    trend = fitted(measure, low, high)
    assert trend.count == count
    assert trend.doubling_time / YEAR == pytest.approx(years, rel=0.005)
    found = [limit / YEAR for limit in doubling_range(trend, 0.95)]
    assert found == pytest.approx(between, rel=0.01)


def test_published_trend_of_the_best_cards_agrees() -> None:
    """Epoch AI: 2.95 years, 2.54 to 3.52, for the best of each time until 2021; ours overlaps.

    Their 2.46 years for all 470 GPUs, cheap ones included, is faster than our enthusiasts' cards.
    """
    low, high = (limit / YEAR for limit in doubling_range(fitted("fp32", 2006, 2022), 0.95))
    assert low < 3.52
    assert high > 2.54
    assert low > 2.46


def test_titan_v_to_rtx_5090() -> None:
    """0.22 against 0.90 GB/s for a dollar: four times in seven years, a doubling in 3.5."""
    rates = {card.id: card.rates["bandwidth"] / card.price for card in GEFORCE}
    assert rates["titan-v"] / 1e9 == pytest.approx(0.218, rel=0.005)
    assert rates["rtx-5090"] / 1e9 == pytest.approx(0.896, rel=0.001)
    time = doubling_between(rates["titan-v"], rates["rtx-5090"], 7.1 * YEAR)
    assert time / YEAR == pytest.approx(3.5, abs=0.05)


def forecast_of_2017(measure: str) -> Check:
    """Everything known when the Titan V appeared, against all cards since."""
    return check_forecast(*per_dollar(measure), 2018, 0.9)


def test_the_forecast_of_2017_held_for_arithmetic() -> None:
    """32 of 34 later cards lie in the band of nine in ten; the median is a quarter below."""
    check = forecast_of_2017("fp32")
    assert check.later == 34
    assert check.inside == pytest.approx(32 / 34)
    assert check.bias == pytest.approx(0.76, abs=0.01)
    assert check.held


def test_the_forecast_of_2017_failed_for_memory() -> None:
    """Memory for a dollar doubled every three years, and then hardly grew: 13 of 34 in the band."""
    check = forecast_of_2017("memory")
    assert check.trend.doubling_time / YEAR == pytest.approx(3.17, abs=0.01)
    assert check.inside == pytest.approx(13 / 34)
    assert check.bias == pytest.approx(0.44, abs=0.01)
    assert not check.held


def test_line_and_range_are_those_of_numpy() -> None:
    """Least squares by another road gives the same slope, level and error."""
    dates, values = per_dollar("fp32")
    trend = fit_trend(dates, values)
    x = np.array(dates) - np.mean(dates)
    (slope, level), covariance = np.polyfit(x, np.log2(values), 1, cov=True)
    assert trend.growth * YEAR == pytest.approx(slope)
    assert trend.level == pytest.approx(level)
    error = trend.spread / math.sqrt(trend.weight) * YEAR
    assert error == pytest.approx(math.sqrt(covariance[0, 0]), rel=1e-9)


def test_a_band_holds_its_share_of_what_it_was_fitted_to() -> None:
    """Of 72 cards nine in ten lie in the band of nine in ten, give or take a few."""
    dates, values = per_dollar("fp32")
    trend = fit_trend(dates, values)
    inside = sum(
        low <= value <= high
        for value, (low, high) in zip(
            values, (trend_band(trend, d, 0.9) for d in dates), strict=True
        )
    )
    assert 0.85 < inside / len(values) < 0.97


def test_band_widens_away_from_the_data() -> None:
    """A forecast of ten years is less sure than one of one."""
    trend = fitted("fp32", 2008, 2018)
    wide = [
        high / low for low, high in (trend_band(trend, year, 0.9) for year in (2018, 2022, 2030))
    ]
    assert wide == sorted(wide)
    assert trend_date(trend, trend_value(trend, 2031.5)) == pytest.approx(2031.5)


def test_inflation_slows_nothing_but_the_dollar() -> None:
    """Yesterday's dollar was worth more, so in dollars of one year growth is faster."""
    dates, values = per_dollar("fp32")
    real = [
        value / deflated(1, date, 2026, 0.025) for date, value in zip(dates, values, strict=True)
    ]
    nominal = fit_trend(dates, values)
    growth = fit_trend(dates, real).growth - nominal.growth
    assert growth * YEAR == pytest.approx(math.log2(1.025))


def test_a_forecast_needs_a_past_and_a_future() -> None:
    """Nothing to fit and nothing to compare with are refused."""
    dates, values = per_dollar("fp32")
    with pytest.raises(ValueError, match="must leave a value"):
        check_forecast(dates, values, 2030, 0.9)
    with pytest.raises(ValueError, match="at least 6"):
        check_forecast(dates, values, 2008, 0.9)
    with pytest.raises(ValueError, match="must differ"):
        fit_trend([2010] * 6, [1] * 6)


@pytest.mark.parametrize("card", [card for card in cards() if card.id], ids=lambda card: card.id)
def test_cards_repeat_the_catalogue(card: Card) -> None:
    """The table of launches, which the browser reads alone, says what the catalogue says."""
    chip = accelerators()[card.id]
    assert card.name in chip.name
    assert (card.vendor, card.date, card.price) == (chip.vendor, chip.release, chip.price)
    assert card.rates["fp32"] == pytest.approx(chip.peak["fp32"], rel=1e-3)
    assert card.rates["bandwidth"] == pytest.approx(chip.bandwidth, rel=1e-3)
    assert card.rates["memory"] == chip.memory
    if "tensor" in card.rates:
        assert card.rates["tensor"] == pytest.approx(chip.peak["fp16"], rel=1e-3)


def test_no_card_of_the_catalogue_is_missing() -> None:
    """Every consumer card with a launch price is in the table."""
    sold = {
        key
        for key, chip in accelerators().items()
        if chip.kind == "consumer" and "price" in chip.published and chip.release
    }
    assert sold == {card.id for card in cards() if card.id}


def test_announcements_have_order_and_source() -> None:
    """Nothing ships before it is announced; whatever shipped has a date; all name a document."""
    known = {"shipped", "sampled", "announced", "cancelled"}
    for chip in announcements():
        assert chip.status in known, chip
        assert chip.source
        if chip.status == "shipped":
            assert chip.shipped, chip
            assert calendar_year(chip.shipped) >= calendar_year(chip.announced) - 0.05, chip
    known_times = arrival_times("")
    assert len(known_times) == sum(c.status == "shipped" and c.dated for c in announcements()) > 12


def test_what_intel_announced_mostly_did_not_come() -> None:
    """Four of seven were cancelled, two Nervana chips among them; NVIDIA's all came."""
    gone = [chip.product for chip in announcements() if chip.status == "cancelled"]
    assert len(gone) == 4
    assert came("NVIDIA") == 1
    assert came("Intel") == pytest.approx(3 / 7)
