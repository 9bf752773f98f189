r"""How long a convolutional layer takes on a real chip, forward and backward, by each algorithm.

A library multiplies matrices: the implicit algorithm reads the windows of the input as the rows
of a matrix that memory never holds, so its time is that of the multiplication (`kernels`) with
the bytes of the tensors instead of the matrices. Winograd's algorithm multiplies fewer numbers
and moves more; without matrix units it wins for 3 x 3 kernels. A depthwise layer does so few
operations for a byte that only bandwidth counts.

The constants are shares of what a multiplication reaches: how much slower gathered operands make
each pass. They live in data/fitted/convolution.toml with the tables they were fitted on. What is
left out: the library's bad choices, which make single layers up to twice as slow as their
neighbours; its search among algorithms, whose winner depends on the workspace allowed.
"""

import functools
from collections.abc import Mapping
from typing import Any

from hwcalc.catalog import Accelerator
from hwcalc.convolution import PASSES, Convolution, convolution_traffic
from hwcalc.datafile import DATA, load
from hwcalc.kernels import tiled_time
from hwcalc.machine import FORMATS, Machine, fitted, machine
from hwcalc.numeric import ceil, minimum

__all__ = ["algorithm_times", "convolution_machine", "convolution_time"]

ALIGNED = 8  # channels that 16-bit matrix units need side by side
LAYOUTS = ("nhwc", "nchw")


@functools.cache
def _constants() -> dict[str, Any]:
    return load(DATA / "fitted" / "convolution.toml")


def convolution_machine(
    accelerator: Accelerator | Machine, constants: Mapping[str, float] | None = None
) -> Machine:
    """Add the constants of convolutions to those of a chip.

    Args:
        accelerator: An entry of the catalogue; a machine that was made so is returned as it is. [1]
        constants: Constants to take instead of the fitted ones, by name. [any]

    Returns:
        The machine. [1]

    References:
        tests/fit_convolution.py, on the tables named in data/fitted/convolution.toml

    Examples:
        >>> from hwcalc import catalog
        >>> convolution_machine(catalog.accelerators()["v100-sxm2-16gb"]).name
        'Tesla V100 SXM2 16GB'
    """
    if isinstance(accelerator, Machine):
        return accelerator
    joined = dict(fitted(accelerator, unmeasured=False))
    found = _constants()
    joined |= found["general"]
    for entry in found.get("architecture", ()):
        if accelerator.family in entry["families"]:
            joined |= {key: value for key, value in entry.items() if isinstance(value, float)}
    return machine(accelerator, {**joined, **(constants or {})})


def _matrices(layer: Convolution, direction: str) -> tuple[float, float, float, float]:
    """Return rows, depth, columns and number of the multiplications of a pass."""
    (out_height, out_width), (high, wide) = layer.output, layer.kernel
    groups = layer.groups
    inner, outer = layer.in_channels / groups, layer.out_channels / groups
    positions = layer.batch * out_height * out_width
    if direction == "forward":
        return positions, inner * high * wide, outer, groups
    if direction == "weight":
        return outer, positions, inner * high * wide, groups
    # With a stride each element of the kernel meets only some of the input's pixels.
    down, across = layer.stride
    rows = layer.batch * ceil(layer.height / down) * ceil(layer.width / across)
    parts = minimum(down, high) * minimum(across, wide)
    return rows, ceil(outer * high * wide / parts), inner, groups * parts


