"""What training keeps of every parameter: weight, gradient, and the optimizer's numbers.

What it leaves out: optimizers that keep a matrix's rotation or curvature.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hwcalc.blocks import Shape, matrices
from hwcalc.numeric import check_non_negative, check_positive

__all__ = ["OPTIMIZERS", "States", "checkpoint_bytes", "moment_bytes"]


@dataclass(frozen=True)
class States:
    """Bytes of each number that training keeps of a parameter."""

    weight: float  # [B] as used in products
    gradient: float  # [B] as summed over micro-batches
    master: float  # [B] of a second, more precise copy of the weight; 0 without
    optimizer: str  # a key of `OPTIMIZERS`


# What each optimizer keeps of a parameter of a matrix, and of one that is in none or in the
# embedding or the head. None: a row and a column of the matrix, see `moment_bytes`.
OPTIMIZERS: Mapping[str, tuple[float | None, float]] = MappingProxyType(
    {
        # two moments: Kingma, Ba 2014, https://doi.org/10.48550/arXiv.1412.6980
        "adam": (8.0, 8.0),
        "adam-bf16": (4.0, 4.0),
        # two moments of a byte, and a scale in 32 bits for each block of 2,048:
        # Dettmers et al. 2021, https://doi.org/10.48550/arXiv.2110.02861
        "adam-8bit": (2 + 2 * 4 / 2048, 8.0),
        # sums of squares by row and by column: Shazeer, Stern 2018,
        # https://doi.org/10.48550/arXiv.1804.04235
        "adafactor": (None, 4.0),
        # one moment of matrices, Adam for the rest: Liu et al. 2025,
        # https://doi.org/10.48550/arXiv.2502.16982
        "muon": (4.0, 8.0),
        "lion": (4.0, 4.0),  # Chen et al. 2023, https://doi.org/10.48550/arXiv.2302.06675
        "sgd-momentum": (4.0, 4.0),
        "sgd": (0.0, 0.0),
    }
)


def moment_bytes(optimizer: str, shape: Shape) -> tuple[float, float]:
    """Return what an optimizer keeps of a parameter in a layer and in the embedding or the head.

    Args:
        optimizer: A key of `OPTIMIZERS`. [1]
        shape: Sizes of a transformer. [1]

    Returns:
        Bytes for a parameter of a layer, and of an end of the network. [(B, B)]

    Raises:
        ValueError: If the optimizer is unknown.

    References:
        The papers named beside `OPTIMIZERS`.

    Examples:
        >>> from hwcalc.blocks import gpt
        >>> moment_bytes("adafactor", gpt(48, 6144, 64, 51200, 2048))
        (0.00087, 4.0)
    """
    if optimizer not in OPTIMIZERS:
        raise ValueError(f"optimizer = {optimizer!r}: must be one of {', '.join(OPTIMIZERS)}")
    layer, end = OPTIMIZERS[optimizer]
    if layer is None:
        every = list(matrices(shape))
        kept = sum(m.times * 4 * (m.inputs + m.outputs) for m in every)
        layer = kept / sum(m.times * m.inputs * m.outputs for m in every)
    return layer, end


def checkpoint_bytes(parameters: float, weight: float, master: float, moments: float) -> float:
    r"""Count the bytes of a checkpoint: what is needed to go on, nothing of a single step.

    $$ Q = P (b_w + b_m + b_o) $$

    Assumption: gradients are not saved; metadata is small.

    Args:
        parameters: Parameters of the network, $P$. [1]
        weight: Bytes of a weight as used in products, $b_w$; 0 where only the rest is saved. [B]
        master: Bytes of a second, more precise copy, $b_m$; 0 without. [B]
        moments: Bytes of the optimizer's numbers for a parameter, $b_o$. [B]

    Returns:
        Size of the checkpoint. [B]

    Raises:
        ValueError: If parameters is not positive or a size is negative.

    References:
        Narayanan et al. 2021, section 5.10, https://doi.org/10.48550/arXiv.2104.04473

    Examples:
        A trillion parameters with Adam in mixed precision, in TB; the paper's had 13.8:

        >>> checkpoint_bytes(1.008e12, 2, 4, 8) / 1e12
        14.1
    """
    check_positive(parameters=parameters)
    check_non_negative(weight=weight, master=master, moments=moments)
    return parameters * (weight + master + moments)
