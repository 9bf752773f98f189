"""The catalogue's tables hold every figure, as the package writes it, with its documents."""

import gzip
from pathlib import Path

import pytest
from markdown import Markdown

from hwcalc import catalog, display
from hwcalc.catalog import accelerators, links
from hwcalc.web import hardware
from hwcalc.web.hardware import ACCELERATOR, LINK, MARKS
from tests.web.pages import Element, Page


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    """Both tables, converted as a page is."""
    path = tmp_path_factory.mktemp("page") / "index.html"
    convert = Markdown(extensions=["hwcalc.web.reference"]).convert
    path.write_text(convert("[accelerators]\n\n[links]"), encoding="utf-8")
    return Page(path)


def cells(page: Page, identifier: str) -> tuple[Element, list[Element]]:
    """Return name and figures of a row, without its documents."""
    (row,) = page.find("tr", id=identifier)
    return page.inside(row, "th")[0], page.inside(row, "td")[:-1]


def test_everything_of_the_catalogue_is_there(page: Page) -> None:
    """A row for each accelerator and each link, under its vendor or family, none twice."""
    found = [row.attributes["id"] for row in page.find("tr") if "id" in row.attributes]
    assert sorted(found) == sorted([*accelerators(), *links()])
    vendors = {chip.vendor for chip in accelerators().values()}
    families = {link.family for link in links().values()}
    groups = {
        page.inside(row, "th")[0].text for row in page.find("tr", "hw-group")
    }  # a rowgroup's heading
    assert groups == vendors | families


@pytest.mark.parametrize("identifier", list(accelerators()))
def test_cells_say_what_the_catalogue_says(page: Page, identifier: str) -> None:
    """Numbers are written by the package; what was not published is empty, never zero."""
    chip = accelerators()[identifier]
    name, figures = cells(page, identifier)
    assert name.text == chip.name
    assert name.attributes["scope"] == "row"
    for column, cell in zip(ACCELERATOR, figures, strict=True):
        value = column.value(chip)
        written = "" if value in (None, "") else value
        if isinstance(written, int | float):
            assert float(cell.attributes["data-v"]) == pytest.approx(written, rel=1e-5)
            written = display.text(written, column.unit)
        else:
            assert "data-v" not in cell.attributes
        mark = "".join(sup.text for sup in page.inside(cell, "sup"))
        # White space in a cell is compared as a reader sees it.
        assert cell.text.removesuffix(mark) == " ".join(written.split())


@pytest.mark.parametrize("identifier", list(accelerators()))
def test_figures_without_a_document_are_marked(page: Page, identifier: str) -> None:
    """Every key that the data call computed or recalled has its mark, and no other has."""
    chip = accelerators()[identifier]
    _, figures = cells(page, identifier)
    wanted = dict.fromkeys(chip.derived, "c") | dict.fromkeys(chip.unverified, "?")
    marked = {
        column.key: page.inside(cell, "sup")[0].text
        for column, cell in zip(ACCELERATOR, figures, strict=True)
        if page.inside(cell, "sup")
    }
    assert marked == wanted


def test_what_is_left_out_in_print_is_left_out_in_every_row(page: Page) -> None:
    """A heading that goes and a figure that stays would put figures under the wrong heading."""
    for table in page.find("table"):
        rows = [row for row in page.inside(table, "tr") if not row.has("hw-group")]
        kept = [
            [e.has("more") for e in page.elements if e.tag in ("th", "td") and row in e.inside]
            for row in rows
        ]
        assert len(kept) > 60
        assert any(kept[0])
        assert all(each == kept[0] for each in kept)


def test_every_figure_of_the_data_has_a_column() -> None:
    """A key added to the data files cannot be left out of the page."""
    shown = {column.key for column in ACCELERATOR}
    keys = {*catalog._ACCELERATOR_REQUIRED, *catalog._ACCELERATOR_OPTIONAL}
    assert keys - shown == {"name", "derived", "unverified", "notes"}
    shown = {column.key for column in LINK}
    assert {*catalog._LINK_REQUIRED, *catalog._LINK_OPTIONAL} - shown == {"name", "notes"}


@pytest.mark.parametrize("identifier", [*accelerators(), *links()])
def test_a_row_lists_all_its_documents(page: Page, identifier: str) -> None:
    """Whoever doubts a figure finds where it was read, when, and what was chosen."""
    thing = accelerators().get(identifier) or links()[identifier]
    (row,) = page.find("tr", id=identifier)
    documents = page.inside(row, "details")[0]
    listed = [item.text for item in page.inside(documents, "li")]
    assert listed == [" ".join(source.split()) for source in thing.source]
    assert thing.checked.isoformat() in page.inside(documents, "summary")[0].text
    assert " ".join(thing.notes.split()) in documents.text


def test_a_document_of_one_figure_names_it(page: Page) -> None:
    """Pointing at a price shows the document of the price, not that of the memory."""
    (row,) = page.find("tr", id="rtx-4090")
    (price,) = [li for li in page.inside(row, "li") if li.text.startswith("launch price")]
    assert price.attributes["data-for"].split() == ["price.usd", "price.date"]


def test_addresses_are_links_and_text_stays_text() -> None:
    """What a document is called may hold anything; only addresses become links."""
    made = str(hardware.linked('A <b> "x" (https://example.org/a?b=1&c), github.com/o/r, page 2'))
    assert made == (
        'A &lt;b&gt; &#34;x&#34; (<a href="https://example.org/a?b=1&amp;c">'
        'https://example.org/a?b=1&amp;c</a>), <a href="https://github.com/o/r">github.com/o/r</a>'
        ", page 2"
    )


def test_the_table_is_one_a_screen_reader_can_read(page: Page) -> None:
    """Headings have their scope, the scrolling region a name and a place in the tab order."""
    for table in page.find("table"):
        region = next(e for e in reversed(table.inside) if e.tag == "div")
        assert region.attributes["role"] == "region"
        assert region.attributes["aria-label"]
        assert region.attributes["tabindex"] == "0"
        assert all(th.attributes["scope"] for th in page.inside(table, "th"))


def test_what_only_scripts_can_do_is_hidden_until_they_run(page: Page) -> None:
    """Without scripts no field and no button stands there that does nothing."""
    tools = page.find("div", "hw-tools-row")
    assert len(tools) == 2
    assert all("hidden" in each.attributes for each in tools)
    for control in (*page.find("input"), *page.find("select"), *page.find("button")):
        assert any(outer in tools for outer in control.inside)


def test_marks_are_explained() -> None:
    """The page says in words what the two signs mean, for those who cannot point."""
    text = (Path(__file__).parents[2] / "docs/reference/hardware.md").read_text(encoding="utf-8")
    assert "small c" in text
    assert "question mark" in text
    assert all("title=" in mark for mark in MARKS.values())


def test_the_page_stays_light() -> None:
    """A phone loads it: the tables are a fraction of a picture."""
    made = hardware.accelerators_table() + hardware.links_table()
    assert len(gzip.compress(made.encode())) < 60_000
