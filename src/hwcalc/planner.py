r"""Which layout trains a network fastest on a cluster, among those that fit its memory.

Every split of the ranks into tensor, pipeline, context and data parallelism is tried, with every
size of the micro-batch, interleaving, sharding and recomputation that divides evenly. Natively the
whole list is one computation on arrays; without numpy the same functions run layout by layout, so a
page works through slices of the list and stays responsive.

What it leaves out: layouts that cut heads or layers unevenly, and tensor parallelism across nodes,
which is never the fastest.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from hwcalc.blocks import Shape
from hwcalc.layout import Cluster, Layout, Software
from hwcalc.memory import training_memory
from hwcalc.numeric import check_count
from hwcalc.states import States
from hwcalc.training_step import step_time

__all__ = ["Plan", "evaluate", "fastest", "fitting", "layouts"]

FIELDS = tuple(field.name for field in fields(Layout))
ZERO, RECOMPUTE = FIELDS.index("zero"), FIELDS.index("recompute")
LARGEST_MICRO_BATCH = 64
LARGEST_CONTEXT = 64


class Plan(NamedTuple):
    """A layout with what it costs."""

    layout: Layout
    time: float  # [s] of a step
    memory: float  # [B] of the fullest rank


def layouts(
    shape: Shape, ranks: int, node: int, batch: int, sequence: float
) -> Iterator[tuple[float, ...]]:
    """Enumerate the layouts of a network that use all ranks and divide everything evenly.

    Tensor parallelism divides heads and stays in a node; stages divide layers, interleaved parts
    the layers of a stage; context parallelism begins where a rank would have more than 4,096
    tokens of a sequence; experts are dealt to ranks that see different tokens. With tensor
    parallelism the rest is split along the sequence, which never costs more.

    Args:
        shape: Sizes of a transformer. [1]
        ranks: Accelerators to use, all of them. [1]
        node: Accelerators of a node. [1]
        batch: Sequences in a step. [1]
        sequence: Length of a sequence. [tokens]

    Returns:
        The fields of `layout.Layout`, in their order. [1]

    Raises:
        ValueError: If ranks, node or batch is not a whole number of at least 1.

    References:
        Narayanan et al. 2021, section 3, https://doi.org/10.48550/arXiv.2104.04473

    Examples:
        >>> from hwcalc.blocks import gpt
        >>> len(list(layouts(gpt(24, 2304, 24, 51200, 2048), 32, 8, 512, 2048)))
        1788
    """
    check_count(ranks=ranks, node=node, batch=batch)
    contexts = [1.0] + [
        2.0**k for k in range(1, 7) if sequence / 2 ** (k - 1) > 4096 and 2**k <= LARGEST_CONTEXT
    ]
    for tensor in _divisors(node):
        if shape.heads % tensor or ranks % tensor:
            continue
        for pipeline in _divisors(shape.layers):
            for context in contexts:
                model = tensor * pipeline * int(context)
                if ranks % model or batch % (ranks // model):
                    continue
                data = ranks // model
                yield from _inner(shape, tensor, pipeline, data, context, batch)


def _inner(
    shape: Shape, tensor: int, pipeline: int, data: int, context: float, batch: int
) -> Iterator[tuple[float, ...]]:
    """Enumerate what a split of the ranks leaves open."""
    share = batch // data
    depth = shape.layers // pipeline
    expert_ranks = [1]
    if shape.experts:
        together = tensor * data * int(context)
        expert_ranks = [
            count
            for count in _divisors(shape.experts)
            if together % max(count, tensor) == 0 and (count % tensor == 0 or tensor % count == 0)
        ]
    parts = [v for v in _divisors(depth) if v <= 8] if pipeline > 1 else [1]
    stages: tuple[int, ...] = (0, 1, 2, 3) if pipeline == 1 else (0, 1)
    if data * context == 1:
        stages = (0,)
    for expert in expert_ranks:
        for micro in _divisors(share):
            if micro > LARGEST_MICRO_BATCH:
                continue
            for interleave in parts:
                # Interleaved schedules deal micro-batches to stages in rounds.
                if interleave > 1 and (share // micro) % pipeline:
                    continue
                for zero in stages:
                    for recompute in (0, 1, 2):
                        yield (
                            *map(float, (tensor, pipeline, data, context, expert, micro)),
                            *map(float, (batch, interleave, zero, recompute)),
                            tensor > 1,
                        )


def _divisors(number: int) -> list[int]:
    return [k for k in range(1, number + 1) if number % k == 0]


def evaluate(
    cluster: Cluster,
    shape: Shape,
    rows: Sequence[tuple[float, ...]],
    sequence: float,
    software: Software,
    states: States,
    fragmentation: float,
    reserve: float,
) -> list[tuple[float, float]]:
    """Compute time and memory of many layouts, with numpy all at once.

    Args:
        cluster: The machines. [1]
        shape: Sizes of a transformer. [1]
        rows: Layouts as `layouts` gives them, or a slice of the list. [1]
        sequence: Length of a sequence. [tokens]
        software: What the framework does. [1]
        states: Formats of weights, gradients and optimizer. [1]
        fragmentation: Memory lost between blocks, over the activations. [1]
        reserve: Memory for buffers and for what lies outside the framework. [B]

    Returns:
        Time of a step and memory of the fullest rank, for each row. [(s, B)]

    Raises:
        ValueError: If a layout does not divide evenly or an argument is refused by the models.

    References:
        The functions it calls.

    Examples:
        >>> from hwcalc import blocks, catalog, frameworks
        >>> small = blocks.gpt(24, 2304, 24, 51200, 2048)
        >>> rows = list(layouts(small, 32, 8, 512, 2048))[:100]
        >>> found = evaluate(
        ...     Cluster(catalog.accelerators()["a100-sxm-80gb"], 8, 25e9, 0.015), small, rows, 2048,
        ...     frameworks.FRAMEWORKS["megatron-core"], States(2, 4, 4, "adam"), 0.0, 1e9,
        ... )
        >>> len(found) == len(rows)
        True
    """

    def run(layout: Layout) -> tuple[Any, Any]:
        parts = step_time(cluster, shape, layout, sequence, software, 0.0)
        memory = training_memory(shape, layout, sequence, software, states, fragmentation, reserve)
        return sum(parts.values()), sum(memory.values())

    if not rows:
        return []
    try:
        import numpy  # here, because the browser has none
    except ImportError:
        return [run(Layout(*row)) for row in rows]
    columns = numpy.array(rows, dtype=float).T
    layout = Layout(*(*columns[:-1], columns[-1] > 0))
    time, memory = run(layout)
    size = len(rows)
    return list(
        zip(
            numpy.broadcast_to(time, size).tolist(),
            numpy.broadcast_to(memory, size).tolist(),
            strict=True,
        )
    )


def fastest(
    rows: Sequence[tuple[float, ...]],
    found: Sequence[tuple[float, float]],
    capacity: float,
    count: int,
) -> list[Plan]:
    """Drop the layouts that do not fit and give the fastest of the others.

    Args:
        rows: Layouts as `layouts` gives them. [1]
        found: Their time and memory, from `evaluate`. [(s, B)]
        capacity: Memory of an accelerator. [B]
        count: How many plans to give at most. [1]

    Returns:
        Plans in order of their time. [1]

    References:
        The functions it calls.

    Examples:
        >>> row = (1.0, 1.0, 8.0, 1.0, 1.0, 1.0, 8.0, 1.0, 0.0, 0.0, False)
        >>> [plan.time for plan in fastest([row, row], [(2.0, 5e9), (1.0, 9e9)], 8e9, 5)]
        [2.0]
    """
    fitting = [
        (time, memory, row)
        for row, (time, memory) in zip(rows, found, strict=True)
        if memory <= capacity
    ]
    fitting.sort(key=lambda entry: entry[0])
    return [Plan(Layout(*row), time, memory) for time, memory, row in fitting[:count]]


def fitting(
    shape: Shape,
    rows: Iterable[tuple[float, ...]],
    sequence: float,
    software: Software,
    states: States,
    fragmentation: float,
    reserve: float,
    capacity: float,
) -> Iterator[tuple[tuple[float, ...], float]]:
    """Give, of layouts that differ only in how they save memory, the first that fits.

    A search for a page, where every layout costs time. Assumption: recomputing less, and sharding
    less among replicas, is faster; so of the layouts with the same split and the same micro-batch
    only the one that saves just enough can be the fastest.

    Args:
        shape: Sizes of a transformer. [1]
        rows: Layouts as `layouts` gives them. [1]
        sequence: Length of a sequence. [tokens]
        software: What the framework does. [1]
        states: Formats of weights, gradients and optimizer. [1]
        fragmentation: Memory lost between blocks, over the activations. [1]
        reserve: Memory for buffers and for what lies outside the framework. [B]
        capacity: Memory of an accelerator. [B]

    Returns:
        Layouts that fit, with the memory of the fullest rank. [(1, B)]

    Raises:
        ValueError: If a layout is refused by the model of memory.

    References:
        The functions it calls.

    Examples:
        >>> from hwcalc import blocks, frameworks
        >>> small = blocks.gpt(24, 2304, 24, 51200, 2048)
        >>> megatron = frameworks.FRAMEWORKS["megatron-core"]
        >>> rows = list(layouts(small, 32, 8, 512, 2048))
        >>> adam = States(2, 4, 4, "adam")
        >>> kept = list(fitting(small, rows, 2048, megatron, adam, 0.0, 1e9, 80e9))
        >>> len(kept), len(rows), max(memory for _, memory in kept) <= 80e9
        (294, 1788, True)
    """
    alike: dict[tuple[float, ...], list[tuple[float, ...]]] = {}
    for row in rows:
        alike.setdefault((*row[:ZERO], *row[RECOMPUTE + 1 :]), []).append(row)

    def memory(row: tuple[float, ...]) -> float:
        layout = Layout(*row)
        parts = training_memory(shape, layout, sequence, software, states, fragmentation, reserve)
        return sum(parts.values())

    for group in alike.values():
        ordered = sorted(group, key=lambda each: (each[RECOMPUTE], each[ZERO]))
        # Where even the one that saves most is too large, the others need no look.
        if memory(ordered[-1]) <= capacity:
            yield next((row, used) for row in ordered if (used := memory(row)) <= capacity)
