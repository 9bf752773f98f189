r"""Time of one layer's forward and backward pass on one rank, from its kernels.

Nothing here is a share of peak fitted on training: every matrix product is asked of
`hwcalc.kernels` at the shape the split leaves, attention is its own kernel, and what remains
(norms, activations, dropout, residual sums, casts) moves bytes through memory. Where the host
cannot start operators as fast as the accelerator finishes them, the difference is counted too.

What it leaves out: exchanges between ranks, which are in `hwcalc.exchange`.
"""

from collections.abc import Callable

from hwcalc.attention import prefill_time
from hwcalc.blocks import Shape, matrices
from hwcalc.kernels import matmul_time, quantise_time
from hwcalc.layout import Cluster, Layout, Software
from hwcalc.machine import FORMATS, Machine
from hwcalc.numeric import ceil, maximum, minimum, where

__all__ = ["attention_times", "ends_time", "layer_time", "streamed"]

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
# A collective costs the host a launch, two events and two waits between streams.
COLLECTIVE_OPERATORS = 5
PRODUCTS_BACK = 5 / 2  # five products in the backward pass of a fused kernel, two in the forward


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


def layer_time(
    cluster: Cluster, shape: Shape, layout: Layout, sequence: float, software: Software
) -> dict[str, float]:
    """Estimate the time of one layer on one micro-batch, without exchanges.

    Args:
        cluster: The machines. [1]
        shape: Sizes of a transformer; layers that differ count with their mean. [1]
        layout: How the step is split. [1]
        sequence: Length of a sequence. [tokens]
        software: What the framework does. [1]

    Returns:
        Time by `forward/…` and `backward/…`: products, attention, memory, host; and
        `weights/products`, the part of the backward products that yields gradients of weights. [s]

    Raises:
        ValueError: If a size is not positive or the chip has no rate for the precision.

    References:
        The functions it calls.

    Examples:
        A layer of 22 billion on 8 ranks, in ms; Korthikanti et al. measured 7.7 and 11.9 with
        exchanges (table 4):

        >>> from hwcalc import blocks, catalog, frameworks
        >>> times = layer_time(
        ...     Cluster(catalog.accelerators()["a100-sxm-80gb"], 8, 25e9, 0.015),
        ...     blocks.gpt(48, 6144, 64, 51200, 2048),
        ...     Layout(8, 1, 1, 1, 1, 4, 4, 1, 0, 0, False), 2048,
        ...     frameworks.FRAMEWORKS["megatron-2022"],
        ... )
        >>> sum(time for name, time in times.items() if name.startswith("forward/")) * 1e3
        5.8
    """
    chip, tokens = cluster.chip, layout.tokens(sequence)
    parts = _products(chip, shape, layout, tokens, software)
    forward, backward = attention_times(cluster, shape, layout, sequence, software)
    parts["forward/attention"], parts["backward/attention"] = forward, backward
    moved = _elementwise(shape, layout, tokens, software)
    parts["forward/memory"] = streamed(chip, *moved[0])
    parts["backward/memory"] = streamed(chip, *moved[1])
    for direction, calls in (("forward", 1), ("backward", 2)):
        busy = sum(time for name, time in parts.items() if name.startswith(direction))
        started = software.operators + where(layout.tensor > 1, 2 * COLLECTIVE_OPERATORS, 0.0)
        host = calls * started * software.host
        parts[f"{direction}/host"] = maximum(0.0, host - busy)
    return parts


