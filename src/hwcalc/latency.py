r"""How long a chip waits for one number: latency by level of memory, and what it does to a tile.

A load that must be finished before the next can start takes some thirty clock cycles from a
multiprocessor's own memory, two to three hundred from the level-2 cache and four to seven hundred
from the card's memory. Measured by chasing pointers with a single warp; a busy chip waits longer.

The count of cycles for one tile shows why matrix units made memory the limit. It leaves out that
many tiles are under way at once, which is how real kernels hide most of the wait.
"""

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hwcalc.datafile import DATA
from hwcalc.numeric import check_count, check_non_negative, check_positive, maximum

__all__ = [
    "Latency",
    "cycle_time",
    "measured",
    "tile_cycles",
    "tile_cycles_matrix_unit",
    "tile_cycles_prefetched",
]


@dataclass(frozen=True)
class Latency:
    """Measured wait for one load at one level of memory, in cycles of a clock."""

    low: float  # [1] cycles
    high: float  # [1] cycles
    clock: float  # [Hz] at which it was measured
    working_set: str  # size of what was walked through
    source: str

    @property
    def seconds(self) -> float:
        """Middle of the range [s]."""
        return cycle_time((self.low + self.high) / 2, self.clock)


@functools.cache
def measured() -> Mapping[str, Mapping[str, Latency]]:
    """Return the measured latencies by accelerator and level: l1, l2, memory.

    Returns:
        Read-only mapping from the accelerator's id to its levels, nearest first. [1]

    References:
        te42kyfo, "gpu-benches", gpu-latency, https://github.com/te42kyfo/gpu-benches

    Examples:
        >>> h100 = measured()["h100-pcie"]
        >>> h100["l1"].high, h100["l2"].high, h100["memory"].high
        (34.0, 265.0, 658.0)
        >>> h100["memory"].seconds * 1e9
        372.4
    """
    found: dict[str, dict[str, Latency]] = {}
    with (DATA / "latency.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["accelerator"], {})[row["level"]] = Latency(
                low=float(row["cycles_low"]),
                high=float(row["cycles_high"]),
                clock=float(row["clock_hz"]),
                working_set=row["working_set"],
                source=row["source"],
            )
    return MappingProxyType({name: MappingProxyType(levels) for name, levels in found.items()})


def cycle_time(cycles: float, clock: float) -> float:
    r"""Compute how long a number of clock cycles takes.

    $$ T = n / f $$

    Args:
        cycles: Clock cycles, $n$. [1]
        clock: Clock, $f$. [Hz]

    Returns:
        Time. [s]

    Raises:
        ValueError: If cycles is negative or clock is not positive.

    References:
        Hennessy, Patterson 2017, "Computer architecture", section 1.9, ISBN 978-0-12-811905-1,
        https://dl.acm.org/doi/book/10.5555/3207796

    Examples:
        >>> cycle_time(658, 1.755e9) * 1e9
        374.9
    """
    check_non_negative(cycles=cycles)
    check_positive(clock=clock)
    return cycles / clock


def tile_cycles(load: float, shared: float, multiply: float, steps: float) -> float:
    r"""Count the cycles for a tile product without matrix units: a toy, not a bound.

    The tile comes from the cache once; then in each step numbers come from shared memory and a
    multiply-add uses them:

    $$ n = L + s\, S + s\, m $$

    Assumption: one warp, nothing overlaps.

    Args:
        load: Wait for the tile from the cache or the memory, $L$. [1]
        shared: Wait for shared memory, $S$. [1]
        multiply: Cycles of a multiply-add, $m$. [1]
        steps: Loads from shared memory, and multiply-adds, that follow on each other, $s$. [1]

    Returns:
        Clock cycles. [1]

    Raises:
        ValueError: If steps is not a whole number of at least 1 or another argument is negative.

    References:
        Dettmers 2023, "Which GPU(s) to get for deep learning",
        https://timdettmers.com/2023/01/30/which-gpu-for-deep-learning/

    Examples:
        A tile of 32 x 32 on a chip with 200 cycles to its cache, 34 to shared memory:

        >>> tile_cycles(200, 34, 4, 8)
        504
    """
    check_non_negative(load=load, shared=shared, multiply=multiply)
    check_count(steps=steps)
    return load + steps * shared + steps * multiply


def tile_cycles_matrix_unit(load: float, shared: float, unit: float) -> float:
    r"""Count the cycles for a tile product on a matrix unit: a toy, not a bound.

    One load from shared memory feeds the whole product:

    $$ n = L + S + u $$

    Assumption: as for `tile_cycles`.

    Args:
        load: Wait for the tile from the cache or the memory, $L$. [1]
        shared: Wait for shared memory, $S$. [1]
        unit: Cycles of the matrix unit, $u$. [1]

    Returns:
        Clock cycles. [1]

    Raises:
        ValueError: If an argument is negative.

    References:
        Dettmers 2023, "Which GPU(s) to get for deep learning",
        https://timdettmers.com/2023/01/30/which-gpu-for-deep-learning/

    Examples:
        >>> tile_cycles_matrix_unit(200, 34, 1)
        235
    """
    check_non_negative(load=load, shared=shared, unit=unit)
    return load + shared + unit


def tile_cycles_prefetched(load: float, shared: float, unit: float) -> float:
    r"""Count the cycles from one tile to the next when the next is loaded meanwhile: a toy.

    What is left of the wait once the tile before has been worked on, and that work:

    $$ n = \max(L - S - u,\; 0) + S + u $$

    Assumption: as for `tile_cycles`, but the load of the next tile runs beside the work.

    Args:
        load: Wait for the tile from the cache or the memory, $L$. [1]
        shared: Wait for shared memory, $S$. [1]
        unit: Cycles of the matrix unit, $u$. [1]

    Returns:
        Clock cycles for one tile among many. [1]

    Raises:
        ValueError: If an argument is negative.

    References:
        Dettmers 2023, "Which GPU(s) to get for deep learning",
        https://timdettmers.com/2023/01/30/which-gpu-for-deep-learning/

    Examples:
        >>> tile_cycles_prefetched(200, 34, 1)
        200
    """
    check_non_negative(load=load, shared=shared, unit=unit)
    return maximum(load - shared - unit, 0) + shared + unit
