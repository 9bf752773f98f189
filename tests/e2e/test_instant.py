"""A moved control is answered at once, before Python is there; Python comes in five requests."""

import inspect
from functools import cache
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from hwcalc import calculator
from hwcalc.calculator import Quantity, Slider, Verdict
from tests.e2e.blog import articles
from tests.e2e.cases import accepted
from tests.e2e.conftest import Reader
from tests.e2e.page import defaults, field, form, move, native, shown, wait_live
from tests.e2e.server import Fault, StaticServer
from tests.e2e.test_start import SAVE_DATA

LATE = Fault(delay=12)
PLACES = [(address, each) for address, found in articles().items() for each in found]
# Sends what a mouse does: any position of the slider, between the places of its sweep, too.
DRAG = """
(slider, share) => {
  slider.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
  slider.value = Number(slider.min) + share * (slider.max - slider.min);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  slider.dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
}
"""


def swept(page: Page, identifier: str) -> Locator:
    """Bring a calculator into view and wait for its sweeps; return its form."""
    found = form(page, identifier)
    with page.expect_response(lambda answer: f"/sweeps/{identifier}." in answer.url) as response:
        found.scroll_into_view_if_needed()
    response.value.finished()
    return found


def texts(identifier: str, inputs: dict[str, Any]) -> dict[str, str]:
    """Return what Python says of the quantities and verdicts."""
    answer = calculator.load(identifier).run(inputs)
    return {r.name: r.text for r in answer.results if isinstance(r, Quantity | Verdict)}


def expect_ahead(page: Page, identifier: str, name: str) -> None:
    """The page must say what Python says of the control's value, while Python is not there."""
    state = {**defaults(page, identifier), name: field(page, identifier, name).input_value()}
    expected = texts(identifier, state)
    expect(form(page, identifier)).not_to_have_class("hwcalc-waiting")
    now = shown(page, identifier)
    assert {key: now["results"][key] for key in expected} == expected
    told = native(identifier, state, now["prose"])
    assert now["prose"] == told["prose"]
    assert now["notes"] == told["notes"]
    assert form(page, identifier).get_attribute("data-state") != "live"


@cache
def sliders(identifier: str) -> list[str]:
    """Return the names of a calculator's sliders that may go to both ends, the others as set."""
    return [
        name
        for name, control in calculator.load(identifier).controls.items()
        if isinstance(control, Slider)
        and accepted(identifier, {name: control.low})
        and accepted(identifier, {name: control.high})
    ]


def at_end(identifier: str, name: str) -> dict[str, Any]:
    """Return the inputs with a slider at its end."""
    control = calculator.load(identifier).controls[name]
    assert isinstance(control, Slider)
    return {name: control.high}


# A generator works in slices, because it takes long; nothing can answer for it.
MOVED = [
    place
    for place in PLACES
    if sliders(place[1]) and not inspect.isgeneratorfunction(calculator.load(place[1]).function)
]


@pytest.mark.parametrize(("address", "identifier"), dict(reversed(MOVED)).items())
def test_one_moved_slider_is_answered_before_python(
    reader: Reader, own_server: StaticServer, address: str, identifier: str
) -> None:
    """Dragged or by keys, a slider stands where the answer is exact, and the page tells it.

    With the first calculator of each article; what the files hold is tested for all of them.
    """
    own_server.faults["*.wasm"] = LATE
    page = reader.open(own_server.url + address)
    calculator_form = swept(page, identifier)
    name = sliders(identifier)[0]
    slider = calculator_form.locator(f'input[type=range][data-for="{name}"]')
    # The first answer may have to wait for the file to be read.
    expect(calculator_form).to_have_attribute("data-state", "loading")
    slider.evaluate(DRAG, 0.31)
    expect_ahead(page, identifier, name)
    slider.evaluate(DRAG, 0.83)
    expect_ahead(page, identifier, name)
    for key in ("End", "ArrowLeft", "ArrowLeft", "Home", "ArrowRight"):
        before = field(page, identifier, name).input_value()
        slider.press(key)
        assert field(page, identifier, name).input_value() != before
        expect_ahead(page, identifier, name)


def test_what_is_not_swept_waits(reader: Reader, own_server: StaticServer) -> None:
    """Two moved controls keep the numbers and look as of before, until Python is there."""
    own_server.faults["*.wasm"] = LATE
    address, identifier, first, second = next(
        (address, each, *sliders(each)[:2])
        for address, each in MOVED
        if len(sliders(each)) > 1 and texts(each, {}) != texts(each, at_end(each, sliders(each)[0]))
    )
    page = reader.open(own_server.url + address)
    found = swept(page, identifier)
    before = shown(page, identifier)
    found.locator(f'input[type=range][data-for="{first}"]').press("End")
    expect_ahead(page, identifier, first)
    ahead = shown(page, identifier)
    assert ahead["results"] != before["results"]
    found.locator(f'input[type=range][data-for="{second}"]').press("Home")
    assert shown(page, identifier)["results"] == ahead["results"]
    assert "hwcalc-waiting" in (found.get_attribute("class") or "")
    # Python answers the state that is there by then.
    state = defaults(page, identifier) | {
        name: field(page, identifier, name).input_value() for name in (first, second)
    }
    expected = native(identifier, state, before["prose"])
    assert move(page, identifier, {}, expected) == expected
    expect(found).to_have_attribute("data-state", "live")
    assert "hwcalc-" not in (found.get_attribute("class") or "").replace("hwcalc ", "")


