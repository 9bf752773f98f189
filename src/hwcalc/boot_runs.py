"""How long pages with Python took to answer, as `make bench` measured it; see data/README.md.

One session is one run of the benchmark on one machine: only what was measured in the same session
is ever compared. A variant that the newest session left out speaks from the newest that has it.
"""

import csv
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from hwcalc.datafile import DATA

__all__ = [
    "BROWSER",
    "FOLDER",
    "FULL_SPEED",
    "OURS",
    "STOCK",
    "Boot",
    "Bound",
    "Prototype",
    "Session",
    "boots",
    "bounds",
    "newest",
    "prototypes",
    "quantile",
    "ratio",
    "seconds",
    "sent",
    "sessions",
    "timings",
]

FOLDER = DATA / "bench"
OURS, STOCK = "hwcalc", "stock"
# Family of the browser whose figures are compared where none is named.
BROWSER = "Chromium"
FULL_SPEED = math.inf  # over loopback [B/s]
_MBIT = 1e6 / 8


@dataclass(frozen=True)
class Session:
    """One run of the benchmark."""

    id: str  # date and time, UTC
    machine: str
    cores: int
    python: str
    versions: str


@dataclass(frozen=True)
class Boot:
    """One visit of a page, from the navigation to the first answer of Python."""

    session: str
    browser: str
    run: int
    variant: str
    visit: str  # first, later (from the browser's cache), kept (from the service worker), reading
    rate: float  # [B/s] of the link
    time: float  # [s]
    sent: int  # [B] over the wire, all of it
    runtime: int  # [B] of it, Python and what it needs
    load: float  # processes that wanted a core


@dataclass(frozen=True)
class Prototype:
    """A way to start Python that was tried before this site was built."""

    id: str
    name: str
    api: str  # what of Pyodide's interface it uses
    cold: float  # [s] first visit at full speed
    warm: float  # [s] later visit
    size: float  # [B] on the first visit
    slow: float | None  # [s] first result at 10 Mbit/s
    fast: float | None  # [s] at 50 Mbit/s
    source: str


@dataclass(frozen=True)
class Bound:
    """A figure of the benchmark and what it may be at most."""

    name: str
    value: float
    limit: float
    unit: str
    spread: float | None = None  # the 95th percentile, where there is one

    @property
    def met(self) -> bool:
        """Whether the figure is within its limit."""
        return self.value <= self.limit


@functools.cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))


@functools.cache
def sessions() -> dict[str, Session]:
    """Return the runs of the benchmark by id, oldest first.

    Examples:
        >>> all(session.cores > 0 for session in sessions().values())
        True
    """
    found = {
        row["session"]: Session(
            row["session"], row["machine"], int(row["cores"]), row["python"], row["versions"]
        )
        for row in _rows("sessions")
    }
    return dict(sorted(found.items()))


@functools.cache
def boots() -> tuple[Boot, ...]:
    """Return every measured visit, in the order of the file.

    Examples:
        >>> {boot.variant for boot in boots()} >= {"hwcalc", "stock"}
        True
    """
    return tuple(
        Boot(
            session=row["session"],
            browser=row["browser"],
            run=int(row["run"]),
            variant=row["variant"],
            visit=row["visit"],
            rate=float(row["mbits"]) * _MBIT if row["mbits"] else FULL_SPEED,
            time=float(row["seconds"]),
            sent=int(row["bytes"]),
            runtime=int(row["runtime"]),
            load=float(row["load"]),
        )
        for row in _rows("boots")
    )


