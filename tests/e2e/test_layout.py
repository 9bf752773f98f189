"""A page fits its reader: small screens, calm while Python comes, dark colours, paper."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from hwcalc.calculator import Slider
from tests.e2e.blog import articles
from tests.e2e.cases import pages, place_of
from tests.e2e.conftest import Reader
from tests.e2e.page import field, form, nudge, slider_of, wait_live
from tests.e2e.server import StaticServer

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "has_touch": True,
}
# WCAG 2.2, success criterion 2.5.8.
SMALLEST_TARGET = 24
# What stands out of the page on the right, by the names of elements and classes.
OUTSIDE = """
() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && e.checkVisibility())
    .map((e) => `${e.tagName}.${e.className}`).slice(-5).concat("wider than the screen")
"""
# Boxes of a calculator that stand out of it or cover each other.
COLLISIONS = """
(form) => {
  const found = [];
  const inside = form.getBoundingClientRect();
  const kinds = "label, input, select, button, figcaption, figure > output, "
    + ".hwcalc-unit, .hwcalc-help, .hwcalc-result";
  const parts = [...form.querySelectorAll(kinds)]
    .filter((e) => e.checkVisibility() && e.getBoundingClientRect().width);
  const name = (e) => `${e.tagName}.${e.className}#${e.id}${e.dataset.for ?? ""}`;
  for (const [i, a] of parts.entries()) {
    const box = a.getBoundingClientRect();
    if (box.left < inside.left - 0.5 || box.right > inside.right + 0.5)
      found.push(`${name(a)} outside`);
    for (const b of parts.slice(i + 1)) {
      if (a.contains(b) || b.contains(a)) continue;
      const other = b.getBoundingClientRect();
      const wide = Math.min(box.right, other.right) - Math.max(box.left, other.left);
      const high = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
      if (wide > 1 && high > 1) found.push(`${name(a)} covers ${name(b)}`);
    }
  }
  return found;
}
"""
TARGETS = """
(form) => [...form.querySelectorAll("input, select, button")]
  .filter((e) => e.checkVisibility())
  .map((e) => [e, (e.type === "checkbox" ? e.closest("label") : e).getBoundingClientRect()])
  .map(([e, box]) => [e.name || JSON.stringify({ ...e.dataset }), box.width, box.height])
"""
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    window.shifts.push([entry.value, entry.hadRecentInput,
      entry.sources.map((s) => s.node && `${s.node.nodeName}.${s.node.className ?? ""}`)]);
}).observe({ type: "layout-shift", buffered: true });
"""


def test_no_page_is_wider_than_a_phone(reader: Reader, server: StaticServer) -> None:
    """At 360 pixels no page scrolls sideways."""
    page = reader.page(**PHONE)
    for address in [*pages(server.folder), "404.html"]:
        page.goto(server.url + address)
        assert page.evaluate(OUTSIDE) == [], address


@pytest.mark.parametrize("address", articles())
def test_calculators_on_a_phone(reader: Reader, server: StaticServer, address: str) -> None:
    """Controls and results stay inside their calculator, apart, and large enough to touch."""
    page = reader.open(server.url + address, **PHONE)
    for identifier in articles()[address]:
        calculator = wait_live(page, identifier)
        assert calculator.evaluate(COLLISIONS) == [], identifier
        for name, width, height in calculator.evaluate(TARGETS):
            assert min(width, height) >= SMALLEST_TARGET, (identifier, name, width, height)
    # Drawn by Vega in the page, charts fit as well.
    nudge(page.locator("form.hwcalc:has(.hwcalc-chart) input[type=range]").first)
    expect(page.locator(".hwcalc-live svg").first).to_be_visible()
    assert page.evaluate(OUTSIDE) == []


