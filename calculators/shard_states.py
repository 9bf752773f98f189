"""What does each stage of sharding keep, send and cost?"""

from dataclasses import replace
from typing import Annotated

from hwcalc import accuracy, blocks, catalog, transformer
from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Choice,
    Column,
    Line,
    Quantity,
    Results,
    Rule,
    Slider,
    Table,
    Verdict,
)
from hwcalc.display import text
from hwcalc.frameworks import FRAMEWORKS
from hwcalc.layout import USUAL_SPREAD, Cluster, Layout
from hwcalc.memory import training_memory
from hwcalc.networks import Transformer, transformers
from hwcalc.sharding import replica_bytes
from hwcalc.states import OPTIMIZERS, States
from hwcalc.training_step import step_time

STAGES = {
    0: "0: whole copies",
    1: "1: optimizer sharded",
    2: "2: and gradients",
    3: "3: and weights (FSDP)",
}
WEIGHT = 2.0  # [B] as used in products
MASTER = 4.0  # [B] of the optimizer's copy of a weight
KEPT = {
    "Weights": ("weights/", "gathered/"),
    "Gradients": ("gradients/",),
    "Optimizer": ("master/", "moments/"),
    "Activations and workspace": ("activations/", "workspace/"),
}
COUNTS = (1, 4, 16, 64, 256, 1024)


def calculate(
    network: Annotated[
        Transformer, Choice(transformers(), start="llama3-8b", group="family", label="Network")
    ],
    gpus: Annotated[int, Slider(1, 1024, start=16, scale="log2", label="GPUs")],
    gpu: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="h100-sxm", group="vendor", label="GPU"),
    ],
    node: Annotated[int, Slider(1, 72, start=8, label="GPUs in a machine")],
    link: Annotated[
        catalog.Link,
        Choice(catalog.links(), start="infiniband-ndr", group="family", label="Network of a GPU"),
    ],
    sequence: Annotated[
        int, Slider(128, 32768, start=4096, scale="log2", unit="tokens", label="Sequence")
    ],
    at_once: Annotated[
        int, Slider(1, 64, start=1, scale="log2", unit="sequences", label="In one pass of a GPU")
    ],
    passes: Annotated[
        int, Slider(1, 64, start=1, scale="log2", label="Passes per step",
                    help="Whose gradients are added up before the weights change")
    ],
    gradient: Annotated[
        str, Choice({"2": "BF16, 2 bytes", "4": "FP32, 4 bytes"}, start="2", label="Gradients as")
    ],
    optimizer: Annotated[
        str, Choice({key: key for key in OPTIMIZERS}, start="adam", label="Optimizer")
    ],
    again: Annotated[
        str, Choice({"0": "nothing", "2": "each layer"}, start="2", label="Computed again",
                    help="Instead of keeping its activations")
    ],
) -> Results:  # fmt: skip
    shape = blocks.shape(network)
    states = States(WEIGHT, float(gradient), MASTER, optimizer)
    software = replace(
        FRAMEWORKS["megatron-core"],
        precision="bf16" if "bf16" in gpu.peak else "fp16",
        gradient=float(gradient),
    )
    cluster = Cluster(gpu, node, link.bandwidth, USUAL_SPREAD)
    parameters = transformer.parameter_count(network, active=False)

    def layout(stage: int, ranks: int = gpus) -> Layout:
        batch = at_once * passes * ranks
        return Layout(1, 1, ranks, 1, 1, at_once, batch, 1, stage, float(again), False)

    def memory(stage: int, ranks: int = gpus) -> dict[str, float]:
        return training_memory(shape, layout(stage, ranks), sequence, software, states, 0.0, 0.0)

    kept = {stage: memory(stage) for stage in STAGES}
    total = {stage: sum(parts.values()) for stage, parts in kept.items()}
    sent = {
        stage: replica_bytes(stage, parameters, gpus, WEIGHT, float(gradient), passes)
        for stage in STAGES
    }
    steps = {
        stage: step_time(cluster, shape, layout(stage), sequence, software, 0.0) for stage in STAGES
    }
    times = {stage: sum(parts.values()) for stage, parts in steps.items()}
    waits = {
        stage: sum(time for name, time in parts.items() if name.startswith("data/"))
        for stage, parts in steps.items()
    }
    capacity = float(gpu.memory)
    fits = next((stage for stage in STAGES if total[stage] <= capacity), None)
    counts = sorted({*COUNTS, gpus})
    curves = {stage: [sum(memory(stage, n).values()) for n in counts] for stage in STAGES}
    names = list(STAGES.values())
    return [
        Verdict("fits", "Fits from", "no stage" if fits is None else f"stage {fits} on",
                good=fits is not None),
        *(Quantity(f"memory_{stage}", f"Memory, stage {stage}", total[stage], "iB")
          for stage in reversed(STAGES)),
        Quantity("states", "Kept for each parameter",
                 sum(_sum(kept[0], KEPT[part]) for part in list(KEPT)[:3]) / parameters, "B",
                 note="without sharding"),
        Quantity("floor", "Not sharded by any stage",
                 _sum(kept[3], KEPT["Activations and workspace"]), "iB",
                 note="activations and workspace"),
        Quantity("sent_0", "Sent by a GPU, stage 0", sent[0], "B", note="in each step"),
        Quantity("sent_2", "Stages 1 and 2", sent[2], "B"),
        Quantity("sent_3", "Stage 3", sent[3], "B"),
        Quantity("waits_0", "Waiting, stage 0", waits[0] / times[0], "%", note="of the step"),
        Quantity("waits_3", "Waiting, stage 3", waits[3] / times[3], "%", note="of the step"),
        Quantity("cost", "Step with stage 3", times[3] / times[0], "x", note="over stage 0",
                 accuracy=accuracy.tag("training-llm-foundry")),
        Chart(
            "memories",
            f"Memory of each of {gpus:,} GPUs",
            x=Axis("Memory", "iB", low=0),
            y=Axis(""),
            horizontal=True,
            stacked=True,
            marks=[
                *(
                    Bars(label, names, [_sum(kept[stage], prefixes) for stage in STAGES])
                    for label, prefixes in KEPT.items()
                ),
                Rule(x=capacity, label=text(capacity, "iB")),
            ],
            alt="Memory by stage: "
            + ", ".join(f"{name} {text(total[stage], 'iB')}" for stage, name in STAGES.items())
            + f"; a GPU has {text(capacity, 'iB')}.",
        ),
        Chart(
            "scaling",
            "Memory of a GPU against number of GPUs",
            x=Axis("GPUs", scale="log"),
            y=Axis("Memory", "iB", scale="log"),
            marks=[
                *(
                    Line(name, counts, curves[stage])
                    for stage, name in STAGES.items()
                ),
                Rule(y=capacity, label=gpu.name),
                Rule(x=gpus, label="you"),
            ],
            alt=f"At {counts[-1]:,} GPUs a copy needs {text(curves[0][-1], 'iB')}, "
            f"with all sharded {text(curves[3][-1], 'iB')}.",
        ),
        Table(
            "stages",
            "The four stages",
            [Column("Sharded"), Column("Memory", "iB"), Column("Sent by a GPU", "B"),
             Column("Step", "s"), Column("Waiting", "s")],
            [[name, total[stage], sent[stage], times[stage], waits[stage]]
             for stage, name in STAGES.items()],
        ),
    ]  # fmt: skip


def _sum(parts: dict[str, float], prefixes: tuple[str, ...]) -> float:
    return sum(value for name, value in parts.items() if name.startswith(prefixes))
