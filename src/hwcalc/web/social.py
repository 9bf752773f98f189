"""Pictures for link previews: title, category and first chart of a page, 1200 by 630 pixels.

Drawn as SVG in the colours of the light scheme and turned into PNG by the library that draws the
charts. Only its own typeface is used, so that every machine draws the same picture. A picture is
kept under the hash of all that it is made of: a build draws what changed.
"""

import hashlib
import html
import json
import os
import re
import struct
import textwrap
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import vl_convert

from hwcalc import calculator as calculators
from hwcalc import vegalite
from hwcalc.charts import Bars, Chart, Spans
from hwcalc.web.drawing import svg

FOLDER = "assets/social"  # below the site's root
WIDTH, HEIGHT = 1200, 630
EDGE = 64  # left and right of everything
FONT = "Liberation Sans"  # part of vl-convert; what it does not find, it leaves out
SCALE = 1.75  # a chart's text is 12 pixels high, too small for a preview
TITLE, LINE, LETTER = 50, 60, 0.56  # size of the title, distance of its lines, width of a letter
SMALL = 24
SIGNATURE = b"\x89PNG\r\n\x1a\n"
LANES = 8  # a chart with more has text too close together

STYLE = Path(__file__).parent / "theme" / "assets" / "site.css"


class Card(NamedTuple):
    """What a picture shows."""

    site: str
    kicker: str  # small above the title
    title: str
    chart: Chart | None


def card(site: str, kicker: str, title: str, content: str) -> Card:
    """A card for a page, with the first chart of its HTML that a small picture can hold."""
    charts = []
    for each in _charts(content):
        if _lanes(each) <= LANES:
            return Card(site, kicker, title, each)
        charts.append(each)
    return Card(site, kicker, title, charts[0] if charts else None)


def alternative(shown: Card) -> str:
    """What the picture shows, in words."""
    if shown.chart is None:
        return shown.title
    return f"{shown.title}. Chart: {shown.chart.label}. {shown.chart.text}"


def picture(shown: Card, folder: Path) -> Path:
    """The card as a PNG file in the folder, drawn now unless it is there."""
    spec = json.dumps(_spec(shown.chart, shown.title), sort_keys=True) if shown.chart else ""
    series = shown.chart.series() if shown.chart else []
    label = shown.chart.label if shown.chart else ""
    made_of = [shown[:3], spec, series, label, STYLE.read_text(encoding="utf-8")]
    key = json.dumps(made_of).encode() + Path(__file__).read_bytes()
    path = folder / f"{hashlib.sha256(key).hexdigest()[:20]}.png"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        # Moved into place in one step: builds at the same time never read half a file.
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        aside.write_bytes(_smaller(vl_convert.svg_to_png(drawing(shown), scale=1)))
        aside.replace(path)
    os.utime(path)  # it is in use
    return path


def drawing(shown: Card) -> str:
    """The card as SVG, colours resolved."""
    lines = _lines(shown.title)
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="var(--hwcalc-paper)"/>',
        f'<rect width="{WIDTH}" height="10" fill="var(--hwcalc-accent)"/>',
        _text(EDGE, 66, 28, "accent", shown.kicker, "bold"),
        _text(WIDTH - EDGE, 66, 34, "text", shown.site, "bold", "end"),
        *(_text(EDGE, 136 + LINE * i, TITLE, "text", line, "bold") for i, line in enumerate(lines)),
    ]
    if shown.chart:
        top = _below_title(shown.title)
        parts.append(_text(EDGE, top, SMALL, "quiet", _cut(shown.chart.label, 84)))
        parts += _legend(_legible(shown.chart), top + 42)
        spec = _spec(shown.chart, shown.title)
        inner = svg(json.dumps(spec, sort_keys=True))
        box = re.search(r'viewBox="([^"]+)"', inner)
        assert box, "a drawing has a view box"
        start = _chart_top(shown.chart, shown.title)
        parts.append(
            f'<svg x="{EDGE - 12}" y="{start}" width="{WIDTH - 2 * EDGE + 12}" '
            f'height="{HEIGHT - 16 - start}" viewBox="{box[1]}" '
            f'preserveAspectRatio="xMinYMin meet">{inner}</svg>'
        )
    whole = "".join(parts)
    return _coloured(
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="{FONT}">{whole}</svg>'
    )


