r"""Does it fit: the memory of one card for inference, full training, LoRA or QLoRA of a network.

One question for four kinds of work, answered by the models of each: files of llama.cpp with their
cache (`gguf`, `kv_cache`), training states and activations (`memory`), adapters (`adapters`).
Several cards share the layers in inference; in training they are replicas that shard by ZeRO.

What it leaves out: tensor and pipeline parallelism (`planner`), weights in the computer's memory
(`offload`), and what a desktop takes of the card it is shown on, unless given as reserve.
"""

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType

from hwcalc.adapters import adapter_memory
from hwcalc.blocks import Shape, shape
from hwcalc.frameworks import FRAMEWORKS
from hwcalc.gguf import gguf_bytes
from hwcalc.kv_cache import cache_bytes, state_bytes
from hwcalc.layout import Layout
from hwcalc.llama_cpp import BATCH
from hwcalc.memory import training_memory
from hwcalc.networks import Transformer
from hwcalc.numeric import check_count, check_non_negative, check_positive
from hwcalc.states import States

__all__ = ["OPTIMIZER_STATES", "fine_tuning_memory", "inference_memory", "largest_fit"]

# What full training keeps of each parameter; adapters keep the same of theirs.
OPTIMIZER_STATES: Mapping[str, States] = MappingProxyType(
    {
        "mixed": States(weight=2, gradient=2, master=4, optimizer="adam"),
        "mixed-fp32-gradients": States(weight=2, gradient=4, master=4, optimizer="adam"),
        "bf16": States(weight=2, gradient=2, master=0, optimizer="adam-bf16"),
        "8bit": States(weight=2, gradient=2, master=0, optimizer="adam-8bit"),
        "adafactor": States(weight=2, gradient=2, master=0, optimizer="adafactor"),
        "sgd": States(weight=2, gradient=2, master=0, optimizer="sgd"),
    }
)


def inference_memory(
    network: Transformer,
    form: str,
    batch: float,
    tokens: float,
    cache_value: float,
    cards: float,
    reserve: float,
) -> dict[str, float]:
    r"""Estimate the memory of each card that runs a network in llama.cpp.

    $$ M = \frac{Q + b C(s)}{g} + 4 n \left( V + 4 h + 2 f \right) + R $$

    Weights $Q$ and caches $C$ of $b$ sequences are shared by $g$ cards; a batch of $n = 512$ tokens
    has its logits and widest activations in 32 bits.

    Assumption: layers divide evenly, flash attention is on (else its scores come on top).

    Args:
        network: A network of the catalogue. [1]
        form: Format of the weights, a key of `gguf.FORMS`. [1]
        batch: Sequences at a time, $b$. [1]
        tokens: Length of each, read and written, $s$. [tokens]
        cache_value: Bytes of a number in the cache. [B]
        cards: Cards that share the layers, $g$. [1]
        reserve: What driver, context and desktop take of each card, $R$. [B]

    Returns:
        Bytes by `part/subpart`. [B]

    Raises:
        ValueError: If a size is out of range, the format is unknown, or the network is not modelled
            or keeps no cache.

    References:
        https://github.com/ggml-org/llama.cpp, option --ubatch-size

    Examples:
        Llama 3 8B in four bits with 8,192 tokens, in GiB:

        >>> from hwcalc import catalog
        >>> llama = catalog.transformers()["llama3-8b"]
        >>> sum(inference_memory(llama, "q4_k_m", 1, 8192, 2, 1, 0.5e9).values()) / 2**30
        6.4
    """
    check_positive(batch=batch, tokens=tokens, cache_value=cache_value)
    check_count(cards=cards)
    check_non_negative(reserve=reserve)
    kept = batch * (cache_bytes(network, tokens, cache_value) + state_bytes(network, 4))
    widest = network.vocab + 4 * network.hidden + 2 * network.ffn_hidden
    return {
        "weights/all": _weights(network, form) / cards,
        "cache/keys_values": kept / cards,
        "workspace/batch": 4.0 * BATCH * widest,
        "reserve/driver": reserve,
    }


