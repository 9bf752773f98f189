"""A second visit costs nothing, an article once read works offline, versions never mix."""

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hwcalc.calculator import Slider
from tests.e2e.blog import PUBLISHED, articles
from tests.e2e.cases import place_of
from tests.e2e.conftest import PREFIX, Reader
from tests.e2e.page import defaults, field, form, move, native, shown, wait_live
from tests.e2e.server import StaticServer

KEPT = """
async () => (await caches.has("hwcalc"))
  ? (await (await caches.open("hwcalc")).keys()).map(({ url }) => url) : []
"""
WORKERS = "async () => (await navigator.serviceWorker.getRegistrations()).map((each) => each.scope)"
# The browser says so when it is offline.
OFFLINE = "Failed to load resource|ERR_|update a ServiceWorker|script resource"
LIMIT_S = 30.0


@pytest.fixture
def deployed(site: Path, tmp_path: Path) -> Iterator[StaticServer]:
    """A copy of the blog that a test may replace by a later version."""
    folder = tmp_path / "deployed"
    shutil.copytree(site, folder)
    with StaticServer(folder, PREFIX, built_for=PUBLISHED) as running:
        yield running


def wait_kept(page: Page, pattern: str) -> list[str]:
    """Wait until the service worker keeps a file whose address matches; return all it keeps."""
    end = time.monotonic() + LIMIT_S
    while True:
        kept: list[str] = page.evaluate(KEPT)
        if any(re.search(pattern, url) for url in kept):
            return kept
        assert time.monotonic() < end, f"{pattern} is not kept; there is {kept}"
        page.wait_for_timeout(50)


def read_article(reader: Reader, server: StaticServer, address: str, identifier: str) -> Page:
    """Read an article until Python has answered and everything is kept."""
    page = reader.open(server.url + address)
    wait_live(page, identifier)
    wait_kept(page, r"/hwcalc\.\w+\.data$")
    wait_kept(page, r"\.wasm$")
    wait_kept(page, rf"{address}$")
    return page


def deploy(folder: Path) -> tuple[str, str]:
    """Publish a later version, whose script has another name; return the names, old and new."""
    (old,) = (path.name for path in (folder / "assets/hwcalc").glob("runtime.*.mjs"))
    new = "runtime.NEWBUILD.mjs"
    (folder / "assets/hwcalc" / old).rename(folder / "assets/hwcalc" / new)
    for path in [*folder.rglob("*.html"), folder / "offline.js"]:
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    return old, new


def expect_answer(page: Page, identifier: str, name: str) -> None:
    """Move a slider to its end; the page must say what Python on this machine does."""
    form(page, identifier).locator(f'input[type=range][data-for="{name}"]').press("End")
    inputs = {**defaults(page, identifier), name: field(page, identifier, name).input_value()}
    expected = native(identifier, inputs, shown(page, identifier)["prose"])
    assert move(page, identifier, {}, expected) == expected


def test_second_visit_downloads_nothing(reader: Reader, own_server: StaticServer) -> None:
    """Python and the page's own files come from what the first visit kept, for as long as it is."""
    # Without the browser's own cache, which forgets after ten minutes.
    own_server.headers["Cache-Control"] = "no-store"
    address, identifier, name = place_of(Slider)
    page = read_article(reader, own_server, address, identifier)
    context = page.context
    page.close()
    own_server.log.clear()
    page = context.new_page()
    page.goto(own_server.url + address)
    wait_live(page, identifier)
    expect_answer(page, identifier, name)
    again = [
        each.path
        for each in own_server.requests("assets/*")
        # A chart's library is fetched when a chart first changes, which is now.
        if re.search(r"^assets/hwcalc/(?!charts)|\.min\.(js|css)$", each.path)
    ]
    assert again == []
    assert own_server.bytes_sent("assets/hwcalc/pyodide*") == own_server.bytes_sent("*.data") == 0


