"""Does sliding a kernel over a picture give the same as multiplying their frequencies?"""

from typing import Annotated

from hwcalc.calculator import Choice, Image, Quantity, Results, Toggle, Verdict
from hwcalc.convolution_theorem import (
    convolve,
    convolve_by_frequency,
    largest_difference,
    magnitudes,
    padded_spectrum,
    side_by_side,
)
from hwcalc.display import text
from hwcalc.pictures import KERNELS, PICTURES, enlarged, picture

SIDE = 24  # pixels
FRAME = 32  # what is transformed: a full result fits
MODES = {
    "same": "As large as the picture",
    "valid": "Complete sums only",
    "full": "Every sum that is not empty",
}
EXACT = 1e-9  # largest difference that rounding can explain, with a wide margin


def calculate(
    image: Annotated[
        str,
        Choice({k: v[0] for k, v in PICTURES.items()}, start="letter", label="Picture"),
    ],
    kernel: Annotated[
        str,
        Choice({k: v[0] for k, v in KERNELS.items()}, start="upright", label="Kernel"),
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
) -> Results:  # fmt: skip
    shown, weights = picture(image, SIDE), KERNELS[kernel][1]
    how = ("same", "wrap", turn) if wrap else (mode, "zero", turn)
    by_sliding = convolve(shown, weights, *how)
    by_frequency = convolve_by_frequency(shown, weights, *how)
    apart = largest_difference(by_sliding, by_frequency)
    scale = max(1.0, *(abs(value) for row in by_sliding for value in row))
    alike = apart <= EXACT * scale
    high, wide = len(weights), len(weights[0])
    products = sum(1 for row in weights for value in row if value) * len(by_sliding) ** 2
    return [
        Verdict(
            "same",
            "The two routes",
            "agree to the last bits of rounding" if alike else "differ",
            good=alike,
        ),
        # Its last bits depend on the machine's sine and cosine, and nobody's answer on them.
        Verdict(
            "difference", "Largest difference of a pixel",
            "less than 10⁻¹²" if apart < 1e-12 * scale else text(apart, ""),
        ),
        Quantity("side", "Side of the result", float(len(by_sliding)), "pixels"),
        Quantity(
            "products", "Products by sliding", float(products),
            note=f"kernel of {high} × {wide}",
        ),
        Image(
            "space",
            "Picture, kernel, and the result by sliding",
            side_by_side([shown, enlarged(weights, SIDE // 2), by_sliding], FRAME),
            alt=f"{PICTURES[image][0]}, convolved: the picture on the left, the kernel in the "
            f"middle, and on the right the result of {len(by_sliding)} by {len(by_sliding[0])} "
            "pixels. Each is drawn from its lowest to its highest value.",
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
            "their product becomes in space: the result above again.",
        ),
    ]  # fmt: skip
