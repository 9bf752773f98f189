"""A pod of TPUs or a cluster of GPUs: how long does a training step take?"""

from dataclasses import replace
from typing import Annotated, NamedTuple

from hwcalc import accuracy, blocks, catalog, roofline, training, transformer
from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Choice,
    Column,
    Quantity,
    Results,
    Slider,
    Table,
    Verdict,
)
from hwcalc.display import text
from hwcalc.frameworks import FRAMEWORKS
from hwcalc.layout import USUAL_SPREAD, Cluster, Layout
from hwcalc.memory import training_memory
from hwcalc.networks import Transformer, transformers
from hwcalc.states import States
from hwcalc.training_step import step_time

CHIPS = catalog.accelerators()
TPUS = ("tpu-v4", "tpu-v5e", "tpu-v5p", "tpu-v6e", "tpu-v7")
GPUS = (
    *("a100-sxm-40gb", "a100-sxm-80gb", "h100-sxm", "h200-sxm", "b200", "gb200", "b300", "gb300"),
    *("mi300x", "mi325x", "mi355x"),
)
BITS = {"bf16": 16, "fp8": 8}
STATES = States(weight=2, gradient=2, master=4, optimizer="adam")
RECOMPUTED = {0.0: "nothing", 1.0: "attention", 2.0: "each layer"}
SPARED = (0, 2)  # what is tried in turn until the step fits
TIME = {
    "Products and attention": ("layers/products", "layers/attention", "ends/"),
    "Computed again": ("layers/recompute",),
    "Memory, launches, update": ("layers/memory", "layers/host", "update/"),
    "Waiting for weights and gradients": ("data/", "layers/tensor"),
    "Waiting for the slowest": ("pipeline/",),
}


class Side(NamedTuple):
    """A step on one kind of chip."""

    name: str
    layout: Layout
    parts: dict[str, float]  # [s]
    memory: float  # [B]
    used: float  # share of the peak

    @property
    def time(self) -> float:
        """Time of the step [s]."""
        return sum(self.parts.values())


