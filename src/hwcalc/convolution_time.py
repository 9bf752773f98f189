r"""How long a convolutional layer takes on a real chip, forward and backward, by each algorithm.

A library multiplies matrices: the implicit algorithm reads the windows of the input as the rows
of a matrix that memory never holds, so its time is that of the multiplication (`kernels`) with
the bytes of the tensors instead of the matrices. Winograd's algorithm multiplies fewer numbers
and moves more; without matrix units it wins for 3 x 3 kernels. A depthwise layer does few
operations for a byte and no matrices: bandwidth counts, and for large kernels the vector units.

The constants are shares of what a multiplication reaches: how much slower gathered operands make
each pass, on vector units (`vector`, FP32) and on matrix units (`matrix`, the other formats).
They live in data/fitted/convolution.toml with the tables they were fitted on. What is left out:
FFT, which libraries choose for one measured layer in fifty; the library's bad choices, which make
single layers up to twice as slow as their neighbours; and the first releases for matrix units,
which left them idle for layers of one or three channels.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hwcalc.catalog import Accelerator
from hwcalc.convolution import PASSES, Convolution, convolution_traffic
from hwcalc.datafile import DATA, load
from hwcalc.kernels import tiled_time
from hwcalc.machine import FORMATS, Machine, fitted, machine
from hwcalc.numeric import ceil, check_count, maximum, minimum
from hwcalc.throttle import issue_rate

__all__ = [
    "LAYOUTS",
    "algorithm_times",
    "convolution_machine",
    "convolution_time",
    "pass_times",
    "prepared",
]

LAYOUTS = {"nhwc": "channels last", "nchw": "channels first"}
# Constants of the tiles that take the place of a multiplication's. There is no ramp: kernels of
# convolutions go on from tile to tile, and wherever it was fitted it came out as nothing.
TILED = ("fetch", "stream", "launch")
FORMATS_OF = {"vector": ("fp32",), "matrix": ("tf32", "fp16", "bf16")}
ALIGNED = 8  # channels that matrix units take side by side; fewer are padded with zeros
WINOGRAD = (2, 4)  # sides of the tiles that libraries have


@dataclass(frozen=True)
class Prepared:
    """What the passes of a layer need to know of it, for one image."""

    positions: float  # of the output
    rows: float  # input pixels that one element of the kernel can meet
    inner: float  # channels of a group, in
    outer: float  # and out
    area: float  # elements of the kernel over one channel
    strides: float  # input pixels to one output position, as far as the kernel covers them
    strided: bool
    groups: float
    image: float  # elements of input and output
    weights: float  # elements
    square: bool  # fit for Winograd's algorithm
    tiles: tuple[float, ...]  # of Winograd's algorithm, by size


@functools.cache
def _constants() -> dict[str, Any]:
    return load(DATA / "fitted" / "convolution.toml")


def convolution_machine(
    accelerator: Accelerator | Machine, constants: Mapping[str, Mapping[str, float]] | None = None
) -> Machine:
    """Add the constants of convolutions to those of a chip.

    Args:
        accelerator: An entry of the catalogue; a machine that was made so is returned as it is. [1]
        constants: What to take instead of the file: `general` and architectures by name. [any]

    Returns:
        The machine. [1]

    References:
        tests/fit_convolution.py, on the tables named in data/fitted/convolution.toml

    Examples:
        Convolutions without matrix units share a launch, but Maxwell has one of its own:

        >>> from hwcalc import catalog
        >>> chips = catalog.accelerators()
        >>> pascal, maxwell = (convolution_machine(chips[c]) for c in ("titan-xp", "tesla-m40"))
        >>> maxwell.constant("launch", "fp32") > pascal.constant("launch", "fp32")
        True
    """
    if isinstance(accelerator, Machine):
        return accelerator
    known = _constants() if constants is None else constants
    joined = dict(fitted(accelerator, unmeasured=False))
    for group in ("general", accelerator.family):
        for name, value in known.get(group, {}).items():
            unit, _, what = name.partition(".")
            # These take the place of what was fitted on multiplications, for all formats.
            formats = FORMATS_OF.get(unit, ()) if what in TILED else ()
            joined |= {f"{what}.{dtype}": value for dtype in formats} or {name: value}
    joined |= {key: 0.0 for key in joined if key.partition(".")[0] == "ramp"}
    joined["issue"] = issue_rate(accelerator)
    return machine(accelerator, joined)


def prepared(layer: Convolution) -> Prepared:
    """Work out what does not depend on the batch, once for many times.

    Args:
        layer: The layer; its batch is ignored. [1]

    Returns:
        Numbers of the layer for one image. [1]

    Raises:
        ValueError: If the kernel is larger than the padded input.

    References:
        Chetlur et al. 2014, "cuDNN: efficient primitives for deep learning",
        https://doi.org/10.48550/arXiv.1410.0759

    Examples:
        >>> prepared(Convolution(1, 3, 64, 224, 224, (7, 7), (2, 2), (3, 3))).positions
        12544.0
    """
    (out_height, out_width), (high, wide), (down, across) = layer.output, layer.kernel, layer.stride
    image = layer.in_channels * layer.height * layer.width
    image = image + layer.out_channels * out_height * out_width
    square = (layer.kernel, layer.stride, layer.dilation) == ((3, 3), (1, 1), (1, 1))
    return Prepared(
        positions=out_height * out_width,
        rows=ceil(layer.height / down) * ceil(layer.width / across),
        inner=layer.in_channels / layer.groups,
        outer=layer.out_channels / layer.groups,
        area=high * wide,
        strides=minimum(down, high) * minimum(across, wide),
        strided=max(layer.stride) > 1,
        groups=layer.groups,
        image=image,
        weights=convolution_traffic(layer, 1) - layer.batch * image,
        square=square and layer.groups == 1,
        tiles=tuple(ceil(out_height / tile) * ceil(out_width / tile) for tile in WINOGRAD),
    )


def pass_times(
    chip: Machine, layer: Prepared, batch: float, direction: str, dtype: str, layout: str
) -> dict[str, float]:
    """Estimate a pass of a prepared layer by each algorithm; see `algorithm_times`.

    Args:
        chip: A machine made by `convolution_machine`. [1]
        layer: The layer, from `prepared`. [1]
        batch: Images. [1]
        direction: forward, input or weight. [1]
        dtype: fp32, tf32, fp16 or bf16. [1]
        layout: Order of the activations in memory: nhwc or nchw. [1]

    Returns:
        Time of the pass by algorithm. [s]

    References:
        tests/fit_convolution.py, on the tables named in data/fitted/convolution.toml

    Examples:
        >>> from hwcalc import catalog
        >>> chip = convolution_machine(catalog.accelerators()["rtx-3090"])
        >>> layer = prepared(Convolution(1, 96, 96, 56, 56, (7, 7), padding=(3, 3), groups=96))
        >>> list(pass_times(chip, layer, 64, "forward", "fp16", "nhwc"))
        ['depthwise']
    """
    get, size = chip.constant, FORMATS[dtype].first
    launch, kind = get("launch", dtype), "vector" if dtype == "fp32" else "matrix"
    inner, outer = layer.inner, layer.outer
    traffic = size * (batch * layer.image + layer.weights)
    if layer.groups > 1 and inner == 1:
        moved = traffic / (get(f"depthwise.{direction}", dtype) * chip.bandwidth)
        # Nothing to multiply as matrices: the vector units do it.
        rate = chip.peak["fp32"] if "fp32" in chip.peak else chip.rate(dtype)
        flops = 2 * batch * layer.positions * outer * layer.area * layer.groups
        return {"depthwise": launch + maximum(moved, flops / rate)}
    # On matrix units the forward pass is as fast as the multiplication.
    share = chip.constants.get(f"{kind}.{direction}", 1.0)
    if kind == "matrix":
        inner = ALIGNED * ceil(inner / ALIGNED)
    if direction == "forward":
        shape = batch * layer.positions, inner * layer.area, outer
    elif direction == "weight":
        shape = outer, batch * layer.positions, inner * layer.area
    else:  # with a stride each element of the kernel meets only some of the input's pixels
        shape = batch * layer.rows, ceil(outer * layer.area / layer.strides), inner
        if layer.strided and kind == "vector":
            share *= get("vector.scatter", dtype)
    count = layer.groups * (layer.strides if direction == "input" else 1)
    time = launch + tiled_time(chip, *shape, dtype, traffic, count) / share
    if kind == "matrix" and layout == "nchw" and layer.area > 1:
        time = time + get("transposes", dtype) * size * batch * layer.image / chip.bandwidth
    times = {"implicit": time}
    if kind == "vector" and layer.square:
        for tile, tiles in zip(WINOGRAD, layer.tiles, strict=True):
            times[f"winograd_{tile}"] = launch + _winograd(
                chip, layer, direction, tile, batch * tiles, traffic
            )
    return times


def _winograd(
    chip: Machine, layer: Prepared, direction: str, tile: int, tiles: float, traffic: float
) -> float:
    """Time Winograd's algorithm without its launch: transforms around small multiplications."""
    inner, outer, elements = layer.inner, layer.outer, (tile + 2) ** 2
    if direction == "weight":
        shape = outer, tiles, inner
    else:
        shape = (tiles, inner, outer) if direction == "forward" else (tiles, outer, inner)
    share = chip.constants[f"winograd.{tile}"]
    if tile == WINOGRAD[0]:  # transforms on the way, in one kernel
        return tiled_time(chip, *shape, "fp32", traffic, elements) / share
    moved = 4 * elements * (tiles * (inner + outer) + inner * outer)
    transforms = (traffic + moved) / (chip.constant("stream", "fp32") * chip.bandwidth)
    launches = 3 * chip.constant("launch", "fp32")
    return launches + transforms + tiled_time(chip, *shape, "fp32", moved, elements) / share


