"""Charts drawn at build time: every mark, on a wide and on a narrow page, in the page's colours."""

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from hwcalc.charts import Axis, Band, Bars, Cells, Chart, Line, Mark, Points, Rule, Spans
from hwcalc.vegalite import WIDTH
from hwcalc.web.drawing import VEGA_LITE, svg
from hwcalc.web.fence import drawing
from hwcalc.web.parts import ASSETS

WIDTHS = (WIDTH, 330)


def chart(*marks: Mark, **more: Any) -> Chart:
    """A chart about nothing, on plain axes unless told otherwise."""
    axes = {"x": Axis("X", "s"), "y": Axis("Y", "s")}
    return Chart("c", "C", marks=marks, alt="1 mark", **(axes | more))


CHARTS = {
    "line": chart(Line("a", [1, 2, 3], [1e-3, 2e-3, 4e-3]), Line("b", [1, 3], [1, 2], dash=True)),
    "logarithmic line": chart(
        Line("a", [1, 4096], [1e-6, 3]),
        x=Axis("GPUs", scale="log"),
        y=Axis("Time", "s", scale="log"),
    ),
    "short logarithmic axis": chart(Line("a", [3, 4], [1, 2]), x=Axis("X", scale="log")),
    "gap": chart(Line("a", [1, 2, 3], [1, float("inf"), 2])),
    "band": chart(Band("a", [1, 2], [0, 1], [2, 3])),
    "points": chart(Points("a", [1, 2], [1, 2], labels=["one", ""]), Points("b", [1], [2])),
    "stacked bars": chart(Bars("a", ["x", "y"], [1, 2]), Bars("b", ["x", "y"], [3, 4])),
    "grouped bars": chart(
        Bars("a", ["x", "y"], [1, 2]), Bars("b", ["x", "y"], [3, 4]), stacked=False
    ),
    "lying bars": chart(Bars("a", ["x", "y"], [1, 2]), horizontal=True, y=Axis("")),
    "many bars": chart(Bars("a", [f"number {i}" for i in range(9)], list(range(9)))),
    "spans": chart(
        Spans("a", ["GPU 0", "GPU 1"], [0, 1], [1, 2]),
        Spans("b", ["GPU 0"], [1], [3]),
        y=Axis(""),
    ),
    "cells": chart(Cells("a", [1, 2], ["u", "v"], [[1e9, 2e9], [3e9, 4e9]], unit="B/s")),
    "rules": chart(Line("a", [1, 2], [1, 2]), Rule(x=1.5, label="you"), Rule(y=1.5)),
    "years": chart(Points("a", [2018.5, 2022], [1, 2]), x=Axis("Published", "year")),
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", CHARTS)
def test_every_mark_is_drawn_on_wide_and_narrow_pages(name: str, width: int) -> None:
    """Each kind of mark becomes well-formed SVG of the page's width, with marks inside."""
    drawn = drawing(CHARTS[name], width)
    root = ElementTree.fromstring(drawn)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("width") == str(width)
    assert root.get("aria-hidden") == "true"  # the text alternative speaks
    for wrong in ("undefined", "NaN", "Infinity", ">null<"):
        assert wrong not in drawn
    marks = re.findall(r'class="mark-(\w+)', drawn)
    kinds = {"bars": "rect", "spans": "rect", "cells": "rect", "points": "symbol", "band": "area"}
    kinds |= {"line": "line", "axis": "line", "gap": "line", "rules": "rule", "years": "symbol"}
    expected = kinds.get(name.split()[-1])
    assert expected is None or expected in marks


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", CHARTS)
def test_drawings_name_their_colours(name: str, width: int) -> None:
    """Every colour is a variable of the style sheet, so dark, light and print are all right."""
    drawn = drawing(CHARTS[name], width)
    colours = set(re.findall(r'(?:fill|stroke|stop-color)="([^"]+)"', drawn))
    colours |= set(re.findall(r"(?:fill|stroke|color):\s*([^;\"]+)", drawn))
    assert {c for c in colours if not c.startswith("var(--hwcalc-")} <= {"none", "transparent"}
    assert any(colour.startswith("var(--hwcalc-") for colour in colours)


@pytest.mark.parametrize("name", CHARTS)
def test_drawings_ask_for_nothing_from_elsewhere(name: str) -> None:
    """The only addresses in a drawing are the names of its languages."""
    without = re.sub(r'xmlns(:\w+)?="[^"]*"', "", drawing(CHARTS[name], WIDTH))
    assert "http" not in without
    assert "<script" not in without
    assert "<image" not in without


def test_builds_and_browsers_draw_with_the_same_major_version() -> None:
    """A specification means the same to both; vl-convert follows minor versions later."""
    parts = json.loads((ASSETS / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert parts["vega-lite"].split(".")[0] == VEGA_LITE.split(".")[0]


def test_layers_for_the_pointer_are_not_drawn() -> None:
    """A picture cannot be pointed at: the invisible points of a line stay out of the page."""
    drawn = drawing(CHARTS["line"], WIDTH)
    assert "mark-symbol" not in drawn
    assert drawn.count("mark-line role-mark") == 2


@pytest.mark.parametrize("mark", [Line("a", [1, 2], [1, 5]), Band("a", [1, 2], [1, 5], [2, 6])])
def test_curves_end_at_the_ends_of_their_axes(mark: Mark) -> None:
    """A curve that leaves the range of an axis is not drawn across the title above."""
    drawn = drawing(chart(mark, y=Axis("Y", "s", high=3)), WIDTH)
    assert re.search(r'class="mark-(line|area)[^>]*clip-path="url\(#', drawn)


def test_names_with_markup_stay_text() -> None:
    """A category called <b> & "x" is drawn as these characters and closes no element."""
    drawn = drawing(chart(Bars("a", ['<b> & "x"'], [1]), Rule(y=1, label="<i>")), WIDTH)
    texts = [text.text for text in ElementTree.fromstring(drawn).iter() if text.text]
    assert '<b> & "x"' in texts
    assert "<i>" in texts


def test_two_drawings_share_a_page_without_sharing_ids() -> None:
    """An id, such as that of a clip path, belongs to one drawing alone."""
    ids = [set(re.findall(r' id="([^"]+)"', drawing(CHARTS["line"], w))) for w in WIDTHS]
    assert all(ids)
    assert not ids[0] & ids[1]
    used = re.findall(r"url\(#([^)]+)\)", drawing(CHARTS["line"], WIDTH))
    assert used
    assert set(used) <= ids[0]


def test_the_same_chart_is_the_same_picture() -> None:
    """Builds are reproducible to the byte, whatever was drawn before."""
    first = drawing(CHARTS["line"], WIDTH)
    svg.cache_clear()
    drawing(CHARTS["band"], WIDTH)
    assert drawing(CHARTS["line"], WIDTH) == first
