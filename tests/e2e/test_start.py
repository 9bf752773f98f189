"""Python starts when a reader gets to a calculator, not before, and only once."""

import pytest
from playwright.sync_api import Page, expect

from hwcalc.calculator import Slider
from tests.e2e.blog import articles
from tests.e2e.cases import place_of
from tests.e2e.conftest import Reader
from tests.e2e.page import expect_answer, field, form, slider_of, wait_live
from tests.e2e.server import Fault, StaticServer

SAVE_DATA = """
Object.defineProperty(navigator, "connection", { value: { saveData: true }, configurable: true });
"""
# So low a window shows no calculator of any article when it opens.
LOW = {"width": 1000, "height": 120}


def downloads(server: StaticServer) -> list[str]:
    """Return what was fetched to run Python."""
    files = [*server.requests("assets/hwcalc/pyodide*/*"), *server.requests("*.data")]
    return [each.path for each in files]


def first_place(page: Page) -> str:
    """Return the first calculator of the page."""
    return page.locator("form.hwcalc").first.get_attribute("data-calculator") or ""


@pytest.mark.parametrize("address", articles())
def test_nothing_starts_before_a_calculator_is_in_view(
    reader: Reader, own_server: StaticServer, address: str
) -> None:
    """Who reads only the beginning pays for no Python; who scrolls on gets it."""
    page = reader.open(own_server.url + address, viewport=LOW)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    assert downloads(own_server) == []
    assert page.workers == [] or all("hwcalc" not in worker.url for worker in page.workers)
    identifier = first_place(page)
    expect(form(page, identifier)).to_have_attribute("data-state", "static")
    wait_live(page, identifier)
    assert downloads(own_server) != []


def test_who_saves_data_starts_python_by_touch(reader: Reader, own_server: StaticServer) -> None:
    """With Save-Data, a calculator in view stays as built until somebody touches it."""
    address = next(iter(articles()))
    page = reader.open(own_server.url + address, SAVE_DATA)
    page.wait_for_load_state("networkidle")
    identifier = first_place(page)
    form(page, identifier).scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    assert downloads(own_server) == []
    form(page, identifier).locator("[name]:not(output)").first.focus()
    expect(form(page, identifier)).to_have_attribute("data-state", "live")
    # The others still wait for their own touch.
    others = page.locator("form.hwcalc[data-state=static]").count()
    assert others == len(articles()[address]) - 1


def test_moves_made_while_python_loads_count(reader: Reader, own_server: StaticServer) -> None:
    """The reader sees Python load, can move controls, and gets the answer to the last move."""
    own_server.faults["*.wasm"] = Fault(delay=3)
    address, identifier, name = place_of(Slider)
    page = reader.open(own_server.url + address)
    calculator = form(page, identifier)
    calculator.scroll_into_view_if_needed()
    expect(calculator).to_have_attribute("data-state", "loading")
    expect(calculator.locator(".hwcalc-status")).to_contain_text("Python")
    slider = slider_of(page, identifier, name)
    slider.press("Home")
    slider.press("End")
    slider.press("ArrowLeft")
    wait_live(page, identifier)
    expect_answer(page, identifier, {name: field(page, identifier, name).input_value()})
    expect(calculator.locator(".hwcalc-status")).to_have_text("")


def test_one_python_serves_all_calculators(reader: Reader, own_server: StaticServer) -> None:
    """A page with several calculators downloads and starts Python once."""
    address = max(articles(), key=lambda each: len(articles()[each]))
    page = reader.page()
    started = []
    page.on("worker", lambda worker: started.append(worker.url))
    page.goto(own_server.url + address)
    for identifier in articles()[address]:
        wait_live(page, identifier)
    assert len([url for url in started if "assets/hwcalc/" in url]) == 1
    assert len(downloads(own_server)) == len(set(downloads(own_server)))