def _smaller(png: bytes) -> bytes:
    """The same pixels in a third of the bytes: the library compresses for speed."""
    pixels, parts, at = b"", [], len(SIGNATURE)
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        at += 12 + length
        if kind == b"IDAT":
            pixels += body
            continue
        if kind == b"IEND":
            parts.append((b"IDAT", zlib.compress(zlib.decompress(pixels), 9)))
        parts.append((kind, body))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def _charts(content: str) -> Iterator[Chart]:
    """The charts of the calculators on a page, with the values that the page gives them."""
    for form in re.findall(r'<form class="hwcalc"[^>]*>', content):
        given = dict(re.findall(r'data-(calculator|defaults)="([^"]*)"', form))
        tool = calculators.load(given["calculator"])
        answer = tool.run(json.loads(html.unescape(given["defaults"])))
        yield from (each for each in answer.results if isinstance(each, Chart))


def _lanes(chart: Chart) -> int:
    """How many lines of text a chart has along its left side."""
    names: set[str] = set()
    for mark in chart.marks:
        if isinstance(mark, Spans):
            names |= set(mark.lanes)
        elif isinstance(mark, Bars) and chart.horizontal:
            names |= set(mark.categories)
    return len(names)


def _spec(chart: Chart, title: str) -> vegalite.Json:
    """The chart's specification, without what serves the pointer, for the room that is left."""
    spec = vegalite.spec(chart, round((WIDTH - 2 * EDGE) / SCALE))
    spec["layer"] = [layer for layer in spec["layer"] if "name" not in layer]
    spec["height"] = round((HEIGHT - 16 - _chart_top(chart, title)) / SCALE)
    spec["config"] = spec["config"] | {"font": FONT}
    return spec


def _lines(title: str) -> list[str]:
    """The title in as few lines as possible, as equal as words allow."""
    # A part belongs to its number.
    words = re.sub(r"\bpart ", "part\N{NO-BREAK SPACE}", title)

    def wrapped(width: int) -> list[str]:
        return textwrap.wrap(words, width, break_on_hyphens=False)

    room = int((WIDTH - 2 * EDGE) / (TITLE * LETTER))
    count = len(wrapped(room))
    return wrapped(next(width for width in range(1, room + 1) if len(wrapped(width)) <= count))


def _below_title(title: str) -> int:
    return 136 + LINE * len(_lines(title)) - 4


def _chart_top(chart: Chart, title: str) -> int:
    rows = 1 + max((row for row, _, _ in _places(_legible(chart))), default=-1)
    return _below_title(title) + 18 + 34 * rows


def _legible(chart: Chart) -> list[str]:
    """The series for a legend; a single one needs none."""
    return chart.series() if len(chart.series()) > 1 else []


def _legend(series: list[str], top: int) -> list[str]:
    """Names of the series with their colours."""
    parts = []
    for number, (row, left, name) in enumerate(_places(series)):
        y = top + 34 * row
        colour = f"var(--hwcalc-series-{number % vegalite.COLOURS + 1})"
        parts.append(
            f'<rect x="{left}" y="{y - 12}" width="26" height="8" rx="3" fill="{colour}"/>'
        )
        parts.append(_text(left + 36, y, SMALL - 2, "text", name))
    return parts


def _places(series: list[str]) -> list[tuple[int, float, str]]:
    """Row, left end and name of each series."""
    places, row, left = [], 0, float(EDGE)
    for name in series:
        width = 36 + LETTER * (SMALL - 2) * len(name) + 30
        if left > EDGE and left + width > WIDTH - EDGE:
            row, left = row + 1, float(EDGE)
        places.append((row, round(left, 1), name))
        left += width
    return places


def _text(
    x: float,
    y: float,
    size: int,
    colour: str,
    words: str,
    weight: str = "normal",
    at: str = "start",
) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" text-anchor="{at}" '
        f'fill="var(--hwcalc-{colour})">{html.escape(words)}</text>'
    )


def _cut(words: str, length: int) -> str:
    return textwrap.shorten(words, length, placeholder=" …")


def _coloured(drawn: str) -> str:
    """The drawing with the light scheme's colours in place of their names."""
    style = STYLE.read_text(encoding="utf-8")
    light = re.search(r'\[data-md-color-scheme="default"\] \{(.*?)\}', style, re.DOTALL)
    assert light, "the style sheet has a light scheme"
    colours = dict(re.findall(r"--(hwcalc-[\w-]+): (#\w+);", light[1]))
    return re.sub(r"var\(--(hwcalc-[\w-]+)\)", lambda found: colours[found[1]], drawn)
