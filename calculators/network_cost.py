"""What does a convolutional network cost, and where does its time go?"""

from dataclasses import replace
from typing import Annotated, Any

from hwcalc import accuracy, catalog
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
    Toggle,
    Verdict,
)
from hwcalc.cnn import parameters
from hwcalc.cnn_time import step_times
from hwcalc.cnn_work import macs_by_kind, training_memory
from hwcalc.convnets import convnets
from hwcalc.convolution_time import LAYOUTS, convolution_machine
from hwcalc.display import text
from hwcalc.machine import Machine

PRECISIONS = {"fp16": "Mixed, 16 bits", "bf16": "Mixed, BF16", "tf32": "TF32", "fp32": "FP32"}
KINDS = {
    "larger": "Kernels larger than 1 × 1",
    "pointwise": "1 × 1 and fully connected",
    "grouped": "Grouped",
    "depthwise": "Depthwise",
    "between": "Norms, activations, sums",
    "update": "Weights",
    "host": "Waiting for the host",
}
# A regime for each way of running that was measured on something like it.
REGIMES = {True: "cnn-timm-train-3090-nhwc", False: "cnn-timm-infer-4090-nhwc"}


def calculate(
    network: Annotated[
        Any, Choice(convnets(), start="resnet50", group="vendor", label="Network")
    ],
    device: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="rtx-4090", group="vendor", label="Accelerator"),
    ],
    batch: Annotated[int, Slider(1, 4096, start=256, scale="log2", unit="images", label="Batch")],
    precision: Annotated[str, Choice(PRECISIONS, start="fp16", label="Precision")],
    layout: Annotated[str, Choice(LAYOUTS, start="nhwc", label="Activations in memory")],
    training: Annotated[bool, Toggle(start=False, label="Training")],
    other: Annotated[
        Any, Choice(convnets(), start="mobilenet-v2", group="vendor", label="Compare with")
    ],
) -> Results:  # fmt: skip
    macs = macs_by_kind(network)
    total_macs, weights = sum(macs.values()), sum(parameters(network).values())
    chip = convolution_machine(device)

    def time(of: Any = network, on: Machine = chip) -> float:
        return sum(step_times(of, on, batch, precision, training, layout).values())

    parts = step_times(network, chip, batch, precision, training, layout)
    step = sum(parts.values())
    second, other_macs = time(other), sum(macs_by_kind(other).values())
    doubled = {name: 2 * rate for name, rate in chip.peak.items()}
    changes = {
        "Twice the bandwidth": step / time(on=replace(chip, bandwidth=2 * chip.bandwidth)),
        "Twice the peak": step / time(on=replace(chip, peak=doubled, power=2 * chip.power)),
        "Nothing but layers": step / sum(parts[p] for p in parts if p.partition("/")[2]),
    }
    kinds: dict[str, float] = {}
    for part, taken in parts.items():
        kind = part.partition("/")[0]
        kinds[kind] = kinds.get(kind, 0.0) + taken
    shown = [kind for kind in KINDS if kinds.get(kind) or macs.get(kind)]
    flops = 2 * total_macs * batch * (3 if training else 1)
    memory = training_memory(network, batch, precision) if training else 4 * weights
    arithmetic = sum(kinds.get(kind, 0.0) for kind in macs)
    longest = max(kinds, key=lambda kind: kinds[kind])
    fits = memory < device.memory
    return [
        Quantity(
            "rate", "Images in a second", batch / step, accuracy=accuracy.tag(REGIMES[training])
        ),
        Quantity("step", "Time of a batch", step, "s"),
        Verdict("longest", "Most of it goes to", KINDS[longest].lower()),
        Quantity("layers", "In convolutions", arithmetic / step, "%", note="of the time"),
        Quantity("parameters", "Parameters", weights, "parameters"),
        Quantity("weights", "Weights in 32 bits", 4 * weights, "iB"),
        Quantity("macs", "Multiply-accumulates", total_macs, note="for one image, forward"),
        Quantity("flops", "Operations", 2 * total_macs, "FLOP", note="for one image: 1 MAC is 2"),
        Quantity("achieved", "Rate over the batch", flops / step, "FLOP/s"),
        Quantity(
            "memory", "Memory it fills" if training else "Memory of the weights", memory, "iB",
            note="weights, gradients, momentum and activations" if training else "",
        ),
        Verdict(
            "fits", f"The {text(device.memory, 'iB')} of the card",
            "are enough" if fits else "are too little", good=fits,
        ),
        Quantity("fewer", f"{other.name}: fewer operations", total_macs / other_macs, "x"),
        Quantity("faster", f"{other.name}: less time", step / second, "x"),
        Quantity("by_bandwidth", "Twice the bandwidth", changes["Twice the bandwidth"], "x"),
        Quantity("by_peak", "Twice the peak", changes["Twice the peak"], "x"),
        Chart(
            "shares",
            "Share of the arithmetic and of the time",
            x=Axis("Share", "%", low=0, high=1),
            y=Axis(""),
            horizontal=True,
            stacked=False,
            marks=[
                Bars(
                    "Arithmetic",
                    [KINDS[kind] for kind in shown],
                    [macs.get(kind, 0.0) / total_macs for kind in shown],
                ),
                Bars(
                    "Time",
                    [KINDS[kind] for kind in shown],
                    [kinds.get(kind, 0.0) / step for kind in shown],
                ),
            ],
            alt="Of arithmetic and of time: "
            + "; ".join(
                f"{KINDS[kind].lower()} {text(macs.get(kind, 0.0) / total_macs, '%')} and "
                f"{text(kinds.get(kind, 0.0) / step, '%')}"
                for kind in shown
            )
            + ".",
        ),
        Chart(
            "changes",
            "How much faster one change would make it",
            x=Axis("Speed", "x", low=0),
            y=Axis(""),
            horizontal=True,
            marks=[Bars("Speed", ["As set", *changes], [1.0, *changes.values()])],
            alt="Speed against that of the settings: "
            + ", ".join(f"{name.lower()} {text(gain, 'x')}" for name, gain in changes.items())
            + ".",
        ),
        Table(
            "parts",
            "Where the time goes",
            [Column("Part"), Column("Time", "s"), Column("Share", "%")],
            [[KINDS[kind], kinds.get(kind, 0.0), kinds.get(kind, 0.0) / step] for kind in shown],
        ),
    ]  # fmt: skip
