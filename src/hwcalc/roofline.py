r"""The roofline: a chip computes, or it waits for its memory.

A kernel does $F$ operations and moves $Q$ bytes between the chip and its main memory. It can
finish no sooner than its operations at the peak rate, and no sooner than its bytes at the full
bandwidth. Both happen at once in a good kernel, so the later of the two is a lower bound.

What it leaves out: the time to start a kernel, caches between the memory and the arithmetic
(they enter through the count of bytes), shapes that leave parts of the chip idle, and clocks that
drop under load. Real kernels are slower, never faster. A measured time below the bound means
that the operations, the bytes or a peak were counted wrongly.

References:
    Williams, Waterman, Patterson 2009, "Roofline: an insightful visual performance model for
    multicore architectures", https://doi.org/10.1145/1498765.1498785
"""

from collections.abc import Mapping

from hwcalc.numeric import check_non_negative, check_positive, maximum, minimum

# Precisions whose matrix rate answers for a width of the elements, first choice first.
PRECISIONS: Mapping[int, tuple[str, ...]] = {
    8: ("fp8", "int8"),
    16: ("bf16", "fp16"),
    32: ("tf32", "fp32"),
}


def peak_rate(rates: Mapping[str, float], bits: int) -> float:
    r"""Pick a chip's dense peak rate for matrix elements of a given width.

    Accumulation is in 32 bits; a rate with 16-bit accumulation is never picked.

    Args:
        rates: Dense rates of the chip by precision, as in the catalogue. [FLOP/s]
        bits: Width of an element: 8, 16 or 32. [1]

    Returns:
        Dense peak rate. [FLOP/s]

    Raises:
        ValueError: If bits is none of the three, or the chip has no rate at that width.

    References:
        Williams, Waterman, Patterson 2009, https://doi.org/10.1145/1498765.1498785

    Examples:
        >>> peak_rate({"fp16": 125e12, "fp32": 15.7e12}, 16) / 1e12
        125.0
    """
    if bits not in PRECISIONS:
        raise ValueError(f"bits = {bits}: must be one of {', '.join(map(str, PRECISIONS))}")
    for precision in PRECISIONS[bits]:
        if precision in rates:
            return rates[precision]
    return rates[PRECISIONS[bits][-1]]  # the catalogue's error names the chip and what it has


def arithmetic_intensity(flops: float, traffic: float) -> float:
    r"""Divide the operations of a kernel by the bytes it moves.

    $$ I = F / Q $$

    Args:
        flops: Operations, $F$. [FLOP]
        traffic: Bytes moved to and from main memory, $Q$. [B]

    Returns:
        Operations per byte. [FLOP/B]

    Raises:
        ValueError: If flops is negative or traffic is not positive.

    References:
        Williams, Waterman, Patterson 2009, https://doi.org/10.1145/1498765.1498785

    Examples:
        Adding two vectors of 4-byte numbers, twelve bytes for each addition:

        >>> arithmetic_intensity(1e6, 12e6)
        0.0833
    """
    check_non_negative(flops=flops)
    check_positive(traffic=traffic)
    return flops / traffic


def ridge_point(peak_flops: float, bandwidth: float) -> float:
    r"""Compute the intensity above which a chip is limited by arithmetic, not by memory.

    $$ I^* = \pi / \beta $$

    Args:
        peak_flops: Dense peak rate at the precision used, $\pi$. [FLOP/s]
        bandwidth: Main-memory bandwidth, $\beta$. [B/s]

    Returns:
        Operations the chip can do while one byte arrives. [FLOP/B]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Williams, Waterman, Patterson 2009, https://doi.org/10.1145/1498765.1498785

    Examples:
        TPU v5e, 197 TFLOP/s at 16 bits and 819 GB/s:

        >>> ridge_point(197e12, 819e9)
        240.5
    """
    check_positive(peak_flops=peak_flops, bandwidth=bandwidth)
    return peak_flops / bandwidth


