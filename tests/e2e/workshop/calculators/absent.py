"""What happens when a calculator needs a module that the small standard library lacks?"""

from typing import Annotated

from hwcalc.calculator import Quantity, Results, Slider


def calculate(
    size: Annotated[int, Slider(1, 10, start=2, label="Size", help="7 needs the module")],
) -> Results:
    if size != 7:
        return [Quantity("hue", "Hue", size / 10)]
    # Building the site tries the ends and the start of every slider, so it does not see this one.
    import colorsys

    hue, _, _ = colorsys.rgb_to_hsv(size / 10, 0.5, 0.25)
    return [Quantity("hue", "Hue", hue)]
