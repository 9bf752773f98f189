"""Power limits: speed and draw of training under a limit, from the draw at the highest limit.

A row is one network at one batch under one limit. What is known of it is the card's catalogue entry
and what its meter showed at the highest limit, as a reader knows it of a card of his own.
"""

import functools

from hwcalc import catalog
from hwcalc.power import demand_of_draw, limited_draw, limited_speed, static_power
from tests.accuracy.regimes import Regime
from tests.accuracy.tables import Row, table

CORE = 1.0  # of a training step: no part was found that the clock leaves alone
NOISE = (
    "Half of the rows are networks too small for the card, whose draw no limit touches and whose "
    "times scatter by a few per cent from run to run. "
)
LOW = "Limits near the lowest that the card accepts, where a few watts of static power decide. "
DRAW = (
    "A step has waits and light kernels that draw less than the eight kernels of the model, so at "
    "a limit that binds a card draws 7 to 10 % less than the limit where the model has it at the "
    "limit."
)


@functools.cache
def predictions(name: str) -> dict[int, tuple[float, float]]:
    """Predict speed and draw of every row of a table, by the row's place."""
    found = {}
    for row in table(name):
        rated, limit = row["full_limit"], row["limit"]
        static = static_power(catalog.accelerators()[row["accelerator"]])
        # A reading at the limit itself has no demand; one just below has a high one.
        demand = demand_of_draw(min(row["full_draw"], 0.999 * rated), rated, static, CORE)
        full = limited_speed(rated, demand, static, CORE)
        found[id(row)] = (
            limited_speed(limit, demand, static, CORE) / full,
            limited_draw(limit, demand, static, CORE),
        )
    return found


def speed(row: Row) -> float:
    """Predict the speed over that at the highest limit."""
    return predictions(row["table"])[id(row)][0]


def draw(row: Row) -> float:
    """Predict the mean power."""
    return predictions(row["table"])[id(row)][1]


def measured_speed(row: Row) -> float:
    """Return the speed over that at the highest limit."""
    return float(row["full_time"] / row["time"])


def measured_draw(row: Row) -> float:
    """Return the mean power in watts."""
    return float(row["draw"])


def binding(name: str) -> list[Row]:
    """Return the rows whose limit is below what the card drew without it."""
    return [row for row in table(name) if row["limit"] < row["full_draw"]]


def _speeds(what: str, title: str, fitted: bool, bounds: tuple[float, float], note: str) -> Regime:
    name = "power_zeus_" + what.partition("-")[0]
    binds = what.endswith("-binding")
    return Regime(
        name=f"power-zeus-{what}",
        title=f"Speed under a power limit, {title}" + (", limits below the draw" if binds else ""),
        rows=binding(name) if binds else table(name),
        measured=measured_speed,
        predicted=speed,
        unit="x",
        fitted=fitted,
        median=bounds[0],
        ninth=bounds[1],
        aim=None if binds else (0.03, float("inf")),
        remark=note,
    )


def _draws(card: str, title: str, median: float, ninth: float) -> Regime:
    return Regime(
        name=f"power-draw-{card}",
        title=f"Draw under a power limit, {title}, limits below the draw",
        rows=binding(f"power_zeus_{card}"),
        measured=measured_draw,
        predicted=draw,
        unit="W",
        fitted=False,
        median=median,
        ninth=ninth,
        aim=None,
        remark=DRAW,
    )


REGIMES = (
    _speeds("v100", "V100", True, (0.03, 0.12), NOISE),
    _speeds("rtx6000", "Quadro RTX 6000", True, (0.03, 0.13), NOISE + LOW),
    _speeds("p100", "P100", False, (0.03, 0.08), NOISE),
    _speeds("v100-binding", "V100", True, (0.035, 0.12), LOW),
    _speeds("rtx6000-binding", "Quadro RTX 6000", True, (0.04, 0.28), LOW),
    _speeds("p100-binding", "P100", False, (0.03, 0.08), LOW),
    _draws("v100", "V100", 0.06, 0.25),
    _draws("rtx6000", "Quadro RTX 6000", 0.06, 0.25),
    _draws("p100", "P100", 0.1, 0.25),
)
