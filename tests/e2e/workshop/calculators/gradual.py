"""Is a long calculation shown as it goes, and ended by the next question?"""

import time
from collections.abc import Iterator
from typing import Annotated

from hwcalc.calculator import Quantity, Results, Slider


def calculate(
    steps: Annotated[int, Slider(1, 60, start=2, label="Steps")],
) -> Iterator[Results]:
    for step in range(1, steps + 1):
        time.sleep(0.02)
        yield [Quantity("done", "Done", step), Quantity("all", "Of", steps)]
