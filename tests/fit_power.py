"""Compute the constants of power limits from the tables in tests/measurements.

    python -m tests.fit_power        # writes src/hwcalc/data/fitted/power.toml

What is minimised is the mean absolute error of the logarithm of the speed, both tables counting
alike; a row that is off by more than a factor of 1.35 counts as that, because at the lowest limits
a watt of static power moves the speed by a per cent. The model itself is called. Search: one
constant after the other, up and down by a factor that shrinks when no step helps (Hooke and
Jeeves, 1961).
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest import mock

import numpy as np

from hwcalc import power
from tests.accuracy.power import measured_speed, predictions
from tests.accuracy.tables import table

FITTED = Path(__file__).parent.parent / "src/hwcalc/data/fitted/power.toml"
TABLES = ("power_zeus_v100", "power_zeus_rtx6000")
CUT = math.log(1.35)
# Where the search begins.
USUAL: Mapping[str, float] = {
    "static.stacked": 0.15,
    "static.other": 0.22,
    "knee": 0.8,
    "spread": 0.3,
}


def loss() -> Callable[[Mapping[str, float]], float]:
    """Return what is minimised, as a function of the constants."""
    times = {name: np.array([measured_speed(row) for row in table(name)]) for name in TABLES}

    def value(constants: Mapping[str, float]) -> float:
        errors = []
        with mock.patch.object(power, "constants", return_value=constants):
            for name in TABLES:
                found = predictions.__wrapped__(name)
                speeds = np.array([found[id(row)][0] for row in table(name)])
                errors.append(np.minimum(np.abs(np.log(speeds / times[name])), CUT).mean())
        return float(np.mean(errors))

    return value


def fit() -> dict[str, float]:
    """Search the constants, to three digits."""
    function = loss()
    best, value = dict(USUAL), function(USUAL)
    steps = dict.fromkeys(best, 0.2)
    while max(steps.values()) > 2e-3:
        for name, step in steps.items():
            before = best[name]
            for factor in (math.exp(step), math.exp(-step)):
                best[name] = min(before * factor, 0.999)
                reached = function(best)
                if reached < value:
                    value = reached
                    steps[name] = min(0.2, 1.5 * step)
                    break
            else:
                best[name] = before
                steps[name] = step / 2
    return {name: float(f"{value:.3g}") for name, value in best.items()}


def text(constants: Mapping[str, float]) -> str:
    """Write the constants as TOML, with their tables."""
    lines = [
        "# Written by tests/fit_power.py; do not edit. Shares of one.",
        "",
        f"# Fitted together on {', '.join(TABLES)}:",
        *(f'"{name}" = {value!r}' for name, value in constants.items()),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the file."""
    FITTED.write_text(text(fit()), encoding="utf-8")


if __name__ == "__main__":
    main()
