"""Bytes of keys and values, against the figures that calculators get wrong."""

from dataclasses import replace

import pytest

from hwcalc import kv_cache
from hwcalc.networks import transformers

NETWORKS = transformers()


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("llama2-7b", 524_288),  # multi-head: 2 x 32 x 32 x 128 x 2
        ("llama3-8b", 131_072),  # grouped-query: 8 heads of keys, and keys and values are two
        ("falcon-7b", 8_192),  # multi-query: one head
        ("deepseek-v3", 70_272),  # latent: (512 + 64) x 61 x 2, not 128 full heads
        ("gpt-oss-120b", 73_728),  # sliding: every layer stores a new token
        ("qwen3.5-27b", 65_536),  # hybrid: 2 x 16 x 4 x 256 x 2, the other 48 layers keep a state
        ("deepseek-v3.2", 85_888),  # (512 + 64 + 128 of the indexer) x 61 x 2
    ],
)
def test_bytes_per_token(key: str, expected: int) -> None:
    """Known values in 16 bit."""
    assert kv_cache.cache_bytes_per_token(NETWORKS[key], 2) == expected


def test_gemma_3_at_128k_keeps_ten_layers_whole() -> None:
    """Of 62 layers 52 forget after 1,024 tokens; dropping or keeping them all is wrong."""
    network = NETWORKS["gemma3-27b"]
    per_layer = 2 * 16 * 128 * 2
    expected = 10 * per_layer * 131_072 + 52 * per_layer * 1_024
    assert kv_cache.cache_bytes(network, 131_072, 2) == expected


def test_a_short_sequence_does_not_feel_the_window() -> None:
    """Up to the window every layer keeps everything."""
    network = NETWORKS["gemma3-27b"]
    whole = replace(network, window=None)
    assert kv_cache.cache_bytes(network, 1024, 2) == kv_cache.cache_bytes(whole, 1024, 2)
    assert kv_cache.cache_bytes(network, 1025, 2) < kv_cache.cache_bytes(whole, 1025, 2)


def test_window_layers_may_have_their_own_heads() -> None:
    """MiMo-V2-Flash: 8 heads in 39 window layers, 4 in 9 full ones, values narrower than keys."""
    network = NETWORKS["mimo-v2-flash"]
    assert kv_cache.cache_bytes_per_token(network, 1) == (39 * 8 + 9 * 4) * (192 + 128)


def test_the_cache_grows_with_everything_it_depends_on() -> None:
    """More tokens, bytes, layers or heads never need less memory."""
    network = NETWORKS["gpt-oss-20b"]
    base = kv_cache.cache_bytes(network, 1000, 2)
    assert kv_cache.cache_bytes(network, 1001, 2) > base
    assert kv_cache.cache_bytes(network, 1000, 4) == 2 * base
    assert kv_cache.cache_bytes(replace(network, layers=25), 1000, 2) > base
    assert kv_cache.cache_bytes(replace(network, kv_heads=16), 1000, 2) > base
    assert kv_cache.cache_bytes(network, 0, 2) == 0


def test_query_heads_do_not_matter() -> None:
    """Only keys and values are stored; a peer counts query heads and is eight times off."""
    network = NETWORKS["llama3-70b"]
    doubled = replace(network, heads=2 * network.heads)
    assert kv_cache.cache_bytes(doubled, 100, 2) == kv_cache.cache_bytes(network, 100, 2)


def test_an_encoder_keeps_nothing() -> None:
    """It reads its input at once; the question is wrong, and the message says so."""
    with pytest.raises(ValueError, match=r"BERT large .* is an encoder and keeps no cache"):
        kv_cache.cache_bytes_per_token(NETWORKS["bert-large"], 2)


def test_unmodelled_attention_is_refused() -> None:
    """No number is better than a guessed one."""
    for function in (kv_cache.cache_bytes_per_token, kv_cache.state_bytes):
        with pytest.raises(ValueError, match="cannot be computed: linear-attention"):
            function(NETWORKS["ling-3.0-flash"], 2)


def test_the_state_of_linear_attention_has_a_fixed_size() -> None:
    """One matrix per value head and three past inputs of the convolution, per layer."""
    matrices, past = 48 * 128 * 128, 3 * (2 * 16 + 48) * 128
    assert kv_cache.state_bytes(NETWORKS["qwen3.5-27b"], 4) == 4 * 48 * (matrices + past)
    assert kv_cache.state_bytes(NETWORKS["llama3-8b"], 4) == 0


def test_arguments_are_checked() -> None:
    """The message names the argument."""
    with pytest.raises(ValueError, match="tokens = -1"):
        kv_cache.cache_bytes(NETWORKS["llama3-8b"], -1, 2)
    with pytest.raises(ValueError, match="bytes_per_value = 0"):
        kv_cache.cache_bytes(NETWORKS["llama3-8b"], 1, 0)
    with pytest.raises(ValueError, match="bytes_per_value = -2"):
        kv_cache.state_bytes(NETWORKS["llama3-8b"], -2)