def test_article_once_read_works_offline(reader: Reader, own_server: StaticServer) -> None:
    """Without a network the article opens, with any state, and its calculators go live."""
    reader.expected = OFFLINE
    address, identifier, name = place_of(Slider)
    page = read_article(reader, own_server, address, identifier)
    # A chart that has moved once has brought its library.
    expect_answer(page, identifier, name)
    wait_kept(page, r"charts\.\w+\.mjs$")
    context = page.context
    page.close()
    own_server.close()
    context.set_offline(True)
    page = context.new_page()
    page.goto(f"{own_server.url}{address}?{identifier}.{name}={defaults_of(identifier, name)}")
    wait_live(page, identifier)
    expect_answer(page, identifier, name)


def defaults_of(identifier: str, name: str) -> str:
    """Return a control's value as an address carries it."""
    from hwcalc import calculator

    return str(calculator.load(identifier).starts()[name])


def test_later_version_replaces_the_earlier(reader: Reader, deployed: StaticServer) -> None:
    """The next page is the new one with its own files; what only the old one needed goes."""
    address, identifier, name = place_of(Slider)
    page = read_article(reader, deployed, address, identifier)
    context = page.context
    old, new = deploy(deployed.folder)
    # Chromium's own cache would show the old page for ten minutes, worker or not.
    deployed.headers["Cache-Control"] = "no-cache"
    page.goto("about:blank")
    page = context.new_page()
    page.request.get(deployed.url)
    page.goto(deployed.url + "about/")
    page.evaluate(
        "async () => { const r = await navigator.serviceWorker.ready; await r.update(); }"
    )
    page.goto("about:blank")
    for other in context.pages:
        other.close()
    page = context.new_page()
    page.goto(deployed.url + address)
    page.reload()
    assert page.locator(f'script[src$="{new}"]').count() == 1
    wait_live(page, identifier)
    expect_answer(page, identifier, name)
    end = time.monotonic() + LIMIT_S
    while any(url.endswith(old) for url in page.evaluate(KEPT)):
        assert time.monotonic() < end, "the old version's script is still kept"
        page.wait_for_timeout(50)
    wait_kept(page, f"{new}$")


def test_instant_navigation_to_a_later_version(reader: Reader, deployed: StaticServer) -> None:
    """A page that was left open runs its old scripts: the later page is loaded with its own."""
    deployed.headers["Cache-Control"] = "no-cache"
    first, second = list(articles())[:2]
    page = read_article(reader, deployed, first, articles()[first][0])
    page.evaluate("window.sameDocument = true")
    _, new = deploy(deployed.folder)
    page.locator("a.md-logo").click()
    page.locator(f'a[href$="{second}"]').first.click()
    expect(page.locator(f'script[src$="{new}"]')).to_have_count(1)
    wait_live(page, articles()[second][0])
    assert page.evaluate("window.sameDocument") is None


def test_switched_off_by_the_address(reader: Reader, own_server: StaticServer) -> None:
    """`?sw=off` removes the worker and what it kept; the page works all the same."""
    address, identifier, name = place_of(Slider)
    page = read_article(reader, own_server, address, identifier)
    assert page.evaluate(WORKERS) == [own_server.url]
    page.goto(f"{own_server.url}{address}?sw=off")
    wait_live(page, identifier)
    end = time.monotonic() + LIMIT_S
    while page.evaluate(WORKERS):
        assert time.monotonic() < end
        page.wait_for_timeout(50)
    expect_answer(page, identifier, name)
    page.reload()
    wait_live(page, identifier)
    assert page.evaluate("caches.keys()") == []
    assert page.evaluate("navigator.serviceWorker.controller") is None


def test_a_failed_answer_is_not_kept(reader: Reader, own_server: StaticServer) -> None:
    """A page that does not exist stays a failure of its own, and is asked for again."""
    reader.expected = "404"
    page = reader.open(own_server.url)
    wait_kept(page, "/repo/$")
    page.goto(own_server.url + "nowhere/")
    assert page.title()
    assert not [url for url in page.evaluate(KEPT) if "nowhere" in url]
    assert page.evaluate(WORKERS) == [own_server.url]
