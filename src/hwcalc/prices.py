r"""What hardware cost and when, to buy and by the hour, with date and source.

Facts from data/prices; no model is in here. A price is worth little without its month and its kind:
what a shop asks, what a used card was sold for, what a vendor lists. All are US dollars of their
day before tax. Where a source gave a range, the value is its middle and the note has both ends.

Dates are texts of year and month, or of a year; `calendar_year` makes numbers of them.
"""

import csv
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hwcalc.catalog import accelerators
from hwcalc.datafile import DATA

__all__ = [
    "READ",
    "Price",
    "age",
    "calendar_year",
    "latest_purchase",
    "latest_rents",
    "purchases",
    "rent_history",
    "source",
    "typical_rent",
]

READ = "2026-11"  # when the tables were last compared with their sources


@dataclass(frozen=True)
class Price:
    """What one thing cost, or one hour of it, at one time."""

    item: str  # id of an accelerator, or the name of another part
    kind: str  # new, used or launch; of a rent on-demand, marketplace or reserved-1y
    value: float  # [$], of a rent [$/s]
    date: str
    seller: str  # provider of a rent, "" otherwise
    source: str  # key of `source`
    note: str

    @property
    def year(self) -> float:
        """Calendar year with its fraction [1]."""
        return calendar_year(self.date)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / "prices" / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@functools.cache
def calendar_year(date: str) -> float:
    """Turn a date into a calendar year with its fraction, at the middle of what it names.

    Args:
        date: Year, or year and month, or a day, as 2026, 2026-03 or 2026-03-18. [1]

    Returns:
        Calendar year with its fraction. [1]

    Raises:
        ValueError: If the text is no such date.

    References:
        ISO 8601 for the form of dates,
        https://www.iso.org/iso-8601-date-and-time-format.html

    Examples:
        >>> calendar_year("2026-01"), calendar_year("2026")
        (2026.042, 2026.5)
    """
    year, month, day = (*date.split("-"), "", "")[:3]
    if not (year.isdigit() and len(year) == 4 and (not month or 1 <= int(month) <= 12)):
        raise ValueError(f"date = {date!r}: must be a year, a year and a month, or a day")
    if not month:
        return int(year) + 0.5
    # The middle of the month, or the day's own share of it; a fraction of a day is no matter here.
    return int(year) + (int(month) - 1) / 12 + (int(day) - 0.5 if day else 15.2) / 365.25


def age(date: str) -> float:
    """Compute how old a price was when the tables were last read.

    Args:
        date: Date of the price. [1]

    Returns:
        Time from then to `READ`, zero for a price of that month. [s]

    Raises:
        ValueError: If the text is no date.

    References:
        data/prices/purchases.csv

    Examples:
        In days:

        >>> age("2026-09") / 86400
        60.88
    """
    return max(calendar_year(READ) - calendar_year(date), 0.0) * 365.25 * 86400


@functools.cache
def _purchases() -> Mapping[str, tuple[Price, ...]]:
    found: dict[str, list[Price]] = {}
    for row in _rows("purchases.csv"):
        price = Price(
            item=row["item"],
            kind=row["condition"],
            value=float(row["usd"]),
            date=row["date"],
            seller="",
            source=row["source"],
            note=row["note"],
        )
        found.setdefault(price.item, []).append(price)
    return MappingProxyType({item: tuple(prices) for item, prices in found.items()})


def purchases(item: str) -> tuple[Price, ...]:
    """Return what a card, server or part cost, by date.

    The launch price of an accelerator of the catalogue comes first.

    Args:
        item: Id of an accelerator, or a name of data/prices/purchases.csv. [1]

    Returns:
        The prices, the earliest first; empty where none is known. [1]

    References:
        data/prices/purchases.csv

    Examples:
        >>> [(price.date, price.kind, price.value) for price in purchases("rtx-5090")][:3]
        [('2025-01', 'launch', 1999.0), ('2025-03', 'new', 4957.0), ('2025-07', 'new', 1999.99)]
    """
    found = list(_purchases().get(item, ()))
    if item in accelerators():
        chip = accelerators()[item]
        if "price" in chip.published:
            found.append(Price(item, "launch", chip.price, chip.price_date, "", "catalogue", ""))
    return tuple(sorted(found, key=lambda price: (price.year, price.kind != "launch")))


