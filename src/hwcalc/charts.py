"""Charts as small declarative objects, and the Vega-Lite specification each becomes.

A chart is axes and marks in base units.
`Chart.spec()` scales values to a readable prefix, writes the tooltip of each row in Python (so page
and shell agree) and refers to colours only by the style sheet's variables, which makes one drawing
right in light, in dark and in print.
The specification is drawn to SVG at build time and by Vega in the page.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Literal

from hwcalc import display

HEIGHT, ROW_HEIGHT = 320, 34
SERIES_COLOURS = 8


@dataclass(frozen=True)
class Axis:
    """One axis: label, unit of its values, and the range where the data should not decide."""

    label: str
    unit: str = ""
    _: KW_ONLY
    scale: Literal["linear", "log"] = "linear"
    low: float | None = None
    high: float | None = None


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
    """Single points, each with its name beside it where `labels` gives one."""

    series: str
    x: Sequence[float]
    y: Sequence[float]
    labels: Sequence[str] | None = None


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
        for mark in self.marks:
            lengths = {len(v) for v in vars(mark).values() if isinstance(v, list | tuple)}
            if len(lengths) > 1 and not isinstance(mark, Cells):
                raise TypeError(f"chart {self.name}: {type(mark).__name__} of unequal lengths")
        for axis, values in ((self.x, self._values("x")), (self.y, self._values("y"))):
            if axis.scale == "log" and any(value <= 0 for value in values):
                raise TypeError(f"chart {self.name}: {axis.label} is logarithmic, a value is not")

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
        return {"value": None, "unit": None, "spec": self.spec(), "series": self.series()}

    def spec(self, width: int = 680) -> dict[str, Any]:
        """The Vega-Lite specification, its data apart under `datasets` so that it can be patched."""
        x, y = _Scaled(self.x, self._values("x")), _Scaled(self.y, self._values("y"))
        datasets: dict[str, list[dict[str, Any]]] = {}
        layers: list[dict[str, Any]] = []
        for group in self._groups():
            name, mark = f"m{len(datasets)}", group[0]
            datasets[name] = [row for m in group for row in _rows(m, x, y, self.horizontal)]
            layers += [
                {"data": {"name": name}, **layer}
                | ({"name": f"hover_{name}"} if layer.get("name") else {})
                for layer in self._layers(mark, x, y)
            ]
        lanes = {lane for m in self.marks for lane in (m.lanes if isinstance(m, Spans) else ())}
        if self.horizontal:
            lanes = {c for m in self.marks for c in (m.categories if isinstance(m, Bars) else ())}
        return {
            "width": width,
            "height": self.height or (70 + ROW_HEIGHT * len(lanes) if lanes else HEIGHT),
            "autosize": {"type": "fit", "contains": "padding"},
            "datasets": datasets,
            "layer": layers,
            "config": CONFIG,
        }

    def _groups(self) -> list[list[Mark]]:
        """Marks drawn together: bars can only be stacked, and lanes sorted, within one layer."""
        groups: dict[object, list[Mark]] = {}
        for index, mark in enumerate(self.marks):
            key = type(mark) if isinstance(mark, Bars | Spans) else index
            groups.setdefault(key, []).append(mark)
        return list(groups.values())

    def _values(self, side: str) -> list[float]:
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
                    found += [] if side == "y" else [*mark.ends]
                case Rule():
                    value = getattr(mark, side)
                    found += [] if value is None else [value]
        return found

    def _colour(self, series: str) -> dict[str, Any]:
        names = self.series()
        palette = [f"var(--hwcalc-series-{i % SERIES_COLOURS + 1})" for i in range(len(names))]
        scale = {"domain": names, "range": palette}
        return {"field": "series", "type": "nominal", "legend": None, "scale": scale}

    def _layers(self, mark: Mark, x: "_Scaled", y: "_Scaled") -> list[dict[str, Any]]:
        tip = {"tooltip": {"field": "tip", "type": "nominal"}}
        ends = {"x": x.encoding("x"), "y": y.encoding("y")}
        match mark:
            case Line():
                shape = {"type": "line", "strokeDash": [5, 4]} if mark.dash else {"type": "line"}
                colour = {"color": self._colour(mark.series)}
                ghost = {"type": "point", "filled": True, "opacity": 0, "size": 220}
                return [
                    {"mark": shape, "encoding": ends | colour},
                    {"name": "hover", "mark": ghost, "encoding": ends | tip},
                ]
            case Band():
                area = {"y": {**y.encoding("y"), "field": "low"}, "y2": {"field": "high"}}
                colour = {"color": self._colour(mark.series)}
                shape = {"type": "area", "opacity": 0.22}
                return [{"mark": shape, "encoding": {"x": ends["x"]} | area | colour}]
            case Points():
                colour = {"color": self._colour(mark.series)}
                layers = [{"mark": {"type": "point"}, "encoding": ends | colour | tip}]
                if mark.labels:
                    text = {"text": {"field": "label", "type": "nominal"}}
                    shape = {"type": "text", "align": "left", "dx": 8, "dy": -6}
                    layers.append({"mark": shape, "encoding": ends | text})
                return layers
            case Bars():
                across, along = ("y", "x") if self.horizontal else ("x", "y")
                value = (x if self.horizontal else y).encoding(along)
                title = (self.y if self.horizontal else self.x).label or None
                names = list(dict.fromkeys(
                    c for m in self.marks if isinstance(m, Bars) for c in m.categories))  # fmt: skip
                axis = {"labelAngle": 0 if self.horizontal or len(names) < 7 else -40}
                category = {"field": "category", "type": "nominal", "title": title, "sort": names}
                encoding = {across: category | {"axis": axis}, along: value}
                if not self.stacked:
                    order = [s for s in self.series()]
                    encoding[f"{across}Offset"] = {"field": "series", "sort": order}
                return [{"mark": "bar", "encoding": encoding | {"color": self._colour("")} | tip}]
            case Spans():
                lane = {"field": "lane", "type": "nominal", "title": self.y.label or None}
                start = {**x.encoding("x"), "field": "start"}
                lanes = list(dict.fromkeys(
                    v for m in self.marks if isinstance(m, Spans) for v in m.lanes))  # fmt: skip
                encoding = {"x": start, "x2": {"field": "end"}, "y": lane | {"sort": lanes}}
                return [{"mark": "bar", "encoding": encoding | {"color": self._colour("")} | tip}]
            case Cells():
                value = {"field": "value", "type": "quantitative", "title": mark.series}
                colour = {"color": value | {"scale": {"scheme": "cividis"}}}
                sides: dict[str, Any] = {
                    "x": {"field": "x", "type": "ordinal", "title": self.x.label, "sort": None,
                          "axis": {"labelAngle": 0}},
                    "y": {"field": "y", "type": "ordinal", "title": self.y.label, "sort": None},
                }  # fmt: skip
                return [{"mark": "rect", "encoding": sides | colour | tip}]
            case Rule():
                side = "x" if mark.x is not None else "y"
                shape = {"type": "rule", "strokeDash": [2, 3], "color": "var(--hwcalc-axis)"}
                place = {side: ends[side]}
                text = {"text": {"field": "label", "type": "nominal"}}
                at = {"align": "left", "dx": 4, "y": 8} if side == "x" else {
                    "align": "right", "dy": -6, "x": "width"}  # fmt: skip
                return [
                    {"mark": shape, "encoding": place},
                    {"mark": {"type": "text", **at}, "encoding": place | text},
                ]


class _Scaled:
    """An axis with the prefix its values call for."""

    def __init__(self, axis: Axis, values: list[float]) -> None:
        self.axis = axis
        limits = [v for v in (axis.low, axis.high) if v is not None]
        self.divisor, self.unit = display.axis_scale([*values, *limits], axis.unit)
        self.values = [v / self.divisor for v in values if math.isfinite(v)] or [1.0]

    def short(self, value: float) -> float:
        """A value as drawn: five significant digits keep the page small and no eye sees more."""
        return float(f"{value / self.divisor:.5g}") if math.isfinite(value) else value

    def words(self, value: float) -> str:
        """A value as written in a tooltip."""
        if self.axis.unit == "year":
            return f"{value:.0f}"
        return display.text(value, self.axis.unit)

    def encoding(self, side: str) -> dict[str, Any]:
        """The Vega-Lite encoding of a quantitative channel."""
        axis, ticks = self.axis, {"format": "d" if self.axis.unit == "year" else ",~r"}
        shown = self.unit if self.unit not in ("", "year") else ""
        ends = [self.short(v) if v is not None else None for v in (axis.low, axis.high)]
        scale: dict[str, Any] = {"type": axis.scale}
        if axis.scale == "log":
            ends = [ends[0] or min(self.values), ends[1] or max(self.values)]
            if ends[0] == ends[1]:
                ends = [ends[0] / 2, ends[1] * 2]
            ticks |= {"values": _log_ticks(*ends), "labelOverlap": True}
            if ends[1] >= 1e5:
                ticks["format"] = "~s"
            scale["nice"] = False
        else:
            scale["zero"] = side == "y" and axis.low is None
        for end, value in zip(("domainMin", "domainMax"), ends, strict=True):
            if value is not None:
                scale[end] = value
        return {
            "field": side,
            "type": "quantitative",
            "title": f"{axis.label} [{shown}]" if shown else axis.label,
            "scale": scale,
            "axis": ticks,
        }


def _log_ticks(low: float, high: float) -> list[float]:
    """1, 2, 5 per decade over a short range, whole decades over a long one."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if len(decades) <= 4 else (1,)
    return [float(f"{s}e{d}") for d in decades for s in steps if low <= float(f"{s}e{d}") <= high]


