"""What some rows have in common that others lack: one condition on a column at a time."""

from collections.abc import Sequence
from typing import Any

from tests.accuracy.tables import Row

# Columns that are results or names of a document, not what was measured.
OUTSIDE = {
    *("table", "source", "notes", "time", "time_us", "memory", "algbw_GBps", "busbw_GBps"),
    *("name", "model"),
}
CLEAR = 0.35  # [1] how much more often a condition holds among the worst to be worth telling
TOLD = 2
TRIED = 20  # limits of a column, from its distinct values


def contrasts(some: Sequence[Row], others: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the clearest conditions, with the share of rows for which each holds.

    A condition is a value of a column, or a number up to which or from which on it lies. The one
    of each column counts whose share among the rows exceeds that among the others most.
    """
    columns = [key for key in some[0] if key not in OUTSIDE]
    best = [found for key in columns if (found := _clearest(key, some, others))]
    best.sort(key=lambda found: (-found["gain"], found["column"]))
    return [found for found in best if found["gain"] >= CLEAR][:TOLD]


def _clearest(key: str, some: Sequence[Row], others: Sequence[Row]) -> dict[str, Any] | None:
    own, rest = [row.get(key) for row in some], [row.get(key) for row in others]
    values = {value for value in (*own, *rest) if value not in (None, "")}
    numbers = all(isinstance(value, float | int) for value in values)
    tried = [("=", value) for value in values]
    if numbers and len(values) > 2:
        limits = sorted(values)[:: max(1, len(values) // TRIED)]
        tried = [(sign, limit) for limit in limits for sign in ("≤", "≥")]
    found = [
        {
            "column": key,
            "sign": sign,
            "value": value,
            "worst": _share(own, sign, value),
            "others": _share(rest, sign, value),
        }
        for sign, value in tried
    ]
    for each in found:
        each["gain"] = each["worst"] - each["others"]
    return max(found, key=lambda each: (each["gain"], str(each["value"])), default=None)


def _share(values: Sequence[Any], sign: str, limit: Any) -> float:
    """Return the share of values for which a condition holds [1]."""
    holds = {
        "=": lambda value: value == limit,
        "≤": lambda value: value <= limit,
        "≥": lambda value: value >= limit,
    }[sign]
    kept = [value for value in values if value not in (None, "")]
    return sum(map(holds, kept)) / len(values) if values else 0.0
