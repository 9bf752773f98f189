r"""What electricity cost, by region and kind of customer, and what buildings add to it.

Facts from data/prices; no model is in here. Tariffs are averages of a region in dollars, converted
where they were published in another currency; a contract of one's own may be half or twice that.
"""

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hwcalc.datafile import DATA

__all__ = ["Building", "Tariff", "buildings", "tariffs"]


@dataclass(frozen=True)
class Tariff:
    """Price of electricity for one kind of customer in one region."""

    id: str
    region: str
    sector: str  # household, commercial or industrial
    price: float  # [$/J]
    date: str
    source: str  # key of `prices.source`

    @property
    def name(self) -> str:
        """Region, customer and date, as a list shows them."""
        return f"{self.region}, {self.sector}, {self.date}"


@dataclass(frozen=True)
class Building:
    """Power usage effectiveness of a data centre, a fleet of them, or a survey."""

    name: str
    pue: float  # [1] power of the building over that of its machines
    date: str
    source: str  # key of `prices.source`


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / "prices" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@functools.cache
def tariffs() -> Mapping[str, Tariff]:
    """Return prices of electricity by region and kind of customer.

    Returns:
        Read-only mapping from id to tariff. [1]

    Examples:
        >>> tariffs()["united-states-household"].price * 3.6e6
        0.1883
    """
    found = {}
    for row in _rows("tariffs.csv"):
        key = f"{row['region']} {row['sector']}".lower().replace(": ", "-").replace(" ", "-")
        found[key] = Tariff(
            id=key,
            region=row["region"],
            sector=row["sector"],
            price=float(row["usd_per_kwh"]) / 3.6e6,
            date=row["date"],
            source=row["source"],
        )
    return MappingProxyType(found)


@functools.cache
def buildings() -> tuple[Building, ...]:
    """Return published power usage effectiveness, the latest first.

    Returns:
        Fleets and surveys; a room without cooling of its own has 1. [1]

    Examples:
        >>> latest = buildings()[0]
        >>> latest.name, latest.pue
        ('World survey average', 1.54)
    """
    found = [
        Building(row["site"], float(row["pue"]), row["date"], row["source"])
        for row in _rows("pue.csv")
    ]
    return tuple(sorted(found, key=lambda building: building.date, reverse=True))