def _rows(mark: Mark, x: _Scaled, y: _Scaled, horizontal: bool) -> Iterator[dict[str, Any]]:
    """One dict per drawn thing, scaled, with its tooltip."""
    match mark:
        case Line() | Points():
            labels = (mark.labels if isinstance(mark, Points) else None) or [""] * len(mark.x)
            for a, b, label in zip(mark.x, mark.y, labels, strict=True):
                tip = f"{label or mark.series}: {x.words(a)}, {y.words(b)}"
                row = {"x": x.short(a), "y": y.short(b), "series": mark.series, "tip": tip}
                yield row | ({"label": label} if label else {})
        case Band():
            for a, low, high in zip(mark.x, mark.low, mark.high, strict=True):
                yield {"x": x.short(a), "low": y.short(low), "high": y.short(high),
                       "series": mark.series}  # fmt: skip
        case Bars():
            side, scale = ("x", x) if horizontal else ("y", y)
            for category, value in zip(mark.categories, mark.values, strict=True):
                tip = f"{category}, {mark.series}: {scale.words(value)}"
                yield {"category": category, side: scale.short(value), "series": mark.series,
                       "tip": tip}  # fmt: skip
        case Spans():
            for lane, start, end in zip(mark.lanes, mark.starts, mark.ends, strict=True):
                tip = f"{mark.series}: {x.words(end - start)}, from {x.words(start)}"
                yield {"lane": lane, "start": x.short(start), "end": x.short(end),
                       "series": mark.series, "tip": tip}  # fmt: skip
        case Cells():
            for row, line in zip(mark.y, mark.values, strict=True):
                for column, value in zip(mark.x, line, strict=True):
                    tip = f"{x.axis.label} {column}, {y.axis.label} {row}: "
                    yield {"x": column, "y": row, "value": value,
                           "tip": tip + display.text(value, mark.unit)}  # fmt: skip
        case Rule():
            side = "x" if mark.x is not None else "y"
            value = mark.x if mark.x is not None else mark.y
            assert value is not None, "a Rule has x or y"
            yield {side: (x if side == "x" else y).short(value), "label": mark.label}


_TEXT = {"labelColor": "var(--hwcalc-text)", "titleColor": "var(--hwcalc-text)"}
CONFIG: dict[str, Any] = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": _TEXT
    | {
        "domainColor": "var(--hwcalc-axis)",
        "tickColor": "var(--hwcalc-axis)",
        "gridColor": "var(--hwcalc-grid)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "labelLimit": 220,
    },
    "legend": _TEXT | {"orient": "top", "labelFontSize": 12, "titleFontSize": 12},
    "text": {"color": "var(--hwcalc-text)", "fontSize": 12},
    "line": {"strokeWidth": 2.2},
    "point": {"filled": True, "size": 80, "opacity": 1},
    "bar": {"stroke": "var(--hwcalc-surface)", "strokeWidth": 0.7},
}
