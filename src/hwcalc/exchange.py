r"""What ranks exchange in a training step, and how much of it they wait for.

- inside a layer: activations of tensor-parallel ranks, tokens on their way to experts, keys and
  values of a sequence that is split
- between stages of a pipeline: activations, and gradients of activations

What replicas exchange is in `hwcalc.replicas`.

What travels while products are computed is not waited for, but takes multiprocessors away from
them: a collective keeps some of them busy with copying and adding.
"""

from hwcalc.blocks import Shape
from hwcalc.collective_time import collective_time, send_time
from hwcalc.layout import Cluster, Layout, Software, ranks_per_node
from hwcalc.numeric import ceil, maximum, minimum, where

__all__ = ["ends_exchange", "layer_exchange", "stage_exchange"]

VALUE = 2  # bytes of an activation


def layer_exchange(
    cluster: Cluster,
    shape: Shape,
    layout: Layout,
    sequence: float,
    software: Software,
    times: dict[str, float],
) -> dict[str, float]:
    """Estimate what a rank waits for exchanges inside one layer, for one micro-batch.

    Tensor parallelism sums activations after each pair of matrices, forward and backward: an
    all-reduce, or with sequence parallelism a reduce-scatter and an all-gather. A framework may
    hide the backward one behind the gradient of weights, or cut both products and exchange in
    pieces.

    Args:
        cluster: The machines. [1]
        shape: Sizes of a transformer. [1]
        layout: How the step is split. [1]
        sequence: Length of a sequence. [tokens]
        software: What the framework does. [1]
        times: The layer's kernels, from `layer_time.layer_time`. [s]

    Returns:
        Time by `forward/…` and `backward/…`: tensor, expert, context. [s]

    Raises:
        ValueError: If ranks are in several nodes but the cluster has no network.

    References:
        Shoeybi et al. 2019, "Megatron-LM", section 3, https://doi.org/10.48550/arXiv.1909.08053

        Korthikanti et al. 2022, section 4.2, https://doi.org/10.48550/arXiv.2205.05198

    Examples:
        >>> from hwcalc import blocks, catalog, frameworks, layer_time
        >>> arguments = (
        ...     Cluster(catalog.accelerators()["a100-sxm-80gb"], 8, 25e9, 0.015),
        ...     blocks.gpt(48, 6144, 64, 51200, 2048),
        ...     Layout(8, 1, 1, 1, 1, 4, 4, 1, 0, 0, False), 2048,
        ...     frameworks.FRAMEWORKS["megatron-2021"],
        ... )
        >>> times = layer_exchange(*arguments, layer_time.layer_time(*arguments))
        >>> times["forward/tensor"] * 1e3
        1.7
    """
    tokens = layout.tokens(sequence)
    size = tokens * shape.hidden * VALUE
    near = ranks_per_node(layout.tensor, 1, cluster.node)

    def run(operation: str) -> float:
        return collective_time(operation, size, layout.tensor, near, cluster.fabric)

    split = layout.sequence_parallel
    gather, scatter = run("all_gather"), run("reduce_scatter")
    both = where(split, gather + scatter, run("all_reduce"))
    forward = backward = 2 * both
    lost = cluster.taken
    if software.overlap_tensor == 1:
        # Backward the sum travels while weights' gradients are computed; with sequence
        # parallelism the input is gathered again meanwhile, and the incoming gradient before.
        hidden = 2 * both
        free = where(split, times["backward/products"], times["weights/products"])
        shared = minimum(hidden, free)
        backward = where(split, 2 * gather, 0.0) + hidden - shared + lost * shared
    if software.overlap_tensor == 2:
        # Pieces as many as ranks: the first is waited for.
        pieces = maximum(layout.tensor, 1.0)
        for_forward = minimum(forward * (1 - 1 / pieces), times["forward/products"])
        for_backward = minimum(backward * (1 - 1 / pieces), times["backward/products"])
        forward = forward - (1 - lost) * for_forward
        backward = backward - (1 - lost) * for_backward
    parts = {"forward/tensor": forward, "backward/tensor": backward}

    sent = 0.0
    if shape.experts:
        share = tokens / where(split, layout.tensor, 1.0) * shape.per_token
        near = ranks_per_node(layout.expert, 1, cluster.node)
        sent = collective_time(
            "all_to_all", share * shape.hidden * VALUE, layout.expert, near, cluster.fabric
        )
        sent = 2 * shape.expert_share * sent  # there and back
    parts |= {"forward/expert": sent, "backward/expert": sent}

    width = ceil(shape.kv_heads / layout.tensor) * (shape.head_dim + shape.value_dim)
    near = ranks_per_node(layout.context, layout.tensor, cluster.node)
    passed = collective_time(
        "all_gather",
        layout.micro_batch * sequence * width * VALUE,
        layout.context,
        near,
        cluster.fabric,
    )
    # Keys and values travel on while attention works on those at hand; backwards with gradients.
    for name, times_passed in (("forward", 1), ("backward", 2)):
        waited = maximum(0.0, times_passed * passed - times[f"{name}/attention"])
        parts[f"{name}/context"] = where(layout.context > 1, waited, 0.0)
    return parts


