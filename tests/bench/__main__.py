"""Measure what the README claims about speed: `make bench`.

The built blog is served by a server that compresses as GitHub Pages does, on this machine, to a
real Chromium with a profile on disk. Transfer over loopback costs nothing, so the bytes are given,
too. Nothing here passes or fails: these are measurements, not tests.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from tests.bench.statistics import format_bytes, format_seconds, quantile
from tests.e2e.browser import launch_profile
from tests.e2e.server import StaticServer

ROOT = Path(__file__).parents[2]
RUNS = 10
MOVES = 200
LIMIT_MS = 60_000
FORM = '<form class="hwcalc"'

# Notes when the first calculator of the page answers for the first time, as seen from the start of
# the navigation, and brings it into view, which is what starts Python.
WATCH = """
addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form.hwcalc");
  const note = () => {
    const state = form.dataset.state;
    if (["live", "failed"].includes(state)) window.hwcalcEnd ??= { state, time: performance.now() };
  };
  new MutationObserver(note).observe(form, { attributes: true, attributeFilter: ["data-state"] });
  form.scrollIntoView();
});
"""
# A reader who asked to save data: Python waits for the first touch.
SAVE_DATA = "Object.defineProperty(navigator, 'connection', { value: { saveData: true } });"
# Moves the slider whose ends change the most results to one new place after another, and notes how
# long each answer takes to be in the page.
MOVE = """
async (moves) => {
  const form = document.querySelector("form.hwcalc");
  const results = form.querySelector(".hwcalc-results");
  const quiet = () => new Promise((done) => setTimeout(done, 50));
  const move = (slider, share) => new Promise((done) => {
    const low = Number(slider.min), high = Number(slider.max);
    const give_up = setTimeout(() => { watch.disconnect(); done(null); }, 1000);
    const start = performance.now();
    const watch = new MutationObserver(() => {
      clearTimeout(give_up);
      watch.disconnect();
      done(performance.now() - start);
    });
    watch.observe(results, { characterData: true, childList: true, subtree: true });
    slider.value = low + share * (high - low);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  });
  for (const slider of form.querySelectorAll("input[type=range]")) {
    const times = [];
    for (let i = 0; i < moves; i++) {
      // Steps of the golden ratio: every place is new, and far from the last.
      const taken = await move(slider, (0.5 + i * 0.6180339887) % 1);
      await quiet();
      if (taken === null && i > 5 && times.length < i / 2) break;
      if (taken !== null) times.push(taken);
    }
    if (times.length >= moves / 2) return times;
  }
  return [];
}
"""


def main() -> None:
    """Build, measure, print the table; write it into the README if asked to."""
    options = argparse.ArgumentParser(prog="make bench", description=__doc__)
    options.add_argument("--page", help="the article, by default the one with most calculators")
    options.add_argument("--write", action="store_true", help="write the table into README.md")
    chosen = options.parse_args()
    before = load()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        builds = [build(folder / "site") for _ in range(RUNS + 1)][1:]
        page = chosen.page or richest(folder / "site")
        with (
            StaticServer(folder / "site", prefix="/repo/") as server,
            sync_playwright() as playwright,
        ):
            rows = [
                ("Building the blog", times(builds)),
                *measure(playwright, server, page, folder),
            ]
            browser = version(playwright, folder)
    report = table(rows, page, browser, max(before, load()))
    print(report)
    if chosen.write:
        write(report)


def build(folder: Path) -> float:
    """Build the site into the folder and return the time it took [s]."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    return time.perf_counter() - start


def richest(site: Path) -> str:
    """Return the address of the article with most calculators, below the site's."""
    counts = {
        page.parent.relative_to(site).as_posix() + "/": page.read_text("utf-8").count(FORM)
        for page in site.glob("posts/**/index.html")
    }
    best = max(counts, key=counts.__getitem__, default="")
    if not best or counts[best] == 0:
        raise SystemExit("No article of the blog has a calculator: there is nothing to measure.")
    return best


