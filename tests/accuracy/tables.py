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
