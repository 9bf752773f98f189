r"""Speculative decoding: guess several tokens cheaply, check them all in one step.

A step of few sequences reads all weights to write one token of each. Checking $k$ guessed tokens
reads them once as well, so guesses cost only the time to make them, as long as the step is bound
by memory; at a large batch the products grow with the tokens and the gain is lost.

What it leaves out: trees of guesses, and acceptance that differs from place to place.
"""

from hwcalc.deployment import Deployment
from hwcalc.kernels import matmul_time
from hwcalc.numeric import ceil, check_at_least, check_fraction, check_non_negative, check_positive
from hwcalc.serving_step import decode_step

__all__ = ["accepted_tokens", "module_time", "speculative_time"]


def accepted_tokens(acceptance: float, drafted: float) -> float:
    r"""Count the tokens that one checked step yields on average.

    Expectation, if each guess is accepted with the same probability $\alpha$ independently; after
    the first refusal the step itself supplies the right token:

    $$ n = \sum_{i=0}^{k} \alpha^i = \frac{1 - \alpha^{k+1}}{1 - \alpha} $$

    Args:
        acceptance: Probability that a guess is accepted, $\alpha$. [1]
        drafted: Tokens guessed at a time, $k$. [tokens]

    Returns:
        Tokens of a step, from 1 to $k + 1$. [tokens]

    Raises:
        ValueError: If acceptance is not between 0 and 1 or drafted is negative.

    References:
        Leviathan et al. 2022, "Fast inference from transformers via speculative decoding",
        equation 1, https://doi.org/10.48550/arXiv.2211.17192

    Examples:
        >>> accepted_tokens(0.8, 3)
        2.952
        >>> accepted_tokens(1.0, 3)
        4.0
    """
    check_fraction(acceptance=acceptance)
    check_non_negative(drafted=drafted)
    # The sum is a quotient of differences; where all is accepted both are zero.
    sure = acceptance == 1
    refused = 1 - acceptance + sure
    counted: float = (1 - acceptance ** (drafted + 1)) / refused + sure * (drafted + 1)
    return counted


def speculative_time(verify: float, draft: float, acceptance: float, drafted: float) -> float:
    r"""Estimate the time of a token when guesses are checked.

    $$ T = \frac{T_\text{verify} + k\, T_\text{draft}}{n(\alpha, k)} $$

    with $n$ of `accepted_tokens`. Without guesses it is the time of a step.

    Args:
        verify: Time of a step that checks $k$ tokens and writes one, $T_\text{verify}$. [s]
        draft: Time to guess one token, $T_\text{draft}$. [s]
        acceptance: Probability that a guess is accepted, $\alpha$. [1]
        drafted: Tokens guessed at a time, $k$. [tokens]

    Returns:
        Mean time between two tokens of a sequence. [s]

    Raises:
        ValueError: If verify is not positive, draft or drafted is negative, or acceptance is not
            between 0 and 1.

    References:
        Leviathan et al. 2022, theorem 3.8, https://doi.org/10.48550/arXiv.2211.17192

    Examples:
        A guess that takes a tenth of a step and is right four times in five:

        >>> speculative_time(10e-3, 1e-3, 0.8, 3) * 1e3
        4.4
    """
    check_positive(verify=verify)
    check_non_negative(draft=draft)
    return (verify + drafted * draft) / accepted_tokens(acceptance, drafted)


def module_time(deployment: Deployment, sequences: float, cached: float) -> float:
    """Estimate the time to guess a token with one further layer of the network (MTP).

    Such a module joins the last layer's output with the embedding of the newest token by one
    product, runs a layer like the others, and shares embedding and head with the network.

    Args:
        deployment: The network on its accelerators. [1]
        sequences: Sequences in the batch. [1]
        cached: Tokens in the cache of each. [tokens]

    Returns:
        Time of a guess for every sequence. [s]

    Raises:
        ValueError: If sequences or cached is below 1.

    References:
        DeepSeek-AI 2024, "DeepSeek-V3", section 2.2, https://doi.org/10.48550/arXiv.2412.19437

    Examples:
        A guess costs DeepSeek-V3 a fraction of a step:

        >>> from hwcalc import catalog, deployment
        >>> placed = deployment.deploy(
        ...     catalog.accelerators()["h200-sxm"], catalog.transformers()["deepseek-v3"],
        ...     8, "fp8", "fp8", 2, False,
        ... )
        >>> step = sum(decode_step(placed, 4, 2048).values())
        >>> 0.01 < module_time(placed, 4, 2048) / step < 0.05
        True
    """
    check_at_least(1, sequences=sequences, cached=cached)
    parts = decode_step(deployment, sequences, cached)
    whole = sum(time for part, time in parts.items() if part.startswith("layers/"))
    ends = sum(time for part, time in parts.items() if part.startswith("ends/"))
    hidden = float(deployment.shape.hidden)
    outputs = ceil(hidden / deployment.ranks)
    joined = matmul_time(deployment.chip, ceil(sequences), 2 * hidden, outputs, deployment.products)
    return whole / deployment.shape.layers + ends + joined
