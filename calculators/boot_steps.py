"""Which way to start Python pays, and on which link?"""

from typing import Annotated

from hwcalc import boot_runs, page_boot
from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Choice,
    Column,
    Quantity,
    Results,
    Table,
    Verdict,
)
from hwcalc.display import text


def calculate(
    link: Annotated[
        str,
        Choice(
            {"full": "As fast as the machine", "fast": "50 Mbit/s", "slow": "10 Mbit/s"},
            start="slow",
            label="Link",
        ),
    ],
) -> Results:
    tried = boot_runs.prototypes()
    ways = {name: way for name, way in tried.items() if way.slow is not None}
    times = {
        name: {"full": way.cold, "fast": way.fast, "slow": way.slow}[link] or way.cold
        for name, way in ways.items()
    }
    best = min(times, key=times.__getitem__)
    stock, slim, snapshot = tried["stock"], tried["slim"], tried["snapshot"]
    extra = snapshot.size - slim.size
    pays = page_boot.break_even_bandwidth(extra, slim.cold - snapshot.cold)
    return [
        Verdict("best", "First to answer", ways[best].name),
        Quantity("gain", "Its time over that of published files", times[best] / times["stock"],
                 "%"),
        Quantity("bytecode", "Compiled ahead at full speed", tried["bytecode"].cold / stock.cold,
                 "%", note="of the time of published files"),
        Quantity("bytes_more", "Bytes that costs", tried["bytecode"].size - stock.size, "B"),
        Quantity("slim_bytes", "Only modules in use, against that",
                 tried["bytecode"].size - slim.size, "B", note="saved"),
        Quantity("snapshot_bytes", "A snapshot's bytes over the slim library's", extra, "B"),
        Quantity("snapshot_gain", "What a snapshot saves at full speed",
                 slim.cold - snapshot.cold, "s"),
        Quantity("snapshot_slow", "What it costs at 10 Mbit/s",
                 (snapshot.slow or 0.0) - (slim.slow or 0.0), "s"),
        Quantity("pays", "A snapshot pays on links above", 8 * pays, "bit/s"),
        Quantity("later", "What a snapshot saves on later visits", 1 - snapshot.warm / slim.warm,
                 "%"),
        Chart(
            "ways",
            "Time to the first result of four ways to start Python",
            x=Axis("First result", "s", low=0),
            y=Axis(""),
            horizontal=True,
            height=190,
            marks=[Bars("First result", [way.name for way in ways.values()], list(times.values()))],
            alt="First result after "
            + ", ".join(f"{text(times[name], 's')} ({way.name})" for name, way in ways.items())
            + ".",
        ),
        Table(
            "tried",
            "All that was tried, in a bare worker",
            [
                Column("Way"),
                Column("Interface"),
                Column("First visit", "s"),
                Column("Later visit", "s"),
                Column("Sent", "B"),
                Column("10 Mbit/s", "s"),
                Column("50 Mbit/s", "s"),
            ],
            [
                [way.name, way.api, way.cold, way.warm, way.size, way.slow, way.fast]
                for way in tried.values()
            ],
        ),
    ]  # fmt: skip
