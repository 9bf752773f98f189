r"""How large a network and how many tokens make the most of a training budget.

The loss after training $N$ parameters on $D$ tokens follows $E + A/N^\alpha + B/D^\beta$. With
$C = 6 N D$ operations to spend, one size is best. The exponents were fitted on hundreds of runs;
fits of the same runs differ, so the reader chooses.

What it leaves out: what the network costs to serve, repeated data, and mixtures of experts.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from hwcalc.numeric import check_positive

__all__ = ["FITS", "LossFit", "optimal_size", "training_loss"]


class LossFit(NamedTuple):
    """Constants of the loss, in nats for a token."""

    floor: float  # E
    size_factor: float  # A
    size_exponent: float  # alpha
    data_factor: float  # B
    data_exponent: float  # beta


FITS: Mapping[str, LossFit] = MappingProxyType(
    {
        # Hoffmann et al. 2022, appendix D.3, approach 3, as printed in the first version.
        # https://doi.org/10.48550/arXiv.2203.15556
        "hoffmann-2022": LossFit(1.69, 406.4, 0.34, 410.7, 0.28),
        # Besiroglu et al. 2024, the same runs read off the figures, fitted anew.
        # https://doi.org/10.48550/arXiv.2404.10102
        "besiroglu-2024": LossFit(1.8172, 482.01, 0.3478, 2085.43, 0.3658),
    }
)


def _fit(fit: str) -> LossFit:
    if fit not in FITS:
        raise ValueError(f"fit = {fit!r}: must be one of {', '.join(FITS)}")
    return FITS[fit]


def training_loss(parameters: float, tokens: float, fit: str) -> float:
    r"""Estimate the loss of a network after training, by a published fit.

    $$ L = E + \frac{A}{N^\alpha} + \frac{B}{D^\beta} $$

    Args:
        parameters: Parameters of the network, $N$. [1]
        tokens: Tokens it is trained on, $D$. [tokens]
        fit: A key of `FITS`. [1]

    Returns:
        Cross-entropy, in nats for a token. [1]

    Raises:
        ValueError: If parameters or tokens is not positive, or the fit is unknown.

    References:
        Hoffmann et al. 2022, https://doi.org/10.48550/arXiv.2203.15556

    Examples:
        Chinchilla, 70 billion parameters and 1.4 trillion tokens:

        >>> training_loss(70e9, 1.4e12, "hoffmann-2022")
        1.937
    """
    check_positive(parameters=parameters, tokens=tokens)
    known = _fit(fit)
    by_size: float = known.size_factor / parameters**known.size_exponent
    by_data: float = known.data_factor / tokens**known.data_exponent
    return known.floor + by_size + by_data


def optimal_size(flops: float, fit: str) -> tuple[float, float]:
    r"""Compute the network and the tokens with the least loss for a budget of operations.

    $$ N = \left( \frac{\alpha A}{\beta B} \right)^{\frac{1}{\alpha + \beta}}
       \left( \frac{C}{6} \right)^{\frac{\beta}{\alpha + \beta}}, \qquad D = \frac{C}{6 N} $$

    Args:
        flops: Operations to spend, $C$. [FLOP]
        fit: A key of `FITS`. [1]

    Returns:
        Parameters $N$ and tokens $D$. [(1, tokens)]

    Raises:
        ValueError: If flops is not positive, or the fit is unknown.

    References:
        Hoffmann et al. 2022, equation 4, https://doi.org/10.48550/arXiv.2203.15556

    Examples:
        Chinchilla's budget, in billions; about twenty tokens for a parameter:

        >>> size, tokens = optimal_size(5.76e23, "besiroglu-2024")
        >>> size / 1e9, tokens / 1e9
        (72.2, 1328.7)
    """
    check_positive(flops=flops)
    known = _fit(fit)
    both = known.size_exponent + known.data_exponent
    ratio = known.size_exponent * known.size_factor / (known.data_exponent * known.data_factor)
    size = ratio ** (1 / both) * (flops / 6) ** (known.data_exponent / both)
    return size, flops / (6 * size)
