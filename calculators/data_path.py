"""Does the way from the disk keep the GPUs busy?"""

from collections import ChainMap
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, cast

from hwcalc import accuracy, catalog, cnn_time, machine_parts, prices
from hwcalc.build import limiting, spare
from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Choice,
    Column,
    Line,
    Points,
    Quantity,
    Results,
    Rule,
    Slider,
    Table,
    Toggle,
    Verdict,
)
from hwcalc.data_path import (
    batch_size_bytes,
    blocking_step,
    copy_time,
    idle_share,
    loader_rate,
    prefetched_step,
    read_time,
)
from hwcalc.display import text
from hwcalc.pcie_lanes import usual_share

NETWORKS: Mapping[str, Any] = ChainMap(
    *cast(Any, (catalog.convnets(), {"own": "My own step, set below"}))
)
SLOTS = tuple(f"pcie-{generation}-x{lanes}" for generation in (3, 4, 5) for lanes in (1, 4, 8, 16))
STORED = {
    "files": "JPEG, one file each",
    "packed": "JPEG, packed in large files",
    "raw": "Decoded, in large files",
}
LATENCY = 27e-6  # [s] of a copy, measured on a V100 (te42kyfo/gpu-benches)
SIDE, CHANNELS = 224, 3  # of an image where no network says it
MOST = 16  # workers in the chart
ERAS = ("gtx-1080-ti", "rtx-2080-ti", "rtx-3090", "rtx-4090", "rtx-5090")
ERA_BATCH = 128  # of their chart, so that a move of the batch need not compute all of them
SPAN = (2016.5, 2026.5)  # years of their chart
STAGES = {"read": "Drive", "decode": "Workers", "copy": "PCIe", "compute": "GPUs"}