@functools.cache
def prototypes() -> dict[str, Prototype]:
    """Return the ways to start Python that were tried first, by id.

    Examples:
        >>> prototypes()["stock"].cold
        1.859
    """
    return {
        row["id"]: Prototype(
            id=row["id"],
            name=row["name"],
            api=row["api"],
            cold=float(row["cold"]),
            warm=float(row["warm"]),
            size=float(row["megabytes"]) * 1e6,
            slow=float(row["at_10_mbits"]) if row["at_10_mbits"] else None,
            fast=float(row["at_50_mbits"]) if row["at_50_mbits"] else None,
            source=row["source"],
        )
        for row in _rows("prototypes")
    }


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the measurements lies, by linear interpolation.

    Raises:
        ValueError: If there are no measurements.

    Examples:
        >>> quantile([1.0, 2.0, 3.0, 10.0], 0.5)
        2.5
        >>> quantile([4.0], 0.95)
        4.0
    """
    if not values:
        raise ValueError("values = (): must be measurements, and there are none")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def newest(variant: str) -> str:
    """Return the id of the newest session that measured a variant.

    Raises:
        ValueError: If no session has it.

    Examples:
        >>> newest("hwcalc") in sessions()
        True
    """
    found = [boot.session for boot in boots() if boot.variant == variant]
    if not found:
        known = ", ".join(sorted({boot.variant for boot in boots()}))
        raise ValueError(f"variant = {variant!r}: must be one of {known}")
    return max(found)


def _visits(variant: str, visit: str, rate: float, session: str, browser: str) -> list[Boot]:
    return [
        boot
        for boot in boots()
        if (boot.variant, boot.visit, boot.rate, boot.session) == (variant, visit, rate, session)
        and boot.browser.startswith(browser)
    ]


def seconds(
    variant: str, visit: str, rate: float, session: str = "", browser: str = BROWSER
) -> list[float]:
    """Return how long visits of one kind took [s], in the order of the runs.

    The session is the newest with this variant if none is given; empty where nothing was measured.

    Examples:
        >>> min(seconds("stock", "first", FULL_SPEED)) > 0
        True
    """
    found = _visits(variant, visit, rate, session or newest(variant), browser)
    return [boot.time for boot in found]


def sent(variant: str, visit: str, runtime: bool = True) -> float:
    """Return the median of what one kind of visit sent at full speed [B], or of Python in it.

    Examples:
        >>> sent("hwcalc", "kept")
        0.0
    """
    found = _visits(variant, visit, FULL_SPEED, newest(variant), BROWSER)
    return float(quantile([boot.runtime if runtime else boot.sent for boot in found], 0.5))


def ratio(
    variant: str,
    visit: str,
    rate: float,
    against: str = STOCK,
    other_visit: str = "",
    share: float = 0.5,
) -> float:
    """Return the time of one variant over that of another in the same session.

    `share` is the quantile, 0.5 for medians; `other_visit` the other's kind of visit, by default
    the same. Below 1 the first is faster.

    Examples:
        >>> ratio("stock", "first", FULL_SPEED)
        1.0
    """
    session = newest(variant)
    other = seconds(against, other_visit or visit, rate, session)
    return quantile(seconds(variant, visit, rate, session), share) / quantile(other, share)


def timings(what: str) -> list[float]:
    """Return the newest measurements of something other than a start of Python [s].

    "live" and "ahead" are answers to a moved slider, "build" and "edit" are the author's wait.

    Examples:
        >>> len(timings("live")) >= 50
        True
    """
    rows = [row for row in _rows("timings") if row["what"] == what]
    last = max((row["session"] for row in rows), default="")
    return [float(row["seconds"]) for row in rows if row["session"] == last]


def bounds() -> list[Bound]:
    """Return what the site promises beside what was measured, ratios first.

    Examples:
        >>> [bound.limit for bound in bounds()][:3]
        [0.4, 0.55, 0.7]
    """
    found = []
    for rate, name, limit in (
        (FULL_SPEED, "at full speed", 0.40),
        (50 * _MBIT, "at 50 Mbit/s", 0.55),
        (10 * _MBIT, "at 10 Mbit/s", 0.70),
    ):
        value, high = (ratio(OURS, "first", rate, share=share) for share in (0.5, 0.95))
        found.append(Bound(f"First visit against stock {name}", value, limit, "x", high))
    value, high = (
        ratio(OURS, "kept", FULL_SPEED, other_visit="later", share=share) for share in (0.5, 0.95)
    )
    found.append(Bound("Later visit against stock's", value, 0.35, "x", high))
    found.append(Bound("Python on the first visit", sent(OURS, "first"), 5.6e6, "B"))
    found.append(Bound("Python on a later visit", sent(OURS, "kept"), 0, "B"))
    article = sent(OURS, "reading", runtime=False)
    found.append(Bound("Article before Python", article, 350e3, "B"))
    for what, share, name, limit in (
        ("live", 0.95, "Slider to changed text, 95 % within", 0.016),
        ("ahead", 0.5, "The same before Python is there", 0.050),
        ("build", 0.5, "Building the site from nothing", 60.0),
        ("edit", 0.5, "Changed article, saved to served", 3.0),
    ):
        measured = timings(what)
        high = quantile(measured, 0.95)
        found.append(Bound(name, quantile(measured, share), limit, "s", high))
    return found
