"""What a reader downloads stays within limits: an article, Python, the chart library."""

import pytest
from playwright.sync_api import expect

from tests.e2e.blog import articles
from tests.e2e.conftest import Reader
from tests.e2e.page import form, wait_live
from tests.e2e.server import StaticServer
from tests.e2e.test_start import SAVE_DATA

ARTICLE = 350_000  # [B] compressed, fonts and pictures included
RUNTIME = 5_600_000  # [B] on the wire
CHARTS = 290_000  # [B] compressed
SWEEPS = 20_000  # [B] compressed


@pytest.mark.parametrize("address", articles())
def test_an_article_is_light(reader: Reader, own_server: StaticServer, address: str) -> None:
    """Everything that comes before Python does, with what answers first moves on the whole page."""
    page = reader.open(own_server.url + address, SAVE_DATA)
    page.wait_for_load_state("networkidle")
    assert 20_000 < own_server.bytes_sent() < ARTICLE
    largest = sorted(own_server.log, key=lambda each: each.sent)[-1]
    assert largest.encoding == "gzip", f"{largest.path} is not compressed"


def test_python_is_light(reader: Reader, own_server: StaticServer) -> None:
    """The first visit's Python; the chart library waits until a chart is about to change."""
    address = next(iter(articles()))
    identifier = articles()[address][0]
    page = reader.open(own_server.url + address)
    wait_live(page, identifier)
    page.wait_for_load_state("networkidle")
    runtime = [
        each for each in own_server.log if each.path.endswith(".data") or "/pyodide" in each.path
    ]
    assert len(runtime) == 5
    assert 1_000_000 < sum(each.sent for each in runtime) < RUNTIME
    assert own_server.requests("*/charts.*") == []


def test_charts_are_light_and_wait(reader: Reader, own_server: StaticServer) -> None:
    """Who only reads downloads no chart library; who moves a slider does, once."""
    page = reader.open(own_server.url + next(iter(articles())))
    charts = page.locator("form.hwcalc:has(.hwcalc-chart):has(input[type=range])").first
    identifier = charts.get_attribute("data-calculator") or ""
    wait_live(page, identifier)
    assert own_server.requests("*/charts.*") == []
    for key in ("End", "Home", "ArrowRight"):
        form(page, identifier).locator("input[type=range]").first.press(key)
    expect(charts.locator(".hwcalc-live svg").first).to_be_attached()
    (library,) = own_server.requests("*/charts.*")
    assert library.sent < CHARTS


def test_sweeps_are_light(server: StaticServer, reader: Reader) -> None:
    """What answers the first move of a calculator is there before a hand is."""
    page = reader.page()
    files = sorted((server.folder / "assets/hwcalc/sweeps").glob("*.json"))
    assert len(files) > 5
    for file in files:
        before = server.bytes_sent(f"*/{file.name}")
        page.request.get(f"{server.url}assets/hwcalc/sweeps/{file.name}")
        assert 100 < server.bytes_sent(f"*/{file.name}") - before <= SWEEPS, file.name


def test_the_index_of_the_search_waits(reader: Reader, own_server: StaticServer) -> None:
    """Who reads does not download every word of the site; who turns to the search does, once."""
    page = reader.open(own_server.url + next(iter(articles())), SAVE_DATA)
    page.wait_for_load_state("networkidle")
    assert own_server.requests("search/search_index.json") == []
    query = page.locator("[data-md-component=search-query]")
    query.focus()
    query.press_sequentially("bandwidth")
    expect(page.locator(".md-search-result__item").first).to_be_visible()
    query.blur()
    query.focus()
    assert len(own_server.requests("search/search_index.json")) == 1
