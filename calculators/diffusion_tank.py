"""What becomes of a drop of dye when one small convolution is repeated?"""

from typing import Annotated

from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Image,
    Line,
    Quantity,
    Results,
    Slider,
    Verdict,
)
from hwcalc.convolution_theorem import side_by_side
from hwcalc.diffusion import blur, diffuse, outer, variance_of
from hwcalc.display import text

CELLS = 64  # drawn on a side; the tank has a multiple of them
DROPS = {
    "middle": "A drop in the middle",
    "corner": "A drop near a corner",
    "square": "A square of dye",
    "half": "Dye in the left half",
}
TANKS = {str(n): f"{n} × {n}" for n in (64, 128, 256)}
CLOSE = 0.01  # of the highest value
NOISE = 1e-9  # of rounding, with a wide margin


def calculate(
    start: Annotated[str, Choice(DROPS, start="middle", label="Dye at first")],
    side: Annotated[str, Choice(TANKS, start="256", label="Cells of the tank")],
    share: Annotated[
        float,
        Slider(
            1, 50, start=20, step=1, unit="%", label="Share that moves",
            help="To each neighbour in a step: diffusivity times step over the cell's side squared",
        ),
    ],
    steps: Annotated[
        int, Slider(1, 100_000, start=1000, scale="log", unit="steps", label="Steps")
    ],
) -> Results:  # fmt: skip
    cells = int(side)
    down, across = _profiles(start, cells)
    spread = 2 * share * steps
    later = [diffuse(line, share, steps) for line in (down, across)]
    once = [blur(line, spread) for line in (down, across)]
    grown = [variance_of(b) - variance_of(a) for a, b in zip((down, across), later, strict=True)]
    gained = _clean(grown[0], cells)
    free = gained / spread
    highest = max(once[0])
    apart = max(abs(a - b) for a, b in zip(later[0], once[0], strict=True)) / highest
    apart = _clean(apart, 1.0)
    mass = sum(later[0]) * sum(later[1])
    middle = int(sum(i * dye for i, dye in enumerate(later[0])) + 0.5 + NOISE)
    xs = [float(i) for i in range(0, cells, cells // 64)]
    return [
        Quantity("width", "A drop's standard deviation", spread**0.5, "cells"),
        Quantity("dye", "Dye in the tank", mass, "%", digits=12, note="of what was put in"),
        Quantity(
            "spread", "Variance it should have gained", spread, "cells²",
            note="twice diffusivity times time, along each axis",
        ),
        Quantity("gained", "Variance gained", gained, "cells²", note="from top to bottom"),
        Quantity("of_it", "Gained over expected", free, "%", note="less once walls are reached"),
        Quantity(
            "apart", "From one Gaussian", apart, "%", note="largest difference, of the peak"
        ),
        Verdict(
            "one",
            "All steps together",
            "are one Gaussian blur" if apart < CLOSE else "are not yet one Gaussian blur",
            good=apart < CLOSE,
        ),
        Image(
            "tank",
            "The tank at first, after all steps, and after one Gaussian blur instead",
            side_by_side(
                [
                    outer(*(_drawn(line, cells) for line in pair))
                    for pair in ((down, across), later, once)
                ],
                CELLS + 2,
            ),
            alt=f"{DROPS[start]}, then {steps:,} steps later, and the same blurred once: the last "
            f"two differ by at most {text(apart, '%')} of the peak along a line. Each is drawn "
            "from its lowest to its highest value.",
        ),
        Chart(
            "profile",
            "Dye from top to bottom",
            x=Axis("Place", "cells"),
            y=Axis("Dye", low=0),
            marks=[
                Line("After all steps", xs, [later[0][int(x)] for x in xs]),
                Line("One Gaussian blur", xs, [once[0][int(x)] for x in xs], dash=True),
            ],
            alt=f"A bell {text(spread**0.5, 'cells')} wide around cell {middle} after {steps:,} "
            f"steps, and the Gaussian of variance {text(spread, 'cells²')} on top of it; they "
            f"differ by at most {text(apart, '%')} of the peak.",
        ),
    ]  # fmt: skip


def _clean(value: float, scale: float) -> float:
    """Nothing instead of what rounding leaves of nothing, which no two machines agree on."""
    return 0.0 if abs(value) < NOISE * scale else value


def _profiles(start: str, cells: int) -> tuple[list[float], list[float]]:
    """Dye from top to bottom and from left to right; the tank holds their product."""
    spans = {
        "middle": [(cells // 2, cells // 2 + 1)] * 2,
        "corner": [(cells // 8, cells // 8 + 1)] * 2,
        "square": [(3 * cells // 8, 5 * cells // 8)] * 2,
        "half": [(0, cells), (0, cells // 2)],
    }
    down, across = (
        [1 / (high - low) if low <= i < high else 0.0 for i in range(cells)]
        for low, high in spans[start]
    )
    return down, across


def _drawn(line: list[float], cells: int) -> list[float]:
    """The line as the picture has it: the mean of the cells below each of its pixels."""
    times = cells // CELLS
    return [sum(line[i * times : (i + 1) * times]) / times for i in range(CELLS)]
