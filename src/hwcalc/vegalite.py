"""The Vega-Lite specification of a chart: drawn to SVG at build time, and by Vega in the page.

Values are scaled to a readable prefix here and tooltips are written here, so that page and shell
agree.
Colours are only ever named, by the style sheet's variables: one drawing is right in light, in dark
and in print.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any

from hwcalc import display
from hwcalc.charts import Axis, Band, Bars, Cells, Chart, Line, Mark, Points, Rule, Spans

WIDTH, HEIGHT, LANE = 820, 320, 34
COLOURS = 8
YEAR = display.factor("years")
CALENDAR = {60.0: "1 min", 3600.0: "1 h", 86_400.0: "1 day", YEAR: "1 year"}
CALENDAR |= {10 * YEAR: "10 years", 100 * YEAR: "100 years", 1000 * YEAR: "1000 years"}
WIDE = 1e5  # a logarithmic axis that spans more needs several prefixes

Json = dict[str, Any]
TIP: Json = {"tooltip": {"field": "tip", "type": "nominal"}}
LABEL: Json = {"text": {"field": "label", "type": "nominal"}}
# A curve ends where its axes end; the configuration below cannot say so.
CLIPPED: Json = {"clip": True}
_TEXT = {"labelColor": "var(--hwcalc-text)", "titleColor": "var(--hwcalc-text)"}
_TEXT_SIZE = {"labelFontSize": 12, "titleFontSize": 12}
CONFIG: Json = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        **_TEXT,
        **_TEXT_SIZE,
        "domainColor": "var(--hwcalc-axis)",
        "tickColor": "var(--hwcalc-axis)",
        "gridColor": "var(--hwcalc-grid)",
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "labelLimit": 220,
    },
    "legend": {**_TEXT, **_TEXT_SIZE, "orient": "top"},
    "text": {"color": "var(--hwcalc-text)", "fontSize": 12},
    "line": {"strokeWidth": 2.2},
    "area": {"opacity": 0.22},
    "point": {"filled": True, "size": 80, "opacity": 1},
    "bar": {"stroke": "var(--hwcalc-surface)", "strokeWidth": 0.7},
    "rule": {"strokeDash": [2, 3], "color": "var(--hwcalc-axis)"},
}


def spec(chart: Chart, width: int = WIDTH) -> Json:
    """The specification, its data apart under `datasets` so that a page can exchange them alone.

    Layers with a name only serve the pointer: a drawing that cannot be pointed at leaves them out.
    """
    x, y = _Scaled(chart.x, chart.values("x")), _Scaled(chart.y, chart.values("y"))
    datasets: dict[str, list[Json]] = {}
    layers: list[Json] = []
    for group in _groups(chart.marks):
        name = f"m{len(datasets)}"
        datasets[name] = [
            row | ({"order": place} if isinstance(mark, Bars) else {})
            for place, mark in enumerate(group)
            for row in _rows(mark, x, y, chart.horizontal)
        ]
        for layer in _layers(chart, group[0], x, y):
            named = {"name": f"hover_{name}"} if layer.pop("hover", False) else {}
            layers.append({"data": {"name": name}, **layer, **named})
    lanes = _lanes(chart) or (_categories(chart) if chart.horizontal else [])
    return {
        "width": width,
        "height": chart.height or (70 + LANE * len(lanes) if lanes else HEIGHT),
        "autosize": {"type": "fit", "contains": "padding"},
        # Vega measures text without the page's fonts and finds it too short: names of lanes most of
        # all, and the last number along an axis, which stands half beyond its end.
        "padding": {"left": 20 if lanes else 8, "top": 8, "right": 16, "bottom": 5},
        "datasets": datasets,
        "layer": layers,
        "config": CONFIG,
    }


class _Scaled:
    """An axis with the prefix its values call for."""

    def __init__(self, axis: Axis, values: list[float]) -> None:
        self.axis = axis
        limits = [v for v in (axis.low, axis.high) if v is not None]
        self.divisor, self.unit = display.axis_scale([*values, *limits], axis.unit)
        ends = [v for v in (*values, *limits) if math.isfinite(v)]
        logarithmic = axis.scale == "log" and axis.unit in display.PREFIXED
        self.wide = logarithmic and bool(ends) and max(ends) > WIDE * min(ends)
        if self.wide:
            self.divisor, self.unit = 1.0, ""
        self.values = [v / self.divisor for v in values if math.isfinite(v)] or [1.0]

    def short(self, value: float) -> float | None:
        """A value as drawn: five significant digits keep the page small and no eye sees more.

        None, which Vega leaves out, for what is not finite: JSON has no word for it.
        """
        if not math.isfinite(value):
            return None
        # Of a date five digits would leave tenths of a year.
        return round(value, 2) if self.axis.unit == "year" else float(f"{value / self.divisor:.5g}")

    def words(self, value: float) -> str:
        """A value as written in a tooltip."""
        if self.axis.unit == "year":
            return f"{math.floor(value)}"  # its autumn is still in that year
        return display.text(value, self.axis.unit)

    def title(self) -> str:
        """The label and the unit that the numbers along the axis have."""
        return self.axis.label + ("" if self.unit in ("", "year") else f" [{self.unit}]")

    def channel(self, side: str) -> Json:
        """The encoding of a quantitative channel."""
        axis = self.axis
        scale: Json = {"type": axis.scale}
        low = None if axis.low is None else self.short(axis.low)
        high = None if axis.high is None else self.short(axis.high)
        ticks: Json = {"format": "d" if axis.unit == "year" else ",~r"}
        if axis.unit == "year":
            ticks["values"] = _whole_years(low or min(self.values), high or max(self.values))
            ticks |= {"labelOverlap": True, "labelFlush": False}
        if axis.scale == "log":
            low, high = low or min(self.values), high or max(self.values)
            if low == high:
                low, high = low / 2, high * 2
            ticks |= {"labelOverlap": True}
            if self.wide:
                # One prefix would write 0.000001 at one end: each number brings its own.
                words = _wide_ticks(low, high, axis.unit)
                ticks["values"] = chosen = list(words)
                ticks["labelExpr"] = f"{list(words.values())}[indexof({chosen}, datum.value)]"
            elif len(chosen := _log_ticks(low, high)) > 1:
                ticks |= {"values": chosen}
            if not self.wide and high >= 1e5:
                ticks["format"] = "~s"
            scale["nice"] = False
        else:
            scale["zero"] = side == "y" and low is None
        limits = {"domainMin": low, "domainMax": high}
        scale |= {end: value for end, value in limits.items() if value is not None}
        return {
            "field": side,
            "type": "quantitative",
            "title": self.title(),
            "scale": scale,
            "axis": ticks,
        }


def _whole_years(low: float, high: float) -> list[int]:
    """Years to write along an axis, at most a dozen: half a year would be written as the next."""
    step = next(step for step in (1, 2, 5, 10, 20, 50, 10**9) if (high - low) / step <= 12)
    return list(range(math.ceil(low / step) * step, math.floor(high) + 1, step))


def _log_ticks(low: float, high: float) -> list[float]:
    """1, 2, 5 per decade over a short range, whole decades over a long one."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if len(decades) <= 4 else (1,)
    return [float(f"{s}e{d}") for d in decades for s in steps if low <= float(f"{s}e{d}") <= high]


