"""Measured convolutions for the page: layers and networks by the library that computed them.

Published figures, read from the tables in data/convolution; no model is in here. The tables that
the models are tested on are larger and lie with the tests.
"""

import csv
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hwcalc.convolution import Convolution
from hwcalc.datafile import DATA

__all__ = ["CARDS", "Layer2015", "LibraryRun", "Run", "deepbench", "layers_2015", "libraries_2016"]

WAYS = {"i": "Matrix product", "w": "Winograd", "f": "FFT"}


@dataclass(frozen=True)
class Card:
    """A card and format of the benchmark."""

    name: str
    accelerator: str  # in the catalogue
    dtype: str
    column: str


CARDS: Mapping[str, Card] = {
    "titan_xp": Card("Titan Xp, FP32", "titan-xp", "fp32", "titan_xp"),
    "v100": Card("V100, FP32", "v100-sxm2-16gb", "fp32", "v100"),
    "v100_half": Card("V100, 16 bits on matrix units", "v100-sxm2-16gb", "fp16", "v100_half"),
}


@dataclass(frozen=True)
class Layer2015:
    """A layer that three libraries computed on a Titan X in 2015, forward, 128 images."""

    name: str
    side: int  # [pixels]
    in_channels: int
    out_channels: int
    kernel: int
    fft: float  # [s]
    cudnn: float  # [s]
    caffe: float  # [s]


@dataclass(frozen=True)
class LibraryRun:
    """Convolutions, pools and activations of a network on a Titan X, by one library."""

    network: str
    library: str
    batch: int
    forward: float  # [s]
    both: float  # [s] forward and backward


@dataclass(frozen=True)
class Run:
    """A layer's forward pass on one card."""

    layer: Convolution
    way: str  # how the library computed it
    time: float  # [s]


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / "convolution" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@functools.cache
def layers_2015() -> tuple[Layer2015, ...]:
    """Return the five layers with the libraries' times.

    Returns:
        The layers in their order. [any]

    Examples:
        >>> [layer.name for layer in layers_2015() if layer.fft < layer.cudnn / 4]
        ['L2', 'L3']
    """
    whole = ("side", "in_channels", "out_channels", "kernel")
    return tuple(
        Layer2015(
            row["layer"],
            *(int(row[key]) for key in whole),
            *(float(row[f"{key}_ms"]) * 1e-3 for key in ("fft", "cudnn", "caffe")),
        )
        for row in _rows("layers-2015")
    )


@functools.cache
def libraries_2016() -> tuple[LibraryRun, ...]:
    """Return the networks' times, library by library.

    Returns:
        The runs. [any]

    Examples:
        >>> min(libraries_2016(), key=lambda run: run.both / run.batch).library
        'cuDNN 4'
    """
    return tuple(
        LibraryRun(
            row["network"],
            row["library"],
            int(row["batch"]),
            float(row["forward_ms"]) * 1e-3,
            float(row["total_ms"]) * 1e-3,
        )
        for row in _rows("libraries-2016")
    )


@functools.cache
def deepbench(card: str) -> tuple[Run, ...]:
    """Return the square layers of DeepBench on a card, with the way its library chose.

    Args:
        card: A key of `CARDS`. [1]

    Returns:
        The forward passes. [any]

    Raises:
        ValueError: If the card is unknown.

    References:
        Baidu, DeepBench, training results of 2017 and 2018,
        https://github.com/baidu-research/DeepBench

    Examples:
        >>> {run.way for run in deepbench("v100_half")}
        {'Matrix product'}
    """
    if card not in CARDS:
        raise ValueError(f"card = {card!r}: must be one of {', '.join(CARDS)}")
    column = CARDS[card].column
    return tuple(
        Run(
            Convolution(
                batch=float(row["batch"]),
                in_channels=float(row["in_channels"]),
                out_channels=float(row["out_channels"]),
                height=float(row["height"]),
                width=float(row["width"]),
                kernel=(float(row["kernel"]),) * 2,
                stride=(float(row["stride"]),) * 2,
                padding=(float(row["padding"]),) * 2,
            ),
            WAYS[row[f"{column}_way"]],
            float(row[f"{column}_us"]) * 1e-6,
        )
        for row in _rows("deepbench")
    )
