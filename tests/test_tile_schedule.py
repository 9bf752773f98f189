"""The time line of tiles agrees with the counts for one tile, whichever way they are worked on."""

import itertools

import pytest

from hwcalc import latency
from hwcalc.tile_schedule import Event, loads_needed, tile_cycles_ahead, tile_schedule

LOAD, SHARED, ADD, STEPS, UNIT = 200, 34, 4, 8, 1


def ends(events: list[Event], activity: str) -> list[float]:
    """Return when each event of a kind is over, in order."""
    return sorted(event.end for event in events if event.activity == activity)


def test_one_load_at_a_time_repeats_the_published_counts() -> None:
    """504 cycles for each tile without matrix units, 235 with them."""
    plain = tile_schedule(LOAD, SHARED, ADD, STEPS, 5, 0)
    assert plain[-1].end == 5 * latency.tile_cycles(LOAD, SHARED, ADD, STEPS) == 5 * 504
    unit = tile_schedule(LOAD, SHARED, UNIT, 1, 5, 0)
    assert unit[-1].end == 5 * latency.tile_cycles_matrix_unit(LOAD, SHARED, UNIT) == 5 * 235


def test_one_load_ahead_repeats_the_published_count() -> None:
    """200 cycles from tile to tile once the first has arrived."""
    done = ends(tile_schedule(LOAD, SHARED, UNIT, 1, 6, 1), "multiply")
    assert done[0] == 235
    gaps = {after - before for before, after in itertools.pairwise(done)}
    assert gaps == {latency.tile_cycles_prefetched(LOAD, SHARED, UNIT)} == {200}


@pytest.mark.parametrize("ahead", range(1, 9))
@pytest.mark.parametrize("load", [20, 200, 654])
def test_the_steady_pace_is_that_of_the_formula(load: int, ahead: int) -> None:
    """After a while the time line goes on as fast as the slower of loads and work."""
    done = ends(tile_schedule(load, SHARED, UNIT, 1, 60, ahead), "multiply")
    pace = (done[-1] - done[-21]) / 20
    assert pace == pytest.approx(tile_cycles_ahead(load, SHARED + UNIT, ahead))


@pytest.mark.parametrize("ahead", range(9))
def test_a_tile_is_worked_on_after_it_arrived_and_alone(ahead: int) -> None:
    """Causality: no work before the load is over, and one arithmetic unit for all tiles."""
    events = tile_schedule(LOAD, SHARED, UNIT, 2, 12, ahead)
    for tile in range(12):
        own = [event for event in events if event.tile == tile]
        (load,) = (event for event in own if event.activity == "load")
        assert all(event.start >= load.end for event in own if event.activity != "load")
    work = sorted((e.start, e.end) for e in events if e.activity != "load")
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(work))


@pytest.mark.parametrize("ahead", range(1, 9))
def test_no_more_loads_are_under_way_than_allowed(ahead: int) -> None:
    """A buffer holds one tile; the lanes of the drawing rely on it."""
    loads = [e for e in tile_schedule(LOAD, SHARED, UNIT, 1, 40, ahead) if e.activity == "load"]
    for event in loads:
        under_way = [e for e in loads if e.start <= event.start < e.end - 1e-9]
        assert len(under_way) <= ahead


def test_enough_loads_hide_the_memory() -> None:
    """Little's law: with them only the work counts, with one fewer it does not."""
    work = SHARED + UNIT
    needed = loads_needed(LOAD, work)
    assert tile_cycles_ahead(LOAD, work, needed) == work
    assert tile_cycles_ahead(LOAD, work, needed - 1) > work
    assert loads_needed(0, work) == 1


def test_mistakes_are_named() -> None:
    """Half a tile cannot be laid out."""
    with pytest.raises(ValueError, match="tiles"):
        tile_schedule(LOAD, SHARED, UNIT, 1, 0, 1)
    with pytest.raises(ValueError, match="ahead"):
        tile_cycles_ahead(LOAD, 35, 0)
