"""What do fewer bits per gradient buy?"""

from typing import Annotated

from hwcalc.calculator import (
    Axis,
    Chart,
    Column,
    Line,
    Points,
    Quantity,
    Results,
    Rule,
    Slider,
    Table,
)
from hwcalc.data_parallel import exchange_ratio, speedup_unhidden
from hwcalc.display import text

FULL = 32  # bits of a gradient as computed
# Dettmers, 8-bit approximations for parallelism in deep learning (2015), abstract: what his own
# model gives for 96 GPUs with 32-bit and with 8-bit gradients.
PUBLISHED_GPUS, PUBLISHED = 96, {32: 23.0, 8: 50.0}


def calculate(
    gpus: Annotated[int, Slider(2, 4096, start=96, scale="log2", label="GPUs")],
    bits: Annotated[float, Slider(1, 32, start=8, scale="log2", unit="bits", label="Gradients as")],
    measured_gpus: Annotated[
        int, Slider(2, 4096, start=96, scale="log2", label="Known: GPUs",
                    help="A measurement with 32-bit gradients, to which the model is fitted")
    ],
    measured: Annotated[
        float, Slider(1, 4096, start=23, scale="log", unit="x", label="Known: speed-up, 32 bits")
    ],
    link: Annotated[
        float, Slider(0.25, 64, start=1, scale="log2", unit="x", label="Links faster by",
                      help="Instead of, or on top of, sending fewer bits")
    ],
    packing: Annotated[
        float, Slider(0, 100, start=0, unit="%", label="Time to pack and unpack",
                      help="As a share of the computation of a step")
    ],
) -> Results:  # fmt: skip
    ratio = exchange_ratio(measured_gpus, measured)

    def speedup(ranks: int, width: float) -> float:
        overhead = packing if width < FULL else 0.0
        return speedup_unhidden(ranks, ratio, width / FULL / link, overhead)

    plain, packed = speedup(gpus, FULL), speedup(gpus, bits)
    counts = sorted({2**k for k in range(1, 13)} | {gpus})
    widths = sorted({1.0, 2.0, 4.0, 8.0, 12.0, 16.0, 24.0, 32.0, float(bits)})
    marks: list[Line | Points] = [
        Line(f"{gpus} GPUs", widths, [speedup(gpus, width) for width in widths]),
        Points("You", [bits], [packed], labels=["you"]),
    ]
    if gpus == PUBLISHED_GPUS:
        marks.append(Points("Published, 2015", list(PUBLISHED), list(PUBLISHED.values())))
    return [
        Quantity("speedup", "Speed-up", packed, "x", note=f"on {gpus} GPUs with {bits:g} bits"),
        Quantity("plain", "With 32 bits", plain, "x"),
        Quantity("gain", "Gain", packed / plain, "x", note="from sending fewer bits"),
        Quantity("ratio", "Fitted: exchange to computation", ratio, "x", digits=3,
                 note="on very many GPUs, 32 bits"),
        Quantity("bound", "With no bits at all", speedup_unhidden(gpus, ratio, 0.0, packing), "x",
                 note="what packing leaves"),
        Chart(
            "by_bits",
            "Speed-up against bits per gradient",
            x=Axis("Bits per gradient", scale="log"),
            y=Axis("Speed-up", "x"),
            marks=marks,
            alt=f"{gpus} GPUs reach {text(plain, 'x')} with 32 bits, {text(packed, 'x')} with "
            f"{bits:g} and {text(speedup(gpus, 1.0), 'x')} with one.",
        ),
        Chart(
            "by_gpus",
            "Speed-up against number of GPUs",
            x=Axis("GPUs", scale="log"),
            y=Axis("Speed-up", "x", scale="log"),
            marks=[
                *(
                    Line(f"{width} bits", counts, [speedup(n, width) for n in counts])
                    for width in (32, 16, 8, 1)
                ),
                Line("Perfect", counts, counts, dash=True),
                Rule(x=gpus, label="you"),
            ],
            alt=f"Without overlap every curve bends into a line of constant efficiency: "
            f"{text(speedup(4096, 32) / 4096, '%')} of perfect with 32 bits, "
            f"{text(speedup(4096, 8) / 4096, '%')} with 8.",
        ),
        Table(
            "table",
            f"{gpus} GPUs",
            [
                Column("Bits"),
                Column("Speed-up", "x"),
                Column("Efficiency", "%"),
                Column("Gain", "x"),
            ],
            [
                [f"{width}", speedup(gpus, width), speedup(gpus, width) / gpus,
                 speedup(gpus, width) / plain]
                for width in (32, 16, 8, 4, 2, 1)
            ],
        ),
    ]  # fmt: skip
