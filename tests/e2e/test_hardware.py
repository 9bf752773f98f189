"""The catalogue's tables: sorted, searched and compared, by pointer, keyboard and address."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from hwcalc.catalog import accelerators, links
from tests.e2e.conftest import Reader
from tests.e2e.server import StaticServer

ADDRESS = "reference/hardware/"
CHOSEN = ("h100-sxm", "b200", "tpu-v6e")


def table(page: Page, identifier: str = "accelerators") -> Locator:
    """Return a catalogue with its tools, once they are there."""
    found = page.locator(f"[data-catalogue={identifier}]")
    expect(found.locator(".hw-tools-row")).to_be_visible()
    return found


def shown(catalogue: Locator) -> list[str]:
    """Return the rows to be seen, from top to bottom."""
    ids: list[str] = catalogue.locator("tr[id]:visible").evaluate_all("all => all.map(e => e.id)")
    return ids


def heading(catalogue: Locator, name: str) -> Locator:
    """Return a column's button."""
    return catalogue.get_by_role("button", name=name, exact=True)


def asked(page: Page) -> dict[str, list[str]]:
    """Return what the address asks for."""
    return parse_qs(urlsplit(page.url).query)


def test_everything_is_readable_without_scripts(reader: Reader, server: StaticServer) -> None:
    """A plain table of all rows in groups, no tools, documents to be opened."""
    page = reader.open(server.url + ADDRESS, java_script_enabled=False)
    assert page.locator("tr[id]:visible").count() == len(accelerators()) + len(links())
    expect(page.locator(".hw-tools-row").first).to_be_hidden()
    assert page.locator(".hw-catalogue :is(button, input):visible").count() == 0
    documents = page.locator("#h100-sxm details")
    documents.locator("summary").click()
    expect(documents.locator("li").first).to_be_visible()


def test_sorting_goes_by_value_and_back(reader: Reader, server: StaticServer) -> None:
    """Down, up, and as it was; 900 GB/s is less than 8 TB/s; what is not known stays last."""
    page = reader.open(server.url + ADDRESS)
    catalogue = table(page)
    before = shown(catalogue)
    chips = accelerators()
    button = heading(catalogue, "Power")
    head = catalogue.locator("th[data-key=tdp]")
    for direction, sign in (("descending", -1), ("ascending", 1)):
        button.click()
        expect(head).to_have_attribute("aria-sort", direction)
        order = [chips[id].published.get("tdp") for id in shown(catalogue)]
        known = [value for value in order if value is not None]
        assert known == sorted(known, key=lambda value: sign * value)
        assert order == known + [None] * (len(order) - len(known))
        assert catalogue.locator("th[aria-sort]").count() == 1
        expect(catalogue.locator(".hw-group").first).to_be_hidden()
    button.click()
    expect(catalogue.locator("th[aria-sort]")).to_have_count(0)
    assert shown(catalogue) == before


def test_text_sorts_from_the_start_of_the_alphabet(reader: Reader, server: StaticServer) -> None:
    """A first press on a column of words puts A on top; numbers inside words count as numbers."""
    page = reader.open(server.url + ADDRESS)
    catalogue = table(page, "links")
    heading(catalogue, "Family").click()
    families = [links()[id].family for id in shown(catalogue)]
    assert families == sorted(families, key=str.lower)


def test_search_counts_what_it_finds(reader: Reader, server: StaticServer) -> None:
    """All words must be there, in name or text; the number is told to screen readers."""
    page = reader.open(server.url + ADDRESS)
    catalogue = table(page)
    status = catalogue.get_by_role("status")
    expect(status).to_have_text(f"{len(accelerators())} of {len(accelerators())} accelerators")
    catalogue.get_by_label("Find").fill("hopper hbm3e")
    wanted = [
        id
        for id, chip in accelerators().items()
        if chip.family == "Hopper" and chip.memory_type == "HBM3e"
    ]
    assert len(wanted) > 1
    assert sorted(shown(catalogue)) == sorted(wanted)
    expect(status).to_have_text(f"{len(wanted)} of {len(accelerators())} accelerators")
    # A vendor without a row left has no heading either.
    expect(catalogue.locator(".hw-group:visible")).to_have_count(1)
    catalogue.get_by_label("Kind").select_option("TPU")
    assert shown(catalogue) == []
    catalogue.get_by_role("button", name="Clear").click()
    assert len(shown(catalogue)) == len(accelerators())
    expect(catalogue.get_by_label("Find")).to_have_value("")


