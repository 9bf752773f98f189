r"""How fast a card fine-tunes a network: all of its weights, or adapters beside frozen ones.

A card's rate of arithmetic is that of `ranking`'s workload `llm-tuning`, Llama 3.1 8B computed
kernel by kernel. Another network, length or method changes how many operations a token takes
(`tuning_flops`); frozen weights of few bits are widened before each product (`tuning_rate`).

What it leaves out: mixtures of experts, whose small products run slower, networks far smaller than
the reference, whose launches count for more, and the adapters' own products, which are few.
"""

from hwcalc.blocks import Shape
from hwcalc.numeric import check_at_least, check_non_negative, check_positive
from hwcalc.training_flops import attended, flops_per_token, recomputed_flops

__all__ = ["tuning_flops", "tuning_rate"]


def tuning_flops(shape: Shape, sequence: float, frozen: bool, recompute: int) -> float:
    r"""Count the FLOP that fine-tuning spends on a token: exact for matrix products.

    The backward pass takes two products for each of the forward pass, one for the gradient of the
    inputs and one for that of the weights. Frozen weights need no gradient; attention has none.

    $$ F = \begin{cases} 3 F_w + 3 F_a + F_r & \text{all weights} \\
    2 F_w + 3 F_a + F_r & \text{adapters} \end{cases} $$

    with $F_w$ operations of products with weights in a forward pass, $F_a$ those of attention, and
    $F_r$ what is computed a second time.

    Args:
        shape: Sizes of a transformer. [1]
        sequence: Length of a sequence. [tokens]
        frozen: Whether only adapters are trained. [1]
        recompute: 0 nothing, 1 attention, 2 whole layers a second time. [1]

    Returns:
        Operations for one token. [FLOP]

    Raises:
        ValueError: If sequence is not positive.

    References:
        Hu et al. 2021, "LoRA", https://doi.org/10.48550/arXiv.2106.09685

        Korthikanti et al. 2022, section 5, https://doi.org/10.48550/arXiv.2205.05198

    Examples:
        Llama 3.1 8B, layers computed twice; adapters save a quarter:

        >>> from hwcalc import catalog
        >>> from hwcalc.blocks import shape
        >>> llama = shape(catalog.transformers()["llama3.1-8b"])
        >>> tuning_flops(llama, 2048, False, 2) / 1e9, tuning_flops(llama, 2048, True, 2) / 1e9
        (61.1, 46.1)
    """
    check_positive(sequence=sequence)
    context = attended(shape, sequence)
    parts = flops_per_token(shape, context)
    attention = parts["layers/attention"]
    weights = sum(parts.values()) - attention
    passes = 2 if frozen else 3
    return passes * weights + 3 * attention + recomputed_flops(shape, context, recompute)


def tuning_rate(
    flops: float, achieved: float, widened: float, passes: float, tokens: float, bandwidth: float
) -> float:
    r"""Estimate the tokens that a card fine-tunes on in a second.

    $$ R = \left[ \frac{F}{\phi} + \frac{p\, Q}{n\, B} \right]^{-1} $$

    The second term is what narrow frozen weights cost: each of $p$ passes reads all of them and
    writes them in 16 bits, $Q$ bytes, before $n$ tokens are multiplied with them.

    Assumption: the card reaches the same rate $\phi$ as with the reference network.

    Args:
        flops: Operations for a token, $F$, as `tuning_flops` counts them. [FLOP]
        achieved: Rate of arithmetic reached with the reference network, $\phi$. [FLOP/s]
        widened: Bytes moved to widen all frozen weights once, $Q$; 0 if they are in 16 bits. [B]
        passes: Times that happens for each batch: forward, backward, and again. [1]
        tokens: Tokens of a batch, $n$. [tokens]
        bandwidth: Rate of the card's memory, $B$. [B/s]

    Returns:
        Tokens in a second. [tokens/s]

    Raises:
        ValueError: If flops, achieved, tokens or bandwidth is not positive, widened is negative, or
            passes is below 1.

    References:
        Dettmers et al. 2023, "QLoRA", section 3, https://doi.org/10.48550/arXiv.2305.14314

    Examples:
        Eight billion weights of four bits, 2,048 tokens at a time, with and without widening them:

        >>> tuning_rate(46e9, 110e12, 8e9 * 2.5, 3, 2048, 1008e9)
        2236.
        >>> tuning_rate(46e9, 110e12, 0, 3, 2048, 1008e9)
        2391.
    """
    check_positive(flops=flops, achieved=achieved, tokens=tokens, bandwidth=bandwidth)
    check_non_negative(widened=widened)
    check_at_least(1, passes=passes)
    return 1 / (flops / achieved + passes * widened / (tokens * bandwidth))
