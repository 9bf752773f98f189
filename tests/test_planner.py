"""The planner tries every layout, drops what does not fit, and ranks by time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import hwcalc
from hwcalc import blocks, catalog, planner
from hwcalc.frameworks import FRAMEWORKS
from hwcalc.layout import Cluster, Layout
from hwcalc.memory import training_memory
from hwcalc.states import States
from hwcalc.training_step import step_time

CLUSTER = Cluster(catalog.accelerators()["h100-sxm"], 8, 50e9, 0.015)
SHAPE = blocks.shape(catalog.transformers()["llama3-8b"])
CORE = FRAMEWORKS["megatron-core"]
MIXED = States(2, 4, 4, "adam")
ROWS = list(planner.layouts(SHAPE, 16, 8, 64, 8192))


def evaluate(rows: list[tuple[float, ...]]) -> list[tuple[float, float]]:
    """Evaluate rows for the cluster of this module."""
    return planner.evaluate(CLUSTER, SHAPE, rows, 8192, CORE, MIXED, 0.0, 1e9)


@contextmanager
def without_numpy() -> Iterator[None]:
    """Make `import numpy` fail, as in the browser."""
    kept = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "numpy"}
    for name in kept:
        del sys.modules[name]
    sys.modules["numpy"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["numpy"]
        sys.modules.update(kept)


def test_every_layout_uses_all_ranks_and_divides_evenly() -> None:
    """What is enumerated is what the models accept."""
    for row in ROWS:
        layout = Layout(*row)
        layout.check()
        assert layout.ranks == 16
        assert SHAPE.heads % layout.tensor == 0
        assert SHAPE.layers % (layout.pipeline * layout.interleave) == 0


def test_no_layout_comes_twice() -> None:
    """And none of the usual ones is missing."""
    assert len(set(ROWS)) == len(ROWS)
    for usual in (
        (1, 1, 16, 1, 1, 1, 64, 1, 3, 0, False),
        (8, 2, 1, 1, 1, 1, 64, 8, 0, 1, True),
        (2, 1, 4, 2, 1, 1, 64, 1, 1, 2, True),
    ):
        assert usual in ROWS


def test_experts_are_dealt_to_ranks_that_exist() -> None:
    """A mixture of experts has layouts with one expert on a rank and with all on each."""
    mixture = blocks.shape(catalog.transformers()["mixtral-8x7b"])
    rows = list(planner.layouts(mixture, 16, 8, 64, 4096))
    assert {row[4] for row in rows} == {1, 2, 4, 8}
    for row in rows:
        Layout(*row).check()


def test_slices_give_what_the_whole_list_gives() -> None:
    """A page computes slice by slice and stays responsive."""
    whole = evaluate(ROWS)
    pieces = [
        pair for start in range(0, len(ROWS), 50) for pair in evaluate(ROWS[start : start + 50])
    ]
    assert len(pieces) == len(whole)
    for one, other in zip(pieces, whole, strict=True):
        assert one == pytest.approx(other, rel=1e-9)


def test_the_page_computes_the_same_without_numpy() -> None:
    """One implementation, array or not."""
    rows = ROWS[::40]
    expected = evaluate(rows)
    with without_numpy():
        found = evaluate(rows)
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, rel=1e-9)


def test_results_are_those_of_the_models() -> None:
    """The planner adds no arithmetic of its own."""
    row = ROWS[len(ROWS) // 2]
    time, memory = evaluate([row])[0]
    layout = Layout(*row)
    assert time == pytest.approx(sum(step_time(CLUSTER, SHAPE, layout, 8192, CORE, 0.0).values()))
    assert memory == pytest.approx(
        sum(training_memory(SHAPE, layout, 8192, CORE, MIXED, 0.0, 1e9).values())
    )


def test_what_does_not_fit_is_dropped_and_the_rest_ranked() -> None:
    """The first plan is the fastest of those that fit."""
    found = evaluate(ROWS)
    capacity = CLUSTER.accelerator.memory
    plans = planner.fastest(ROWS, found, capacity, 10)
    times = [plan.time for plan in plans]
    assert times == sorted(times)
    assert all(plan.memory <= capacity for plan in plans)
    assert times[0] == min(time for time, memory in found if memory <= capacity)
    assert any(memory > capacity for _, memory in found)
    assert planner.fastest(ROWS, found, 1e9, 10) == []


def test_nothing_to_evaluate_is_nothing() -> None:
    """The last slice of a list may be empty."""
    assert evaluate([]) == []


@pytest.mark.parametrize("capacity", [80e9, 40e9])
def test_the_search_for_a_page_finds_the_best_of_all(capacity: float) -> None:
    """Leaving out layouts that save more memory than needed must not lose a faster one."""
    whole = planner.fastest(ROWS, evaluate(ROWS), capacity, 1)[0]
    kept = list(planner.fitting(SHAPE, ROWS, 8192, CORE, MIXED, 0.0, 1e9, capacity))
    few = planner.fastest(
        [row for row, _ in kept], evaluate([row for row, _ in kept]), capacity, 1
    )[0]
    assert len(kept) < len(ROWS) / 3
    assert few.time == pytest.approx(whole.time, rel=0.005)


@pytest.mark.parametrize(("gpus", "batch", "sequence"), [(8, 64, 4096), (64, 512, 8192)])
def test_tokens_of_a_second_are_those_of_the_whole_batch(
    gpus: int, batch: int, sequence: int
) -> None:
    """PEERS 6, row 7: replicas and passes are counted: rate x step = batch x sequence."""
    asked = {"network": "llama3-8b", "gpus": gpus, "batch": batch, "sequence": sequence}
    found = hwcalc.run("plan_layout", **asked)
    rate, time = found["rate"].value, found["time"].value
    assert rate * time == pytest.approx(batch * sequence, rel=1e-9)
