"""How many PCIe lanes does each card need?"""

import dataclasses
from collections import ChainMap
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, cast

from hwcalc import catalog, cnn_time, machine_parts
from hwcalc.buckets import bucket_runs, even_buckets
from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Column,
    Line,
    Points,
    Quantity,
    Results,
    Slider,
    Table,
    Toggle,
    Verdict,
)
from hwcalc.cluster_step import replica_step_time
from hwcalc.collective_time import collective_time
from hwcalc.data_parallel import scaling_efficiency
from hwcalc.data_path import batch_size_bytes, copy_time
from hwcalc.display import text
from hwcalc.fabric import fabric
from hwcalc.parallel_step import network_buckets
from hwcalc.pcie_lanes import even_width, lane_rate, slot_widths, usual_share
from hwcalc.scaling_runs import BUCKET, SPREAD

NETWORKS: Mapping[str, Any] = ChainMap(
    *cast(Any, (catalog.convnets(), {"own": "My own model, set below"}))
)
WIDTHS = (1, 2, 4, 8, 16)
SHOWN = (3, 4, 5)  # generations in the chart
DRIVE_LANES = 4
LATENCY = 27e-6  # [s] of a copy, measured on a V100 (te42kyfo/gpu-benches)
GRADIENT = 4.0  # [B] of a parameter
SIDE, CHANNELS, VALUE = 224, 3, 4.0


