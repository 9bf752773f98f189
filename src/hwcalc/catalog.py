"""Accelerators and links, with the source of every figure.

Rates are dense and, unless the key says otherwise, accumulated in FP32. Memory is in bytes as
addressable: a GPU's "80 GB" is 80 GiB. Link rates are per direction. data/README.md has the
conventions in full. The networks of `hwcalc.networks` and `hwcalc.convnets` are offered as well.
"""

import datetime
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hwcalc.convnets import ConvNet, convnets
from hwcalc.datafile import Folder, read, size
from hwcalc.networks import Transformer, transformers

__all__ = [
    "PRECISIONS",
    "Accelerator",
    "ConvNet",
    "Link",
    "Transformer",
    "accelerators",
    "convnets",
    "links",
    "transformers",
]

PRECISIONS = ("fp32", "tf32", "fp16", "fp16_acc16", "bf16", "fp8", "int8", "fp4")


class _Rates(dict[str, float]):
    """Rates by precision that answer a missing one with what there is."""

    def __init__(self, name: str, rates: Mapping[str, float]) -> None:
        super().__init__(rates)
        self._name = name

    def __missing__(self, precision: str) -> float:
        known = ", ".join(self) or "none at all"
        raise ValueError(f"{self._name} has no {precision} rate; published: {known}")


@dataclass(frozen=True)
class Accelerator:
    """A processor for deep learning, as its vendor specifies it.

    What a vendor did not publish is absent from `published`, and reading the property of that name
    raises ValueError with the reason.
    """

    id: str
    name: str
    vendor: str
    family: str  # architecture
    kind: str  # datacenter, workstation, consumer, tpu, asic, apple
    release: str  # year and month, empty while not shipped
    memory: int  # [B] addressable
    memory_type: str
    bandwidth: float  # [B/s] of the memory
    peak: Mapping[str, float]  # precision -> [FLOP/s], dense
    published: Mapping[str, float]  # what else is known: tdp, price, l2 ...
    pcie: str  # generation and lanes, "" if unknown
    link_name: str  # chip-to-chip interconnect, "" if none
    sparsity: bool  # has a structured-sparsity mode, which doubles some rates not given here
    price_date: str  # year and month of the price, "" without one
    derived: tuple[str, ...]  # keys computed from other figures
    unverified: tuple[str, ...]  # keys not seen in a document
    notes: str
    source: tuple[str, ...]
    checked: datetime.date

    def _known(self, key: str, what: str) -> float:
        if key not in self.published:
            raise ValueError(f"{self.name}: {what} is not published; choose another accelerator")
        return self.published[key]

    @property
    def tdp(self) -> float:
        """Power the vendor designs the board or module for [W]."""
        return self._known("tdp", "its power")

    @property
    def price(self) -> float:
        """Price at launch, of the month `price_date` [$]."""
        return self._known("price", "a launch price")

    @property
    def link_bandwidth(self) -> float:
        """Rate of all chip-to-chip links of one chip together, per direction [B/s]."""
        return self._known("link_bandwidth", "a rate of a chip-to-chip link")

    @property
    def links(self) -> float:
        """Chip-to-chip links of one chip; one link carries `link_bandwidth / links` [1]."""
        return self._known("links", "the number of chip-to-chip links")

    @property
    def pod(self) -> float:
        """Chips that these links join at most, without a network [1]."""
        return self._known("pod", "the size of a pod")

    @property
    def sm_count(self) -> float:
        """Streaming multiprocessors, compute units, or the vendor's like of them [1]."""
        return self._known("sm_count", "the number of multiprocessors")

    @property
    def clock(self) -> float:
        """Boost clock [Hz]."""
        return self._known("clock", "the clock")

    @property
    def l2(self) -> float:
        """Level-2 cache [B]."""
        return self._known("l2", "the level-2 cache")

    @property
    def shared_memory(self) -> float:
        """Largest shared memory (LDS) of one multiprocessor [B]."""
        return self._known("shared_memory", "the shared memory")

    @property
    def slot(self) -> "Link | None":
        """The PCIe slot it is made for; None if its lanes are not published."""
        generation, _, lanes = self.pcie.partition(".0 ")
        return links().get(f"pcie-{generation}-{lanes}")


@dataclass(frozen=True)
class Link:
    """A connection between chips or between machines, one direction of it."""

    id: str
    name: str
    family: str  # PCIe, NVLink, InfiniBand, Ethernet, ICI, xGMI
    release: str  # year, "" if unknown
    bandwidth: float  # [B/s] specified, per direction
    achieved: float | None  # [B/s] measured with large messages, per direction
    latency: float | None  # [s] start-up time of a message
    lanes: int | None  # lanes, links or pairs that make up the bandwidth
    roadmap: bool  # announced, not on sale
    achieved_by: str  # what was measured
    notes: str
    source: tuple[str, ...]
    checked: datetime.date

    @property
    def vendor(self) -> str:
        """The family, so that every catalogue object can be grouped alike."""
        return self.family

    @property
    def efficiency(self) -> float:
        """Achieved share of the specified rate [1]."""
        if self.achieved is None:
            raise ValueError(f"{self.name}: no achieved rate is recorded; choose another link")
        return self.achieved / self.bandwidth


