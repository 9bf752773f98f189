"""When does a page with Python give its first answer?"""

from typing import Annotated

from hwcalc import boot_runs, page_boot
from hwcalc.boot_runs import FULL_SPEED, OURS, STOCK
from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Column,
    Line,
    Points,
    Quantity,
    Results,
    Rule,
    Slider,
    Table,
    Verdict,
)
from hwcalc.display import text

NAMES = {STOCK: "Pyodide as published", OURS: "This page"}
SLOW, FAST = 10e6 / 8, 50e6 / 8
# What waits for what: the page, its script, the worker, Pyodide's loader, the runtime's files. The
# benchmark's slow links delay each of these requests by so much.
ROUND_TRIPS, DELAY = 5, 0.04
# Where the curves are drawn [B/s].
LINKS = [10 ** (exponent / 10) * 1e6 / 8 for exponent in range(28)]


def calculate(
    link: Annotated[
        float, Slider(1, 500, start=20, scale="log", unit="Mbit/s", label="Your link")
    ],
    latency: Annotated[
        float,
        Slider(1, 300, start=40, scale="log", unit="ms", label="Answer of the server",
               help="From a request to the first byte of its answer"),
    ],
    slowness: Annotated[
        float,
        Slider(0.25, 8, start=1, scale="log", unit="x", label="Work takes",
               help="Against the machine that was measured; a phone may need four times as long"),
    ],
    runtime: Annotated[str, Choice(NAMES, start=OURS, label="Parts of")],
) -> Results:  # fmt: skip
    parts = {name: _measured(name) for name in NAMES}

    def total(name: str, rate: float, delay: float = latency, factor: float = slowness) -> float:
        size, compilation, start = parts[name]
        return page_boot.first_answer(
            size, rate, delay, ROUND_TRIPS, factor * compilation, factor * start
        )

    rate = link / 8  # networks count bits, files bytes
    ours, stock = total(OURS, rate), total(STOCK, rate)
    size, compilation, start = parts[runtime]
    transfer = size / rate
    waiting = max(0.0, slowness * compilation - transfer)
    checks = {name: total(name, FAST, DELAY, 1.0) for name in NAMES}
    measured = {name: _median(name, FAST) for name in NAMES}
    return [
        Quantity("ours", "This page answers after", ours, "s"),
        Quantity("stock", "With Pyodide as published", stock, "s"),
        Quantity("ratio", "This page over published", ours / stock, "x"),
        Quantity("saved", "Saved", stock - ours, "s"),
        Verdict(
            "limit",
            f"{NAMES[runtime]} waits for",
            "the link" if transfer > slowness * compilation else "the compiler",
        ),
        Quantity("size", "Sent on the first visit", size, "B"),
        Quantity("error", "Model against measured", checks[OURS] / measured[OURS] - 1, "%",
                 note="this page at 50 Mbit/s, which no constant was taken from"),
        Quantity("stock_error", "The same for published", checks[STOCK] / measured[STOCK] - 1, "%"),
        Chart(
            "links",
            "First answer against the rate of the link; dots are measured, at 40 ms",
            x=Axis("Link", "bit/s", scale="log"),
            y=Axis("First answer", "s", scale="log"),
            marks=[
                *(
                    Line(label, [8 * rate for rate in LINKS], [total(name, rate) for rate in LINKS])
                    for name, label in NAMES.items()
                ),
                *(
                    Points(label, [8 * SLOW, 8 * FAST],
                           [_median(name, SLOW), _median(name, FAST)])
                    for name, label in NAMES.items()
                ),
                Rule(x=link, label="your link"),
            ],
            alt=f"At {text(link, 'bit/s')} this page answers after {text(ours, 's')}, the same "
            f"page with Pyodide as published after {text(stock, 's')}.",
        ),
        Table(
            "parts",
            f"Where the time goes: {NAMES[runtime]}",
            [Column("Part"), Column("Time", "s")],
            [
                [f"{ROUND_TRIPS} requests, each known from the one before", ROUND_TRIPS * latency],
                ["Transfer of the files", transfer],
                ["WebAssembly still compiling then", waiting],
                ["Python starts, imports the model, answers", slowness * start],
            ],
        ),
    ]  # fmt: skip


def _measured(variant: str) -> tuple[float, float, float]:
    """Bytes of a first visit, time to compile, time Python takes: from two of three links."""
    size = boot_runs.sent(variant, "first", runtime=False)
    everything = _median(variant, FULL_SPEED)
    start = page_boot.start_time(_median(variant, SLOW), size, SLOW, DELAY, ROUND_TRIPS)
    # A machine that was busier during the slow visit seems to start later than it does at all.
    start = min(start, everything)
    return size, everything - start, start


def _median(variant: str, rate: float) -> float:
    return boot_runs.quantile(boot_runs.seconds(variant, "first", rate), 0.5)
