"""What bandwidth does your speed-up betray?"""

from collections import ChainMap
from collections.abc import Mapping
from typing import Annotated, Any, cast

from hwcalc import catalog
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
from hwcalc.collectives import bus_bandwidth
from hwcalc.convnets import ConvNet, convnets
from hwcalc.data_parallel import implied_exchange_time, scaling_efficiency
from hwcalc.display import text
from hwcalc.networks import transformers
from hwcalc.parallel_step import network_parameters

NETWORKS: Mapping[str, Any] = ChainMap(
    *cast(Any, (transformers(), convnets(), {"custom": "Another size, set below"}))
)


def group(network: Any) -> str:
    """The family of a network, to list it under."""
    if isinstance(network, str):
        return "Any network"
    return "Convolutional networks" if isinstance(network, ConvNet) else str(network.family)


def calculate(
    network: Annotated[Any, Choice(NETWORKS, start="bert-large", group=group, label="Network")],
    size: Annotated[
        float,
        Slider(0.1, 1e6, start=340, scale="log", unit="million parameters", label="Parameters",
               help="Used when the network is another size"),
    ],
    gradient_bytes: Annotated[
        str,
        Choice({"4": "FP32, 4 bytes", "2": "BF16 or FP16, 2 bytes", "1": "FP8, 1 byte"},
               start="2", label="Gradients as"),
    ],
    gpus: Annotated[int, Slider(2, 4096, start=8, scale="log2", label="GPUs")],
    batch: Annotated[
        float, Number(start=16, low=0.01, high=1e9, unit="samples", label="Batch per GPU",
                      help="Samples between two exchanges, so with all accumulated ones")
    ],
    alone: Annotated[
        float, Number(start=47, low=1e-6, high=1e12, unit="samples/s", label="Speed of one GPU")
    ],
    together: Annotated[
        float, Number(start=68, low=1e-6, high=1e15, unit="samples/s", label="Speed of all GPUs")
    ],
    link: Annotated[
        catalog.Link,
        Choice(catalog.links(), start="pcie-4-x16", group="family", label="Link you paid for"),
    ],
) -> Results:  # fmt: skip
    parameters = size if network == "custom" else network_parameters(network)
    gradients = parameters * float(gradient_bytes)
    step, compute = gpus * batch / together, batch / alone
    efficiency = scaling_efficiency(compute, step)
    shortest = implied_exchange_time(alone, together, gpus, batch, 0.0)
    longest = implied_exchange_time(alone, together, gpus, batch, 1.0)
    if shortest == 0:
        raise ValueError(
            f"together = {together:g} and alone = {alone:g}: scaling is perfect, so the exchange "
            "left no trace to measure"
        )
    fastest = bus_bandwidth("all_reduce", gradients, gpus, shortest)
    slowest = bus_bandwidth("all_reduce", gradients, gpus, longest)
    share = fastest / link.bandwidth
    return [
        Quantity("speedup", "Speed-up", gpus * efficiency, "x", note=f"of {gpus} at best"),
        Quantity("efficiency", "Efficiency", efficiency, "%"),
        Quantity("gradients", "Gradients", gradients, "B", note="sent almost twice by each GPU"),
        Quantity("compute", "Step on one GPU", compute, "s"),
        Quantity("step", "Step on all", step, "s"),
        Quantity("shortest", "Exchange, if nothing overlaps", shortest, "s"),
        Quantity("longest", "Exchange, if all that can overlaps", longest, "s"),
        Quantity("fastest", "Bus bandwidth, if nothing overlaps", fastest, "B/s"),
        Quantity("slowest", "Bus bandwidth, if all that can overlaps", slowest, "B/s"),
        Quantity("share", "Share of the link", share, "%", note=f"of {link.name}, no overlap"),
        Verdict("finding", "The links", *_finding(share, efficiency)),
        Chart(
            "rates",
            "What the gradients got, and what the link is specified for",
            x=Axis("Rate, one direction", "B/s"),
            y=Axis(""),
            horizontal=True,
            marks=[
                Bars(
                    "Rate",
                    ["Full overlap", "No overlap", link.name],
                    [slowest, fastest, link.bandwidth],
                )
            ],
            alt=f"The gradients moved at {text(slowest, 'B/s')} to {text(fastest, 'B/s')}; "
            f"{link.name} is specified for {text(link.bandwidth, 'B/s')}.",
        ),
        Table(
            "parts",
            "One step on all GPUs",
            [Column("Part"), Column("Time", "s"), Column("Share", "%")],
            [
                ["Computing", compute, efficiency],
                ["Lost", shortest, scaling_efficiency(shortest, step)],
            ],
        ),
    ]  # fmt: skip


def _finding(share: float, efficiency: float) -> tuple[str, bool | None]:
    """What the figures say about the links, in words."""
    if efficiency > 0.9:
        return "are not what holds you back", True
    if share > 1:
        return "cannot be all of it: the loss is smaller than they allow", None
    if share > 0.5:
        return "do what they can: send less, or less often", None
    return "do not reach half of their rate: look at the topology first", False
