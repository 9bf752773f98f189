r"""Time of one training step of a transformer, from kernels, links and a layout.

A step passes micro-batches through the stages of a pipeline, exchanges gradients between replicas
and updates the weights. Its time is put together from `hwcalc.layer_time` and `hwcalc.exchange`;
no constant in it was fitted on a measured step, so that measured steps can test it.

What it leaves out: garbage collection, checkpoints, failures, and a network shared with others.
"""

from dataclasses import replace
from typing import Any

from hwcalc.blocks import Shape
from hwcalc.data_parallel import slowest_rank_delay
from hwcalc.elementwise import streamed
from hwcalc.exchange import ends_exchange, layer_exchange, stage_exchange
from hwcalc.layer_time import ends_time, layer_time
from hwcalc.layout import Cluster, Layout, Software
from hwcalc.memory import stage_depths, stage_parameters
from hwcalc.numeric import check_non_negative, distinct, maximum, where
from hwcalc.replicas import replica_exchange

__all__ = ["step_time"]

# What kernels and exchanges of a layer depend on.
KERNEL_FIELDS = ("tensor", "context", "expert", "micro_batch", "sequence_parallel")
UPDATE_KERNELS = 10  # launches of an optimizer's step over lists of tensors


def step_time(
    cluster: Cluster,
    shape: Shape,
    layout: Layout,
    sequence: float,
    software: Software,
    loading: float,
) -> dict[str, float]:
    r"""Estimate the time of one training step, by what it is spent on.

    The busiest stage works through $m$ micro-batches without pause; filling and draining adds the
    work of the other stages on one micro-batch, divided by the $v$ parts that each stage holds:

    $$ T = m \max_i t_i + \frac{\sum_i t_i - \max_i t_i}{v} + T_{send} + T_{replicas} + T_{update}
    $$

    GPipe, 1F1B and their interleaved form take the same time; they differ in memory. Recomputing
    is part of $t_i$.

    Assumption: the schedule runs forward and backward passes without gaps; the input pipeline
    works ahead, so that only loading longer than the rest of the step is waited for.

    Args:
        cluster: The machines. [1]
        shape: Sizes of a transformer. [1]
        layout: How the step is split; its fields may be arrays. [1]
        sequence: Length of a sequence. [tokens]
        software: What the framework does. [1]
        loading: Time the input pipeline needs for the samples of a step. [s]

    Returns:
        Time by `part/subpart`; the sum is the step. [s]

    Raises:
        ValueError: If a degree is not a whole number, the batch does not divide evenly, loading is
            negative, or ranks are in several nodes but the cluster has no network.

    References:
        Narayanan et al. 2021, https://doi.org/10.48550/arXiv.2104.04473

        Korthikanti et al. 2022, https://doi.org/10.48550/arXiv.2205.05198

    Examples:
        GPT-3 on 64 A100, 64 sequences, selective recomputation; measured 13.75 s:

        >>> from hwcalc import blocks, catalog, frameworks
        >>> parts = step_time(
        ...     Cluster(catalog.accelerators()["a100-sxm-80gb"], 8, 25e9, 0.015),
        ...     blocks.gpt(96, 12288, 96, 51200, 2048),
        ...     Layout(8, 8, 1, 1, 1, 1, 64, 3, 0, 1, True), 2048,
        ...     frameworks.FRAMEWORKS["megatron-2022"], 0.0,
        ... )
        >>> sum(parts.values())
        13.2
    """
    layout.check()
    check_non_negative(loading=loading)
    # Kernels depend on few fields, and most of the time goes into them: never twice the same.
    few, back = distinct(*(getattr(layout, name) for name in KERNEL_FIELDS))
    small = replace(layout, **dict(zip(KERNEL_FIELDS, few, strict=True)))
    times = layer_time(cluster, shape, small, sequence, software)
    waits = layer_exchange(cluster, shape, small, sequence, software, times)
    del times["weights/products"]
    both = _spread({**times, **waits}, back)
    ends = ends_time(cluster, shape, small, sequence, software)
    ends = _spread(ends | ends_exchange(cluster, shape, small, sequence), back)
    layer = _again(both, layout)
    forward = sum(time for name, time in both.items() if name.startswith("forward/"))
    one = sum(layer.values())
    backward = one - forward

    first = sum(time for name, time in ends.items() if name.startswith("embedding/"))
    last = sum(time for name, time in ends.items() if name.startswith("head/"))
    depths = stage_depths(shape, layout, software)
    slowest = where(
        layout.pipeline > 1,
        maximum(depths[0] * one + first, depths[1] * one + last),
        shape.layers * one + first + last,
    )
    mean = (shape.layers * one + first + last) / layout.pipeline
    passes = layout.micro_batches

    parts = {f"layers/{name}": passes * shape.layers / layout.pipeline * time
             for name, time in layer.items()}  # fmt: skip
    parts["ends/embedding"] = passes * first / layout.pipeline
    parts["ends/head"] = passes * last / layout.pipeline
    parts["pipeline/imbalance"] = passes * maximum(0.0, slowest - mean)
    fill = (layout.pipeline * mean - slowest) / layout.interleave
    parts["pipeline/bubble"] = maximum(0.0, fill)
    parts["pipeline/send"] = stage_exchange(cluster, shape, layout, sequence, software)
    parts |= replica_exchange(cluster, shape, layout, software, forward, backward)
    held = stage_parameters(shape, layout, software, last=False)
    replicas = layout.replicas
    owned = (held["layers/dense"] + held["ends/tables"]) / where(layout.zero >= 1, replicas, 1.0)
    owned = owned + held["layers/experts"] / where(layout.zero >= 1, layout.expert_replicas, 1.0)
    parts["update/optimizer"] = streamed(cluster.chip, owned * software.update, UPDATE_KERNELS)
    # Ranks work in step, so all of them wait for the slowest.
    lag = slowest_rank_delay(layout.ranks, cluster.spread)
    parts["pipeline/slowest"] = lag * (passes * slowest + parts["pipeline/bubble"])
    parts["input/loading"] = maximum(0.0, loading - sum(parts.values()))
    return parts


def _spread(times: dict[str, float], back: Any) -> dict[str, float]:
    """Bring results for distinct layouts back into the order of all of them."""
    if back is None:
        return times
    # A part that no array went into is a plain number.
    return {name: time[back] if hasattr(time, "shape") else time for name, time in times.items()}  # type: ignore[index]


def _again(times: dict[str, float], layout: Layout) -> dict[str, float]:
    """Add up the two directions of each kind, with the forward pass that is repeated."""
    layer: dict[str, float] = {}
    repeated = 0.0
    for name, time in times.items():
        direction, kind = name.split("/")
        layer[kind] = layer.get(kind, 0.0) + time
        if direction == "forward":
            twice = layout.recompute >= (1 if kind == "attention" else 2)
            repeated = repeated + where(twice, time, 0.0)
    return {**layer, "recompute": repeated}
