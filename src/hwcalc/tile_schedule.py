r"""When each tile is loaded and multiplied, cycle by cycle: a toy of one warp and its memory.

A tile comes from the cache or the memory, its numbers from shared memory, and an arithmetic unit
uses them. One load at a time leaves the unit idle; loads that run ahead fill the time, and with
enough of them under way only the work counts (Little's law):

$$ n = \max\left( \frac{L}{a},\; s\,(S + m) \right) $$

`hwcalc.latency` has the counts for one tile and measured latencies to put in. What it leaves out:
other warps, which hide latency as well, the bandwidth that many loads share, and waits between a
load's arrival and the instruction that notices it.
"""

from typing import NamedTuple

from hwcalc.numeric import ceil, check_count, check_non_negative, check_positive, maximum

__all__ = ["Event", "loads_needed", "tile_cycles_ahead", "tile_schedule"]


class Event(NamedTuple):
    """Something that happens to one tile."""

    activity: str  # load, shared or multiply
    tile: int  # from 0
    start: float  # [1] cycles
    end: float


def tile_cycles_ahead(load: float, work: float, ahead: float) -> float:
    r"""Count the cycles from one tile to the next when loads run ahead: a toy, not a bound.

    $$ n = \max\left( \frac{L}{a},\; w \right) $$

    Assumption: one warp; loads are spread evenly, and as many buffers hold what arrives early.

    Args:
        load: Wait for a tile from the cache or the memory, $L$. [1]
        work: Cycles of its loads from shared memory and of the arithmetic, $w$. [1]
        ahead: Loads under way at a time, $a$. [1]

    Returns:
        Clock cycles for one tile among many. [1]

    Raises:
        ValueError: If a number of cycles is negative, or ahead is not a whole number of at least 1.

    References:
        Little 1961, "A proof for the queuing formula L = λW",
        https://doi.org/10.1287/opre.9.3.383

    Examples:
        One load ahead hides the work; six hide the load:

        >>> tile_cycles_ahead(200, 35, 1), tile_cycles_ahead(200, 35, 6)
        (200.0, 35)
    """
    check_non_negative(load=load, work=work)
    check_count(ahead=ahead)
    return maximum(load / ahead, work)


def loads_needed(load: float, work: float) -> float:
    r"""Count the loads that must be under way so that the arithmetic never waits.

    $$ a = \left\lceil \frac{L}{w} \right\rceil $$

    Args:
        load: Wait for a tile from the cache or the memory, $L$. [1]
        work: Cycles of its loads from shared memory and of the arithmetic, $w$. [1]

    Returns:
        Loads, at least one. [1]

    Raises:
        ValueError: If load is negative or work is not positive.

    References:
        Little 1961, https://doi.org/10.1287/opre.9.3.383

    Examples:
        >>> loads_needed(200, 35)
        6.0
    """
    check_non_negative(load=load)
    check_positive(work=work)
    return maximum(1.0, ceil(load / work))


def tile_schedule(
    load: float, shared: float, multiply: float, steps: int, tiles: int, ahead: int
) -> list[Event]:
    """Lay out what happens to each tile, in the order in which it begins.

    Args:
        load: Wait for a tile from the cache or the memory. [1]
        shared: Wait for shared memory. [1]
        multiply: Cycles of the arithmetic between two loads from shared memory. [1]
        steps: Loads from shared memory, and multiplications, that follow on each other. [1]
        tiles: Tiles to lay out. [1]
        ahead: Loads under way while a tile is worked on; 0 begins each load after the work. [1]

    Returns:
        Events with their first and last cycle. [1]

    Raises:
        ValueError: If a number of cycles is negative, or steps or tiles is not a whole number of at
            least 1, or ahead is negative.

    References:
        Dettmers 2023, "Which GPU(s) to get for deep learning",
        https://timdettmers.com/2023/01/30/which-gpu-for-deep-learning/

    Examples:
        A matrix unit that waits for each tile, and one whose next tile is on its way:

        >>> tile_schedule(200, 34, 1, 1, 2, 0)[-1].end
        470
        >>> tile_schedule(200, 34, 1, 1, 2, 1)[-1].end
        435.0
    """
    check_non_negative(load=load, shared=shared, multiply=multiply, ahead=ahead)
    check_count(steps=steps, tiles=tiles)
    events: list[Event] = []
    issued: list[float] = [0.0]
    done: list[float] = []
    for tile in range(tiles):
        if tile and ahead:
            # Evenly spread, and never more arrived tiles than there are buffers for.
            room = done[tile - ahead - 1] if tile > ahead else 0.0
            issued.append(max(issued[-1] + load / ahead, room))
        elif tile:
            issued.append(done[-1])
        start = issued[-1] if tile else 0
        events.append(Event("load", tile, start, start + load))
        now = max(start + load, done[-1] if done else 0)
        for _ in range(steps):
            events.append(Event("shared", tile, now, now + shared))
            now += shared
            events.append(Event("multiply", tile, now, now + multiply))
            now += multiply
        done.append(now)
    return sorted(events, key=lambda event: (event.start, event.tile))