def algorithm_times(
    accelerator: Accelerator | Machine,
    layer: Convolution,
    direction: str,
    dtype: str,
) -> dict[str, float]:
    r"""Estimate a pass by each algorithm that a library has for it, fitted on measured layers.

    The implicit multiplication takes $T_0 + T(M, K, N, Q) / \eta$ with the tiles' time $T$ of
    `kernels.tiled_time` for the bytes $Q$ of the three tensors, and a share $\eta$ fitted for
    each pass. Winograd's $F(m, 3)$ is $(m+2)^2$ multiplications of $\lceil P/m \rceil \lceil Q/m
    \rceil N$ rows; for $m = 4$ its transformed tensors go through memory.

    Assumption: the channels of 16-bit operands that are no multiple of 8 are padded to one, and
    what needs padding runs on the vector units, as it did until 2019.

    Args:
        accelerator: An entry of the catalogue, or a machine made by `convolution_machine`. [1]
        layer: The layer and its batch. [1]
        direction: forward, input (gradient of the input) or weight (of the weights). [1]
        dtype: fp32, tf32, fp16 or bf16. [1]

    Returns:
        Time of the pass by algorithm: implicit, winograd_2, winograd_4, or depthwise. [s]

    Raises:
        ValueError: If the direction or format is unknown, or the chip has no rate for it.

    References:
        tests/fit_convolution.py, on the tables named in data/fitted/convolution.toml

        Chetlur et al. 2014, "cuDNN: efficient primitives for deep learning",
        https://doi.org/10.48550/arXiv.1410.0759

    Examples:
        >>> from hwcalc import catalog
        >>> layer = Convolution(16, 256, 512, 28, 28, (3, 3), padding=(1, 1))
        >>> times = algorithm_times(catalog.accelerators()["titan-xp"], layer, "forward", "fp32")
        >>> min(times, key=times.get)
        'winograd_2'
    """
    if direction not in PASSES:
        raise ValueError(f"direction = {direction!r}: must be one of {', '.join(PASSES)}")
    if dtype not in FORMATS:
        raise ValueError(f"dtype = {dtype!r}: must be one of {', '.join(FORMATS)}")
    chip = convolution_machine(accelerator)
    get = chip.constant
    launch, size = get("launch", dtype), FORMATS[dtype].first
    traffic = convolution_traffic(layer, size)
    rate = get("stream", dtype) * chip.bandwidth
    inner = layer.in_channels / layer.groups
    if inner == 1 and layer.groups > 1:
        return {"depthwise": launch + traffic / (rate * get(f"depthwise.{direction}", dtype))}
    kind = "vector" if dtype == "fp32" else "matrix"
    share = get(f"{kind}.{direction}", dtype)
    if direction == "input" and max(layer.stride) > 1:
        share *= get(f"{kind}.scatter", dtype)
    rows, depth, columns, count = _matrices(layer, direction)
    times = {
        "implicit": launch + tiled_time(chip, rows, depth, columns, dtype, traffic, count) / share
    }
    square = layer.kernel == (3, 3) and layer.stride == layer.dilation == (1, 1)
    if kind == "vector" and square and layer.groups == 1:
        for tile in (2, 4):
            times[f"winograd_{tile}"] = launch + _winograd(chip, layer, direction, tile, traffic)
    return times


def _winograd(
    chip: Machine, layer: Convolution, direction: str, tile: int, traffic: float
) -> float:
    """Time Winograd's algorithm without its launch: transforms around small multiplications."""
    (height, width), elements = layer.output, (tile + 2) ** 2
    tiles = layer.batch * ceil(height / tile) * ceil(width / tile)
    inner, outer = layer.in_channels, layer.out_channels
    shape = {
        "forward": (tiles, inner, outer),
        "input": (tiles, outer, inner),
        "weight": (outer, tiles, inner),
    }[direction]
    moved = 4 * elements * (tiles * (inner + outer) + inner * outer)
    share = chip.constants[f"winograd.{tile}"]
    if tile == 2:  # in one kernel
        return tiled_time(chip, *shape, "fp32", traffic, elements) / share
    transforms = (traffic + moved) / (chip.constant("stream", "fp32") * chip.bandwidth)
    launches = 3 * chip.constant("launch", "fp32")
    return launches + transforms + tiled_time(chip, *shape, "fp32", moved, elements) / share


def convolution_time(
    accelerator: Accelerator | Machine,
    layer: Convolution,
    direction: str,
    dtype: str,
) -> float:
    """Estimate a pass of a layer by the algorithm that is fastest for it.

    Assumption: the library finds it, as cuDNN does when asked to try them.

    Args:
        accelerator: An entry of the catalogue, or a machine made by `convolution_machine`. [1]
        layer: The layer and its batch. [1]
        direction: forward, input (gradient of the input) or weight (of the weights). [1]
        dtype: fp32, tf32, fp16 or bf16. [1]

    Returns:
        Time of the pass with its launches. [s]

    Raises:
        ValueError: If the direction or format is unknown, or the chip has no rate for it.

    References:
        tests/fit_convolution.py, on the tables named in data/fitted/convolution.toml

    Examples:
        A layer of VGG on a V100, in milliseconds; 0.31 were measured:

        >>> from hwcalc import catalog
        >>> v100 = catalog.accelerators()["v100-sxm2-16gb"]
        >>> layer = Convolution(16, 256, 512, 28, 28, (3, 3), padding=(1, 1))
        >>> convolution_time(v100, layer, "forward", "fp16") * 1e3
        0.32
    """
    return minimum(*algorithm_times(accelerator, layer, direction, dtype).values())
