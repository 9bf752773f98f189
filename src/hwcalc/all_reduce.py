r"""Time of an all-reduce, the operation that sums the gradients of all ranks.

The model of a message and of its rate is that of `hwcalc.collectives`.

- `all_reduce_ring`, `all_reduce_tree`, `all_reduce_hierarchical`
- the methods of 2014: `all_reduce_gather` and `all_reduce_host`
- any of them on a cluster of nodes, by name: `all_reduce`

Left out: reduction inside switches (SHARP, NVLink multicast), several rings that share one cable,
congestion, and the arithmetic of the sums.
"""

from hwcalc.collectives import all_gather_ring, reduce_scatter_ring, transfer_time
from hwcalc.numeric import (
    ceil,
    check_count,
    check_non_negative,
    check_positive,
    log2,
    maximum,
    minimum,
    where,
)

__all__ = [
    "ALL_REDUCE_METHODS",
    "all_reduce",
    "all_reduce_gather",
    "all_reduce_hierarchical",
    "all_reduce_host",
    "all_reduce_ring",
    "all_reduce_tree",
]


def _check(size: float, ranks: float, bandwidth: float, latency: float) -> None:
    check_non_negative(size=size, latency=latency)
    check_positive(bandwidth=bandwidth)
    check_count(ranks=ranks)


def all_reduce_ring(size: float, ranks: float, bandwidth: float, latency: float) -> float:
    r"""Return the time of an all-reduce on a ring.

    A reduce-scatter followed by an all-gather. No method that sends from rank to rank moves fewer
    bytes, so without latency this is a bound; its $2 (n - 1)$ steps make it slow for short
    messages on many ranks.

    $$t = 2 (n - 1) \left(\frac{S}{n B} + \alpha\right)$$

    Args:
        size: Buffer on each rank, $S$. [B]
        ranks: Participants, $n$. [1]
        bandwidth: Rate at which a rank sends to its neighbour, $B$. [B/s]
        latency: Start-up time of one step, $\alpha$. [s]

    Returns:
        Time of the operation; zero for one rank. [s]

    Raises:
        ValueError: If ranks is not a whole number of at least 1, bandwidth is not positive, or
            size or latency is negative.

    References:
        P. Patarasuk, X. Yuan, Bandwidth optimal all-reduce algorithms for clusters of workstations
        (2009), doi:10.1016/j.jpdc.2008.09.002

    Examples:
        The gradients of 160 MB that Dive into Deep Learning splits over four GPUs on PCIe 3.0:

        >>> all_reduce_ring(160e6, 4, 16e9, 0.0)
        0.015
    """
    return reduce_scatter_ring(size, ranks, bandwidth, latency) + all_gather_ring(
        size, ranks, bandwidth, latency
    )


def all_reduce_tree(size: float, ranks: float, bandwidth: float, latency: float) -> float:
    r"""Return the time of an all-reduce on a pair of binary trees.

    Half of the buffer runs up and down each of two trees in small pieces, arranged so that a rank
    that has children in one tree is a leaf in the other. The busiest rank sends the buffer twice.
    An estimate: the pieces are taken as infinitely small, so filling the pipeline costs latency
    only.

    $$t = 2 \frac{S}{B} + 2 \lceil \log_2 n \rceil\, \alpha \qquad (n \ge 2)$$

    Args:
        size: Buffer on each rank, $S$. [B]
        ranks: Participants, $n$. [1]
        bandwidth: Rate at which a rank sends, $B$. [B/s]
        latency: Start-up time of one step, $\alpha$. [s]

    Returns:
        Time of the operation; zero for one rank. [s]

    Raises:
        ValueError: If ranks is not a whole number of at least 1, bandwidth is not positive, or
            size or latency is negative.

    References:
        P. Sanders, J. Speck, J. L. Träff, Two-tree algorithms for full bandwidth broadcast,
        reduction and scan (2009), doi:10.1016/j.parco.2009.09.001

    Examples:
        Latency on 1,024 ranks is that of 20 steps; a ring takes 2,046:

        >>> all_reduce_tree(0.0, 1024, 25e9, 5e-6)
        0.0001
    """
    _check(size, ranks, bandwidth, latency)
    # min(1, n - 1) is 0 for a single rank, which sends nothing, and 1 for all others.
    return 2 * minimum(1, ranks - 1) * size / bandwidth + 2 * ceil(log2(ranks)) * latency


