"""Torus or switch: which exchange is over sooner?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from hwcalc import catalog
from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Choice,
    Column,
    Line,
    Quantity,
    Results,
    Rule,
    Slider,
    Table,
    Toggle,
    Verdict,
)
from hwcalc.collective_time import collective_time
from hwcalc.display import text
from hwcalc.fabric import Fabric, fabric, with_axes
from hwcalc.torus import largest_group

CHIPS = catalog.accelerators()
PODS = ("tpu-v2", "tpu-v3", "tpu-v4", "tpu-v5e", "tpu-v5p", "tpu-v6e", "tpu-v7", "tpu-8t")
SWITCHED = ("v100-sxm2-32gb", "a100-sxm-80gb", "h100-sxm", "h200-sxm", "b200", "gb200", "gb300")
OPERATIONS = {
    "all_reduce": "All-reduce",
    "all_gather": "All-gather",
    "reduce_scatter": "Reduce-scatter",
    "all_to_all": "All-to-all",
}
AXES = {"3": "all it has", "2": "two", "1": "one"}
COUNTS = tuple(2**k for k in range(1, 14))


@dataclass(frozen=True)
class Side:
    """Chips and what joins them, as one curve shows them."""

    name: str
    joined: Fabric
    per_node: int
    most: float  # chips that it can join

    def time(self, operation: str, size: float, ranks: int) -> float:
        """Time of an exchange."""
        return collective_time(operation, size, ranks, min(ranks, self.per_node), self.joined)


def calculate(
    operation: Annotated[str, Choice(OPERATIONS, start="all_reduce", label="Exchange")],
    size: Annotated[
        float,
        Slider(0.001, 100_000, start=1000, scale="log", unit="MB", label="Buffer of a chip",
               help="Before the exchange; for an all-gather after it"),
    ],
    chips: Annotated[int, Slider(2, 8192, start=512, scale="log2", label="Chips that take part")],
    tpu: Annotated[
        catalog.Accelerator, Choice({key: CHIPS[key] for key in PODS}, start="tpu-v5p", label="TPU")
    ],
    axes: Annotated[
        str, Choice(AXES, start="3", label="Axes of the torus",
                    help="That the group fills; a TPU has two or three")
    ],
    closed: Annotated[
        bool, Toggle(start=True, label="Axes close into rings",
                     help="Slices smaller than a whole axis or cube don't")
    ],
    gpu: Annotated[
        catalog.Accelerator,
        Choice({key: CHIPS[key] for key in SWITCHED}, start="h100-sxm", label="GPU"),
    ],
    node: Annotated[int, Slider(1, 72, start=8, label="GPUs on one switch")],
    link: Annotated[
        catalog.Link,
        Choice(catalog.links(), start="infiniband-ndr", group="family", label="Network of a GPU"),
    ],
    filled: Annotated[
        bool, Toggle(start=True, label="The group fills machines",
                     help="Otherwise it has one GPU in each, as with eight-way tensor parallelism")
    ],
) -> Results:  # fmt: skip
    pod = fabric(tpu, "link", 0.0)
    used = min(int(axes), int(pod.axes))
    torus = _torus(tpu, pod, used, closed)
    switched = fabric(gpu, "link", link.bandwidth)
    switch = Side(_short(gpu), switched, node if filled else 1, 8192)
    if chips > torus.most:
        raise ValueError(
            f"{chips:,} chips: {used} axes of a {tpu.name} pod join at most {torus.most:,.0f}; "
            "take fewer chips, more axes or another TPU"
        )
    times = {
        key: (torus.time(key, size, chips), switch.time(key, size, chips)) for key in OPERATIONS
    }
    ours, theirs = times[operation]
    counts = sorted({*COUNTS, chips})
    curves: list[Side] = [
        _torus(tpu, pod, count, closed) for count in range(int(pod.axes), 0, -1)
    ] + [
        Side(f"{switch.name}, machines filled", switched, node, 8192),
        Side(f"{switch.name}, one of each", switched, 1, 8192),
    ]
    beyond = [n for n in counts if node < n <= torus.most]
    lost = next((n for n in beyond if _later(torus, switch, size, n)), 0)
    return [
        Quantity("torus", f"{_short(tpu)}, torus", ours, "s"),
        Quantity("switch", f"{_short(gpu)}, switches", theirs, "s"),
        Quantity("ratio", "Switches over torus", theirs / ours, "x", note="above 1 the torus wins"),
        Verdict("sooner", "Sooner over", "the torus" if ours < theirs else "the switches"),
        Quantity("reduce_ratio", "All-reduce, switches over torus", _ratio(times["all_reduce"]),
                 "x"),
        Quantity("scatter_ratio", "All-to-all, switches over torus", _ratio(times["all_to_all"]),
                 "x"),
        Quantity("links", f"Links of a {_short(tpu)}", torus.joined.bandwidth, "B/s",
                 note="one direction, on the axes used"),
        Quantity("switch_links", f"Links of a {_short(gpu)}", switched.bandwidth, "B/s",
                 note="one direction, to the switch"),
        Quantity("network", "Its network", link.bandwidth, "B/s"),
        Verdict("crossing", "All-to-all on the torus is slower",
                f"from {lost:,} chips on" if lost else "at no number of chips shown"),
        Chart(
            "scaling",
            f"{OPERATIONS[operation]} of {text(size, 'B')} on each chip",
            x=Axis("Chips", scale="log"),
            y=Axis("Time", "s", scale="log"),
            marks=[
                *(
                    Line(
                        side.name,
                        [n for n in counts if n <= side.most],
                        [side.time(operation, size, n) for n in counts if n <= side.most],
                        dash=side.joined is switched,
                    )
                    for side in curves
                ),
                Rule(x=chips, label="you"),
            ],
            alt=f"{OPERATIONS[operation]} on {chips:,} chips: {text(ours, 's')} on {torus.name}, "
            f"{text(theirs, 's')} on {switch.name} with switches.",
        ),
        Chart(
            "operations",
            f"Four exchanges on {chips:,} chips",
            x=Axis("Time", "s", low=0),
            y=Axis(""),
            horizontal=True,
            stacked=False,
            marks=[
                Bars(name, list(OPERATIONS.values()), [times[key][which] for key in OPERATIONS])
                for which, name in enumerate((f"{_short(tpu)}, torus", f"{_short(gpu)}, switches"))
            ],
            alt="Torus against switches: "
            + ", ".join(
                f"{OPERATIONS[key]} {text(pair[0], 's')} against {text(pair[1], 's')}"
                for key, pair in times.items()
            )
            + ".",
        ),
        Table(
            "times",
            "All exchanges",
            [Column("Exchange"), Column("Torus", "s"), Column("Switches", "s"),
             Column("Switches over torus", "x")],
            [[OPERATIONS[key], *pair, _ratio(pair)] for key, pair in times.items()],
        ),
    ]  # fmt: skip


def _short(chip: catalog.Accelerator) -> str:
    name = chip.name.removeprefix("Google ")
    return name.split(" (")[0].split(" SXM")[0]


def _torus(tpu: catalog.Accelerator, pod: Fabric, axes: int, closed: bool) -> Side:
    most = largest_group(tpu.pod, pod.axes, axes)
    plural = "axis" if axes == 1 else "axes"
    return Side(f"{_short(tpu)}, {axes} {plural}", with_axes(pod, axes, closed), 1, most)


def _later(torus: Side, switch: Side, size: float, ranks: int) -> bool:
    exchange: Mapping[str, float] = {
        side.name: side.time("all_to_all", size, ranks) for side in (torus, switch)
    }
    return exchange[torus.name] > exchange[switch.name]


def _ratio(pair: tuple[float, float]) -> float:
    return pair[1] / pair[0]
