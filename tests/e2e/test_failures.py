"""Whatever fails, the last good numbers stay, the reader is told, and can try again."""

import pytest
from playwright.sync_api import Locator, Page, expect

from hwcalc.calculator import Slider
from tests.e2e.cases import place_of
from tests.e2e.conftest import Reader
from tests.e2e.page import expect_answer, field, form, shown, slider_of, wait_live
from tests.e2e.server import Fault, StaticServer
from tests.e2e.test_privacy import STRICT

# Browser, Pyodide and our script report a failed download in the console; nothing is left uncaught.
REPORTED = "^(error|warning): "
SECONDS = 20_000

BROKEN = {
    "wasm missing": ("*.wasm", Fault(status=404)),
    "wasm of a wrong type": ("*.wasm", Fault(content_type="application/octet-stream")),
    "wasm damaged": ("*.wasm", Fault(corrupt=True)),
    "wasm cut off": ("*.wasm", Fault(drop=True)),
    "library missing": ("*/stdlib.*.data", Fault(status=404)),
    "library damaged": ("*/stdlib.*.data", Fault(corrupt=True)),
    "library cut off": ("*/stdlib.*.data", Fault(drop=True)),
    "wheel missing": ("*/hwcalc.*.data", Fault(status=404)),
    "wheel damaged": ("*/hwcalc.*.data", Fault(corrupt=True)),
    "Pyodide missing": ("*/pyodide.mjs", Fault(status=404)),
    "Pyodide's glue missing": ("*/pyodide.asm.mjs", Fault(status=404)),
    "Pyodide's glue damaged": ("*/pyodide.asm.mjs", Fault(corrupt=True)),
    "worker missing": ("*/worker.*.mjs", Fault(status=404)),
    "worker cut off": ("*/worker.*.mjs", Fault(drop=True)),
    "server overloaded": ("assets/hwcalc/*.data", Fault(status=503)),
}


def retry(calculator: Locator) -> Locator:
    """Return the button that tries again."""
    return calculator.locator("[data-action=retry]")


def show(page: Page, identifier: str) -> Locator:
    """Bring a calculator into view."""
    found = form(page, identifier)
    found.scroll_into_view_if_needed()
    return found


@pytest.mark.parametrize("what", BROKEN)
def test_failed_download(reader: Reader, own_server: StaticServer, what: str) -> None:
    """The numbers of the article stay with a message, and trying again works once it can."""
    reader.expected = REPORTED
    pattern, fault = BROKEN[what]
    own_server.faults[pattern] = fault
    address, identifier, _ = place_of(Slider)
    page = reader.open(own_server.url + address)
    before = shown(page, identifier)
    calculator = show(page, identifier)
    expect(calculator).to_have_attribute("data-state", "failed", timeout=SECONDS)
    expect(calculator.locator(".hwcalc-status")).to_contain_text("last good")
    assert shown(page, identifier) == before
    own_server.faults.clear()
    retry(calculator).click()
    expect(calculator).to_have_attribute("data-state", "live")
    expect(calculator.locator(".hwcalc-status")).to_have_text("")
    expect(retry(calculator)).to_be_hidden()
    assert shown(page, identifier) == before


def test_policy_that_forbids_webassembly(reader: Reader, own_server: StaticServer) -> None:
    """Where a server's policy lets no WebAssembly run, the reader is told; the numbers stay."""
    reader.expected = REPORTED
    forbidding = STRICT.replace(" 'wasm-unsafe-eval'", "")
    assert forbidding != STRICT
    own_server.headers["Content-Security-Policy"] = forbidding
    address, identifier, _ = place_of(Slider)
    page = reader.open(own_server.url + address)
    before = shown(page, identifier)
    calculator = show(page, identifier)
    expect(calculator).to_have_attribute("data-state", "failed", timeout=SECONDS)
    expect(calculator.locator(".hwcalc-status")).to_contain_text("last good")
    expect(retry(calculator)).to_be_visible()
    assert shown(page, identifier) == before