def calculate(
    network: Annotated[Any, Choice(NETWORKS, start="resnet50", label="Training")],
    gpu: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="rtx-5090", group="vendor", label="GPU"),
    ],
    gpus: Annotated[int, Slider(1, 8, start=1, label="GPUs")],
    batch: Annotated[
        int, Slider(1, 1024, start=128, scale="log2", label="Images per GPU and step")
    ],
    own: Annotated[
        float,
        Slider(1, 2000, start=216, scale="log", unit="ms", label="My own step",
               help="Computation alone; used with my own step"),
    ],
    stored: Annotated[str, Choice(STORED, start="files", label="Images are stored as")],
    file_size: Annotated[
        float,
        Slider(1, 10_000, start=117, scale="log", unit="kB", label="Size of a JPEG"),
    ],
    value: Annotated[
        int,
        Slider(1, 4, start=4, unit="B", label="Bytes per value sent",
               help="1 when the GPU turns them into floating point, 4 when the workers do"),
    ],
    drive: Annotated[
        machine_parts.Drive, Choice(machine_parts.drives(), start="nvme-4", label="Drive")
    ],
    cached: Annotated[
        float, Slider(0, 100, start=0, unit="%", label="Already in main memory",
                      help="From the second epoch on, files that fit stay there"),
    ],
    decoder: Annotated[
        machine_parts.Decoder, Choice(machine_parts.decoders(), start="zen5", label="CPU cores")
    ],
    workers: Annotated[int, Slider(0, 32, start=4, label="Workers per GPU")],
    slot: Annotated[
        catalog.Link,
        Choice({key: catalog.links()[key] for key in SLOTS}, start="pcie-5-x16", label="Slot"),
    ],
    pinned: Annotated[bool, Toggle(start=True, label="Pinned memory")],
    staging: Annotated[
        float, Slider(1, 50, start=10, scale="log", unit="GB/s", label="Copy within main memory",
                      help="By one core; used without pinned memory"),
    ],
    prefetch: Annotated[bool, Toggle(start=True, label="Load ahead")],
) -> Results:  # fmt: skip
    if network == "own":
        compute, side = own, SIDE
    else:
        compute, side = _compute(network.id, gpu.id, batch), network.input_side
    images = batch * gpus
    decoded = batch_size_bytes(batch, side, CHANNELS, value)
    size = decoded * gpus if stored == "raw" else images * file_size
    requests = images if stored == "files" else 1
    uncached = 1 - cached
    read = read_time(size * uncached, requests * uncached, drive.rate, drive.requests)
    staged = float("inf") if pinned else staging
    share = usual_share(int(slot.id.split("-")[1]))
    copy = copy_time(decoded, slot.bandwidth, share, LATENCY, staged)

    def decode(count: int) -> float:
        if stored == "raw":
            return 0.0
        return images / loader_rate(count, gpus, decoder.rate, decoder.ceiling)

    def step(count: int, ahead: bool) -> float:
        together = prefetched_step if ahead else blocking_step
        return together(compute, read, decode(count), copy)

    time = step(workers, prefetch)
    times = {"read": read, "decode": decode(workers), "copy": copy, "compute": compute}
    rates = {STAGES[key]: images / spent for key, spent in times.items() if spent}
    slowest = limiting(rates)
    idle = idle_share(compute, time)
    over = spare(rates)
    counts = range(MOST + 1)
    # Fastest card of each generation on the same network, or on ResNet-50 where none is known.
    trained = "resnet50" if network == "own" else network.id
    eras = {key: ERA_BATCH / _compute(trained, key, ERA_BATCH) for key in ERAS}
    cards = [catalog.accelerators()[key] for key in ERAS]
    names = [card.name.removeprefix("GeForce ") for card in cards]
    years = [prices.calendar_year(card.release) for card in cards]
    enough = next((n for n in counts if decode(n) <= compute), None)
    return [
        Quantity("rate", "Trained", images / time, "images/s"),
        Quantity("idle", "GPUs wait", idle, "%", note="of the time"),
        Verdict("limit", "Slowest stage", slowest, good=slowest == "GPUs" and idle < 0.02),
        Quantity("step", "Time of a step", time, "s"),
        Quantity("compute", "Of it computation", compute, "s"),
        Quantity("needed", "GPUs could train", images / compute, "images/s",
                 accuracy="" if network == "own" else accuracy.covering("cnn", gpu.id)),
        Quantity("decoded", "Workers deliver", images / decode(workers) if decode(workers) else
                 images / compute, "images/s", note=f"{workers} per GPU"),
        Quantity("ceiling", "However many workers", gpus * decoder.ceiling, "images/s",
                 note="what the training processes take in"),
        Verdict("enough", "Workers per GPU that would do",
                str(enough) if enough is not None else f"more than {MOST}", good=None),
        Quantity("then", f"{names[0]} could train", eras[ERAS[0]], "images/s", note="in 32 bits"),
        Quantity("growth", f"{names[-1]} against it", eras[ERAS[-1]] / eras[ERAS[0]], "x"),
        Quantity("core", "Decoded by one core", decoder.rate, "images/s"),
        Quantity("copy", "Copy of a batch", copy, "s"),
        Quantity("batch_size", "Decoded batch of a GPU", decoded, "iB"),
        Quantity("reading", "Read from the drive", size * uncached / time, "B/s"),
        Table(
            "stages",
            "A step, stage by stage",
            [Column("Stage"), Column("Time", "s"), Column("Alone", "images/s"),
             Column("Times the slowest", "x")],
            [
                [STAGES[key], spent, rates.get(STAGES[key], 0.0), over.get(STAGES[key], 0.0)]
                for key, spent in times.items()
            ],
        ),
        Chart(
            "bars",
            "Time of each stage for one step",
            x=Axis("Time", "s", low=0),
            y=Axis(""),
            horizontal=True,
            marks=[
                Bars("Stage", [STAGES[key] for key in times], list(times.values())),
                Rule(x=compute, label="computation"),
            ],
            alt=f"For a step of {images} images the drive needs {text(read, 's')}, the workers "
            f"{text(times['decode'], 's')}, the copy {text(copy, 's')} and the GPUs "
            f"{text(compute, 's')}.",
        ),
        Chart(
            "eras",
            "What the fastest GeForce of its day wants, and what cores deliver",
            x=Axis("Year of the card", "year", low=SPAN[0], high=SPAN[1]),
            y=Axis("One GPU could train", "images/s", low=0),
            marks=[
                Line("Fastest GeForce", years, list(eras.values())),
                Points("Fastest GeForce", years, list(eras.values()), labels=names),
                Line("One process takes in", SPAN, [decoder.ceiling] * 2, dash=True),
                Line("One core decodes", SPAN, [decoder.rate] * 2, dash=True),
            ],
            alt=f"{names[0]} could train {text(eras[ERAS[0]], 'images/s')}, {names[-1]} "
            f"{text(eras[ERAS[-1]], 'images/s')}; one core decodes "
            f"{text(decoder.rate, 'images/s')}, one process takes in at most "
            f"{text(decoder.ceiling, 'images/s')}.",
        ),
        Chart(
            "by_workers",
            "Images per second against workers",
            x=Axis("Workers per GPU"),
            y=Axis("Trained", "images/s", low=0),
            marks=[
                *(
                    Line(name, list(counts), [images / step(n, ahead) for n in counts])
                    for name, ahead in (("Loading ahead", True), ("One after the other", False))
                ),
                Points("You", [min(workers, MOST)], [images / step(min(workers, MOST), prefetch)]),
                Rule(y=images / compute, label="what the GPUs could train"),
            ],
            alt=f"Loading ahead, no worker trains {text(images / step(0, True), 'images/s')} and "
            f"{MOST} workers per GPU {text(images / step(MOST, True), 'images/s')}; the GPUs could "
            f"train {text(images / compute, 'images/s')}.",
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