def fine_tuning_memory(
    network: Transformer,
    frozen: str,
    batch: float,
    tokens: float,
    optimizer: str,
    rank: float,
    recompute: float,
    cards: float,
    zero: float,
    reserve: float,
) -> dict[str, float]:
    """Estimate the memory of each card that trains a network, all of it or through adapters.

    Assumption: PyTorch with fused kernels and a loss in chunks, as torchtune runs it; adapters on
    all matrices; replicas that shard by ZeRO (adapters only with stage 3).

    Args:
        network: A network of the catalogue. [1]
        frozen: Format of frozen weights with adapters, a key of `adapters.FROZEN`; empty for
            training all weights. [1]
        batch: Sequences of one pass on each card. [1]
        tokens: Length of each. [tokens]
        optimizer: A key of `OPTIMIZER_STATES`. [1]
        rank: Width of the adapters. [1]
        recompute: 0 nothing, 1 attention, 2 whole layers (full checkpointing). [1]
        cards: Replicas. [1]
        zero: Stage of sharding, 0 to 3. [1]
        reserve: What driver, context and desktop take of each card. [B]

    Returns:
        Bytes by `part/subpart`. [B]

    Raises:
        ValueError: If a size is out of range, a choice is unknown, or the network is not modelled.

    References:
        Rajbhandari et al. 2019, "ZeRO", https://doi.org/10.48550/arXiv.1910.02054

        Dettmers et al. 2023, "QLoRA", https://doi.org/10.48550/arXiv.2305.14314

    Examples:
        QLoRA of Llama 3.1 8B, 2 sequences of 2,048 tokens, in GiB; torchtune measured 7.4:

        >>> from hwcalc import catalog
        >>> llama = catalog.transformers()["llama3.1-8b"]
        >>> parts = fine_tuning_memory(llama, "nf4-double", 2, 2048, "bf16", 8, 2, 1, 0, 0.0)
        >>> sum(parts.values()) / 2**30
        8.2
    """
    if optimizer not in OPTIMIZER_STATES:
        known = ", ".join(OPTIMIZER_STATES)
        raise ValueError(f"optimizer = {optimizer!r}: must be one of {known}")
    check_positive(batch=batch, tokens=tokens)
    check_count(cards=cards)
    check_non_negative(reserve=reserve)
    sizes, software = _shape(network), FRAMEWORKS["torchtune"]
    states = OPTIMIZER_STATES[optimizer]
    if frozen:
        sharing = cards if zero >= 3 else 1
        parts = adapter_memory(
            sizes, batch, tokens, software, states, rank, "all", frozen, recompute, sharing
        )
        return {**parts, "reserve/driver": reserve}
    layout = Layout(1, 1, cards, 1, 1, batch, cards * batch, 1, zero, recompute, False)
    parts = training_memory(sizes, layout, tokens, software, states, 0.0, 0.0)
    return {**parts, "reserve/driver": reserve}


def largest_fit(memory_of: Callable[[float], float], memory: float, most: float) -> float:
    """Search the largest whole number of sequences or tokens that fits.

    Exact for any memory that grows with the number: guessed from a straight line, which most of
    these are, and bisected where the guess is wrong.

    Args:
        memory_of: Memory as a function of the number. [B]
        memory: Memory of the card. [B]
        most: Largest number tried. [1]

    Returns:
        The number; 0 if not even one fits. [1]

    Raises:
        ValueError: If memory is not positive or most is not a whole number of at least 1.

    References:
        Press et al., "Numerical recipes", section 9.2, https://numerical.recipes

    Examples:
        >>> largest_fit(lambda count: 10.0 + 3.0 * count, 100.0, 1000.0)
        30.0
    """
    check_positive(memory=memory)
    check_count(most=most)
    first = memory_of(1.0)
    if first > memory:
        return 0.0
    slope = memory_of(2.0) - first if most > 1 else 0.0
    guess = min(most, 1.0 + (memory - first) // slope) if slope > 0 else most
    reached = memory_of(guess)
    straight = abs(first + slope * (guess - 1) - reached) <= 1e-9 * reached
    if straight and reached <= memory:
        return guess
    low, high = (guess, most + 1.0) if reached <= memory else (1.0, guess)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if memory_of(middle) <= memory else (low, middle)
    return low


@functools.cache
def _shape(network: Transformer) -> Shape:
    """Sizes of a network, kept: a search asks for them a dozen times."""
    return shape(network)


@functools.cache
def _weights(network: Transformer, form: str) -> float:
    """Bytes of a network's weights, kept likewise."""
    return sum(gguf_bytes(network, form).values())
