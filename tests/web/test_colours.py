"""The colours of page and charts can be read, and told apart, in both schemes."""

import math
import re
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from hwcalc.web import parts

CSS = (Path(parts.__file__).parent / "theme" / "assets" / "site.css").read_text(encoding="utf-8")
SCHEMES = ("default", "slate")
SERIES = [f"series-{number}" for number in range(1, 9)]
TEXT = ["text", "quiet", "accent", "good", "bad", "keyword", "axis"]

# Linear RGB as seen by readers without red (protan) or green (deutan) cones: Machado, Oliveira,
# Fernandes 2009, https://doi.org/10.1109/TVCG.2009.113, severity 1.
VISION = {
    "trichromat": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanope": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranope": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}
# Linear RGB to the cone responses of Oklab, and their cube roots to it: Ottosson 2020,
# https://bottosson.github.io/posts/oklab/
CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
OKLAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
Vector = tuple[float, ...]


def colours(scheme: str) -> dict[str, str]:
    """Read the colours of a scheme from the style sheet."""
    block = re.search(rf'^\[data-md-color-scheme="{scheme}"\] \{{(.*?)\}}', CSS, re.S | re.M)
    assert block
    return dict(re.findall(r"--hwcalc-([\w-]+): (#[0-9a-f]{6});", block[1]))


def times(matrix: tuple[Vector, ...], vector: Vector) -> Vector:
    """Multiply a matrix by a vector."""
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)


def linear(colour: str) -> Vector:
    """Return light, not code values: sRGB undone."""
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return tuple(v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of WCAG 2."""
    low, high = sorted(times(((0.2126, 0.7152, 0.0722),), linear(c))[0] for c in (first, second))
    return (high + 0.05) / (low + 0.05)


def distance(first: str, second: str, vision: str) -> float:
    """Return how different two colours look, in Oklab; 0.02 is just noticeable."""
    seen = []
    for colour in (first, second):
        cones = times(CONES, tuple(max(0.0, v) for v in times(VISION[vision], linear(colour))))
        seen.append(times(OKLAB, tuple(v ** (1 / 3) for v in cones)))
    return math.dist(*seen)


def test_measures_are_right() -> None:
    """Black on white is 21:1; equal colours do not differ; red nears green without cones."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert distance("#123456", "#123456", "trichromat") == 0
    red, green = "#b00000", "#006a00"
    assert distance(red, green, "deuteranope") < distance(red, green, "trichromat") / 2


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ground", ["paper", "surface"])
def test_text_has_contrast(scheme: str, ground: str) -> None:
    """Text is at least 4.5:1 (WCAG AA) on the page and on panels."""
    found = colours(scheme)
    for name in TEXT:
        assert contrast(found[name], found[ground]) >= 4.5, name


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ground", ["paper", "surface"])
def test_lines_have_contrast(scheme: str, ground: str) -> None:
    """Lines of charts are at least 3:1 (WCAG AA for graphics) on the page and on panels."""
    found = colours(scheme)
    for name in SERIES:
        assert contrast(found[name], found[ground]) >= 3, name


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("vision", VISION)
def test_series_can_be_told_apart(scheme: str, vision: str) -> None:
    """Any two of eight series differ for every reader; the four that most charts use, clearly."""
    found = colours(scheme)
    for first, second in combinations(SERIES, 2):
        clear = second in SERIES[:4]
        least = 0.14 if clear else 0.08
        assert distance(found[first], found[second], vision) >= least, (first, second)


def test_both_schemes_define_the_same_colours() -> None:
    """No name exists in one scheme alone, where it would fall back to nothing in the other."""
    for first, second in pairwise(SCHEMES):
        assert colours(first).keys() == colours(second).keys()
