r"""Time of one layer's forward and backward pass on one rank, from its kernels.

Nothing here is a share of peak fitted on training: every matrix product is asked of
`hwcalc.kernels` at the shape the split leaves, attention is its own kernel
(`hwcalc.training_attention`), and what remains moves bytes (`hwcalc.elementwise`). Where the host
cannot start operators as fast as the accelerator finishes them, the difference is counted too.

What it leaves out: exchanges between ranks, which are in `hwcalc.exchange`.
"""

from hwcalc.blocks import Shape, matrices
from hwcalc.elementwise import elementwise_traffic, streamed
from hwcalc.kernels import matmul_time, quantise_time
from hwcalc.layout import Cluster, Layout, Software
from hwcalc.machine import FORMATS, Machine
from hwcalc.numeric import ceil, maximum, minimum, where
from hwcalc.training_attention import attention_times

__all__ = ["ends_time", "layer_time"]

VALUE = 2  # bytes of an activation
# A collective costs the host a launch, two events and two waits between streams.
COLLECTIVE_OPERATORS = 5
# Routing tokens to experts takes so many more in Megatron Core's router and dispatcher: scores, the
# choice, its loss and statistics, two sorts, two exchanges with their sizes, and adding up. Sizes
# are known at run time only, so that no graph can be captured.
EXPERT_OPERATORS = 60
ROUTING_HOST = 15e-6  # [s] for one of them


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
        5.6
    """
    chip, tokens = cluster.chip, layout.tokens(sequence)
    parts = _products(chip, shape, layout, tokens, software)
    forward, backward = attention_times(cluster, shape, layout, sequence, software)
    parts["forward/attention"], parts["backward/attention"] = forward, backward
    moved = elementwise_traffic(shape, layout, tokens, software)
    parts["forward/memory"] = streamed(chip, *moved[0])
    parts["backward/memory"] = streamed(chip, *moved[1])
    for direction, calls in (("forward", 1), ("backward", 2)):
        busy = sum(time for name, time in parts.items() if name.startswith(direction))
        started = software.operators + where(layout.tensor > 1, 2 * COLLECTIVE_OPERATORS, 0.0)
        routing = shape.expert_share * EXPERT_OPERATORS * max(software.host, ROUTING_HOST)
        host = calls * (started * software.host + (routing if software.host else 0.0))
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
        7.6
    """
    chip, tokens = cluster.chip, layout.tokens(sequence)
    if not shape.vocab:  # a network for images; its head is a row of outputs for each of them
        return {"embedding/memory": 0.0, "head/products": 0.0, "head/memory": 0.0}
    # Frameworks keep the head in 16 bits when layers are narrower.
    precision = cluster.wide(software.precision)
    vocab, h = ceil(shape.vocab / layout.tensor), shape.hidden
    products = (
        matmul_time(chip, tokens, h, vocab, precision)
        + matmul_time(chip, tokens, vocab, h, precision)
        + matmul_time(chip, vocab, tokens, h, precision)
        + streamed(chip, vocab * h * software.accumulate, 0)
    )
    return {
        # Rows are read and written; backwards the gradient is read and added to rows.
        "embedding/memory": streamed(chip, tokens * h * 6 * VALUE, 3),
        "head/products": products,
        "head/memory": streamed(chip, tokens * vocab * software.loss, 8),
    }
