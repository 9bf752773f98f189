"""How long does a copy take?"""

from dataclasses import dataclass
from typing import Annotated

from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Choice,
    Column,
    Image,
    Line,
    Number,
    Quantity,
    Results,
    Rule,
    Slider,
    Table,
    Toggle,
    Verdict,
)


@dataclass(frozen=True)
class Link:
    """What a catalogue would hold."""

    name: str
    family: str
    bandwidth: float


LINKS = {
    "pcie-4": Link("PCIe 4.0 ×16", "PCIe", 31.5e9),
    "pcie-5": Link("PCIe 5.0 ×16", "PCIe", 63e9),
    "nvlink-4": Link("NVLink 4", "NVLink", 450e9),
}


def calculate(
    link: Annotated[Link, Choice(LINKS, start="pcie-4", group="family", label="Link")],
    size: Annotated[
        float,
        Slider(
            1,
            1024,
            start=64,
            scale="log2",
            unit="GiB",
            label="Size",
            help='A "shard" & its <index>',
        ),
    ],
    copies: Annotated[int, Slider(1, 16, start=1, label="Copies")],
    reached: Annotated[float, Slider(10, 100, start=80, unit="%", label="Rate reached")],
    price: Annotated[float, Number(start=2.5, low=0, unit="$/h", label="Price")],
    method: Annotated[str, Choice({"push": "Push", "pull": "Pull, then check"}, start="push")],
    verify: Annotated[bool, Toggle(start=False, label="Verify")],
) -> Results:
    if copies * size > 4 * 2**40:
        raise ValueError(f"{copies} copies of {size:g} B: must be at most 4 TiB")
    rate = link.bandwidth * reached
    time = copies * size / rate * (2 if verify else 1)
    return [
        Quantity("time", "Time", time, "s", note="without start-up", accuracy="± 5 %"),
        Quantity("cost", "Cost", price * time, "$"),
        Verdict("patience", "For the impatient", 'it is *not* "soon"' if time > 1 else "soon",
                good=time <= 1),
        Verdict("way", "Way", method),
        Table("parts", "Parts", [Column("Part"), Column("Time", "s")],
              [["copy <once>", time / copies], ["all", time]], highlight=1),
        Chart("sizes", "Time against size", x=Axis("Size", "iB"), y=Axis("Time", "s"),
              marks=[Line("copy", [0, size], [0, time]), Rule(x=size, label="you")],
              alt=f"A copy of {size:g} B takes {time:.3g} s."),
        Chart("share", "Share", x=Axis(""), y=Axis("Time", "s"),
              marks=[Bars("copy", ["copy"], [time])], alt=f"The copy takes {time:.3g} s."),
        Image("map", "Map", [[0.0, 1.0], [1.0, 0.0]], alt="2 × 2 squares"),
    ]  # fmt: skip
