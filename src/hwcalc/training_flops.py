r"""FLOP of training a transformer, part by part: what the network needs, and what is repeated.

Counted are matrix products, a multiply-accumulate as two. Conventions differ on attention: some
count the whole square of scores, some only what a mask leaves. Every function takes the number of
tokens attended to, so that either can be said.
"""

from hwcalc.blocks import Shape, matrices
from hwcalc.numeric import check_non_negative, check_positive, minimum

__all__ = ["attended", "flops_per_token", "recomputed_flops", "utilisations"]


def attended(shape: Shape, sequence: float) -> float:
    """Return the tokens that a token attends to, the mean over positions and layers.

    Exact for full, causal and windowed attention. Half of a causal square is masked.

    Args:
        shape: Sizes of a transformer. [1]
        sequence: Length of the sequence. [tokens]

    Returns:
        Tokens attended to. [tokens]

    Raises:
        ValueError: If sequence is not positive.

    References:
        Dao et al. 2022, "FlashAttention", https://doi.org/10.48550/arXiv.2205.14135

    Examples:
        >>> from hwcalc.blocks import gpt
        >>> attended(gpt(24, 2304, 24, 51200, 2048), 2048)
        1024.5
    """
    check_positive(sequence=sequence)
    full = (sequence + 1) / 2 if shape.causal else sequence
    if not shape.window_layers:
        return full
    window = minimum(shape.window, sequence)
    narrow = window - window * (window - 1) / (2 * sequence)
    share = shape.window_layers / shape.layers
    return (1 - share) * full + share * narrow


def flops_per_token(shape: Shape, context: float) -> dict[str, float]:
    r"""Count the FLOP of a forward pass for one token, by part.

    Exact for matrix products: two for each weight a token meets, and for every layer
    $2 n (d + d_v)$ for each token attended to. Training takes three times as many.

    $$ F = 2 P + 2 L n (d + d_v) s $$

    Args:
        shape: Sizes of a transformer. [1]
        context: Tokens a token attends to, $s$; conventions differ: the whole sequence, or
            `attended`, which leaves out what a mask hides. [tokens]

    Returns:
        Operations per token: `layers/matrices`, `layers/attention`, `head/vocabulary`. [FLOP]

    Raises:
        ValueError: If context is negative.

    References:
        Narayanan et al. 2021, appendix, https://doi.org/10.48550/arXiv.2104.04473

    Examples:
        GPT-3's training step for one token, without recomputing anything:

        >>> from hwcalc.blocks import gpt
        >>> 3 * sum(flops_per_token(gpt(96, 12288, 96, 51200, 2048), 2048).values()) / 1e12
        1.0764
    """
    check_non_negative(context=context)
    weights = sum(m.times * m.inputs * m.outputs for m in matrices(shape))
    return {
        "layers/matrices": 2 * shape.layers * weights,
        "layers/attention": 2
        * shape.layers
        * shape.heads
        * (shape.head_dim + shape.value_dim)
        * context,
        "head/vocabulary": 2.0 * shape.hidden * shape.vocab,
    }


def recomputed_flops(shape: Shape, context: float, recompute: int) -> float:
    r"""Count the FLOP per token that the backward pass does a second time.

    Selective recomputation repeats the scores and the weighted sum of attention, full
    recomputation the forward pass of all layers; the head is never repeated.

    Args:
        shape: Sizes of a transformer. [1]
        context: Tokens a token attends to. [tokens]
        recompute: 0 nothing, 1 attention (selective), 2 whole layers (full). [1]

    Returns:
        Operations per token. [FLOP]

    Raises:
        ValueError: If context is negative.

    References:
        Korthikanti et al. 2022, section 5, https://doi.org/10.48550/arXiv.2205.05198

    Examples:
        Full recomputation adds a third of the layers' work:

        >>> from hwcalc.blocks import gpt
        >>> small = gpt(24, 2304, 24, 51200, 2048)
        >>> recomputed_flops(small, 2048, 2) / sum(flops_per_token(small, 2048).values())
        0.9370
    """
    parts = flops_per_token(shape, context)
    again = parts["layers/attention"] if recompute >= 1 else 0.0
    return again + (parts["layers/matrices"] if recompute >= 2 else 0.0)


def utilisations(
    shape: Shape,
    sequence: float,
    batch: float,
    ranks: float,
    peak_flops: float,
    time: float,
    recompute: int,
    whole_square: bool,
) -> tuple[float, float]:
    r"""Compute the shares of the peak that a step used: of the model, and of the hardware.

    Model utilisation (MFU) counts what the network needs, three forward passes; hardware
    utilisation (HFU) also what is computed again. Most publications count attention as if nothing
    were masked; kernels that skip the masked half do less.

    $$ \text{MFU} = \frac{3 F\, b\, s}{N \pi T}, \qquad
       \text{HFU} = \frac{(3 F + F_{again})\, b\, s}{N \pi T} $$

    Args:
        shape: Sizes of a transformer. [1]
        sequence: Length of a sequence, $s$. [tokens]
        batch: Sequences in a step, $b$. [1]
        ranks: Accelerators, $N$. [1]
        peak_flops: Dense peak rate of one of them, $\pi$. [FLOP/s]
        time: Time of the step, $T$. [s]
        recompute: 0 nothing, 1 attention (selective), 2 whole layers (full). [1]
        whole_square: Count attention of every token to every other, masked or not. [1]

    Returns:
        Model and hardware utilisation. [(1, 1)]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Chowdhery et al. 2022, appendix B, https://doi.org/10.48550/arXiv.2204.02311

        Korthikanti et al. 2022, appendix A, https://doi.org/10.48550/arXiv.2205.05198

    Examples:
        GPT-3 on 64 A100 in 13.75 s. Korthikanti et al. publish 51.4 and 52.8 %, the second with
        three forward passes of attention for the one that is computed again:

        >>> from hwcalc.blocks import gpt
        >>> network = gpt(96, 12288, 96, 51200, 2048)
        >>> utilisations(network, 2048, 64, 64, 312e12, 13.75, 1, whole_square=True)
        (0.514, 0.518)
    """
    check_positive(batch=batch, ranks=ranks, peak_flops=peak_flops, time=time)
    context = sequence if whole_square else attended(shape, sequence)
    needed = 3 * sum(flops_per_token(shape, context).values())
    again = recomputed_flops(shape, context, recompute)
    share = batch * sequence / (ranks * peak_flops * time)
    return needed * share, (needed + again) * share
