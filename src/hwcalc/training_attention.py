r"""Time of attention in a training step, forward and backward, by the kernel a framework uses.

A fused kernel of today is that of `hwcalc.attention`, whose rate was fitted on each architecture.
Older kernels reach published shares of the peak, and none of them knows an architecture newer than
itself. Before fused kernels the scores were written to memory.
"""

from hwcalc.attention import prefill_time
from hwcalc.blocks import Shape
from hwcalc.elementwise import streamed
from hwcalc.kernels import matmul_time
from hwcalc.layout import Cluster, Layout, Software
from hwcalc.numeric import ceil, minimum

__all__ = ["attention_times"]

VALUE = 2  # bytes of an activation
# Share of the matrix units' peak that FlashAttention-1 reaches on Ampere, forward and backward:
# the middle of 30 to 50 % and of 25 to 35 %. FlashAttention-2 reaches up to 73 and 63 %.
# Dao 2023, sections 1 and 4, https://doi.org/10.48550/arXiv.2307.08691
FLASH_1 = (0.40, 0.30)
FLASH_2 = (0.73, 0.63)
# FlashAttention-2 on Hopper, whose own instructions it does not use.
# Shah et al. 2024, abstract, https://doi.org/10.48550/arXiv.2407.08608
FLASH_2_HOPPER = 0.35
OLD = ("Volta", "Turing", "Ampere", "Ada Lovelace")  # for which those instructions are the newest
PRODUCTS_BACK = 5 / 2  # five products in the backward pass of a fused kernel, two in the forward


def attention_times(
    cluster: Cluster, shape: Shape, layout: Layout, sequence: float, software: Software
) -> tuple[float, float]:
    """Estimate the time of a layer's attention forward and backward, by the framework's kernel.

    Args:
        cluster: The machines. [1]
        shape: Sizes of a transformer. [1]
        layout: How the step is split. [1]
        sequence: Length of a sequence. [tokens]
        software: What the framework does. [1]

    Returns:
        Time of the forward and of the backward pass. [(s, s)]

    Raises:
        ValueError: If the kernel is unknown.

    References:
        Dao 2023, "FlashAttention-2", https://doi.org/10.48550/arXiv.2307.08691

    Examples:
        >>> from hwcalc import blocks, catalog, frameworks
        >>> forward, backward = attention_times(
        ...     Cluster(catalog.accelerators()["a100-sxm-80gb"], 8, 25e9, 0.015),
        ...     blocks.gpt(48, 6144, 64, 51200, 2048),
        ...     Layout(8, 1, 1, 1, 1, 4, 4, 1, 0, 0, False), 2048,
        ...     frameworks.FRAMEWORKS["megatron-core"],
        ... )
        >>> backward / forward
        2.90
    """
    chip, family = cluster.chip, cluster.accelerator.family
    heads = ceil(shape.heads / layout.tensor)
    precision = cluster.wide(software.precision)
    if software.attention == "scores":
        return _written(cluster, shape, heads, layout, sequence, software)
    if software.attention not in ("flash-1", "flash-2", "native"):
        raise ValueError(
            f"attention = {software.attention!r}: must be scores, flash-1, flash-2 or native"
        )
    kv_heads = ceil(shape.kv_heads / layout.tensor)
    dim = (shape.head_dim + shape.value_dim) / 2
    batch = layout.micro_batch

    def run(window: float) -> float:
        return prefill_time(chip, batch, sequence, heads, kv_heads, dim, window, precision)

    time = run(sequence)
    if shape.window_layers:
        share = shape.window_layers / shape.layers
        time = (1 - share) * time + share * run(minimum(shape.window, sequence))
    # Ring attention gives every rank an equal share of the causal triangle.
    time = time * (1 if shape.causal else 2) / layout.context
    back = PRODUCTS_BACK * FLASH_2[0] / FLASH_2[1]
    if software.attention == "native":
        return time, back * time
    fitted = chip.constants["attend"]
    share = fitted if family in OLD else FLASH_2_HOPPER
    if software.attention == "flash-1":
        newer = 1.0 if family in OLD else FLASH_2_HOPPER / FLASH_2[0]
        share, back = FLASH_1[0] * newer, PRODUCTS_BACK * FLASH_1[0] / FLASH_1[1]
    slower = max(1.0, fitted / share)
    return slower * time, back * slower * time


def _written(
    cluster: Cluster,
    shape: Shape,
    heads: float,
    layout: Layout,
    sequence: float,
    software: Software,
) -> tuple[float, float]:
    """Time attention that writes its scores: products of the whole square, softmax, dropout."""
    chip = cluster.chip
    rows = layout.micro_batch * heads * sequence / layout.context
    scores = rows * sequence
    precision = cluster.wide(software.precision)
    first = matmul_time(chip, rows, shape.head_dim, sequence, precision)
    second = matmul_time(chip, rows, sequence, shape.value_dim, precision)
    # Softmax reads and writes; dropout reads, writes, and leaves a byte of mask. Backwards softmax
    # reads its result as well.
    dropped = (1 + 2 * VALUE) * software.dropout
    kernels = 1 + software.dropout
    forward = streamed(chip, scores * (2 * VALUE + dropped), kernels)
    backward = streamed(chip, scores * (3 * VALUE + dropped), kernels)
    return first + second + forward, 2 * (first + second) + backward
