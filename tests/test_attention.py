"""Attention kernels: prompts, single tokens, windows, grouped and latent heads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcalc import attention, catalog
from hwcalc.machine import machine

H100 = machine(catalog.accelerators()["h100-sxm"])
TOKENS = st.integers(1, 100_000)


def test_a_window_of_everything_is_no_window() -> None:
    """Every query sees itself and all before: s (s + 1) / 2 pairs, 4 d operations each."""
    assert attention.prefill_flops(1, 100, 1, 1, 100) == 4 * 100 * 101 / 2
    assert attention.prefill_flops(1, 100, 1, 1, 10**9) == 4 * 100 * 101 / 2


def test_a_window_of_one_sees_only_itself() -> None:
    """One pair for each token."""
    assert attention.prefill_flops(3, 100, 2, 64, 1) == 4 * 64 * 3 * 2 * 100


@given(tokens=st.integers(1, 300), window=st.integers(1, 400))
def test_pairs_are_those_one_counts(tokens: int, window: int) -> None:
    """The closed form equals the sum over the queries."""
    pairs = sum(min(query + 1, window) for query in range(tokens))
    assert attention.prefill_flops(1, tokens, 1, 1, window) == 4 * pairs


@given(tokens=TOKENS)
def test_no_prompt_beats_the_roofline(tokens: int) -> None:
    """The model lies above operations at the peak rate and bytes at full bandwidth."""
    shape = 2, tokens, 32, 8, 128
    time = attention.prefill_time(H100, *shape, window=tokens, dtype="bf16")
    flops = attention.prefill_flops(2, tokens, 32, 128, tokens)
    assert time > flops / H100.peak["bf16"]
    assert time > 4 * 2 * tokens * 40 * 128 / H100.bandwidth


@given(cached=TOKENS, batch=st.integers(1, 256))
def test_no_token_beats_the_memory(cached: int, batch: int) -> None:
    """Outside a benchmark's loop keys and values come from memory, at no more than it gives."""
    time = attention.decode_time(H100, batch, cached, 8, 128, 2, cached)
    assert time > 2 * 2 * batch * cached * 8 * 128 / H100.bandwidth


def test_grouping_queries_divides_what_is_read() -> None:
    """With an eighth of the heads of keys and values a long cache takes an eighth of the time."""
    many = attention.decode_time(H100, 64, 32768, 64, 128, 2, 32768)
    few = attention.decode_time(H100, 64, 32768, 8, 128, 2, 32768)
    assert many / few == pytest.approx(8, rel=0.05)


def test_a_window_bounds_decoding() -> None:
    """PEERS 6, row 14: beyond the window a longer cache costs nothing."""
    times = [attention.decode_time(H100, 8, c, 8, 128, 2, 1024) for c in (1024, 4096, 10**6)]
    assert times[0] == times[1] == times[2]
    assert times[0] < attention.decode_time(H100, 8, 4096, 8, 128, 2, 4096)


def test_latent_attention_reads_little_and_computes_much() -> None:
    """PEERS 6, row 13: 576 numbers a token, not 128 heads; few heads wait for memory only."""
    shape = 64, 16384
    latent = attention.decode_latent_time(H100, *shape, 128, 512, 64, 2, "bf16")
    as_full_heads = attention.decode_time(H100, *shape, 128, 128, 2, 16384)
    assert as_full_heads > 10 * latent
    read = 64 * 16384 * 576 * 2
    one_head = attention.decode_latent_time(H100, *shape, 1, 512, 64, 2, "bf16")
    stream = H100.constants["decode_stream"] * H100.bandwidth
    assert one_head == pytest.approx(read / stream, rel=0.06)


def test_decoding_a_layer_of_llama_8b_costs_its_floor() -> None:
    """A single sequence of 1,024 tokens takes over 10 µs: ten times what its bytes need."""
    time = attention.decode_time(H100, 1, 1024, 8, 128, 2, 1024)
    assert 10e-6 < time < 20e-6


def test_preparation_grows_with_what_it_moves() -> None:
    """Twice the tokens take twice the time beyond the launch."""
    one, two, four = (
        attention.preparation_time(H100, 1, tokens, 32, 8, 128) for tokens in (8192, 16384, 32768)
    )
    assert four - two == pytest.approx(2 * (two - one))


def test_mistakes_are_named() -> None:
    """The message says which argument and which rule."""
    with pytest.raises(ValueError, match="window = 0: must be positive"):
        attention.prefill_time(H100, 1, 8, 8, 8, 128, 0, "bf16")
    with pytest.raises(ValueError, match="kv_heads = -1 and bytes_per_value = 0"):
        attention.decode_time(H100, 1, 8, -1, 128, 0, 8)
