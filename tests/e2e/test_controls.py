"""Mouse, keyboard and typing move a calculator: its numbers, its charts and its address."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from hwcalc import calculator
from hwcalc.calculator import Choice, Slider, Toggle
from tests.e2e.blog import articles
from tests.e2e.cases import place_of
from tests.e2e.conftest import Reader
from tests.e2e.page import (
    defaults,
    expect_answer,
    field,
    form,
    native,
    shown,
    slider_of,
    wait_live,
)
from tests.e2e.server import StaticServer

Open = Callable[[str], Page]


def state(page: Page, identifier: str) -> dict[str, Any]:
    """Return what a move should change: results and drawings."""
    return {
        "texts": shown(page, identifier)["results"],
        "drawings": form(page, identifier)
        .locator(".hwcalc-picture")
        .evaluate_all("all => all.map((e) => e.innerHTML).join()"),
    }


def expect_moved(page: Page, identifier: str, name: str, before: dict[str, Any]) -> None:
    """Wait until number, chart and address follow the control, and agree with native Python."""
    value = field(page, identifier, name).input_value()
    expect_answer(page, identifier, {name: value})
    assert shown(page, identifier)["results"] != before["texts"]
    page.wait_for_function(
        "([id, old]) => [...document.querySelectorAll(`#hwcalc-${id} .hwcalc-live`)]"
        ".some((e) => !old.includes(e.innerHTML))",
        arg=[identifier, before["drawings"]],
    )
    pattern = rf"[?&]{identifier}\.{name}={re.escape(value)}(&|#|$)"
    expect(page).to_have_url(re.compile(pattern))


def test_slider_moves_by_mouse(live_page: Open) -> None:
    """Dragging a slider changes its field, the results, the chart and the address."""
    address, identifier, name = place_of(Slider)
    page = live_page(address)
    wait_live(page, identifier)
    slider = slider_of(page, identifier, name)
    slider.scroll_into_view_if_needed()
    before, box = state(page, identifier), slider.bounding_box()
    assert box is not None
    height = box["y"] + box["height"] / 2
    position = float(slider.evaluate("e => (e.value - e.min) / (e.max - e.min)"))
    page.mouse.move(box["x"] + box["width"] * position, height)
    page.mouse.down()
    target = 0.9 if position < 0.5 else 0.1
    page.mouse.move(box["x"] + box["width"] * target, height, steps=8)
    page.mouse.up()
    reached = float(slider.evaluate("e => (e.value - e.min) / (e.max - e.min)"))
    assert reached == pytest.approx(target, abs=0.1)
    expect_moved(page, identifier, name, before)


@pytest.mark.parametrize("key", ["ArrowRight", "ArrowLeft", "Home", "End", "PageUp"])
def test_slider_moves_by_keyboard(live_page: Open, key: str) -> None:
    """Every key that moves a slider does what dragging does; the ends are the exact ones."""
    address, identifier, name = place_of(Slider)
    page = live_page(address)
    wait_live(page, identifier)
    before = state(page, identifier)
    slider_of(page, identifier, name).focus()
    page.keyboard.press(key)
    control = calculator.load(identifier).controls[name]
    assert isinstance(control, Slider)
    value = float(field(page, identifier, name).input_value())
    start = float(defaults(page, identifier)[name])
    if key in ("Home", "End"):
        assert value == (control.low if key == "Home" else control.high)
    else:
        assert (value > start) == (key != "ArrowLeft")
        assert value != start
    expect_moved(page, identifier, name, before)


@pytest.mark.parametrize("address", articles())
def test_every_slider_reaches_its_exact_ends(live_page: Open, address: str) -> None:
    """The last stop is the end, also where steps do not divide the range."""
    page = live_page(address)
    # Before Python is there a slider keeps to the places that have an answer.
    for identifier in articles()[address]:
        wait_live(page, identifier)
    ends = page.evaluate(
        """
        () => [...document.querySelectorAll("form.hwcalc input[type=range]")].map((slider) => {
          const id = slider.form.dataset.calculator, name = slider.dataset.for;
          const at = (place) => {
            slider.value = place;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            return Number(slider.form.elements[name].value);
          };
          return [id, name, at(slider.max), at(slider.min)];
        })
        """
    )
    assert ends
    for identifier, name, highest, lowest in ends:
        control = calculator.load(identifier).controls[name]
        assert isinstance(control, Slider)
        assert (lowest, highest) == (control.low, control.high), f"{identifier}.{name}"


def test_typing_moves_the_slider(live_page: Open) -> None:
    """A typed number moves the slider to it, also one between the slider's stops."""
    address, identifier, name = place_of(Slider)
    control = calculator.load(identifier).controls[name]
    assert isinstance(control, Slider)
    page = live_page(address)
    wait_live(page, identifier)
    before = state(page, identifier)
    typed = f"{control.low + (control.high - control.low) * 0.3:.0f}"
    field(page, identifier, name).fill(typed)
    expect_moved(page, identifier, name, before)
    share = float(
        slider_of(page, identifier, name).evaluate(
            "e => e.dataset.scale === 'linear' ? Number(e.value) : 2 ** e.value"
        )
    )
    # The slider stands on the stop that is next: at most one doubling away.
    assert share == pytest.approx(float(typed), rel=0.5)
    spoken = slider_of(page, identifier, name).get_attribute("aria-valuetext") or ""
    assert spoken.startswith(typed)


