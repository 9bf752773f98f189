"""Measured latencies, and the count of cycles for one tile."""

import pytest

from hwcalc import catalog, latency


def test_the_three_published_cycle_counts() -> None:
    """The teaching example must come out as it is told: 504, then 235, then 200 cycles."""
    assert latency.tile_cycles(200, 34, 4, 8) == 504
    assert latency.tile_cycles_matrix_unit(200, 34, 1) == 235
    assert latency.tile_cycles_prefetched(200, 34, 1) == 200


def test_prefetching_gains_what_the_work_takes_and_never_more() -> None:
    """Overlap hides the shorter of the two, here the work of 35 cycles: 15 % of 235."""
    saved = 1 - latency.tile_cycles_prefetched(200, 34, 1) / 235
    assert saved == pytest.approx(35 / 235)
    # A load that is shorter than the work disappears altogether.
    assert latency.tile_cycles_prefetched(10, 34, 1) == 35


def test_a_matrix_unit_in_one_step_equals_a_plain_one_in_one_step() -> None:
    """The two counts differ by the number of steps and by nothing else."""
    assert latency.tile_cycles(200, 34, 1, 1) == latency.tile_cycles_matrix_unit(200, 34, 1)


@pytest.mark.parametrize("name", latency.measured())
def test_memory_further_away_waits_longer(name: str) -> None:
    """Each level is slower than the one before, on every chip that was measured."""
    levels = latency.measured()[name]
    assert list(levels) == ["l1", "l2", "memory"]
    assert levels["l1"].high < levels["l2"].low <= levels["l2"].high < levels["memory"].low
    assert all(level.low <= level.high for level in levels.values())


@pytest.mark.parametrize("name", latency.measured())
def test_a_measured_chip_is_in_the_catalogue_and_runs_below_its_boost(name: str) -> None:
    """A latency in cycles means nothing without the clock it was counted in."""
    chip = catalog.accelerators()[name]
    assert latency.measured()[name]["l1"].clock <= chip.clock


def test_seconds_follow_from_cycles_and_clock() -> None:
    """433 to 437 cycles at 1.38 GHz are 315 ns."""
    assert latency.measured()["v100-sxm2-16gb"]["memory"].seconds == pytest.approx(435 / 1.38e9)


def test_negative_waits_are_refused() -> None:
    """The message names what is wrong."""
    with pytest.raises(ValueError, match="shared = -1"):
        latency.tile_cycles(200, -1, 4, 8)
    with pytest.raises(ValueError, match=r"steps = 2\.5"):
        latency.tile_cycles(200, 34, 4, 2.5)
