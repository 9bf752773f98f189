"""Which part does your build wait for, and which money is wasted?"""

import dataclasses
from collections import ChainMap
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, cast

from hwcalc import catalog, cnn_time, machine_parts, prices
from hwcalc.buckets import bucket_runs, even_buckets
from hwcalc.build import cheapest_enough, limiting, throughput
from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Choice,
    Column,
    Number,
    Quantity,
    Results,
    Slider,
    Table,
    Verdict,
)
from hwcalc.cluster_step import replica_step_time
from hwcalc.data_path import batch_size_bytes, copy_time, idle_share, loader_rate, read_time
from hwcalc.display import text
from hwcalc.fabric import fabric
from hwcalc.host_memory import cores_needed, loading_memory
from hwcalc.parallel_step import network_buckets
from hwcalc.pcie_lanes import even_width, lane_rate, usual_share
from hwcalc.power_supply import rating_needed, sustained_load
from hwcalc.preflight import usual_path
from hwcalc.scaling_runs import BUCKET, SPREAD

NETWORKS: Mapping[str, Any] = ChainMap(
    *cast(Any, (catalog.convnets(), {"text": "A language model, its step set below"}))
)
SUPPLIES = {
    f"{each.rating:.0f}-{each.supply_class.name.split()[-1].lower()}": each
    for each in machine_parts.supplies()
}
LABELS = {
    key: f"{each.rating:,.0f} W, {each.supply_class.name.split()[-1]}"
    for key, each in SUPPLIES.items()
}
DRIVES = {key: each for key, each in machine_parts.drives().items() if key != "guide-2018"}
KIT = prices.latest_purchase("ddr5-32gb-2x16", "new")
KIT_SIZE = 32 * 2.0**30  # [B]
DECODER = machine_parts.decoders()["zen5"]
SYSTEM, WORKER = 8 * 2.0**30, 2 * 2.0**30  # [B] of the system, of a worker with its batches
DRIVE_LANES, LATENCY = 4, 27e-6  # [1], [s] of a copy on a V100 (te42kyfo/gpu-benches)
FILE, TOKENS = 117e3, 4096 * 2.0  # [B] of a JPEG of ImageNet, of a sequence of tokens
GRADIENT, VALUE = 4.0, 4.0  # [B]
REST, MARGIN = 0.1, 1.1  # share of the rest of the machine; margin of the supply
NEARLY = 0.99  # of the throughput, which a cheaper part may lose


