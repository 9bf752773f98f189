"""What a calculator answers with, apart from charts: Quantity, Verdict, Table, Image.

Each result knows its `text`, which is the same to the last character in the page and in the shell.
"""

import math
import struct
import zlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from hwcalc import display


@dataclass(frozen=True)
class Quantity:
    """A number in base units; `unit` decides how it is shown (see `display.text`)."""

    kind: ClassVar[str] = "quantity"
    name: str
    label: str
    value: float
    unit: str = ""
    note: str = ""
    accuracy: str = ""
    digits: int = 3

    def __post_init__(self) -> None:
        display.factor(self.unit)  # an unknown unit is refused here, not on the page

    @property
    def text(self) -> str:
        """The number as the reader sees it."""
        return display.text(self.value, self.unit, self.digits)

    def fields(self) -> dict[str, Any]:
        """What the page needs beyond name, label and text."""
        return {
            "value": _finite(self.value),
            "unit": _unit(self.unit),
            "note": self.note,
            "accuracy": self.accuracy,
        }


@dataclass(frozen=True)
class Verdict:
    """An answer in words; `good` colours it (None: neither good nor bad)."""

    kind: ClassVar[str] = "verdict"
    name: str
    label: str
    text: str
    good: bool | None = None

    def fields(self) -> dict[str, Any]:
        """What the page needs beyond name, label and text."""
        return {"value": self.good, "unit": None}


@dataclass(frozen=True)
class Column:
    """A column's heading and the unit of its numbers."""

    label: str
    unit: str = ""
    digits: int = 3

    def __post_init__(self) -> None:
        display.factor(self.unit)


@dataclass(frozen=True)
class Table:
    """Rows of text and numbers; numbers take their column's unit, None is an empty cell."""

    kind: ClassVar[str] = "table"
    name: str
    label: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str | float | None]]
    highlight: int | None = None

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise TypeError(f"table {self.name}: {len(row)} cells, {len(self.columns)} columns")

    def cells(self) -> list[list[str]]:
        """The rows as text."""
        return [
            [_cell(value, column) for value, column in zip(row, self.columns, strict=True)]
            for row in self.rows
        ]

    @property
    def text(self) -> str:
        """Tab-separated lines, headings first."""
        lines = [[column.label for column in self.columns], *self.cells()]
        return "\n".join("\t".join(line) for line in lines)

    def fields(self) -> dict[str, Any]:
        """What the page needs beyond name, label and text."""
        numeric = [any(isinstance(row[i], int | float) for row in self.rows)
                   for i in range(len(self.columns))]  # fmt: skip
        return {
            "value": [[_finite(cell) for cell in row] for row in self.rows],
            "unit": [_unit(column.unit) for column in self.columns],
            "columns": [column.label for column in self.columns],
            "numeric": numeric,
            "cells": self.cells(),
            "highlight": self.highlight,
        }


@dataclass(frozen=True)
class Image:
    """A grid of grey values, row by row, drawn between `low` (black) and `high` (white)."""

    kind: ClassVar[str] = "image"
    name: str
    label: str
    values: Sequence[Sequence[float]]
    low: float = 0.0
    high: float = 1.0
    alt: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        if not self.values or len({len(row) for row in self.values}) != 1 or not self.values[0]:
            raise TypeError(f"image {self.name}: rows must be of one length, and not empty")
        if not all(math.isfinite(value) for row in self.values for value in row):
            raise TypeError(f"image {self.name}: every value must be a finite number")

    @property
    def text(self) -> str:
        """What the picture shows, in words."""
        return self.alt or f"{len(self.values[0])} × {len(self.values)} grid"

    def fields(self) -> dict[str, Any]:
        """What the page needs beyond name, label and text."""
        return {
            "value": [list(row) for row in self.values],
            "unit": None,
            "source": "data:image/png;base64," + b64encode(self.png()).decode(),
            "width": len(self.values[0]),
            "height": len(self.values),
        }

    def png(self) -> bytes:
        """The grid as an 8-bit greyscale PNG."""
        span = (self.high - self.low) or 1.0
        lines = b"".join(
            b"\0" + bytes(round(255 * min(1.0, max(0.0, (v - self.low) / span))) for v in row)
            for row in self.values
        )
        header = struct.pack(">IIBBBBB", len(self.values[0]), len(self.values), 8, 0, 0, 0, 0)
        chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(body)) + tag + body + struct.pack(">I", zlib.crc32(tag + body))
            for tag, body in chunks
        )


def _finite(value: str | float | None) -> str | float | None:
    """The value, or None for what JSON cannot say."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _unit(shown: str) -> str:
    """The base unit that belongs to a value shown in another; 1 for what has none."""
    unit = display.base(shown)
    return "1" if unit in ("", "x") else unit


def _cell(value: str | float | None, column: Column) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else display.text(value, column.unit, column.digits)
