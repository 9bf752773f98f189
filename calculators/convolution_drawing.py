"""What does a kernel of your own make of a drawing of your own?"""

from typing import Annotated

from hwcalc.calculator import Image, Number, Quantity, Results, Toggle, Verdict
from hwcalc.convolution_theorem import (
    convolve,
    convolve_by_frequency,
    largest_difference,
    side_by_side,
)
from hwcalc.display import text
from hwcalc.pictures import enlarged, row_of_digits

SIDE = 8  # pixels of the drawing
MOST = 99_999_999
DIGITS = "Eight digits, one for each pixel: 1 is black, 9 white"
EXACT = 1e-9  # largest difference that rounding can explain, with a wide margin


def calculate(
    row1: Annotated[int, Number(start=11111111, low=0, high=MOST, label="Row 1", help=DIGITS)],
    row2: Annotated[int, Number(start=11999111, low=0, high=MOST, label="Row 2")],
    row3: Annotated[int, Number(start=11111911, low=0, high=MOST, label="Row 3")],
    row4: Annotated[int, Number(start=11199111, low=0, high=MOST, label="Row 4")],
    row5: Annotated[int, Number(start=11111911, low=0, high=MOST, label="Row 5")],
    row6: Annotated[int, Number(start=11111911, low=0, high=MOST, label="Row 6")],
    row7: Annotated[int, Number(start=11999111, low=0, high=MOST, label="Row 7")],
    row8: Annotated[int, Number(start=11111111, low=0, high=MOST, label="Row 8")],
    turn: Annotated[bool, Toggle(start=True, label="Turn the kernel")],
    w11: Annotated[int, Number(start=0, low=-99, high=99, label="Top left")],
    w12: Annotated[int, Number(start=1, low=-99, high=99, label="Top")],
    w13: Annotated[int, Number(start=0, low=-99, high=99, label="Top right")],
    w21: Annotated[int, Number(start=1, low=-99, high=99, label="Left")],
    w22: Annotated[int, Number(start=-4, low=-99, high=99, label="Middle")],
    w23: Annotated[int, Number(start=1, low=-99, high=99, label="Right")],
    w31: Annotated[int, Number(start=0, low=-99, high=99, label="Bottom left")],
    w32: Annotated[int, Number(start=1, low=-99, high=99, label="Bottom")],
    w33: Annotated[int, Number(start=0, low=-99, high=99, label="Bottom right")],
) -> Results:
    rows = (row1, row2, row3, row4, row5, row6, row7, row8)
    drawing = [row_of_digits(row, SIDE) for row in rows]
    weights: list[list[float]] = [[w11, w12, w13], [w21, w22, w23], [w31, w32, w33]]
    by_sliding = convolve(drawing, weights, "full", "zero", turn)
    by_frequency = convolve_by_frequency(drawing, weights, "full", "zero", turn)
    apart = largest_difference(by_sliding, by_frequency)
    scale = max(1.0, *(abs(value) for row in by_sliding for value in row))
    alike = apart <= EXACT * scale
    shown: list[list[list[float]]] = [drawing, weights, by_sliding, by_frequency]
    return [
        Verdict(
            "same",
            "Sliding and frequencies",
            "agree to the last bits of rounding" if alike else "differ",
            good=alike,
        ),
        Quantity("total", "The weights sum to", float(sum(map(sum, weights)))),
        # Its last bits depend on the machine's sine and cosine, and nobody's answer on them.
        Verdict(
            "difference",
            "Largest difference of a pixel",
            "less than 10⁻¹²" if apart < 1e-12 * scale else text(apart, ""),
        ),
        Image(
            "pictures",
            "Drawing, kernel, result by sliding, result by frequencies",
            side_by_side([enlarged(grid, 4 * len(grid)) for grid in shown], 44),
            alt="The drawing, the kernel, and the full result of 10 by 10 pixels twice: by sliding "
            "and by frequencies. Each is drawn from its lowest to its highest value.",
        ),
    ]
