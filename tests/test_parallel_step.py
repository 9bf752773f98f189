"""The step on a cluster: agreement with the closed forms, what hardware may do, the networks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcalc.all_reduce import ALL_REDUCE_METHODS, all_reduce_ring
from hwcalc.buckets import bucket_runs, even_buckets, exposed_time
from hwcalc.convnets import ConvNet, convnets
from hwcalc.data_parallel import BACKWARD_SHARE
from hwcalc.networks import Transformer, transformers
from hwcalc.parallel_step import (
    Cluster,
    backward_flops_per_parameter,
    data_parallel_step,
    data_parallel_time,
    network_buckets,
    network_parameters,
)

NODE = Cluster(8, 8, 25e9, 300e9, 1e-5, 3e-6)


def cluster(ranks: int, network: float = 25e9, local: float = 300e9) -> Cluster:
    """Nodes of eight ranks."""
    return Cluster(ranks, 8, network, local, 1e-5, 3e-6)


@given(st.floats(1e-3, 10), st.floats(1e3, 1e10), st.integers(1, 100), st.floats(0, 1))
def test_step_with_equal_buckets_is_the_closed_form(
    compute: float, size: float, count: int, window: float
) -> None:
    """For layers all alike the step waits exactly what `exposed_time` says."""
    buckets = even_buckets(size, 0.0, 1.0, size / count)
    step = data_parallel_step(compute, buckets, NODE, "ring", window, 0.0)
    exchange = len(buckets) * all_reduce_ring(size / len(buckets), 8, 300e9, 3e-6)
    waited = exposed_time(compute * BACKWARD_SHARE, exchange, len(buckets), window)
    assert step.exchange_time == pytest.approx(exchange, rel=1e-9)
    assert step.parts["wait/exchange"] == pytest.approx(waited, rel=1e-6, abs=1e-12)
    assert step.time == pytest.approx(compute + waited, rel=1e-9)


def test_one_rank_does_nothing_but_compute() -> None:
    """A single GPU waits for nobody, whatever the links are."""
    buckets = network_buckets(convnets()["resnet50"], 4, 25e6, 1e6)
    for method in ALL_REDUCE_METHODS:
        step = data_parallel_step(0.2, buckets, cluster(1), method, 1.0, 0.05)
        assert step.time == pytest.approx(0.2, rel=1e-12)
        assert step.hidden == 1.0


def test_the_time_line_ends_with_the_step() -> None:
    """The last exchange ends when the step of the slowest rank does."""
    buckets = network_buckets(convnets()["vgg16"], 4, 25e6, 1e6)
    step = data_parallel_step(0.4, buckets, cluster(512, network=3e9), "ring", 1.0, 0.02)
    assert step.exchanges[-1][1] == pytest.approx(step.time, rel=1e-12)
    assert 0 < step.hidden < 1
    assert step.parts["wait/slowest"] == pytest.approx(step.backward_end - 0.4, rel=1e-9)


@pytest.mark.parametrize("method", ALL_REDUCE_METHODS)
@given(st.integers(1, 1000), st.floats(1e8, 1e11), st.floats(0, 1))
def test_faster_links_and_more_overlap_never_slow_a_step(
    method: str, ranks: int, network: float, window: float
) -> None:
    """Twice the bandwidth, or the whole backward pass to exchange in, can only help."""
    buckets = [((k + 1) / 6, 5e7) for k in range(6)]

    def time(rate: float, share: float) -> float:
        return data_parallel_step(0.3, buckets, cluster(ranks, rate), method, share, 0.01).time

    base = time(network, window) * (1 + 1e-12)
    assert time(2 * network, window) <= base
    assert time(network, 1.0) <= base


def test_gradients_of_a_network_all_leave() -> None:
    """Buckets hold as many bytes as the catalogue counts parameters, for every kind of network."""
    chosen: list[ConvNet | Transformer] = [*convnets().values()]
    for network in [*chosen, transformers()["bert-large"], transformers()["gpt2-xl"]]:
        buckets = network_buckets(network, 4, 25 * 2**20, 2**20)
        assert sum(size for _, size in buckets) == pytest.approx(4 * network_parameters(network))
        ready = [moment for moment, _ in buckets]
        assert ready == sorted(ready)
        assert ready[-1] == pytest.approx(1.0)


def test_the_embedding_of_a_transformer_leaves_last() -> None:
    """BERT-large's tables are 9 % of its gradients, ready when the backward pass ends."""
    network = transformers()["bert-large"]
    buckets = network_buckets(network, 2, 25 * 2**20, 2**20)
    tables = 2 * (30522 * 1024 + (512 + 2) * 1024)
    at_end = sum(size for ready, size in buckets if ready == 1.0)
    last_block = next(size for _, size in buckets)
    assert at_end == pytest.approx(tables + last_block, rel=1e-9)


def test_weights_of_a_convolution_work_at_every_position() -> None:
    """A fully connected network would give 4 FLOP per parameter and image; these give far more."""
    assert backward_flops_per_parameter(convnets()["resnet50"]) == pytest.approx(640, rel=1e-3)
    assert backward_flops_per_parameter(convnets()["alexnet"]) == pytest.approx(46.75, rel=1e-3)
    assert all(backward_flops_per_parameter(network) > 4 for network in convnets().values())


def test_mistakes_are_named() -> None:
    """An impossible window or time is refused by name."""
    with pytest.raises(ValueError, match="compute = 0"):
        data_parallel_step(0.0, [(1.0, 1e6)], NODE, "ring", 1.0, 0.0)
    with pytest.raises(ValueError, match="window = 2"):
        data_parallel_step(1.0, [(1.0, 1e6)], NODE, "ring", 2.0, 0.0)
    with pytest.raises(ValueError, match="'star'"):
        data_parallel_step(1.0, [(1.0, 1e6)], NODE, "star", 1.0, 0.0)


@given(
    runs=st.lists(st.tuples(st.integers(1, 40), st.floats(1e5, 1e9)), min_size=1, max_size=4),
    ranks=st.integers(1, 600),
    method=st.sampled_from(sorted(ALL_REDUCE_METHODS)),
    window=st.floats(0, 1),
)
def test_time_alone_equals_the_step_with_its_time_line(
    runs: list[tuple[int, float]], ranks: int, method: str, window: float
) -> None:
    """A chart that asks for times only shows exactly what the time line would add up to."""
    sizes = [size for count, size in runs for _ in range(count)]
    buckets = [((i + 1) / len(sizes), size) for i, size in enumerate(sizes)]
    step = data_parallel_step(0.3, buckets, cluster(ranks), method, window, 0.01)
    alone = data_parallel_time(0.3, bucket_runs(buckets), cluster(ranks), method, window, 0.01)
    assert alone == pytest.approx(step.time, rel=1e-12)


def test_runs_hold_every_bucket_of_a_network() -> None:
    """Nothing is lost where alike buckets are counted instead of listed."""
    for network in (transformers()["llama3-8b"], convnets()["vgg16"]):
        buckets = network_buckets(network, 2, 25 * 2**20, 2**20)
        runs = bucket_runs(buckets)
        assert sum(count for *_, count, _ in runs) == len(buckets)
        assert sum(count * size for *_, count, size in runs) == pytest.approx(
            sum(size for _, size in buckets)
        )
    assert len(bucket_runs(network_buckets(transformers()["llama3-8b"], 2, 25e6, 1e6))) <= 3
