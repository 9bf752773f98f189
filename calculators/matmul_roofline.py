"""Is this matrix multiplication limited by arithmetic or by memory?"""

from typing import Annotated

from hwcalc import catalog, matmul, roofline
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
    Verdict,
)
from hwcalc.display import text

CHIPS = catalog.accelerators()
COMPARED = ("tpu-v2", "v100-sxm2-32gb", "tpu-v6e", "h100-sxm", "b200")
COUNTINGS = {
    "once": "Each matrix moved once",
    "least": "Least possible with the on-chip memory",
    "no-reuse": "No reuse between tiles",
    "2018": "As in 2018: every tile with every tile",
}
MARKS = {"once": "once", "least": "least", "no-reuse": "no reuse", "2018": "2018"}


def calculate(
    device: Annotated[
        catalog.Accelerator,
        Choice(CHIPS, start="tpu-v2", group="vendor", label="Accelerator"),
    ],
    m: Annotated[
        int, Slider(1, 65536, start=256, scale="log2", label="Rows of A", help="Tokens at a time")
    ],
    k: Annotated[int, Slider(16, 65536, start=1024, scale="log2", label="Columns of A")],
    n: Annotated[int, Slider(16, 65536, start=1024, scale="log2", label="Columns of B")],
    bits: Annotated[
        str,
        Choice({"8": "8 bits", "16": "16 bits", "32": "32 bits"}, start="16", label="Elements"),
    ],
    counting: Annotated[str, Choice(COUNTINGS, start="once", label="Count the bytes")],
    tile: Annotated[
        int,
        Slider(
            16,
            1024,
            start=128,
            scale="log2",
            unit="elements",
            label="Tile",
            help="Edge of a square tile; used by the last two countings",
        ),
    ],
    on_chip: Annotated[
        float,
        Slider(
            0.25,
            512,
            start=6,
            scale="log",
            unit="MiB",
            label="On-chip memory",
            help="A V100 has 6 MiB of level-2 cache; used by the second counting",
        ),
    ],
) -> Results:
    size = int(bits) / 8
    peak = roofline.peak_rate(device.peak, int(bits))
    flops = matmul.flops(m, k, n)
    bytes_by_counting = {
        "once": matmul.traffic_each_once(m, k, n, size),
        "least": matmul.traffic_least(m, k, n, size, on_chip),
        "no-reuse": matmul.traffic_no_reuse(m, k, n, tile, size),
        "2018": matmul.traffic_dettmers_2018(m, k, n, tile, size),
    }
    intensities = {
        key: roofline.arithmetic_intensity(flops, bytes_)
        for key, bytes_ in bytes_by_counting.items()
    }
    traffic, intensity = bytes_by_counting[counting], intensities[counting]
    ridge = roofline.ridge_point(peak, device.bandwidth)
    time = roofline.kernel_time(flops, traffic, peak, device.bandwidth)
    rate = roofline.attainable_rate(intensity, peak, device.bandwidth)
    # On a chip that holds what it needs the bound coincides with the first counting.
    shown = {
        key: value
        for key, value in intensities.items()
        if key != "least" or value < intensities["once"]
    }
    limits = {key: "arithmetic" if i >= ridge else "memory" for key, i in intensities.items()}
    points = {
        key: roofline.attainable_rate(i, peak, device.bandwidth) for key, i in intensities.items()
    }
    return [
        Quantity("time", "At least", time, "s", note=f"at most {text(rate, 'FLOP/s')}"),
        Verdict("limit", "Limited by", limits[counting]),
        Quantity("intensity", "Intensity", intensity, "FLOP/B"),
        Quantity("ridge", f"Ridge point of {device.name}", ridge, "FLOP/B"),
        Quantity("flops", "Operations", flops, "FLOP"),
        Quantity("traffic", "Bytes moved", traffic, "B", note=COUNTINGS[counting]),
        Quantity("compute_time", "Arithmetic alone", roofline.compute_time(flops, peak), "s"),
        Quantity(
            "memory_time", "Memory alone", roofline.memory_time(traffic, device.bandwidth), "s"
        ),
        Quantity(
            "useful",
            "Useful share of whole tiles",
            flops / matmul.padded_flops(m, k, n, tile),
            "%",
            note=f"the rest of the tiles of {tile} multiplies zeros",
        ),
        Chart(
            "roofs",
            "Roofline: the rate a kernel can reach against its intensity",
            x=Axis("Intensity in operations per byte", scale="log"),
            y=Axis("Rate", "FLOP/s", scale="log"),
            marks=[
                *_roofs(device, int(bits), list(intensities.values())),
                Points(
                    "This multiplication, counted",
                    list(shown.values()),
                    [points[key] for key in shown],
                    labels=[MARKS[key] for key in shown],
                ),
                Points("As chosen", [intensity], [rate]),
            ],
            alt=f"On {device.name} the multiplication has an intensity of "
            f"{text(intensity, 'FLOP/B')} against a ridge point of {text(ridge, 'FLOP/B')}: it is "
            f"limited by {limits[counting]} and reaches at most {text(rate, 'FLOP/s')}.",
        ),
        Table(
            "countings",
            "The four countings",
            [
                Column("Counting"),
                Column("Bytes", "B"),
                Column("Intensity", "FLOP/B"),
                Column("Memory alone", "s"),
                Column("Limited by"),
            ],
            [
                [
                    label,
                    bytes_by_counting[key],
                    intensities[key],
                    roofline.memory_time(bytes_by_counting[key], device.bandwidth),
                    limits[key],
                ]
                for key, label in COUNTINGS.items()
            ],
            highlight=list(COUNTINGS).index(counting),
        ),
    ]


def _roofs(device: catalog.Accelerator, bits: int, shown: list[float]) -> list[Line]:
    """The roof of the chosen chip, solid, and of the others that compute at this width, dashed."""
    low, high = min(1, *shown), max(1e4, *shown)
    lines = []
    for chip in [device, *(CHIPS[key] for key in COMPARED if key != device.id)]:
        try:
            peak = roofline.peak_rate(chip.peak, bits)
        except ValueError:  # this chip has no units for the width: no roof to draw
            continue
        xs = [low, roofline.ridge_point(peak, chip.bandwidth), high]
        ys = [roofline.attainable_rate(x, peak, chip.bandwidth) for x in xs]
        lines.append(Line(chip.name, xs, ys, dash=chip.id != device.id))
    return lines
