"""Pictures for previews of links: every article's own, in the right size, with something in it."""

import re
import struct
import zlib
from pathlib import Path

import pytest

from hwcalc.charts import Axis, Bars, Chart, Line
from hwcalc.web import social
from tests.web.test_site import ARTICLES, SLUGS, page, pages

LARGEST = 150_000  # [B]


def pixels(png: bytes) -> tuple[int, int, bytes]:
    """Read width, height and the filtered rows of a picture; every part's sum is checked."""
    assert png[:8] == social.SIGNATURE
    at, rows = 8, b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        (told,) = struct.unpack(">I", png[at + 8 + length : at + 12 + length])
        assert told == zlib.crc32(kind + body)
        rows += body if kind == b"IDAT" else b""
        at += 12 + length
    width, height = struct.unpack(">II", png[16:24])
    return width, height, zlib.decompress(rows)


def inked_lines(png: bytes) -> set[int]:
    """Return the lines of a picture that are not of one colour."""
    width, height, rows = pixels(png)
    step = len(rows) // height
    assert step == 4 * width + 1
    # Filtered by its left neighbour, a line of one colour is zero behind its first pixel.
    return {y for y in range(height) if any(rows[y * step + 5 : (y + 1) * step])}


@pytest.mark.parametrize("slug", SLUGS)
def test_every_article_has_its_picture(site: Path, slug: str) -> None:
    """Named by its whole address, as previews need it, with size and words beside it."""
    file = page(site, f"posts/{slug}")
    home = page(site, "").find("link", rel="canonical")[0].attributes["href"]
    assert file.meta("og:image") == [f"{home}assets/social/{slug}.png"]
    assert home.startswith("http")
    assert file.meta("og:image:width") == ["1200"]
    assert file.meta("og:image:height") == ["630"]
    assert file.meta("twitter:card") == ["summary_large_image"]
    assert file.meta("twitter:image") == file.meta("og:image")
    (told,) = file.meta("og:image:alt")
    assert told.startswith(str(ARTICLES[SLUGS.index(slug)]["title"]))
    assert "Chart: " in told
    png = (site / "assets" / "social" / f"{slug}.png").read_bytes()
    assert pixels(png)[:2] == (1200, 630)
    assert 10_000 < len(png) < LARGEST
    inked = inked_lines(png)
    assert inked & set(range(90, 150)), "a title"
    assert inked & set(range(400, 500)), "a chart"
    assert 629 not in inked, "nothing runs out at the bottom"


def test_pictures_differ(site: Path) -> None:
    """No two articles share a picture."""
    files = [(site / "assets" / "social" / f"{slug}.png").read_bytes() for slug in SLUGS]
    assert len(set(files)) == len(SLUGS)


def test_other_pages_show_the_first_pages_picture(site: Path) -> None:
    """The about page, the reference and the categories are previewed as the site is."""
    (own,) = page(site, "").meta("og:image")
    assert own.endswith("/assets/social/hwcalc.png")
    assert (site / "assets" / "social" / "hwcalc.png").stat().st_size < LARGEST
    for file in pages(site):
        if "posts" not in file.path.parts and file.path.name != "404.html":
            assert file.meta("og:image") == [own], file.path


def chart(marks: list[Line | Bars], **more: bool) -> Chart:
    """Return a chart with these marks."""
    return Chart("c", "A label", x=Axis("X"), y=Axis("Y"), marks=marks, alt="One line.", **more)


CURVE = chart([Line("a", [1, 2], [1, 2]), Line("b", [1, 2], [2, 1])])


def test_colours_and_typeface_are_resolved() -> None:
    """Outside a page there are no variables, and no typeface but the one that comes along."""
    drawn = social.drawing(social.Card("hwcalc", "GPUs", "Why <this> & that?", CURVE))
    assert "var(" not in drawn
    assert set(re.findall(r'font-family="([^"]+)"', drawn)) == {social.FONT}
    assert "Why &lt;this&gt; &amp; that?" in drawn
    assert "#fffdf9" in drawn


def test_the_same_card_gives_the_same_picture_once(tmp_path: Path) -> None:
    """A picture is drawn when something in it changed, and is the same bytes each time."""
    shown = social.Card("hwcalc", "GPUs", "A title", CURVE)
    first = social.picture(shown, tmp_path / "a")
    again = social.picture(shown, tmp_path / "b")
    assert first.read_bytes() == again.read_bytes()
    assert first.name == again.name
    first.write_bytes(b"kept")
    assert social.picture(shown, tmp_path / "a").read_bytes() == b"kept"
    other = social.picture(shown._replace(title="Another title"), tmp_path / "a")
    assert other.name != first.name


def test_a_title_breaks_into_equal_lines() -> None:
    """No line is left with a single word, and a part keeps its number."""
    title = "The brain vs deep learning, part I: computational complexity"
    lines = social._lines(title)
    assert [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines] == [
        "The brain vs deep learning,",
        "part I: computational complexity",
    ]
    assert social._lines("Short") == ["Short"]


def test_crowded_charts_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a page's charts the first is taken whose text a small picture can hold."""
    names = [f"card {i}" for i in range(30)]
    crowded = chart([Bars("a", names, [1.0] * 30)], horizontal=True)
    for found, expected in (([crowded, CURVE], CURVE), ([crowded], crowded), ([], None)):
        monkeypatch.setattr(social, "_charts", lambda _, found=found: iter(found))
        assert social.card("hwcalc", "GPUs", "A title", "").chart is expected
