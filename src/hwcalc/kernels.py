r"""How long a matrix multiplication takes on a real chip, from m = 1 to the largest.

A multiplication is cut into tiles of the result, and each multiprocessor works on one tile at a
time. Four things then take time, and they overlap: the arithmetic of the tiles, fetching their
operands through the cache, the bytes from memory, and the chain of waits along $K$ that even a
single tile must go through. To them comes the launch. A library picks the tile and may split $K$
among idle multiprocessors; the model tries a short menu of both and takes the fastest.

The constants belong to an architecture (see `machine`). What is left out: the library's bad
choices, which make single shapes 10 to 50 % slower than their neighbours; matrices laid out
against the grain, whose kernels for few rows take up to twice as long on old chips; and edges
that are not multiples of 8, for which a library may leave the matrix units unused.
"""

import math
from typing import Any

from hwcalc.catalog import Accelerator
from hwcalc.machine import FORMATS, Machine, machine
from hwcalc.numeric import (
    check_count,
    check_non_negative,
    maximum,
    minimum,
)

__all__ = ["matmul_time", "missed", "quantise_time", "stream_time", "tiled_time"]

# Tiles that libraries have for every architecture, the last for a handful of rows. More of them
# (64 x 256, 128 x 64, 256 x 256) change no median error by more than a quarter of a percentage
# point.
TILES = ((128, 256), (128, 128), (64, 64), (16, 128))
LEAST_DEPTH = 256  # elements of K below which splitting it does not pay
MOST_PARTS = 16  # into which K is split
SLAB = 128  # bytes of K that one step of a tile's pipeline brings in
QUANTISED = {"fp8": 5.0, "int8": 5.0, "fp4": 2.5625}  # [B] moved for an element converted
SCRATCH = 8  # bytes written and read for each element of each partial sum of a split


def matmul_time(
    accelerator: Accelerator | Machine,
    m: float,
    k: float,
    n: float,
    dtype: str,
    repeated: bool = False,
) -> float:
    r"""Estimate the time of a matrix multiplication, fitted on measured kernels.

    For tiles of $t_m \times t_n$ and $K$ split into $s$ parts, $U$ multiprocessors run
    $w = u + \varphi(\lceil u \rceil - u)$ waves with
    $u = s \lceil M/t_m \rceil \lceil N/t_n \rceil / U$, and

    $$ T = T_0 + \min_{t, s} \left[ \left( T_c^4 + T_f^4 + T_k^4 + T_m^4 \right)^{1/4} + T_s
    \right] $$

    where $T_c = w\, 2 t_m t_n (K/s + r) U / \pi'$ is arithmetic at the sustained rate with a ramp
    of $r$ at each tile's ends, $T_f = w (t_m b_A + t_n b_B)(K/s + r) / c$ fetches operands through
    the cache at a rate $c$ in proportion to that of the arithmetic and at least the memory's,
    $T_k$ is the chain of waits along $K/s$, $T_m = Q / (\beta B)$ brings each matrix from memory
    once, and $T_s$ adds up the parts of a split. The fourth power joins overlapping times: the
    longest counts, close ones disturb each other.

    Assumption: rows and columns are laid out as the library likes them. FP8 and FP4 operands are
    there in that format already; see `quantise_time`. The accuracy page has the error for each
    architecture and format.

    Args:
        accelerator: An entry of the catalogue, or a machine made of plain numbers. [1]
        m: Rows of the first matrix, the tokens, $M$. [1]
        k: Columns of the first and rows of the second matrix, $K$. [1]
        n: Columns of the second matrix, $N$. [1]
        dtype: A format of `machine.FORMATS`: fp32, tf32, fp16, bf16, fp8, int8, fp4,
            int8_weights or int4_weights (with 16-bit activations). [1]
        repeated: The same operands were used a moment ago, as in a benchmark's loop, so that what
            fits stays in the cache; in a network other layers come between. [1]

    Returns:
        Time of the kernel with its launch. [s]

    Raises:
        ValueError: If a size is not a whole number of at least 1, the format is unknown, or the
            chip has no rate for it.

    References:
        tests/fit_constants.py, on the tables named in data/fitted/matmul.toml

        NVIDIA, "Matrix multiplication background user's guide", tile and wave quantization,
        https://docs.nvidia.com/deeplearning/performance/dl-performance-matrix-multiplication/

    Examples:
        One token and 4,096 tokens against a 4096 x 4096 matrix on an H100, in microseconds:

        >>> from hwcalc import catalog
        >>> h100 = catalog.accelerators()["h100-sxm"]
        >>> matmul_time(h100, 1, 4096, 4096, "bf16") * 1e6
        15.
        >>> matmul_time(h100, 4096, 4096, 4096, "bf16") * 1e6
        178.
    """
    if dtype not in FORMATS:
        raise ValueError(f"dtype = {dtype!r}: must be one of {', '.join(FORMATS)}")
    check_count(m=m, k=k, n=n)
    chip = machine(accelerator)
    form = FORMATS[dtype]
    traffic = m * k * form.first + k * n * form.second + m * n * form.result
    part = missed(chip, traffic, chip.constant("cached", dtype)) if repeated else 1.0
    return chip.constant("launch", dtype) + tiled_time(chip, m, k, n, dtype, part * traffic, 1.0)


