r"""Time of a collective operation on a fabric, from a kilobyte to many gigabytes.

NCCL, and RCCL likewise, sends short messages with a flag beside every word and long ones through
buffers, and takes the faster way. A flagged operation of $k$ steps that sends $w$ bytes per rank
and a buffered one take

$$ t_f = \lambda + k \alpha + \frac{w}{\phi B}, \qquad
   t_b = \lambda + \left( (\beta k \alpha)^\rho
       + \left(\frac{w + \gamma S / n}{\sigma B}\right)^\rho \right)^{1 / \rho} $$

with the launch $\lambda$, the step $\alpha$, the rate of the rank's links $B$ and the share
$\sigma$ of it that long messages reach, all of `hwcalc.fabric`, and factors that are the same
everywhere: $\phi$ the share that flagged messages reach, $\beta$ what a buffered step costs more;
$\gamma$, on links between chips, is what copying one's own part costs. The power $\rho$ lets steps
and bytes overlap in part, as a pipeline does. Where the switch adds up, an all-reduce may instead
take

$$ t_m = \lambda + \mu + \frac{S (1 + 1 / n)}{\sigma_m B} $$

- `collective_time` is the fastest of what a fabric offers; `send_time` one message
- an all-reduce by the kernels of inference engines: `hwcalc.engine_all_reduce`
- what a ring and a tree do, without any fitted number: `hwcalc.collectives`, `hwcalc.all_reduce`
- the torus of a TPU: `hwcalc.torus`

Left out: sums inside network switches (SHARP), congestion by others, ranks that arrive late, the
choice of a slower way by a library that misjudges, and the time to start a kernel from Python,
which adds 10 to 40 µs to a single call outside a graph.
"""

from hwcalc.fabric import Fabric
from hwcalc.numeric import (
    ceil,
    check_count,
    check_non_negative,
    log2,
    maximum,
    minimum,
    where,
)
from hwcalc.torus import torus_time

__all__ = ["OPERATIONS", "collective_time", "local_rate", "send_time"]

# How often the whole buffer goes round.
OPERATIONS = {
    "all_reduce": 2.0,
    "all_gather": 1.0,
    "reduce_scatter": 1.0,
    "all_to_all": 1.0,
    "broadcast": 1.0,
}


def collective_time(
    operation: str, size: float, ranks: float, per_node: float, fabric: Fabric
) -> float:
    r"""Return the time of a collective operation.

    A fit: the fastest of the ways above, with the constants of the fabric. On one node

    $$ k = p (n - 1), \qquad w = p \frac{n - 1}{n} S $$

    with $p = 2$ passes for all-reduce and $p = 1$ for all-gather and reduce-scatter; a broadcast
    sends $w = S$. On $N$ nodes of $g$ ranks a ring takes $p N (g - 1)$ steps inside and $p (N - 1)$
    between nodes, and an all-reduce may run along each node and up and down a tree between them,
    which takes $2 (g - 1)$ and $2 \lceil \log_2 N \rceil$ steps and $w = 2 S$. All-to-all sends
    to all at once: one step, $S / n$ flagged bytes to each peer or $(n - 1) S / n$ through buffers.

    Args:
        operation: A key of `OPERATIONS`. [1]
        size: Whole buffer of a rank, $S$; for all-gather after, for reduce-scatter before it. [B]
        ranks: Participants, $n$. [1]
        per_node: Participants in one node, $g$; the rest of its ranks may belong to other groups
            that do the same at the same time. [1]
        fabric: What joins them. [1]

    Returns:
        Time of the operation; zero for one rank. [s]

    Raises:
        ValueError: If the operation is unknown, size is negative, a number of ranks is not whole
            or below 1, or ranks in several nodes have no network.

    References:
        NVIDIA NCCL, https://github.com/NVIDIA/nccl/blob/master/src/graph/tuning.cc;
        Z. Hu et al., Demystifying NCCL (2025), https://arxiv.org/abs/2507.04786;
        constants: data/fitted/collectives.toml

    Examples:
        Eight H100 sum 512 MiB; measured were 2.11 ms, a bus bandwidth of 445 GB/s.

        >>> from hwcalc import catalog
        >>> from hwcalc.fabric import fabric
        >>> node = fabric(catalog.accelerators()["h100-sxm"], "link", 50e9)
        >>> collective_time("all_reduce", 2.0**29, 8, 8, node) * 1e3
        2.1
    """
    if operation not in OPERATIONS:
        raise ValueError(f"operation = {operation!r}: must be one of {', '.join(OPERATIONS)}")
    check_non_negative(size=size)
    check_count(ranks=ranks, per_node=per_node)
    if fabric.axes:
        return torus_time(
            operation, size, ranks, fabric.axes, fabric.share * fabric.bandwidth, fabric.step
        ) + fabric.launch * minimum(1, ranks - 1)
    local = minimum(ranks, per_node)
    nodes = ceil(ranks / local)
    most = _check_network(nodes, fabric)
    if operation == "all_to_all":
        time = _all_to_all(size, ranks, local, nodes, fabric)
    else:
        time = _ring(operation, size, ranks, local, nodes, fabric)
        # In one node a chain has the ring's steps and more bytes.
        if operation == "all_reduce" and most > 1:
            time = minimum(time, _tree(size, ranks, local, nodes, fabric))
        if operation == "all_reduce" and fabric.multicast:
            inside = _multicast(size, ranks, fabric)
            time = minimum(time, where(nodes > 1, time, inside))
    return where(ranks > 1, time, 0.0)


