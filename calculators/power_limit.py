"""What does a power limit cost, and what does it save?"""

from typing import Annotated

from hwcalc import accuracy, catalog, machine_parts
from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Column,
    Line,
    Number,
    Points,
    Quantity,
    Results,
    Rule,
    Slider,
    Table,
)
from hwcalc.cost import electricity, energy
from hwcalc.display import text
from hwcalc.power import static_power, time_and_energy

SHARES = [0.3 + 0.045 * step for step in range(21)]  # of the rated power, in the chart
TARGETS = (0.95, 0.9, 0.8)
YEAR = 365 * 86400.0


def calculate(
    gpu: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="rtx-3090", group="vendor", label="GPU"),
    ],
    limit: Annotated[
        float, Slider(30, 130, start=80, unit="%", label="Power limit",
                      help="Share of the rated power; what nvidia-smi -pl sets in watts"),
    ],
    demand: Annotated[
        float, Slider(30, 200, start=105, unit="%", label="Draw without a limit",
                      help="Share of the rated power: what the meter shows below the limit, more "
                           "if it shows the limit itself"),
    ],
    core: Annotated[
        float, Slider(0, 100, start=100, unit="%", label="Work that follows the clock",
                      help="Less where the GPU waits for the host, or its memory is saturated"),
    ],
    hours: Annotated[float, Slider(0, 24, start=8, unit="h", label="Hours of work a day")],
    tariff: Annotated[
        float, Number(start=0.19, low=0, high=2, unit="$/kWh", label="Electricity",
                      help="Households in the United States paid 0.19 in April 2026"),
    ],
) -> Results:  # fmt: skip
    rated, static = gpu.tdp, static_power(gpu)
    asked = demand * rated

    def both(share: float) -> tuple[float, float]:
        """Time and energy of what takes a second without a limit."""
        return time_and_energy(share * rated, asked, static, core)

    whole = both(1.0)
    chosen = both(limit)
    kept, spent = whole[0] / chosen[0], chosen[1] / whole[1]
    draw, full = chosen[1] / chosen[0], whole[1] / whole[0]
    # As many hours of work as now, which a slower card stretches.
    before = energy(1, hours * YEAR / 86400, full, 1)
    watts = [share * rated for share in SHARES]
    points = [both(share) for share in SHARES]
    speeds = [whole[0] / time for time, _ in points]
    works = [joules / whole[1] for _, joules in points]
    frugal = min(zip(works, watts, strict=True))[1]
    floor = {goal: _least(goal, SHARES, speeds) * rated for goal in TARGETS}
    known = [
        point
        for point in machine_parts.limit_points()
        if (point.accelerator, point.full) == (gpu.id, rated)
    ]
    names = list(dict.fromkeys(point.workload for point in known))
    return [
        Quantity("speed", "Speed kept", kept, "%", accuracy=_tag(gpu.id)),
        Quantity("draw", "It draws", draw, "W", note=f"{text(full, 'W')} at the rated limit"),
        Quantity("limit_watts", "The limit in watts", limit * rated, "W"),
        Quantity("work", "Energy for the same work", spent, "%", note="of that at the rated power"),
        Quantity("saved", "Saved in a year", electricity(before * (1 - spent), tariff), "$"),
        Quantity("longer", "The same work takes", 1 / kept, "x", note="as long"),
        Quantity("frugal", "Least energy at", frugal, "W"),
        *(
            Quantity(f"for_{goal * 100:.0f}", f"{text(goal, '%')} of the speed from",
                     watts_needed, "W", note=text(watts_needed / rated, "%") + " of the rating")
            for goal, watts_needed in floor.items()
        ),
        Quantity("static", "Whatever the clock", static, "W",
                 note="memory, regulators, leakage: an estimate"),
        Chart(
            "curve",
            "Speed and energy of the same work against the limit",
            x=Axis("Power limit", "W"),
            y=Axis("Of that at the rated power", "%", low=0, high=1.3),
            marks=[
                Line("Speed", watts, speeds),
                Line("Energy of the same work", watts, [min(1.3, each) for each in works]),
                *(
                    Points(
                        name,
                        [point.limit for point in known if point.workload == name],
                        [point.speed for point in known if point.workload == name],
                    )
                    for name in names
                ),
                Points("You", [limit * rated], [kept], labels=["you"]),
                Rule(x=rated, label="rated"),
            ],
            alt=f"At {text(limit * rated, 'W')} {gpu.name} keeps {text(kept, '%')} of its speed "
            f"and needs {text(spent, '%')} of the energy for the same work; "
            f"{len(known)} measured points are beside the curve.",
        ),
        Table(
            "limits",
            "A few limits",
            [Column("Limit", "W"), Column("Speed", "%"), Column("Draw", "W"),
             Column("Energy of the same work", "%")],
            [
                [share * rated, whole[0] / time, joules / time, joules / whole[1]]
                for share, (time, joules) in ((s, both(s)) for s in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0))
            ],
        ),
    ]  # fmt: skip


def _least(goal: float, shares: list[float], speeds: list[float]) -> float:
    """The lowest limit of the chart that keeps a share of the speed."""
    return next((s for s, v in zip(shares, speeds, strict=True) if v >= goal), shares[-1])


def _tag(gpu: str) -> str:
    """The error on this card where it was measured, else that of the unseen one."""
    return accuracy.covering("power", gpu) or accuracy.tag("power-zeus-p100")
