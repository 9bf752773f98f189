"""Charts as small declarative objects: axes and marks, in base units.

`vegalite` turns one into a drawing's specification.
"""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Literal

from hwcalc import display


@dataclass(frozen=True)
class Axis:
    """One axis: label, unit of its values, and the range where the data should not decide."""

    label: str
    unit: str = ""
    _: KW_ONLY
    scale: Literal["linear", "log"] = "linear"
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        display.factor(self.unit)  # an unknown unit is refused here, not on the page


@dataclass(frozen=True)
class Line:
    """A curve through (x, y)."""

    series: str
    x: Sequence[float]
    y: Sequence[float]
    dash: bool = False


@dataclass(frozen=True)
class Band:
    """The area between two curves over x."""

    series: str
    x: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True)
class Points:
    """Single points, each with its name beside it where `labels` gives one.

    `names` are told to the pointer alone, of points that stand too close together for labels.
    """

    series: str
    x: Sequence[float]
    y: Sequence[float]
    labels: Sequence[str] | None = None
    names: Sequence[str] | None = None


@dataclass(frozen=True)
class Bars:
    """One value per category; several Bars over the same categories are stacked or grouped."""

    series: str
    categories: Sequence[str]
    values: Sequence[float]


@dataclass(frozen=True)
class Spans:
    """A time line: a bar from start to end in a lane."""

    series: str
    lanes: Sequence[str]
    starts: Sequence[float]
    ends: Sequence[float]


@dataclass(frozen=True)
class Cells:
    """A heat map: values[row][column] over the categories y (rows) and x (columns)."""

    series: str
    x: Sequence[str | float]
    y: Sequence[str | float]
    values: Sequence[Sequence[float]]
    unit: str = ""


@dataclass(frozen=True)
class Rule:
    """A line across the chart at one x or one y, with a word to it."""

    _: KW_ONLY
    x: float | None = None
    y: float | None = None
    label: str = ""


Mark = Line | Band | Points | Bars | Spans | Cells | Rule


@dataclass(frozen=True)
class Chart:
    """Marks on two axes; `alt` says in one sentence what the chart shows now."""

    kind: ClassVar[str] = "chart"
    name: str
    label: str
    _: KW_ONLY
    x: Axis
    y: Axis
    marks: Sequence[Mark]
    alt: str
    stacked: bool = True
    horizontal: bool = False
    height: int = 0

    def __post_init__(self) -> None:
        if not self.marks:
            raise TypeError(f"chart {self.name} has nothing to draw")
        for mark in self.marks:
            if not _matching(mark):
                raise TypeError(f"chart {self.name}: {type(mark).__name__} of unequal lengths")
            if isinstance(mark, Rule) and (mark.x is None) == (mark.y is None):
                raise TypeError(f"chart {self.name}: a rule stands at one x or at one y")
            along = self.x if self.horizontal else self.y
            if isinstance(mark, Bars) and along.scale == "log":
                raise TypeError(
                    f"chart {self.name}: bars stand on zero, a logarithmic axis has none"
                )
        for axis, values in ((self.x, self.values("x")), (self.y, self.values("y"))):
            limits = [limit for limit in (axis.low, axis.high) if limit is not None]
            least = min((*values, *limits), default=1.0)
            if axis.scale == "log" and least <= 0:
                raise TypeError(f"chart {self.name}: log axis {axis.label} cannot show {least:g}")

    @property
    def text(self) -> str:
        """The text alternative."""
        return self.alt

    def series(self) -> list[str]:
        """Names in the legend, in order of first appearance; the position decides the colour."""
        named = (m.series for m in self.marks if not isinstance(m, Rule | Cells))
        return list(dict.fromkeys(name for name in named if name))

    def fields(self) -> dict[str, Any]:
        """What the page needs beyond name, label and text."""
        from hwcalc import vegalite  # which knows charts

        return {
            "value": None,
            "unit": None,
            "spec": vegalite.spec(self),
            "series": self.series(),
        }

    def values(self, side: str) -> list[float]:
        """All quantitative values along one side, for the axis to choose its prefix from."""
        found: list[float] = []
        for mark in self.marks:
            match mark:
                case Line() | Points():
                    found += getattr(mark, side)
                case Band():
                    found += mark.x if side == "x" else [*mark.low, *mark.high]
                case Bars():
                    found += mark.values if (side == "x") == self.horizontal else ()
                case Spans():
                    found += [] if side == "y" else [*mark.starts, *mark.ends]
                case Rule():
                    value = getattr(mark, side)
                    found += [] if value is None else [value]
        return found


def _matching(mark: Mark) -> bool:
    """Whether the columns of a mark have the same length, and a grid has its axes' lengths."""
    if isinstance(mark, Cells):
        return len(mark.values) == len(mark.y) and all(len(r) == len(mark.x) for r in mark.values)
    columns = [v for v in vars(mark).values() if hasattr(v, "__len__") and not isinstance(v, str)]
    return len({len(column) for column in columns}) < 2
