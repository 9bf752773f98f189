"""Doublings and dates: the reference points of the article of 2015, and limits."""

import pytest

from hwcalc.growth import YEAR, date_reached, doubling_time, doublings
from hwcalc.supercomputers import records


def test_doublings_that_the_article_of_2015_asked_for() -> None:
    """From 0.58 PFLOP/s on HPCG to 1.075e21 FLOP/s are 20.82 doublings; the article says 21."""
    assert doublings(0.58e15, 1.075e21) == pytest.approx(20.82, abs=0.005)


def test_dates_of_2015() -> None:
    """21 doublings from 2015 end in 2052.8 at 1.8 years each and in 2078 at 3 years each."""
    assert date_reached(2015, 1, 2**21, 1.8 * YEAR) == pytest.approx(2052.8)
    assert date_reached(2015, 1, 2**21, 3 * YEAR) == pytest.approx(2078)


def test_its_earliest_date_needs_a_doubling_each_year() -> None:
    """2037, named there for Moore's law, is 21 doublings of 1.05 years."""
    assert doubling_time(1, 2**21, 22 * YEAR) / YEAR == pytest.approx(1.05, abs=0.005)


def test_hpcg_doubled_between_the_two_paces_of_2015() -> None:
    """0.58 to 17.41 PFLOP/s from 2013.5 to 2025.4 are 4.91 doublings of 2.4 years."""
    first, last = records("hpcg")[0], records("hpcg")[-1]
    assert doublings(first.rate, last.rate) == pytest.approx(4.91, abs=0.005)
    pace = doubling_time(first.rate, last.rate, (2025.4 - 2013.5) * YEAR)
    assert pace / YEAR == pytest.approx(2.42, abs=0.01)
    assert doublings(last.rate, 1.075e21) == pytest.approx(15.9, abs=0.02)
    assert date_reached(2025.5, last.rate, 1.075e21, 2.4 * YEAR) == pytest.approx(2063.7, abs=0.1)


def test_a_level_that_was_passed_has_a_date_in_the_past() -> None:
    """Half the level was there one doubling ago."""
    assert date_reached(2020, 2.0, 1.0, YEAR) == pytest.approx(2019)


def test_back_and_forth() -> None:
    """The doubling time of two points leads from the first to the second."""
    pace = doubling_time(3.0, 50.0, 7 * YEAR)
    assert date_reached(2010, 3.0, 50.0, pace) == pytest.approx(2017)


def test_refusals() -> None:
    """Nothing grows from zero, and growth takes time."""
    with pytest.raises(ValueError, match="base = 0: must be positive"):
        doublings(0, 1)
    with pytest.raises(ValueError, match="time = 0: must be positive"):
        doubling_time(1, 2, 0)
