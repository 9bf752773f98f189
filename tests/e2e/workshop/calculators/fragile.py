"""What happens to a page when a calculator has a bug?"""

from typing import Annotated

from hwcalc.calculator import Quantity, Results, Slider


def calculate(
    size: Annotated[int, Slider(1, 10, start=2, label="Size", help="7 meets the bug")],
) -> Results:
    # Building the site tries the ends and the start of every slider, so the bug sits between.
    inverse = 1 / (size - 7)
    return [Quantity("inverse", "Inverse", inverse)]