def test_download_that_takes_for_ever(reader: Reader, own_server: StaticServer) -> None:
    """After a minute and a half without Python the reader is told, and may try again."""
    reader.expected = REPORTED
    own_server.faults["*.wasm"] = Fault(delay=30)
    address, identifier, _ = place_of(Slider)
    page = reader.page()
    page.clock.install()
    page.goto(own_server.url + address)
    before = shown(page, identifier)
    calculator = show(page, identifier)
    expect(calculator).to_have_attribute("data-state", "loading")
    page.clock.fast_forward("01:20")
    expect(calculator).to_have_attribute("data-state", "loading")
    page.clock.fast_forward("00:15")
    expect(calculator).to_have_attribute("data-state", "failed", timeout=SECONDS)
    expect(calculator.locator(".hwcalc-status")).to_contain_text("too long")
    assert shown(page, identifier) == before
    own_server.faults.clear()
    retry(calculator).click()
    expect(calculator).to_have_attribute("data-state", "live")


def test_retry_may_fail_again(reader: Reader, own_server: StaticServer) -> None:
    """A second failure is told as the first; what the reader moved is answered at last."""
    reader.expected = REPORTED
    own_server.faults["*.wasm"] = Fault(status=404)
    address, identifier, name = place_of(Slider)
    page = reader.open(own_server.url + address)
    calculator = show(page, identifier)
    for _ in range(2):
        expect(calculator).to_have_attribute("data-state", "failed", timeout=SECONDS)
        tries = len(own_server.requests("*.wasm"))
        retry(calculator).click()
        expect(calculator).to_have_attribute("data-state", "failed", timeout=SECONDS)
        assert len(own_server.requests("*.wasm")) > tries
    own_server.faults.clear()
    # Moving a control tries again, too.
    slider_of(page, identifier, name).press("End")
    expect(calculator).to_have_attribute("data-state", "live")
    expect_answer(page, identifier, {name: field(page, identifier, name).input_value()})


def test_everything_works_offline_once_loaded(reader: Reader, own_server: StaticServer) -> None:
    """After Python has come, a reader in a tunnel goes on calculating; charts come along."""
    address, identifier, name = place_of(Slider)
    page = reader.open(own_server.url + address)
    wait_live(page, identifier)
    slider = slider_of(page, identifier, name)
    slider.press("ArrowRight")
    expect(form(page, identifier).locator(".hwcalc-live svg").first).to_be_attached()
    page.context.set_offline(True)
    own_server.close()
    slider.press("End")
    expect_answer(page, identifier, {name: field(page, identifier, name).input_value()})
    expect(form(page, identifier)).to_have_attribute("data-state", "live")


def test_missing_chart_library_costs_the_chart_only(
    reader: Reader, own_server: StaticServer
) -> None:
    """Numbers go on without the chart's script; a later move fetches it."""
    reader.expected = REPORTED
    own_server.faults["*/charts.*.mjs"] = Fault(status=404)
    address, identifier, name = place_of(Slider)
    page = reader.open(own_server.url + address)
    wait_live(page, identifier)
    drawing = form(page, identifier).locator(".hwcalc-live svg")
    slider = slider_of(page, identifier, name)
    slider.press("End")
    expect_answer(page, identifier, {name: field(page, identifier, name).input_value()})
    expect(drawing).to_have_count(0)
    expect(form(page, identifier).locator(".hwcalc-chart svg:visible").first).to_be_visible()
    own_server.faults.clear()
    slider.press("Home")
    expect(drawing.first).to_be_attached()


