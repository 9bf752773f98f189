"""What do two classes of links do to the sum of the gradients?"""

from typing import Annotated

from hwcalc import catalog
from hwcalc.all_reduce import all_reduce
from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Column,
    Line,
    Quantity,
    Results,
    Rule,
    Slider,
    Table,
)
from hwcalc.collective_time import collective_time
from hwcalc.display import text
from hwcalc.fabric import fabric
from hwcalc.preflight import usual_path
from hwcalc.scaling_runs import LINK_SHARE, LOCAL_LATENCY, NETWORK_LATENCY

WAYS = {
    "ring": "Ring through all",
    "tree": "Tree through all",
    "hierarchical": "Inside first, then between",
}
ADAPTERS = (1, 2, 4, 8, 16)


def calculate(
    size: Annotated[
        float, Slider(0.001, 1000, start=1, scale="log", unit="GB", label="Gradients of a GPU")
    ],
    gpu: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="a100-sxm-80gb", group="vendor", label="GPU"),
    ],
    gpus: Annotated[int, Slider(1, 72, start=8, label="GPUs in a machine")],
    machines: Annotated[int, Slider(2, 512, start=32, scale="log2", label="Machines")],
    link: Annotated[
        catalog.Link,
        Choice(catalog.links(), start="infiniband-hdr", group="family", label="Network adapter"),
    ],
    adapters: Annotated[int, Slider(1, 16, start=1, label="Adapters of a machine")],
) -> Results:  # fmt: skip
    path = usual_path(gpu, gpus)
    joined = fabric(gpu, path, 0.0)
    inside = joined.bandwidth * LINK_SHARE

    def way(how: str, cards: int = adapters, content: float = size) -> float:
        outside = link.bandwidth * cards * LINK_SHARE
        return all_reduce(
            how, content, gpus * machines, gpus, outside, inside, NETWORK_LATENCY, LOCAL_LATENCY
        )

    def library(cards: int = adapters, content: float = size) -> float:
        shared = fabric(gpu, path, link.bandwidth * cards / gpus)
        return collective_time("all_reduce", content, gpus * machines, gpus, shared)

    times = {name: way(how) for how, name in WAYS.items()}
    as_library = library()
    counts = sorted({*ADAPTERS, adapters})
    saving = way("ring") / way("hierarchical")
    within = all_reduce("ring", size, gpus, gpus, inside, inside, NETWORK_LATENCY, LOCAL_LATENCY)
    return [
        *(Quantity(how, name, times[name], "s") for how, name in WAYS.items()),
        Quantity("library", "As a library, fitted", as_library, "s"),
        Quantity("within", "In one machine", within, "s"),
        Quantity("saving", "Ring over hierarchy", saving, "x"),
        Quantity("outside", "A machine's network", link.bandwidth * adapters, "B/s",
                 note="one direction, as specified"),
        Quantity("local", "A GPU's links", joined.bandwidth, "B/s", note="one direction"),
        Chart(
            "scaling",
            f"Sum of {text(size, 'B')} on {machines} machines of {gpus} GPUs",
            x=Axis("Adapters of a machine", scale="log"),
            y=Axis("Time", "s", scale="log"),
            marks=[
                *(Line(name, counts, [way(how, n) for n in counts]) for how, name in WAYS.items()),
                Line("As a library, fitted", counts, [library(n) for n in counts], dash=True),
                Rule(x=adapters, label="you"),
            ],
            alt=f"Adapters of a machine {adapters}: "
            + ", ".join(f"{name.lower()} {text(time, 's')}" for name, time in times.items())
            + f", in one machine {text(within, 's')}.",
        ),
        Table(
            "ways",
            "Four times",
            [Column("Way"), Column("Time", "s"), Column("Over one machine", "x")],
            [[name, time, time / within if within else 0.0]
             for name, time in {**times, "As a library, fitted": as_library}.items()],
        ),
    ]  # fmt: skip
