"""A calculator in a page, as a test sees and moves it, and what Python says without a page."""

import json
import re
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Locator, Page, expect

from hwcalc import calculator
from hwcalc.calculator import InputError, Quantity

# Everything a calculator shows: results, notes, values in prose, messages.
SHOWN = """
(id) => {
  const form = document.querySelector(`form.hwcalc[data-calculator="${id}"]`);
  const shown = { results: {}, notes: {}, prose: {}, errors: {} };
  for (const output of form.querySelectorAll("output[name]"))
    shown.results[output.name] =
      output.querySelector("table") ? output.innerText : output.textContent;
  for (const note of form.querySelectorAll("[data-note]"))
    shown.notes[note.dataset.note] = note.hidden ? "" : note.textContent;
  for (const value of document.querySelectorAll(`output.hwcalc-value[data-calculator="${id}"]`)) {
    const other = shown.prose[value.name] ?? value.textContent;
    shown.prose[value.name] = other === value.textContent ? other : "two different texts";
  }
  for (const error of form.querySelectorAll(".hwcalc-error:not([hidden])"))
    shown.errors[error.closest("[data-control]")?.dataset.control ?? ""] = error.textContent;
  return shown;
}
"""
# Gives every control its value as typing or choosing would, then looks until the page shows what
# is expected; if it never does, the last sight is returned.
MOVE = """
async ({ id, inputs, expected, limit }) => {
  const form = document.querySelector(`form.hwcalc[data-calculator="${id}"]`);
  for (const [name, value] of Object.entries(inputs)) {
    const control = form.elements[name];
    if (control.type === "checkbox") control.checked = value;
    else control.value = value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const look = LOOK;
  const end = performance.now() + limit;
  for (;;) {
    const shown = look(id);
    const same = Object.entries(expected).every(([part, texts]) =>
      Object.keys({ ...texts, ...shown[part] }).every((n) => shown[part][n] === texts[n]));
    if (same || performance.now() > end) return shown;
    await new Promise((done) => setTimeout(done, 15));
  }
}
""".replace("LOOK", SHOWN.strip())


def form(page: Page, identifier: str) -> Locator:
    """Return the calculator's form."""
    return page.locator(f'form.hwcalc[data-calculator="{identifier}"]')


def field(page: Page, identifier: str, control: str) -> Locator:
    """Return a control of a calculator: its number field, list or switch."""
    return form(page, identifier).locator(f'[name="{control}"]:not(output)')


def wait_live(page: Page, identifier: str) -> Locator:
    """Bring the calculator into view, wait until Python has answered, and return its form."""
    found = form(page, identifier)
    found.scroll_into_view_if_needed()
    expect(found).to_have_attribute("data-state", "live")
    return found


def shown(page: Page, identifier: str) -> dict[str, dict[str, str]]:
    """Return the texts of a calculator: results, notes, values in prose, messages."""
    found: dict[str, dict[str, str]] = page.evaluate(SHOWN, identifier)
    return found


def move(
    page: Page,
    identifier: str,
    inputs: Mapping[str, Any],
    expected: Mapping[str, Mapping[str, str]],
) -> dict[str, dict[str, str]]:
    """Set controls, and return what the page shows once it is as expected, or at last."""
    question = {"id": identifier, "inputs": inputs, "expected": expected, "limit": 30_000}
    found: dict[str, dict[str, str]] = page.evaluate(MOVE, question)
    return found


def slider_of(page: Page, identifier: str, control: str) -> Locator:
    """Return the slider beside a number field."""
    return form(page, identifier).locator(f'input[type=range][data-for="{control}"]')


def nudge(slider: Locator) -> None:
    """Move a slider by one step, away from its end if it stands there."""
    before = slider.input_value()
    slider.press("ArrowRight")
    if slider.input_value() == before:
        slider.press("ArrowLeft")


def native(
    identifier: str, inputs: Mapping[str, Any], prose: Mapping[str, str] | None = None
) -> dict[str, dict[str, str]]:
    """Return what the page must show for these inputs, in the words of Python on this machine.

    The inputs are valid or a mistake of the reader, which leaves its message alone.
    """
    tool = calculator.load(identifier)
    try:
        answer = tool.run(inputs)
    except InputError as error:
        return {"errors": {error.control or "": str(error)}}
    spoken = {result.name: result.text for result in answer.results}
    spoken |= {name: tool.controls[name].text(value) for name, value in answer.inputs.items()}
    notes = {
        result.name: " · ".join(filter(None, (result.accuracy, result.note)))
        for result in answer.results
        if isinstance(result, Quantity)
    }
    return {
        "results": {result.name: result.text for result in answer.results},
        "notes": notes,
        "prose": {name: spoken[name] for name in prose or {}},
        "errors": {},
    }


def defaults(page: Page, identifier: str) -> dict[str, Any]:
    """Return the values the article starts its calculator with."""
    found: dict[str, Any] = json.loads(form(page, identifier).get_attribute("data-defaults") or "")
    return found


def expect_answer(page: Page, identifier: str, moved: Mapping[str, Any] | None = None) -> None:
    """Wait until the page shows what Python says for the article's values, except those moved."""
    inputs = {**defaults(page, identifier), **(moved or {})}
    expected = native(identifier, inputs, shown(page, identifier)["prose"])
    assert move(page, identifier, {}, expected) == expected


def expect_as_written(page: Page, identifier: str) -> None:
    """Wait until a calculator shows what the article's values give, and the address is clean."""
    expect_answer(page, identifier)
    expect(page).not_to_have_url(re.compile(rf"[?&]{identifier}\."))
