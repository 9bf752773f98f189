"""Predicted against measured, as a small drawing: both axes logarithmic and alike.

There is one for each of some hundred regimes, each with many points. Vega takes a twentieth of a
second and an element of the page for every point; here all points are one path.
"""

import math
from collections.abc import Sequence

from markupsafe import Markup

from hwcalc import display

WIDTH, HEIGHT = 258, 226
LEFT, BOTTOM, TOP = 54, 34, 6
SIDE = HEIGHT - BOTTOM - TOP  # of the square that points are in
BANDS = (0.25, 0.10)
MOST_TICKS = 4


def scatter(points: Sequence[Sequence[float]], unit: str, colour: str, label: str) -> Markup:
    """Return the drawing of points (measured, predicted) as SVG with a text alternative."""
    low, high = limits([value for point in points for value in point])
    span = math.log10(high / low)

    def along(value: float) -> float:
        return SIDE * math.log10(value / low) / span

    def place(measured: float, predicted: float) -> str:
        return f"{along(measured):.1f} {SIDE - along(predicted):.1f}"

    parts = []
    for share in BANDS:
        ends = [(low, 1 - share), (high, 1 - share), (high, 1 + share), (low, 1 + share)]
        corners = "L".join(place(end, end * factor) for end, factor in ends)
        parts.append(f'<path class="band" d="M{corners}z"/>')
    parts.append(f'<path class="equal" d="M{place(low, low)}L{place(high, high)}"/>')
    dots = "".join(f"M{place(*point)}h0" for point in points)
    parts.append(f'<path class="points" stroke="{colour}" d="{dots}"/>')
    # A drawing inside the drawing cuts off what leaves the square.
    plot = f'<svg x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}">{"".join(parts)}</svg>'
    frame = [f'<rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}"/>']
    for tick in ticks(low, high):
        at, text = along(tick), display.text(tick, unit, 1)
        x, y = LEFT + at, TOP + SIDE - at
        grid = f"M{x:.1f} {TOP}v{SIDE}M{LEFT} {y:.1f}h{SIDE}"
        frame.append(f'<path class="grid" d="{grid}"/>')
        frame.append(f'<text x="{x:.1f}" y="{TOP + SIDE + 13}">{text}</text>')
        frame.append(f'<text class="level" x="{LEFT - 4}" y="{y + 3:.1f}">{text}</text>')
    frame.append(f'<text x="{LEFT + SIDE / 2:g}" y="{HEIGHT - 5}">measured</text>')
    middle = f"11,{TOP + SIDE / 2:g}"
    frame.append(f'<text transform="translate({middle})rotate(-90)">predicted</text>')
    return Markup(
        '<svg class="hw-scatter" viewBox="0 0 {} {}" width="{}" height="{}" role="img"'
        ' aria-label="{}">{}{}</svg>'
    ).format(WIDTH, HEIGHT, WIDTH, HEIGHT, label, Markup("".join(frame)), Markup(plot))


def limits(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of both axes: a little beyond the values, and a third of a decade apart."""
    low, high = min(values) / 1.15, max(values) * 1.15
    widen = max(1.0, math.sqrt(2.2 * low / high))
    return low / widen, high * widen


def ticks(low: float, high: float) -> list[float]:
    """Return round numbers between the ends, so many as have room."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [float(f"{step}e{e}") for e in exponents for step in steps]
        if len(inside := [value for value in found if low <= value <= high]) <= MOST_TICKS:
            return inside
    every = -(-len(inside) // MOST_TICKS)
    return inside[::every]
