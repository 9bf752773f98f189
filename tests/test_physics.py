"""No measured row may beat physics: a faster one is a wrong number, or needs its explanation."""

from collections import Counter

import pytest

from tests.accuracy.tables import MEASUREMENTS, Row, impossible, table
from tests.floors import FLOORS, rate

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
    "bert_pytorch": (2, 1.22, "sequences of 512 were not full of tokens; left out"),
    "cnn_soumith_titan_x": (4, 1.42, "Winograd's algorithm in neon; AlexNet by 1 % at boost"),
    "collectives_vidur_a100_pairs": (3, 1.14, "the sender's kernel ends while buffers still fill"),
    "convolution_deepbench_titan_x_pascal_fp32": (
        *(4, 1.3),
        "named as direct, but as fast as its neighbours are by Winograd's algorithm",
    ),
    "power_zeus_v100": (8, 1.03, "at 100 W, the lowest limit: its regulator exceeds it by 2 W"),
}
# Tables without a floor, and why.
WITHOUT = {"decode_loader": "how few cycles a processor could decode a picture in is not known"}
TABLES = sorted(path.stem for path in MEASUREMENTS.glob("*.csv"))


def excesses(name: str) -> list[float]:
    """Return the floor over the measurement of each row of a table [1]."""
    floor = next(floor for start, floor in FLOORS.items() if name.startswith(start))
    return [floor(row) for row in table(name)]


@pytest.mark.parametrize("name", sorted(set(TABLES) - set(WITHOUT)))
def test_no_row_beats_its_floor_unexplained(name: str) -> None:
    """PEERS 6, row 4: no row below its floor, but for exceptions counted to the row."""
    faster = [value for value in excesses(name) if value > 1]
    count, most, _ = EXCEPTIONS.get(name, (0, 1.0, ""))
    assert len(faster) == count, sorted(faster)
    assert max(faster, default=0) <= most


@pytest.mark.parametrize("name", sorted(set(TABLES) - set(WITHOUT)))
def test_floors_are_near_enough_to_catch_a_wrong_unit(name: str) -> None:
    """A floor far below everything measured would refuse nothing.

    A factor of twenty, let alone of a wrong prefix, must be noticed in the fastest row of a table.
    """
    assert max(excesses(name)) > 0.05


def test_exceptions_name_tables_that_exist() -> None:
    """A renamed table must not leave its excuse behind."""
    assert set(EXCEPTIONS) | set(WITHOUT) <= set(TABLES)


def test_every_kind_of_floor_has_its_table() -> None:
    """Of a floor that no table asks for nobody knows whether it is right."""
    used = {next(start for start in FLOORS if name.startswith(start))
            for name in TABLES if name not in WITHOUT}  # fmt: skip
    assert used == set(FLOORS)


def test_what_named_its_algorithm_wrongly_was_done_by_the_shorter_one() -> None:
    """A Titan Xp took the same share of its peak, to 8 %, and names Winograd's algorithm."""
    near = {_layer(row): row for row in table("convolution_deepbench_titan_xp_fp32")}
    name = "convolution_deepbench_titan_x_pascal_fp32"
    wrong = [row for row, value in zip(table(name), excesses(name), strict=True) if value > 1]
    assert len(wrong) == 4
    for row in wrong:
        other = near[_layer(row)]
        assert other["algorithm"] == "winograd"
        here, there = (r["time_us"] * rate(r["accelerator"], "fp32") for r in (row, other))
        assert here == pytest.approx(there, rel=0.08)


def _layer(row: Row) -> tuple[object, ...]:
    sizes = ("batch", "in_channels", "out_channels", "height", "width")
    form = ("kernel_height", "kernel_width", "stride", "padding_height", "padding_width")
    return tuple(row[key] for key in ("direction", *sizes, *form))


def test_rows_left_out_are_a_family_with_impossible_members() -> None:
    """Rows may be left out for what they are, not for how far the model is off."""
    name = "attention_aic_a100_decode"
    found = [(impossible(row), v) for row, v in zip(table(name), excesses(name), strict=True)]
    assert sum(value > 1 for out, value in found if out) == 16
    assert max(value for out, value in found if not out) < 0.9


def test_every_row_names_its_source() -> None:
    """A measured number without a source is an opinion."""
    missing = Counter(name for name in TABLES for row in table(name) if not row.get("source"))
    assert not missing
