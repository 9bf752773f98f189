r"""Memory of one rank in training: weights, gradients, optimizer, activations, and the rest.

The two ends of a pipeline are looked at: the first stage holds the most micro-batches, the last
one the logits. The larger of them is given, since it decides whether a layout fits.

What it leaves out: memory outside the framework (the driver's context of some hundred MiB, the
communication library's buffers), unless given as a reserve.
"""

from hwcalc.activations import head_activation_bytes, layer_activation_bytes
from hwcalc.blocks import Shape, matrices
from hwcalc.layout import Layout, Software
from hwcalc.numeric import ceil, check_non_negative, floor, maximum, minimum, where
from hwcalc.states import States, moment_bytes

__all__ = ["stage_depths", "stage_parameters", "training_memory"]


def stage_depths(shape: Shape, layout: Layout, software: Software) -> tuple[float, float]:
    """Return how many layers the first and the last stage of a pipeline hold.

    Layers that do not divide evenly are missing in the last stage. A framework that deals them out
    by their work counts the head as so many layers as it has weights, and the last stage gets as
    many layers as fit beside it.

    Args:
        shape: Sizes of a transformer. [1]
        layout: How the network is split. [1]
        software: What the framework does. [1]

    Returns:
        Layers of the first and of the last stage. [(1, 1)]

    References:
        Narayanan et al. 2021, section 2.2, https://doi.org/10.48550/arXiv.2104.04473

    Examples:
        A large vocabulary leaves no layer for the last of eight stages, and three for the first:

        >>> from hwcalc.blocks import gpt
        >>> from hwcalc.frameworks import FRAMEWORKS
        >>> layout = Layout(1, 8, 1, 1, 1, 1, 8, 1, 0, 0, False)
        >>> stage_depths(gpt(16, 2048, 32, 131072, 4096), layout, FRAMEWORKS["nanotron"])
        (3.0, 0.0)
    """
    stages = layout.pipeline
    others = maximum(1.0, stages - 1)
    if software.balanced:
        head = shape.vocab * shape.hidden / shape.dense
        last = floor(maximum(0.0, (shape.layers + head) / stages - head))
        first = ceil((shape.layers - last) / others)
    else:
        first = ceil(shape.layers / stages)
        last = maximum(0.0, shape.layers - first * (stages - 1))
    only = stages <= 1
    return where(only, float(shape.layers), first), where(only, float(shape.layers), last)


def stage_parameters(
    shape: Shape, layout: Layout, software: Software, last: bool
) -> dict[str, float]:
    """Count the parameters that a rank of the first or last stage of a pipeline works with.

    Tensor parallelism divides them all, expert parallelism the routed experts. A tied embedding is
    on both ends. Sharding among replicas is not applied: it divides states, not work.

    Args:
        shape: Sizes of a transformer. [1]
        layout: How the network is split. [1]
        software: What the framework does. [1]
        last: The last stage instead of the first. [1]

    Returns:
        Parameters by part: `layers/dense`, `layers/experts`, `ends/tables`. [1]

    References:
        Narayanan et al. 2021, section 3, https://doi.org/10.48550/arXiv.2104.04473

    Examples:
        >>> from hwcalc.blocks import gpt
        >>> from hwcalc.frameworks import FRAMEWORKS
        >>> layout = Layout(8, 1, 1, 1, 1, 4, 4, 1, 0, 0, False)
        >>> parts = stage_parameters(
        ...     gpt(48, 6144, 64, 51200, 2048), layout, FRAMEWORKS["megatron-2022"], False
        ... )
        >>> sum(parts.values()) / 1e9
        2.76
    """
    here = stage_depths(shape, layout, software)[1 if last else 0]
    head = shape.head + (shape.vocab * shape.hidden if shape.tied else 0.0)
    end = where(
        layout.pipeline > 1, head if last else shape.embedding, shape.embedding + shape.head
    )
    return {
        "layers/dense": here * shape.dense / layout.tensor,
        "layers/experts": here * shape.routed / maximum(layout.tensor, layout.expert),
        "ends/tables": end / layout.tensor,
    }


