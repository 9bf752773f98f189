"""Does this machine measure what it should?"""

from typing import Annotated

from hwcalc import accuracy, catalog
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
    Verdict,
)
from hwcalc.collective_time import collective_time, send_time
from hwcalc.display import text
from hwcalc.fabric import PATHS
from hwcalc.preflight import copy_rate, explain, faults, measured_rate, usual_path

LONG = 2.0**30  # [B]
SHORT = 8.0  # [B]
GOOD = 0.85  # of what is expected: sound machines differ by as much


def calculate(
    device: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="h100-sxm", group="vendor", label="GPU"),
    ],
    gpus: Annotated[int, Slider(2, 72, start=8, label="GPUs in a machine")],
    path: Annotated[
        str,
        Choice({"usual": "The usual one for this GPU"} | PATHS, start="usual",
               label="Way from GPU to GPU"),
    ],
    machines: Annotated[int, Slider(1, 256, start=1, scale="log2", label="Machines")],
    link: Annotated[
        catalog.Link,
        Choice(catalog.links(), start="infiniband-ndr", group="family", label="Network",
               help="Of each adapter; used with two machines or more"),
    ],
    adapters: Annotated[int, Slider(1, 16, start=8, label="Adapters of a machine")],
    other: Annotated[
        catalog.Link,
        Choice(catalog.links(), start="ethernet-10", group="family", label="Office network",
               help="The one that must not be used"),
    ],
    measured: Annotated[
        float,
        Number(start=330, low=0.001, high=10_000, unit="GB/s", label="You measured",
               help="The bus bandwidth that all_reduce_perf prints for 1 GiB"),
    ],
) -> Results:  # fmt: skip
    way = usual_path(device, gpus) if path == "usual" else path
    ranks = gpus * machines
    network = link.bandwidth * adapters / gpus if machines > 1 else 0.0
    causes = faults(device, way, gpus, network, adapters, other.bandwidth / gpus)
    sound = next(iter(causes.values()))
    expected = {cause: measured_rate(LONG, ranks, gpus, fabric) for cause, fabric in causes.items()}
    healthy = expected["everything works"]
    nearest = explain(measured, expected)
    good = measured >= GOOD * healthy
    short = collective_time("all_reduce", SHORT, ranks, gpus, sound)
    pair = LONG / send_time(LONG, False, sound)
    sizes = [2.0**k for k in range(10, 34, 2)]
    rows = [
        ["all_reduce_perf, 1 GiB, bus bandwidth", text(healthy, "B/s")],
        ["all_reduce_perf, 8 B, time", text(short, "s")],
        ["nvbandwidth, device to device, one way", text(pair, "B/s")],
    ]
    copied = copy_rate(device)
    if copied:
        rows.append(["nvbandwidth, host to device, pinned", text(copied, "B/s")])
    if machines > 1:
        rows.append(["ib_write_bw or iperf3, per GPU", text(sound.network, "B/s")])
    verdict = "everything works" if good else nearest
    return [
        Quantity("expected", "Bus bandwidth to expect", healthy, "B/s",
                 note=f"all-reduce of 1 GiB on {ranks} GPUs",
                 accuracy=accuracy.covering("collectives", device.id)),
        Quantity("share", "Measured of expected", measured / healthy, "%"),
        Verdict("diagnosis", "As if", verdict, good=good),
        Quantity("latency", "Shortest all-reduce", short, "s", note="8 bytes"),
        Quantity("pair", "From one GPU to another", pair, "B/s", note="one direction"),
        Verdict("copied", "From the host's memory",
                text(copied, "B/s") if copied else "not known"),
        Quantity("of_link", "Of the specified rate", healthy / sound.bandwidth, "%",
                 note="of one GPU's links or slot, by the all-reduce"),
        Table("checks", "What to run, and what to expect",
              [Column("Benchmark"), Column("Expect")], rows),
        Chart(
            "sizes",
            "Bus bandwidth against size of the message, by cause",
            x=Axis("Message", "B", scale="log"),
            y=Axis("Bus bandwidth", "B/s", scale="log", high=2 * max(healthy, measured)),
            marks=[
                *(
                    Line(cause[0].upper() + cause[1:], sizes,
                         [measured_rate(size, ranks, gpus, fabric) for size in sizes],
                         dash=fabric is not sound)
                    for cause, fabric in causes.items()
                ),
                Points("Measured", [LONG], [measured], labels=["yours"]),
            ],
            alt=f"At 1 GiB {text(healthy, 'B/s')} if everything works; {text(measured, 'B/s')} is "
            f"nearest to: {nearest}.",
        ),
    ]  # fmt: skip
