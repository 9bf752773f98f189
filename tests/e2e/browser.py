"""The browser of the end-to-end tests and the benchmark: found, or installed, once.

`python -m tests.e2e.browser` looks for a Chromium in this order and remembers the first one that
opens a page: the program named by HWCALC_BROWSER, Playwright's own (downloaded if it can be), the
system's Chromium or Chrome, Debian's package. Without any it ends with an error: tests that need a
browser never pass by being skipped.

HWCALC_E2E_BROWSER=firefox or =webkit installs Playwright's builds of these instead, and runs the
tests in them.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Error, Playwright, sync_playwright

REMEMBERED = Path(__file__).parents[2] / ".cache" / "browser"
SYSTEM_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
# A page under test is the only thing that may speak to the network.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
)
# Without a network the download fails at once; behind a wall that swallows packets it would hang,
# five times as long as this.
CONNECTION_LIMIT_MS = 3000
DOWNLOAD_LIMIT_S = 600
NO_BROWSER = """\
No browser for the tests: Playwright could not download its own, and no installed one works.
Install Chromium or Chrome, or name one: HWCALC_BROWSER=/path/to/chromium make test"""


def launch_browser(playwright: Playwright) -> Browser:
    """Start the browser the tests run in: HWCALC_E2E_BROWSER, or Chromium."""
    name = _name()
    if name == "chromium":
        return launch_chromium(playwright)
    browser: Browser = getattr(playwright, name).launch()
    return browser


def launch_chromium(playwright: Playwright) -> Browser:
    """Start the Chromium that was found, headless; look for one first if none was."""
    return _start(playwright, remembered() or find(playwright))


def launch_profile(playwright: Playwright, folder: Path) -> BrowserContext:
    """Start that Chromium with a profile on disk: what it keeps, the next one finds."""
    executable = remembered() or find(playwright)
    return playwright.chromium.launch_persistent_context(
        folder, executable_path=executable, args=_flags()
    )


def remembered() -> Path | None:
    """Return the browser to use as far as it is known without a search.

    Raises:
        SystemExit: if HWCALC_BROWSER names a program that does not exist.
    """
    named = os.environ.get("HWCALC_BROWSER")
    if named:
        program = shutil.which(named)
        if program is None:
            raise SystemExit(f"HWCALC_BROWSER={named}: there is no such program.")
        return Path(program)
    try:
        path = Path(REMEMBERED.read_text(encoding="utf-8").strip())
    except FileNotFoundError:
        return None
    return path if path.is_file() else None


def find(playwright: Playwright) -> Path:
    """Return the first Chromium that opens a page, and remember it.

    Raises:
        SystemExit: if there is none and none can be installed; the message names the fix.
    """
    for candidate in _candidates(playwright):
        if _opens_a_page(playwright, candidate):
            REMEMBERED.parent.mkdir(exist_ok=True)
            REMEMBERED.write_text(f"{candidate}\n", encoding="utf-8")
            print(f"Browser for the tests: {candidate}", flush=True)
            return candidate
    raise SystemExit(NO_BROWSER)


def _name() -> str:
    name = os.environ.get("HWCALC_E2E_BROWSER", "chromium")
    if name not in ("chromium", "firefox", "webkit"):
        raise SystemExit(f"HWCALC_E2E_BROWSER={name}: must be chromium, firefox or webkit.")
    return name


def _candidates(playwright: Playwright) -> Iterator[Path]:
    own = Path(playwright.chromium.executable_path)
    if own.is_file() or _download():
        yield own
    yield from _installed()
    if _install_package():
        yield from _installed()


def _installed() -> Iterator[Path]:
    for name in SYSTEM_NAMES:
        found = shutil.which(name)
        if found:
            yield Path(found)


def _download() -> bool:
    print("Downloading Playwright's Chromium", flush=True)
    limit = {"PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": str(CONNECTION_LIMIT_MS)}
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    return _succeeds(command, {**os.environ, **limit}, DOWNLOAD_LIMIT_S)


def _install_package() -> bool:
    apt = shutil.which("apt-get")
    if apt is None:
        return False
    as_root: list[str] = []
    if os.geteuid() != 0:
        # `-n` fails instead of asking for a password.
        as_root = ["sudo", "-n"]
        if shutil.which("sudo") is None:
            return False
    print("Installing Debian's package chromium", flush=True)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    update = [*as_root, apt, "update", "-qq"]
    install = [*as_root, apt, "install", "-y", "-qq", "--no-install-recommends"]
    _succeeds(update, env, DOWNLOAD_LIMIT_S)
    # A bare machine has no font at all, and text without glyphs has no width.
    return _succeeds([*install, "chromium", "fonts-liberation"], env, DOWNLOAD_LIMIT_S)


def _succeeds(command: list[str], env: dict[str, str], limit: float) -> bool:
    try:
        done = subprocess.run(command, env=env, timeout=limit, capture_output=True, text=True)
    except subprocess.TimeoutExpired:
        print(f"  gave up after {limit} s", flush=True)
        return False
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if "rror" in line]
        print(f"  failed: {lines[0].strip() if lines else f'code {done.returncode}'}", flush=True)
    return done.returncode == 0


def _opens_a_page(playwright: Playwright, executable: Path) -> bool:
    try:
        browser = _start(playwright, executable)
        page = browser.new_page()
        page.set_content("<title>ready</title>")
        ready: bool = page.title() == "ready"
        browser.close()
    except Error as error:
        print(f"  {executable} does not start: {error.message.splitlines()[0]}", flush=True)
        return False
    return ready


def _start(playwright: Playwright, executable: Path) -> Browser:
    return playwright.chromium.launch(executable_path=executable, args=_flags())


def _flags() -> list[str]:
    # Chromium refuses to run as root inside its sandbox, and containers are root.
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*QUIET, "--no-sandbox"] if root else list(QUIET)


def main() -> None:
    """Find or install the browser of this run, unless it is known already."""
    name = _name()
    if name != "chromium":
        # On the machines of the workflows the libraries it needs may be installed, too.
        extra = ["--with-deps"] if "CI" in os.environ else []
        command = [sys.executable, "-m", "playwright", "install", *extra, name]
        raise SystemExit(subprocess.run(command).returncode)
    if remembered() is None:
        with sync_playwright() as playwright:
            find(playwright)


if __name__ == "__main__":
    main()
