"""Compute the constants of the collectives from the tables in tests/measurements.

    python -m tests.fit_collectives        # writes src/hwcalc/data/fitted/collectives.toml

What is minimised is the mean absolute error of the logarithm of the time, each table counting
alike; a row that is off by more than a factor of 1.8 counts as that, because single rows of these
tables are outliers of two and three times their neighbours. The models themselves are called, so
no formula is written twice. Search: one constant after the other, up and down by a factor that
shrinks when no step helps (Hooke and Jeeves, 1961), from the same usual values every time.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.accuracy.collectives import kind, measured, rows, time_of

FITTED = Path(__file__).parent.parent / "src/hwcalc/data/fitted/collectives.toml"

Array = Any  # numpy's, of floats
Constants = dict[str, dict[str, float]]

# Where the search begins.
USUAL: Mapping[str, Mapping[str, float]] = {
    "protocol": {
        "flagged_share": 0.4,
        "buffered_step": 8.0,
        "bend": 1.5,
        "peer_rate": 3e9,  # [B/s]
        "peer_buffers": 7e-6,  # [s]
        "multicast_launch": 30e-6,  # [s]
    },
    "engine": {
        "engine_launch": 0.6,
        "engine_one_shot": 0.6,
        "engine_two_shot": 0.6,
        "engine_steps": 5.0,
    },
    "link": {"share": 0.8, "own_copy": 0.5},
    "peer": {"share": 0.6, "crowding": 0.3},
    "host": {"share": 0.6, "crowding": 1.0},
    # In the table of B200 the library never lets the switch add up.
    "nvlink-4": {"launch": 6e-6, "step": 1e-6, "multicast": 0.6},  # [s], [s], [1]
    "nvlink-5": {"launch": 6e-6, "step": 1e-6},
    "pcie": {"launch": 6e-6, "step": 1e-6},
    "network": {"step": 10e-6},
}

# Constants that are fitted together, and the tables they are fitted on. No table of the A100
# within a node, of GB300, or of DeepBench is among them.
Table = tuple[Any, ...]  # name, and the operation and number of nodes where not all are meant
STAGES: Mapping[str, tuple[tuple[str, ...], tuple[Table, ...]]] = {
    "library": (
        ("protocol", "link", "peer", "host", "nvlink-4", "nvlink-5", "pcie"),
        (
            ("collectives_aic_h100",),
            ("collectives_aic_b200",),
            ("collectives_aic_l40s",),
            ("collectives_aic_rtxpro6000",),
        ),
    ),
    "engine": (("engine",), (("collectives_engines_h100",),)),
    "network": (("network",), (("collectives_vidur_a100_dgx", "send", 2),)),
}


def prediction(name: str, *which: Any) -> tuple[Array, Callable[[Constants | None], Array]]:
    """Return the measured times of a table, and the model as a function of the constants."""
    found = rows(name, *which)
    # Rows that differ in nothing but the size are predicted at once.
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place, row in enumerate(found):
        groups.setdefault(kind(row), []).append(place)
    sizes = np.array([row["size_bytes"] for row in found])

    def predict(constants: Constants | None) -> Array:
        times = np.empty(len(found))
        for places in groups.values():
            sweep: Any = sizes[places]
            times[places] = time_of(found[places[0]], sweep, constants)
        return times

    return np.array([measured(row) for row in found]), predict


def loss(tables: tuple[Table, ...]) -> Callable[[Constants], float]:
    """Return what is minimised, as a function of the constants."""
    parts = [prediction(*name) for name in tables]

    def value(constants: Constants) -> float:
        errors = [
            np.minimum(np.abs(np.log(predict(constants) / times)), math.log(1.8)).mean()
            for times, predict in parts
        ]
        return float(np.mean(errors))

    return value


def search(
    function: Callable[[Constants], float],
    start: Constants,
    groups: tuple[str, ...],
    least: float = 5e-4,
) -> Constants:
    """Search a minimum by moving one constant after the other, until no step of it helps."""
    best = {group: dict(values) for group, values in start.items()}
    value = function(best)
    places = [(group, name) for group in groups for name in best[group]]
    steps = dict.fromkeys(places, 0.4)
    while max(steps.values()) > least:
        for group, name in places:
            step = steps[group, name]
            before = best[group][name]
            for factor in (math.exp(step), math.exp(-step)):
                best[group][name] = before * factor
                reached = function(best)
                if reached < value:
                    value = reached
                    steps[group, name] = min(0.4, 1.5 * step)
                    break
            else:
                best[group][name] = before
                steps[group, name] = step / 2
    return best


def fit() -> Constants:
    """Fit stage after stage, each with what the ones before found, to four digits."""
    found: Constants = {group: dict(values) for group, values in USUAL.items()}
    for groups, tables in STAGES.values():
        found = search(loss(tables), found, groups)
        for group in groups:
            found[group] = {name: float(f"{value:.4g}") for name, value in found[group].items()}
    return found


def text(constants: Constants) -> str:
    """Write the constants as TOML, with the tables of their stage."""
    lines = ["# Written by tests/fit_collectives.py; do not edit. Seconds, bytes/s, shares.", ""]
    for groups, tables in STAGES.values():
        named = ", ".join("/".join(map(str, name)) for name in tables)
        lines.append(f"# Fitted together on {named}:")
        for group in groups:
            lines.append(f"[{group}]")
            lines += [f"{name} = {value!r}" for name, value in constants[group].items()]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Write the file."""
    FITTED.write_text(text(fit()), encoding="utf-8")


if __name__ == "__main__":
    main()