def test_chosen_rows_stand_side_by_side(reader: Reader, server: StaticServer) -> None:
    """Ticked rows become columns, with the factor to the first one."""
    page = reader.open(server.url + ADDRESS)
    catalogue = table(page)
    compare = catalogue.locator("[name=compare]")
    expect(compare).to_be_disabled()
    for id in CHOSEN:
        catalogue.locator(f"#{id} input").check()
    expect(compare).to_have_text(f"Compare {len(CHOSEN)}")
    compare.click()
    expect(compare).to_have_attribute("aria-expanded", "true")
    side = catalogue.get_by_role("region", name="Accelerators side by side")
    chips = [accelerators()[id] for id in CHOSEN]
    expect(side.locator("thead th")).to_have_text(["", *(chip.name for chip in chips)])
    row = side.locator("tr", has=page.get_by_role("rowheader", name="Bandwidth", exact=True))
    for cell, chip in zip(row.locator("td").all()[1:], chips[1:], strict=True):
        factor = re.search(r"([\d.]+)×", cell.inner_text())
        assert factor is not None
        assert float(factor[1]) == pytest.approx(chip.bandwidth / chips[0].bandwidth, rel=0.006)
    catalogue.locator(f"#{CHOSEN[0]} input").uncheck()
    expect(side.locator("thead th")).to_have_text(["", *(chip.name for chip in chips[1:])])
    catalogue.locator(f"#{CHOSEN[1]} input").uncheck()
    expect(side).to_be_hidden()


def test_the_address_keeps_it_all(reader: Reader, server: StaticServer) -> None:
    """A link shows another reader the same rows, in the same order, with the same comparison."""
    page = reader.open(server.url + ADDRESS)
    catalogue = table(page)
    heading(catalogue, "Bandwidth").click()
    catalogue.get_by_label("Find").fill("hbm")
    for id in CHOSEN[:2]:
        catalogue.locator(f"#{id} input").check()
    catalogue.locator("[name=compare]").click()
    expect(page).to_have_url(re.compile(r"accelerators\.compare=yes"))
    assert asked(page) == {
        "accelerators.find": ["hbm"],
        "accelerators.sort": ["-bandwidth"],
        "accelerators.chosen": [" ".join(CHOSEN[:2])],
        "accelerators.compare": ["yes"],
    }
    other = reader.open(page.url)
    same = table(other)
    assert shown(same) == shown(catalogue)
    expect(same.locator("tr.chosen")).to_have_count(2)
    expect(same.get_by_role("region", name="Accelerators side by side")).to_be_visible()
    expect(same.get_by_label("Find")).to_have_value("hbm")
    same.get_by_role("button", name="Clear").click()
    expect(other).not_to_have_url(re.compile(r"accelerators\."))


def test_an_address_with_nonsense_shows_everything(reader: Reader, server: StaticServer) -> None:
    """Unknown names in the address, from an older edition say, are passed over."""
    query = "?accelerators.chosen=h900+b200&accelerators.sort=-speed&accelerators.kind=toaster"
    page = reader.open(server.url + ADDRESS + query)
    catalogue = table(page)
    assert len(shown(catalogue)) == len(accelerators())
    expect(catalogue.locator("tr.chosen")).to_have_count(1)
    expect(catalogue.locator("[name=compare]")).to_be_disabled()


