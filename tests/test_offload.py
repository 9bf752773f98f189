"""Networks larger than the card: the slow memory decides, and nothing is lost on the way."""

import pytest

from hwcalc import catalog
from hwcalc.gguf import gguf_active_bytes, gguf_bytes
from hwcalc.kv_cache import cache_bytes
from hwcalc.llama_cpp import generation_time
from hwcalc.offload import (
    layers_on_card,
    offloaded_experts_time,
    offloaded_layers_time,
    streamed_pass_time,
)

CARD = catalog.accelerators()["rtx-4090"]
LLAMA = catalog.transformers()["llama3-70b"]
GPT = catalog.transformers()["gpt-oss-120b"]
HOST = 80e9


def layers_time(on_card: float, host: float = HOST) -> float:
    """Time of a token with so many layers on the card."""
    times = offloaded_layers_time(CARD, LLAMA, "q4_k_m", 512, on_card, host, "2025")
    return sum(times.values())


def test_all_layers_on_the_card_is_the_card_alone() -> None:
    """What is not offloaded costs what the card's own model says."""
    alone = sum(generation_time(CARD, LLAMA, "q4_k_m", 512, 1, "2025").values())
    assert layers_time(80) == pytest.approx(alone)
    experts = offloaded_experts_time(CARD, GPT, "mxfp4", 512, 0, HOST, "2025")
    alone = sum(generation_time(CARD, GPT, "mxfp4", 512, 1, "2025").values())
    assert sum(experts.values()) == pytest.approx(alone)


def test_no_layer_on_the_card_is_the_processor_alone() -> None:
    """All active weights and the cache once through the computer's memory, nothing else."""
    moved = sum(gguf_active_bytes(LLAMA, "q4_k_m").values()) + cache_bytes(LLAMA, 512, 2)
    assert layers_time(0) == pytest.approx(moved / HOST)


def test_each_layer_on_the_card_helps() -> None:
    """Whatever is moved to the faster memory shortens the token."""
    times = [layers_time(layers) for layers in range(1, 81)]
    assert times == sorted(times, reverse=True)


def test_half_on_the_card_is_not_half_the_way() -> None:
    """With half of the layers on a card 12 times as fast, speed is not half but about double."""
    gain = layers_time(0) / layers_time(40)
    assert 1.6 < gain < 2.0
    assert layers_time(0) / layers_time(80) > 8


def test_a_mixture_of_experts_suffers_least() -> None:
    """Of gpt-oss a token reads 3 % of the experts: it writes from memory faster than Llama 70B."""
    times = offloaded_experts_time(CARD, GPT, "mxfp4", 512, 1, HOST, "2025")
    assert sum(times.values()) < layers_time(46) / 4
    assert times["host"] * HOST == pytest.approx(gguf_active_bytes(GPT, "mxfp4")["experts"])


def test_layers_that_fit_do_fit_and_one_more_does_not() -> None:
    """The count is the largest that fits."""
    memory, reserve = 24 * 2**30, 1e9
    count = layers_on_card(LLAMA, "q4_k_m", 4096, memory, reserve)
    sizes = gguf_bytes(LLAMA, "q4_k_m")
    inner = sum(sizes.values()) - sizes["head"] - sizes["embedding"]
    layer = (inner + cache_bytes(LLAMA, 4096, 2)) / LLAMA.layers
    assert count * layer <= memory - reserve < (count + 1) * layer
    assert layers_on_card(LLAMA, "q4_k_m", 4096, 48 * 2**30, reserve) == LLAMA.layers
    assert layers_on_card(LLAMA, "q4_k_m", 4096, 2**30, 2**30) == 0


def test_streaming_waits_for_the_link_or_for_the_card() -> None:
    """With all weights resident only computing is left."""
    assert streamed_pass_time(42e9, 42e9, 25e9, 0.05) == 0.05
    assert streamed_pass_time(42e9, 0, 25e9, 0.05) == 42 / 25


def test_wrong_choices_are_refused() -> None:
    """A mistake is named with what would be right."""
    with pytest.raises(ValueError, match="Llama 3 70B has no experts"):
        offloaded_experts_time(CARD, LLAMA, "q4_k_m", 512, 1, HOST, "2025")
    with pytest.raises(ValueError, match="share_of_layers_on_card"):
        layers_time(81)
    with pytest.raises(ValueError, match="host_bandwidth"):
        layers_time(40, host=0)