def algorithm_times(
    accelerator: Accelerator | Machine,
    layer: Convolution,
    direction: str,
    dtype: str,
    layout: str,
) -> dict[str, float]:
    r"""Estimate a pass by each algorithm that a library has for it, fitted on measured layers.

    The implicit multiplication takes $T_0 + T(M, K, N, Q) / \eta$ with the tiles' time $T$ of
    `kernels.tiled_time` for the bytes $Q$ of the three tensors, and a share $\eta$ fitted for
    each pass. Winograd's $F(m, 3)$ is $(m+2)^2$ multiplications of $N \lceil P/m \rceil
    \lceil Q/m \rceil$ rows; for $m = 4$ its transformed tensors go through memory. A depthwise
    layer moves $Q$ at a share of the bandwidth, or takes as long as its operations on vector units.

    Assumption: the channels of a group are padded to 8 for matrix units, which want channels
    last; where they come first, tensors of kernels larger than 1 x 1 are turned around.

    Args:
        accelerator: An entry of the catalogue, or a machine made by `convolution_machine`. [1]
        layer: The layer and its batch. [1]
        direction: forward, input (gradient of the input) or weight (of the weights). [1]
        dtype: fp32, tf32, fp16 or bf16. [1]
        layout: Order of the activations in memory: nhwc or nchw. [1]

    Returns:
        Time of the pass by algorithm: implicit, winograd_2, winograd_4, or depthwise. [s]

    Raises:
        ValueError: If the direction, format or layout is unknown, or the chip has no rate for it.

    References:
        tests/fit_convolution.py, on the tables named in data/fitted/convolution.toml

        Chetlur et al. 2014, "cuDNN: efficient primitives for deep learning",
        https://doi.org/10.48550/arXiv.1410.0759

    Examples:
        >>> from hwcalc import catalog
        >>> layer = Convolution(16, 256, 512, 28, 28, (3, 3), padding=(1, 1))
        >>> chip = catalog.accelerators()["titan-xp"]
        >>> times = algorithm_times(chip, layer, "forward", "fp32", "nchw")
        >>> min(times, key=times.get)
        'winograd_4'
    """
    for name, value, known in (
        ("direction", direction, PASSES),
        ("dtype", dtype, FORMATS),
        ("layout", layout, LAYOUTS),
    ):
        if value not in known:
            raise ValueError(f"{name} = {value!r}: must be one of {', '.join(known)}")
    check_count(batch=layer.batch)
    chip = convolution_machine(accelerator)
    return pass_times(chip, prepared(layer), layer.batch, direction, dtype, layout)


