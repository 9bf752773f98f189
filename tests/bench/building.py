"""How long the author waits: for the whole site, and for one changed article while serving."""

import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.bench.sites import build, environment

LIMIT_S = 120.0
POLL_S = 0.02


def cold(project: Path, target: Path) -> float:
    """Build the site of a fresh copy, the browser's Python included; return the time [s]."""
    start = time.perf_counter()
    build(project, target)
    return time.perf_counter() - start


def edits(project: Path, page: str, runs: int) -> list[float]:
    """Return the times from saving a changed article to its being served [s]."""
    article = source(project, page)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mkdocs", "serve", "--quiet", "-a", f"127.0.0.1:{port}"]
    address = f"http://127.0.0.1:{port}/{page}"
    text = article.read_text(encoding="utf-8")
    with subprocess.Popen(command, cwd=project, env=environment(project)) as server:
        try:
            served(address, "</html>")
            times = []
            for run in range(runs + 1):
                time.sleep(1.0)
                mark = f"Changed for the {run}th time."
                start = time.perf_counter()
                article.write_text(f"{text}\n\n{mark}\n", encoding="utf-8")
                served(address, mark)
                times.append(time.perf_counter() - start)
            return times[1:]  # the first change also imports what later ones have
        finally:
            server.terminate()


def source(project: Path, page: str) -> Path:
    """Return the Markdown file of an article's address."""
    slug = page.strip("/").rpartition("/")[2]
    for path in sorted((project / "docs" / "posts").glob("*.md")):
        if re.search(rf"^slug: *{re.escape(slug)}$", path.read_text("utf-8"), re.MULTILINE):
            return path
    raise SystemExit(f"No article has the slug {slug}.")


def served(address: str, mark: str) -> None:
    """Wait until the address answers with a page that has the mark."""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        try:
            with urlopen(address, timeout=LIMIT_S) as answer:
                if mark in answer.read().decode():
                    return
        except (URLError, ConnectionError):
            pass
        time.sleep(POLL_S)
    raise SystemExit(f"{address} did not change within {LIMIT_S:g} s.")
