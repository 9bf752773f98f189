"""Take the README's picture: `python -m tests.bench.screenshot`, with the blog built in public/."""

from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.e2e.browser import launch_chromium
from tests.e2e.server import StaticServer

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / ".github" / "screenshot.png"
PAGE, CALCULATOR = "posts/tpus-vs-gpus-bert/", "matmul_roofline"
WIDTH, HEIGHT = 1180, 1250
# Some text above the calculator: it stands inside an argument.
ABOVE = 120


def main() -> None:
    """Show one calculator of one article, live, as a reader sees it on a desk."""
    with StaticServer(ROOT / "public") as server, sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT},
            color_scheme="light",
            reduced_motion="reduce",
        )
        page.goto(server.url + PAGE)
        form = page.locator(f'form[data-calculator="{CALCULATOR}"]')
        form.scroll_into_view_if_needed()
        expect(form).to_have_attribute("data-state", "live", timeout=60_000)
        top = form.evaluate("(form) => form.getBoundingClientRect().top + scrollY")
        page.evaluate("(y) => scrollTo(0, y)", top - ABOVE)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PICTURE)
        browser.close()
    print(PICTURE.relative_to(ROOT))


if __name__ == "__main__":
    main()
