"""How many processor cores and how much main memory are enough?"""

from typing import Annotated, Any

from hwcalc import catalog, machine_parts, prices
from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Column,
    Line,
    Number,
    Points,
    Quantity,
    Results,
    Slider,
    Table,
)
from hwcalc.data_path import WORKER_SHARE
from hwcalc.display import text
from hwcalc.host_memory import (
    cached_share,
    cores_2018,
    cores_needed,
    loading_memory,
    memory_2018,
    offload_memory,
)
from hwcalc.numeric import ceil

KIT = prices.latest_purchase("ddr5-32gb-2x16", "new")
BEFORE = next(p for p in prices.purchases("ddr5-32gb-2x16") if p.date == "2025-05")
KIT_SIZE = 32 * 2.0**30  # [B]
SYSTEM = 8 * 2.0**30  # [B] of the system and its programs
WORKER = 2 * 2.0**30  # [B] of a worker process with its batches
IMAGES = "For the images of these GPUs"
COUNTS = tuple(range(1, 9))


def calculate(
    gpu: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="rtx-5090", group="vendor", label="Largest GPU"),
    ],
    gpus: Annotated[int, Slider(1, 8, start=2, label="GPUs")],
    workers: Annotated[int, Slider(0, 16, start=4, label="Workers per GPU")],
    rate: Annotated[
        float,
        Slider(0, 10_000, start=2400, unit="images/s", label="Images a GPU wants",
               help="None for text, whose tokens are prepared before"),
    ],
    decoder: Annotated[
        machine_parts.Decoder, Choice(machine_parts.decoders(), start="zen5", label="CPU cores")
    ],
    weights: Annotated[
        float,
        Slider(0, 2000, start=60, unit="GB", label="Weights of the largest model",
               help="As they are stored"),
    ],
    offloaded: Annotated[
        float,
        Slider(0, 200, start=0, unit="billion parameters", label="Optimizer kept in main memory",
               help="Parameters whose gradients and optimizer leave the GPUs (offloading)"),
    ],
    samples: Annotated[
        float, Slider(1, 100_000, start=150, scale="log", unit="GB", label="Data set"),
    ],
    memory: Annotated[
        float, Slider(8, 4096, start=128, scale="log2", unit="GiB", label="Main memory")
    ],
    kit_price: Annotated[
        float,
        Number(start=KIT.value if KIT else 340, low=1, high=10_000, unit="$",
               label="32 GB of memory",
               help=f"Two modules of DDR5; starts at the price of {KIT.date if KIT else '2026'}"),
    ],
) -> Results:  # fmt: skip
    rule = cores_needed(gpus, workers)
    threads = ceil(rate / (decoder.rate * WORKER_SHARE))
    reached = min(rate, decoder.ceiling)
    measured = cores_needed(gpus, threads)
    programs = SYSTEM + gpus * workers * WORKER
    needs = {
        "Rule of 2018: the largest GPU": memory_2018(float(gpu.memory)),
        "All GPUs together": float(gpus * gpu.memory),
        "System and workers": programs,
        "Loading the weights, mapped": loading_memory(weights, 1) + SYSTEM,
        "Loading the weights, a copy for each GPU": loading_memory(weights, gpus) + SYSTEM,
        "Optimizer in main memory": offload_memory(offloaded) + programs,
        "The data set, kept after the first epoch": samples + programs,
    }
    enough = max(programs, loading_memory(weights, 1) + SYSTEM,
                 (offload_memory(offloaded) + programs) if offloaded else 0.0)  # fmt: skip
    per_byte = kit_price / KIT_SIZE
    kept = cached_share(samples, memory, min(programs, memory))
    lines: dict[str, list[Any]] = {
        f"One for each process and {workers} workers each": [
            cores_needed(n, workers) for n in COUNTS
        ],
        IMAGES: [cores_needed(n, threads) for n in COUNTS],
        "Rule of 2018": [cores_2018(n, online=rate > 0) for n in COUNTS],
    }
    return [
        Quantity("cores", "Cores", rule, note="one for each GPU, its workers, four for the system"),
        Quantity("cores_2018", "By the rule of 2018", cores_2018(gpus, online=rate > 0),
                 note="two for each GPU, one if nothing is decoded"),
        Quantity("threads", "Workers per GPU for its images", threads,
                 note=f"{text(decoder.rate, 'images/s')} decoded by one core"),
        Quantity("measured", "Cores with these workers", measured),
        Quantity("reached", "Images one process takes in", reached, "images/s",
                 note=f"of {text(rate, 'images/s')} wanted"),
        Quantity("enough", "Main memory that is needed", enough, "iB"),
        Quantity("rule_memory", "By the rule of 2018", memory_2018(float(gpu.memory)), "iB"),
        Quantity("cached", "Of the data set in memory", kept, "%", note="after the first epoch"),
        Quantity("memory_price", "Price of the memory chosen", memory * per_byte, "$"),
        Quantity("dearer", "Such memory against May 2025", kit_price / BEFORE.value, "x",
                 note=f"{text(BEFORE.value, '$')} then"),
        Quantity("memory_spare", "Of it not needed", max(0.0, memory - enough) * per_byte, "$"),
        Table(
            "memory_needs",
            "What would fill main memory",
            [Column("Use"), Column("Size", "iB"), Column("Price of it", "$")],
            [[name, size, size * per_byte] for name, size in needs.items()],
        ),
        Chart(
            "by_gpus",
            "Cores against number of GPUs",
            x=Axis("GPUs"),
            y=Axis("Cores", low=0),
            marks=[
                *(
                    Line(name, list(COUNTS), values, dash=name == IMAGES)
                    for name, values in lines.items()
                ),
                Points("You", [gpus], [rule], labels=["you"]),
            ],
            alt=f"{gpus} GPUs with {workers} workers each want {rule} cores, "
            f"{text(measured)} for the images they can train on, and "
            f"{cores_2018(gpus, online=rate > 0)} by the rule of 2018.",
        ),
    ]  # fmt: skip
