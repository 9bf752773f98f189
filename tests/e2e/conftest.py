"""What every end-to-end test needs: one browser for all of them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.browser import launch_browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of this run; a test opens its own context in it."""
    with sync_playwright() as playwright:
        running = launch_browser(playwright)
        yield running
        running.close()
