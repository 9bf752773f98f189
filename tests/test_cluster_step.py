"""One machine or several: the step of replicas on a measured fabric."""

import pytest

from hwcalc import catalog
from hwcalc.buckets import bucket_runs
from hwcalc.cluster_step import replica_step_time
from hwcalc.data_parallel import slowest_rank_delay
from hwcalc.elementwise import streamed
from hwcalc.fabric import fabric
from hwcalc.frameworks import FRAMEWORKS
from hwcalc.layout import USUAL_SPREAD
from hwcalc.machine import machine
from hwcalc.parallel_step import network_buckets, network_parameters

RUNS = [(0.1, 1.0, 10, 1e8)]
H100 = fabric(catalog.accelerators()["h100-sxm"], "link", 50e9)


def test_bert_on_32_dgx_a100() -> None:
    """NVIDIA measured 30.37 times the speed of one machine, at length 128 (DeepLearningExamples).

    One GPU does 580 sequences a second, 256 at a time; a DGX A100 has eight adapters of 200 Gbit/s.
    Both runs make steps of 65,536 sequences: one machine adds up the gradients of 32 passes before
    it exchanges them and updates the weights, 32 machines do both after a single pass.
    """
    passed = 256 / 580
    bert = catalog.transformers()["bert-large"]
    a100 = catalog.accelerators()["a100-sxm-80gb"]
    update = streamed(
        machine(a100), FRAMEWORKS["megatron-2022"].update * network_parameters(bert), 10
    )
    runs = bucket_runs(network_buckets(bert, 2, 25 * 2**20, 2**20))
    joined = fabric(a100, "link", 25e9)
    eight, all_ = (
        replica_step_time(passed, runs, False, n, 8, joined, USUAL_SPREAD) for n in (8, 256)
    )
    one_machine = 31 * passed * (1 + slowest_rank_delay(8, USUAL_SPREAD)) + eight + update
    assert one_machine / (all_ + update) == pytest.approx(30.37, rel=0.02)


def test_alone_nothing_is_exchanged() -> None:
    """One rank computes and is done, sharded or not."""
    for sharded in (False, True):
        assert replica_step_time(0.3, RUNS, sharded, 1, 8, H100, 0.0) == pytest.approx(0.3)


def test_a_slow_network_sets_the_pace() -> None:
    """Behind a link that needs longer than the backward pass the step lasts as long as the link."""
    slow = fabric(catalog.accelerators()["h100-sxm"], "link", 0.125e9)
    quick = replica_step_time(0.3, RUNS, False, 16, 8, H100, 0.0)
    assert replica_step_time(0.3, RUNS, False, 16, 8, slow, 0.0) > 3 * quick


def test_sharding_costs_bytes() -> None:
    """Half as much again crosses the links, so it is never faster where they are the limit."""
    slow = fabric(catalog.accelerators()["h100-sxm"], "link", 1.25e9)
    copied, sharded = (
        replica_step_time(0.03, RUNS, each, 16, 8, slow, 0.0) for each in (False, True)
    )
    assert 1.3 * copied < sharded < 1.8 * copied


def test_more_machines_never_shorten_a_step() -> None:
    """Each replica does the same work, and the exchange only grows."""
    steps = [replica_step_time(0.3, RUNS, False, 8 * n, 8, H100, 0.015) for n in (1, 2, 4, 16, 64)]
    assert steps == sorted(steps)
