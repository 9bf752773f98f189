"""What is the smallest batch that keeps the GPUs busy?"""

from collections import ChainMap
from collections.abc import Mapping
from typing import Annotated, Any, cast

from hwcalc import catalog
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
)
from hwcalc.convnets import convnets
from hwcalc.data_parallel import compute_bound_batch
from hwcalc.display import text
from hwcalc.parallel_step import backward_flops_per_parameter

SAMPLES: Mapping[str, Any] = ChainMap(
    *cast(Any, (convnets(), {"token": "A token of a dense transformer"}))
)
LINKS: Mapping[str, Any] = ChainMap(
    *cast(Any, (catalog.links(), {"own": "The accelerator's own links", "custom": "Another rate"}))
)
PRECISIONS = {"bf16": "BF16", "fp16": "FP16", "fp8": "FP8", "tf32": "TF32", "fp32": "FP32"}
LISTED = ("alexnet", "vgg16", "resnet50", "inception-v3", "unet")
TOKEN_FLOPS = 4.0  # two multiply-adds per weight in the backward pass
COMPARED = ("nvlink-5", "nvlink-3", "pcie-5-x16", "pcie-4-x16", "ethernet-100", "ethernet-25")
CARDS = 8  # of 400 Gbit/s in each node of today's servers: one for each accelerator


def calculate(
    device: Annotated[
        catalog.Accelerator,
        Choice(
            catalog.accelerators(), start="h100-sxm", group="vendor", label="Accelerator"
        ),
    ],
    precision: Annotated[str, Choice(PRECISIONS, start="bf16", label="Arithmetic in")],
    used: Annotated[
        float,
        Slider(1, 100, start=100, unit="%", label="Share of peak reached",
               help="100 % asks for the batch that is safe whatever the kernels reach"),
    ],
    sample: Annotated[
        Any,
        Choice(SAMPLES, start="token", label="A sample is",
               group=lambda s: "Transformers" if isinstance(s, str) else "An image for"),
    ],
    gradient_bytes: Annotated[
        str,
        Choice({"4": "FP32, 4 bytes", "2": "BF16 or FP16, 2 bytes", "1": "FP8, 1 byte"},
               start="2", label="Gradients as"),
    ],
    link: Annotated[Any, Choice(LINKS, start="own", group="family", label="Link")],
    rate: Annotated[
        float,
        Slider(0.1, 2000, start=180, scale="log", unit="GB/s", label="Another rate",
               help="One direction; used when the link is another rate"),
    ],
    rings: Annotated[
        int, Slider(1, 8, start=1, label="Rings or axes at once",
                    help="Cards of a node that share the work, or axes of a torus")
    ],
    ranks: Annotated[int, Slider(2, 16384, start=1024, scale="log2", label="Accelerators")],
    both: Annotated[
        bool, Toggle(start=False, label="Count both directions of the link",
                     help="As data sheets do; a GPU sends in only one of them")
    ],
) -> Results:  # fmt: skip
    if link == "own":
        bandwidth, link_name = device.link_bandwidth, f"{device.name}'s links"
    elif link == "custom":
        bandwidth, link_name = rate, text(rate, "B/s")
    else:
        bandwidth, link_name = link.bandwidth, link.name
    directions = 2 if both else 1
    work = TOKEN_FLOPS if sample == "token" else backward_flops_per_parameter(sample)
    unit = "tokens" if sample == "token" else "images"
    peak = device.peak[precision] * used

    def batch_for(one_way: float) -> float:
        return compute_bound_batch(peak, one_way, ranks, float(gradient_bytes), work)

    sending = bandwidth * rings * directions
    batch = batch_for(sending)
    links = catalog.links()
    named = {links[key].name.split(" (")[0]: links[key].bandwidth for key in COMPARED}
    between = links["infiniband-ndr"].bandwidth * CARDS
    rates = [1e9 * 10 ** (k / 8) for k in range(27)]
    works = {"token": TOKEN_FLOPS} | {
        key: backward_flops_per_parameter(convnets()[key]) for key in LISTED
    }
    return [
        Quantity("batch", "At least, per accelerator", batch, unit,
                 note=f"over {link_name}" + (", both directions counted" if both else "")),
        Quantity("global_batch", "All together", batch * ranks, note=f"{unit} in each step"),
        Quantity("sending", "Each sends at", sending, "B/s"),
        Quantity("counted_twice", "With both directions counted", batch_for(2 * bandwidth * rings),
                 unit, note="too few: a data sheet adds what a ring cannot use"),
        Quantity("between_nodes", "Between nodes", batch_for(between),
                 unit, note="eight cards of 400 Gbit/s for each node"),
        Quantity("image_worth", "An image for ResNet-50 is worth",
                 works["resnet50"] / TOKEN_FLOPS, "tokens", note="in work per byte of gradient"),
        Chart(
            "links",
            "Smallest batch per accelerator against the rate of the link",
            x=Axis("Rate, one direction", "B/s", scale="log"),
            y=Axis("Smallest batch", unit, scale="log"),
            marks=[
                Line(device.name, rates, [batch_for(each) for each in rates]),
                Points(
                    "Links",
                    list(named.values()),
                    [batch_for(each) for each in named.values()],
                    labels=list(named),
                ),
                Points("Yours", [sending], [batch], labels=["yours"]),
            ],
            alt=f"{device.name} needs at least {text(batch, unit)} per step at "
            f"{text(sending, 'B/s')}, and ten times as many on a link a tenth as fast.",
        ),
        Table(
            "samples",
            "What a sample is worth: backward pass for each parameter",
            [
                Column("Sample"),
                Column("FLOP per parameter"),
                Column("In tokens"),
                Column("Smallest batch"),
            ],
            [
                [
                    "Token" if key == "token" else f"Image for {convnets()[key].name}",
                    work_,
                    work_ / TOKEN_FLOPS,
                    compute_bound_batch(peak, sending, ranks, float(gradient_bytes), work_),
                ]
                for key, work_ in sorted(works.items(), key=lambda item: item[1])
            ],
        ),
    ]  # fmt: skip
