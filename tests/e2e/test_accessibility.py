"""axe-core finds nothing to complain about, in any colours, on a desk and on a phone."""

from collections.abc import Sequence
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from hwcalc.calculator import Slider
from hwcalc.web.parts import npm_parts
from tests.e2e.blog import articles
from tests.e2e.cases import place_of
from tests.e2e.conftest import Reader
from tests.e2e.page import field, form, nudge, slider_of, wait_live
from tests.e2e.server import StaticServer

PAGES = [
    "",
    "category/parallelism/",
    "category/brain/",
    "tags/",
    "archive/",
    "about/",
    "author/founders/",
    "reference/",
    "reference/models/",
    "reference/nomenclature/",
    "reference/accuracy/",
    "reference/hardware/",
    "404.html",
]
DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
# Every colour scheme and every screen once; and in all combinations, where it matters most.
DIAGONAL = [("light", DESK), ("dark", PHONE)]
ALL = [*DIAGONAL, ("dark", DESK), ("light", PHONE)]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """
async (tags) => (await axe.run({ runOnly: tags, resultTypes: ["violations"] })).violations
  .map((v) => [v.id, v.help, v.nodes.slice(0, 4).map((n) => `${n.html.slice(0, 200)} (${
    [...n.any, ...n.all, ...n.none].map((c) => c.message).join("; ")})`)])
"""
STILL = """
() => Promise.all(document.getAnimations()
  .filter((each) => each.effect.getComputedTiming().endTime !== Infinity)
  .map((each) => each.finished))
"""


def violations(page: Page, views: Sequence[tuple[str, ViewportSize]]) -> list[Any]:
    """Return what axe-core finds in colour schemes and on screens."""
    if not page.evaluate("'axe' in window"):
        page.evaluate((npm_parts() / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = []
    for scheme, screen in views:
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        name = "slate" if scheme == "dark" else "default"
        expect(page.locator("body")).to_have_attribute("data-md-color-scheme", name)
        page.set_viewport_size(screen)
        # Colours may fade over; what is between them is nobody's choice.
        page.evaluate(STILL)
        found += [[scheme, screen["width"], *each] for each in page.evaluate(RUN, RULES)]
    return found


@pytest.mark.parametrize("address", PAGES)
def test_page_is_accessible(reader: Reader, server: StaticServer, address: str) -> None:
    """Pages around the articles."""
    reader.expected = "status of 404" if address == "404.html" else reader.expected
    page = reader.open(server.url + address)
    assert violations(page, DIAGONAL) == []


@pytest.mark.parametrize("address", articles())
def test_article_is_accessible(reader: Reader, server: StaticServer, address: str) -> None:
    """Articles as built, and with calculators alive, moved and in error."""
    page = reader.open(
        server.url + address,
        'Object.defineProperty(navigator, "connection", { value: { saveData: true } })',
    )
    assert violations(page, DIAGONAL) == []
    page.set_viewport_size(DESK)
    for identifier in articles()[address]:
        form(page, identifier).locator("[name]:not(output)").first.focus()
        calculator = wait_live(page, identifier)
        slider = calculator.locator("input[type=range]")
        if slider.count():
            nudge(slider.first)
            if calculator.locator(".hwcalc-chart").count():
                expect(calculator.locator(".hwcalc-live svg").first).to_be_attached()
    wrong = page.locator("form.hwcalc input[type=text]").first
    wrong.fill("many")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    assert violations(page, ALL) == []


def test_every_control_has_name_and_unit(reader: Reader, server: StaticServer) -> None:
    """What a screen reader says of a slider and its field: label, value, unit, help."""
    address, identifier, name = place_of(Slider)
    page = reader.open(server.url + address)
    calculator = wait_live(page, identifier)
    entry = field(page, identifier, name)
    slider = slider_of(page, identifier, name)
    label = calculator.locator(f'label[for="{entry.get_attribute("id")}"]').inner_text()
    assert label
    expect(slider).to_have_accessible_name(label)
    expect(entry).to_have_accessible_name(label)
    unit = calculator.locator(f'[data-control="{name}"] .hwcalc-unit').inner_text()
    expect(slider).to_have_attribute("aria-valuetext", f"{entry.input_value()} {unit}".strip())
    assert unit in (entry.evaluate("e => document.getElementById(e.id + '-unit').textContent"))


def test_keyboard_reaches_everything_in_order(reader: Reader, server: StaticServer) -> None:
    """The tab key visits the controls in their order and leaves the calculator at its end."""
    address, identifier, _ = place_of(Slider)
    page = reader.open(server.url + address)
    calculator = wait_live(page, identifier)
    stops = "input, select, button, [tabindex='0']"
    wanted = calculator.locator(stops).evaluate_all(
        "all => all.filter((e) => e.checkVisibility()).length"
    )
    calculator.locator(stops).first.focus()
    visited = []
    for _ in range(wanted):
        visited.append(
            page.evaluate(
                "() => { const e = document.activeElement; return e.closest('form')"
                " ? [...e.closest('form').elements].indexOf(e) : null; }"
            )
        )
        page.keyboard.press("Tab")
    assert None not in visited
    inside = [each for each in visited if each >= 0]  # scrolling tables are not elements of a form
    assert inside == sorted(inside)
    assert not page.evaluate(
        "(id) => !!document.activeElement.closest(`#hwcalc-${id}`)", identifier
    )
