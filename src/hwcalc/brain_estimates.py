"""What others have published about the operations of a brain, and the facts that go into a count.

Figures and their sources are in data/brain; no model is in here.
"""

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hwcalc.datafile import DATA
from hwcalc.uncertainty import Range

__all__ = ["KINDS", "Estimate", "Fact", "estimates", "facts"]

KINDS = {
    "events": "Counts spikes at synapses",
    "function": "Scales up a machine that does a part",
    "emulation": "Imitates cells",
    "molecules": "Imitates molecules",
}


@dataclass(frozen=True)
class Estimate:
    """A published estimate of the operations of a human brain."""

    id: str
    name: str  # author and method
    short: str  # what fits beside a chart
    year: int
    range: Range  # [1/s] operations, both ends alike where one number was given
    counts: str  # what its author calls an operation
    kind: str  # a key of KINDS
    source: str


@dataclass(frozen=True)
class Fact:
    """A number of the brain, with its range."""

    id: str
    name: str
    range: Range  # in the unit
    unit: str
    origin: str  # measured, estimated, derived or modelled
    source: str


@functools.cache
def estimates() -> Mapping[str, Estimate]:
    """Return the published estimates by id, oldest first.

    Returns:
        Read-only mapping from id to estimate. [1]

    Examples:
        >>> carlsmith = estimates()["carlsmith-events"]
        >>> carlsmith.range.low, carlsmith.range.high
        (1e13, 1e17)
    """
    with (DATA / "brain" / "estimates.csv").open(encoding="utf-8", newline="") as lines:
        return MappingProxyType(
            {
                row["id"]: Estimate(
                    id=row["id"],
                    name=row["name"],
                    short=row["short"],
                    year=int(row["year"]),
                    range=Range(float(row["low"]), float(row["high"])),
                    counts=row["counts"],
                    kind=row["kind"],
                    source=row["source"],
                )
                for row in csv.DictReader(lines)
            }
        )


@functools.cache
def facts() -> Mapping[str, Fact]:
    """Return the numbers that counts are made of, by id.

    Returns:
        Read-only mapping from id to fact. [1]

    Examples:
        >>> facts()["neurons"].range
        Range(low=78820000000.0, high=95400000000.0)
    """
    with (DATA / "brain" / "facts.csv").open(encoding="utf-8", newline="") as lines:
        return MappingProxyType(
            {
                row["id"]: Fact(
                    id=row["id"],
                    name=row["name"],
                    range=Range(float(row["low"]), float(row["high"])),
                    unit=row["unit"],
                    origin=row["origin"],
                    source=row["source"],
                )
                for row in csv.DictReader(lines)
            }
        )
