"""The data-parallel step: published points, obvious limits, conservation, inverse models."""

import statistics
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcalc.all_reduce import all_reduce_ring
from hwcalc.buckets import even_buckets, exchange_schedule, exposed_time, layer_buckets, ready_share
from hwcalc.catalog import accelerators
from hwcalc.data_parallel import (
    BACKWARD_SHARE,
    compute_bound_batch,
    exchange_ratio,
    hiding_bandwidth,
    implied_exchange_time,
    scaling_efficiency,
    slowest_rank_delay,
    speedup_unhidden,
    step_parts,
)

times = st.floats(0, 10)
shares = st.floats(0, 1)


# --- buckets ---------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.floats(1, 1e9), st.floats(1, 1e9)), min_size=1, max_size=40),
    st.floats(1e3, 1e10),
    st.floats(1e3, 1e10),
)
def test_layer_buckets_lose_nothing(
    layers: list[tuple[float, float]], capacity: float, first: float
) -> None:
    """All gradients leave, in order, and the last bucket at the end of the backward pass."""
    sizes, work = zip(*layers, strict=True)
    buckets = layer_buckets(sizes, work, 2.0, capacity, first)
    assert sum(size for _, size in buckets) == pytest.approx(sum(sizes), rel=1e-9)
    ready = [moment for moment, _ in buckets]
    assert ready == sorted(ready)
    assert ready[-1] == pytest.approx(2.0, rel=1e-9)
    # Every bucket but the last is full: it was closed because it reached its capacity.
    for position, (_, size) in enumerate(buckets[:-1]):
        assert size >= (capacity if position else first)


def test_everything_is_ready_at_the_end_and_nothing_before_the_start() -> None:
    """The share that is ready grows from nothing to all of it."""
    buckets = even_buckets(100.0, 10.0, 1.0, 10.0)
    shares = [ready_share(buckets, k / 20) for k in range(21)]
    assert shares[0] == 0
    assert shares[-1] == 1
    assert shares == sorted(shares)
    assert ready_share(buckets, 0.5) == pytest.approx(50 / 110)


def test_a_huge_layer_is_one_bucket_that_leaves_early() -> None:
    """VGG's first dense layer holds most gradients, and the backward pass soon has them."""
    buckets = layer_buckets([1e6, 400e6, 2e6], [97.0, 2.0, 1.0], 0.1, 25e6, 1e6)
    assert [size for _, size in buckets] == [2e6, 400e6, 1e6]
    assert [moment for moment, _ in buckets] == pytest.approx([0.001, 0.003, 0.1])


@given(st.floats(1e3, 1e9), st.floats(0, 1e9), times, st.floats(1e6, 1e9))
def test_even_buckets_lose_nothing(
    size: float, tail: float, backward: float, capacity: float
) -> None:
    """All gradients leave, no bucket exceeds the capacity, the tail leaves last."""
    buckets = even_buckets(size, tail, backward, capacity)
    assert sum(part for _, part in buckets) == pytest.approx(size + tail, rel=1e-9)
    assert max(part for _, part in buckets) <= capacity * (1 + 1e-12)
    assert buckets[-1][0] == backward


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30),
    st.floats(0, 5),
)
def test_exchanges_run_one_at_a_time(pairs: list[tuple[float, float]], earliest: float) -> None:
    """No exchange starts before its bucket is ready, the last one is done, or it is allowed."""
    ready = sorted(moment for moment, _ in pairs)
    durations = [duration for _, duration in pairs]
    spans = exchange_schedule(ready, durations, earliest)
    for (start, end), moment, duration in zip(spans, ready, durations, strict=True):
        assert start >= max(moment, earliest)
        assert end == start + duration
    for (_, end), (start, _) in pairwise(spans):
        assert start >= end
    # Never idle while a bucket waits: each start has one of the three causes.
    ends = [earliest] + [end for _, end in spans]
    for (start, _), moment, previous in zip(spans, ready, ends, strict=False):
        assert start in (moment, previous)


