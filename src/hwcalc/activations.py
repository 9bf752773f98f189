r"""Bytes that a layer's forward pass keeps for its backward pass.

Every matrix product keeps its input, every norm and activation what it needs to be differentiated.
Tensor parallelism divides what lies between its exchanges; the rest is whole on each rank unless
sequence parallelism divides it too. Values have two bytes, masks of dropout one.

What it leaves out: what an allocator loses between blocks, and buffers of communication; both are
in `hwcalc.memory`.
"""

from hwcalc.blocks import Shape
from hwcalc.numeric import check_at_least, check_positive, where

__all__ = ["head_activation_bytes", "layer_activation_bytes"]

VALUE = 2  # bytes


def layer_activation_bytes(
    shape: Shape,
    tokens: float,
    sequence: float,
    tensor: float,
    sequence_parallel: bool,
    recompute: float,
    flash: bool,
    dropout: bool,
    fused: bool,
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
        tokens: Tokens of the micro-batch on this rank, $sb$. [tokens]
        sequence: Length of a sequence, $s$. [tokens]
        tensor: Ranks of tensor parallelism, $t$. [1]
        sequence_parallel: Norms and dropout are split along the sequence. [1]
        recompute: 0 nothing, 1 attention (selective), 2 whole layers (full). [1]
        flash: Attention never writes its scores. [1]
        dropout: Dropout is on, after attention, after both halves of a layer. [1]
        fused: Gate and activation are one kernel, so that nothing between them is kept. [1]

    Returns:
        Bytes by part; with full recomputation only `layer/input`. [B]

    Raises:
        ValueError: If tokens or sequence is not positive, or tensor is below 1.

    References:
        Korthikanti et al. 2022, section 4, https://doi.org/10.48550/arXiv.2205.05198

    Examples:
        The 22-billion network of the paper, 4 sequences on 8 ranks: MB of a layer

        >>> from hwcalc.blocks import gpt
        >>> parts = layer_activation_bytes(
        ...     gpt(48, 6144, 64, 51200, 2048), 8192, 2048, 8, False, 0, False, True, True
        ... )
        >>> sum(parts.values()) / (8192 * 6144) == 10 + 24 / 8 + 5 * 64 * 2048 / 6144 / 8
        True
    """
    check_positive(tokens=tokens, sequence=sequence)
    check_at_least(1, tensor=tensor)
    h = shape.hidden
    wide = where(sequence_parallel, tensor, 1.0)
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
    inner = (2 * VALUE + VALUE if fused else 2 * VALUE + 2 * VALUE) if shape.gated else 2 * VALUE
    dense = shape.dense_layers / shape.layers
    routed = shape.expert_share * shape.per_token
    shared = shape.expert_share * shape.shared
    parts = {
        "norm/inputs": 2 * VALUE * h / wide,
        "norm/dropout": 2.0 * dropout * h / wide,
        "attention/input": VALUE * h / wide,
        "attention/latent": latent / wide,
        "attention/queries": queries / tensor,
        "attention/scores": where(recompute >= 1, 0.0 if not flash else scores, scores) / tensor,
        "attention/output": VALUE * shape.heads * shape.value_dim / tensor,
        "mlp/input": VALUE * h * (dense + (shape.expert_share > 0) * shape.expert_share) / wide,
        "mlp/inner": inner * (dense * shape.ffn_hidden + shared * shape.expert_hidden) / tensor,
        "experts/input": VALUE * h * routed / tensor,
        "experts/inner": inner * routed * shape.expert_hidden / tensor,
        "experts/output": VALUE * h * routed / tensor,
    }
    kept = {name: where(recompute >= 2, 0.0, tokens * count) for name, count in parts.items()}
    kept["layer/input"] = where(recompute >= 2, VALUE * tokens * h / wide, 0.0)
    return kept


def head_activation_bytes(
    shape: Shape,
    tokens: float,
    tensor: float,
    sequence_parallel: bool,
    logit_bytes: float,
) -> dict[str, float]:
    """Count the bytes that head and loss keep of one micro-batch on one rank.

    The head has the last norm's input, its own input, and the logits with their gradient in the
    formats of the framework.

    Args:
        shape: Sizes of a transformer. [1]
        tokens: Tokens of the micro-batch on this rank. [tokens]
        tensor: Ranks of tensor parallelism, which divide the vocabulary. [1]
        sequence_parallel: The norm is split along the sequence. [1]
        logit_bytes: Bytes alive at once for each logit: 2 in 16 bits, 4 more as loss in 32 bits,
            and as much again for the gradients. [B]

    Returns:
        Bytes by part. [B]

    Raises:
        ValueError: If tokens is not positive, tensor is below 1, or logit_bytes is negative.

    References:
        Korthikanti et al. 2022, section 4.3, https://doi.org/10.48550/arXiv.2205.05198

    Examples:
        A vocabulary of 131,072 makes the logits of 8,192 tokens larger than many a layer:

        >>> from hwcalc.blocks import gpt
        >>> sum(
        ...     head_activation_bytes(gpt(16, 2048, 32, 131072, 4096), 8192, 1, False, 8).values()
        ... ) / 1e9
        8.66
    """
    check_positive(tokens=tokens)
    check_at_least(1, tensor=tensor)
    check_at_least(0, logit_bytes=logit_bytes)
    wide = where(sequence_parallel, tensor, 1.0)
    return {
        "head/inputs": 2 * VALUE * tokens * shape.hidden / wide,
        "head/logits": logit_bytes * tokens * shape.vocab / tensor,
    }
