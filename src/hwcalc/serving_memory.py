r"""Memory of one accelerator that serves a transformer: weights, cache, workspace, reserve.

Weights are counted by their format, with the scales it carries; the cache by what attention keeps
(`hwcalc.kv_cache`), in whole blocks as engines hand it out. Of the rest an engine needs room for
the widest activations of the tokens it works on, for logits, and a reserve.

What it leaves out: fragmentation of the cache beyond its last block, and graphs captured for many
batch sizes, which some engines count as reserve.
"""

from collections.abc import Mapping
from types import MappingProxyType

from hwcalc.kv_cache import cache_bytes, state_bytes
from hwcalc.networks import Transformer
from hwcalc.numeric import ceil, check_at_least, check_count, check_non_negative, check_positive
from hwcalc.transformer import parameters

__all__ = ["WEIGHTS", "plain_memory", "serving_memory", "weight_bytes"]

# Bytes of a weight, scales included.
WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "fp32": 4.0,
        "bf16": 2.0,
        "fp8": 1.0,  # one scale for a whole matrix
        "int8": 1.0,
        # blocks of 32 with a scale of 16 bits: ggml's block_q8_0 and block_q4_0,
        # https://github.com/ggml-org/llama.cpp/blob/master/ggml/src/ggml-common.h
        "q8_0": 34 / 32,
        "q4_0": 18 / 32,
        # groups of 128 with a 16-bit scale and a 4-bit zero: Lin et al. 2023, "AWQ",
        # https://doi.org/10.48550/arXiv.2306.00978
        "int4-128": 0.5 + 2.5 / 128,
        # blocks of 32 with a scale of 8 bits: OCP Microscaling Formats 1.0,
        # https://www.opencompute.org/documents/ocp-microscaling-formats-mx-v1-0-spec-final-pdf
        "mxfp4": 0.5 + 1 / 32,
        "nvfp4": 0.5 + 1 / 16,  # blocks of 16, each with a scale of 8 bits
        # blocks of 64: Dettmers et al. 2023, https://doi.org/10.48550/arXiv.2305.14314
        "nf4": 0.5 + 4 / 64,
        # the scales in 8 bits, with one of 32 bits for each 256 of them
        "nf4-double": 0.5 + 1 / 64 + 4 / (64 * 256),
    }
)


def weight_bytes(network: Transformer, form: str) -> dict[str, float]:
    """Count the bytes of a network's weights by part.

    Assumption: what is in a matrix of a layer has the format chosen, all else 16 bits, or more if
    that is asked for.

    Args:
        network: A network of the catalogue. [1]
        form: A key of `WEIGHTS`. [1]

    Returns:
        Bytes of `weights/layers`, `weights/ends`. [B]

    Raises:
        ValueError: If the format is unknown or the network is not modelled.

    References:
        The functions it calls, and the formats' documents beside `WEIGHTS`: `WEIGHTS`

    Examples:
        Llama 3 8B in blocks of 4 bits:

        >>> from hwcalc import catalog
        >>> sum(weight_bytes(catalog.transformers()["llama3-8b"], "q4_0").values()) / 2**30
        5.61
    """
    if form not in WEIGHTS:
        raise ValueError(f"form = {form!r}: must be one of {', '.join(WEIGHTS)}")
    counts = parameters(network)
    layers = sum(
        count for part, count in counts.items() if part.split("/")[0] not in ("embedding", "head")
    )
    ends = sum(counts.values()) - layers
    return {
        "weights/layers": layers * WEIGHTS[form],
        "weights/ends": ends * max(2.0, WEIGHTS[form]),
    }


