"""An article is complete before anything runs, and without scripts."""

import pytest
from playwright.sync_api import expect

from tests.e2e.blog import articles
from tests.e2e.cases import PLACES
from tests.e2e.conftest import Reader
from tests.e2e.page import defaults, form, native, shown
from tests.e2e.server import StaticServer


def test_there_are_articles_with_calculators() -> None:
    """What follows tests something."""
    assert len(articles()) >= 2


@pytest.mark.parametrize(("address", "identifier"), PLACES)
def test_every_result_is_readable_without_scripts(
    reader: Reader, server: StaticServer, address: str, identifier: str
) -> None:
    """With scripts off every number, table, chart and value in prose is there, and right."""
    page = reader.open(server.url + address, java_script_enabled=False)
    calculator = form(page, identifier)
    seen = shown(page, identifier)
    assert seen == native(identifier, defaults(page, identifier), seen["prose"])
    for result in calculator.locator("output[name]").all():
        expect(result).to_be_visible()
    for picture in calculator.locator(".hwcalc-chart").all():
        # One drawing for wide and one for narrow columns: exactly one is to be seen.
        assert picture.locator("svg:visible").count() == 1
    for control in calculator.locator("[name]:not(output)").all():
        expect(control).to_be_visible()


@pytest.mark.parametrize("address", articles())
def test_a_reader_without_scripts_is_told(
    reader: Reader, server: StaticServer, address: str
) -> None:
    """The page says that controls rest, and offers no button that would do nothing."""
    page = reader.open(server.url + address, java_script_enabled=False)
    for calculator in page.locator("form.hwcalc").all():
        expect(calculator).to_have_attribute("data-state", "static")
        expect(calculator.locator(".hwcalc-noscript")).to_be_visible()
        expect(calculator.locator("button:visible, input[type=search]:visible")).to_have_count(0)