def _products(
    chip: Machine, shape: Shape, layout: Layout, tokens: float, software: Software
) -> dict[str, float]:
    """Time the matrix products of a layer: forward, gradients of inputs, gradients of weights."""
    precision = software.precision
    width = FORMATS[precision].second
    forward = inputs = weights = 0.0
    for matrix in matrices(shape):
        n, k = matrix.outputs, matrix.inputs
        routed = matrix.part == "experts"
        cut = layout.expert_cut if routed else layout.tensor
        if matrix.split == "outputs":
            n = ceil(n / cut)
        elif matrix.split == "inputs":
            k = ceil(k / cut)
        m, times, held = tokens, matrix.times, 1.0
        reread = 0.0
        if routed:
            # Every token comes once for each choice, and all that reach this rank's experts pass
            # in one grouped product, which reads the weights of every expert it holds.
            times = matrix.times / shape.per_token
            m = ceil(tokens * shape.per_token * cut / layout.tensor)
            held = ceil(shape.experts / layout.expert)
            reread = streamed(chip, maximum(0.0, minimum(held, m) - 1) * n * k * width, 0)
        cast = quantise_time(chip, m * k, precision) + quantise_time(chip, m * n, precision)
        forward += times * (matmul_time(chip, m, k, n, precision) + reread + cast / 2)
        inputs += times * (matmul_time(chip, m, n, k, precision) + reread + cast / 2)
        summed = streamed(chip, held * n * k * software.accumulate, 0)
        weights += times * (matmul_time(chip, n, m, k, precision) + summed)
    return {
        "forward/products": forward,
        "backward/products": inputs + weights,
        "weights/products": weights,
    }


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
    precision = software.precision if software.precision in ("fp16", "bf16") else "bf16"
    if software.attention == "scores":
        return _written(chip, shape, heads, layout.micro_batch, sequence, layout.context, software)
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
    chip: Machine,
    shape: Shape,
    heads: float,
    batch: float,
    sequence: float,
    context: float,
    software: Software,
) -> tuple[float, float]:
    """Time attention that writes its scores: products of the whole square, softmax, dropout."""
    rows = batch * heads * sequence / context
    scores = rows * sequence
    precision = software.precision if software.precision in ("fp16", "bf16", "fp32") else "bf16"
    first = matmul_time(chip, rows, shape.head_dim, sequence, precision)
    second = matmul_time(chip, rows, sequence, shape.value_dim, precision)
    # Softmax reads and writes; dropout reads, writes, and leaves a byte of mask. Backwards softmax
    # reads its result as well.
    dropped = (1 + 2 * VALUE) * software.dropout
    kernels = 1 + software.dropout
    forward = streamed(chip, scores * (2 * VALUE + dropped), kernels)
    backward = streamed(chip, scores * (3 * VALUE + dropped), kernels)
    return first + second + forward, 2 * (first + second) + backward


def _elementwise(
    shape: Shape, layout: Layout, tokens: float, software: Software
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Count bytes moved and kernels outside of products and attention, forward and backward.

    In bytes for a token: a pass over a width of h reads or writes 2 h.
    """
    h, one = shape.hidden, VALUE * shape.hidden
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
    if software.attention == "scores":
        # Heads are brought next to each other.
        copied = 2 * VALUE * shape.heads * shape.value_dim
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


def ends_time(
    cluster: Cluster, shape: Shape, layout: Layout, sequence: float, software: Software
) -> dict[str, float]:
    """Estimate the time of embedding, head and loss for one micro-batch, both directions.

    Args:
        cluster: The machines. [1]
        shape: Sizes of a transformer. [1]
        layout: How the step is split; tensor parallelism divides the vocabulary. [1]
        sequence: Length of a sequence. [tokens]
        software: What the framework does. [1]

    Returns:
        Time by part: `embedding/memory`, `head/products`, `head/memory`. [s]

    Raises:
        ValueError: If a size is not positive or the chip has no rate for the precision.

    References:
        The functions it calls.

    Examples:
        >>> from hwcalc import blocks, catalog, frameworks
        >>> times = ends_time(
        ...     Cluster(catalog.accelerators()["a100-sxm-80gb"], 8, 25e9, 0.015),
        ...     blocks.gpt(48, 6144, 64, 51200, 2048),
        ...     Layout(8, 1, 1, 1, 1, 4, 4, 1, 0, 0, False), 2048,
        ...     frameworks.FRAMEWORKS["megatron-2022"],
        ... )
        >>> times["head/products"] * 1e3
        8.0
    """
    chip, tokens = cluster.chip, layout.tokens(sequence)
    # Frameworks keep the head in 16 bits when layers are narrower.
    precision = software.precision if software.precision in ("fp16", "bf16", "fp32") else "bf16"
    vocab, h = ceil(shape.vocab / layout.tensor), shape.hidden
    run: Callable[..., float] = matmul_time
    products = (
        run(chip, tokens, h, vocab, precision)
        + run(chip, tokens, vocab, h, precision)
        + run(chip, vocab, tokens, h, precision)
        + streamed(chip, vocab * h * software.accumulate, 0)
    )
    return {
        # Rows are read and written; backwards the gradient is read and added to rows.
        "embedding/memory": streamed(chip, tokens * h * 6 * VALUE, 3),
        "head/products": products,
        "head/memory": streamed(chip, tokens * vocab * software.loss, 8),
    }