def send_time(size: float, across: bool, fabric: Fabric) -> float:
    """Return the time of one message from a rank to another.

    A fit: launch, one step, and the bytes, flagged or through buffers, whichever is sooner.

    Args:
        size: Message. [B]
        across: Whether the receiver is in another node. [1]
        fabric: What joins the two. [1]

    Returns:
        Time until the last byte has arrived. [s]

    Raises:
        ValueError: If size is negative or there is no network to go across.

    References:
        As `collective_time`.

    Examples:
        >>> from hwcalc import catalog
        >>> from hwcalc.fabric import fabric
        >>> node = fabric(catalog.accelerators()["h100-sxm"], "link", 50e9)
        >>> send_time(2.0**30, False, node) < send_time(2.0**30, True, node)
        True
    """
    check_non_negative(size=size)
    nodes = where(across, 2, 1)
    _check_network(nodes, fabric)
    return _peers(size, size, 0.0, size, nodes, local_rate(2, fabric), fabric)


def local_rate(ranks: float, fabric: Fabric) -> float:
    r"""Return the rate of a rank's links towards the other ranks of its node.

    With a switch it is the same for any number of ranks. Chips joined in pairs use one link for
    each peer, $B (n - 1) / (m - 1)$ in a mesh of $m$. Where ranks share a path (PCIe switches,
    sockets, the host's memory) it falls as $B (2 / n)^\kappa$, fitted on two kinds of server.

    Args:
        ranks: Ranks of the node that take part, $n$. [1]
        fabric: What joins them. [1]

    Returns:
        Rate in one direction, before the share that is reached. [B/s]

    Raises:
        ValueError: If ranks is not a whole number of at least 1.

    References:
        As `collective_time`.

    Examples:
        >>> from hwcalc import catalog
        >>> from hwcalc.fabric import fabric
        >>> local_rate(2, fabric(catalog.accelerators()["mi300x"], "link", 0.0)) / 1e9
        64.0
    """
    check_count(ranks=ranks)
    rate = fabric.bandwidth
    if fabric.mesh:
        rate = rate * minimum(1.0, maximum(1, ranks - 1) / (fabric.mesh - 1))
    if fabric.crowding:
        rate = rate * minimum(1.0, (2 / ranks) ** fabric.crowding)
    return rate


