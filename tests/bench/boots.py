"""How long pages take to their first answer: each visit in a real browser, one after the other."""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Error, Page

from tests.bench.sites import WHEEL
from tests.e2e.server import Link, StaticServer

# Opens a browser with a profile in a folder.
Launch = Callable[[Path], AbstractContextManager[BrowserContext]]

LIMIT_MS = 60_000
SETTLE_MS = 300
LATENCY = 0.04  # [s] on throttled links
RATES = (None, 50, 10)  # [Mbit/s]; None is as fast as the machine can
# Notes when the first calculator of the page answers for the first time, as seen from the start of
# the navigation, and brings it into view, which is what starts Python. PyScript's page
# reports by itself.
WATCH = """
window.hwcalcAnswered = (state) => (window.hwcalcEnd ??= { state, time: performance.now() });
addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form.hwcalc");
  if (!form) return new MutationObserver(() => {
    // marimo cannot report: its cell shows the answer itself.
    if (document.body.textContent.includes('"calculator": ')) window.hwcalcAnswered("live");
  }).observe(document.body, { childList: true, characterData: true, subtree: true });
  const note = () => {
    if (["live", "failed"].includes(form.dataset.state)) window.hwcalcAnswered(form.dataset.state);
  };
  new MutationObserver(note).observe(form, { attributes: true, attributeFilter: ["data-state"] });
  form.scrollIntoView();
});
"""


@dataclass(frozen=True)
class Visit:
    """One kind of visit: who is measured, where, and with what kept from before."""

    variant: str
    kind: str  # first, later (the browser's cache), kept (the service worker)
    address: str  # relative to the server's
    runtime: tuple[str, ...]  # patterns of what counts as Python
    everywhere: bool = True  # on slow links, too


def visits(page: str) -> list[Visit]:
    """Return what is measured, for the blog's article and its peers."""
    ours = tuple(f"ours/assets/hwcalc/{n}" for n in ("pyodide-*", "*.data", "worker*"))
    stock = tuple(f"stock/assets/hwcalc/{name}" for name in ("pyodide/*", WHEEL, "worker*"))
    return [
        Visit("stock", "first", f"stock/{page}", stock),
        Visit("hwcalc", "first", f"ours/{page}", ours),
        Visit("stock", "later", f"stock/{page}", stock),
        Visit("hwcalc", "later", f"ours/{page}?sw=off", ours),
        Visit("hwcalc", "kept", f"ours/{page}", ours),
    ]


def peer(name: str) -> list[Visit]:
    """Return the visits of a peer's page; they cost too much time to be made on slow links."""
    everything = (f"{name}/?*",)
    return [Visit(name, kind, f"{name}/", everything, False) for kind in ("first", "later")]


class Failed(Exception):
    """The page did not come to an answer, and says so."""


class Browser:
    """Opens pages with nothing kept, or with what earlier visits of the same kind left."""

    def __init__(self, server: StaticServer, launch: Launch, folder: Path) -> None:
        self.server, self._launch, self._folder = server, launch, folder
        self._kept: dict[str, BrowserContext] = {}
        self._open = ExitStack()

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def time(self, visit: Visit) -> float:
        """Make the visit and return the time until the first answer [s]."""
        url = self.server.url + visit.address
        if visit.kind != "first":
            context = self._profile(visit)
            self.server.log.clear()
            return live(context, url)
        with (
            tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True) as name,
            self._launch(Path(name)) as context,
        ):
            # What a browser does at its own start is not the page's.
            context.pages[0].wait_for_timeout(SETTLE_MS)
            self.server.log.clear()
            return live(context, url)

    def _profile(self, visit: Visit) -> BrowserContext:
        key = f"{visit.variant}-{visit.kind}"
        if key not in self._kept:
            context = self._open.enter_context(self._launch(self._folder / key))
            self._kept[key] = context
            # The second visit leaves compiled code behind; from the third on they are alike.
            link, self.server.link = self.server.link, None
            for _ in range(2):
                live(context, self.server.url + visit.address, settle=True)
            self.server.link = link
        return self._kept[key]


def rounds(
    browser: Browser, kinds: list[Visit], runs: int, end: float
) -> Iterator[dict[str, object]]:
    """Yield a row for each visit; every round makes all of them, each time in another order.

    Whatever else the machine does thus meets all alike. A visit that fails is told and left out; a
    peer that fails is not visited again. No round begins after the `end` (of `time.monotonic`).

    Raises:
        SystemExit: if more than every tenth visit fails.
    """
    failures = 0
    given_up: set[str] = set()
    for run in range(runs):
        if run and time.monotonic() > end:
            print("  time is up", file=sys.stderr)
            break
        for rate in RATES:
            browser.server.link = Link(rate * 1e6 / 8, LATENCY) if rate else None
            chosen = [visit for visit in kinds if visit.everywhere or rate is None]
            for visit in chosen[run % len(chosen) :] + chosen[: run % len(chosen)]:
                if visit.variant in given_up:
                    continue
                try:
                    seconds = browser.time(visit)
                except (Error, Failed) as error:
                    print(f"  {visit.variant}, {visit.kind}: {error}", file=sys.stderr)
                    if not visit.everywhere:
                        given_up.add(visit.variant)
                        continue
                    failures += 1
                    if failures > max(2, runs * len(kinds) // 10):
                        raise SystemExit("Too many visits failed.") from error
                    continue
                server = browser.server
                yield {
                    "run": run + 1,
                    "variant": visit.variant,
                    "visit": visit.kind,
                    "mbits": rate or "",
                    "seconds": round(seconds, 3),
                    "bytes": server.bytes_sent(),
                    "runtime": sum(server.bytes_sent(pattern) for pattern in visit.runtime),
                    "load": round(load(), 1),
                }
        print(f"  round {run + 1} of {runs}, load {load():.1f}", file=sys.stderr, flush=True)
    browser.server.link = None


def live(context: BrowserContext, address: str, settle: bool = False) -> float:
    """Open the page and return the time until its first calculator has an answer [s]."""
    page = opened(context, address, WATCH)
    try:
        taken = wait_until_live(page)
        if settle:
            page.wait_for_load_state("networkidle")
            # The service worker keeps what the page has fetched, after the page has it.
            page.wait_for_timeout(5 * SETTLE_MS)
    finally:
        page.close()
    return taken


def wait_until_live(page: Page) -> float:
    """Return the time from the start of the navigation to the first answer [s]."""
    page.wait_for_function("window.hwcalcEnd !== undefined", timeout=LIMIT_MS)
    end: dict[str, float | str] = page.evaluate("window.hwcalcEnd")
    if end["state"] != "live":
        message = page.locator(".hwcalc-status").first.inner_text()
        raise Failed(f"The calculator of {page.url} is {end['state']}: {message}")
    return float(end["time"]) / 1000


def opened(context: BrowserContext, address: str, script: str) -> Page:
    """Open the address in a new page that runs the script first."""
    page = context.new_page()
    page.add_init_script(script)
    answer = page.goto(address, wait_until="commit")
    if answer is None or not answer.ok:
        raise SystemExit(f"{address}: there is no such page.")
    return page


def load() -> float:
    """Return how many processes want a core, where the system tells: what else the machine does."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