def convolution_time(
    accelerator: Accelerator | Machine,
    layer: Convolution,
    direction: str,
    dtype: str,
    layout: str,
) -> float:
    """Estimate a pass of a layer by the algorithm that is fastest for it.

    Assumption: the library finds it, as cuDNN does when asked to try them.

    Args:
        accelerator: An entry of the catalogue, or a machine made by `convolution_machine`. [1]
        layer: The layer and its batch. [1]
        direction: forward, input (gradient of the input) or weight (of the weights). [1]
        dtype: fp32, tf32, fp16 or bf16. [1]
        layout: Order of the activations in memory: nhwc or nchw. [1]

    Returns:
        Time of the pass with its launches. [s]

    Raises:
        ValueError: If the direction, format or layout is unknown, or the chip has no rate for it.

    References:
        tests/fit_convolution.py, on the tables named in data/fitted/convolution.toml

    Examples:
        A layer of VGG on a V100, in milliseconds; 0.31 were measured:

        >>> from hwcalc import catalog
        >>> v100 = catalog.accelerators()["v100-sxm2-16gb"]
        >>> layer = Convolution(16, 256, 512, 28, 28, (3, 3), padding=(1, 1))
        >>> convolution_time(v100, layer, "forward", "fp16", "nhwc") * 1e3
        0.30
    """
    return minimum(*algorithm_times(accelerator, layer, direction, dtype, layout).values())