def _wide_ticks(low: float, high: float, unit: str) -> dict[float, str]:
    """Ticks with their words over many decades: every third one, or of the calendar."""
    ticks = _log_ticks(low, high)
    if len(ticks) > 8:
        ticks = [tick for tick in ticks if round(math.log10(tick)) % 3 == 0]
    words = {tick: display.text(tick, unit, 1) for tick in ticks}
    if unit != "s" or high < 3600:
        return words
    return {tick: word for tick, word in words.items() if tick <= 1} | {
        tick: word for tick, word in CALENDAR.items() if low <= tick <= high
    }


def _groups(marks: Iterable[Mark]) -> list[list[Mark]]:
    """Marks drawn together: bars can only be stacked, and lanes sorted, within one layer."""
    groups: dict[object, list[Mark]] = {}
    for index, mark in enumerate(marks):
        groups.setdefault(type(mark) if isinstance(mark, Bars | Spans) else index, []).append(mark)
    return list(groups.values())


def _categories(chart: Chart) -> list[str]:
    return list(dict.fromkeys(c for m in chart.marks if isinstance(m, Bars) for c in m.categories))


def _shades(mark: Cells) -> _Scaled:
    """A heat map's values, scaled as if along an axis."""
    return _Scaled(Axis(mark.series, mark.unit), [value for row in mark.values for value in row])


def _lanes(chart: Chart) -> list[str]:
    return list(
        dict.fromkeys(lane for m in chart.marks if isinstance(m, Spans) for lane in m.lanes)
    )