def all_reduce_hierarchical(
    size: float,
    nodes: float,
    ranks_per_node: float,
    network_bandwidth: float,
    local_bandwidth: float,
    network_latency: float,
    local_latency: float,
) -> float:
    r"""Return the time of an all-reduce on two levels: inside each node, then between nodes.

    Reduce-scatter inside the node over the fast link, ring all-reduce of the shards between the
    nodes, all-gather inside the node. The $g$ ranks of a node run their rings between nodes at the
    same time and share the node's network, so together they move $S$ bytes through it. An
    estimate: the three phases follow one another.

    $$t = 2 (g - 1) \left(\frac{S}{g B_l} + \alpha_l\right)
        + 2 (N - 1) \left(\frac{S}{N B_n} + \alpha_n\right)$$

    With one rank per node or with one node it equals the flat ring.

    Args:
        size: Buffer on each rank, $S$. [B]
        nodes: Nodes, $N$. [1]
        ranks_per_node: Ranks in each node, $g$. [1]
        network_bandwidth: Rate of one node into the network, all its cards together, $B_n$. [B/s]
        local_bandwidth: Rate at which a rank sends inside its node, $B_l$. [B/s]
        network_latency: Start-up time of one step between nodes, $\alpha_n$. [s]
        local_latency: Start-up time of one step inside a node, $\alpha_l$. [s]

    Returns:
        Time of the operation; zero for one rank. [s]

    Raises:
        ValueError: If a number of nodes or ranks is not whole or below 1, a bandwidth is not
            positive, or size or a latency is negative.

    References:
        X. Jia et al., Highly scalable deep learning training system with mixed-precision (2018),
        https://arxiv.org/abs/1807.11205

    Examples:
        A gigabyte on two nodes of eight GPUs: NVLink at 300 GB/s, 25 GB/s into the network.

        >>> all_reduce_hierarchical(1e9, 2, 8, 25e9, 300e9, 0.0, 0.0)
        0.04583
    """
    check_count(nodes=nodes, ranks_per_node=ranks_per_node)
    check_positive(network_bandwidth=network_bandwidth, local_bandwidth=local_bandwidth)
    check_non_negative(size=size, network_latency=network_latency, local_latency=local_latency)
    inside = all_reduce_ring(size, ranks_per_node, local_bandwidth, local_latency)
    between = all_reduce_ring(size, nodes, network_bandwidth, network_latency)
    return inside + between


def all_reduce_gather(size: float, ranks: float, bandwidth: float, latency: float) -> float:
    r"""Return the time of an all-reduce through one of the ranks.

    The chosen rank receives the buffers of all others over its one link, adds them, and sends the
    sum back to each. An estimate for the usual case, in which the way back starts when the last
    buffer has come in.

    $$t = 2 (n - 1) \left(\frac{S}{B} + \alpha\right)$$

    Args:
        size: Buffer on each rank, $S$. [B]
        ranks: Participants, $n$. [1]
        bandwidth: Rate of the chosen rank's link in one direction, $B$. [B/s]
        latency: Start-up time of one message, $\alpha$. [s]

    Returns:
        Time of the operation; zero for one rank. [s]

    Raises:
        ValueError: If ranks is not a whole number of at least 1, bandwidth is not positive, or
            size or latency is negative.

    References:
        A. Zhang et al., Dive into Deep Learning, Parameter servers,
        https://d2l.ai/chapter_computational-performance/parameterserver.html

    Examples:
        >>> all_reduce_gather(160e6, 4, 16e9, 0.0)
        0.06
    """
    _check(size, ranks, bandwidth, latency)
    return 2 * (ranks - 1) * transfer_time(size, bandwidth, latency)


