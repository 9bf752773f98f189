"""Steps and memory of many layouts at once are those of each of them."""

from typing import Any

import numpy as np
import pytest

from hwcalc import blocks, catalog
from hwcalc.frameworks import FRAMEWORKS
from hwcalc.layout import Cluster, Layout
from hwcalc.memory import training_memory
from hwcalc.numeric import distinct
from hwcalc.states import States
from hwcalc.training_step import step_time

CLUSTER = Cluster(catalog.accelerators()["h100-sxm"], 8, 50e9, 0.015)
MIXTURE = blocks.shape(catalog.transformers()["mixtral-8x7b"])
ROWS = [
    (1, 1, 8, 1, 8, 1, 64, 1, 3, 0, False),
    (2, 4, 4, 2, 2, 1, 64, 2, 1, 1, True),
    (8, 2, 2, 1, 4, 2, 64, 1, 0, 2, True),
    (8, 2, 2, 1, 4, 2, 64, 2, 1, 1, True),
]
COLUMNS: list[Any] = [np.array(column) for column in zip(*ROWS, strict=True)]
USED = list(FRAMEWORKS)


@pytest.mark.parametrize("framework", USED)
def test_steps_of_an_array_of_layouts(framework: str) -> None:
    """The planner's sweep is the page's calculation, also where kernels repeat."""
    software = FRAMEWORKS[framework]
    swept = step_time(CLUSTER, MIXTURE, Layout(*COLUMNS), 4096, software, 0.0)
    for place, row in enumerate(ROWS):
        single = step_time(CLUSTER, MIXTURE, Layout(*row), 4096, software, 0.0)
        assert swept.keys() == single.keys()
        for name, time in single.items():
            found = np.broadcast_to(swept[name], len(ROWS))[place]
            assert found == pytest.approx(time, rel=1e-9), (name, row)


@pytest.mark.parametrize("framework", USED)
def test_memory_of_an_array_of_layouts(framework: str) -> None:
    """And so is its memory."""
    arguments = (4096, FRAMEWORKS[framework], States(2, 4, 4, "adam"), 0.05, 1e9)
    swept = training_memory(MIXTURE, Layout(*COLUMNS), *arguments)
    for place, row in enumerate(ROWS):
        for name, size in training_memory(MIXTURE, Layout(*row), *arguments).items():
            found = np.broadcast_to(swept[name], len(ROWS))[place]
            assert found == pytest.approx(size, rel=1e-9), (name, row)


def test_repeated_combinations_are_left_out_and_found_again() -> None:
    """Every combination once, and the way back to the old order and shape."""
    one: Any = np.array([[1.0, 2.0], [1.0, 1.0]])
    other: Any = np.array([3.0, 3.0])
    few: Any
    few, back = distinct(one, 5.0, other)
    assert [len(values) for values in few] == [2, 2, 2]
    assert np.array_equal(few[0][back], one)
    assert np.array_equal(few[1][back], np.full((2, 2), 5.0))
