r"""Decoding as a share of the memory's bandwidth, and the share from a measured speed.

The simplest model of decoding: every step reads the weights and the caches once, at a share of
the bandwidth. The share is no constant of nature, it falls with every kernel that is too short to
fill the memory; `serving_step` says why. But from one's own measurement it follows exactly, and
with it the speed at another batch or length.
"""

from hwcalc.numeric import check_positive

__all__ = ["achieved_share", "decode_rate"]


def decode_rate(read: float, bandwidth: float, share: float, sequences: float) -> float:
    r"""Compute the tokens per second of decoding at a share of the bandwidth.

    A bound if the share is 1:

    $$ r = \frac{n\, \eta B}{Q} $$

    Args:
        read: Bytes that a step reads, weights and caches of all sequences, $Q$. [B]
        bandwidth: Memory bandwidth of all accelerators together, $B$. [B/s]
        share: Part of it that is reached, $\eta$. [1]
        sequences: Sequences in the batch, $n$. [1]

    Returns:
        Tokens per second of all sequences. [tokens/s]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Pope et al. 2022, "Efficiently scaling transformer inference",
        https://doi.org/10.48550/arXiv.2211.05102

    Examples:
        Weights of 16 GB at the full 3.35 TB/s of an H100:

        >>> decode_rate(16e9, 3.35e12, 1.0, 1)
        209.4
    """
    check_positive(read=read, bandwidth=bandwidth, share=share, sequences=sequences)
    return sequences * share * bandwidth / read


def achieved_share(read: float, bandwidth: float, rate: float, sequences: float) -> float:
    r"""Compute which share of the bandwidth a measured speed amounts to.

    The inverse of `decode_rate`. A share above 1 says that the bytes or the speed are wrong:

    $$ \eta = \frac{r Q}{n B} $$

    Args:
        read: Bytes that a step reads, weights and caches of all sequences, $Q$. [B]
        bandwidth: Memory bandwidth of all accelerators together, $B$. [B/s]
        rate: Tokens per second of all sequences, measured, $r$. [tokens/s]
        sequences: Sequences in the batch, $n$. [1]

    Returns:
        Part of the bandwidth that was reached. [1]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Pope et al. 2022, "Efficiently scaling transformer inference",
        https://doi.org/10.48550/arXiv.2211.05102

    Examples:
        A step of 6.19 ms for Llama 3.1 8B on an H100:

        >>> achieved_share(15.0e9, 3.35e12, 1 / 6.19e-3, 1)
        0.72
    """
    check_positive(read=read, bandwidth=bandwidth, rate=rate, sequences=sequences)
    return rate * read / (sequences * bandwidth)