def all_reduce_host(size: float, ranks: float, bandwidth: float, latency: float) -> float:
    r"""Return the time of an all-reduce through the memory of the host.

    All ranks send their buffers to the CPU over one shared link, and all fetch the sum. One
    participant more crosses the link than in `all_reduce_gather`, because the CPU has no gradient
    of its own.

    $$t = 2 n \left(\frac{S}{B} + \alpha\right) \qquad (n \ge 2)$$

    Args:
        size: Buffer on each rank, $S$. [B]
        ranks: Participants, $n$. [1]
        bandwidth: Rate of the host's link in one direction, $B$. [B/s]
        latency: Start-up time of one message, $\alpha$. [s]

    Returns:
        Time of the operation; zero for one rank, which needs no sum. [s]

    Raises:
        ValueError: If ranks is not a whole number of at least 1, bandwidth is not positive, or
            size or latency is negative.

    References:
        A. Zhang et al., Dive into Deep Learning, Parameter servers,
        https://d2l.ai/chapter_computational-performance/parameterserver.html

    Examples:
        >>> all_reduce_host(160e6, 4, 16e9, 0.0)
        0.08
    """
    _check(size, ranks, bandwidth, latency)
    return 2 * ranks * minimum(1, ranks - 1) * transfer_time(size, bandwidth, latency)


# Keys of `all_reduce`, with the names shown to readers.
ALL_REDUCE_METHODS = {
    "ring": "Ring",
    "tree": "Double binary tree",
    "hierarchical": "Hierarchical (inside nodes, then between)",
    "gather": "Gather on one GPU",
    "host": "Gather in host memory",
}


def all_reduce(
    method: str,
    size: float,
    ranks: float,
    ranks_per_node: float,
    network_bandwidth: float,
    local_bandwidth: float,
    network_latency: float,
    local_latency: float,
) -> float:
    r"""Return the time of an all-reduce on a cluster, by the name of its method.

    `hierarchical` uses both levels. The other methods know nothing of nodes and run at the rate of
    the slowest link they cross. On their way, a ring crosses the network once for each node, a tree
    once for each of its upper levels; every other step is a local one. NCCL plans with the same
    count of steps. A gather pays the larger of the two latencies for every message.

    Args:
        method: A key of `ALL_REDUCE_METHODS`. [1]
        size: Buffer on each rank. [B]
        ranks: Participants in all nodes. [1]
        ranks_per_node: Ranks that fit into one node; the last node may be partly filled, and is
            then counted as full. [1]
        network_bandwidth: Rate of one node into the network, all its cards together. [B/s]
        local_bandwidth: Rate at which a rank sends inside its node. [B/s]
        network_latency: Start-up time of one step between nodes. [s]
        local_latency: Start-up time of one step inside a node. [s]

    Returns:
        Time of the operation. [s]

    Raises:
        ValueError: If the method is unknown, a number of ranks is not whole or below 1, a
            bandwidth is not positive, or size or a latency is negative.

    References:
        The functions it calls; NVIDIA NCCL, src/graph/tuning.cc,
        https://github.com/NVIDIA/nccl/blob/master/src/graph/tuning.cc

    Examples:
        >>> all_reduce("ring", 1e9, 16, 8, 25e9, 300e9, 0.0, 0.0)
        0.075
        >>> all_reduce("hierarchical", 1e9, 16, 8, 25e9, 300e9, 0.0, 0.0)
        0.04583
    """
    if method not in ALL_REDUCE_METHODS:
        raise ValueError(f"method = {method!r}: must be one of {', '.join(ALL_REDUCE_METHODS)}")
    check_count(ranks=ranks, ranks_per_node=ranks_per_node)
    check_positive(network_bandwidth=network_bandwidth, local_bandwidth=local_bandwidth)
    check_non_negative(size=size, network_latency=network_latency, local_latency=local_latency)
    nodes, inside = ceil(ranks / ranks_per_node), minimum(ranks, ranks_per_node)
    if method == "hierarchical":
        return all_reduce_hierarchical(
            size,
            nodes,
            inside,
            network_bandwidth,
            local_bandwidth,
            network_latency,
            local_latency,
        )
    crossing = nodes > 1
    bandwidth = where(crossing, minimum(network_bandwidth, local_bandwidth), local_bandwidth)
    if method == "ring":
        steps = (nodes - 1) * network_latency + (ranks - nodes) * local_latency
        return all_reduce_ring(size, ranks, bandwidth, 0.0) + 2 * steps
    if method == "tree":
        steps = ceil(log2(nodes)) * network_latency + ceil(log2(inside)) * local_latency
        return all_reduce_tree(size, ranks, bandwidth, 0.0) + 2 * steps
    latency = where(crossing, maximum(network_latency, local_latency), local_latency)
    gather = all_reduce_gather if method == "gather" else all_reduce_host
    return gather(size, ranks, bandwidth, latency)
