"""Going from page to page keeps Python, and every page keeps its own state."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from hwcalc.calculator import Slider
from tests.e2e.blog import articles
from tests.e2e.cases import place_of
from tests.e2e.conftest import Reader
from tests.e2e.page import expect_answer, field, form, slider_of, wait_live
from tests.e2e.server import StaticServer

# Set once per document: whoever still finds it has not loaded a new one.
MARK = "window.sameDocument = true"


def follow(page: Page, selector: str, address: str) -> None:
    """Click a link of the page and wait until its page is there, without a new document."""
    page.locator(selector).first.click()
    page.wait_for_url(re.compile(re.escape(address)))
    expect(page.locator("form.hwcalc").first).to_be_attached()
    assert page.evaluate("window.sameDocument") is True


def test_instant_navigation_keeps_python(reader: Reader, own_server: StaticServer) -> None:
    """From article to article by the page's own links: one worker, one download, all alive."""
    first, second = list(articles())[:2]
    page = reader.page()
    started: list[str] = []
    page.on("worker", lambda worker: started.append(worker.url))
    page.goto(own_server.url + first)
    page.evaluate(MARK)
    for identifier in articles()[first]:
        wait_live(page, identifier)
    # By the listing, as readers go.
    page.locator("a.md-logo").first.click()
    expect(page.locator(f'a[href$="{second}"]').first).to_be_visible()
    follow(page, f'a[href$="{second}"]', second)
    for identifier in articles()[second]:
        wait_live(page, identifier)
        expect_answer(page, identifier)
    assert len([url for url in started if "assets/hwcalc/" in url]) == 1
    assert len(own_server.requests("*.wasm")) == 1
    assert len(own_server.requests("*/hwcalc.*.data")) == 1


def test_going_back_finds_the_state_again(reader: Reader, server: StaticServer) -> None:
    """Back and forward restore what the reader moved; no page takes the other's address along."""
    first, identifier, name = place_of(Slider)
    second = next(each for each in articles() if each != first)
    page = reader.open(server.url + first)
    page.evaluate(MARK)
    wait_live(page, identifier)
    slider_of(page, identifier, name).press("End")
    moved = {name: field(page, identifier, name).input_value()}
    expect_answer(page, identifier, moved)
    expect(page).to_have_url(re.compile(rf"\?.*{identifier}\.{name}="))
    here = page.url
    page.locator("a.md-logo").first.click()
    expect(page.locator(f'a[href$="{second}"]').first).to_be_visible()
    assert urlsplit(page.url).query == ""
    follow(page, f'a[href$="{second}"]', second)
    assert urlsplit(page.url).query == ""
    wait_live(page, articles()[second][0])
    page.go_back()
    page.go_back()
    expect(form(page, identifier)).to_be_attached()
    expect(page).to_have_url(here)
    wait_live(page, identifier)
    expect_answer(page, identifier, moved)
    assert field(page, identifier, name).input_value() == moved[name]
    page.go_forward()
    page.go_forward()
    expect(form(page, articles()[second][0])).to_be_attached()
    wait_live(page, articles()[second][0])


def test_answer_for_a_page_that_was_left_is_dropped(reader: Reader, server: StaticServer) -> None:
    """Who moves a slider and leaves at once disturbs neither the next page nor its address."""
    first, identifier, name = place_of(Slider)
    second = next(each for each in articles() if each != first)
    page = reader.open(server.url + first)
    page.evaluate(MARK)
    wait_live(page, identifier)
    # In one task: the move is made, its answer and its address are still to come.
    page.evaluate(
        """
        ([id, name]) => {
          const slider = document.querySelector(`#hwcalc-${id} input[data-for="${name}"]`);
          slider.value = slider.max;
          slider.dispatchEvent(new Event("input", { bubbles: true }));
          document.querySelector("a.md-logo").click();
        }
        """,
        [identifier, name],
    )
    expect(page.locator(f'a[href$="{second}"]').first).to_be_visible()
    page.wait_for_timeout(500)
    assert urlsplit(page.url).query == ""
    follow(page, f'a[href$="{second}"]', second)
    for each in articles()[second]:
        wait_live(page, each)
        expect_answer(page, each)


def test_link_in_the_text_moves_its_calculator(reader: Reader, server: StaticServer) -> None:
    """An experiment in the text, a link with a state, is made in place and leaves other moves."""
    address, identifier, name = place_of(Slider)
    other = next(each for each in articles()[address] if each != identifier)
    page = reader.open(server.url + address)
    page.evaluate(MARK)
    wait_live(page, identifier)
    wait_live(page, other)
    slider = slider_of(page, identifier, name)
    highest = slider.get_attribute("data-high") or ""
    page.evaluate(
        """
        ([id, query]) => {
          const link = document.createElement("a");
          link.href = new URL(query, location.href).href;
          link.textContent = "An experiment";
          link.id = "experiment";
          document.getElementById(`hwcalc-${id}`).before(link);
        }
        """,
        [identifier, f"?{identifier}.{name}={highest}"],
    )
    page.locator("#experiment").click()
    expect_answer(page, identifier, {name: highest})
    expect(page).to_have_url(re.compile(rf"\?.*{identifier}\.{name}={highest}"))
    assert page.evaluate("window.sameDocument") is True
    expect_answer(page, other)
