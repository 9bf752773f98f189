"""Speeds of cards that were measured, and those predicted for many cards, kept in tables.

A page that shows a hundred cards cannot compute them while its reader waits: data/speeds has what
`hwcalc.ranking` gives, and what Lambda's benchmark measured. Speeds of two benchmarks are compared
on one scale.
"""

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hwcalc.datafile import DATA
from hwcalc.numeric import exp, log
from hwcalc.ranking import WORKLOADS

__all__ = ["Measured", "comparable", "measured", "speeds"]


@dataclass(frozen=True)
class Measured:
    """A card's measured speed in a workload."""

    workload: str
    accelerator: str  # id in the catalogue
    card: str  # as the source names it
    batch: float
    speed: float  # [1/s]
    year: str  # of the benchmark's software
    source: str


@functools.cache
def measured() -> tuple[Measured, ...]:
    """Return the measured speeds of single cards at 16 bits, those of BERT and ResNet-50.

    Returns:
        One for each card and workload. [1]

    Examples:
        >>> [(each.year, each.speed) for each in measured() if each.card == "RTX 4090"]
        [('2024', 93.0), ('2024', 1301.0)]
    """
    with (DATA / "speeds" / "measured.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Measured(
                workload=row["workload"],
                accelerator=row["accelerator"],
                card=row["card"],
                batch=float(row["batch"]),
                speed=float(row["speed"]),
                year=row["year"],
                source=row["source"],
            )
            for row in csv.DictReader(file)
        )


@functools.cache
def comparable(workload: str) -> Mapping[str, float]:
    """Return measured speeds on the scale of the predicted ones, so that cards can be compared.

    Software of one year is faster than that of another, for all cards: each year's speeds are
    divided by the geometric mean of measured over predicted. A card of both years counts with the
    later one.

    Args:
        workload: A key of `ranking.WORKLOADS`. [1]

    Returns:
        Speed by id of an accelerator; empty where nothing was measured. [1/s]

    References:
        data/speeds/measured.csv

    Examples:
        >>> found = comparable("bert-large")
        >>> found["rtx-4090"] / found["rtx-3090"], 93 / 52
        (1.788, 1.788)
    """
    predicted = speeds()[workload]
    years: dict[str, dict[str, float]] = {}
    for each in measured():
        if each.workload == workload and each.accelerator in predicted:
            years.setdefault(each.year, {})[each.accelerator] = each.speed
    found: dict[str, float] = {}
    for _, seen in sorted(years.items()):
        logs = [log(value / predicted[card]) for card, value in seen.items()]
        common = exp(sum(logs) / len(logs))
        found |= {card: value / common for card, value in seen.items()}
    return MappingProxyType(found)


@functools.cache
def speeds() -> Mapping[str, Mapping[str, float]]:
    """Return what `ranking.speed` gives for many cards.

    Computed beforehand, because a page shows all of them. Batch and precision are the usual ones;
    tests/speeds.py writes the table.

    Returns:
        Workload, then id of an accelerator, then its speed. [1/s]

    References:
        data/speeds/predicted.csv

    Examples:
        >>> from hwcalc import catalog
        >>> from hwcalc.ranking import speed, usual_precision
        >>> rtx = catalog.accelerators()["rtx-4090"]
        >>> found = speed("llm-decode", rtx, 1, usual_precision(rtx))
        >>> abs(speeds()["llm-decode"]["rtx-4090"] / found - 1) < 1e-3
        True
    """
    with (DATA / "speeds" / "predicted.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return MappingProxyType(
        {
            key: {row["accelerator"]: float(row[key]) for row in rows if row[key]}
            for key in WORKLOADS
        }
    )
