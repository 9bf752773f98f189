"""What every end-to-end test needs: one browser, the built blog behind a server, and pages.

A test that opens a page says which messages in the console it expects; any other one, and any
request that leaves the site, fails it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.e2e.blog import PUBLISHED, build_blog, build_workshop, built_once
from tests.e2e.browser import launch_browser
from tests.e2e.page import expect_as_written
from tests.e2e.server import StaticServer

PREFIX = "/repo/"
# Presses the reset button of every calculator that a test has moved.
RESTORE = """
() => [...document.querySelectorAll("form.hwcalc")].filter((form) => {
  const moved = location.search.includes(`${form.dataset.calculator}.`)
    || form.querySelector("[aria-invalid]");
  if (moved) form.querySelector("[data-action=reset]").click();
  for (const search of form.querySelectorAll("input[type=search]")) {
    search.value = "";
    search.dispatchEvent(new Event("input", { bubbles: true }));
  }
  return moved;
}).map((form) => form.dataset.calculator)
"""
# Two cores may be shared by several browsers, each of which starts Python.
LIMIT_MS = 60_000
expect.set_options(timeout=LIMIT_MS)


@dataclass
class Reader:
    """Opens pages as readers do, and remembers what went wrong in them."""

    browser: Browser
    expected: str = "(?!)"  # a pattern that matches nothing
    problems: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def open(self, address: str, script: str = "", **options: Any) -> Page:
        """Open the address in a new context, with a script run before the page's own."""
        page = self.page(script, **options)
        page.goto(address)
        return page

    def page(self, script: str = "", **options: Any) -> Page:
        """Return an empty page in a new context."""
        context = self.browser.new_context(**options)
        context.set_default_timeout(LIMIT_MS)
        self.contexts.append(context)
        if script:
            context.add_init_script(script)
        context.on("request", lambda request: self._leaves(request.url))
        context.on("console", lambda message: self._console(message.type, message.text))
        context.on("weberror", lambda error: self._console("uncaught", str(error.error)))
        return context.new_page()

    def close(self) -> None:
        """Close all pages."""
        for context in self.contexts:
            context.close()

    def _leaves(self, address: str) -> None:
        if not re.match(r"http://127\.0\.0\.1:|data:|blob:|about:", address):
            self.problems.append(f"request to {address}")

    def _console(self, kind: str, text: str) -> None:
        line = f"{kind}: {text}"
        # Firefox and WebKit warn of their own plans, too.
        warning = kind == "warning" and self.browser.browser_type.name == "chromium"
        told = warning or kind in ("error", "uncaught")
        if told and not re.search(self.expected, line, re.DOTALL):
            self.problems.append(line)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of this run; a test opens its own context in it."""
    with sync_playwright() as playwright:
        running = launch_browser(playwright)
        yield running
        running.close()


@pytest.fixture(scope="session")
def browser_name(browser: Browser) -> str:
    """chromium, firefox or webkit."""
    return browser.browser_type.name


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Path:
    """A folder that all processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    # pytest-xdist gives every worker a folder below the run's own.
    folder = (base.parent if base.name.startswith("popen-") else base) / f"e2e-{testrun_uid[:8]}"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def site(shared: Path) -> Path:
    """The blog, built with --strict."""
    return built_once(shared / "blog", build_blog)


@pytest.fixture(scope="session")
def server(site: Path) -> Iterator[StaticServer]:
    """The blog, served below a sub-path, without failures."""
    with StaticServer(site, PREFIX, built_for=PUBLISHED) as running:
        yield running


@pytest.fixture
def own_server(site: Path) -> Iterator[StaticServer]:
    """The blog from a server of the test's own: it may have it fail, and read its log."""
    with StaticServer(site, PREFIX, built_for=PUBLISHED) as running:
        yield running


@pytest.fixture
def workshop(site: Path, shared: Path) -> Iterator[StaticServer]:
    """A page with calculators that fail; after the blog, whose build fetches the npm parts."""
    del site
    folder = built_once(shared / "workshop", build_workshop)
    with StaticServer(folder, PREFIX) as running:
        yield running


@pytest.fixture
def reader(browser: Browser) -> Iterator[Reader]:
    """A reader whose pages must make no trouble."""
    somebody = Reader(browser)
    yield somebody
    somebody.close()
    assert somebody.problems == []


@pytest.fixture(scope="session")
def kept_reader(browser: Browser) -> Iterator[Reader]:
    """Somebody who keeps pages open from test to test."""
    somebody = Reader(browser)
    yield somebody
    somebody.close()


@pytest.fixture(scope="session")
def kept_pages() -> dict[str, Page]:
    """The pages that are open, by the article's address."""
    return {}


@pytest.fixture
def live_page(
    kept_reader: Reader, kept_pages: dict[str, Page], server: StaticServer
) -> Iterator[Callable[[str], Page]]:
    """Opens an article with all its calculators as written, in a page where Python may run already.

    Starting Python takes seconds; most tests only need it to be there.
    """

    def opened(address: str) -> Page:
        if address not in kept_pages:
            kept_pages[address] = kept_reader.open(server.url + address)
        page = kept_pages[address]
        page.bring_to_front()
        for identifier in page.evaluate(RESTORE):
            expect_as_written(page, identifier)
        return page

    yield opened
    problems, kept_reader.problems[:] = list(kept_reader.problems), []
    assert problems == []
