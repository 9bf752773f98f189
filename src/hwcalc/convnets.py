"""Convolutional networks as published: their layer lists.

What follows from the layers (parameters, operations) is computed in `hwcalc.cnn`.
"""

import csv
import datetime
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hwcalc.datafile import Folder, read

__all__ = ["ConvNet", "Layer", "convnets"]


@dataclass(frozen=True)
class Layer:
    """One layer of a convolutional network, for one image; a 0 means does not apply."""

    type: str  # conv, dwconv, convt, fc, pool, bn, ln, scale, add, mul, concat
    in_channels: int
    out_channels: int
    kernel: tuple[int, int]  # height, width
    stride: int
    padding: tuple[int, int]
    groups: int
    bias: bool
    in_height: int
    in_width: int
    out_height: int
    out_width: int


@dataclass(frozen=True)
class ConvNet:
    """A convolutional network as a list of layers."""

    id: str
    name: str
    family: str
    year: int
    input_side: int  # [pixels]
    input_channels: int
    layers: tuple[Layer, ...]
    published: float | None  # parameters
    published_macs: float | None
    notes: str
    source: tuple[str, ...]
    checked: datetime.date

    @property
    def vendor(self) -> str:
        """The family, so that every catalogue object can be grouped alike."""
        return self.family


def _layer(row: Mapping[str, str]) -> Layer:
    """Read a row of a layer list; a rectangular kernel is written 1x7, an empty cell is 0."""

    def pair(text: str) -> tuple[int, int]:
        height, _, width = text.partition("x")
        return int(height or 0), int(width or height or 0)

    whole = ("in_channels", "out_channels", "stride", "groups")
    sides = ("in_height", "in_width", "out_height", "out_width")
    return Layer(
        type=row["type"],
        kernel=pair(row["kernel"]),
        padding=pair(row["padding"]),
        bias=row["bias"] == "yes",
        **{key: int(row[key] or 0) for key in (*whole, *sides)},
    )


def _convnet(path: Path) -> ConvNet:
    values = read(
        path,
        {"name": str, "family": str, "year": int, "input_side": int, "input_channels": int},
        {"published.parameters": float, "published.macs": float, "notes": str},
    )
    with path.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        layers = tuple(map(_layer, csv.DictReader(file)))
    return ConvNet(
        id=path.stem,
        name=values["name"],
        family=values["family"],
        year=values["year"],
        input_side=values["input_side"],
        input_channels=values["input_channels"],
        layers=layers,
        published=values.get("published.parameters"),
        published_macs=values.get("published.macs"),
        notes=values.get("notes", ""),
        source=tuple(values["source"]),
        checked=values["checked"],
    )


@functools.cache
def convnets() -> Mapping[str, ConvNet]:
    """Return all convolutional networks by id; an entry is read when it is first looked up.

    Returns:
        Read-only mapping from id to network. [1]

    Examples:
        >>> len([layer for layer in convnets()["vgg16"].layers if layer.type == "conv"])
        13
    """
    return Folder("networks/convnets", _convnet)