def tiled_time(
    chip: Machine, m: float, k: float, n: float, dtype: str, traffic: float, count: float
) -> float:
    r"""Estimate the time of equal multiplications in one kernel, for given bytes of memory.

    The sum behind the launch in `matmul_time`, with the bytes left to the caller: a convolution
    multiplies a matrix that memory never holds.

    Assumption: tiles of all multiplications share the chip's multiprocessors.

    Args:
        chip: The machine. [1]
        m: Rows of the first matrix. [1]
        k: Columns of the first and rows of the second matrix. [1]
        n: Columns of the second matrix. [1]
        dtype: A format of `machine.FORMATS`. [1]
        traffic: Bytes all of them read and write in memory. [B]
        count: Multiplications in the kernel. [1]

    Returns:
        Time without the launch. [s]

    References:
        tests/fit_constants.py, on the tables named in data/fitted/matmul.toml

    Examples:
        Sixteen small multiplications keep an H100 busier than one after the other:

        >>> from hwcalc import catalog
        >>> h100 = machine(catalog.accelerators()["h100-sxm"])
        >>> one = tiled_time(h100, 256, 1024, 256, "bf16", 1.2e6, 1.0)
        >>> 16 * one / tiled_time(h100, 256, 1024, 256, "bf16", 16 * 1.2e6, 16.0)
        3.
    """
    form, get, units = FORMATS[dtype], chip.constant, chip.units
    # A network asks for hundreds of times: numbers take the short way.
    plain = all(isinstance(value, (float, int)) for value in (m, k, n, traffic, count))
    least, most_of = (min, max) if plain else (minimum, maximum)
    flop_time = units / chip.rate(dtype)  # [s] on one multiprocessor
    # Through the cache, likewise; no cache is slower than the memory behind it.
    byte_time = units / max(get("fetch", dtype) * chip.fullest, chip.bandwidth)
    fill, split = get("fill", dtype), get("split", dtype)
    ramp = get("ramp", dtype) / form.first  # elements of K
    wait = get("wait", dtype) * max(form.first, form.second) / SLAB  # [s] for an element of K
    memory = (traffic / (get("stream", dtype) * chip.bandwidth)) ** 4
    most = least(MOST_PARTS, most_of(1, k // LEAST_DEPTH)) if form.splits else 1

    short, long = least(m, n), most_of(m, n)  # a tile may lie either way

    best = math.inf
    for rows, columns in TILES:
        tiles = count * -(-short // rows) * -(-long // columns)
        # [s] for an element of K, when a multiprocessor has one tile at a time
        multiply = 2 * rows * columns * flop_time
        load = (least(rows, short) * form.first + least(columns, long) * form.second) * byte_time
        parts = least(most, most_of(1, units // tiles))
        for part in (1, parts) if _somewhere(parts > 1) else (1,):
            waves = tiles * part / units
            waves = waves + fill * (-(-waves // 1) - waves)
            depth = k / part
            busy = waves * (depth + ramp)
            time = (
                (busy * multiply) ** 4 + (busy * load) ** 4 + (wait * depth) ** 4 + memory
            ) ** 0.25
            adding = (part > 1) * (split + SCRATCH * count * m * n * part * byte_time / units)
            best = least(best, time + adding)
    return best


def _somewhere(condition: Any) -> bool:
    """Tell whether a condition holds, in an array for any element."""
    return condition if isinstance(condition, bool) else bool(condition.any())


def quantise_time(accelerator: Accelerator | Machine, elements: float, dtype: str) -> float:
    r"""Estimate the time to bring activations from 16 bits into a narrower format, fitted.

    Serving engines scale and convert the activations before each FP8 or FP4 multiplication. For
    FP8 one pass finds the largest magnitude and one converts (2 + 2 + 1 bytes for an element); for
    FP4 with given block scales one pass does (2 + 0.5625 bytes):

    $$ T = T_q + \frac{x\, b}{\beta_q B} $$

    Assumption: a kernel of its own, as in the engine it was fitted on; a network that fuses it
    with the layer before does not pay $T_q$.

    Args:
        accelerator: An entry of the catalogue, or a machine made of plain numbers. [1]
        elements: Activations, $x$. [1]
        dtype: fp8, int8 or fp4; other formats need no conversion and take no time. [1]

    Returns:
        Time of the conversion. [s]

    Raises:
        ValueError: If elements is negative or the format is unknown.

    References:
        tests/fit_constants.py, on the tables named in data/fitted/matmul.toml

    Examples:
        4,096 tokens of width 4,096 on an H100, in microseconds:

        >>> from hwcalc import catalog
        >>> h100 = catalog.accelerators()["h100-sxm"]
        >>> quantise_time(h100, 4096 * 4096, "fp8") * 1e6
        49.
    """
    if dtype not in FORMATS:
        raise ValueError(f"dtype = {dtype!r}: must be one of {', '.join(FORMATS)}")
    check_non_negative(elements=elements)
    if dtype not in QUANTISED:
        return 0.0 * elements
    chip = machine(accelerator)
    rate = chip.constant("convert", dtype) * chip.bandwidth
    return chip.constant("quantise", FORMATS[dtype].energy) + elements * QUANTISED[dtype] / rate


def stream_time(accelerator: Accelerator | Machine, traffic: float) -> float:
    r"""Estimate the time of a kernel that only moves bytes: a norm, an activation, an update.

    $$ T = T_0 + \frac{Q}{\beta B} $$

    Assumption: the launch and the share of the bandwidth that were fitted on matrix
    multiplications with few rows, which read their weights once, hold for every stream.

    Args:
        accelerator: An entry of the catalogue, or a machine made of plain numbers. [1]
        traffic: Bytes read and written in memory, $Q$. [B]

    Returns:
        Time of the kernel with its launch. [s]

    Raises:
        ValueError: If traffic is negative.

    References:
        tests/fit_constants.py, on the tables named in data/fitted/matmul.toml

    Examples:
        >>> from hwcalc import catalog
        >>> stream_time(catalog.accelerators()["h100-sxm"], 1e9) * 1e6
        361.
    """
    check_non_negative(traffic=traffic)
    chip = machine(accelerator)
    rate = chip.constant("stream", "bf16") * chip.bandwidth
    return chip.constant("launch", "bf16") + traffic / rate


def missed(chip: Machine, traffic: float, share: float) -> float:
    r"""Estimate which part of a repeated kernel's bytes the cache no longer holds.

    All of them fit below a fitted share $\lambda$ of the cache $C$, none above twice that:

    $$ f = \min(1, \max(0, Q / (\lambda C) - 1)) $$

    Args:
        chip: The machine. [1]
        traffic: Bytes the kernel touches, $Q$. [B]
        share: Share of the cache that can be kept full of them, $\lambda$. [1]

    Returns:
        Part of the bytes that come from memory. [1]

    References:
        tests/fit_constants.py, on the tables named in data/fitted/matmul.toml

    Examples:
        >>> from hwcalc import catalog
        >>> h100 = machine(catalog.accelerators()["h100-sxm"])
        >>> missed(h100, 50 * 2**20, 0.5), missed(h100, 10 * 2**20, 0.5)
        (1.0, 0.0)
    """
    if not chip.cache:
        return 1.0
    return minimum(1.0, maximum(0.0, traffic / (share * chip.cache) - 1))
