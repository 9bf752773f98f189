"""Experts that a batch meets, and the time of their grouped products."""

import numpy as np
import pytest

from hwcalc import catalog
from hwcalc.experts import (
    busiest_share,
    distinct_experts,
    distinct_experts_uniform,
    experts_time,
    routing_time,
)
from hwcalc.kernels import matmul_time
from hwcalc.machine import machine

H100 = catalog.accelerators()["h100-sxm"]


@pytest.mark.parametrize("count", [distinct_experts, distinct_experts_uniform])
def test_limits_of_the_experts_met(count: object) -> None:
    """One token meets just its own, a crowd meets all, and never more than its choices."""
    assert count(256, 8, 1) == pytest.approx(8)  # type: ignore[operator]
    assert count(256, 8, 1e6) == pytest.approx(256, rel=1e-3)  # type: ignore[operator]
    assert count(8, 8, 3) == pytest.approx(8)  # type: ignore[operator]
    tokens = np.arange(1.0, 500.0)
    met = count(128, 8, tokens)  # type: ignore[operator]
    assert (np.diff(met) > 0).all()
    assert (met <= np.minimum(8 * tokens, 128) + 1e-9).all()


def test_favourites_leave_more_experts_idle() -> None:
    """A batch meets fewer experts the more their popularity differs."""
    for tokens in (2, 8, 64, 512):
        assert distinct_experts(128, 8, tokens) < distinct_experts_uniform(128, 8, tokens)


def test_uniform_experts_against_a_draw() -> None:
    """The expectation is what drawing without replacement gives."""
    random = np.random.default_rng(1)
    draws = [
        len(set(np.concatenate([random.permutation(64)[:6] for _ in range(10)])))
        for _ in range(2000)
    ]
    assert distinct_experts_uniform(64, 6, 10) == pytest.approx(np.mean(draws), rel=0.01)


def test_spread_experts_against_a_draw() -> None:
    """The formula is the mean over a beta distribution of the chance to be chosen."""
    random = np.random.default_rng(1)
    chance = random.beta(1, 128 / 8 - 1, size=200_000)
    met = 128 * np.mean(1 - (1 - chance) ** 20)
    assert distinct_experts(128, 8, 20) == pytest.approx(met, rel=0.01)


@pytest.mark.parametrize("ranks", [2, 4, 8, 16, 32, 64])
def test_the_busiest_rank(ranks: int) -> None:
    """The formula for the largest of several normal numbers holds within 4 %."""
    random = np.random.default_rng(1)
    largest = random.standard_normal((200_000, ranks)).max(axis=1).mean()
    assert (busiest_share(ranks, ranks) - 1) == pytest.approx(largest, rel=0.045)
    assert busiest_share(64, 1) == 1


def test_no_faster_than_memory_and_units() -> None:
    """The grouped product reads what it meets and multiplies what it is given."""
    chip = machine(H100)
    for tokens in (1.0, 32.0, 1024.0, 65536.0):
        time = experts_time(H100, tokens, 128, 8, 4096, 3072, "fp8")
        met = distinct_experts(128, 8, tokens)
        assert time > met * 4096 * 3072 / chip.bandwidth
        assert time > 2 * tokens * 8 * 4096 * 3072 / chip.peak["fp8"]


def test_one_expert_is_an_ordinary_product() -> None:
    """A single expert that everybody chooses takes about what one product of that shape takes."""
    for tokens in (64.0, 4096.0):
        grouped = experts_time(H100, tokens, 1, 1, 4096, 14336, "bf16")
        assert grouped == pytest.approx(matmul_time(H100, tokens, 4096, 14336, "bf16"), rel=0.2)


def test_more_tokens_take_longer() -> None:
    """Neither products nor routing get faster with more tokens."""
    tokens = 2.0 ** np.arange(17)
    grouped = np.array([experts_time(H100, t, 128, 8, 4096, 3072, "fp8") for t in tokens])
    routed = np.array([routing_time(H100, t, 4096, 8) for t in tokens])
    assert (np.diff(grouped) >= 0).all()
    assert (np.diff(routed) > 0).all()


def test_mistakes() -> None:
    """More choices than experts, and formats nobody has, are refused."""
    with pytest.raises(ValueError, match="spare_experts"):
        distinct_experts(8, 9, 1)
    with pytest.raises(ValueError, match="fp7"):
        experts_time(H100, 1, 8, 2, 64, 64, "fp7")
