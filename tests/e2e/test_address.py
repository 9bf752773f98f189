"""The address carries the state of every calculator, and restores it."""

import random
import re
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from playwright.sync_api import expect

from hwcalc import calculator
from tests.e2e.blog import articles
from tests.e2e.cases import accepted, drawn, listed, place_of
from tests.e2e.conftest import Reader
from tests.e2e.page import defaults, expect_answer, field, form, move, native, shown, wait_live
from tests.e2e.server import StaticServer

# Browsers other than Chromium have no permission for the clipboard that a test could grant.
CLIPBOARD = """
Object.defineProperty(navigator, "clipboard", {
  value: { writeText: async (text) => { window.copied = text; } },
});
"""


def some_inputs(identifier: str) -> dict[str, Any]:
    """Return inputs of a reader who moved every control, valid for the model, too."""
    chance = random.Random(f"{identifier} in an address")
    for _ in range(2000):  # of random ends of a range half are the wrong way round
        inputs = {control["name"]: drawn(control, chance) for control in listed(identifier)}
        if accepted(identifier, inputs):
            return inputs
    raise AssertionError(f"{identifier} refuses everything")


def query(identifier: str, inputs: dict[str, Any]) -> str:
    """Return inputs as an address has them."""
    words = {True: "true", False: "false"}
    return "&".join(
        f"{identifier}.{name}={quote(words[v] if isinstance(v, bool) else str(v))}"
        for name, v in inputs.items()
    )


@pytest.mark.parametrize("address", articles())
def test_pasted_address_restores_every_calculator(
    reader: Reader, server: StaticServer, address: str
) -> None:
    """Somebody else's link shows their controls and results, wherever on the page they are."""
    wanted = {each: some_inputs(each) for each in articles()[address]}
    parts = "&".join(query(*each) for each in wanted.items())
    page = reader.open(f"{server.url}{address}?{parts}")
    for identifier, inputs in wanted.items():
        wait_live(page, identifier)
        expect_answer(page, identifier, inputs)
        for name, value in inputs.items():
            control = field(page, identifier, name)
            if isinstance(value, bool):
                assert control.is_checked() == value
            else:
                assert control.input_value() == value


def test_unknown_names_are_named(reader: Reader, server: StaticServer) -> None:
    """A link with a control that is gone says so, and uses what it can; others' keys are left."""
    address, identifier, name = place_of(calculator.Slider)
    low = f"{calculator.load(identifier).controls[name].low:g}"  # type: ignore[union-attr]
    page = reader.open(f"{server.url}{address}?utm=1&{identifier}.gone=1&{identifier}.{name}={low}")
    wait_live(page, identifier)
    expect(form(page, identifier).locator(".hwcalc-status")).to_contain_text("gone")
    expect_answer(page, identifier, {name: low})
    assert "utm=1" in page.url


@pytest.mark.parametrize("kind", [calculator.Slider, calculator.Choice, calculator.Toggle])
def test_bad_values_get_a_message(reader: Reader, server: StaticServer, kind: type) -> None:
    """A link with a value that is none shows Python's message at its control; moving it helps."""
    address, identifier, name = place_of(kind)
    page = reader.open(f"{server.url}{address}?{identifier}.{name}=nonsense")
    wait_live(page, identifier)
    expected = native(identifier, {**defaults(page, identifier), name: "nonsense"})["errors"]
    assert name in expected
    assert shown(page, identifier)["errors"] == expected
    control = field(page, identifier, name)
    if kind is calculator.Slider:
        control.fill(f"{defaults(page, identifier)[name]:g}")
    elif kind is calculator.Choice:
        control.select_option(index=0)
    else:
        control.press("Space")
    expect(form(page, identifier).locator(".hwcalc-error:visible")).to_have_count(0)


def test_a_switch_is_spelled_as_in_python(reader: Reader, server: StaticServer) -> None:
    """On, off, yes and no move a switch as true and false do: the page shows what it answers."""
    address, identifier, name = place_of(calculator.Toggle)
    page = reader.open(f"{server.url}{address}")
    start = defaults(page, identifier)[name]
    for word in ("off", "no") if start else ("on", "yes"):
        page = reader.open(f"{server.url}{address}?{identifier}.{name}={word}")
        wait_live(page, identifier)
        assert field(page, identifier, name).is_checked() != start
        expect_answer(page, identifier, {name: word})


def test_reset_returns_to_the_article(reader: Reader, server: StaticServer) -> None:
    """Reset restores the article's values and takes this calculator out of the address."""
    address, (first, second) = next((a, c[:2]) for a, c in articles().items() if len(c) > 1)
    moved = {each: some_inputs(each) for each in (first, second)}
    parts = "&".join(query(*each) for each in moved.items())
    page = reader.open(f"{server.url}{address}?{parts}")
    wait_live(page, first).locator("[data-action=reset]").click()
    expect_answer(page, first)
    for name, value in defaults(page, first).items():
        control = field(page, first, name)
        now = control.is_checked() if isinstance(value, bool) else control.input_value()
        assert calculator.load(first).controls[name].read(now) == value
    expect(page).not_to_have_url(re.compile(rf"[?&]{first}\."))
    # The other calculator keeps its own state.
    expect(page).to_have_url(re.compile(rf"[?&]{second}\."))
    wait_live(page, second)
    expect_answer(page, second, moved[second])


def test_copied_link_restores_this_state(
    reader: Reader, server: StaticServer, browser_name: str
) -> None:
    """The link names all controls, so it keeps its meaning when an article's values change."""
    address, identifier, _ = place_of(calculator.Slider)
    inputs = some_inputs(identifier)
    real = browser_name == "chromium"
    permissions = ["clipboard-read", "clipboard-write"] if real else None
    page = reader.open(server.url + address, "" if real else CLIPBOARD, permissions=permissions)
    wait_live(page, identifier)
    expected = native(identifier, inputs, shown(page, identifier)["prose"])
    assert move(page, identifier, inputs, expected) == expected
    form(page, identifier).locator("[data-action=link]").click()
    expect(form(page, identifier).locator(".hwcalc-status")).to_have_text("Link copied.")
    link = page.evaluate("navigator.clipboard.readText()" if real else "window.copied")
    assert dict(parse_qsl(urlsplit(link).query)).keys() == {f"{identifier}.{n}" for n in inputs}
    other = reader.open(link)
    wait_live(other, identifier)
    expect_answer(other, identifier, inputs)
    expect(form(other, identifier)).to_be_in_viewport()


def test_link_is_shown_where_the_clipboard_is_closed(reader: Reader, server: StaticServer) -> None:
    """Without a clipboard the link can be copied by hand."""
    address, identifier, _ = place_of(calculator.Slider)
    page = reader.open(
        server.url + address,
        'Object.defineProperty(navigator, "clipboard", { value: undefined });',
    )
    wait_live(page, identifier).locator("[data-action=link]").click()
    status = form(page, identifier).locator(".hwcalc-status")
    expect(status).to_contain_text(f"?{identifier}.")
    expect(status).to_contain_text(server.url + address)
