"""Times of collectives: published points, limits whose answer is known, and what cannot be."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hwcalc.all_reduce import all_reduce_ring
from hwcalc.catalog import accelerators
from hwcalc.collective_time import OPERATIONS, collective_time, local_rate, send_time
from hwcalc.collectives import bus_bandwidth
from hwcalc.engine_all_reduce import engine_all_reduce_time
from hwcalc.fabric import Fabric, Protocol, fabric

GB, US = 1e9, 1e-6
MIB, GIB = 2.0**20, 2.0**30

# A fabric whose times can be computed by hand: no launch, no flags, no copies, shares of 1.
PLAIN = Fabric(
    name="plain",
    bandwidth=100 * GB,
    share=1.0,
    own_copy=0.0,
    crowding=0.0,
    mesh=0.0,
    axes=0.0,
    multicast=0.0,
    launch=0.0,
    step=0.0,
    network=10 * GB,
    network_step=0.0,
    protocol=Protocol(
        flagged_share=1.0,
        buffered_step=1.0,
        bend=2.0,
        peer_rate=1e15,
        peer_buffers=0.0,
        multicast_launch=0.0,
        engine_launch=1.0,
        engine_one_shot=1.0,
        engine_two_shot=1.0,
        engine_steps=0.0,
    ),
)

sizes = st.floats(1, 1e11)
counts = st.integers(1, 1024)
operations = st.sampled_from(sorted(OPERATIONS))


def node(name: str, path: str = "link", network: float = 50 * GB) -> Fabric:
    """Return the fabric of a catalogued accelerator."""
    return fabric(accelerators()[name], path, network)


FABRICS = [
    PLAIN,
    node("h100-sxm"),
    node("b200"),
    node("mi300x"),
    node("l40s", "host"),
    node("rtx-4090", "peer"),
    node("tpu-v5p"),
]


# Bus bandwidth of eight ranks at 512 MiB and times of short messages: ai-dynamo/aiconfigurator,
# Apache-2.0. The A100's are on no table that a constant was fitted on.
@pytest.mark.parametrize(
    ("name", "operation", "published", "within"),
    [
        ("a100-sxm-80gb", "all_reduce", 222, 0.06),
        ("a100-sxm-80gb", "all_gather", 205, 0.06),
        ("a100-sxm-80gb", "reduce_scatter", 213, 0.06),
        ("h100-sxm", "all_reduce", 445, 0.06),
        ("h100-sxm", "all_gather", 335, 0.06),
        ("h100-sxm", "reduce_scatter", 336, 0.06),
        ("b200", "all_reduce", 704, 0.12),
        ("b200", "all_gather", 617, 0.06),
        ("b200", "reduce_scatter", 613, 0.06),
    ],
)
def test_bus_bandwidth_of_eight_ranks_at_512_mib(
    name: str, operation: str, published: float, within: float
) -> None:
    """Long messages reach what was published, with in-network sums (H100, B200) and without."""
    time = collective_time(operation, 512 * MIB, 8, 8, node(name))
    assert bus_bandwidth(operation, 512 * MIB, 8, time) / GB == pytest.approx(published, rel=within)


@pytest.mark.parametrize(
    ("name", "operation", "published", "within"),
    [
        ("h100-sxm", "all_reduce", 15.6, 0.15),
        ("h100-sxm", "all_gather", 10.1, 0.15),
        ("h100-sxm", "all_to_all", 7.4, 0.20),
        ("b200", "all_reduce", 25.1, 0.15),
        ("b200", "all_gather", 16.1, 0.15),
        ("b200", "all_to_all", 10.7, 0.15),
        ("a100-sxm-80gb", "all_reduce", 22.6, 0.15),
        ("a100-sxm-80gb", "all_gather", 15.6, 0.15),
    ],
)
def test_short_messages_take_what_launch_and_steps_take(
    name: str, operation: str, published: float, within: float
) -> None:
    """A kilobyte on eight ranks costs no bandwidth, and no model may call it free."""
    time = collective_time(operation, 1024, 8, 8, node(name))
    assert time / US == pytest.approx(published, rel=within)


# Single figures of stas00/ml-engineering, network/README.md @744d01e18b79. Messages of 8 GiB are
# longer than any the constants were fitted on, so a tenth is allowed; a pair of MI300X shares one
# link, of which RCCL reaches less than NCCL does of a switch.
@pytest.mark.parametrize(
    ("name", "ranks", "multicast", "published", "within"),
    [
        ("h200-sxm", 8, True, 473.1, 0.10),
        ("h200-sxm", 8, False, 365.6, 0.10),
        ("h200-sxm", 4, True, 363.3, 0.10),
        ("b200", 8, False, 682.2, 0.10),
        ("b200", 4, False, 673.8, 0.10),
        ("a100-sxm-80gb", 8, True, 234.6, 0.10),
        ("mi300x", 8, True, 312.9, 0.10),
        ("mi300x", 2, True, 47.7, 0.25),
    ],
)
def test_all_reduce_of_8_gib(
    name: str, ranks: int, multicast: bool, published: float, within: float
) -> None:
    """Switches that add up beat a ring on many ranks; AMD's chips are joined in pairs."""
    joined = node(name)
    if not multicast:
        joined = replace(joined, multicast=0.0)
    time = collective_time("all_reduce", 8 * GIB, ranks, ranks, joined)
    assert bus_bandwidth("all_reduce", 8 * GIB, ranks, time) / GB == pytest.approx(
        published, rel=within
    )