def calculate(
    network: Annotated[
        Transformer, Choice(transformers(), start="llama3.1-70b", group="family", label="Network")
    ],
    chips: Annotated[int, Slider(8, 4096, start=64, scale="log2", label="Chips, of either kind")],
    sequences: Annotated[
        int, Slider(1, 64, start=4, scale="log2", unit="sequences", label="Batch of a chip")
    ],
    sequence: Annotated[
        int, Slider(512, 32768, start=8192, scale="log2", unit="tokens", label="Sequence")
    ],
    precision: Annotated[
        str, Choice({"bf16": "BF16", "fp8": "FP8 where the chip has it"}, start="fp8",
                    label="Products in")
    ],
    tpu: Annotated[
        catalog.Accelerator, Choice({key: CHIPS[key] for key in TPUS}, start="tpu-v7", label="TPU")
    ],
    gpu: Annotated[
        catalog.Accelerator, Choice({key: CHIPS[key] for key in GPUS}, start="gb200", label="GPU")
    ],
    node: Annotated[int, Slider(1, 72, start=72, label="GPUs on one switch")],
    link: Annotated[
        catalog.Link,
        Choice(catalog.links(), start="infiniband-ndr", group="family", label="Network of a GPU"),
    ],
) -> Results:  # fmt: skip
    if chips > tpu.pod:
        raise ValueError(
            f"{chips:,} chips: a pod of {tpu.name} has {tpu.pod:,.0f}; take fewer or another TPU"
        )
    pod = Cluster(tpu, tpu.pod, 0.0, 0.0)
    machines = Cluster(gpu, node, link.bandwidth, USUAL_SPREAD)
    ours, theirs = (
        _side(where, network, chips, sequences, sequence, precision) for where in (pod, machines)
    )
    ratio = theirs.time / ours.time
    tokens = chips * sequences * sequence
    names = [f"{chips:,} {side.name}" for side in (ours, theirs)]
    sums = {
        label: [_sum(side.parts, prefixes) for side in (ours, theirs)]
        for label, prefixes in TIME.items()
    }
    return [
        Quantity("torus", f"Step of {names[0]}", ours.time, "s",
                 accuracy=accuracy.tag("training-recipes")),
        Quantity("switch", f"Step of {names[1]}", theirs.time, "s"),
        Quantity("ratio", "GPUs over TPUs", ratio, "x", note="above 1 the TPUs finish first"),
        Quantity("tokens", "Batch", tokens, "tokens"),
        Quantity("torus_used", f"{ours.name} use", ours.used, "%", note="of their peak"),
        Quantity("switch_used", f"{theirs.name} use", theirs.used, "%", note="of their peak"),
        Quantity("torus_waits", "TPUs wait for each other", _waits(ours), "%", note="of the step"),
        Quantity("switch_waits", "GPUs wait for each other", _waits(theirs), "%",
                 note="of the step"),
        Verdict("repeated", "Computed again", f"{RECOMPUTED[ours.layout.recompute]} on TPUs, "
                f"{RECOMPUTED[theirs.layout.recompute]} on GPUs"),
        Chart(
            "parts",
            "Where the step goes",
            x=Axis("Time", "s", low=0),
            y=Axis(""),
            horizontal=True,
            stacked=True,
            height=190,
            marks=[Bars(label, names, values) for label, values in sums.items()],
            alt=f"{names[0]} need {text(ours.time, 's')}, {names[1]} {text(theirs.time, 's')}.",
        ),
        Table(
            "sides",
            "The two steps",
            [Column("Chips"), Column("Step", "s"), Column("Each", "tokens/s"),
             Column("Share of peak", "%"), Column("At once"), Column("Again"),
             Column("Memory", "iB")],
            [
                [name, side.time, tokens / chips / side.time, side.used, side.layout.micro_batch,
                 RECOMPUTED[side.layout.recompute], side.memory]
                for name, side in zip(names, (ours, theirs), strict=True)
            ],
        ),
    ]  # fmt: skip


def _side(
    cluster: Cluster,
    network: Transformer,
    chips: int,
    sequences: int,
    sequence: int,
    precision: str,
) -> Side:
    """Shard all weights among all chips, and spare memory only as far as needed."""
    chip = cluster.accelerator
    shape = blocks.shape(network)
    form = precision if precision in chip.peak else "bf16"
    software = replace(FRAMEWORKS["maxtext"], precision=form)
    choices = (
        Layout(1, 1, chips, 1, 1, at_once, sequences * chips, 1, 3, again, False)
        for again in SPARED
        for at_once in sorted({sequences, 1}, reverse=True)
    )
    least = 0.0
    for layout in choices:
        needed = sum(training_memory(shape, layout, sequence, software, STATES, 0.0, 0.0).values())
        least = min(least or needed, needed)
        if needed <= chip.memory:
            break
    else:
        raise ValueError(
            f"{network.name} needs {text(least, 'iB')} on each of {chips} × {chip.name} with "
            f"{text(float(chip.memory), 'iB')}: take more chips or shorter sequences"
        )
    parts = step_time(cluster, shape, layout, sequence, software, 0.0)
    each = transformer.training_flops_per_token(
        training.working_parameters(network), network.layers, network.hidden, sequence
    )
    peak = roofline.peak_rate(chip.peak, BITS[form])
    used = training.utilisation(layout.batch * sequence * each, chips, peak, sum(parts.values()))
    return Side(
        chip.name.removeprefix("Google ").split(" (")[0].split(" SXM")[0],
        layout,
        parts,
        needed,
        used,
    )


def _sum(parts: dict[str, float], prefixes: tuple[str, ...]) -> float:
    return sum(value for name, value in parts.items() if name.startswith(prefixes))


def _waits(side: Side) -> float:
    return _sum(side.parts, ("data/", "pipeline/")) / side.time
