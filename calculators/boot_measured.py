"""How long do pages with Python need, measured side by side?"""

from typing import Annotated

from hwcalc import boot_runs
from hwcalc.boot_runs import FULL_SPEED, OURS, STOCK
from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Choice,
    Column,
    Quantity,
    Results,
    Table,
)
from hwcalc.display import text

NAMES = {OURS: "This page", STOCK: "Pyodide as published", "pyscript": "PyScript",
         "marimo": "marimo"}  # fmt: skip
RATES = {"full": FULL_SPEED, "fast": 50e6 / 8, "slow": 10e6 / 8}


def calculate(
    visit: Annotated[
        str,
        Choice({"first": "First visit", "later": "Later visits"}, start="first", label="Visit"),
    ],
    link: Annotated[
        str,
        Choice(
            {"full": "As fast as the machine", "fast": "50 Mbit/s", "slow": "10 Mbit/s"},
            start="full",
            label="Link",
        ),
    ],
) -> Results:
    rate = RATES[link]
    known = [name for name in NAMES if any(boot.variant == name for boot in boot_runs.boots())]
    shown = [name for name in known if boot_runs.seconds(name, _kind(name, visit), rate)]
    times = {name: _median(name, _kind(name, visit), rate) for name in shown}
    bounds = boot_runs.bounds()
    session = boot_runs.sessions()[boot_runs.newest(OURS)]
    loads = [boot.load for boot in boot_runs.boots() if boot.session == session.id]
    live, ahead = (boot_runs.timings(what) for what in ("live", "ahead"))
    return [
        Quantity("ours", "This page", times[OURS], "s"),
        Quantity("stock", "Pyodide as published", times[STOCK], "s"),
        Quantity("ratio", "This page over published", times[OURS] / times[STOCK], "x"),
        Quantity("runtime", "Python on the first visit", boot_runs.sent(OURS, "first"), "B"),
        Quantity("stock_runtime", "The same as published", boot_runs.sent(STOCK, "first"), "B"),
        Quantity("kept", "Python on a later visit", boot_runs.sent(OURS, "kept"), "B"),
        Quantity("article", "Article alone", boot_runs.sent(OURS, "reading", False), "B"),
        Quantity("live", "Moved slider to changed text", boot_runs.quantile(live, 0.5), "s",
                 note=f"95 % within {text(boot_runs.quantile(live, 0.95), 's')}"),
        Quantity("live_high", "95 % of the moves within", boot_runs.quantile(live, 0.95), "s"),
        Quantity("ahead", "The same before Python is there", boot_runs.quantile(ahead, 0.5), "s"),
        Quantity("runs", "Visits of each kind", max(boot.run for boot in boot_runs.boots()
                                                    if boot.session == session.id)),
        Quantity("load", "Load of the machine", max(loads), "",
                 note=f"at most; {session.cores} cores"),
        Quantity("met", "Bounds met", sum(bound.met for bound in bounds), "",
                 note=f"of {len(bounds)}"),
        Chart(
            "variants",
            "From the click to the first answer, medians",
            x=Axis("First answer", "s", low=0),
            y=Axis(""),
            horizontal=True,
            height=170,
            marks=[Bars("First answer", [NAMES[name] for name in shown], list(times.values()))],
            alt="First answer after "
            + ", ".join(f"{text(time, 's')} ({NAMES[name]})" for name, time in times.items())
            + ".",
        ),
        Table(
            "bounds",
            "What was asked for and what was measured",
            [Column("Figure"), Column("Measured"), Column("95 % within"), Column("At most"),
             Column("Met")],
            [
                [bound.name, *(_text(value, bound.unit)
                               for value in (bound.value, bound.spread, bound.limit)),
                 "yes" if bound.met else "no"]
                for bound in bounds
            ],
        ),
    ]  # fmt: skip


def _kind(variant: str, visit: str) -> str:
    """Later visits of this site are served by its service worker."""
    return "kept" if variant == OURS and visit == "later" else visit


def _median(variant: str, visit: str, rate: float) -> float:
    return boot_runs.quantile(boot_runs.seconds(variant, visit, rate), 0.5)


def _text(value: float | None, unit: str) -> str | None:
    return None if value is None else text(value, unit)
