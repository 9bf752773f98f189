"""How long does a message take over a link?"""

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
)
from hwcalc.display import text
from hwcalc.transfers import half_rate_size, relay_time

LINKS: Mapping[str, Any] = ChainMap(
    *cast(Any, (catalog.links(), {"custom": "Another rate, set below"}))
)
WAYS = {
    "direct": "Straight from memory to memory",
    "pieces": "Through a host, in pieces",
    "whole": "Through a host, stored whole first",
}
COMPARED = ("nvlink-5", "nvlink-4", "pcie-5-x16", "pcie-4-x16", "ethernet-100", "ethernet-1")
PIECE = 4 * 2.0**20  # [B], the buffers of NCCL (NCCL_BUFFSIZE)


def calculate(
    link: Annotated[Any, Choice(LINKS, start="pcie-4-x16", group="family", label="Link")],
    size: Annotated[
        float, Slider(1e-6, 1e5, start=1000, scale="log", unit="MB", label="Message")
    ],
    way: Annotated[str, Choice(WAYS, start="direct", label="Way")],
    hops: Annotated[
        int,
        Slider(1, 8, start=2, label="Links on the way",
               help="Used when the way leads through a host: up one slot and down another are two"),
    ],
    latency: Annotated[
        float,
        Slider(0.1, 1000, start=10, scale="log", unit="µs", label="Latency of a link",
               help="Until the first byte arrives, software included"),
    ],
    share: Annotated[
        float,
        Slider(10, 100, start=80, unit="%", label="Rate reached",
               help="Share of the specified rate that long messages reach"),
    ],
    rate: Annotated[
        float,
        Slider(0.01, 2000, start=10, scale="log", unit="GB/s", label="Another rate",
               help="One direction; used when the link is another rate"),
    ],
) -> Results:  # fmt: skip
    specified = rate if link == "custom" else link.bandwidth

    passed = 1 if way == "direct" else hops

    def time_of(message: float, bandwidth: float, start: float = latency) -> float:
        piece = PIECE if way == "pieces" else message
        return relay_time(message, piece, [(bandwidth * share, start)] * passed)

    time = time_of(size, specified)
    half = half_rate_size(specified * share, latency)
    sizes = [10 ** (k / 4) for k in range(44)]
    others = [catalog.links()[key] for key in COMPARED]
    changes: list[list[str | float | None]] = [
        ["As set", time],
        ["Twice the rate", time_of(size, 2 * specified)],
        ["Half the latency", time_of(size, specified, latency / 2)],
        ["Half the bytes", time_of(size / 2, specified)],
    ]
    name = text(rate, "B/s") if link == "custom" else link.name
    return [
        Quantity("time", "Time", time, "s", note=f"{text(size, 'B')} over {name}"),
        Quantity("reached", "Rate reached", size / time, "B/s", note="latency included"),
        Quantity("of_rate", "Of the specified rate", size / time / specified, "%"),
        Quantity("half", "Half of the rate from", half, "B", note="smaller messages pay latency"),
        Table("changes", "What a change would bring", [Column("Change"), Column("Time", "s")],
              changes),
        Chart(
            "times",
            "Time against size of the message",
            x=Axis("Message", "B", scale="log"),
            y=Axis("Time", "s", scale="log"),
            marks=[
                Line("As set", sizes, [time_of(each, specified) for each in sizes]),
                *(
                    Line(other.name.split(" (")[0], sizes,
                         [time_of(each, other.bandwidth) for each in sizes], dash=True)
                    for other in others
                ),
                Points("Yours", [size], [time], labels=["yours"]),
            ],
            alt=f"{text(size, 'B')} take {text(time, 's')}; below {text(half, 'B')} the time is "
            "nearly that of the latency, above it grows with the size.",
        ),
    ]  # fmt: skip