def test_switches_add_up_for_many_ranks_only() -> None:
    """NCCL takes the ring on two H200 and the switch on eight."""
    joined = node("h200-sxm")
    ring = replace(joined, multicast=0.0)
    few, many = (
        collective_time("all_reduce", 8 * GIB, n, n, joined)
        / collective_time("all_reduce", 8 * GIB, n, n, ring)
        for n in (2, 8)
    )
    assert few == 1.0
    assert many < 0.9


@pytest.mark.parametrize("ranks", [2, 3, 8, 64])
def test_without_latency_it_is_the_ring(ranks: int) -> None:
    """The ideal ring of the textbooks is the limit of shares of one and steps of nothing."""
    for operation, passes in (("all_reduce", 2), ("all_gather", 1), ("reduce_scatter", 1)):
        time = collective_time(operation, GB, ranks, ranks, PLAIN)
        whole = all_reduce_ring(GB, ranks, PLAIN.bandwidth, 0.0)
        assert time == pytest.approx(whole * passes / 2, rel=1e-12)
    everyone = collective_time("all_to_all", GB, ranks, ranks, PLAIN)
    assert everyone == pytest.approx((ranks - 1) / ranks * GB / PLAIN.bandwidth, rel=1e-12)
    assert collective_time("broadcast", GB, ranks, ranks, PLAIN) == pytest.approx(
        GB / PLAIN.bandwidth, rel=1e-12
    )


@given(operations, sizes, counts)
def test_one_level_equals_the_flat_ring(operation: str, size: float, ranks: int) -> None:
    """All ranks in one node do not touch the network, whatever it is."""
    joined = node("h100-sxm")
    alone = replace(joined, network=0.0, network_step=1.0)
    assert collective_time(operation, size, ranks, ranks, joined) == collective_time(
        operation, size, ranks, ranks, alone
    )


def test_nodes_share_their_network() -> None:
    """Two nodes of eight at 10 GB/s for each rank: the node sends 2 * 15/16 of the buffer."""
    time = collective_time("all_reduce", GB, 16, 8, PLAIN)
    assert time == pytest.approx(2 * 15 / 16 * GB / (8 * 10 * GB), rel=1e-12)
    # All-to-all: a rank keeps 8 of 16 parts in its node.
    time = collective_time("all_to_all", GB, 16, 8, PLAIN)
    assert time == pytest.approx(8 / 16 * GB / (10 * GB), rel=1e-12)