def latest_purchase(item: str, kind: str) -> Price | None:
    """Return the latest price of a kind.

    Of several in the same month the lowest is taken, for that is where a reader would buy.

    Args:
        item: Id of an accelerator, or a name of data/prices/purchases.csv. [1]
        kind: "new", "used" or "launch"; "" for any of them. [1]

    Returns:
        The price with its date, or None if there is none. [1]

    References:
        data/prices/purchases.csv

    Examples:
        >>> price = latest_purchase("rtx-3090", "used")
        >>> price.value, price.date
        (1207.0, '2026-09')
    """
    found = [price for price in purchases(item) if kind in ("", price.kind)]
    return max(found, key=lambda price: (price.year, -price.value), default=None)


@functools.cache
def _rents() -> Mapping[str, tuple[Price, ...]]:
    found: dict[str, list[Price]] = {}
    for name in ("rents.csv", "rent-history.csv"):
        for row in _rows(name):
            price = Price(
                item=row["accelerator"],
                kind=row["commitment"],
                value=float(row["usd_per_hour"]) / 3600,
                date=row["date"],
                seller=row["provider"],
                source=row["source"],
                note="",
            )
            found.setdefault(price.item, []).append(price)
    by_date = {item: sorted(prices, key=lambda p: p.year) for item, prices in found.items()}
    return MappingProxyType({item: tuple(prices) for item, prices in by_date.items()})


def rent_history(accelerator: str) -> tuple[Price, ...]:
    """Return what an hour of an accelerator cost, by date.

    Args:
        accelerator: Id of an accelerator. [1]

    Returns:
        The rents of one accelerator with its share of the host, the earliest first; empty where
        none is known. [1]

    References:
        data/prices/rents.csv, data/prices/rent-history.csv

    Examples:
        >>> first = rent_history("h100-sxm")[0]
        >>> first.date, first.seller, first.value * 3600
        ('2023-06', 'Databricks', 5.0)
    """
    return _rents().get(accelerator, ())


def latest_rents(accelerator: str, kind: str, since: str) -> tuple[Price, ...]:
    """Return the latest rent of each provider.

    Args:
        accelerator: Id of an accelerator. [1]
        kind: "on-demand", "marketplace" or "reserved-1y". [1]
        since: Earliest date to accept. [1]

    Returns:
        One price for each provider, the cheapest first. [1]

    References:
        data/prices/rents.csv, data/prices/rent-history.csv

    Examples:
        >>> [rent.seller for rent in latest_rents("h100-sxm", "marketplace", "2026-09")]
        ['SF Compute', 'Akash', 'Vast.ai', 'RunPod']
    """
    latest: dict[str, Price] = {}
    for price in rent_history(accelerator):
        # An index is made of the others' prices.
        if price.kind == kind and price.date >= since and not price.seller.startswith("market "):
            latest[price.seller] = price
    return tuple(sorted(latest.values(), key=lambda price: price.value))


def typical_rent(accelerator: str, kind: str, since: str) -> float:
    """Compute the median over providers of their latest rent.

    List prices of one accelerator differ by a factor of four between providers on the same day, so
    no single one is its rent.

    Args:
        accelerator: Id of an accelerator. [1]
        kind: "on-demand", "marketplace" or "reserved-1y". [1]
        since: Earliest date to accept. [1]

    Returns:
        Median rent. [$/s]

    Raises:
        ValueError: If no price is known.

    References:
        data/prices/rents.csv, data/prices/rent-history.csv

    Examples:
        An hour of an H100 on demand in the autumn of 2026:

        >>> typical_rent("h100-sxm", "on-demand", "2026-08") * 3600
        4.291
    """
    found = [price.value for price in latest_rents(accelerator, kind, since)]
    if not found:
        raise ValueError(f"{accelerator}: no {kind} rent since {since}; type one of your own")
    middle = len(found) // 2
    return (found[middle] + found[~middle]) / 2


@functools.cache
def _sources() -> Mapping[str, str]:
    return MappingProxyType({row["key"]: row["source"] for row in _rows("sources.csv")})


def source(key: str) -> str:
    """Return the document behind the key that prices carry.

    Args:
        key: The `source` of a price. [1]

    Returns:
        Address or name of the document; the key itself where it is one already. [1]

    References:
        data/prices/sources.csv

    Examples:
        >>> source("aimultiple")
        'https://aimultiple.com/gpu-index'
    """
    return _sources().get(key, key)
