"""Nothing leaves the site, nothing needs `eval`, and any folder of a server will do."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from hwcalc.calculator import Slider
from tests.e2e.blog import articles
from tests.e2e.cases import pages, place_of
from tests.e2e.conftest import Reader
from tests.e2e.page import expect_answer, field, form, slider_of, wait_live
from tests.e2e.server import StaticServer

# Material's own inline scripts need 'unsafe-inline'; the worker inherits none of it.
STRICT = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval' 'unsafe-inline'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
)
# What a policy forbids is an event of the document.
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}`));
"""


@pytest.fixture
def strict_server(own_server: StaticServer) -> StaticServer:
    """The blog under a strict content security policy."""
    own_server.headers["Content-Security-Policy"] = STRICT
    return own_server


def test_strict_policy_on_every_page(
    reader: Reader, strict_server: StaticServer, site: Path
) -> None:
    """No page asks for anything of another origin, nor for `eval`; no console complains."""
    page = reader.page(VIOLATIONS)
    for address in pages(site):
        page.goto(strict_server.url + address)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.violations") == [], address
    missing = [each for each in strict_server.log if each.status >= 400]
    assert missing == []


def test_calculators_under_a_strict_policy(reader: Reader, strict_server: StaticServer) -> None:
    """Python and charts run without `eval` and without inline scripts of their own."""
    address, identifier, name = place_of(Slider)
    page = reader.open(strict_server.url + address, VIOLATIONS)
    wait_live(page, identifier)
    slider_of(page, identifier, name).press("End")
    expect_answer(page, identifier, {name: field(page, identifier, name).input_value()})
    expect(form(page, identifier).locator(".hwcalc-live svg").first).to_be_visible()
    assert page.evaluate("window.violations") == []


def test_requests_stay_below_the_sub_path(reader: Reader, own_server: StaticServer) -> None:
    """Loading, calculating, searching and going on ask this server for files of the site alone."""
    first, identifier, name = place_of(Slider)
    second = next(each for each in articles() if each != first)
    asked: list[str] = []
    page = reader.page()
    page.context.on("request", lambda request: asked.append(request.url))
    page.goto(own_server.url + first)
    wait_live(page, identifier)
    slider_of(page, identifier, name).press("End")
    expect(form(page, identifier).locator(".hwcalc-live svg").first).to_be_visible()
    page.locator("[data-md-component=search-query]").click()
    # Material listens to keys.
    page.locator("[data-md-component=search-query]").press_sequentially("bandwidth")
    expect(page.locator(".md-search-result__item").first).to_be_visible()
    page.goto(own_server.url + second)
    wait_live(page, articles()[second][0])
    here = urlsplit(own_server.url).netloc
    outside = [
        url
        for url in asked
        if urlsplit(url).scheme.startswith("http") and urlsplit(url).netloc != here
    ]
    assert outside == []
    assert [each.path for each in own_server.log if each.path.startswith("/")] == []
    assert [each for each in own_server.log if each.status >= 400] == []
    # No cookies, and of all storage only what the theme's colours need.
    assert page.context.cookies() == []


def test_blog_at_the_root_of_a_server(reader: Reader, site: Path) -> None:
    """The same files work without a sub-path."""
    address, identifier, name = place_of(Slider)
    with StaticServer(site, prefix="/") as server:
        page = reader.open(server.url + address)
        wait_live(page, identifier)
        slider_of(page, identifier, name).press("End")
        expect(form(page, identifier).locator(".hwcalc-live svg").first).to_be_visible()
        assert [each for each in server.log if each.status >= 400] == []
