"""How should this network be laid out on this cluster?"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, NamedTuple

from hwcalc import accuracy, blocks, catalog, planner, roofline, training, transformer
from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Choice,
    Column,
    Quantity,
    Results,
    Rule,
    Slider,
    Table,
)
from hwcalc.display import text
from hwcalc.frameworks import FRAMEWORKS
from hwcalc.layout import USUAL_SPREAD, Cluster, Layout
from hwcalc.memory import training_memory
from hwcalc.networks import Transformer, transformers
from hwcalc.states import States
from hwcalc.training_step import step_time

MEGATRON = FRAMEWORKS["megatron-core"]
STATES = States(weight=2, gradient=4, master=4, optimizer="adam")
INTERLEAVE, MICRO_BATCH = (planner.FIELDS.index(name) for name in ("interleave", "micro_batch"))
PARTS = (1, 2, 4)  # of a stage, that are tried
LARGEST = 4  # micro-batch that is tried
SHOWN = 6
TOGETHER = 16  # layouts between two looks at the ranking
RECOMPUTED = ("nothing", "attention", "all")
MEMORY = {
    "Weights": ("weights/", "gathered/"),
    "Gradients": ("gradients/",),
    "Optimizer": ("master/", "moments/"),
    "Activations and workspace": ("activations/", "workspace/"),
}
TIME = {
    "Products and attention": ("layers/products", "layers/attention", "layers/recompute", "ends/"),
    "Memory and launches": ("layers/memory", "layers/host", "update/"),
    "Tensor and expert exchange": ("layers/tensor", "layers/expert", "layers/context"),
    "Pipeline, slowest GPU": ("pipeline/",),
    "Replicas": ("data/",),
}
IDLE = ("pipeline/bubble", "pipeline/imbalance")


class Found(NamedTuple):
    """A layout that fits, with what it costs."""

    time: float  # [s]
    layout: Layout
    times: dict[str, float]  # [s]


def calculate(
    network: Annotated[
        Transformer, Choice(transformers(), start="llama3-70b", group="family", label="Network")
    ],
    gpu: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="h100-sxm", group="vendor", label="GPU"),
    ],
    gpus: Annotated[int, Slider(1, 4096, start=64, scale="log2", label="GPUs")],
    node: Annotated[int, Slider(1, 72, start=8, label="GPUs in a machine")],
    link: Annotated[
        catalog.Link,
        Choice(catalog.links(), start="infiniband-ndr", group="family", label="Network of a GPU"),
    ],
    batch: Annotated[
        int, Slider(1, 8192, start=512, scale="log2", unit="sequences", label="Batch of a step")
    ],
    sequence: Annotated[
        int, Slider(512, 131072, start=4096, scale="log2", unit="tokens", label="Sequence")
    ],
    usable: Annotated[
        float, Slider(50, 100, start=92, unit="%", label="Usable memory",
                      help="What the framework, the library of exchanges and gaps leave over")
    ],
) -> Iterator[Results]:  # fmt: skip
    shape = blocks.shape(network)
    cluster = Cluster(gpu, node, link.bandwidth, USUAL_SPREAD)
    software = replace(MEGATRON, precision="bf16" if "bf16" in gpu.peak else "fp16")
    capacity = gpu.memory * usable
    rows = [
        row
        for row in planner.layouts(shape, gpus, node, batch, sequence)
        if row[INTERLEAVE] in PARTS and row[MICRO_BATCH] <= LARGEST
    ]
    fitting = planner.fitting(shape, rows, sequence, software, STATES, 0.0, 0.0, capacity)
    found: list[Found] = []
    flops = (
        batch
        * sequence
        * transformer.training_flops_per_token(
            training.working_parameters(network), network.layers, network.hidden, sequence
        )
    )
    peak = roofline.peak_rate(gpu.peak, 16)

    def ranking() -> Results:
        best = sorted(found, key=lambda each: each.time)[:SHOWN]
        names = [f"{rank}: {_name(each.layout)}" for rank, each in enumerate(best, 1)]
        memory = [
            training_memory(shape, each.layout, sequence, software, STATES, 0.0, 0.0)
            for each in best
        ]
        first, layout = best[0], best[0].layout
        used = training.utilisation(flops, gpus, peak, first.time)
        return [
            Quantity("time", "Fastest step", first.time, "s",
                     accuracy=accuracy.tag("training-playbook-1b")),
            Quantity("rate", "Tokens", batch * sequence / first.time, "tokens/s"),
            Quantity("utilisation", "Utilisation (MFU)", used, "%",
                     note="attention counted in full, nothing twice"),
            Quantity("tensor", "Tensor-parallel", layout.tensor, "GPUs"),
            Quantity("pipeline", "Stages", layout.pipeline),
            Quantity("data", "Replicas", layout.data),
            Quantity("idle", "Pipeline idle", _share(first, IDLE), "%"),
            Quantity("exchange", "Waiting inside layers",
                     _share(first, TIME["Tensor and expert exchange"]), "%"),
            Quantity("memory", "Memory of a GPU", sum(memory[0].values()), "iB"),
            Quantity("second", "Second best", best[min(1, len(best) - 1)].time / first.time - 1,
                     "%", note="slower"),
            Quantity("worst", "Slowest that fits", max(e.time for e in found) / first.time, "x"),
            Quantity("tried", "Layouts that fit", len(found), note=f"of {len(rows)} tried"),
            Table(
                "ranking",
                "The fastest layouts",
                [Column("Tensor × stages × replicas"), Column("Experts over"), Column("Batch"),
                 Column("Parts"), Column("ZeRO"), Column("Recomputed"), Column("Step", "s"),
                 Column("Memory", "iB")],
                [
                    [name, each.layout.expert, each.layout.micro_batch, each.layout.interleave,
                     each.layout.zero, RECOMPUTED[int(each.layout.recompute)], each.time,
                     sum(parts.values())]
                    for name, each, parts in zip(names, best, memory, strict=True)
                ],
            ),
            Chart(
                "memories",
                "Memory of the fullest GPU, by layout",
                x=Axis("Memory", "iB"),
                y=Axis(""),
                marks=[
                    *(
                        Bars(label, names, [_sum(parts, prefixes) for parts in memory])
                        for label, prefixes in MEMORY.items()
                    ),
                    Rule(x=capacity, label="usable"),
                ],
                stacked=True,
                horizontal=True,
                alt=f"The fastest layout, {names[0]}, fills {text(sum(memory[0].values()), 'iB')} "
                f"of {text(capacity, 'iB')}.",
            ),
            Chart(
                "steps",
                "Time of a step, by layout",
                x=Axis("Time", "s"),
                y=Axis(""),
                marks=[
                    Bars(label, names, [_sum(each.times, prefixes) for each in best])
                    for label, prefixes in TIME.items()
                ],
                stacked=True,
                horizontal=True,
                alt=f"{names[0]} needs {text(first.time, 's')}, {names[-1]} "
                f"{text(best[-1].time, 's')}.",
            ),
        ]  # fmt: skip

    for count, (row, _) in enumerate(fitting, 1):
        layout = Layout(*row)
        times = step_time(cluster, shape, layout, sequence, software, 0.0)
        found.append(Found(sum(times.values()), layout, times))
        if count % TOGETHER == 0:
            yield ranking()
    if not found:
        raise ValueError(
            f"{network.name} fits {gpus} × {gpu.name} in no layout of {len(rows)}: take more GPUs, "
            "a shorter sequence, or a batch that more of them divide"
        )
    yield ranking()


def _name(layout: Layout) -> str:
    further = f" × {layout.context:g}" if layout.context > 1 else ""
    return f"{layout.tensor:g} × {layout.pipeline:g} × {layout.data:g}{further}"


def _sum(parts: dict[str, float], prefixes: tuple[str, ...]) -> float:
    return sum(value for name, value in parts.items() if name.startswith(prefixes))


def _share(found: Found, prefixes: tuple[str, ...]) -> float:
    return _sum(found.times, prefixes) / found.time