def serving_memory(
    network: Transformer,
    form: str,
    batch: float,
    tokens: float,
    cache_value: float,
    block: float,
    chunk: float,
    ranks: float,
    reserve: float,
) -> dict[str, float]:
    """Estimate the memory of one accelerator that serves sequences of a length.

    Assumption: the ranks share weights and cache evenly. Where there are fewer heads of keys and
    values than ranks, engines repeat them: such a cache is shared by as many ranks as it has heads,
    a latent one by none.

    Args:
        network: A network of the catalogue. [1]
        form: Format of the weights, a key of `WEIGHTS`. [1]
        batch: Sequences served at a time. [1]
        tokens: Length of each, read and written. [tokens]
        cache_value: Bytes of a number in the cache. [B]
        block: Tokens of a block of the cache. [tokens]
        chunk: Most tokens worked on at a time, a prompt's or a step's. [tokens]
        ranks: Accelerators that share the network by tensor parallelism. [1]
        reserve: What the engine keeps for itself, its context and its graphs. [B]

    Returns:
        Bytes by `part/subpart`. [B]

    Raises:
        ValueError: If a size is not positive, ranks is not a whole number of at least 1, reserve
            is negative, the format is unknown, or the network is not modelled or keeps no cache.

    References:
        Kwon et al. 2023, "PagedAttention", https://doi.org/10.48550/arXiv.2309.06180

    Examples:
        Llama 3 8B with 16 sequences of 8,192 tokens, in GB:

        >>> from hwcalc import catalog
        >>> llama = catalog.transformers()["llama3-8b"]
        >>> parts = serving_memory(llama, "bf16", 16, 8192, 2, 16, 8192, 1, 1e9)
        >>> sum(parts.values()) / 1e9, parts["cache/keys_values"] / 1e9
        (35.3, 17.2)
    """
    check_positive(batch=batch, tokens=tokens, cache_value=cache_value)
    check_at_least(1, block=block, chunk=chunk)
    check_count(ranks=ranks)
    check_non_negative(reserve=reserve)
    heads = 1 if network.latent else network.kv_heads
    shared = min(ranks, heads)
    rounded = ceil(tokens / block) * block
    kept = cache_bytes(network, rounded, cache_value)
    widest = max(
        network.hidden + network.ffn_hidden * (2 if network.gated_mlp else 1) / ranks,
        network.hidden + 3 * network.attention_width / ranks,
    )
    return {
        **{part: size / ranks for part, size in weight_bytes(network, form).items()},
        "cache/keys_values": batch * kept / shared,
        "cache/state": batch * state_bytes(network, cache_value) / ranks,
        # two buffers of the widest activations in 16 bits, in turns
        "workspace/activations": 2 * 2 * chunk * widest,
        # logits of one token of each sequence in 32 bits, and sorted once more
        "workspace/logits": 2 * 4 * batch * network.vocab / ranks,
        "engine/reserve": reserve,
    }


def plain_memory(
    network: Transformer, form: str, batch: float, tokens: float, shared_head: bool
) -> dict[str, float]:
    r"""Estimate the memory a network takes in plain PyTorch, without a serving engine.

    All matrices but the embedding have the format chosen, the head too; the cache has 16 bits, or
    32 if the weights have. A narrow matrix is unpacked as a whole to be multiplied with a prompt,
    and once more in the activations' type, so that the largest one counts twice. An encoder keeps
    no cache, but scores of all pairs of tokens and their softmax:

    $$ M = b P + 2 V h + 2 \cdot 2 \max(V h, k n) + C $$

    Assumption: the allocator gives back nothing that is larger than what is counted here.

    Args:
        network: A network of the catalogue. [1]
        form: Format of the weights, a key of `WEIGHTS`. [1]
        batch: Sequences at a time. [1]
        tokens: Length of each, read and written. [tokens]
        shared_head: A head that equals the embedding is stored once, as the network defines it;
            some programs store it apart. [1]

    Returns:
        Bytes by `part/subpart`. [B]

    Raises:
        ValueError: If a size is not positive, the format is unknown or the network is not modelled.

    References:
        Dettmers et al. 2023, "QLoRA", https://doi.org/10.48550/arXiv.2305.14314

    Examples:
        Llama 2 7B in four bits, in GB; litgpt measured 4.57:

        >>> from hwcalc import catalog
        >>> llama = catalog.transformers()["llama2-7b"]
        >>> sum(plain_memory(llama, "nf4", 1, 128, True).values()) / 1e9
        4.57
    """
    check_positive(batch=batch, tokens=tokens)
    if form not in WEIGHTS:
        raise ValueError(f"form = {form!r}: must be one of {', '.join(WEIGHTS)}")
    size = WEIGHTS[form]
    value = max(2.0, size)  # activations, cache and what looks things up
    counts = parameters(network)
    tables = sum(count for part, count in counts.items() if part.startswith("embedding"))
    vectors = sum(count for part, count in counts.items() if part.startswith("norm"))
    head = network.vocab * network.hidden
    apart = head if network.tied_embeddings and not shared_head else 0
    products = sum(counts.values()) - tables - vectors + apart
    largest = max(head, network.hidden * network.ffn_hidden)
    encoder = network.kind == "encoder"
    kept = 0.0 if encoder else cache_bytes(network, tokens, value)
    pairs = network.heads * tokens**2 + 2 * tokens * network.hidden
    return {
        "weights/products": products * size,
        "weights/tables": (tables + vectors) * value,
        "workspace/unpacked": 2 * 2.0 * largest if size < 2 else 0.0,
        "workspace/scores": 2 * value * batch * pairs if encoder else 0.0,
        "cache/keys_values": batch * kept,
    }