def test_switch_and_list_move_too(live_page: Open) -> None:
    """A toggle by its label and by the space bar, and a list, change results and address."""
    address, identifier, name = place_of(Toggle)
    page = live_page(address)
    wait_live(page, identifier)
    start = defaults(page, identifier)
    switch = field(page, identifier, name)
    form(page, identifier).locator(f'label:has([name="{name}"])').click()
    assert switch.is_checked() != start[name]
    expect_answer(page, identifier, {name: not start[name]})
    expect(page).to_have_url(re.compile(rf"{identifier}\.{name}={str(not start[name]).lower()}"))
    switch.press("Space")
    assert switch.is_checked() == start[name]
    expect(page).not_to_have_url(re.compile(r"\?"))

    address, identifier, name = place_of(Choice)
    control = calculator.load(identifier).controls[name]
    assert isinstance(control, Choice)
    page = live_page(address)
    wait_live(page, identifier)
    start = defaults(page, identifier)
    option = next(each for each in control.options if each != start[name])
    field(page, identifier, name).select_option(option)
    expect(page).to_have_url(re.compile(rf"{identifier}\.{name}={option}(&|$)"))
    expect_answer(page, identifier, {name: option})


def test_search_in_a_long_list(live_page: Open) -> None:
    """Typing words leaves the entries that have them all; one of them can be chosen; all return."""
    address, identifier, name = place_of(Choice, long=True)
    control = calculator.load(identifier).controls[name]
    assert isinstance(control, Choice)
    page = live_page(address)
    wait_live(page, identifier)
    chosen = defaults(page, identifier)[name]
    key = next(k for k in reversed(list(control.options)) if k != chosen)
    label = control.text(key)
    search = form(page, identifier).locator(f'input[type=search][data-search="{name}"]')
    search.fill(label.upper())
    options = field(page, identifier, name).locator("option")
    left = options.evaluate_all("all => all.map((o) => o.value)")
    assert key in left
    assert len(left) < len(control.options) / 2
    # Searching alone changes nothing.
    assert field(page, identifier, name).input_value() == chosen
    assert "?" not in page.url
    field(page, identifier, name).select_option(key)
    expect(page).to_have_url(re.compile(rf"{identifier}\.{name}={key}(&|$)"))
    expect_answer(page, identifier, {name: key})
    search.fill("")
    expect(options).to_have_count(len(control.options))
    assert field(page, identifier, name).input_value() == key


def test_wrong_number_is_refused_beside_its_field(live_page: Open) -> None:
    """The message is Python's, the field is marked, results stay; a right number clears it."""
    address, identifier, name = place_of(Slider)
    page = live_page(address)
    wait_live(page, identifier)
    start, before = defaults(page, identifier), shown(page, identifier)["results"]
    entry = field(page, identifier, name)
    entry.fill("many")
    place = form(page, identifier).locator(f'[data-control="{name}"]')
    message = native(identifier, {**start, name: "many"})["errors"][name]
    expect(place.locator(".hwcalc-error")).to_have_text(message)
    expect(place.locator(".hwcalc-error")).to_be_visible()
    expect(entry).to_have_attribute("aria-invalid", "true")
    assert shown(page, identifier)["results"] == before
    # A screen reader is told too, and the field names the message as its description.
    described = (entry.get_attribute("aria-describedby") or "").split()
    assert place.locator(".hwcalc-error").get_attribute("id") in described
    expect(form(page, identifier).locator(".hwcalc-announce")).to_have_text(message)
    entry.fill(f"{start[name]:g}")
    expect(place.locator(".hwcalc-error")).to_be_hidden()
    expect(entry).not_to_have_attribute("aria-invalid", "true")
    assert shown(page, identifier)["results"] == before


def test_enter_in_a_field_sends_no_form(live_page: Open) -> None:
    """The enter key leaves the reader where they are."""
    address, identifier, name = place_of(Slider)
    page = live_page(address)
    wait_live(page, identifier)
    page.evaluate("window.stayed = true")
    field(page, identifier, name).press("Enter")
    page.wait_for_timeout(300)
    assert page.evaluate("window.stayed") is True


def test_screen_readers_hear_the_outcome_once(reader: Reader, server: StaticServer) -> None:
    """After a drag the polite region says the first results; it was silent before."""
    address, identifier, name = place_of(Slider)
    page = reader.open(server.url + address)
    calculator_form = wait_live(page, identifier)
    region = calculator_form.locator(".hwcalc-announce")
    expect(region).to_have_attribute("aria-live", "polite")
    page.wait_for_timeout(1000)
    assert region.text_content() == ""
    slider_of(page, identifier, name).press("End")
    value = field(page, identifier, name).input_value()
    answer = calculator.run(identifier, **{**defaults(page, identifier), name: value})
    first = next(r for r in answer.results if r.kind in ("quantity", "verdict"))
    expect(region).to_contain_text(f"{first.label}: {first.text}")


def test_a_slider_plays_and_stops(live_page: Open) -> None:
    """A button runs it from the beginning; pressing it again stops, and so does a hand."""
    address, identifier, name = place_of(Slider, playing=True)
    page = live_page(address)
    wait_live(page, identifier)
    button = form(page, identifier).locator(f'button[data-moves="{name}"]')
    number = field(page, identifier, name)
    control = calculator.load(identifier).controls[name]
    assert isinstance(control, Slider)
    for by_hand in (False, True):
        button.click()
        expect(button).to_have_text("Stop")
        page.wait_for_function(
            "([id, name, low]) => document.getElementById(id).elements[name].value > low + 2",
            arg=[f"hwcalc-{identifier}", name, control.low],
        )
        if by_hand:
            slider_of(page, identifier, name).press("Home")
        else:
            button.click()
        expect(button).to_have_text("Play")
        stood = number.input_value()
        page.wait_for_timeout(300)
        assert number.input_value() == stood
    expect_answer(page, identifier, {name: number.input_value()})
