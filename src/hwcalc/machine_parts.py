"""Parts of the machine around the accelerators, as their makers, reviewers and shops state them.

Facts from data/machines: processors and their lanes, drives, decoders of images, power supplies,
circuits of the mains. No model is in here. What was recalled and not seen in a document is named in
a part's `unverified`.
"""

import csv
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from hwcalc.datafile import DATA

__all__ = [
    "Circuit",
    "Decoder",
    "Drive",
    "LimitPoint",
    "Platform",
    "Processor",
    "Supply",
    "SupplyClass",
    "circuits",
    "decoders",
    "drives",
    "limit_points",
    "platforms",
    "processors",
    "supplies",
    "supply_classes",
]

Row = dict[str, str]
T = TypeVar("T")


@dataclass(frozen=True)
class Platform:
    """What a processor of a kind connects."""

    name: str
    generation: int  # PCIe
    lanes: int  # of the processor itself, left for cards and drives
    channels: int  # of memory
    memory_rate: float  # [B/s] of all channels
    cores: int  # at most
    unverified: str
    source: str


@dataclass(frozen=True)
class Processor:
    """A processor with a board for it, priced together."""

    name: str
    platform: Platform
    cores: int
    power: float  # [W]
    price: float  # [$] with a board
    date: str  # of the price
    source: str


@dataclass(frozen=True)
class Drive:
    """A drive, or a kind of drives."""

    name: str
    rate: float  # [B/s] read in one piece
    requests: float  # [1/s] reads from random places
    price: float | None  # [$]
    date: str  # of the price
    unverified: str
    source: str


@dataclass(frozen=True)
class Decoder:
    """A processor core that decodes JPEG images of ImageNet's size with Pillow."""

    name: str
    rate: float  # [1/s] of one thread
    ceiling: float  # [1/s] of one training process with eight workers
    source: str


@dataclass(frozen=True)
class SupplyClass:
    """Least efficiencies of a class of power supplies at 115 V."""

    name: str
    at_fifth: float  # [1] at a fifth of the rating
    at_half: float  # [1]
    at_full: float  # [1]
    source: str


@dataclass(frozen=True)
class Supply:
    """A size of power supply with its price in the median of the models on sale."""

    rating: float  # [W]
    supply_class: SupplyClass
    price: float  # [$]
    date: str
    source: str


@dataclass(frozen=True)
class Circuit:
    """A circuit of the mains behind a socket."""

    name: str
    voltage: float  # [V]
    current: float  # [A] of breaker or fuse
    continuous: float  # [1] share that a load of hours may use
    source: str


@dataclass(frozen=True)
class LimitPoint:
    """A published speed under a power limit."""

    accelerator: str  # id
    workload: str
    limit: float  # [W]
    full: float  # [W] limit at which the speed counts as one
    speed: float  # [1]
    source: str


def _rows(name: str) -> Iterator[Row]:
    with (DATA / "machines" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _read(name: str, make: Callable[[Row], T]) -> Mapping[str, T]:
    return MappingProxyType({row["id"]: make(row) for row in _rows(name)})


@functools.cache
def platforms() -> Mapping[str, Platform]:
    """Return kinds of processors by id.

    Returns:
        Read-only mapping from id to platform. [1]

    Examples:
        >>> platforms()["am5"].lanes
        24
    """
    return _read(
        "platforms",
        lambda row: Platform(
            name=row["name"],
            generation=int(row["generation"]),
            lanes=int(row["lanes"]),
            channels=int(row["channels"]),
            memory_rate=float(row["memory_rate"]),
            cores=int(row["cores"]),
            unverified=row["unverified"],
            source=row["source"],
        ),
    )


@functools.cache
def processors() -> Mapping[str, Processor]:
    """Return processors with a board by id.

    Returns:
        Read-only mapping from id to processor. [1]

    Examples:
        >>> processors()["ryzen-9-9950x"].cores
        16
    """
    return _read(
        "processors",
        lambda row: Processor(
            name=row["name"],
            platform=platforms()[row["platform"]],
            cores=int(row["cores"]),
            power=float(row["power"]),
            price=float(row["usd"]) + float(row["board_usd"]),
            date=row["date"],
            source=row["source"],
        ),
    )


@functools.cache
def drives() -> Mapping[str, Drive]:
    """Return drives by id, the slowest first.

    Returns:
        Read-only mapping from id to drive. [1]

    Examples:
        >>> drives()["nvme-4"].rate / 1e9
        7.0
    """
    return _read(
        "drives",
        lambda row: Drive(
            name=row["name"],
            rate=float(row["rate"]),
            requests=float(row["requests"]),
            price=float(row["usd"]) if row["usd"] else None,
            date=row["price_date"],
            unverified=row["unverified"],
            source=row["source"],
        ),
    )


@functools.cache
def decoders() -> Mapping[str, Decoder]:
    """Return measured decoders of images by id.

    Returns:
        Read-only mapping from id to decoder. [1]

    Examples:
        >>> decoders()["zen5"].rate
        726.2
    """
    return _read(
        "decoders",
        lambda row: Decoder(row["name"], float(row["rate"]), float(row["ceiling"]), row["source"]),
    )


@functools.cache
def supply_classes() -> Mapping[str, SupplyClass]:
    """Return classes of efficiency by id.

    Returns:
        Read-only mapping from id to class. [1]

    Examples:
        >>> supply_classes()["gold"].at_half
        0.9
    """
    return _read(
        "supply_classes",
        lambda row: SupplyClass(
            name=row["name"],
            at_fifth=float(row["at_fifth"]),
            at_half=float(row["at_half"]),
            at_full=float(row["at_full"]),
            source=row["source"],
        ),
    )


@functools.cache
def supplies() -> tuple[Supply, ...]:
    """Return sizes of power supplies on sale, the smallest first.

    Returns:
        The sizes with class and price. [1]

    Examples:
        >>> supplies()[0].rating
        750.0
    """
    return tuple(
        Supply(
            rating=float(row["rating"]),
            supply_class=supply_classes()[row["class"]],
            price=float(row["usd"]),
            date=row["date"],
            source=row["source"],
        )
        for row in _rows("supplies")
    )


@functools.cache
def circuits() -> Mapping[str, Circuit]:
    """Return circuits of the mains by id.

    Returns:
        Read-only mapping from id to circuit. [1]

    Examples:
        >>> circuits()["us-15"].current
        15.0
    """
    return _read(
        "circuits",
        lambda row: Circuit(
            name=row["name"],
            voltage=float(row["voltage"]),
            current=float(row["current"]),
            continuous=float(row["continuous"]),
            source=row["source"],
        ),
    )


@functools.cache
def limit_points() -> tuple[LimitPoint, ...]:
    """Return published speeds under power limits.

    Returns:
        The points, card by card. [1]

    Examples:
        >>> max(point.speed for point in limit_points()) < 1.01
        True
    """
    return tuple(
        LimitPoint(
            accelerator=row["accelerator"],
            workload=row["workload"],
            limit=float(row["limit"]),
            full=float(row["full"]),
            speed=float(row["speed"]),
            source=row["source"],
        )
        for row in _rows("limits")
    )
