"""Sizes of a network's weights in llama.cpp's formats, tensor by tensor.

A format such as Q4_K_M is a mixture: most matrices have 4 bits and a bit of scale, the ones whose
error hurts most have 6. Which tensor gets which block format follows from llama.cpp's rules, so the
size of a file is counted, not estimated from "about 4.8 bits".

What it leaves out: the tokenizer and other metadata (some megabytes), formats tuned with an
importance matrix, and matrices whose rows do not divide into blocks, which fall back to others.
"""

from collections.abc import Mapping
from types import MappingProxyType

from hwcalc.networks import Transformer
from hwcalc.transformer import active_parameters, parameters

__all__ = ["BLOCKS", "FORMS", "gguf_active_bytes", "gguf_bytes"]

# Bytes of a weight: bytes of a block over weights in it, ggml's block structures.
# https://github.com/ggml-org/llama.cpp/blob/master/ggml/src/ggml-common.h
BLOCKS: Mapping[str, float] = MappingProxyType(
    {
        "f32": 4.0,
        "f16": 2.0,
        "bf16": 2.0,
        "q8_0": 34 / 32,
        "q6_k": 210 / 256,
        "q5_0": 22 / 32,
        "q5_k": 176 / 256,
        "q4_0": 18 / 32,
        "q4_k": 144 / 256,
        "iq4_xs": 136 / 256,
        "mxfp4": 17 / 32,
        "q3_k": 110 / 256,
        "q2_k": 84 / 256,
    }
)

# What a format makes of the tensors: a rule is a block format and the layers that get it, all
# others have the first format. "more" are the first and last eighth of the layers and every third
# between. Files of llama.cpp's own quantiser, function llama_tensor_get_type.
# https://github.com/ggml-org/llama.cpp/blob/master/src/llama-quant.cpp
FORMS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "f32": {"base": "f32"},
        "f16": {"base": "f16"},
        "bf16": {"base": "bf16"},
        "q8_0": {"base": "q8_0"},
        "q6_k": {"base": "q6_k"},
        "q5_k_m": {"base": "q5_k", "value": "q6_k more", "down": "q6_k more", "head": "q6_k"},
        "q5_k_s": {"base": "q5_k", "head": "q6_k"},
        "q5_0": {"base": "q5_0", "head": "q6_k"},
        "q4_k_m": {"base": "q4_k", "value": "q6_k more", "down": "q6_k more", "head": "q6_k"},
        "q4_k_s": {"base": "q4_k", "value": "q5_k eighth", "down": "q5_k eighth", "head": "q6_k"},
        "iq4_xs": {"base": "iq4_xs", "value": "q5_k", "down": "q5_k eighth", "head": "q6_k"},
        "q4_0": {"base": "q4_0", "head": "q6_k"},
        "q3_k_l": {"base": "q3_k", "value": "q5_k", "down": "q5_k", "output": "q5_k",
                   "head": "q6_k"},
        "q3_k_m": {"base": "q3_k", "value": "q4_k", "down": "q4_k", "output": "q4_k",
                   "head": "q6_k"},
        "q3_k_s": {"base": "q3_k", "head": "q6_k"},
        "q2_k": {"base": "q2_k", "value": "q4_k", "down": "q3_k", "output": "q3_k",
                 "head": "q6_k"},
        # As gpt-oss is published: experts in blocks of 32, everything else in eight bits.
        "mxfp4": {"base": "q8_0", "experts": "mxfp4", "embedding": "q8_0", "head": "q8_0"},
    }
)  # fmt: skip


def gguf_bytes(network: Transformer, form: str) -> dict[str, float]:
    """Count the bytes of a network's weights in a format of llama.cpp.

    Exact for the rules of the quantiser, except what the module leaves out. Vectors (norms, biases)
    stay in 32 bits. A network whose head is its embedding has it once, in the head's format.

    Args:
        network: A network of the catalogue. [1]
        form: A key of `FORMS`. [1]

    Returns:
        Bytes by part: embedding, head, attention, mlp, experts, vectors. [B]

    Raises:
        ValueError: If the format is unknown or the network is not modelled.

    References:
        llama.cpp's quantiser, https://github.com/ggml-org/llama.cpp/blob/master/src/llama-quant.cpp

    Examples:
        Llama 3 8B, in GiB; the files have 4.58 and 14.96:

        >>> from hwcalc import catalog
        >>> llama = catalog.transformers()["llama3-8b"]
        >>> [sum(gguf_bytes(llama, form).values()) / 2**30 for form in ("q4_k_m", "f16")]
        [4.58, 14.96]
    """
    return _bytes(network, form, parameters(network))


def gguf_active_bytes(network: Transformer, form: str) -> dict[str, float]:
    """Count the bytes of weights that one token reads.

    As `gguf_bytes`, with the routed experts a token meets, and without the embedding, of which it
    reads one row, unless that is the head too.

    Args:
        network: A network of the catalogue. [1]
        form: A key of `FORMS`. [1]

    Returns:
        Bytes by part: head, attention, mlp, experts, vectors. [B]

    Raises:
        ValueError: If the format is unknown or the network is not modelled.

    References:
        As `gguf_bytes`.

    Examples:
        Of gpt-oss-120b's 63 GB one token reads a twentieth:

        >>> from hwcalc import catalog
        >>> network = catalog.transformers()["gpt-oss-120b"]
        >>> sum(gguf_active_bytes(network, "mxfp4").values()) / 1e9
        3.6
    """
    found = _bytes(network, form, active_parameters(network))
    del found["embedding"]
    return found


def _bytes(network: Transformer, form: str, counts: Mapping[str, int]) -> dict[str, float]:
    if form not in FORMS:
        raise ValueError(f"form = {form!r}: must be one of {', '.join(FORMS)}")
    rules, layers = FORMS[form], network.layers
    base = rules["base"]

    def weight(tensor: str) -> float:
        """Mean bytes of a weight of this kind over the layers."""
        block, _, which = rules.get(tensor, base).partition(" ")
        share = _layers(layers, which) / layers
        return share * BLOCKS[block] + (1 - share) * BLOCKS[base]

    # The third of a gated MLP's matrices that leads back is kept more precisely.
    down = 1 / (3 if network.gated_mlp else 2)
    inner = down * weight("down") + (1 - down) * weight("up")
    sizes = dict.fromkeys(("embedding", "head", "attention", "mlp", "experts", "vectors"), 0.0)
    for part, count in counts.items():
        kind, _, matrix = part.partition("/")
        if kind == "norm" or matrix in ("qk_norm", "sinks", "norm", "router"):
            sizes["vectors"] += count * BLOCKS["f32"]
        elif kind == "attention":
            sizes["attention"] += count * weight(matrix)
        elif kind == "mlp":
            sizes["mlp"] += count * inner
        elif part == "experts/routed":
            sizes["experts"] += count * (weight("experts") if "experts" in rules else inner)
        elif kind == "experts":
            sizes["experts"] += count * inner
        elif kind == "embedding" and not network.tied_embeddings:
            sizes["embedding"] += count * weight("embedding")
        else:
            sizes["head"] += count * weight("head")
    return sizes


def _layers(layers: int, which: str) -> int:
    """Count the layers of a rule."""
    if which == "eighth":
        return layers // 8
    if which == "more":
        first, last = layers // 8, 7 * layers // 8
        return sum(
            layer < first or layer >= last or (layer - first) % 3 == 2 for layer in range(layers)
        )
    return layers
