"""What does a multiprocessor wait for while it multiplies tiles?"""

from typing import Annotated

from hwcalc import catalog, latency, tile_schedule
from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Quantity,
    Results,
    Slider,
    Spans,
    Verdict,
)
from hwcalc.display import text

COUNTED = "counted"  # the latencies of the count of 2023
CHIPS = {
    COUNTED: "As counted in 2023",
    **{key: f"{catalog.accelerators()[key].name}, measured" for key in latency.measured()},
}
LEVELS = {"l2": "Level-2 cache", "memory": "Memory of the card"}
WAYS = {
    "plain": "Multiply-add units, one load at a time",
    "unit": "Matrix unit, one load at a time",
    "copy": "Matrix unit, asynchronous copy: one load ahead",
    "tma": "Matrix unit, TMA: several loads ahead",
}
STEPS = 8  # loads from shared memory that feed 32 x 32 numbers to multiply-add units
ADD = 4  # cycles of a multiply-add
LANES = {"load": "Tile on its way", "shared": "Shared memory", "multiply": "Arithmetic"}


def calculate(
    way: Annotated[str, Choice(WAYS, start="unit", label="Way")],
    chip: Annotated[str, Choice(CHIPS, start=COUNTED, label="Latencies")],
    level: Annotated[str, Choice(LEVELS, start="l2", label="Tiles come from")],
    unit: Annotated[
        int,
        Slider(
            1, 32, start=1, unit="cycles", label="Matrix unit",
            help="Cycles for one product of tiles",
        ),
    ],
    ahead: Annotated[
        int, Slider(2, 8, start=4, unit="loads", label="TMA keeps under way")
    ],
    tiles: Annotated[int, Slider(1, 6, start=3, unit="tiles", label="Tiles")],
    step: Annotated[
        int,
        Slider(
            1, 102, start=102, unit="events", label="Show the first", play=True,
            help="Go from left to right to watch what happens",
        ),
    ],
) -> Results:  # fmt: skip
    load, shared, clock = _waits(chip, level)
    multiply, steps = (ADD, STEPS) if way == "plain" else (unit, 1)
    running = {"plain": 0, "unit": 0, "copy": 1, "tma": ahead}[way]
    if way == "plain":
        cycles = latency.tile_cycles(load, shared, multiply, steps)
    elif way == "unit":
        cycles = latency.tile_cycles_matrix_unit(load, shared, multiply)
    else:
        cycles = tile_schedule.tile_cycles_ahead(load, shared + multiply, running)
    before = latency.tile_cycles(load, shared, ADD, STEPS)
    events = tile_schedule.tile_schedule(load, shared, multiply, steps, tiles, running)
    shown, last = events[:step], max(event.end for event in events)
    busy = steps * multiply / cycles
    now = shown[-1]
    return [
        Quantity("cycles", "Cycles for a tile", cycles, "cycles"),
        Quantity("gain", "Faster than with multiply-add units", before / cycles, "x"),
        Quantity("busy", "Arithmetic at work", busy, "%"),
        Quantity("waiting", "Waiting for tiles", 1 - steps * (shared + multiply) / cycles, "%"),
        Quantity(
            "needed", "Loads under way so that nothing waits",
            tile_schedule.loads_needed(load, shared + unit), "loads", note="with a matrix unit",
        ),
        Verdict("time", "Time for a tile", text(cycles / clock, "s") if clock else
                "depends on the clock, which the count leaves open"),
        Verdict(
            "event", "The last event shown",
            f"tile {now.tile + 1}, {LANES[now.activity].lower()}: "
            f"cycles {now.start:.0f} to {now.end:.0f}",
        ),
        Chart(
            "timeline",
            "The first tiles",
            x=Axis("Clock cycles", low=0, high=last),
            y=Axis(""),
            # Loads first, so that their lanes are above those of the work.
            marks=[
                mark
                for loads in (True, False)
                for tile in range(tiles)
                if (mark := _spans(shown, tile, loads, running)).lanes
            ],
            alt=f"{WAYS[way]}: each tile takes {text(cycles, 'cycles')}: its load "
            f"{text(load, 'cycles')}, shared memory {text(steps * shared, 'cycles')}, arithmetic "
            f"{text(steps * multiply, 'cycles')}; the arithmetic works {text(busy, '%')} of the "
            "time.",
        ),
    ]  # fmt: skip


def _spans(events: list[tile_schedule.Event], tile: int, loads: bool, running: int) -> Spans:
    """One tile's loads or its work; loads under way at the same time have lanes of their own."""
    found = [e for e in events if e.tile == tile and (e.activity == "load") == loads]
    several = loads and running > 1
    return Spans(
        f"Tile {tile + 1}",
        [f"Load {tile % running + 1}" if several else LANES[e.activity] for e in found],
        [e.start for e in found],
        [e.end for e in found],
    )


def _waits(chip: str, level: str) -> tuple[float, float, float | None]:
    """Cycles for a tile and for shared memory, and the clock."""
    if chip == COUNTED:
        if level == "memory":
            raise ValueError(
                "The count of 2023 begins at the level-2 cache; choose measured latencies for "
                "tiles that come from the card's memory."
            )
        return 200.0, 34.0, None
    levels = latency.measured()[chip]
    far, near = levels[level], levels["l1"]
    return (far.low + far.high) / 2, (near.low + near.high) / 2, far.clock
