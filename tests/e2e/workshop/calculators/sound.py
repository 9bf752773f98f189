"""Does a sound calculator go on while others fail?"""

from typing import Annotated

from hwcalc.calculator import (
    Axis,
    Cells,
    Chart,
    Image,
    Number,
    Quantity,
    Results,
    Slider,
    Toggle,
    Verdict,
)


def calculate(
    size: Annotated[int, Slider(1, 10, start=2, label="Size")],
    price: Annotated[float, Number(start=2.5, low=0, unit="$/h", label="Price")],
    shade: Annotated[bool, Toggle(start=False, label="Shade")],
) -> Results:
    if size == 5 and not shade:
        raise ValueError("size = 5: needs shade.")
    values = [[column * row * (2.0 if shade else 1.0) for column in range(size)] for row in (1, 2)]
    return [
        Quantity("double", "Double", 2 * size, note=f"of {size}", accuracy="± 0 %"),
        Quantity("cost", "Cost", size * price * 3600, "$"),
        Verdict("parity", "It is", "odd" if size % 2 else "even", good=size % 2 == 0),
        Image("picture", "Picture", values, high=20, alt=f"{size} steps of grey"),
        Chart(
            "map",
            "Map",
            x=Axis("Column"),
            y=Axis("Row"),
            marks=[Cells("Value", [f"c{i}" for i in range(size)], ["one", "two"], values)],
            alt=f"The largest of {2 * size} cells is {max(map(max, values)):g}",
        ),
    ]
