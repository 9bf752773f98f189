r"""Time of a message that travels over one link or over several, one behind the other.

Two GPUs that cannot read each other's memory send through the host: up one slot, across the
processor's memory, down another slot. Two machines add a network in between.

- over one link: `hwcalc.collectives.transfer_time`
- over several, whole or in pieces: `relay_time`
- the size from which a link's rate matters more than its latency: `half_rate_size`

Left out: traffic of others on the same links, and the time to set a copy up in software, unless it
is part of the latency that was measured.
"""

from collections.abc import Sequence

from hwcalc.numeric import ceil, check_non_negative, check_positive, maximum, minimum

__all__ = ["half_rate_size", "relay_time"]


def relay_time(size: float, chunk: float, links: Sequence[tuple[float, float]]) -> float:
    r"""Return the time of a message that passes several links.

    Estimate: the message is cut into pieces of $c$ bytes, each piece is handed on once it has
    arrived whole, and links work on different pieces at the same time. A piece needs
    $t_i = \alpha_i + c / B_i$ on link $i$; the slowest link sets the pace:

    $$ t = \sum_i t_i + \left( \left\lceil \tfrac{S}{c} \right\rceil - 1 \right) \max_i t_i $$

    With one piece, $c \ge S$, this is store and forward: the times add up.

    Args:
        size: Message, $S$. [B]
        chunk: Pieces into which it is cut, $c$; more than the message means one piece. [B]
        links: Rate of each link in one direction, $B_i$, and its latency, $\alpha_i$. [(B/s, s)]

    Returns:
        Time until the last byte has arrived. [s]

    Raises:
        ValueError: If there is no link, chunk or a rate is not positive, or size or a latency is
            negative.

    References:
        R. W. Hockney, doi:10.1016/S0167-8191(06)80021-9, for each link; the rest follows from the
        assumption.

    Examples:
        A gigabyte up one slot and down another, whole and in pieces of 4 MB:

        >>> slots = [(25e9, 20e-6), (25e9, 20e-6)]
        >>> relay_time(1e9, 1e9, slots) * 1e3
        80.0
        >>> relay_time(1e9, 4e6, slots) * 1e3
        45.2
    """
    check_positive(chunk=chunk)
    check_non_negative(size=size)
    if not links:
        raise ValueError("links is empty: a message needs at least one")
    piece = minimum(chunk, size)
    slowest, total = 0.0, 0.0
    for bandwidth, latency in links:
        check_positive(bandwidth=bandwidth)
        check_non_negative(latency=latency)
        time = latency + piece / bandwidth
        slowest, total = maximum(slowest, time), total + time
    return total + (maximum(1.0, ceil(size / chunk)) - 1) * slowest


def half_rate_size(bandwidth: float, latency: float) -> float:
    r"""Return the message that takes twice as long as its bytes alone.

    Follows from the two-parameter model: latency and transfer take the same time at

    $$ S_{1/2} = \alpha B $$

    Args:
        bandwidth: Rate of the link in one direction, $B$. [B/s]
        latency: Start-up time of a message, $\alpha$. [s]

    Returns:
        Size at which half of the rate is reached. [B]

    Raises:
        ValueError: If bandwidth is not positive or latency is negative.

    References:
        R. W. Hockney, The communication challenge for MPP, Parallel Computing 20 (1994),
        doi:10.1016/S0167-8191(06)80021-9

    Examples:
        >>> half_rate_size(12.36e9, 27e-6)
        333720.0
    """
    check_positive(bandwidth=bandwidth)
    check_non_negative(latency=latency)
    return latency * bandwidth
