"""Published runs and prices: sources, dates, and nothing beyond physics."""

import csv
import re
import statistics

import pytest

from hwcalc import matmul, published, roofline, training
from hwcalc.catalog import accelerators
from hwcalc.datafile import DATA

TABLES = (
    "runs/bert-large.csv",
    "runs/mlperf-bert.csv",
    "runs/matmul-h100-tpu-v6e.csv",
    "prices/rents.csv",
)


@pytest.mark.parametrize("table", TABLES)
def test_every_row_has_a_source(table: str) -> None:
    """Each row of each table names an https source and an accelerator of the catalogue."""
    with (DATA / table).open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert rows
    for row in rows:
        assert row["source"].startswith("https://"), row
        assert row["accelerator"] in accelerators(), row
        assert None not in row, row  # more cells than headings
        assert None not in row.values(), row  # fewer


def test_dates_are_months_in_order() -> None:
    """Runs carry a year and month and are sorted by it; no date lies in the future."""
    dates = [run.date for run in published.bert_runs()]
    dates += [rent.date for rent in published.rents().values()]
    assert all(re.fullmatch(r"20(1[89]|2[0-6])-(0[1-9]|1[0-2])", date) for date in dates)
    runs = [run.date for run in published.bert_runs()]
    assert runs == sorted(runs)
    assert max(dates) <= "2026-11"


def test_no_published_run_beats_the_peak() -> None:
    """Every run stays below its chips' peak: above it the row would be wrong, not the chip."""
    for run in published.bert_runs():
        flops = training.recipe_flops(run.phases, 12 * 24 * 1024**2, 24, 1024)
        peak = roofline.peak_rate(run.accelerator.peak, 16)
        reached = training.utilisation(flops, run.devices, peak, run.time)
        assert 0.02 < reached < 0.7, run.label


def test_no_measured_multiplication_beats_the_roofline() -> None:
    """A kernel that finishes before its roofline would have been measured or counted wrongly."""
    for row in published.multiplications():
        assert _share_of_roofline(row) < 1, row


def test_roofline_of_measured_multiplications() -> None:
    """Without any fitted constant the bound lies within a quarter of the measured median."""
    shares = {
        chip: statistics.median(
            _share_of_roofline(row)
            for row in published.multiplications()
            if row.accelerator.id == chip and row.layer != "down_proj"
        )
        for chip in ("h100-sxm", "tpu-v6e")
    }
    assert shares["h100-sxm"] == pytest.approx(0.80, abs=0.03)
    assert shares["tpu-v6e"] == pytest.approx(0.91, abs=0.03)


def _share_of_roofline(row: published.Multiplication) -> float:
    chip = row.accelerator
    flops = matmul.flops(row.m, row.k, row.n)
    traffic = matmul.traffic_each_once(row.m, row.k, row.n, 2)
    bound = roofline.kernel_time(flops, traffic, roofline.peak_rate(chip.peak, 16), chip.bandwidth)
    return bound / row.time


def test_labels_name_the_number_of_devices() -> None:
    """The count in a run's label is the count in its column."""
    for run in published.bert_runs():
        assert re.search(rf"(?<![\d,]){run.devices:,} ", run.label), run.label


def test_pairs_compare_like_with_like() -> None:
    """Both sides of a pair are a TPU and an NVIDIA GPU; every pair is there once."""
    pairs = published.mlperf_bert()
    assert len({pair.label for pair in pairs}) == len(pairs) == 3
    for pair in pairs:
        assert pair.tpu.kind == "tpu"
        assert pair.gpu.vendor == "NVIDIA"
        assert 0.5 < pair.tpu_time / pair.gpu_time < 2


def test_pairs_have_equal_chips_and_rounds_in_the_table() -> None:
    """The two rows behind a pair agree on the round and on the number of chips."""
    with (DATA / "runs/mlperf-bert.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for label in {row["pair"] for row in rows}:
        both = [row for row in rows if row["pair"] == label]
        assert [row["kind"] for row in both] == ["TPU", "GPU"]
        assert len({(row["round"], row["chips"]) for row in both}) == 1


def test_rents_are_hourly_prices_of_one_device() -> None:
    """Ids are unique and prices lie between 10 cents and 20 dollars an hour."""
    rents = published.rents()
    with (DATA / "prices/rents.csv").open(encoding="utf-8", newline="") as lines:
        assert len(rents) == sum(1 for _ in csv.DictReader(lines))
    for rent in rents.values():
        assert 0.1 <= rent.price * 3600 <= 20, rent.id
        assert rent.id.endswith(rent.date)
