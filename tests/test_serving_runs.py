"""The sweeps shown beside predictions are the measured ones, and possible."""

import pytest

from hwcalc import catalog
from hwcalc.serving_runs import matching_runs, serving_runs
from tests.accuracy.inference import between
from tests.accuracy.tables import Row, table

ROWS: tuple[Row, ...] = tuple(
    row for card in ("h100", "h200", "b200") for row in table(f"inference_llama70b_{card}")
)


def test_runs_are_those_of_the_tables() -> None:
    """What a reader sees and what the models are tested on are the same rows, to four digits."""
    assert len(serving_runs()) == len(ROWS)
    for run, row in zip(serving_runs(), ROWS, strict=True):
        for key in ("accelerator", "ranks", "dtype", "engine", "clients", "prompt", "output"):
            assert getattr(run, key) == row[key]
        for key in ("first", "between"):
            assert getattr(run, key) == pytest.approx(row[key], rel=1e-3)


def test_no_run_beats_the_memory() -> None:
    """Between two tokens all weights are read: a measured time below that is wrong (PEERS 6, 4)."""
    weights = {"fp8": 1.0, "fp4": 0.5}
    for run in serving_runs():
        bandwidth = catalog.accelerators()[run.accelerator].bandwidth
        assert run.between > 68e9 * weights[run.dtype] / run.ranks / bandwidth, run


def test_a_sweep_rises_with_its_clients() -> None:
    """More requests in flight bring throughput wherever there is memory for them."""
    rates = [run.rate for run in matching_runs("h200-sxm", 8, "fp8", "vllm", 1024, 1024)]
    assert len(rates) == 5
    assert rates == sorted(rates)
    assert matching_runs("h200-sxm", 8, "fp8", "vllm", 1000, 1000) == ()


def test_one_sweep_is_predicted_point_by_point() -> None:
    """From 4 to 64 clients on eight H200, unseen: each time between tokens within 12 %."""
    rows = [
        row
        for row in table("inference_llama70b_h200")
        if (row["ranks"], row["engine"], row["prompt"], row["output"]) == (8, "vllm", 1024, 1024)
    ]
    assert len(rows) == 5
    for row in rows:
        assert between(row) == pytest.approx(row["between"], rel=0.12)
