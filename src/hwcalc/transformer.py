"""Parameters, floating-point operations and cache of a transformer, from its configuration.

Counts follow from the shapes of the weight matrices. FLOP are counted for matrix
multiplications only, a multiply-accumulate as two; normalisation, activation functions and
softmax are left out: they are below one percent of the operations of a wide network, though not
of its time.
"""

from hwcalc.numeric import check_non_negative, check_positive


def forward_flops_per_token(
    parameters: float, layers: float, hidden: float, sequence: float
) -> float:
    r"""Estimate the FLOP of a forward pass for one token.

    Every weight is multiplied and added once, $2P$, and each layer's attention multiplies
    queries with keys and probabilities with values of all $s$ positions, $4hs$:

    $$ F = 2P + 4 L h s $$

    Assumption: every parameter is a matrix weight that each token meets (leave out an embedding
    that is only looked up), and attention is full; a causal mask that is exploited halves the
    second term on average.

    Args:
        parameters: Weights that take part in one token's forward pass, $P$. [1]
        layers: Layers with attention, $L$. [1]
        hidden: Width of the attention, heads times head size, $h$. [1]
        sequence: Tokens each token attends to, $s$. [tokens]

    Returns:
        Operations per token. [FLOP]

    Raises:
        ValueError: If parameters is not positive, or another argument is negative.

    References:
        Kaplan et al. 2020, "Scaling laws for neural language models", table 1,
        https://doi.org/10.48550/arXiv.2001.08361

    Examples:
        GPT-3 with 175 billion weights, 96 layers, width 12,288 and 2,048 tokens:

        >>> forward_flops_per_token(175e9, 96, 12288, 2048) / 1e9
        359.66
    """
    check_positive(parameters=parameters)
    check_non_negative(layers=layers, hidden=hidden, sequence=sequence)
    return 2 * parameters + 4 * layers * hidden * sequence


def training_flops_per_token(
    parameters: float, layers: float, hidden: float, sequence: float
) -> float:
    r"""Estimate the FLOP of a training step, forward and backward, for one token.

    The backward pass multiplies each matrix twice, once for the gradient of its input and once
    for the gradient of its weights, so training takes three times the forward pass:

    $$ F = 6P + 12 L h s $$

    Assumption: as for the forward pass, and nothing is computed a second time. Recomputed
    activations are work for the hardware but not for the network, and are not counted.

    Args:
        parameters: Weights that take part in one token's forward pass, $P$. [1]
        layers: Layers with attention, $L$. [1]
        hidden: Width of the attention, heads times head size, $h$. [1]
        sequence: Tokens each token attends to, $s$. [tokens]

    Returns:
        Operations per token. [FLOP]

    Raises:
        ValueError: If parameters is not positive, or another argument is negative.

    References:
        Chowdhery et al. 2022, "PaLM: scaling language modeling with Pathways", appendix B,
        https://doi.org/10.48550/arXiv.2204.02311

    Examples:
        BERT-large with 335 million weights on sequences of 128 tokens:

        >>> training_flops_per_token(335e6, 24, 1024, 128) / 1e9
        2.048
    """
    return 3 * forward_flops_per_token(parameters, layers, hidden, sequence)