def calculate(
    platform: Annotated[
        machine_parts.Platform,
        Choice(machine_parts.platforms(), start="am5", label="Processor's platform"),
    ],
    gpu: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="rtx-5090", group="vendor", label="GPU"),
    ],
    gpus: Annotated[int, Slider(1, 8, start=2, label="GPUs")],
    drives: Annotated[int, Slider(0, 8, start=1, label="NVMe drives on the processor")],
    adapter: Annotated[int, Slider(0, 16, start=0, label="Lanes of a network card")],
    network: Annotated[Any, Choice(NETWORKS, start="resnet50", label="Training")],
    batch: Annotated[
        int, Slider(1, 1024, start=128, scale="log2", label="Images per GPU and step")
    ],
    parameters: Annotated[
        float,
        Slider(1, 20_000, start=1000, scale="log", unit="million parameters", label="My own model",
               help="Its gradients are exchanged; used with my own model"),
    ],
    own: Annotated[
        float,
        Slider(1, 20_000, start=500, scale="log", unit="ms", label="My own step",
               help="Computation of one GPU alone; used with my own model"),
    ],
    peer: Annotated[
        bool, Toggle(start=False, label="GPUs write to each other",
                     help="Peer-to-peer over PCIe; GeForce cards since the RTX 3090 go through "
                          "main memory"),
    ],
) -> Results:  # fmt: skip
    if gpu.slot is None:
        raise ValueError(f"{gpu.name}: its PCIe slot is not published; choose another GPU")
    generation = min(platform.generation, int(gpu.slot.id.split("-")[1]))
    made_for = gpu.slot.lanes or WIDTHS[-1]
    left = max(0, platform.lanes - DRIVE_LANES * drives - adapter)
    if left < gpus:
        raise ValueError(f"{left} lanes left for {gpus} GPUs: must be at least one for each")
    width = min(int(even_width(left, gpus)), made_for)
    widths = [min(each, made_for) for each in slot_widths(left, gpus)]
    if network == "own":
        compute, side = own, SIDE
        buckets = even_buckets(parameters * GRADIENT, 0.0, 1.0, max(BUCKET, parameters / 100))
    else:
        compute, side = _compute(network.id, gpu.id, batch), network.input_side
        buckets = network_buckets(network, GRADIENT, BUCKET, BUCKET)
    runs = bucket_runs(buckets)
    gradients = sum(size for _, size in buckets)
    images = batch_size_bytes(batch, side, CHANNELS, VALUE)
    joined = fabric(gpu, "peer" if peer else "host", 0.0)

    def slot(lanes: int, gen: int = generation) -> float:
        return lane_rate(gen, lanes)

    @cache
    def at_rate(rate: float, count: int = gpus) -> float:
        over = dataclasses.replace(joined, bandwidth=rate)
        return replica_step_time(compute, runs, False, count, count, over, SPREAD)

    def step(lanes: int, gen: int = generation) -> float:
        # Eight lanes of one generation are as fast as four of the next: computed once.
        return at_rate(float(f"{slot(lanes, gen):.3g}"))

    def copy(lanes: int) -> float:
        return copy_time(images, slot(lanes), usual_share(generation), LATENCY, float("inf"))

    def efficiency(lanes: int, gen: int = generation) -> float:
        return scaling_efficiency(compute, step(lanes, gen))

    over = dataclasses.replace(joined, bandwidth=slot(width))
    exchange = collective_time("all_reduce", gradients, gpus, gpus, over)
    wide = WIDTHS[-1]
    reached = efficiency(width)
    return [
        Verdict("slots", "Slots", " / ".join(f"x{each}" for each in widths), good=None),
        Quantity("even", "Lanes of the narrowest", width, note=f"PCIe {generation}.0"),
        Quantity("free", "Lanes left over", left - sum(widths), note=f"of {platform.lanes}"),
        Quantity("slot_rate", "Rate of that slot", slot(width), "B/s", note="one direction"),
        Quantity("efficiency", "Efficiency of the GPUs", reached, "%",
                 note="data-parallel, the slowest card and the exchange counted"),
        Quantity("speedup", "Speed-up", gpus * reached, "x", note=f"of {gpus} at best"),
        Quantity("full", "With sixteen lanes each", efficiency(wide), "%"),
        Quantity("four", "With four lanes each", efficiency(4), "%"),
        Quantity("quad_eight", "Four GPUs with eight lanes each",
                 scaling_efficiency(compute, at_rate(slot(8), 4)), "%"),
        Quantity("quad_four", "Four GPUs with four lanes each",
                 scaling_efficiency(compute, at_rate(slot(4), 4)), "%"),
        Quantity("gradients", "Gradients in each step", gradients, "B"),
        Quantity("exchange", "Their exchange takes", exchange, "s",
                 note="hidden as far as the backward pass lasts"),
        Quantity("compute", "Computation of a step", compute, "s"),
        Quantity("copy", "Copy of a batch", copy(width), "s", note="pinned"),
        Quantity("copy_four", "Over four lanes", copy(4), "s"),
        Quantity("copy_gain", "Sixteen lanes instead of four, one GPU",
                 (compute + copy(4)) / (compute + copy(wide)) - 1, "%",
                 note="if the copy is waited for; nothing if not"),
        Chart(
            "by_lanes",
            f"Efficiency of {gpus} GPUs against lanes of each",
            x=Axis("Lanes", scale="log"),
            y=Axis("Efficiency", "%", low=0, high=1),
            marks=[
                *(
                    Line(f"PCIe {gen}.0", list(WIDTHS), [efficiency(n, gen) for n in WIDTHS])
                    for gen in SHOWN
                ),
                Points("You", [width], [reached], labels=["you"]),
            ],
            alt=f"{gpus} GPUs with {width} lanes of PCIe {generation}.0 each work at "
            f"{text(reached, '%')}, with four at {text(efficiency(4), '%')}, with sixteen at "
            f"{text(efficiency(wide), '%')}.",
        ),
        Table(
            "widths",
            "Lane by lane",
            [Column("Lanes"), Column("Rate", "B/s"), Column("Copy of a batch", "s"),
             Column("Time of a step", "s"), Column("Efficiency", "%")],
            [[f"x{n}", slot(n), copy(n), step(n), efficiency(n)] for n in WIDTHS],
        ),
    ]  # fmt: skip


@cache
def _compute(network: str, gpu: str, batch: int) -> float:
    """The computation of a step, kept: most controls leave it as it is."""
    chip = catalog.accelerators()[gpu]
    mixed = "fp16" in chip.peak or "bf16" in chip.peak
    parts = cnn_time.step_times(
        catalog.convnets()[network], chip, batch, "fp16" if mixed else "fp32", True
    )
    return sum(parts.values())
