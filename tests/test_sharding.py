"""Bytes by stage of ZeRO: what has to hold whatever the network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcalc.all_reduce import all_reduce_ring
from hwcalc.collectives import all_gather_ring
from hwcalc.sharding import replica_bytes

sizes = st.floats(1, 1e13)
counts = st.integers(1, 4096)


@given(sizes, counts)
def test_sharding_the_optimizer_and_gradients_sends_no_byte_more(size: float, ranks: int) -> None:
    """With gradients and weights of one format stages 1 and 2 send what an all-reduce sends."""
    plain = replica_bytes(0, size, ranks, 2, 2, 1)
    assert replica_bytes(1, size, ranks, 2, 2, 1) == pytest.approx(plain)
    assert replica_bytes(2, size, ranks, 2, 2, 1) == pytest.approx(plain)


@given(sizes, counts, st.integers(1, 64))
def test_sharding_weights_costs_half_as_much_again_for_every_pass(
    size: float, ranks: int, passes: int
) -> None:
    """Three halves of an all-reduce, as often as there are micro-batches."""
    plain = replica_bytes(0, size, ranks, 2, 2, passes)
    assert replica_bytes(3, size, ranks, 2, 2, passes) == pytest.approx(1.5 * passes * plain)


@pytest.mark.parametrize("ranks", [1, 2, 8, 512])
def test_bytes_are_those_of_rings(ranks: int) -> None:
    """At a byte a second a ring without latency takes as many seconds as it sends bytes."""
    reduce, gather = (run(1e6, ranks, 1.0, 0.0) for run in (all_reduce_ring, all_gather_ring))
    assert replica_bytes(0, 1e6, ranks, 2, 1, 1) == pytest.approx(reduce)
    assert replica_bytes(3, 1e6, ranks, 1, 1, 1) == pytest.approx(3 * gather)


def test_ten_billion_parameters_on_many_ranks() -> None:
    """Published for 16 bits (ml-engineering): 40 GB plainly and sharded, 60 with weights, too."""
    sent = [replica_bytes(stage, 10e9, 4096, 2, 2, 1) for stage in (0, 1, 2, 3)]
    assert sent == pytest.approx([40e9, 40e9, 40e9, 60e9], rel=1e-3)


def test_mistakes_are_named() -> None:
    """There are four stages, and passes are whole."""
    with pytest.raises(ValueError, match="4 - stage = 0"):
        replica_bytes(4, 1e9, 8, 2, 2, 1)
    with pytest.raises(ValueError, match="micro_batches"):
        replica_bytes(3, 1e9, 8, 2, 2, 0.5)
