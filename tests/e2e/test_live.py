"""Python in the page answers every calculator, in the words of Python on this machine."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.blog import articles
from tests.e2e.cases import PLACES, draws, mistakes
from tests.e2e.conftest import Reader
from tests.e2e.page import (
    defaults,
    expect_answer,
    field,
    form,
    move,
    native,
    shown,
    wait_live,
)
from tests.e2e.server import StaticServer

Open = Callable[[str], Page]


@pytest.mark.parametrize(("address", "identifier"), PLACES)
def test_every_calculator_comes_alive(live_page: Open, address: str, identifier: str) -> None:
    """Python answers, and the answer is what the page said before."""
    page = live_page(address)
    before = shown(page, identifier)
    wait_live(page, identifier)
    assert shown(page, identifier) == before


@pytest.mark.parametrize(("address", "identifier"), PLACES)
def test_page_says_what_python_says(live_page: Open, address: str, identifier: str) -> None:
    """For ends and random inputs every text equals native Python's, to the last character."""
    page = live_page(address)
    wait_live(page, identifier)
    prose = shown(page, identifier)["prose"]
    for inputs in draws(identifier):
        expected = native(identifier, inputs, prose)
        seen = move(page, identifier, inputs, expected)
        assert {part: seen[part] for part in expected} == expected, inputs


@pytest.mark.parametrize(("address", "identifier"), PLACES)
def test_page_refuses_what_python_refuses(live_page: Open, address: str, identifier: str) -> None:
    """A mistake gets Python's message at its control, and the last results stay."""
    page = live_page(address)
    wait_live(page, identifier)
    good = defaults(page, identifier)
    kept = native(identifier, good, shown(page, identifier)["prose"])
    assert move(page, identifier, good, kept) == kept
    last = ""
    for wrong in mistakes(identifier):
        (name,) = wrong
        expected = native(identifier, {**good, **wrong})
        # One after the other: the next mistake is made before the last one is taken back.
        back = {last: good[last]} if last not in ("", name) else {}
        seen = move(page, identifier, {**wrong, **back}, expected)
        assert seen == {**kept, **expected}, wrong
        last = name
    assert move(page, identifier, good, kept) == kept


def test_calculators_of_one_page_do_not_mix(live_page: Open) -> None:
    """Two calculators asked in the same moment each get their own answer."""
    address, (first, second) = next((a, c[:2]) for a, c in articles().items() if len(c) > 1)
    page = live_page(address)
    for identifier in (first, second):
        wait_live(page, identifier)
    asked = {each: draws(each)[3] for each in (first, second)}
    page.evaluate(
        """
        (asked) => {
          for (const [id, inputs] of Object.entries(asked))
            for (const [name, value] of Object.entries(inputs)) {
              const form = document.querySelector(`form.hwcalc[data-calculator="${id}"]`);
              const control = form.elements[name];
              if (control.type === "checkbox") control.checked = value;
              else control.value = value;
              control.dispatchEvent(new Event("input", { bubbles: true }));
            }
        }
        """,
        asked,
    )
    for identifier, inputs in asked.items():
        expected = native(identifier, inputs, shown(page, identifier)["prose"])
        seen = move(page, identifier, {}, expected)
        assert {part: seen[part] for part in expected} == expected
        assert form(page, identifier).get_attribute("data-state") == "live"


def test_an_error_stays_a_link_after_a_move(reader: Reader, server: StaticServer) -> None:
    """Python's answer brings the error and its link, and takes both away where none is known."""
    page = reader.open(server.url)
    calculator = wait_live(page, "at_a_glance")
    note = calculator.locator("[data-note=speed]")
    expect(note.locator("a")).to_have_count(0)
    field(page, "at_a_glance", "work").select_option("resnet50")
    expect_answer(page, "at_a_glance", {"work": "resnet50"})
    expect(note.locator("a")).to_have_attribute("href", "reference/accuracy/")
    expect(note.locator("a")).to_have_text(re.compile(r"^±\s.*measured"))
    field(page, "at_a_glance", "work").select_option("llm-decode")
    expect_answer(page, "at_a_glance")
    expect(note.locator("a")).to_have_count(0)