def _layers(chart: Chart, mark: Mark, x: _Scaled, y: _Scaled) -> list[Json]:
    names = chart.series()
    palette = [f"var(--hwcalc-series-{i % COLOURS + 1})" for i in range(len(names))]
    series = {"field": "series", "type": "nominal", "legend": None}
    colour = {"color": series | {"scale": {"domain": names, "range": palette}}}
    ends = {"x": x.channel("x"), "y": y.channel("y")}
    if chart.horizontal:
        # Bars stand on zero, so whatever shares their axis must say the same.
        ends["x"]["scale"]["zero"] = True
    match mark:
        case Line():
            shape = {"type": "line", **CLIPPED, **({"strokeDash": [5, 4]} if mark.dash else {})}
            ghost = {"type": "point", "opacity": 0, "size": 220}
            return [
                {"mark": shape, "encoding": ends | colour},
                {"mark": ghost, "encoding": ends | TIP, "hover": True},
            ]
        case Band():
            between = {"y": ends["y"] | {"field": "low"}, "y2": {"field": "high"}}
            return [{"mark": {"type": "area", **CLIPPED}, "encoding": ends | between | colour}]
        case Points():
            beside = {"type": "text", "align": "left", "dx": 8, "dy": -6}
            points = {"mark": "point", "encoding": ends | colour | TIP}
            return [points, {"mark": beside, "encoding": ends | LABEL}] if mark.labels else [points]
        case Bars():
            return [{"mark": "bar", "encoding": _bars(chart, x, y) | colour | TIP}]
        case Spans():
            lane = {"field": "lane", "type": "nominal", "sort": _lanes(chart)}
            across = {"x": ends["x"] | {"field": "start"}, "x2": {"field": "end"}}
            across["y"] = lane | {"title": chart.y.label or None}
            return [{"mark": "bar", "encoding": across | colour | TIP}]
        case Cells():
            side = {"type": "ordinal", "sort": None, "axis": {"labelAngle": 0}}
            sides = {s: side | {"field": s, "title": getattr(chart, s).label} for s in ("x", "y")}
            # Shades of a named colour: ready-made scales of colours are made for one background.
            title = _shades(mark).title() or None
            value = {"field": "value", "type": "quantitative", "title": title}
            shade = {"opacity": value | {"scale": {"range": [0.06, 1]}}}
            filled = {"type": "rect", "color": "var(--hwcalc-series-1)"}
            return [{"mark": filled, "encoding": sides | shade | TIP}]
        case Rule():
            at = "x" if mark.x is not None else "y"
            vertical: Json = {"align": "left", "dx": 4, "y": 8}
            level: Json = {"align": "right", "dy": -6, "x": "width"}
            text = {"type": "text", **(vertical if at == "x" else level)}
            return [
                {"mark": "rule", "encoding": {at: ends[at]}},
                {"mark": text, "encoding": {at: ends[at], **LABEL}},
            ]


def _bars(chart: Chart, x: _Scaled, y: _Scaled) -> Json:
    across, along = ("y", "x") if chart.horizontal else ("x", "y")
    categories = _categories(chart)
    many = len(categories) > 6 and not chart.horizontal
    encoding: Json = {
        across: {
            "field": "category",
            "type": "nominal",
            "title": getattr(chart, across).label or None,
            "sort": categories,
            "axis": {"labelAngle": -40 if many else 0},
        },
        along: (x if chart.horizontal else y).channel(along),
    }
    encoding[along]["scale"] |= {"zero": True} if chart.horizontal else {}
    if chart.stacked:
        # The first series stands on the axis, the others on it, as the legend lists them.
        encoding["order"] = {"field": "order", "type": "quantitative"}
    else:
        encoding[f"{across}Offset"] = {"field": "series", "sort": chart.series()}
    return encoding


def _rows(mark: Mark, x: _Scaled, y: _Scaled, horizontal: bool) -> Iterator[Json]:
    """One dict per drawn thing, scaled, with its tooltip."""
    match mark:
        case Line() | Points():
            none = [""] * len(mark.x)
            labels, names = (mark.labels, mark.names) if isinstance(mark, Points) else (None, None)
            both = zip(names or none, labels or none, strict=True)
            for a, b, (name, label) in zip(mark.x, mark.y, both, strict=True):
                tip = f"{name or label or mark.series}: {x.words(a)}, {y.words(b)}"
                row = {"x": x.short(a), "y": y.short(b), "series": mark.series, "tip": tip}
                yield row | ({"label": label} if labels else {})
        case Band():
            for a, low, high in zip(mark.x, mark.low, mark.high, strict=True):
                ends = {"low": y.short(low), "high": y.short(high)}
                yield {"x": x.short(a), **ends, "series": mark.series}
        case Bars():
            side, scale = ("x", x) if horizontal else ("y", y)
            for name, value in zip(mark.categories, mark.values, strict=True):
                tip = f"{name}, {mark.series}: {scale.words(value)}"
                row = {"category": name, side: scale.short(value)}
                yield row | {"series": mark.series, "tip": tip}
        case Spans():
            for lane, start, end in zip(mark.lanes, mark.starts, mark.ends, strict=True):
                tip = f"{mark.series}: {x.words(end - start)}, from {x.words(start)}"
                row = {"lane": lane, "start": x.short(start), "end": x.short(end)}
                yield row | {"series": mark.series, "tip": tip}
        case Cells():
            shades = _shades(mark)
            for line, values in zip(mark.y, mark.values, strict=True):
                for column, value in zip(mark.x, values, strict=True):
                    tip = f"{x.axis.label} {column}, {y.axis.label} {line}: {shades.words(value)}"
                    yield {"x": column, "y": line, "value": shades.short(value), "tip": tip}
        case Rule():
            if mark.x is not None:
                yield {"x": x.short(mark.x), "label": mark.label}
            elif mark.y is not None:
                yield {"y": y.short(mark.y), "label": mark.label}
