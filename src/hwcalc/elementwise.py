"""What moves through memory in a layer between its matrix products.

These operations do little arithmetic: their time is their bytes over the bandwidth a stream
reaches, and their launches. How often a value is read and written depends on what a framework
fuses (`layout.Software`).

What it leaves out: what stays in the cache from one kernel to the next.
"""

from hwcalc.blocks import Shape
from hwcalc.layout import Layout, Software
from hwcalc.machine import Machine
from hwcalc.numeric import where

__all__ = ["elementwise_traffic", "streamed"]

VALUE = 2  # bytes of an activation


def streamed(chip: Machine, traffic: float, kernels: float) -> float:
    r"""Estimate the time of kernels that only move bytes.

    $$ T = k T_0 + \frac{Q}{\beta B} $$

    Args:
        chip: The accelerator as the kernel models see it. [1]
        traffic: Bytes read and written by all of them, $Q$. [B]
        kernels: How many, $k$. [1]

    Returns:
        Time of the kernels with their launches. [s]

    References:
        `kernels.stream_time`, which is the same for one kernel

    Examples:
        >>> from hwcalc import catalog
        >>> from hwcalc.machine import machine
        >>> streamed(machine(catalog.accelerators()["h100-sxm"]), 1e9, 1) * 1e6
        361.0
    """
    rate = chip.constant("stream", "bf16") * chip.bandwidth
    return kernels * chip.constant("launch", "bf16") + traffic / rate


def elementwise_traffic(
    shape: Shape, layout: Layout, tokens: float, software: Software
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Count bytes moved and kernels started outside of products and attention.

    Norms, residual sums, dropout, positions, activations, biases, and copies of tokens to experts
    and back. A pass over a width reads or writes two bytes of each value.

    Args:
        shape: Sizes of a transformer. [1]
        layout: How the step is split. [1]
        tokens: Tokens of the pass on this rank. [tokens]
        software: What the framework does. [1]

    Returns:
        Bytes and kernels of the forward pass, then of the backward pass. [(B, 1)]

    References:
        Korthikanti et al. 2022, section 4, https://doi.org/10.48550/arXiv.2205.05198

    Examples:
        Without sequence parallelism eight ranks do most of it eight times:

        >>> from hwcalc import blocks, frameworks
        >>> shape = blocks.gpt(48, 6144, 64, 51200, 2048)
        >>> whole, split = (
        ...     elementwise_traffic(
        ...         shape, Layout(8, 1, 1, 1, 1, 4, 4, 1, 0, 0, by_tokens), 8192,
        ...         frameworks.FRAMEWORKS["megatron-2022"],
        ...     )[0][0]
        ...     for by_tokens in (False, True)
        ... )
        >>> whole / split
        4.7
    """
    h, one = float(shape.hidden), float(VALUE * shape.hidden)
    # Norms read and write; backwards they read input and gradient twice and write once. The two
    # branches are added to the residual stream, backwards their gradients to its gradient.
    wide, wide_back = 2 * 2 * one, 2 * 5 * one
    wide_back += 2 * 3 * one
    kernels, kernels_back = 4.0, 6.0
    wide += 2 * 3 * one
    if software.dropout:
        # A mask of a byte; a kernel of its own reads and writes once more. Backwards always.
        wide += 2 * (h if software.fused else h + 2 * one)
        wide_back += 2 * (h + 2 * one)
        kernels += 0 if software.fused else 2
        kernels_back += 2
    queries = shape.heads * shape.head_dim
    keys = shape.kv_heads * (shape.head_dim + shape.value_dim)
    split = split_back = 0.0
    if shape.rotary:
        rotated = 2 * VALUE * (queries + shape.kv_heads * shape.head_dim)
        split, split_back = split + rotated, split_back + rotated
        kernels, kernels_back = kernels + 2, kernels_back + 2
    if software.copies:
        copied = software.copies * 2 * VALUE * shape.heads * shape.value_dim
        split, split_back = split + copied, split_back + copied
        kernels, kernels_back = kernels + 1, kernels_back + 1
    routed = shape.expert_share * shape.per_token
    inner = (shape.dense_layers / shape.layers) * shape.ffn_hidden + (
        shape.expert_share * shape.shared + routed
    ) * shape.expert_hidden
    # Passes over the inner width of the MLP: read, write; a gate is read as well.
    gate, gate_back = (3, 5) if software.fused else (5, 9)
    passes, passes_back = (gate, gate_back) if shape.gated else (2, 3)
    split += passes * VALUE * inner
    split_back += passes_back * VALUE * inner
    kernels, kernels_back = kernels + 1, kernels_back + 1
    if shape.biased:
        split_back += VALUE * (queries + keys + inner)
        wide_back += 2 * one
        kernels_back += 4
    if shape.experts:
        # Tokens are copied into the order of the experts, and added up weighted.
        wide += 4 * routed * one
        wide_back += 5 * routed * one
        kernels, kernels_back = kernels + 6, kernels_back + 6
    whole = where(layout.sequence_parallel, layout.tensor, 1.0)
    return (
        (tokens * (wide / whole + split / layout.tensor), kernels),
        (tokens * (wide_back / whole + split_back / layout.tensor), kernels_back),
    )