def training_memory(
    shape: Shape,
    layout: Layout,
    sequence: float,
    software: Software,
    states: States,
    fragmentation: float,
    reserve: float,
) -> dict[str, float]:
    r"""Estimate the memory of the fullest rank in a training step, by part.

    States are counted exactly. With 1F1B the first of $p$ stages keeps the activations of $p$
    micro-batches of its share of the layers, so of one whole network; $v$ interleaved parts raise
    that by $1 + (p - 1)/(p v)$. ZeRO divides among the $d c$ ranks that hold the same weights:
    stage 1 what the optimizer keeps, 2 gradients as well, 3 weights as well, and then the layer at
    work is gathered, with the next one on its way.

    Assumption: the allocator loses the given share of what comes and goes. Experts count as
    evenly loaded.

    Args:
        shape: Sizes of a transformer. [1]
        layout: How the step is split. [1]
        sequence: Length of a sequence. [tokens]
        software: What the framework does. [1]
        states: Formats of weights, gradients and optimizer. [1]
        fragmentation: Memory lost between blocks, over the activations. [1]
        reserve: Memory for buffers and for what lies outside the framework. [B]

    Returns:
        Bytes by `part/subpart`; their sum is the rank's memory. [B]

    Raises:
        ValueError: If a degree is not a whole number, the batch does not divide evenly, the
            optimizer is unknown, or fragmentation or reserve is negative.

    References:
        Rajbhandari et al. 2019, "ZeRO", https://doi.org/10.48550/arXiv.1910.02054

        Korthikanti et al. 2022, https://doi.org/10.48550/arXiv.2205.05198

    Examples:
        GPT-3 on 8 x 8 ranks as in Korthikanti et al., in GB:

        >>> from hwcalc.blocks import gpt
        >>> from hwcalc.frameworks import FRAMEWORKS
        >>> layout = Layout(8, 8, 1, 1, 1, 1, 64, 3, 0, 1, True)
        >>> parts = training_memory(
        ...     gpt(96, 12288, 96, 51200, 2048), layout, 2048, FRAMEWORKS["megatron-2022"],
        ...     States(2, 4, 4, "adam"), 0.0, 0.0,
        ... )
        >>> sum(parts.values()) / 1e9
        64.1
    """
    layout.check()
    check_non_negative(fragmentation=fragmentation, reserve=reserve)
    first = _rank(shape, layout, sequence, software, states, last=False)
    other = _rank(shape, layout, sequence, software, states, last=True)
    fuller = sum(other.values()) > sum(first.values())
    parts = {name: where(fuller, other[name], first[name]) for name in first}
    moving = sum(size for name, size in parts.items() if name.startswith("activations/"))
    return {
        **parts,
        "workspace/fragments": fragmentation * moving,
        "workspace/reserve": reserve,
    }


def _rank(
    shape: Shape,
    layout: Layout,
    sequence: float,
    software: Software,
    states: States,
    last: bool,
) -> dict[str, float]:
    """Count one end of the pipeline; both have the same parts, those it lacks are zero."""
    held = stage_parameters(shape, layout, software, last)
    replicas = layout.data * layout.context
    # Routed experts are shared by expert-parallel ranks already.
    spread = {
        "layers/dense": replicas,
        "layers/experts": layout.expert_replicas,
        "ends/tables": replicas,
    }
    moments = moment_bytes(states.optimizer, shape)
    kept = {
        "layers/dense": moments[0],
        "layers/experts": moments[0],
        "ends/tables": moments[1],
    }
    parts: dict[str, float] = {}
    only = layout.pipeline <= 1
    for stage, name, bytes_of in (
        (3, "weights", dict.fromkeys(held, states.weight)),
        (2, "gradients", dict.fromkeys(held, states.gradient)),
        (1, "master", dict.fromkeys(held, states.master)),
        (1, "moments", kept),
    ):
        parts |= {
            f"{name}/{part.split('/')[1]}": count
            * bytes_of[part]
            / where(layout.zero >= stage, spread[part], 1.0)
            for part, count in held.items()
        }
    # A gradient that is added to a sum of another format exists beside it for a moment; the largest
    # is that of the head, when all activations are still there.
    layers = max(m.inputs * m.outputs for m in matrices(shape))
    ends = where(only, 1.0, float(last)) * shape.vocab * shape.hidden
    arriving = maximum(layers, ends) / layout.tensor * states.weight
    parts["workspace/arriving"] = arriving if states.gradient != states.weight else 0.0 * arriving
    # With stage 3 two layers are gathered at a time, and one layer's gradients are whole.
    layer = shape.dense / layout.tensor + shape.routed / maximum(layout.tensor, layout.expert)
    gathered = layer * (2 * states.weight + states.gradient)
    parts["gathered/layers"] = where((layout.zero >= 3) & (replicas > 1), gathered, 0.0)

    one, whole = (
        sum(layer_activation_bytes(shape, layout, sequence, software, again).values())
        for again in (layout.recompute, 0)
    )
    depth = stage_depths(shape, layout, software)[1 if last else 0]
    flying = minimum(layout.pipeline, layout.micro_batches)
    flying = where(
        layout.interleave > 1, flying + (layout.pipeline - 1) / layout.interleave, flying
    )
    parts["activations/layers"] = one * depth * where(last, 1.0, flying)
    parts["activations/recomputed"] = maximum(0.0, where(layout.recompute >= 1, whole - one, 0.0))
    head = head_activation_bytes(shape, layout, sequence, software)
    with_head = where(only, 1.0, 1.0 if last else 0.0)
    parts["activations/head"] = sum(head.values()) * with_head
    return parts
