"""No measured time may beat physics: a faster one is a wrong number, or needs its explanation."""

from collections import Counter
from pathlib import Path

import pytest

from hwcalc import attention, catalog
from hwcalc.machine import FORMATS
from tests.accuracy.tables import MEASUREMENTS, Row, impossible, table

BOOST = "runs above the clock its peak is given for"
CACHE = "operands of the call before are still in the cache beside the arithmetic"

# Rows that beat a floor: how many of the table, by how much at most, and why.
EXCEPTIONS: dict[str, tuple[int, float, str]] = {
    "matmul_deepbench_gtx_1080_ti_fp32": (7, 1.07, BOOST),
    "matmul_deepbench_titan_x_fp32": (1, 1.02, BOOST),
    "matmul_lss_v0_rtx3090": (6, 1.06, BOOST),
    "matmul_lss_rtxpro6000": (1, 1.94, CACHE),
    "matmul_lss_v0_tpu_v6e_1": (10, 3.94, CACHE),
    "attention_aic_a100_decode": (16, 1.66, "keys and values were not 16-bit ones; left out"),
}
TABLES = sorted(path.stem for path in Path(MEASUREMENTS).glob("*.csv"))
KERNELS = [name for name in TABLES if name.startswith(("matmul_", "attention_"))]


def excess(row: Row) -> float:
    """Return the larger of the two floors over the measured time [1]."""
    chip = catalog.accelerators()[row["accelerator"]]
    if row["table"].startswith("matmul"):
        form = FORMATS[row["dtype"]]
        m, k, n = row["m"], row["k"], row["n"]
        flops = 2 * m * k * n
        traffic = m * k * form.first + k * n * form.second + m * n * form.result
        peak = next(chip.peak[name] for name in form.rate if name in chip.peak)
    else:
        batch, heads, kv_heads = row["batch"], row["heads"], row["kv_heads"]
        width, tokens, cached = row["head_dim"], row["tokens"], row["cached"]
        traffic = 2 * batch * width * (2 * heads * tokens + 2 * kv_heads * cached)
        flops = 4 * batch * heads * width * cached
        if tokens > 1:
            flops = attention.prefill_flops(batch, tokens, heads, width, tokens)
        peak = chip.peak["bf16"]
    return float(max(flops / peak, traffic / chip.bandwidth) / (row["time_us"] * 1e-6))


@pytest.mark.parametrize("name", KERNELS)
def test_no_row_beats_its_floor_unexplained(name: str) -> None:
    """t >= bytes/bandwidth and t >= FLOP/peak, but for exceptions counted to the row."""
    faster = [value for row in table(name) if (value := excess(row)) > 1]
    count, most, _ = EXCEPTIONS.get(name, (0, 0.0, ""))
    assert len(faster) == count, sorted(faster)
    assert max(faster, default=0) <= most


def test_exceptions_name_tables_that_exist() -> None:
    """A renamed table must not leave its excuse behind."""
    assert set(EXCEPTIONS) <= set(KERNELS)


def test_rows_left_out_are_a_family_with_impossible_members() -> None:
    """Rows may be left out for what they are, not for how far the model is off."""
    rows = table("attention_aic_a100_decode")
    out = [row for row in rows if impossible(row)]
    assert sum(excess(row) > 1 for row in out) == 16
    assert max(excess(row) for row in rows if not impossible(row)) < 0.9


def test_every_row_names_its_source() -> None:
    """A measured number without a source is an opinion."""
    missing = Counter(name for name in KERNELS for row in table(name) if not row["source"])
    assert not missing
