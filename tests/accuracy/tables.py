"""Read the measured tables below tests/measurements."""

import csv
import functools
from pathlib import Path
from typing import Any

MEASUREMENTS = Path(__file__).parent.parent / "measurements"

Row = dict[str, Any]


@functools.cache
def table(name: str) -> tuple[Row, ...]:
    """Return the rows of one table, with numbers as numbers and the table's name."""
    with (MEASUREMENTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            {"table": name, **{key: _value(key, text) for key, text in row.items()}}
            for row in csv.DictReader(file)
        )


def _value(key: str, text: str) -> Any:
    if key in ("accelerator", "dtype", "layout", "engine", "source", "system", "notes"):
        return text
    try:
        return float(text)
    except ValueError:
        return text


def impossible(row: Row) -> bool:
    """Tell the rows whose bytes cannot be those of their columns.

    The A100's decoding with grouped queries moves keys and values at up to 1.65 times what its
    memory can deliver, while its other rows stop at 0.86: what was read were not the 16-bit keys
    and values of the column.
    """
    grouped: bool = row.get("heads") != row.get("kv_heads")
    return grouped and row["table"] == "attention_aic_a100_decode"
