"""Convolutional networks as published: their layer lists.

What follows from the layers (parameters, operations) is computed in `hwcalc.cnn`.
"""

import csv
import datetime
import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hwcalc.datafile import Folder, read

__all__ = ["ConvNet", "Layer", "convnets", "resized"]


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


def resized(network: ConvNet, side: int) -> ConvNet:
    """Give a network images of another side.

    Kernels, strides and channels stay; every size follows from the ones before. A pool over the
    whole image stays one, and one that adapts to a fixed size keeps it. The published counts are
    those of the network's own side and are left out.

    Args:
        network: A network of the catalogue. [1]
        side: Height and width of the images. [1]

    Returns:
        The network with the sizes of its layers. [1]

    Raises:
        ValueError: If the sizes of the network do not follow from its layers (U-Net crops).

    References:
        Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning",
        https://doi.org/10.48550/arXiv.1603.07285

    Examples:
        >>> layer = resized(convnets()["resnet50"], 160).layers[-3]
        >>> layer.type, layer.out_height
        ('add', 5)
    """
    sizes = {network.input_side: side, 1: 1}  # there -> here
    layers = []
    for layer in network.layers:
        if layer.type == "convt" or layer.in_height not in sizes:
            raise ValueError(f"{network.name}: sizes cannot be followed at a layer {layer.type}")
        here = sizes[layer.in_height]
        kernel, out = layer.kernel, layer.out_height
        if layer.type == "pool" and kernel[0] == layer.in_height > 1:
            kernel, after = (here, here), 1
        elif layer.type == "pool" and kernel == (1, 1):
            after = out
        elif layer.stride:
            room, there = (s + 2 * layer.padding[0] - kernel[0] for s in (here, layer.in_height))
            up = (layer.stride - 1) if there // layer.stride + 1 != out else 0  # rounds up
            after = (room + up) // layer.stride + 1
        else:
            after = here
        if kernel != (1, 1) and sizes.setdefault(out, after) != after:
            raise ValueError(f"{network.name}: two sizes for {out} pixels with side = {side}")
        layers.append(
            replace(
                layer,
                kernel=kernel,
                in_height=here,
                in_width=here,
                out_height=after,
                out_width=after,
            )
        )
    return replace(
        network, input_side=side, layers=tuple(layers), published=None, published_macs=None
    )