def test_sweeps_answer_where_python_cannot(reader: Reader, own_server: StaticServer) -> None:
    """Python that fails leaves a calculator that still answers single moves."""
    reader.expected = "^(error|warning): "
    own_server.faults["*.wasm"] = Fault(status=404)
    address, identifier = MOVED[0]
    name = sliders(identifier)[0]
    page = reader.open(own_server.url + address)
    found = swept(page, identifier)
    expect(found).to_have_attribute("data-state", "failed")
    found.locator(f'input[type=range][data-for="{name}"]').press("End")
    expect_ahead(page, identifier, name)


def test_a_failed_sweep_only_costs_time(reader: Reader, own_server: StaticServer) -> None:
    """Without its sweeps a calculator waits for Python, as if it had none."""
    reader.expected = "404"
    own_server.faults["*/sweeps/*"] = Fault(status=404)
    address, identifier = MOVED[0]
    name = sliders(identifier)[0]
    page = reader.open(own_server.url + address)
    form(page, identifier).scroll_into_view_if_needed()
    form(page, identifier).locator(f'input[type=range][data-for="{name}"]').press("End")
    wait_live(page, identifier)
    state = {**defaults(page, identifier), name: field(page, identifier, name).input_value()}
    expected = native(identifier, state, shown(page, identifier)["prose"])
    assert move(page, identifier, {}, expected) == expected


def test_who_saves_data_downloads_no_sweeps(reader: Reader, own_server: StaticServer) -> None:
    """What answers the first move comes with the first touch."""
    page = reader.open(own_server.url + PLACES[0][0], SAVE_DATA)
    page.locator("form.hwcalc").first.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    assert own_server.requests("*/sweeps/*") == []


def test_the_mark_in_the_curve_follows_the_slider(reader: Reader, own_server: StaticServer) -> None:
    """The curve under a slider says where its value stands."""
    page = reader.open(own_server.url + PLACES[0][0])
    track = page.locator(".hwcalc-track:visible").first
    track.scroll_into_view_if_needed()
    track.locator("input").press("End")
    assert track.locator("line").get_attribute("x1") == "100.00"
    track.locator("input").press("Home")
    assert track.locator("line").get_attribute("x1") == "0.00"
    assert track.locator("svg").get_attribute("aria-hidden") == "true"


def test_python_comes_in_five_requests_at_once(reader: Reader, own_server: StaticServer) -> None:
    """Library, wheel and scripts are on their way while WebAssembly is; nothing comes twice."""
    own_server.faults["*.wasm"] = Fault(delay=4)
    address, identifier = MOVED[0]
    page = reader.open(own_server.url + address)
    wait_live(page, identifier)
    # Answers are logged when they are sent, so WebAssembly's is the last.
    asked = [
        each.path.rpartition("/")[2]
        for each in own_server.log
        if each.path.endswith(".data") or "/pyodide" in each.path
    ]
    assert asked[-1] == "pyodide.asm.wasm"
    assert len(asked) == len(set(asked)) == 5


# Every number that stood in the page, from now on.
WATCHED = """
(form) => {
  window.seen = [];
  const text = (name) => form.querySelector(`output[name=${name}]`).textContent;
  const read = () => ["done", "all"].map(text);
  new MutationObserver(() => window.seen.push(read().join("/")))
    .observe(form, { subtree: true, characterData: true, childList: true });
}
"""


def test_a_long_calculation_is_shown_as_it_goes(reader: Reader, workshop: StaticServer) -> None:
    """What is known so far appears, the end is Python's answer."""
    page = reader.open(workshop.url)
    gradual = wait_live(page, "gradual")
    gradual.evaluate(WATCHED)
    field(page, "gradual", "steps").fill("50")
    expect(gradual.locator('output[name="done"]')).to_have_text("50")
    expect(gradual).to_have_attribute("aria-busy", "false")
    seen = page.evaluate("window.seen")
    on_the_way = [each for each in seen if each.endswith("/50") and each != "50/50"]
    assert len(on_the_way) > 5, seen


def test_the_next_question_ends_a_long_calculation(reader: Reader, workshop: StaticServer) -> None:
    """Nobody waits for an answer that no control asks for any more."""
    page = reader.open(workshop.url)
    gradual = wait_live(page, "gradual")
    gradual.evaluate(WATCHED)
    field(page, "gradual", "steps").fill("60")
    expect(gradual.locator('output[name="all"]')).to_have_text("60")
    field(page, "gradual", "steps").fill("3")
    expect(gradual.locator('output[name="done"]')).to_have_text("3")
    expect(gradual.locator('output[name="all"]')).to_have_text("3")
    page.wait_for_timeout(1500)
    assert page.evaluate("window.seen").count("60/60") == 0
    assert gradual.locator('output[name="done"]').text_content() == "3"