def calculate(
    network: Annotated[Any, Choice(NETWORKS, start="resnet50", label="Training")],
    step: Annotated[
        float,
        Slider(10, 20_000, start=500, scale="log", unit="ms", label="Step of the language model",
               help="Computation of one GPU alone"),
    ],
    parameters: Annotated[
        float,
        Slider(1, 20_000, start=1000, scale="log", unit="million parameters",
               label="Its parameters", help="All of them trained and exchanged"),
    ],
    gpu: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="rtx-5090", group="vendor", label="GPU"),
    ],
    gpus: Annotated[int, Slider(1, 4, start=2, label="GPUs")],
    batch: Annotated[
        int, Slider(1, 1024, start=128, scale="log2", label="Samples per GPU and step")
    ],
    processor: Annotated[
        machine_parts.Processor,
        Choice(machine_parts.processors(), start="ryzen-9-9950x", label="Processor, with board"),
    ],
    memory: Annotated[
        float, Slider(16, 1024, start=128, scale="log2", unit="GiB", label="Main memory")
    ],
    weights: Annotated[
        float, Slider(0, 500, start=40, unit="GB", label="Largest model to load"),
    ],
    drive: Annotated[
        machine_parts.Drive, Choice(DRIVES, start="nvme-5", label="Drive of the data set")
    ],
    supply: Annotated[str, Choice(LABELS, start="1600-gold", label="Power supply")],
    gpu_price: Annotated[
        float,
        Number(start=0, low=0, high=100_000, unit="$", label="Price of a GPU",
               help="0 takes the latest price of our table"),
    ],
    kit_price: Annotated[
        float,
        Number(start=KIT.value if KIT else 340, low=1, high=10_000, unit="$",
               label="32 GB of memory",
               help=f"Two modules of DDR5; starts at the price of {KIT.date if KIT else '2026'}"),
    ],
) -> Results:  # fmt: skip
    reading = network == "text"
    compute = step if reading else _compute(network.id, gpu.id, batch)
    buckets = (
        even_buckets(parameters * GRADIENT, 0.0, 1.0, max(BUCKET, parameters * GRADIENT / 100))
        if reading else network_buckets(network, GRADIENT, BUCKET, BUCKET)
    )  # fmt: skip
    samples = batch * gpus
    sent = batch * TOKENS if reading else batch_size_bytes(
        batch, network.input_side, network.input_channels, VALUE
    )  # fmt: skip
    stored = samples * (TOKENS if reading else FILE)
    runs = bucket_runs(buckets)
    if gpu.slot is None:
        raise ValueError(f"{gpu.name}: its PCIe slot is not published; choose another GPU")
    made_for, newest = gpu.slot.lanes or 16, int(gpu.slot.id.split("-")[1])
    joined = fabric(gpu, usual_path(gpu, gpus), 0.0)

    def slot(platform: machine_parts.Platform) -> float:
        lanes = min(even_width(platform.lanes - DRIVE_LANES, gpus), made_for)
        return lane_rate(min(platform.generation, newest), lanes)

    def exchanged(platform: machine_parts.Platform) -> float:
        own_links = joined.crowding == 0 and "link_bandwidth" in gpu.published
        over = joined if own_links else dataclasses.replace(joined, bandwidth=slot(platform))
        return replica_step_time(compute, runs, False, gpus, gpus, over, SPREAD)

    def workers(cores: int) -> int:
        return int(max(0, (cores - 4) // gpus - 1))

    def rates(who: machine_parts.Processor, where_from: machine_parts.Drive) -> dict[str, float]:
        """Samples per second that each part could deliver."""
        share = usual_share(min(who.platform.generation, newest))
        copy = copy_time(sent, slot(who.platform), share, LATENCY, float("inf"))
        read = read_time(stored, 1 if reading else samples, where_from.rate, where_from.requests)
        found = {
            "GPUs": samples / exchanged(who.platform),
            "PCIe": samples / copy,
            "Drive": samples / read,
        }
        if not reading:
            found["Processor"] = loader_rate(
                workers(who.cores), gpus, DECODER.rate, DECODER.ceiling
            )
        return found

    known = rates(processor, drive)
    reached = throughput(known)
    slowest = limiting(known)
    needed_cores = cores_needed(gpus, 1 if reading else workers(processor.cores))
    count = max(0, workers(processor.cores)) if not reading else 1
    ram = SYSTEM + max(gpus * count * WORKER, loading_memory(weights, 1))
    load = sustained_load(gpus, gpu.tdp, processor.power, REST)
    rating = max(MARGIN * load,
                 rating_needed(load, gpus * gpu.tdp + processor.power, 1, True))  # fmt: skip
    chosen = SUPPLIES[supply]

    price, dated = _price(gpu.id, gpu_price)
    costs = {
        "GPUs": gpus * price,
        "Processor": processor.price,
        "Memory": memory * kit_price / KIT_SIZE,
        "Drive": drive.price or 0.0,
        "Supply": chosen.price,
    }
    # What each part would cost if it were just enough.
    processors = list(machine_parts.processors().values())
    offers = [(each.price, throughput(rates(each, drive))) for each in processors]
    other = processors[cheapest_enough(offers, NEARLY * reached)]
    priced = [each for each in DRIVES.values() if each.price]
    drive_offers = [(each.price or 0.0, throughput(rates(processor, each))) for each in priced]
    other_drive = priced[cheapest_enough(drive_offers, NEARLY * reached)]
    sizes = list(SUPPLIES.values())
    other_supply = sizes[cheapest_enough([(s.price, s.rating) for s in sizes], rating)]
    idle = idle_share(samples / known["GPUs"], samples / reached)
    enough = {
        "GPUs": costs["GPUs"] * (1 - idle),
        "Processor": min(other.price, processor.price),
        "Memory": min(costs["Memory"], ram * kit_price / KIT_SIZE),
        "Drive": min(other_drive.price or 0.0, drive.price or 0.0),
        "Supply": min(other_supply.price, chosen.price),
    }
    wasted = {part: costs[part] - enough[part] for part in costs}
    total, waste = sum(costs.values()), sum(wasted.values())
    instead = {
        "GPUs": f"wait {text(idle, '%')} of the time" if idle > 0.01 else "busy",
        "Processor": other.name if other.price < processor.price else "as chosen",
        "Memory": f"{text(ram, 'iB')} would do" if ram < memory else (
            "as chosen" if ram == memory else f"too little: {text(ram, 'iB')} are needed"),
        "Drive": other_drive.name if wasted["Drive"] else "as chosen",
        "Supply": (
            f"too small: {rating:,.0f} W are needed" if chosen.rating < rating
            else f"{other_supply.rating:,.0f} W, {other_supply.supply_class.name.split()[-1]}"
            if wasted["Supply"] else "as chosen"),
    }  # fmt: skip
    lacking = [part for part, said in instead.items() if said.startswith("too")]
    if processor.cores < needed_cores and not reading:
        lacking.append("Cores")
    parts = list(costs)
    return [
        Verdict("limit", "The build waits for", "its GPUs, as it should" if slowest == "GPUs"
                else f"the {slowest.lower().replace('pcie', 'PCIe')}", good=slowest == "GPUs"),
        Quantity("rate", "It trains", reached, "samples/s"),
        Quantity("total", "Price of these parts", total, "$",
                 note=f"GPUs at {text(price, '$')} each, {dated}"),
        Quantity("wasted", "Of it buys nothing", waste, "$"),
        Quantity("share", "Share that buys nothing", waste / total, "%"),
        Verdict("fits", "Too small", ", ".join(lacking).lower() if lacking else "nothing",
                good=not lacking),
        Quantity("gpu_share", "Share of the GPUs in the price", costs["GPUs"] / total, "%"),
        Quantity("per_dollar", "Samples for a dollar of machine and an hour",
                 reached * 3600 / total),
        Quantity("loads", "Load on the supply", load, "W", digits=4),
        Quantity("rating", "Rating it needs", rating, "W", digits=4),
        Chart(
            "money",
            "Where the money goes",
            x=Axis("Price", "$", low=0),
            y=Axis(""),
            horizontal=True,
            marks=[
                Bars("At work", parts, [enough[part] for part in parts]),
                Bars("Buys nothing", parts, [wasted[part] for part in parts]),
            ],
            alt=f"Of {text(total, '$')}, {text(waste, '$')} buy nothing: "
            + ", ".join(f"{part.lower()} {text(wasted[part], '$')}" for part in parts).replace(
                "gpus", "GPUs") + ".",
        ),
        Table(
            "parts",
            "Part by part",
            [Column("Part"), Column("Price", "$"), Column("Buys nothing", "$"),
             Column("Just enough")],
            [[part, costs[part], wasted[part], instead[part]] for part in parts],
        ),
        Table(
            "stages",
            "What each part could deliver",
            [Column("Part"), Column("Alone", "samples/s"), Column("Times what is needed", "x")],
            [[part, rate, rate / reached] for part, rate in known.items()],
        ),
    ]  # fmt: skip


def _price(gpu: str, typed: float) -> tuple[float, str]:
    """The price of a GPU: the reader's, or the latest one known, with its date."""
    if typed:
        return typed, "as you say"
    found = [prices.latest_purchase(gpu, kind) for kind in ("new", "used", "launch")]
    known = [price for price in found if price]
    if not known:
        raise ValueError("no price of this GPU is in our table: enter one above 0")
    latest = max(known, key=lambda price: price.year)
    return latest.value, f"{latest.kind}, {latest.date}"


@cache
def _compute(network: str, gpu: str, batch: int) -> float:
    """The computation of a step, kept: most controls leave it as it is."""
    chip = catalog.accelerators()[gpu]
    mixed = "fp16" in chip.peak or "bf16" in chip.peak
    parts = cnn_time.step_times(
        catalog.convnets()[network], chip, batch, "fp16" if mixed else "fp32", True
    )
    return sum(parts.values())
