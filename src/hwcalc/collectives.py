r"""Time of the collective operations that an all-reduce is made of, and bandwidth as measured.

Every rank holds a buffer of $S$ bytes and is joined to the others by a link that carries $B$ bytes
per second in each direction; a message of $s$ bytes takes $\alpha + s / B$ seconds.

- one message: `transfer_time`
- halves of an all-reduce: `reduce_scatter_ring`, `all_gather_ring`; the whole is in
  `hwcalc.all_reduce`
- what a benchmark prints: `algorithm_bandwidth`, `bus_bandwidth`

Bandwidth is that of one direction, whatever the data sheet adds up. Left out: the arithmetic of
the sums, congestion, and the protocols that make real small messages cheaper per byte; for what
libraries reach on measured fabrics see `hwcalc.collective_time`.
"""

from hwcalc.numeric import check_count, check_non_negative, check_positive

__all__ = [
    "algorithm_bandwidth",
    "all_gather_ring",
    "bus_bandwidth",
    "reduce_scatter_ring",
    "transfer_time",
]


def _check(size: float, ranks: float, bandwidth: float, latency: float) -> None:
    check_non_negative(size=size, latency=latency)
    check_positive(bandwidth=bandwidth)
    check_count(ranks=ranks)


def transfer_time(size: float, bandwidth: float, latency: float) -> float:
    r"""Return the time of one message between two ranks.

    Hockney's two-parameter model, an estimate: every message pays a start-up time once and then
    moves at the full rate of the link.

    $$t = \alpha + \frac{S}{B}$$

    Args:
        size: Message, $S$. [B]
        bandwidth: Rate of the link in one direction, $B$. [B/s]
        latency: Start-up time of a message, $\alpha$. [s]

    Returns:
        Time until the last byte has arrived. [s]

    Raises:
        ValueError: If bandwidth is not positive, or size or latency is negative.

    References:
        R. W. Hockney, The communication challenge for MPP, Parallel Computing 20 (1994),
        doi:10.1016/S0167-8191(06)80021-9

    Examples:
        One gigabyte over gigabit Ethernet as measured, 118 MB/s:

        >>> transfer_time(1e9, 118e6, 0.0)
        8.47
    """
    _check(size, 1, bandwidth, latency)
    return latency + size / bandwidth


def reduce_scatter_ring(size: float, ranks: float, bandwidth: float, latency: float) -> float:
    r"""Return the time of a reduce-scatter on a ring.

    Afterwards every rank holds the sum of one $n$-th of the buffer. The volume is the least
    possible, so without latency this is a bound; with it, an estimate.

    $$t = (n - 1) \left(\frac{S}{n B} + \alpha\right)$$

    Args:
        size: Whole buffer on each rank before the operation, $S$. [B]
        ranks: Participants, $n$. [1]
        bandwidth: Rate at which a rank sends to its neighbour, $B$. [B/s]
        latency: Start-up time of one step, $\alpha$. [s]

    Returns:
        Time of the operation; zero for one rank. [s]

    Raises:
        ValueError: If ranks is not a whole number of at least 1, bandwidth is not positive, or
            size or latency is negative.

    References:
        R. Thakur, R. Rabenseifner, W. Gropp, Optimization of collective communication operations
        in MPICH (2005), doi:10.1177/1094342005051521

    Examples:
        >>> reduce_scatter_ring(8e9, 8, 450e9, 0.0)
        0.01556
    """
    _check(size, ranks, bandwidth, latency)
    return (ranks - 1) * (size / (ranks * bandwidth) + latency)


def all_gather_ring(size: float, ranks: float, bandwidth: float, latency: float) -> float:
    r"""Return the time of an all-gather on a ring.

    Every rank starts with one $n$-th of the buffer and ends with all of it. It is the mirror image
    of the reduce-scatter and takes as long.

    $$t = (n - 1) \left(\frac{S}{n B} + \alpha\right)$$

    Args:
        size: Whole buffer on each rank after the operation, $S$. [B]
        ranks: Participants, $n$. [1]
        bandwidth: Rate at which a rank sends to its neighbour, $B$. [B/s]
        latency: Start-up time of one step, $\alpha$. [s]

    Returns:
        Time of the operation; zero for one rank. [s]

    Raises:
        ValueError: If ranks is not a whole number of at least 1, bandwidth is not positive, or
            size or latency is negative.

    References:
        R. Thakur, R. Rabenseifner, W. Gropp, Optimization of collective communication operations
        in MPICH (2005), doi:10.1177/1094342005051521

    Examples:
        >>> all_gather_ring(8e9, 8, 450e9, 0.0)
        0.01556
    """
    return reduce_scatter_ring(size, ranks, bandwidth, latency)


def algorithm_bandwidth(size: float, time: float) -> float:
    r"""Return the algorithm bandwidth as nccl-tests prints it.

    $$B_{alg} = \frac{S}{t}$$

    Args:
        size: Buffer on each rank; for reduce-scatter and all-gather the whole one, $S$. [B]
        time: Measured time, $t$. [s]

    Returns:
        Algorithm bandwidth. [B/s]

    Raises:
        ValueError: If size or time is not positive.

    References:
        NVIDIA nccl-tests, Performance reported by NCCL tests,
        https://github.com/NVIDIA/nccl-tests/blob/master/doc/PERFORMANCE.md

    Examples:
        >>> algorithm_bandwidth(8589934592, 0.064074)
        1.341e11
    """
    check_positive(size=size, time=time)
    return size / time


def bus_bandwidth(collective: str, size: float, ranks: float, time: float) -> float:
    r"""Return the bus bandwidth as nccl-tests prints it.

    The rate at which each rank must have sent if the operation moved the fewest bytes possible. It
    does not depend on the number of ranks and compares with the rate of the link in one direction.

    $$B_{bus} = f \frac{S}{t}, \qquad f = \frac{2 (n - 1)}{n} \text{ for all-reduce},\quad
      \frac{n - 1}{n} \text{ for reduce-scatter, all-gather and all-to-all},\quad
      1 \text{ for broadcast and reduce}$$

    Args:
        collective: `all_reduce`, `reduce_scatter`, `all_gather`, `alltoall`, `broadcast` or
            `reduce`. [1]
        size: Buffer on each rank; for reduce-scatter and all-gather the whole one, $S$. [B]
        ranks: Participants, $n$. [1]
        time: Measured time, $t$. [s]

    Returns:
        Bus bandwidth. [B/s]

    Raises:
        ValueError: If the collective is unknown, size or time is not positive, or ranks is not a
            whole number of at least 1.

    References:
        NVIDIA nccl-tests, Performance reported by NCCL tests,
        https://github.com/NVIDIA/nccl-tests/blob/master/doc/PERFORMANCE.md

    Examples:
        Eight A100 with NVLink 3, 8 GiB in 64.074 ms: 235 GB/s of the 300 GB/s of the links.

        >>> bus_bandwidth("all_reduce", 8589934592, 8, 0.064074)
        2.346e11
    """
    check_count(ranks=ranks)
    share = (ranks - 1) / ranks
    factors = {
        "all_reduce": 2 * share,
        "reduce_scatter": share,
        "all_gather": share,
        "alltoall": share,
        "broadcast": 1.0,
        "reduce": 1.0,
    }
    if collective not in factors:
        raise ValueError(f"collective = {collective!r}: must be one of {', '.join(factors)}")
    return factors[collective] * algorithm_bandwidth(size, time)
