r"""Bytes that a layer's forward pass keeps for its backward pass.

Every matrix product keeps its input, every norm and activation what it needs to be differentiated.
Tensor parallelism divides what lies between its exchanges; the rest is whole on each rank unless
sequence parallelism divides it too. Values have two bytes, masks of dropout one.

What it leaves out: what an allocator loses between blocks, and buffers of communication; both are
in `hwcalc.memory`.
"""

from hwcalc.blocks import Shape
from hwcalc.layout import Layout, Software
from hwcalc.numeric import check_positive, where

__all__ = ["head_activation_bytes", "layer_activation_bytes"]

VALUE = 2  # bytes


def layer_activation_bytes(
    shape: Shape, layout: Layout, sequence: float, software: Software, recompute: float
) -> dict[str, float]:
    r"""Count the bytes that one layer keeps of one micro-batch on one rank.

    With $n$ heads, width $h$ and an MLP of $4h$, dropout, and scores that are written, this is
    Korthikanti's

    $$ s b h \left( 10 + \frac{24}{t} + 5 \frac{n s}{h t} \right) $$

    and the first term is divided by $t$ as well with sequence parallelism. A fused attention
    kernel keeps one number for each query and head instead of the scores. A gated MLP keeps both
    halves and their product; experts keep the tokens as sorted, once for each choice.

    Args:
        shape: Sizes of a transformer. [1]
        layout: How the step is split; tensor parallelism has $t$ ranks. [1]
        sequence: Length of a sequence, $s$. [tokens]
        software: What the framework does. [1]
        recompute: 0 nothing, 1 attention (selective), 2 whole layers (full). [1]

    Returns:
        Bytes by part; with full recomputation only `layer/input`. [B]

    Raises:
        ValueError: If sequence is not positive.

    References:
        Korthikanti et al. 2022, section 4, https://doi.org/10.48550/arXiv.2205.05198

    Examples:
        The 22-billion network of the paper, 4 sequences on 8 ranks, in units of $s b h$:

        >>> from hwcalc.blocks import gpt
        >>> from hwcalc.frameworks import FRAMEWORKS
        >>> layout = Layout(8, 1, 1, 1, 1, 4, 4, 1, 0, 0, False)
        >>> parts = layer_activation_bytes(
        ...     gpt(48, 6144, 64, 51200, 2048), layout, 2048, FRAMEWORKS["megatron-2022"], 0
        ... )
        >>> sum(parts.values()) / (2048 * 4 * 6144), 10 + 24 / 8 + 5 * 64 * 2048 / (6144 * 8)
        (26.33333, 26.33333)
    """
    check_positive(sequence=sequence)
    h, tensor, tokens = shape.hidden, layout.tensor, layout.tokens(sequence)
    wide = where(layout.sequence_parallel, tensor, 1.0)
    whole = 1.0 if software.gathered else wide  # for what is gathered before a product
    flash, dropout, fused = software.attention != "scores", software.dropout, software.fused
    keys = shape.head_dim + shape.value_dim
    latent = VALUE * (shape.query_rank + shape.kv_rank + shape.rope_dim)
    # Latent attention expands keys and values to all heads before it attends.
    kv_heads = shape.heads if shape.kv_rank else shape.kv_heads
    queries = VALUE * (shape.heads * shape.head_dim + kv_heads * keys)
    if flash:
        scores = 4.0 * shape.heads
    else:
        pairs = shape.heads * sequence
        scores = (VALUE + (1 + VALUE) * dropout) * pairs
    kept_twice = 2 if software.rearranged else 1
    inner = (2 * VALUE + VALUE if fused else 2 * VALUE + 2 * VALUE) if shape.gated else 2 * VALUE
    dense = shape.dense_layers / shape.layers
    routed = shape.expert_share * shape.per_token
    shared = shape.expert_share * shape.shared
    parts = {
        "norm/inputs": 2 * (4 if software.wide_norms else VALUE) * h / wide,
        "norm/dropout": 2.0 * dropout * h / wide,
        "attention/input": VALUE * h / whole,
        "attention/latent": latent / wide,
        "attention/queries": queries / tensor,
        "attention/scores": where(recompute >= 1, scores if flash else 0.0, scores) / tensor,
        "attention/output": kept_twice * VALUE * shape.heads * shape.value_dim / tensor,
        "mlp/input": VALUE * h / whole,
        "mlp/inner": inner * (dense * shape.ffn_hidden + shared * shape.expert_hidden) / tensor,
        "experts/input": VALUE * h * routed / tensor,
        "experts/inner": inner * routed * shape.expert_hidden / tensor,
        "experts/output": VALUE * h * routed / tensor,
    }
    kept = {name: where(recompute >= 2, 0.0, tokens * count) for name, count in parts.items()}
    kept["layer/input"] = where(recompute >= 2, VALUE * tokens * h / wide, 0.0)
    return kept


def head_activation_bytes(
    shape: Shape, layout: Layout, sequence: float, software: Software
) -> dict[str, float]:
    """Count the bytes that head and loss keep of one micro-batch on one rank.

    The last norm keeps its input, the head its own, and the logits are alive in the formats of the
    framework.

    Args:
        shape: Sizes of a transformer. [1]
        layout: How the step is split; tensor parallelism divides the vocabulary. [1]
        sequence: Length of a sequence. [tokens]
        software: What the framework does. [1]

    Returns:
        Bytes by part. [B]

    References:
        Korthikanti et al. 2022, section 4.3, https://doi.org/10.48550/arXiv.2205.05198

    Examples:
        A vocabulary of 131,072 makes the logits of 8,192 tokens larger than many a layer:

        >>> from hwcalc.blocks import gpt
        >>> from hwcalc.frameworks import FRAMEWORKS
        >>> layout = Layout(1, 1, 8, 1, 1, 2, 16, 1, 0, 0, False)
        >>> parts = head_activation_bytes(
        ...     gpt(16, 2048, 32, 131072, 4096), layout, 4096, FRAMEWORKS["nanotron"]
        ... )
        >>> sum(parts.values()) / 1e9
        10.8
    """
    tokens = layout.tokens(sequence)
    wide = where(layout.sequence_parallel, layout.tensor, 1.0)
    whole = 1.0 if software.gathered else wide
    return {
        "head/norm": VALUE * tokens * shape.hidden / wide,
        "head/input": VALUE * tokens * shape.hidden / whole,
        "head/logits": software.logit * tokens * shape.vocab / layout.tensor,
    }
