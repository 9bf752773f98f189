"""Lighthouse, on its mobile profile, finds nothing to improve but speed, which bench measures."""

import json
from pathlib import Path

import pytest

from hwcalc.web.node import run_node
from hwcalc.web.parts import npm_parts
from tests.e2e.blog import articles
from tests.e2e.browser import remembered
from tests.e2e.server import StaticServer

# Apart from the page's own parts: who builds the site does not need it.
HERE = Path(__file__).parent / "lighthouse"
RATED = ["accessibility", "best-practices", "seo"]


@pytest.mark.parametrize("address", [next(iter(articles())), ""])
def test_lighthouse_gives_full_marks(server: StaticServer, browser_name: str, address: str) -> None:
    """Accessibility, best practices and SEO: 100 each, for an article and the listing."""
    if browser_name != "chromium":
        pytest.skip("Lighthouse needs Chromium")
    npm_parts(HERE)
    chrome = remembered()
    assert chrome is not None, "run `python -m tests.e2e.browser` first, as `make test` does"
    printed = run_node(HERE / "rate.mjs", chrome, server.url + address, *RATED, timeout=240)
    found = json.loads(printed)
    assert found["failed"] == {}
    assert found["scores"] == dict.fromkeys(RATED, 1)