def test_many_nodes_are_as_slow_as_one_rank_each_at_the_same_share() -> None:
    """Eight groups of one rank per node share what one group of eight per node has."""
    together = collective_time("all_reduce", GB, 64, 8, PLAIN)
    apart = collective_time("all_reduce", GB / 8, 8, 1, PLAIN)
    # A group of 64 sends 63/32 of GB / 8 through each adapter, one of 8 sends 7/4 of it.
    assert together / apart == pytest.approx((63 / 32) / (7 / 4), rel=1e-12)


def test_trees_save_steps_between_many_nodes() -> None:
    """A short all-reduce on 128 nodes does not wait for 254 hops."""
    joined = node("h100-sxm")
    ring_alone = 2 * 127 * joined.network_step
    assert collective_time("all_reduce", 1024, 1024, 8, joined) < ring_alone / 8


@pytest.mark.parametrize("joined", FABRICS, ids=lambda joined: joined.name)
@given(operations, sizes)
def test_one_rank_has_nothing_to_exchange(joined: Fabric, operation: str, size: float) -> None:
    """What a rank holds it need not be sent."""
    assert collective_time(operation, size, 1, 8, joined) == 0.0


@pytest.mark.parametrize("joined", FABRICS, ids=lambda joined: joined.name)
@given(operations, sizes, st.integers(2, 1024), st.integers(1, 8))
def test_nothing_is_faster_than_its_links(
    joined: Fabric, operation: str, size: float, ranks: int, per_node: int
) -> None:
    """No rank sends more than its links carry: the floor of every measured row."""
    assume(ranks % per_node == 0)
    time = collective_time(operation, size, ranks, per_node, joined)
    part = 1.0 if operation == "broadcast" else (ranks - 1) / ranks
    least = {"all_reduce": 1.0}.get(operation, part)  # in the switch an all-reduce sends S once
    # Cards send everything through one slot; chips with links have the network besides.
    rate = joined.bandwidth + (0.0 if joined.crowding or per_node == ranks else joined.network)
    assert time >= least * size / rate
    assert time >= joined.launch


@pytest.mark.parametrize("joined", FABRICS, ids=lambda joined: joined.name)
@given(operations, sizes, st.integers(1, 64), st.floats(1, 100))
def test_more_bytes_never_take_less(
    joined: Fabric, operation: str, size: float, nodes: int, factor: float
) -> None:
    """Time grows with size on every fabric and any number of nodes."""
    short = collective_time(operation, size, 8 * nodes, 8, joined)
    long = collective_time(operation, factor * size, 8 * nodes, 8, joined)
    assert long >= short * (1 - 1e-12)


@pytest.mark.parametrize("operation", ["all_reduce", "all_gather", "reduce_scatter"])
@given(sizes, st.integers(2, 500))
def test_more_nodes_never_help(operation: str, size: float, nodes: int) -> None:
    """A ring over one more node takes longer."""
    joined = node("b200")
    now = collective_time(operation, size, 8 * nodes, 8, joined)
    then = collective_time(operation, size, 8 * (nodes + 1), 8, joined)
    assert then >= now * (1 - 1e-12)


@given(sizes, st.integers(2, 8))
def test_all_reduce_is_not_slower_than_its_halves(size: float, ranks: int) -> None:
    """Reduce-scatter then all-gather is one way to do it, with two launches instead of one."""
    for joined in FABRICS:
        halves = sum(
            collective_time(half, size, ranks, ranks, joined)
            for half in ("reduce_scatter", "all_gather")
        )
        assert collective_time("all_reduce", size, ranks, ranks, joined) <= halves * (1 + 1e-12)


def test_the_hosts_memory_is_no_switch() -> None:
    """Without peer-to-peer eight cards have less than a quarter of the rate of two each."""
    joined = node("l40s", "host")
    assert local_rate(8, joined) < local_rate(2, joined) / 4
    assert local_rate(8, node("h100-sxm")) == local_rate(2, node("h100-sxm"))