def _check_network(nodes: float, fabric: Fabric) -> float:
    """Return the largest number of nodes; more than one need a network."""
    most: float = nodes.max() if hasattr(nodes, "max") else nodes
    if most > 1 and not fabric.network:
        raise ValueError(
            f"network = 0: {fabric.name} has none, but the ranks are in {most:g} nodes"
        )
    return most


def _fastest(
    steps: float,
    between: float,
    sent: float,
    own: float,
    outside: float,
    rate: float,
    fabric: Fabric,
) -> float:
    """Choose between flagged and buffered sending.

    `steps` inside nodes and `between` them, bytes `sent` inside and `outside` through the network
    by each rank; `own` are the bytes of its own part.
    """
    protocol = fabric.protocol
    # Where nothing goes outside there need not be a network, and 0 / 0 is not 0.
    network = fabric.network or 1.0
    latency = steps * fabric.step + between * fabric.network_step
    flagged = latency + maximum(sent / rate, outside / network) / protocol.flagged_share
    inside = (sent + fabric.own_copy * own) / (fabric.share * rate)
    wire = maximum(inside, outside / network)
    waiting = protocol.buffered_step * latency
    buffered = (waiting**protocol.bend + wire**protocol.bend) ** (1 / protocol.bend)
    return fabric.launch + minimum(flagged, buffered)


def _ring(
    operation: str, size: float, ranks: float, local: float, nodes: float, fabric: Fabric
) -> float:
    passes = OPERATIONS[operation]
    part = 1.0 if operation == "broadcast" else (ranks - 1) / ranks
    sent = passes * part * size
    # A ring leaves each node once, so the node sends what a rank sends: each rank its share of it.
    outside = where(nodes > 1, sent / local, 0.0)
    steps, between = passes * nodes * (local - 1), passes * (nodes - 1)
    own = 0.0 if operation == "broadcast" else size / ranks
    return _fastest(steps, between, sent, own, outside, local_rate(local, fabric), fabric)


def _tree(size: float, ranks: float, local: float, nodes: float, fabric: Fabric) -> float:
    """All-reduce along a chain in each node and a double binary tree between the nodes."""
    steps, between = 2 * (local - 1), 2 * ceil(log2(nodes))
    # Inside and outside the busiest sends all it has up, and the sum down again.
    sent = 2 * size * minimum(1, local - 1)
    outside = 2 * minimum(1, nodes - 1) * size / local
    return _fastest(steps, between, sent, size / ranks, outside, local_rate(local, fabric), fabric)


def _multicast(size: float, ranks: float, fabric: Fabric) -> float:
    """All-reduce inside the switch: every rank sends all it has, and gets the sum of its part."""
    launch = fabric.launch + fabric.protocol.multicast_launch
    return launch + size * (1 + 1 / ranks) / (fabric.multicast * fabric.bandwidth)


def _all_to_all(size: float, ranks: float, local: float, nodes: float, fabric: Fabric) -> float:
    peer = size / ranks
    outside = (ranks - local) * peer
    return _peers(peer, (local - 1) * peer, peer, outside, nodes, local_rate(local, fabric), fabric)


def _peers(
    peer: float,
    sent: float,
    own: float,
    outside: float,
    nodes: float,
    rate: float,
    fabric: Fabric,
) -> float:
    """Send `peer` bytes to each peer at once: `sent` bytes inside the node, `outside` beyond."""
    protocol = fabric.protocol
    share = protocol.flagged_share
    outside = where(nodes > 1, outside, 0.0) / (fabric.network or 1.0)
    step = where(nodes > 1, fabric.network_step, fabric.step)
    inside = (sent + fabric.own_copy * own) / (fabric.share * rate)
    peers = peer / protocol.peer_rate
    if fabric.crowding:
        # Everything passes the one slot of the card, and shares what others leave of the path.
        peers = peers * local_rate(2, fabric) / rate
        flagged = maximum(peers, (sent / rate + outside) / share)
        wire = inside + outside
    else:
        flagged = maximum(peers, sent / (share * rate), outside / share)
        wire = maximum(inside, outside)
    return fabric.launch + step + minimum(flagged, protocol.peer_buffers + wire)
