r"""What a card's power limit leaves of its peak, for architectures sold with little power.

A workstation or inference card may carry a chip whose matrix units, all at work, would draw more
than the card is allowed. It lowers its clock until an operation's energy times the rate fits the
limit. `machine` has a gentler law that was fitted on cards with power to spare; this module adds
the bound that the others meet:

$$ \pi'' = \min\left( \pi, \frac{W - W_0}{\epsilon} \right) $$

with one energy $\epsilon$ of an operation for each architecture, and one power $W_0$ that a board
draws before it computes anything, the same for all. What it leaves out: that the voltage falls
with the clock, so that an operation on a chip far below its clock costs somewhat less
(`hwcalc.power` has that law), and temperature.
"""

import functools
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hwcalc.catalog import Accelerator
from hwcalc.datafile import DATA, load
from hwcalc.machine import Machine, machine
from hwcalc.numeric import check_non_negative, check_positive, minimum

__all__ = ["energies", "issue_rate", "power_bound_rate", "throttled"]

# Which energy bounds a format's rate, and how much of it an operation takes: TF32 twice that of
# 16 bits, as in `machine.FORMATS`, narrower operands in proportion to their bits.
BOUNDS = {
    "fp32": ("vector", 1.0),
    "tf32": ("matrix", 2.0),
    "fp16": ("matrix", 1.0),
    "bf16": ("matrix", 1.0),
    "fp8": ("matrix", 0.5),
    "int8": ("matrix", 0.5),
    "fp4": ("matrix", 0.25),
}


LANES = 128  # multiply-adds of FP32 in a cycle of a multiprocessor


def power_bound_rate(peak_flops: float, limit: float, base: float, energy: float) -> float:
    r"""Bound the rate of a chip by its power limit.

    $$ \pi'' = \min\left( \pi, \frac{W - W_0}{\epsilon} \right) $$

    Assumption: the energy of an operation does not depend on the clock.

    Args:
        peak_flops: Dense peak rate, $\pi$. [FLOP/s]
        limit: Power limit, $W$. [W]
        base: Power that the board draws whatever it does, $W_0$. [W]
        energy: Energy of an operation, $\epsilon$. [J/FLOP]

    Returns:
        Rate that the limit allows. [FLOP/s]

    Raises:
        ValueError: If an argument is not positive (base: negative), or base is not below limit.

    References:
        tests/fit_encoder.py, on the tables named in data/fitted/encoder.toml

    Examples:
        The peak of an A10 would take twice its 150 W:

        >>> power_bound_rate(125e12, 150, 30, 2e-12) / 1e12
        60.0
    """
    check_positive(peak_flops=peak_flops, limit=limit, energy=energy)
    check_non_negative(base=base)
    if _any(base >= limit):
        raise ValueError(f"base = {base} and limit = {limit}: the base must be below the limit")
    return minimum(peak_flops, (limit - base) / energy)


def _any(condition: Any) -> bool:
    """Tell whether a condition holds, in an array for any element."""
    return condition if isinstance(condition, bool) else bool(condition.any())


def issue_rate(accelerator: Accelerator) -> float:
    r"""Compute the cycles that all multiprocessors of a chip have in a second.

    $$ R = U f $$

    Kernels written for one operation each spend cycles on every value, whatever the bandwidth.

    Assumption: where no clock is published it is the one at which 128 multiply-adds in each cycle
    of each multiprocessor make the FP32 rate.

    Args:
        accelerator: An entry of the catalogue. [1]

    Returns:
        Cycles of multiprocessors in a second; endless where their number is not published, and on
        chips whose programs are compiled as a whole. [1/s]

    References:
        The catalogue's multiprocessors $U$ and boost clock $f$, of the catalogue

    Examples:
        >>> from hwcalc import catalog
        >>> issue_rate(catalog.accelerators()["h100-sxm"]) / 1e9
        261.
    """
    known = accelerator.published
    if accelerator.kind in ("tpu", "asic") or "sm_count" not in known:
        return math.inf
    if "clock" in known:
        return known["sm_count"] * known["clock"]
    return accelerator.peak.get("fp32", math.inf) / (2 * LANES)


@functools.cache
def energies() -> Mapping[str, Mapping[str, float]]:
    """Return the fitted constants by architecture.

    Returns:
        Architecture, then `matrix`, the energy of an operation at 16 bits, `vector` where FP32 was
        fitted, too, and `base`, the power of a board, the same in all. [any]

    References:
        tests/fit_encoder.py, on the tables named in data/fitted/encoder.toml

    Examples:
        >>> energies()["Ada Lovelace"]["matrix"] < energies()["Ampere"]["matrix"]
        True
    """
    table = load(DATA / "fitted" / "encoder.toml")
    base = {"base": float(table["general"]["base"])}
    return {family: {**base, **_numbers(entry)} for family, entry in table["energy"].items()}


def _numbers(entry: Mapping[str, Any]) -> dict[str, float]:
    """Leave out the tables' names."""
    return {key: value for key, value in entry.items() if isinstance(value, float)}


def throttled(accelerator: Accelerator, energy: Mapping[str, float] | None = None) -> Machine:
    """Give the machine of an accelerator with its peaks as far as its power allows.

    Assumption: chips with stacked memory, and architectures for which nothing was fitted, keep
    what `machine` says of them.

    Args:
        accelerator: An entry of the catalogue. [1]
        energy: Constants to take instead of the architecture's fitted ones: `base`, and `matrix`
            or `vector` for what is bounded. [any]

    Returns:
        The machine. [1]

    References:
        tests/fit_encoder.py, on the tables named in data/fitted/encoder.toml

    Examples:
        >>> from hwcalc import catalog
        >>> t4 = catalog.accelerators()["t4"]
        >>> throttled(t4).peak["fp16"] / t4.peak["fp16"] < 0.5
        True
    """
    chip = machine(accelerator)
    known = energies().get(accelerator.family) if energy is None else energy
    if known is None or accelerator.memory_type.startswith("HBM"):
        return chip
    peak = dict(chip.peak)
    for name in peak:
        unit, factor = BOUNDS.get(name, ("", 1.0))
        if unit in known:
            # A board too small for the base of those measured has half its power for operations.
            base = min(known["base"], chip.power / 2)
            peak[name] = power_bound_rate(peak[name], chip.power, base, factor * known[unit])
    return replace(chip, peak=peak)
