r"""What was sold, announced and replaced: cards at launch, dates of arrival, measured successors.

Facts from data/history and the catalogue; no model is in here. Launch prices are list prices in
dollars of their year, without inflation; what shops asked is in `hwcalc.prices`.
"""

import csv
import functools
from collections.abc import Iterator
from dataclasses import dataclass

from hwcalc.catalog import Accelerator, accelerators
from hwcalc.datafile import DATA
from hwcalc.prices import calendar_year, purchases

__all__ = [
    "MEASURES",
    "Announcement",
    "Card",
    "Succession",
    "announcements",
    "arrival_times",
    "came",
    "cards",
    "successions",
]

# What a dollar buys, and the unit of it per dollar.
MEASURES = {
    "fp32": "FLOP/s/$",
    "tensor": "FLOP/s/$",
    "bandwidth": "B/s/$",
    "memory": "B/$",
}
WIKIPEDIA = "Wikipedia, lists of GPUs, via https://github.com/voidful/gpu-info-api@03a6b34a8cc7"


@dataclass(frozen=True)
class Card:
    """A graphics card at its launch, with the rates that its list price bought."""

    name: str
    vendor: str
    id: str  # in the catalogue, "" if it is not there
    date: str
    price: float  # [$] list price at launch
    rates: dict[str, float]  # keys of MEASURES; "tensor" is missing before there were such units
    source: str

    @property
    def year(self) -> float:
        """Calendar year of the launch with its fraction [1]."""
        return calendar_year(self.date)


@dataclass(frozen=True)
class Announcement:
    """A chip as announced, and when it could be had."""

    product: str
    vendor: str
    announced: str  # date, "" if unknown
    promised: str  # in the vendor's words
    shipped: str  # date, "" if it has not
    ended: str  # date of the cancellation, "" if there was none or it is unknown
    status: str  # shipped, sampled, announced, cancelled
    unverified: tuple[str, ...]  # fields not seen in a document
    source: str

    @property
    def dated(self) -> bool:
        """Whether its dates were seen in documents."""
        return bool(self.announced) and not {"announced", "shipped"} & set(self.unverified)


@dataclass(frozen=True)
class Succession:
    """Two generations of a kind, both measured in fine-tuning BERT-large in 16 bits."""

    old: Accelerator
    new: Accelerator
    speedup: float  # [1] as measured
    gap: float  # [s] between the two releases
    dearer: float  # [1] first known price of the new one over that of the old one

    @property
    def same_money(self) -> float:
        """Speed of the new one over that of as much money's worth of the old one [1]."""
        return self.speedup / self.dearer


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / "history" / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@functools.cache
def cards() -> tuple[Card, ...]:
    """Return graphics cards for one's own computer with their launch prices, by date.

    Rows with an id repeat the catalogue, which a page need not read for this; a test compares them.

    GeForce, Titan, Radeon and Arc; cards of servers and workstations have list prices that few
    paid, and are left out. The tensor rate is dense, in 16 bits with sums in 32.

    Returns:
        The cards. [1]

    Examples:
        >>> titan = next(card for card in cards() if card.id == "titan-v")
        >>> titan.price, titan.rates["bandwidth"] / titan.price / 1e9
        (2999.0, 0.2172)
    """
    return tuple(
        Card(
            name=row["name"],
            vendor=row["vendor"],
            id=row["id"],
            date=row["date"],
            price=float(row["usd"]),
            rates={
                "fp32": float(row["fp32"]),
                **({"tensor": float(row["tensor"])} if row["tensor"] else {}),
                "bandwidth": float(row["bandwidth"]),
                "memory": float(row["memory_mib"]) * 2**20,
            },
            source="catalogue" if row["id"] else WIKIPEDIA,
        )
        for row in _rows("cards.csv")
    )


@functools.cache
def announcements() -> tuple[Announcement, ...]:
    """Return chips for deep learning with the dates of announcement and of arrival.

    Returns:
        The announcements, as the file has them. [1]

    Examples:
        >>> [chip.product for chip in announcements() if chip.status == "cancelled"][-1]
        'Falcon Shores'
    """
    return tuple(
        Announcement(
            product=row["product"],
            vendor=row["vendor"],
            announced=row["announced"],
            promised=row["promised"],
            shipped=row["shipped"],
            ended=row["ended"],
            status=row["status"],
            unverified=tuple(row["unverified"].split()),
            source=row["source"],
        )
        for row in _rows("announcements.csv")
    )


def arrival_times(vendor: str) -> tuple[float, ...]:
    """Return the times from announcement to arrival of the chips that came.

    Chips whose dates were recalled and not seen in a document are left out.

    Args:
        vendor: Name of a vendor, or "" for all. [1]

    Returns:
        Times, the shortest first; zero for a chip that was on sale the day it was shown. [s]

    References:
        data/history/announcements.csv

    Examples:
        In months, the middle one of AMD's:

        >>> import statistics
        >>> times = arrival_times("AMD")
        >>> statistics.median(times) / 86400 / 30.44
        3.812
    """
    year = 365.25 * 86400
    return tuple(
        sorted(
            max(calendar_year(chip.shipped) - calendar_year(chip.announced), 0.0) * year
            for chip in announcements()
            if chip.status == "shipped" and chip.dated and vendor in ("", chip.vendor)
        )
    )


def came(vendor: str) -> float:
    """Compute the share of announced chips that arrived, of those whose fate is known.

    Args:
        vendor: Name of a vendor, or "" for all. [1]

    Returns:
        Chips that arrived over those that arrived or were cancelled. [1]

    Raises:
        ValueError: If no fate of the vendor's chips is known.

    References:
        data/history/announcements.csv

    Examples:
        >>> came("NVIDIA"), came("Intel")
        (1.0, 0.4286)
    """
    fates = [chip.status for chip in announcements() if vendor in ("", chip.vendor)]
    arrived, cancelled = fates.count("shipped"), fates.count("cancelled")
    if not arrived + cancelled:
        raise ValueError(f"vendor = {vendor!r}: no chip arrived or was cancelled")
    return arrived / (arrived + cancelled)


@functools.cache
def successions() -> tuple[Succession, ...]:
    """Return pairs of generations with the speed-up somebody measured.

    Sequences per second in fine-tuning BERT-large on SQuAD, in 16 bits, from Lambda's benchmark.

    Returns:
        The pairs. [1]

    References:
        https://github.com/lambdal/deeplearning-benchmark, snapshot of December 2025

    Examples:
        >>> [(pair.old.id, round(pair.speedup, 2)) for pair in successions()][:2]
        [('v100-sxm2-16gb', 2.67), ('a100-sxm-80gb', 2.03)]
    """
    found = []
    for row in _rows("successors.csv"):
        old, new = accelerators()[row["old"]], accelerators()[row["new"]]
        gap = (calendar_year(new.release) - calendar_year(old.release)) * 365.25 * 86400
        dearer = purchases(new.id)[0].value / purchases(old.id)[0].value
        speedup = float(row["new_rate"]) / float(row["old_rate"])
        found.append(Succession(old, new, speedup, gap, dearer))
    return tuple(found)
