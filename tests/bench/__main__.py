"""Measure what the README and the article "How this page works" claim about speed: `make bench`.

The built blog is served by a server that compresses as GitHub Pages does, on this machine, to a
real browser with a profile on disk, and so is what it is compared with. All are visited in turns,
at full speed and over slow links. Nothing here passes or fails: these are measurements, not tests.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import BrowserContext, Playwright, sync_playwright

from hwcalc import boot_runs
from hwcalc.web.node import NodeError
from tests.bench import answers, boots, building, marimo, report, sites
from tests.e2e.browser import launch_profile
from tests.e2e.server import StaticServer

ROOT = Path(__file__).parents[2]
RUNS = 10
MINUTES = 30  # ten rounds take about 12 on two quiet cores
EDITS = 5


def main() -> None:
    """Build, measure, print the tables; write them into README and data if asked to."""
    options = argparse.ArgumentParser(prog="make bench", description=__doc__)
    options.add_argument("--page", help="the article, by default the one with most calculators")
    options.add_argument("--runs", type=int, default=RUNS, help=f"of each kind, by default {RUNS}")
    options.add_argument(
        "--minutes",
        type=float,
        default=MINUTES,
        help=f"after which no further round begins, by default {MINUTES}",
    )
    options.add_argument("--peers", action="store_true", help="compare with marimo, too: minutes")
    options.add_argument("--write", action="store_true", help="renew README.md and data/bench")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        page, tables = measure(
            folder, chosen.page, chosen.runs, chosen.peers, time.monotonic() + 60 * chosen.minutes
        )
        made = boot_runs.FOLDER if chosen.write else folder / "tables"
        made.mkdir(exist_ok=True)
        report.store(made, tables, boot_runs.FOLDER)
        with report.reading(made):
            text = report.markdown(page)
    print(text)
    if chosen.write:
        write(text)


def measure(
    folder: Path, page: str | None, runs: int, peers: bool, end: float
) -> tuple[str, dict[str, report.Rows]]:
    """Return the page that was measured and the tables of this session."""
    session = f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}"
    served = folder / "served"
    served.mkdir()
    say("Building the blog from nothing")
    project = sites.project(folder / "project")
    spent = {"build": [building.cold(project, served / "ours")]}
    page = page or sites.richest(served / "ours")
    say("Changing an article while it is served")
    spent["edit"] = building.edits(project, page, min(runs, EDITS))
    calculator = sites.first_calculator(served / "ours" / page / "index.html")
    sites.stock(served / "ours", served / "stock")
    rows: report.Rows = []
    with StaticServer(served, prefix="/repo/") as server, sync_playwright() as playwright:
        kinds = boots.visits(page)
        for name in ["pyscript", "marimo"] if peers else ["pyscript"]:
            say(f"Preparing {name}")
            try:
                make = sites.pyscript if name == "pyscript" else marimo.make
                make(served / name, calculator, f"{server.url}{name}/")
                kinds += boots.peer(name)
            except (subprocess.CalledProcessError, NodeError) as error:
                say(f"{name} is left out: {error}")
        for name, launch in browsers(playwright):
            profiles = folder / name
            profiles.mkdir()
            with boots.Browser(server, launch, profiles) as browser:
                title = version(launch, profiles)
                say(f"Visits in {title}")
                common = {"session": session, "browser": title}
                rows += [common | row for row in boots.rounds(browser, kinds, runs, end)]
                if name == "chromium":
                    size, moves = moving(launch, server, f"{server.url}ours/{page}", profiles)
                    rows.append(common | reading_row(size))
                    spent |= moves
    about = {
        "session": session,
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": sites.versions(),
    }
    timings = [
        {"session": session, "what": what, "seconds": round(each, 4)}
        for what, values in spent.items()
        for each in values
    ]
    return page, {"sessions": [about], "boots": rows, "timings": timings}


def moving(
    launch: boots.Launch, server: StaticServer, address: str, folder: Path
) -> tuple[int, dict[str, list[float]]]:
    """Return the bytes of the article alone, and the times from moved slider to changed text."""
    say("Moving sliders")
    with launch(folder / "reading") as context:
        size = answers.reading(context, server, address)
    with launch(folder / "live") as context:
        live = answers.after(context, address)
    with launch(folder / "ahead") as context:
        ahead = answers.before(context, server, f"{address}?sw=off")
    return size, {"live": live, "ahead": ahead}


def reading_row(size: int) -> dict[str, object]:
    """Return the row of a visit that starts no Python."""
    return {
        "run": 1,
        "variant": boot_runs.OURS,
        "visit": "reading",
        "mbits": "",
        "seconds": 0,
        "bytes": size,
        "runtime": 0,
        "load": round(boots.load(), 1),
    }


def browsers(playwright: Playwright) -> Iterator[tuple[str, boots.Launch]]:
    """Yield Chromium, and Firefox where Playwright has installed it."""

    def chromium(folder: Path) -> AbstractContextManager[BrowserContext]:
        return launch_profile(playwright, folder)

    yield "chromium", chromium
    if Path(playwright.firefox.executable_path).is_file():
        yield "firefox", playwright.firefox.launch_persistent_context


def version(launch: boots.Launch, folder: Path) -> str:
    """Return name and version of the browser."""
    with launch(folder / "version") as context:
        agent: str = context.pages[0].evaluate("navigator.userAgent")
    found = re.search(r"(Chrom|Firefox)\w*/(\d+)", agent)
    return f"{found[1].replace('Chrom', 'Chromium')} {found[2]}" if found else agent


def say(what: str) -> None:
    """Tell what happens now, beside the tables."""
    print(f"{what} …", file=sys.stderr, flush=True)


def write(text: str) -> None:
    """Put the tables between the marks in the README."""
    readme = ROOT / "README.md"
    whole = readme.read_text(encoding="utf-8")
    begin, end = "<!-- make bench -->", "<!-- end of make bench -->"
    head, _, rest = whole.partition(begin)
    _, _, tail = rest.partition(end)
    if not tail:
        raise SystemExit(f"README.md lacks the marks {begin} and {end}.")
    readme.write_text(f"{head}{begin}\n\n{text}\n\n{end}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
