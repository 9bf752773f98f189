"""Does sliding a kernel over a picture give the same as multiplying their frequencies?"""

from typing import Annotated

from hwcalc.calculator import Choice, Image, Number, Quantity, Results, Toggle, Verdict
from hwcalc.convolution_theorem import (
    convolve,
    convolve_by_frequency,
    largest_difference,
    magnitudes,
    padded_spectrum,
    side_by_side,
)
from hwcalc.display import text
from hwcalc.pictures import KERNELS, PICTURES, own_picture, picture

SIDE = 24  # pixels
FRAME = 32  # what is transformed: a full result fits
OWN = {"own": "Your own, from rows of digits below"}
NINE = {"own": "Your own, from nine weights below"}
DIGITS = "For a drawing of your own: eight digits, one a pixel, 0 black to 9 white"
MOST = 99_999_999
MODES = {
    "same": "As large as the picture",
    "valid": "Complete sums only",
    "full": "Every sum that is not empty",
}
EXACT = 1e-9  # largest difference that rounding can explain, with a wide margin


def calculate(
    image: Annotated[
        str,
        Choice({**{k: v[0] for k, v in PICTURES.items()}, **OWN}, start="letter", label="Picture"),
    ],
    kernel: Annotated[
        str,
        Choice({**{k: v[0] for k, v in KERNELS.items()}, **NINE}, start="upright", label="Kernel"),
    ],
    mode: Annotated[str, Choice(MODES, start="same", label="Size of the result")],
    wrap: Annotated[
        bool,
        Toggle(
            start=False, label="Wrap around",
            help="What leaves on one side comes back on the other; else there is black beyond",
        ),
    ],
    turn: Annotated[
        bool,
        Toggle(
            start=True, label="Turn the kernel",
            help="By half a circle, as the definition says; frameworks do not",
        ),
    ],
    row1: Annotated[int, Number(start=90000009, low=0, high=MOST, label="Row 1", help=DIGITS)],
    row2: Annotated[int, Number(start=9000090, low=0, high=MOST, label="Row 2", help=DIGITS)],
    row3: Annotated[int, Number(start=900900, low=0, high=MOST, label="Row 3", help=DIGITS)],
    row4: Annotated[int, Number(start=99000, low=0, high=MOST, label="Row 4", help=DIGITS)],
    row5: Annotated[int, Number(start=99000, low=0, high=MOST, label="Row 5", help=DIGITS)],
    row6: Annotated[int, Number(start=900900, low=0, high=MOST, label="Row 6", help=DIGITS)],
    row7: Annotated[int, Number(start=9000090, low=0, high=MOST, label="Row 7", help=DIGITS)],
    row8: Annotated[int, Number(start=90000009, low=0, high=MOST, label="Row 8", help=DIGITS)],
    w11: Annotated[int, Number(start=0, low=-99, high=99, label="Weight, top left")],
    w12: Annotated[int, Number(start=1, low=-99, high=99, label="Weight, top")],
    w13: Annotated[int, Number(start=0, low=-99, high=99, label="Weight, top right")],
    w21: Annotated[int, Number(start=1, low=-99, high=99, label="Weight, left")],
    w22: Annotated[int, Number(start=-4, low=-99, high=99, label="Weight, middle")],
    w23: Annotated[int, Number(start=1, low=-99, high=99, label="Weight, right")],
    w31: Annotated[int, Number(start=0, low=-99, high=99, label="Weight, bottom left")],
    w32: Annotated[int, Number(start=1, low=-99, high=99, label="Weight, bottom")],
    w33: Annotated[int, Number(start=0, low=-99, high=99, label="Weight, bottom right")],
) -> Results:  # fmt: skip
    rows = [row1, row2, row3, row4, row5, row6, row7, row8]
    shown = own_picture(rows, SIDE) if image == "own" else picture(image, SIDE)
    nine = [[w11, w12, w13], [w21, w22, w23], [w31, w32, w33]]
    weights = nine if kernel == "own" else KERNELS[kernel][1]
    how = ("same", "wrap", turn) if wrap else (mode, "zero", turn)
    by_sliding = convolve(shown, weights, *how)
    by_frequency = convolve_by_frequency(shown, weights, *how)
    apart = largest_difference(by_sliding, by_frequency)
    scale = max(1.0, *(abs(value) for row in by_sliding for value in row))
    alike = apart <= EXACT * scale
    high, wide = len(weights), len(weights[0])
    products = sum(1 for row in weights for value in row if value) * len(by_sliding) ** 2
    names = f"{(OWN | {k: v[0] for k, v in PICTURES.items()})[image]}, convolved"
    return [
        Verdict(
            "same",
            "The two routes",
            "agree to the last bits of rounding" if alike else "differ",
            good=alike,
        ),
        Quantity(
            "difference", "Largest difference of a pixel", apart,
            note=f"values reach {text(scale, '')}",
        ),
        Quantity("side", "Side of the result", float(len(by_sliding)), "pixels"),
        Quantity(
            "products", "Products by sliding", float(products),
            note=f"kernel of {high} × {wide}",
        ),
        Image(
            "space",
            "Picture, kernel, and the result by sliding",
            side_by_side([shown, _centred(weights), by_sliding], FRAME),
            alt=f"{names}: the picture on the left, the kernel in the middle, and on the right the "
            f"result of {len(by_sliding)} by {len(by_sliding[0])} pixels. Each is drawn from its "
            "lowest to its highest value.",
        ),
        Image(
            "frequency",
            "Their frequencies, and the result by multiplying them",
            side_by_side(
                [magnitudes(padded_spectrum(shown, FRAME)),
                 magnitudes(padded_spectrum(weights, FRAME)), by_frequency], FRAME
            ),
            alt="Left the amplitudes of the picture's frequencies, the slow ones in the middle, "
            "next to them those of the kernel, bright where it lets a frequency pass; right what "
            f"their product becomes in space, at most {text(apart, '')} from the result above.",
        ),
    ]  # fmt: skip


def _centred(weights: list[list[float]]) -> list[list[float]]:
    """The kernel with its cells enlarged, to be seen beside a picture."""
    times = max(1, SIDE // 2 // max(len(weights), len(weights[0])))
    return [[value for value in row for _ in range(times)] for row in weights for _ in range(times)]