def ends_exchange(
    cluster: Cluster, shape: Shape, layout: Layout, sequence: float
) -> dict[str, float]:
    """Estimate the exchanges of embedding, head and loss for one micro-batch.

    Rows of the table are divided among tensor-parallel ranks: looking tokens up sums activations,
    the head's backward pass sums their gradients, and the loss sums three numbers of each token.

    Args:
        cluster: The machines. [1]
        shape: Sizes of a transformer. [1]
        layout: How the step is split. [1]
        sequence: Length of a sequence. [tokens]

    Returns:
        Time by part: `embedding/tensor`, `head/tensor`. [s]

    Raises:
        ValueError: If ranks are in several nodes but the cluster has no network.

    References:
        Shoeybi et al. 2019, "Megatron-LM", section 3, https://doi.org/10.48550/arXiv.1909.08053

    Examples:
        >>> from hwcalc import blocks, catalog
        >>> times = ends_exchange(
        ...     Cluster(catalog.accelerators()["a100-sxm-80gb"], 8, 25e9, 0.015),
        ...     blocks.gpt(48, 6144, 64, 51200, 2048),
        ...     Layout(8, 1, 1, 1, 1, 4, 4, 1, 0, 0, False), 2048,
        ... )
        >>> times["head/tensor"] > times["embedding/tensor"] > 0
        True
    """
    tokens = layout.tokens(sequence)
    near = ranks_per_node(layout.tensor, 1, cluster.node)

    def run(size: float) -> float:
        return collective_time("all_reduce", size, layout.tensor, near, cluster.fabric)

    looked_up = run(tokens * shape.hidden * VALUE)
    return {"embedding/tensor": looked_up, "head/tensor": looked_up + 3 * run(4 * tokens)}


def stage_exchange(
    cluster: Cluster, shape: Shape, layout: Layout, sequence: float, software: Software
) -> float:
    """Estimate what a stage waits for activations from its neighbours, over a whole step.

    Every micro-batch crosses every boundary twice, and each stage has as many boundaries as parts.
    Filling and draining the pipeline always wait. Where sends overlap with computing nothing else
    does.

    Args:
        cluster: The machines. [1]
        shape: Sizes of a transformer. [1]
        layout: How the step is split. [1]
        sequence: Length of a sequence. [tokens]
        software: What the framework does. [1]

    Returns:
        Time of a step. [s]

    References:
        Narayanan et al. 2021, sections 3.2 and 4.1, https://doi.org/10.48550/arXiv.2104.04473

    Examples:
        >>> from hwcalc import blocks, catalog, frameworks
        >>> stage_exchange(
        ...     Cluster(catalog.accelerators()["a100-sxm-80gb"], 8, 25e9, 0.015),
        ...     blocks.gpt(96, 12288, 96, 51200, 2048),
        ...     Layout(8, 8, 1, 1, 1, 1, 64, 3, 0, 2, False), 2048,
        ...     frameworks.FRAMEWORKS["megatron-2022"],
        ... )
        0.21
    """
    size = layout.tokens(sequence) * shape.hidden * VALUE
    shared = where(layout.sequence_parallel, layout.tensor, 1.0)
    if software.scatter:
        shared = layout.tensor
    # Stages are as far apart as possible: the next one is in another node unless all fit in one.
    hop = send_time(size / shared, layout.ranks > cluster.node, cluster.fabric)
    if software.scatter:
        near = ranks_per_node(layout.tensor, 1, cluster.node)
        again = collective_time("all_gather", size, layout.tensor, near, cluster.fabric)
        hop = hop + where(layout.sequence_parallel, 0.0, again)
    steady = 0.0 if software.overlap_pipeline else 2.0 * layout.micro_batches * layout.interleave
    hops = 2 * (layout.pipeline - 1) + steady
    return where(layout.pipeline > 1, hops * hop, 0.0)
