"""Several machines, or one bigger box?"""

from typing import Annotated

from hwcalc import catalog, roofline, training, transformer
from hwcalc.buckets import bucket_runs
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
    Toggle,
    Verdict,
)
from hwcalc.cluster_step import replica_step_time
from hwcalc.display import text
from hwcalc.fabric import Fabric, fabric
from hwcalc.layout import USUAL_SPREAD
from hwcalc.networks import Transformer, transformers
from hwcalc.parallel_step import network_buckets
from hwcalc.preflight import usual_path

BUCKET = 25 * 2.0**20  # [B], PyTorch's
GRADIENT = 2.0  # [B], 16 bits
LENGTH = 2048.0  # tokens of a sequence, for the work of attention
COMPARED = ("ethernet-1", "ethernet-10", "ethernet-100")
COUNTS = (1, 2, 4, 8, 32)


def calculate(
    network: Annotated[
        Transformer, Choice(transformers(), start="gpt2-large", group="family", label="Network")
    ],
    tokens: Annotated[
        float,
        Slider(128, 1e6, start=16384, scale="log", unit="tokens", label="Tokens of a GPU, per step",
               help="Micro-batches added up before gradients are exchanged count together"),
    ],
    share: Annotated[
        float,
        Slider(5, 80, start=40, unit="%", label="Share of peak reached",
               help="By one GPU alone, of its dense 16-bit rate"),
    ],
    sharded: Annotated[
        bool, Toggle(start=False, label="Shard the weights",
                     help="ZeRO-3 or FSDP: half as many bytes again, for less memory")
    ],
    gpu: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="rtx-3090", group="vendor", label="GPU of a machine"),
    ],
    gpus: Annotated[int, Slider(1, 16, start=4, label="GPUs in a machine")],
    machines: Annotated[int, Slider(1, 64, start=4, scale="log2", label="Machines")],
    link: Annotated[
        catalog.Link,
        Choice(catalog.links(), start="ethernet-10", group="family", label="Network of a machine"),
    ],
    adapters: Annotated[int, Slider(1, 16, start=1, label="Adapters of a machine")],
    price: Annotated[
        float, Number(start=4314, low=1, high=1e7, unit="$", label="Price of a machine")
    ],
    network_price: Annotated[
        float,
        Number(start=200, low=0, high=1e6, unit="$", label="Its network",
               help="Adapters, cables, and its share of a switch"),
    ],
    box: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="h100-sxm", group="vendor", label="GPU of the box"),
    ],
    box_gpus: Annotated[int, Slider(1, 72, start=8, label="GPUs in the box")],
    box_price: Annotated[
        float, Number(start=300_000, low=1, high=1e8, unit="$", label="Price of the box")
    ],
) -> Results:  # fmt: skip
    buckets = bucket_runs(network_buckets(network, GRADIENT, BUCKET, BUCKET))
    work = tokens * transformer.training_flops_per_token(
        training.working_parameters(network), network.layers, network.hidden, LENGTH
    )

    def step_of(chip: catalog.Accelerator, each: int, count: int, joined: Fabric) -> float:
        compute = training.training_time(work, 1, roofline.peak_rate(chip.peak, 16), share)
        return replica_step_time(
            compute, buckets, sharded, each * count, each, joined, USUAL_SPREAD
        )

    def rate_of(chip: catalog.Accelerator, each: int, count: int, joined: Fabric) -> float:
        return each * count * tokens / step_of(chip, each, count, joined)

    def cluster_on(over: catalog.Link, cards: int = adapters) -> Fabric:
        return fabric(gpu, usual_path(gpu, gpus), over.bandwidth * cards / gpus)

    as_set = cluster_on(link)
    one = rate_of(gpu, gpus, 1, as_set)
    cluster = rate_of(gpu, gpus, machines, as_set)
    alone = rate_of(gpu, 1, 1, as_set)
    boxed = rate_of(box, box_gpus, 1, fabric(box, usual_path(box, box_gpus), 0.0))
    cost = machines * (price + (network_price if machines > 1 else 0.0))
    best = rate_of(gpu, gpus, machines, cluster_on(catalog.links()["infiniband-ndr"], gpus))
    gain = cluster / one
    curves = {
        catalog.links()[key].name.split(" (")[0]: [
            rate_of(gpu, gpus, count, cluster_on(catalog.links()[key])) for count in COUNTS
        ]
        for key in COMPARED
    }
    winner = "the machines" if cluster / cost > boxed / box_price else "the box"
    return [
        Quantity("gain", "The machines against one of them", gain, "x", note=f"of {machines}"),
        Quantity("cluster", "All machines", cluster, "tokens/s"),
        Quantity("one", "One machine", one, "tokens/s"),
        Quantity("boxed", "The box", boxed, "tokens/s"),
        Quantity("efficiency", "Efficiency of the machines", cluster / (alone * machines * gpus),
                 "%", note="against as many GPUs that never wait"),
        Quantity("inside", "Efficiency of one machine", one / (alone * gpus), "%"),
        Quantity("with_network", "With 400 Gbit/s for each GPU", best / one, "x",
                 note="one direction, if its slots carry it"),
        Verdict("winner", "More tokens for the money", winner),
        Table(
            "money",
            "What a token per second costs",
            [Column("System"), Column("Price", "$"), Column("Speed", "tokens/s"),
             Column("For each token/s", "$"), Column("Power of the GPUs", "W")],
            [
                ["One machine", price, one, price / one, gpu.tdp * gpus],
                [f"{machines} machines", cost, cluster, cost / cluster, gpu.tdp * gpus * machines],
                ["The box", box_price, boxed, box_price / boxed, box.tdp * box_gpus],
            ],
        ),
        Chart(
            "speeds",
            "Tokens per second against number of machines, by network",
            x=Axis("Machines", scale="log"),
            y=Axis("Speed", "tokens/s", scale="log"),
            marks=[
                *(Line(name, list(COUNTS), curve) for name, curve in curves.items()),
                Points("Yours", [machines], [cluster], labels=["yours"]),
                Points("The box", [1], [boxed], labels=["the box"]),
            ],
            alt=f"{machines} machines reach {text(gain, 'x')} the speed of one over {link.name}, "
            f"{text(best / one, 'x')} with 400 Gbit/s for each GPU; the box reaches "
            f"{text(boxed / one, 'x')}.",
        ),
    ]  # fmt: skip