_ACCELERATOR_REQUIRED: dict[str, type] = {
    "name": str,
    "vendor": str,
    "architecture": str,
    "kind": str,
    "memory": str,
    "memory_type": str,
    "bandwidth": float,
    "sparsity": bool,
}
_ACCELERATOR_OPTIONAL: dict[str, type] = {
    "release": str,
    "tdp": float,
    "sm_count": int,
    "clock": float,
    "l2": str,
    "last_level_cache": str,
    "scratchpad": str,
    "shared_memory": str,
    "memory_fitted": str,
    "pcie": str,
    **{f"peak.{precision}": float for precision in PRECISIONS},
    "link.name": str,
    "link.links": int,
    "link.bandwidth": float,
    "link.pod": int,
    "price.usd": float,
    "price.date": str,
    "derived": list,
    "unverified": list,
    "notes": str,
}
_SIZES = ("l2", "last_level_cache", "scratchpad", "shared_memory", "memory_fitted")
_RENAMED = {
    "price.usd": "price",
    "link.bandwidth": "link_bandwidth",
    "link.links": "links",
    "link.pod": "pod",
}


def _accelerator(path: Path) -> Accelerator:
    values = read(path, _ACCELERATOR_REQUIRED, _ACCELERATOR_OPTIONAL)
    rates = {p: values[f"peak.{p}"] for p in PRECISIONS if f"peak.{p}" in values}
    published = {key: float(size(values[key])) for key in _SIZES if key in values}
    for key in ("tdp", "sm_count", "clock", *_RENAMED):
        if key in values:
            published[_RENAMED.get(key, key)] = float(values[key])
    return Accelerator(
        id=path.stem,
        name=values["name"],
        vendor=values["vendor"],
        family=values["architecture"],
        kind=values["kind"],
        release=values.get("release", ""),
        memory=size(values["memory"]),
        memory_type=values["memory_type"],
        bandwidth=values["bandwidth"],
        peak=MappingProxyType(_Rates(values["name"], rates)),
        published=MappingProxyType(published),
        pcie=values.get("pcie", ""),
        link_name=values.get("link.name", ""),
        sparsity=values["sparsity"],
        price_date=values.get("price.date", ""),
        derived=tuple(values.get("derived", ())),
        unverified=tuple(values.get("unverified", ())),
        notes=values.get("notes", ""),
        source=tuple(values["source"]),
        checked=values["checked"],
    )


_LINK_REQUIRED: dict[str, type] = {"name": str, "family": str, "bandwidth": float}
_LINK_OPTIONAL: dict[str, type] = {
    "release": str,
    "lanes": int,
    "latency": float,
    "roadmap": bool,
    "achieved.bandwidth": float,
    "achieved.measured": str,
    "notes": str,
}


def _link(path: Path) -> Link:
    values: dict[str, Any] = read(path, _LINK_REQUIRED, _LINK_OPTIONAL)
    return Link(
        id=path.stem,
        name=values["name"],
        family=values["family"],
        release=values.get("release", ""),
        bandwidth=values["bandwidth"],
        achieved=values.get("achieved.bandwidth"),
        latency=values.get("latency"),
        lanes=values.get("lanes"),
        roadmap=values.get("roadmap", False),
        achieved_by=values.get("achieved.measured", ""),
        notes=values.get("notes", ""),
        source=tuple(values["source"]),
        checked=values["checked"],
    )


@functools.cache
def accelerators() -> Mapping[str, Accelerator]:
    """Return all accelerators by id; an entry is read when it is first looked up.

    Returns:
        Read-only mapping from id to accelerator. [1]

    Examples:
        >>> h100 = accelerators()["h100-sxm"]
        >>> h100.memory, h100.bandwidth, h100.peak["bf16"]
        (85899345920, 3350000000000.0, 989400000000000.0)
        >>> h100.peak["fp4"]
        Traceback (most recent call last):
        ValueError: H100 SXM5 80GB has no fp4 rate; published: fp32, tf32, fp16, ...
    """
    return Folder("accelerators", _accelerator)


@functools.cache
def links() -> Mapping[str, Link]:
    """Return all links by id; an entry is read when it is first looked up.

    Returns:
        Read-only mapping from id to link. [1]

    Examples:
        >>> links()["pcie-5-x16"].bandwidth / 1e9
        63.0
    """
    return Folder("links", _link)