def test_the_keyboard_does_it_all(reader: Reader, server: StaticServer) -> None:
    """Headings, boxes and the regions that scroll are reached and used without a pointer."""
    page = reader.open(server.url + ADDRESS)
    catalogue = table(page)
    heading(catalogue, "Memory").focus()
    page.keyboard.press("Enter")
    largest = max(accelerators().values(), key=lambda chip: chip.memory).memory
    assert accelerators()[shown(catalogue)[0]].memory == largest
    catalogue.locator("tr[id] input").first.focus()
    page.keyboard.press("Space")
    expect(catalogue.locator("tr.chosen")).to_have_count(1)
    region = catalogue.get_by_role("region", name="Accelerators", exact=True)
    region.focus()
    page.keyboard.press("ArrowRight")
    expect(region).to_be_focused()


def test_tables_are_set_up_once_under_instant_navigation(
    reader: Reader, server: StaticServer
) -> None:
    """Coming from another page, and back again, one press still sorts once."""
    page = reader.open(server.url + "reference/")
    page.evaluate("window.sameDocument = true")
    page.locator('article a[href$="reference/hardware/"], article a[href="hardware/"]').click()
    catalogue = table(page)
    expect(page).to_have_url(re.compile(r"reference/hardware/$"))
    heading(catalogue, "Memory").click()
    expect(catalogue.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    expect(page).to_have_url(re.compile(r"accelerators\.sort=-memory"))
    page.locator("a.md-logo").first.click()
    expect(catalogue).to_have_count(0)
    assert urlsplit(page.url).query == ""
    page.go_back()
    catalogue = table(page)
    expect(catalogue.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    heading(catalogue, "Memory").click()
    expect(catalogue.locator("th[aria-sort]")).to_have_attribute("aria-sort", "ascending")
    assert page.evaluate("window.sameDocument") is True
    assert catalogue.locator("#h100-sxm input").count() == 1


def test_a_cell_shows_its_own_documents(reader: Reader, server: StaticServer) -> None:
    """Pointing at a price names the document of the price first."""
    page = reader.open(server.url + ADDRESS)
    catalogue = table(page)
    catalogue.get_by_label("Find").fill("rtx-4090")
    place = catalogue.locator("thead th").evaluate_all(
        "all => all.findIndex((e) => e.dataset.key === 'price.usd')"
    )
    cell = catalogue.locator("#rtx-4090").locator(f"> :nth-child({place + 1})")
    cell.hover()
    expect(cell).to_have_attribute("title", re.compile(r"^Launch price of .*4090: launch price:"))


def test_a_phone_scrolls_the_table_and_not_the_page(reader: Reader, server: StaticServer) -> None:
    """At 360 pixels the page keeps its width; names stay in sight while figures pass by."""
    page = reader.open(server.url + ADDRESS, viewport={"width": 360, "height": 740})
    catalogue = table(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    region = catalogue.get_by_role("region", name="Accelerators", exact=True)
    region.evaluate("e => { e.scrollLeft = 700; e.scrollTop = 300; }")
    name = region.locator("tr[id] th:visible").nth(6)
    left = region.evaluate("e => e.getBoundingClientRect().left")
    assert name.evaluate("e => e.getBoundingClientRect().left") == pytest.approx(left, abs=2)


def test_print_has_the_whole_table(reader: Reader, server: StaticServer) -> None:
    """On paper nothing scrolls: all rows, the main columns, no tools."""
    page = reader.open(server.url + ADDRESS)
    catalogue = table(page)
    page.emulate_media(media="print")
    expect(catalogue.locator(".hw-tools-row")).to_be_hidden()
    region = catalogue.locator(".hw-scroll").last
    assert region.evaluate("e => e.scrollHeight - e.clientHeight") <= 1
    expect(catalogue.locator("th[data-key='clock']")).to_be_hidden()
    expect(catalogue.locator("th[data-key='bandwidth']")).to_be_visible()
    headings = catalogue.locator("thead th:visible").count()
    assert catalogue.locator("#h100-sxm > :visible").count() == headings
