"""Dated prices: every one has a date and a document, and the latest is found."""

import re

import pytest

from hwcalc import prices
from hwcalc.catalog import accelerators
from hwcalc.prices import _purchases, _rents, _sources
from hwcalc.tariffs import buildings, tariffs

PURCHASES = [price for found in _purchases().values() for price in found]
RENTS = [price for found in _rents().values() for price in found]


def test_there_are_prices() -> None:
    """The tests below must not pass because nothing was read."""
    assert len(PURCHASES) > 200
    assert len(RENTS) > 180
    assert len(tariffs()) > 20


def test_every_price_says_when_and_who() -> None:
    """A price without its month and its document is no fact."""
    for price in (*PURCHASES, *RENTS):
        assert re.fullmatch(r"20[012]\d-(0\d|1[012])", price.date), price
        assert 2010 < price.year < 2026.9, f"no price comes from the future: {price}"
        assert price.value > 0, price
        assert prices.source(price.source).startswith("https://"), price


def test_every_source_is_used() -> None:
    """The table of sources holds what the prices cite, and nothing else."""
    cited = {price.source for price in [*PURCHASES, *RENTS]}
    cited |= {tariff.source for tariff in tariffs().values()}
    cited |= {building.source for building in buildings()}
    assert set(_sources()) <= cited


def test_names_are_those_of_the_catalogue() -> None:
    """A card under another name would never be found; other parts say what they are."""
    others = ("ddr4-", "ddr5-", "ssd-", "server-")
    for item in {price.item for price in [*PURCHASES, *RENTS]}:
        assert item in accelerators() or item.startswith(others), item
    assert {price.kind for price in PURCHASES} == {"new", "used"}
    assert {price.kind for price in RENTS} == {"on-demand", "marketplace", "reserved-1y"}


def test_prices_are_in_order_and_the_launch_comes_first() -> None:
    """A history can be drawn as it comes."""
    for item in _purchases():
        years = [price.year for price in prices.purchases(item)]
        assert years == sorted(years)
    assert prices.purchases("rtx-5090")[0].kind == "launch"
    assert prices.purchases("nothing-of-that-name") == ()


def test_the_latest_price_is_the_latest() -> None:
    """Of one month the lowest; a kind that was never seen has none."""
    newest = prices.latest_purchase("rtx-5090", "new")
    assert newest is not None
    assert (newest.date, newest.value) == ("2026-09", 5258)
    assert prices.latest_purchase("titan-v", "used") is None
    launch = prices.latest_purchase("titan-v", "")
    assert launch is not None
    assert (launch.kind, launch.value) == ("launch", 2999)


@pytest.mark.parametrize(
    ("date", "year"),
    [("2026", 2026.5), ("2026-01", 2026.04), ("2026-12", 2026.96), ("2026-07-01", 2026.5)],
)
def test_dates_become_years(date: str, year: float) -> None:
    """A month is its middle, a year its middle."""
    assert prices.calendar_year(date) == pytest.approx(year, abs=0.003)


@pytest.mark.parametrize("date", ["", "26-01", "2026-13", "Q3 2026"])
def test_what_is_no_date_is_refused(date: str) -> None:
    """A quarter or a typing error must not become a point on an axis."""
    with pytest.raises(ValueError, match="must be a year"):
        prices.calendar_year(date)


def test_rent_of_an_h100_fell_and_rose() -> None:
    """One-year contracts: $1.70 in October 2025, $2.35 in March 2026; lists of 2023 reached $10."""
    rents = {
        (rent.seller, rent.date): rent.value * 3600 for rent in prices.rent_history("h100-sxm")
    }
    assert rents["market index", "2025-10"] == pytest.approx(1.70)
    assert rents["market index", "2026-03"] == pytest.approx(2.35)
    assert rents["Oracle Cloud", "2023-10"] == pytest.approx(10)
    assert rents["AWS", "2025-03"] == pytest.approx(12.29)
    assert rents["AWS", "2026-11"] == pytest.approx(6.88)


def test_a_typical_rent_is_a_median_over_providers() -> None:
    """Half of them ask less and half more, whatever the dearest asks."""
    typical = prices.typical_rent("h100-sxm", "on-demand", "2026-08")
    latest = prices.latest_rents("h100-sxm", "on-demand", "2026-08")
    assert len({rent.seller for rent in latest}) == len(latest) > 8
    assert sum(rent.value < typical for rent in latest) == sum(r.value > typical for r in latest)
    with pytest.raises(ValueError, match="no on-demand rent"):
        prices.typical_rent("gtx-580", "on-demand", "2026-01")


def test_no_building_needs_less_than_its_machines() -> None:
    """Fleets of the large clouds are near 1.1, the average of surveys above 1.5."""
    assert all(1 <= building.pue < 2 for building in buildings())
    fleets = [building.pue for building in buildings() if "fleet" in building.name]
    assert max(fleets) < min(b.pue for b in buildings() if "survey" in b.name)


def test_age_counts_up_to_the_last_reading() -> None:
    """A price of the month of the reading is new, one of a year before is a year old."""
    assert prices.age(prices.READ) == 0
    assert prices.age("2025-11") / 86400 == pytest.approx(365.25, rel=1e-3)


def test_tariffs_are_believable() -> None:
    """Between 5 cents and half a dollar for a kWh."""
    for tariff in tariffs().values():
        assert 0.05 < tariff.price * 3.6e6 < 0.5, tariff
