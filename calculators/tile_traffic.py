"""How long does a tiled matrix multiplication wait for its memory, and who counted how?"""

from typing import Annotated

from hwcalc import catalog, matmul, roofline
from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Choice,
    Column,
    Quantity,
    Results,
    Slider,
    Table,
)
from hwcalc.display import text

CHIPS = catalog.accelerators()
COUNTS = ("As in 2018", "No reuse", "Each once")


def calculate(
    m: Annotated[
        int, Slider(16, 65536, start=256, scale="log2", label="Rows of A", help="Tokens at a time")
    ],
    k: Annotated[int, Slider(16, 65536, start=1024, scale="log2", label="Columns of A")],
    n: Annotated[int, Slider(16, 65536, start=1024, scale="log2", label="Columns of B")],
    device: Annotated[
        catalog.Accelerator, Choice(CHIPS, start="tpu-v2", group="vendor", label="First chip")
    ],
    tile: Annotated[
        int,
        Slider(16, 1024, start=128, scale="log2", unit="elements", label="Tile of the first chip"),
    ],
    rival: Annotated[
        catalog.Accelerator,
        Choice(CHIPS, start="v100-sxm2-32gb", group="vendor", label="Second chip"),
    ],
    rival_tile: Annotated[
        int,
        Slider(16, 1024, start=96, scale="log2", unit="elements", label="Tile of the second chip"),
    ],
    bits: Annotated[
        str,
        Choice({"8": "8 bits", "16": "16 bits", "32": "32 bits"}, start="16", label="Elements"),
    ],
) -> Results:
    size = int(bits) / 8
    flops = matmul.flops(m, k, n)

    def traffic(edge: int) -> tuple[float, float, float]:
        return (
            matmul.traffic_dettmers_2018(m, k, n, edge, size),
            matmul.traffic_no_reuse(m, k, n, edge, size),
            matmul.traffic_each_once(m, k, n, size),
        )

    def waits(chip: catalog.Accelerator, edge: int) -> list[float]:
        return [roofline.memory_time(bytes_, chip.bandwidth) for bytes_ in traffic(edge)]

    def computes(chip: catalog.Accelerator) -> float:
        return roofline.compute_time(flops, roofline.peak_rate(chip.peak, int(bits)))

    first, second = waits(device, tile), waits(rival, rival_tile)
    arithmetic, rival_arithmetic = computes(device), computes(rival)
    bytes_2018, bytes_no_reuse, bytes_once = traffic(tile)
    rows: list[list[str | float | None]] = [
        [count, mine_bytes, mine, rival_bytes, theirs]
        for count, mine_bytes, mine, rival_bytes, theirs in zip(
            COUNTS, traffic(tile), first, traffic(rival_tile), second, strict=True
        )
    ]
    return [
        Quantity(
            "traffic_2018",
            "Counted as in 2018",
            bytes_2018,
            "iB",
            note=f"tiles of {tile}, {device.name}",
        ),
        Quantity("traffic_no_reuse", "Without reuse between tiles", bytes_no_reuse, "iB"),
        Quantity("traffic_once", "Each matrix once", bytes_once, "iB"),
        Quantity("overcount", "2018 over the loads that happen", bytes_2018 / bytes_no_reuse, "x"),
        Quantity("wait_2018", f"Wait of {device.name} as in 2018", first[0], "s"),
        Quantity("rival_wait_2018", f"Wait of {rival.name} as in 2018", second[0], "s"),
        Quantity(
            "saving_2018",
            "Less waiting on the first chip, as in 2018",
            1 - first[0] / second[0],
            "%",
        ),
        Quantity("arithmetic", f"Arithmetic of {device.name} at its peak", arithmetic, "s"),
        Quantity(
            "rival_arithmetic", f"Arithmetic of {rival.name} at its peak", rival_arithmetic, "s"
        ),
        Chart(
            "waiting",
            "Waiting for memory in three countings, beside the arithmetic",
            x=Axis("Time", "s"),
            y=Axis(""),
            horizontal=True,
            stacked=False,
            height=300,
            marks=[
                Bars(device.name, [*COUNTS, "Arithmetic"], [*first, arithmetic]),
                Bars(rival.name, [*COUNTS, "Arithmetic"], [*second, rival_arithmetic]),
            ],
            alt=f"Counted as in 2018 the multiplication waits {text(first[0], 's')} on "
            f"{device.name} and {text(second[0], 's')} on {rival.name}; with each matrix moved "
            f"once {text(first[2], 's')} and {text(second[2], 's')}, against "
            f"{text(arithmetic, 's')} and {text(rival_arithmetic, 's')} of arithmetic.",
        ),
        Table(
            "countings",
            "Bytes and waiting by counting",
            [
                Column("Counting"),
                Column(f"Bytes, tiles of {tile}", "iB"),
                Column(device.name, "s"),
                Column(f"Bytes, tiles of {rival_tile}", "iB"),
                Column(rival.name, "s"),
            ],
            rows,
        ),
    ]