def measure(
    playwright: Playwright, server: StaticServer, address: str, folder: Path
) -> list[tuple[str, str]]:
    """Return the rows about the page: bytes, start of Python, answers."""
    url = server.url + address
    cold: list[float] = []
    for run in range(RUNS):
        server.log.clear()
        with launch_profile(playwright, folder / f"cold{run}") as context:
            cold.append(live(context, url))
    everything = server.bytes_sent()
    server.log.clear()
    with launch_profile(playwright, folder / "saving") as context:
        read_only(context, url)
    before = server.bytes_sent()
    with launch_profile(playwright, folder / "warm") as context:
        # The second visit leaves compiled code behind; from the third on they are alike.
        for _ in range(2):
            live(context, url)
        warm = [live(context, url) for _ in range(RUNS)]
        moves = answers(context, url)
    return [
        ("Article, before Python starts", f"{format_bytes(before)} over the wire"),
        ("Python and its files, first visit", f"{format_bytes(everything - before)} over the wire"),
        ("From navigation to live, first visit", times(cold)),
        ("From navigation to live, later visits", times(warm)),
        ("From slider to changed text", times(moves)),
    ]


def live(context: BrowserContext, address: str) -> float:
    """Open the page and return the time until its first calculator has an answer [s]."""
    page = opened(context, address, WATCH)
    taken = wait_until_live(page)
    page.wait_for_load_state("networkidle")
    page.close()
    return taken


def wait_until_live(page: Page) -> float:
    """Return the time from the start of the navigation to the first answer [s]."""
    page.wait_for_function("window.hwcalcEnd !== undefined", timeout=LIMIT_MS)
    end: dict[str, float | str] = page.evaluate("window.hwcalcEnd")
    if end["state"] != "live":
        message = page.locator(".hwcalc-status").first.inner_text()
        raise SystemExit(f"The calculator of {page.url} is {end['state']}: {message}")
    return float(end["time"]) / 1000


def read_only(context: BrowserContext, address: str) -> None:
    """Open the page as somebody who reads it and starts no Python."""
    page = opened(context, address, SAVE_DATA)
    page.wait_for_load_state("networkidle")
    state = page.locator("form.hwcalc").first.get_attribute("data-state")
    if state != "static":
        raise SystemExit(f"Python started although the reader saves data: data-state is {state}.")
    page.close()


def answers(context: BrowserContext, address: str) -> list[float]:
    """Return how long each of many moves of a slider took to change the text [s]."""
    page = opened(context, address, WATCH)
    wait_until_live(page)
    taken: list[float] = page.evaluate(MOVE, MOVES)
    page.close()
    if not taken:
        raise SystemExit("No slider of the first calculator changes its results.")
    return [each / 1000 for each in taken]


def opened(context: BrowserContext, address: str, script: str) -> Page:
    """Open the address in a new page that runs the script first."""
    page = context.new_page()
    page.add_init_script(script)
    answer = page.goto(address)
    if answer is None or not answer.ok:
        raise SystemExit(f"{address}: there is no such page.")
    return page


def times(seconds: list[float]) -> str:
    """Return median, 95th percentile and number of measurements."""
    middle, slow = quantile(seconds, 0.5), quantile(seconds, 0.95)
    return (
        f"{format_seconds(middle)} (median of {len(seconds)}; 95 % within {format_seconds(slow)})"
    )


def version(playwright: Playwright, folder: Path) -> str:
    """Return the version of the browser."""
    with launch_profile(playwright, folder / "version") as context:
        agent: str = context.new_page().evaluate("navigator.userAgent")
    found = re.search(r"Chrom\w+/(\d+)", agent)
    return f"Chromium {found[1]}" if found else agent


def load() -> float:
    """Return how many processes want a core, where the system tells: what else the machine does."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def table(rows: list[tuple[str, str]], page: str, browser: str, busy: float) -> str:
    """Return the measurements in Markdown, with the conditions they hold for."""
    lines = ["| what | measured |", "|---|---|", *(f"| {what} | {text} |" for what, text in rows)]
    conditions = (
        f"`{page}` on {datetime.now(UTC):%Y-%m-%d}: {browser}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores (load up to {busy:.1f}), "
        f"{platform.system()} {platform.machine()}, served from the same machine with gzip."
    )
    return "\n".join([*lines, "", conditions])


def write(report: str) -> None:
    """Put the table between the marks in the README."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    begin, end = "<!-- make bench -->", "<!-- end of make bench -->"
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    if not tail:
        raise SystemExit(f"README.md lacks the marks {begin} and {end}.")
    readme.write_text(f"{head}{begin}\n\n{report}\n\n{end}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
