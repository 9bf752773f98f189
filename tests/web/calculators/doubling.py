"""How much is twice as much?"""

from typing import Annotated

from hwcalc.calculator import Quantity, Results, Slider


def calculate(amount: Annotated[float, Slider(0, 10, start=2, label="Amount")]) -> Results:
    return [Quantity("twice", "Twice", 2 * amount)]