@given(times, times, st.integers(1, 200), shares)
def test_closed_form_equals_the_schedule(
    backward: float, exchange: float, buckets: int, window: float
) -> None:
    """For equal buckets the formula gives what running them one by one gives."""
    ready = [moment for moment, _ in even_buckets(buckets, 0.0, backward, 1.0)]
    spans = exchange_schedule(ready, [exchange / buckets] * buckets, (1 - window) * backward)
    after = spans[-1][1] - backward
    assert exposed_time(backward, exchange, buckets, window) == pytest.approx(
        after, rel=1e-9, abs=1e-9
    )


def test_without_overlap_everything_is_exposed() -> None:
    """One bucket, or no window, leaves the whole exchange after the backward pass."""
    assert exposed_time(1.0, 0.3, 1, 1.0) == 0.3
    assert exposed_time(1.0, 0.3, 50, 0.0) == 0.3


def test_the_last_bucket_is_always_exposed() -> None:
    """However fast the link, the bucket that is ready last travels after the backward pass."""
    assert exposed_time(100.0, 0.5, 50, 1.0) == pytest.approx(0.01, rel=1e-12)


@given(times, times, st.integers(1, 500), shares, shares)
def test_more_overlap_and_more_buckets_never_cost(
    backward: float, exchange: float, buckets: int, one: float, other: float
) -> None:
    """Without latency, a wider window and smaller buckets can only hide more."""
    low, high = sorted((one, other))
    wide = exposed_time(backward, exchange, buckets, high)
    assert wide <= exposed_time(backward, exchange, buckets, low) + 1e-12
    assert exposed_time(backward, exchange, 2 * buckets, high) <= wide + 1e-12
    assert 0 <= wide <= exchange + 1e-12


# --- the step --------------------------------------------------------------------------------


def test_parts_of_a_step_add_up() -> None:
    """Forward, backward and the two waits are the step; backward is twice the forward pass."""
    parts = step_parts(0.3, 0.05, 0.02)
    assert sum(parts.values()) == pytest.approx(0.3 * 1.05 + 0.02, rel=1e-12)
    assert parts["compute/backward"] == pytest.approx(2 * parts["compute/forward"], rel=1e-12)
    assert pytest.approx(2 / 3) == BACKWARD_SHARE


def test_nothing_to_wait_for_is_perfect_scaling() -> None:
    """With no lag and nothing exposed, efficiency is 1."""
    assert scaling_efficiency(0.3, sum(step_parts(0.3, 0.0, 0.0).values())) == pytest.approx(1.0)


@pytest.mark.parametrize("ranks", [2, 3, 4, 8, 16, 64, 512, 4096])
def test_slowest_rank_follows_the_exact_maximum_of_normal_samples(ranks: int) -> None:
    """The closed form stays within 5 % of the integral for the expected maximum."""
    normal = statistics.NormalDist()
    grid = np.linspace(-9, 9, 20001)
    cdf = np.array([normal.cdf(x) for x in grid]) ** ranks
    positive = np.trapezoid((1 - cdf)[grid >= 0], grid[grid >= 0])
    exact = positive - np.trapezoid(cdf[grid <= 0], grid[grid <= 0])
    assert slowest_rank_delay(ranks, 1.0) == pytest.approx(exact, rel=0.05)


def test_a_single_rank_waits_for_nobody() -> None:
    """The maximum of one sample is its mean, and equal ranks arrive together."""
    assert slowest_rank_delay(1, 0.1) == 0.0
    assert slowest_rank_delay(512, 0.0) == 0.0


@given(st.integers(1, 10**5), st.floats(0, 1))
def test_more_ranks_wait_longer(ranks: int, spread: float) -> None:
    """The maximum of more samples is not smaller."""
    assert slowest_rank_delay(ranks + 1, spread) >= slowest_rank_delay(ranks, spread)


# --- the other way round ---------------------------------------------------------------------


