r"""What replicas of a network exchange in a training step: gradients, and sharded weights.

Every replica computes gradients of its own samples. Their sum travels once a step, or layer by
layer where weights are sharded, in buckets as the framework cuts them.

What travels while layers are computed is not waited for, but takes multiprocessors from them.
What it leaves out: compressed gradients, and replicas that average now and then only.
"""

from hwcalc.blocks import Shape
from hwcalc.collective_time import collective_time
from hwcalc.layout import Cluster, Layout, Software, ranks_per_node
from hwcalc.memory import stage_depths, stage_parameters
from hwcalc.numeric import maximum, minimum, where

__all__ = ["replica_exchange"]

VALUE = 2  # bytes of a weight as gathered


def replica_exchange(
    cluster: Cluster,
    shape: Shape,
    layout: Layout,
    software: Software,
    forward: float,
    backward: float,
) -> dict[str, float]:
    r"""Estimate what replicas wait for each other's gradients and weights, over a whole step.

    Without sharding gradients are all-reduced once a step. With stages 1 and 2 they are
    reduce-scattered and the new weights gathered. With stage 3 weights are gathered for each
    layer and pass, forward and backward, and gradients reduce-scattered after each layer.

    Assumption: where the framework overlaps, the backward pass of the last micro-batch hides
    gradients layer by layer, the forward pass of the first one weights; the first layer's weights
    and the last layer's gradients are always waited for.

    Args:
        cluster: The machines. [1]
        shape: Sizes of a transformer. [1]
        layout: How the step is split. [1]
        software: What the framework does. [1]
        forward: Forward pass of one layer on one micro-batch. [s]
        backward: Backward pass of one layer, with what it computes again. [s]

    Returns:
        Time of a step by part: `data/gradients`, `data/weights`, `data/contention`, `data/tied`.
        [s]

    Raises:
        ValueError: If ranks are in several nodes but the cluster has no network.

    References:
        Rajbhandari et al. 2019, "ZeRO", section 7, https://doi.org/10.48550/arXiv.1910.02054

    Examples:
        Without sharding no weights are gathered:

        >>> from hwcalc import blocks, catalog, frameworks
        >>> replica_exchange(
        ...     Cluster(catalog.accelerators()["a100-sxm-80gb"], 8, 25e9, 0.015),
        ...     blocks.gpt(24, 2304, 24, 51200, 2048),
        ...     Layout(1, 1, 32, 1, 1, 1, 512, 1, 0, 2, False),
        ...     frameworks.FRAMEWORKS["megatron-2021"], 0.01, 0.03,
        ... )["data/weights"]
        0.0
    """
    replicas = layout.replicas
    near = ranks_per_node(replicas, layout.tensor, cluster.node)
    holders = layout.expert_replicas
    near_holders = ranks_per_node(holders, maximum(layout.tensor, layout.expert), cluster.node)

    def run(operation: str, dense: float, routed: float, width: float) -> float:
        time = _in_buckets(operation, dense * width, replicas, near, cluster, software)
        if shape.experts:
            time = time + _in_buckets(
                operation, routed * width, holders, near_holders, cluster, software
            )
        return where(replicas > 1, time, 0.0)

    held = stage_parameters(shape, layout, software, last=False)
    dense = held["layers/dense"] + held["ends/tables"]
    routed = held["layers/experts"]
    depth = stage_depths(shape, layout, software)[0]
    reduced = where(
        layout.zero >= 1,
        run("reduce_scatter", dense, routed, software.gradient),
        run("all_reduce", dense, routed, software.gradient),
    )
    gathered = where(layout.zero >= 1, run("all_gather", dense, routed, VALUE), 0.0)
    lost = cluster.taken

    # Stage 3, layer by layer.
    one, experts = shape.dense / layout.tensor, shape.routed / maximum(layout.tensor, layout.expert)
    fetch = run("all_gather", one, experts, VALUE)
    give = run("reduce_scatter", one, experts, software.gradient)
    passes = layout.micro_batches * depth
    if software.overlap_data:
        weights = where(
            layout.zero >= 3,
            passes * maximum(0.0, fetch - forward) + fetch,
            maximum(gathered / depth, gathered - depth * forward),
        )
        gradients = where(
            layout.zero >= 3,
            passes * maximum(0.0, fetch + give - backward) + give,
            maximum(reduced / depth, reduced - depth * backward),
        )
        whole = where(layout.zero >= 3, passes * (2 * fetch + give), reduced + gathered)
        contention = lost * maximum(0.0, whole - weights - gradients)
    else:
        weights = where(layout.zero >= 3, passes * 2 * fetch, gathered)
        gradients = where(layout.zero >= 3, passes * give, reduced)
        contention = 0.0 * reduced
    tied = 0.0 * reduced
    if shape.tied:
        # First and last stage add up the gradients of the table they share.
        table = shape.vocab * shape.hidden / layout.tensor * software.gradient
        together = where(layout.ranks > cluster.node, 1.0, 2.0)
        between = collective_time("all_reduce", table, 2.0, together, cluster.fabric)
        tied = where(layout.pipeline > 1, between, 0.0)
    return {
        "data/gradients": gradients,
        "data/weights": where(layout.zero >= 1, weights, 0.0),
        "data/contention": contention,
        "data/tied": tied,
    }


def _in_buckets(
    operation: str, size: float, ranks: float, near: float, cluster: Cluster, software: Software
) -> float:
    """Time an exchange that is cut into buckets, each a collective of its own."""
    one = maximum(1.0, minimum(size, software.bucket))
    return size / one * collective_time(operation, one, ranks, near, cluster.fabric)