def test_touch_moves_a_slider(reader: Reader, server: StaticServer) -> None:
    """A tap on the slider's track counts."""
    address, identifier, name = place_of(Slider)
    page = reader.open(server.url + address, **PHONE)
    slider = wait_live(page, identifier).locator(f'input[type=range][data-for="{name}"]')
    before = field(page, identifier, name).input_value()
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    position = float(slider.evaluate("e => (e.value - e.min) / (e.max - e.min)"))
    share = 0.9 if position < 0.5 else 0.1
    page.touchscreen.tap(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    expect(field(page, identifier, name)).not_to_have_value(before)


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("address", articles())
def test_nothing_jumps_while_python_comes(
    reader: Reader, server: StaticServer, browser_name: str, address: str, width: int
) -> None:
    """Reading down the page while calculators come alive moves nothing by itself."""
    if browser_name != "chromium":
        pytest.skip("only Chromium reports layout shifts")
    page = reader.open(server.url + address, SHIFTS, viewport={"width": width, "height": 800})
    for identifier in articles()[address]:
        wait_live(page, identifier)
    page.wait_for_timeout(300)
    shifts = page.evaluate("window.shifts")
    assert sum(value for value, _, _ in shifts) < 0.02, shifts


@pytest.mark.parametrize("address", articles())
def test_first_move_of_a_slider_keeps_the_page_still(
    reader: Reader, server: StaticServer, address: str
) -> None:
    """When Vega takes over from the drawing made at build time, the chart keeps its place."""
    page = reader.open(server.url + address)
    charts = page.locator("form.hwcalc:has(input[type=range]) .hwcalc-picture")
    for identifier in articles()[address]:
        wait_live(page, identifier)
    sizes = charts.evaluate_all("all => all.map((e) => e.getBoundingClientRect().height)")
    for calculator in page.locator("form.hwcalc:has(.hwcalc-chart):has(input[type=range])").all():
        nudge(calculator.locator("input[type=range]").first)
        expect(calculator.locator(".hwcalc-live svg").first).to_be_visible()
    now = charts.evaluate_all("all => all.map((e) => e.getBoundingClientRect().height)")
    assert now == pytest.approx(sizes, abs=1)


def test_tooltip_of_a_live_chart(reader: Reader, server: StaticServer) -> None:
    """Pointing at a chart of a live calculator tells the value there; leaving hides it."""
    address, identifier, name = place_of(Slider)
    page = reader.open(server.url + address)
    calculator = wait_live(page, identifier)
    nudge(slider_of(page, identifier, name))
    drawing = calculator.locator(".hwcalc-live svg").first
    expect(drawing).to_be_visible()
    drawing.scroll_into_view_if_needed()
    tip = calculator.locator(".hwcalc-tip").first
    told = sweep(page, drawing.bounding_box(), tip)
    assert any(any(letter.isdigit() for letter in text) for text in told), told
    page.mouse.move(2, 2)
    expect(tip).to_be_hidden()


def sweep(page: Page, box: Any, tip: Any) -> set[str]:
    """Move the mouse over a picture in a grid, and return what the tooltip said."""
    said = set()
    for down in range(1, 12):
        for right in range(1, 24):
            page.mouse.move(
                box["x"] + box["width"] * right / 24, box["y"] + box["height"] * down / 12
            )
            if tip.is_visible():
                said.add(tip.text_content())
        if len(said) > 2:
            break
    return said


def test_untouched_chart_comes_alive_under_the_pointer(
    reader: Reader, server: StaticServer
) -> None:
    """Nobody has to move a slider to read a chart's values."""
    address, identifier, _ = place_of(Slider)
    page = reader.open(server.url + address)
    calculator = wait_live(page, identifier)
    picture = calculator.locator(".hwcalc-picture").first
    expect(picture.locator(".hwcalc-live")).to_have_count(0)
    picture.hover()
    expect(picture.locator(".hwcalc-live svg")).to_be_visible()


# The colours of everything drawn in the charts of a page.
COLOURS = """
() => [...document.querySelectorAll(".hwcalc-picture svg")].filter((e) => e.checkVisibility())
  .map((svg) => [...svg.querySelectorAll("path, text, line, rect")]
    .map((e) => getComputedStyle(e)).map((s) => `${s.fill} ${s.stroke}`).join())
"""


def test_dark_colours_reach_the_charts(reader: Reader, server: StaticServer) -> None:
    """The page's switch recolours drawings made at build time and those made by Vega."""
    address, identifier, name = place_of(Slider)
    page = reader.open(server.url + address, color_scheme="light")
    wait_live(page, identifier).locator(f'input[type=range][data-for="{name}"]').press("End")
    expect(form(page, identifier).locator(".hwcalc-live svg").first).to_be_visible()
    light = page.evaluate(COLOURS)
    paper = "() => getComputedStyle(document.body).backgroundColor"
    background = page.evaluate(paper)
    # From "as the system" over light to dark.
    for _ in range(2):
        page.locator("[data-md-component=palette] label:visible").click()
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
    assert page.evaluate(paper) != background
    dark = page.evaluate(COLOURS)
    assert len(dark) == len(light)
    assert all(a != b for a, b in zip(light, dark, strict=True))
    # The choice holds on the next page.
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")


@pytest.mark.parametrize("address", articles())
def test_paper_shows_results_and_hides_sliders(
    reader: Reader, server: StaticServer, address: str
) -> None:
    """A printed page has values and results, and nothing that only works on a screen."""
    page = reader.open(server.url + address)
    page.emulate_media(media="print")
    for identifier in articles()[address]:
        calculator = form(page, identifier)
        for hidden in calculator.locator("input[type=range], input[type=search], button").all():
            expect(hidden).to_be_hidden()
        for shown in calculator.locator("output[name], select, input[type=text]").all():
            expect(shown).to_be_visible()
    # Of the header the name of the publication stays.
    expect(page.locator("a.md-logo")).to_be_visible()
    expect(page.locator(".hw-tools")).to_be_hidden()