def test_sending_far_takes_longer() -> None:
    """A message to another node pays for the network, in time and in rate."""
    joined = node("h100-sxm")
    for size in (1.0, MIB, GIB):
        assert send_time(size, True, joined) > send_time(size, False, joined)
    assert send_time(GIB, True, joined) == pytest.approx(GIB / joined.network, rel=0.01)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("h100-sxm", 3.1, 4.7), ("b200", 5.0, 7.4), ("a100-sxm-80gb", 4.4, 5.7)],
)
def test_engines_pay_their_floor(name: str, low: float, high: float) -> None:
    """A kilobyte on eight ranks takes TensorRT-LLM the lower, vLLM the higher time in a graph."""
    time = engine_all_reduce_time(1024, 8, node(name)) / US
    assert low * 0.85 <= time <= high * 1.15


def test_tensor_parallel_decoding_stops_scaling() -> None:
    """The exchange of a token does not shrink with ranks, so no layer gets faster than it."""
    for name in ("h100-sxm", "b200", "mi300x"):
        joined = node(name)
        times = [engine_all_reduce_time(8192, n, joined) for n in (2, 4, 8)]
        assert times == sorted(times)
        assert times[0] > 0.5 * joined.launch


def test_engines_never_lose_to_the_library() -> None:
    """They turn to it where it is faster: long messages, and cards that cannot read each other."""
    for joined in FABRICS:
        for size in (1e3, 1e6, 1e9):
            library = collective_time("all_reduce", size, 8, 8, joined)
            assert engine_all_reduce_time(size, 8, joined) <= library
    slow = node("l40s", "host")
    assert engine_all_reduce_time(1e3, 8, slow) == collective_time("all_reduce", 1e3, 8, 8, slow)


@pytest.mark.parametrize("joined", FABRICS, ids=lambda joined: joined.name)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_arrays_equal_scalars(joined: Fabric, operation: str) -> None:
    """A planner asks for thousands of groups at once and gets what it would get one by one."""
    size: Any = np.array([[0.0], [1e3], [1e6], [1e10]])
    ranks: Any = np.array([1, 2, 8, 16, 512])
    near: Any = np.array([1, 2, 8, 4, 8])
    vector: Any = collective_time(operation, size, ranks, near, joined)
    for i, s in enumerate(size[:, 0]):
        for j in range(len(ranks)):
            one = collective_time(operation, float(s), int(ranks[j]), int(near[j]), joined)
            assert isinstance(one, float)
            assert vector[i, j] == pytest.approx(one, rel=1e-12, abs=0)
    across: Any = np.array([False, True])
    both: Any = send_time(size, across, joined)
    assert both[2] == pytest.approx([send_time(1e6, flag, joined) for flag in (False, True)])
    engine: Any = engine_all_reduce_time(size, ranks, joined)
    assert engine[2, 3] == pytest.approx(engine_all_reduce_time(1e6, 16, joined), rel=1e-12)


@pytest.mark.parametrize(
    ("operation", "size", "ranks", "per_node", "message"),
    [
        ("allreduce", 1.0, 8, 8, r"operation = 'allreduce'.*all_reduce"),
        ("all_reduce", -1.0, 8, 8, "size = -1"),
        ("all_reduce", 1.0, 2.5, 8, "ranks = 2.5"),
        ("all_reduce", 1.0, 8, 0, "per_node = 0"),
        ("all_reduce", 1.0, 16, 8, "network = 0.*2 nodes"),
    ],
)
def test_impossible_arguments_are_named(
    operation: str, size: float, ranks: float, per_node: float, message: str
) -> None:
    """A mistake is refused with the name and the value that broke the rule."""
    with pytest.raises(ValueError, match=message):
        collective_time(operation, size, ranks, per_node, node("h100-sxm", network=0.0))