def test_bandwidth_that_hides_resnet50() -> None:
    """Goyal et al. 2017: 25 million FP32 parameters in 0.125 s need 12.8 Gbit/s."""
    assert hiding_bandwidth(25e6 * 4, 10**9, 0.125) * 8 == pytest.approx(12.8e9, rel=1e-6)


@given(st.floats(1e6, 1e12), st.integers(2, 4096), st.floats(1e-3, 10))
def test_hiding_bandwidth_inverts_the_ring(size: float, ranks: int, backward: float) -> None:
    """At that bandwidth a ring all-reduce takes exactly the backward pass."""
    bandwidth = hiding_bandwidth(size, ranks, backward)
    assert all_reduce_ring(size, ranks, bandwidth, 0.0) == pytest.approx(backward, rel=1e-9)


@given(st.integers(2, 4096), st.floats(1, 1e4), st.floats(1, 1e3), st.floats(0, 5), shares)
def test_implied_exchange_inverts_the_prediction(
    ranks: int, alone: float, batch: float, exposed: float, window: float
) -> None:
    """A rate predicted from an exchange gives that exchange back (many buckets, partly hidden)."""
    compute = batch / alone
    exchange = exposed + window * BACKWARD_SHARE * compute
    together = ranks * batch / (compute + exposed)
    found = implied_exchange_time(alone, together * (1 - 1e-12), ranks, batch, window)
    assert found == pytest.approx(exchange, rel=1e-6, abs=1e-9 * compute + 1e-12)


def test_faster_than_perfect_is_refused() -> None:
    """A measured speed-up above the number of ranks is a wrong number, not a result."""
    with pytest.raises(ValueError, match="8 ranks cannot be faster"):
        implied_exchange_time(29.0, 324.0, 8, 8.0, 1.0)


@pytest.mark.parametrize(("axes", "tokens"), [(1, 2550), (3, 850)])
def test_compute_bound_batch_of_tpu_v5p(axes: int, tokens: int) -> None:
    """The scaling book: 2,550 tokens per chip on one axis of the torus, 850 on all three."""
    peak = accelerators()["tpu-v5p"].peak["bf16"]
    batch = compute_bound_batch(peak, axes * 2 * 90e9, 10**9, 2, 4)
    assert batch == pytest.approx(tokens, rel=0.01)


def test_compute_bound_batch_counts_one_direction() -> None:
    """An H100 sends at 450 GB/s; counting both directions of NVLink halves the batch wrongly."""
    h100 = accelerators()["h100-sxm"]
    right = compute_bound_batch(h100.peak["bf16"], h100.link_bandwidth, 10**9, 2, 4)
    wrong = compute_bound_batch(h100.peak["bf16"], 2 * h100.link_bandwidth, 10**9, 2, 4)
    assert right == pytest.approx(2198.7, rel=1e-3)
    assert wrong == pytest.approx(1099.3, rel=1e-3)


def test_compute_bound_batch_is_where_both_sides_take_as_long() -> None:
    """At that batch the backward pass lasts exactly as long as the ring all-reduce."""
    peak, bandwidth, ranks, parameters = 300e12, 50e9, 64, 7e9
    batch = compute_bound_batch(peak, bandwidth, ranks, 2, 4)
    backward = 4 * parameters * batch / peak
    assert backward == pytest.approx(
        all_reduce_ring(2 * parameters, ranks, bandwidth, 0.0), rel=1e-12
    )


def test_one_rank_is_never_bound_by_communication() -> None:
    """With nobody to talk to any batch will do."""
    assert compute_bound_batch(1e15, 1e9, 1, 4, 4) == 0.0


# --- compression -----------------------------------------------------------------------------