def attainable_rate(intensity: float, peak_flops: float, bandwidth: float) -> float:
    r"""Compute the highest rate a kernel of given intensity can reach: a bound, the roof.

    $$ P = \min(\pi,\; I \beta) $$

    Assumption: arithmetic and memory traffic overlap perfectly.

    Args:
        intensity: Operations per byte moved, $I$. [FLOP/B]
        peak_flops: Dense peak rate at the precision used, $\pi$. [FLOP/s]
        bandwidth: Main-memory bandwidth, $\beta$. [B/s]

    Returns:
        Upper bound of the rate. [FLOP/s]

    Raises:
        ValueError: If intensity is negative or another argument is not positive.

    References:
        Williams, Waterman, Patterson 2009, https://doi.org/10.1145/1498765.1498785

    Examples:
        A vector addition on an H100 reaches a ten-thousandth of the tensor peak:

        >>> attainable_rate(1 / 12, 989.4e12, 3.35e12) / 1e12
        0.279
    """
    check_non_negative(intensity=intensity)
    check_positive(peak_flops=peak_flops, bandwidth=bandwidth)
    return minimum(peak_flops, intensity * bandwidth)


def compute_time(flops: float, peak_flops: float) -> float:
    r"""Compute the time the operations alone need at the peak rate: a bound.

    $$ T_c = F / \pi $$

    Args:
        flops: Operations, $F$. [FLOP]
        peak_flops: Dense peak rate at the precision used, $\pi$. [FLOP/s]

    Returns:
        Lower bound of the time. [s]

    Raises:
        ValueError: If flops is negative or peak_flops is not positive.

    References:
        Williams, Waterman, Patterson 2009, https://doi.org/10.1145/1498765.1498785

    Examples:
        >>> compute_time(0.5e12, 125e12) * 1e3
        4.0
    """
    check_non_negative(flops=flops)
    check_positive(peak_flops=peak_flops)
    return flops / peak_flops


def memory_time(traffic: float, bandwidth: float) -> float:
    r"""Compute the time the bytes alone need at full bandwidth: a bound.

    $$ T_m = Q / \beta $$

    Args:
        traffic: Bytes moved to and from main memory, $Q$. [B]
        bandwidth: Main-memory bandwidth, $\beta$. [B/s]

    Returns:
        Lower bound of the time. [s]

    Raises:
        ValueError: If traffic is negative or bandwidth is not positive.

    References:
        Williams, Waterman, Patterson 2009, https://doi.org/10.1145/1498765.1498785

    Examples:
        >>> memory_time(3.35e12, 3.35e12)
        1.0
    """
    check_non_negative(traffic=traffic)
    check_positive(bandwidth=bandwidth)
    return traffic / bandwidth


def kernel_time(flops: float, traffic: float, peak_flops: float, bandwidth: float) -> float:
    r"""Compute the shortest time in which a chip can run a kernel: a bound.

    $$ T = \max(F / \pi,\; Q / \beta) $$

    Assumption: arithmetic and memory traffic overlap perfectly.

    Args:
        flops: Operations, $F$. [FLOP]
        traffic: Bytes moved to and from main memory, $Q$. [B]
        peak_flops: Dense peak rate at the precision used, $\pi$. [FLOP/s]
        bandwidth: Main-memory bandwidth, $\beta$. [B/s]

    Returns:
        Lower bound of the time. [s]

    Raises:
        ValueError: If flops or traffic is negative, or a rate is not positive.

    References:
        Williams, Waterman, Patterson 2009, https://doi.org/10.1145/1498765.1498785

    Examples:
        A product of 0.54 GFLOP that moves 3 MiB on a V100 takes as long as its arithmetic:

        >>> kernel_time(0.537e9, 3 * 2**20, 125e12, 900e9) * 1e6
        4.296
    """
    return maximum(compute_time(flops, peak_flops), memory_time(traffic, bandwidth))