def test_bug_in_a_calculator(reader: Reader, workshop: StaticServer) -> None:
    """A bug keeps the last good numbers, is told and logged; other values and others still work."""
    reader.expected = "^error: .*ZeroDivisionError"
    page = reader.open(workshop.url)
    fragile, sound = wait_live(page, "fragile"), wait_live(page, "sound")
    output = fragile.locator('output[name="inverse"]')
    before = output.text_content()
    field(page, "fragile", "size").fill("7")
    expect(fragile).to_have_attribute("data-state", "failed")
    expect(fragile.locator(".hwcalc-status")).to_contain_text("last good")
    expect(output).to_have_text(before or "", use_inner_text=False)
    field(page, "sound", "size").fill("4")
    expect(sound.locator('output[name="double"]')).to_have_text("8")
    expect(sound).to_have_attribute("data-state", "live")
    # Trying the same again fails again; a value without the bug is answered.
    retry(fragile).click()
    expect(fragile).to_have_attribute("data-state", "failed")
    field(page, "fragile", "size").fill("9")
    expect(fragile).to_have_attribute("data-state", "live")
    expect(output).to_have_text("0.500")
    expect(fragile.locator(".hwcalc-status")).to_have_text("")
    expect(retry(fragile)).to_be_hidden()


def test_module_that_the_small_library_lacks(reader: Reader, workshop: StaticServer) -> None:
    """Python starts over with the full library, once, and answers; the others go on."""
    page = reader.open(workshop.url)
    absent = wait_live(page, "absent")
    assert workshop.requests("*/stdlib-full.*") == []
    field(page, "absent", "size").fill("7")
    # colorsys.rgb_to_hsv(0.7, 0.5, 0.25) has the hue 0.25/0.45/6.
    expect(absent.locator('output[name="hue"]')).to_have_text("0.0926")
    expect(absent).to_have_attribute("data-state", "live")
    assert len(workshop.requests("*/stdlib-full.*")) == 1
    field(page, "sound", "size").fill("4")
    expect(form(page, "sound").locator('output[name="double"]')).to_have_text("8")
    field(page, "absent", "size").fill("3")
    expect(absent.locator('output[name="hue"]')).to_have_text("0.300")
    assert len(workshop.requests("*/stdlib-full.*")) == 1


def test_full_library_can_fail_too(reader: Reader, workshop: StaticServer) -> None:
    """When starting over fails, the message and the last good numbers are there all the same."""
    reader.expected = REPORTED
    workshop.faults["*/stdlib-full.*"] = Fault(status=404)
    page = reader.open(workshop.url)
    absent = wait_live(page, "absent")
    field(page, "absent", "size").fill("7")
    expect(absent).to_have_attribute("data-state", "failed", timeout=SECONDS)
    expect(absent.locator('output[name="hue"]')).to_have_text("0.200")
    workshop.faults.clear()
    retry(absent).click()
    expect(absent.locator('output[name="hue"]')).to_have_text("0.0926")
    expect(absent).to_have_attribute("data-state", "live")


def test_mistake_that_only_the_model_sees(reader: Reader, workshop: StaticServer) -> None:
    """A rule between several controls is told for the calculator; results of all kinds stay."""
    page = reader.open(workshop.url)
    sound = wait_live(page, "sound")
    before = shown(page, "sound")["results"]
    field(page, "sound", "size").fill("5")
    expect(sound.locator(".hwcalc-error-all")).to_have_text("size = 5: needs shade.")
    assert shown(page, "sound")["results"] == before
    picture = sound.locator(".hwcalc-image img")
    old = picture.get_attribute("src")
    sound.locator('label:has([name="shade"])').click()
    expect(sound.locator('output[name="double"]')).to_have_text("10")
    expect(sound.locator(".hwcalc-error-all")).to_be_hidden()
    expect(sound.locator('output[name="parity"]')).to_have_attribute("data-good", "false")
    expect(sound.locator('[data-note="double"]')).to_have_text("± 0 % · of 5")
    expect(sound.locator('output[name="picture"]')).to_have_text("5 steps of grey")
    assert picture.get_attribute("src") != old
    assert picture.evaluate("e => e.decode().then(() => [e.naturalWidth, e.naturalHeight])") == [
        5,
        2,
    ]