def test_eight_bit_gradients_on_96_gpus() -> None:
    """Dettmers 2015: 23x with 32 bits; the ratio that gives it must predict 50x with 8 bits.

    One parameter is fitted to the first point; the second one is a test, to 15 %.
    """
    ratio = exchange_ratio(96, 23.0)
    assert speedup_unhidden(96, ratio, 1.0, 0.0) == pytest.approx(23.0, rel=1e-12)
    assert speedup_unhidden(96, ratio, 8 / 32, 0.0) == pytest.approx(50.0, rel=0.15)


@given(st.integers(2, 4096), st.floats(0.01, 1))
def test_ratio_inverts_the_speed_up(ranks: int, share: float) -> None:
    """Predicting with a fitted ratio gives the fitted point back."""
    speedup = share * ranks
    assert speedup_unhidden(ranks, exchange_ratio(ranks, speedup), 1.0, 0.0) == pytest.approx(
        speedup, rel=1e-9
    )


def test_compression_can_only_win_what_the_exchange_costs() -> None:
    """With no bytes at all speed-up is perfect; with packing that costs as much, nothing is won."""
    assert speedup_unhidden(64, 3.0, 0.0, 0.0) == 64
    plain = speedup_unhidden(64, 3.0, 1.0, 0.0)
    assert speedup_unhidden(64, 3.0, 0.25, 0.75 * 3.0 * 63 / 64) == pytest.approx(plain, rel=1e-12)


def test_a_speed_up_above_the_number_of_ranks_is_refused() -> None:
    """No exchange explains more than perfect scaling."""
    with pytest.raises(ValueError, match="speedup must not be larger"):
        exchange_ratio(8, 8.1)


# --- arrays and mistakes ---------------------------------------------------------------------


def test_arrays_equal_scalars() -> None:
    """A sweep over an array gives what a loop over its elements gives."""
    ranks: Any = np.array([2, 8, 96, 4096])
    exchanges: Any = np.array([0.01, 0.5])
    sweeps = [
        (exposed_time(0.1, exchanges, 7, 0.5),
         [exposed_time(0.1, e, 7, 0.5) for e in (0.01, 0.5)]),
        (slowest_rank_delay(ranks, 0.02), [slowest_rank_delay(int(n), 0.02) for n in ranks]),
        (hiding_bandwidth(1e8, ranks, 0.1), [hiding_bandwidth(1e8, int(n), 0.1) for n in ranks]),
        (compute_bound_batch(1e15, 5e10, ranks, 2, 4),
         [compute_bound_batch(1e15, 5e10, int(n), 2, 4) for n in ranks]),
        (implied_exchange_time(10.0, 8.0, ranks, 4.0, 0.5),
         [implied_exchange_time(10.0, 8.0, int(n), 4.0, 0.5) for n in ranks]),
        (speedup_unhidden(ranks, 3.0, 0.5, 0.1),
         [speedup_unhidden(int(n), 3.0, 0.5, 0.1) for n in ranks]),
        (exchange_ratio(ranks, 1.5), [exchange_ratio(int(n), 1.5) for n in ranks]),
    ]  # fmt: skip
    for vector, loop in sweeps:
        assert vector == pytest.approx(loop, rel=1e-15)


def test_mistakes_are_named() -> None:
    """A wrong argument is refused with its name, its value and the rule."""
    with pytest.raises(ValueError, match="3 and 2 layers"):
        layer_buckets([1, 2, 3], [1, 2], 1.0, 1.0, 1.0)
    with pytest.raises(ValueError, match="capacity = 0"):
        even_buckets(1e6, 0.0, 1.0, 0.0)
    with pytest.raises(ValueError, match="1 and 2 buckets"):
        exchange_schedule([1.0], [1.0, 2.0], 0.0)
    with pytest.raises(ValueError, match="ready = 1: must be at least 2"):
        exchange_schedule([2.0, 1.0], [1.0, 1.0], 0.0)
    with pytest.raises(ValueError, match=r"window = 1\.1"):
        exposed_time(1.0, 1.0, 2, 1.1)
    with pytest.raises(ValueError, match=r"ranks = 1: must be at least 2"):
        exchange_ratio(1, 1.0)
