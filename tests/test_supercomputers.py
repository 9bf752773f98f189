"""The fastest machines: sources, records that rise, and figures known elsewhere."""

import itertools

import pytest

from hwcalc.catalog import accelerators
from hwcalc.supercomputers import YARDSTICKS, records, series, year


@pytest.mark.parametrize("yardstick", YARDSTICKS)
def test_records_rise_and_name_their_source(yardstick: str) -> None:
    """Each machine is newer and faster than the one before it, and somebody says so."""
    for before, after in itertools.pairwise(records(yardstick)):
        assert before.date < after.date, after.name
        assert before.rate < after.rate, after.name
    assert all(machine.source and machine.name for machine in records(yardstick))


def test_figures_that_are_known() -> None:
    """El Capitan: 17.41 PFLOP/s on HPCG, 60.9 GFLOP per joule on HPL in November 2025."""
    dense, sparse = records("hpl")[-1], records("hpcg")[-1]
    assert (dense.name, sparse.name) == ("El Capitan", "El Capitan")
    assert sparse.rate == 17.41e15
    assert dense.power is not None
    assert dense.rate / dense.power == pytest.approx(60.9e9, rel=1e-3)


def test_sparse_equations_never_beat_dense_ones() -> None:
    """At no time does the HPCG record exceed the HPL record, nor that the cluster's peak."""
    for machine in records("hpcg"):
        assert machine.rate < max(each.rate for each in records("hpl") if each.date <= machine.date)


def test_a_cluster_is_its_chips() -> None:
    """The first phase of Colossus is 100,000 times the dense peak of an H100."""
    colossus = next(each for each in records("dense16") if each.name == "xAI Colossus, phase 1")
    assert colossus.rate == pytest.approx(1e5 * accelerators()["h100-sxm"].peak["bf16"])


@pytest.mark.parametrize("yardstick", YARDSTICKS)
def test_a_series_has_equal_steps_from_the_first_record_to_the_last(yardstick: str) -> None:
    """Half-years, none left out, ending with the newest record."""
    dates, rates = series(yardstick)
    assert all(b - a == pytest.approx(0.5) for a, b in itertools.pairwise(dates))
    assert list(rates) == sorted(rates)
    assert rates[-1] == records(yardstick)[-1].rate
    assert abs(dates[-1] - records(yardstick)[-1].date) < 0.4


def test_a_series_of_the_past_knows_nothing_of_what_came() -> None:
    """Cut in the middle of 2013, the newest machine is Tianhe-2."""
    dates, rates = series("hpl", 2013.6)
    assert rates[-1] == 33.8627e15
    assert dates[-1] <= 2013.6
    assert series("hpl")[1][: len(rates)] == rates


def test_refusals() -> None:
    """A yardstick that is none, a month that is none, and a time before the first list."""
    with pytest.raises(ValueError, match="yardstick = 'specint': must be one of hpl"):
        records("specint")
    with pytest.raises(ValueError, match="month = '2013': must be a year and a month"):
        year("2013")
    with pytest.raises(ValueError, match="until = 1990: must not be before the first record"):
        series("hpl", 1990)
