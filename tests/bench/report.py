"""What was measured, as tables: CSV for the models and the article, Markdown for the README."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hwcalc import boot_runs
from hwcalc.boot_runs import FULL_SPEED, OURS, STOCK, Bound
from hwcalc.display import text

Rows = list[dict[str, Any]]
COLUMNS = {
    "sessions": ["session", "machine", "cores", "python", "versions"],
    "boots": ["session", "browser", "run", "variant", "visit", "mbits", "seconds", "bytes",
              "runtime", "load"],
    "timings": ["session", "what", "seconds"],
}  # fmt: skip
NAMES = {
    (STOCK, "first"): "Stock Pyodide, first visit",
    (OURS, "first"): "hwcalc, first visit",
    (STOCK, "later"): "Stock Pyodide, later visits",
    (OURS, "later"): "hwcalc, later visits without service worker",
    (OURS, "kept"): "hwcalc, later visits",
}
RATES = ((FULL_SPEED, "full speed"), (50e6 / 8, "50 Mbit/s"), (10e6 / 8, "10 Mbit/s"))


def read(folder: Path, name: str) -> Rows:
    """Return the rows of a table; none if it was never written."""
    path = folder / f"{name}.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def store(folder: Path, tables: dict[str, Rows], old: Path) -> None:
    """Write the tables of this session, and what older ones have that this one did not measure."""
    rows = merged(read(old, "boots"), tables["boots"])
    named = {row["session"] for row in rows}
    known = [row for row in read(old, "sessions") if row["session"] in named]
    sessions = {row["session"]: row for row in [*known, *tables["sessions"]]}
    for name, content in (
        ("sessions", list(sessions.values())),
        ("boots", rows),
        ("timings", tables["timings"]),
    ):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, COLUMNS[name], lineterminator="\n")
            writer.writeheader()
            writer.writerows(content)


def merged(old: Rows, new: Rows) -> Rows:
    """Return new rows after those of variants only old sessions have.

    With such a variant its session's own figures at full speed are kept: nothing is ever compared
    with what another session, on another day, measured.
    """
    kept = {row["variant"] for row in old} - {row["variant"] for row in new}
    last = {
        max(row["session"] for row in old if row["variant"] == variant) for variant in sorted(kept)
    }
    return [row for row in old if row["session"] in last and not row["mbits"]] + new


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Have the models read the tables of this folder instead of the published ones."""
    before = boot_runs.FOLDER
    caches = (boot_runs._rows, boot_runs.boots, boot_runs.sessions)
    try:
        boot_runs.FOLDER = folder
        for cache in caches:
            cache.cache_clear()
        yield
    finally:
        boot_runs.FOLDER = before
        for cache in caches:
            cache.cache_clear()


def markdown(page: str) -> str:
    """Return the tables of the newest session, with the conditions they hold for."""
    session = boot_runs.sessions()[boot_runs.newest(OURS)]
    mine = [boot for boot in boot_runs.boots() if boot.session == session.id]
    loads = [boot.load for boot in mine]
    runs = max(boot.run for boot in mine)
    conditions = (
        f"`{page}` on {session.id[:10]}: {mine[0].browser}, Python {session.python}, "
        f"{session.versions}, {session.machine}, {session.cores} cores (load {min(loads):.1f} to "
        f"{max(loads):.1f}), {runs} runs in turns, served from the same machine with gzip; "
        "slow links with 40 ms for each request."
    )
    return "\n\n".join(
        [
            _bounds(boot_runs.bounds()),
            *(_times(session.id, name) for name in dict.fromkeys(boot.browser for boot in mine)),
            *_peers(session.id),
            conditions,
        ]
    )


def _bounds(bounds: Sequence[Bound]) -> str:
    lines = ["| what | median | 95 % within | at most | |", "|---|--:|--:|--:|---|"]
    for bound in bounds:
        spread = "" if bound.spread is None else _text(bound.spread, bound.unit)
        verdict = "met" if bound.met else "**not met**"
        lines.append(
            f"| {bound.name} | {_text(bound.value, bound.unit)} | {spread} | "
            f"{_text(bound.limit, bound.unit)} | {verdict} |"
        )
    return "\n".join(lines)


def _times(session: str, browser: str) -> str:
    head = " | ".join(name for _, name in RATES)
    lines = [
        f"| {browser}, navigation to first answer: median (95 % within) | {head} | Python sent |",
        "|---|--:|--:|--:|--:|",
    ]
    for (variant, visit), name in NAMES.items():
        times = [boot_runs.seconds(variant, visit, rate, session, browser) for rate, _ in RATES]
        cells = [_spread(seconds) for seconds in times]
        size = _text(boot_runs.sent(variant, visit), "B")
        lines.append(f"| {name} | {' | '.join(cells)} | {size} |")
    return "\n".join(lines)


def _peers(session: str) -> list[str]:
    """A table of what others need for the same, and whatever session measured them."""
    peers = dict.fromkeys(boot.variant for boot in boot_runs.boots())
    lines = [
        "| the same first answer by others | first visit | against stock | later visits | "
        "everything over the wire |",
        "|---|--:|--:|--:|--:|",
    ]
    for name in peers:
        if name in (OURS, STOCK):
            continue
        own = boot_runs.newest(name)
        first, later = (
            _spread(boot_runs.seconds(name, visit, FULL_SPEED)) for visit in ("first", "later")
        )
        against = _text(boot_runs.ratio(name, "first", FULL_SPEED), "x")
        size = _text(boot_runs.sent(name, "first", runtime=False), "B")
        when = "" if own == session else f" ({own[:10]})"
        lines.append(f"| {name}{when} | {first} | {against} | {later} | {size} |")
    return ["\n".join(lines)] if len(lines) > 2 else []


def _spread(seconds: list[float]) -> str:
    if not seconds:
        return "–"
    middle, high = (_text(boot_runs.quantile(seconds, share), "s") for share in (0.5, 0.95))
    return f"{middle} ({high})"


def _text(value: float, unit: str) -> str:
    return text(value, unit)
