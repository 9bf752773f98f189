r"""A chip as the kernel models see it: catalogue figures, and constants fitted on measurements.

A kernel's time follows from published figures (peaks, bandwidth, cache, multiprocessors, power)
and from a handful of constants that no data sheet has: how long a launch takes, which share of
the bandwidth a stream reaches, what a tile costs besides its arithmetic. One set of them belongs
to an architecture, never to a card or a shape. They live in data/fitted, each with the tables it
was fitted on, and tests/fit_constants.py computes them again.

The rate of a matrix unit under load follows from power: at the advertised rate an operation takes
$1/\pi$, and it costs an energy $\epsilon$ beyond what that rate leaves room for, paid at the
power limit $W$:

$$ \frac{1}{\pi'} = \frac{1}{\pi} + \frac{\epsilon}{W} $$

So a share of the peak is never fitted for a card; a card with more watts for its operations, or a
slower one of the same architecture, comes closer to its data sheet.

An architecture nobody measured gets the geometric mean of those measured with the same kind of
memory. What is left out: temperature, chips that differ, and clocks set by hand.
"""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hwcalc.catalog import Accelerator
from hwcalc.datafile import DATA, load
from hwcalc.numeric import check_non_negative, check_positive

__all__ = ["FORMATS", "Format", "Machine", "fitted", "machine", "means", "sustained_rate"]


@dataclass(frozen=True)
class Format:
    """How the operands of a matrix multiplication are stored, and which rate multiplies them."""

    first: float  # [B] of an element of the first matrix, the activations
    second: float  # [B] of an element of the second matrix, the weights
    result: float  # [B] of an element of the result
    rate: tuple[str, ...]  # precisions whose peak applies, first choice first
    energy: str  # format whose energy of an operation was fitted
    factor: float = 1.0  # the energy here over the energy there
    splits: bool = True  # libraries divide K among multiprocessors


# Results are stored in 16 bits unless the operands are wider. FP4 counts its scales: one byte for
# sixteen elements; its measured kernels never split K. TF32 was not measured: it has half the rate
# of 16 bits for twice the bits, so its energy is taken as twice that of 16 bits.
FORMATS: Mapping[str, Format] = {
    "fp32": Format(4, 4, 4, ("fp32",), "fp32"),
    "tf32": Format(4, 4, 4, ("tf32",), "bf16", factor=2.0),
    "fp16": Format(2, 2, 2, ("fp16", "bf16"), "bf16"),
    "bf16": Format(2, 2, 2, ("bf16", "fp16"), "bf16"),
    "fp8": Format(1, 1, 2, ("fp8",), "fp8"),
    "int8": Format(1, 1, 2, ("int8",), "fp8"),
    "fp4": Format(0.5625, 0.5625, 2, ("fp4",), "fp4", splits=False),
    "int8_weights": Format(2, 1, 2, ("bf16", "fp16"), "int8_weights"),
    "int4_weights": Format(2, 0.5, 2, ("bf16", "fp16"), "int4_weights"),
}

# Where a vendor publishes no power: as much for an operation as an H100 has on its matrix units
# and a V100 without them.
USUAL_ENERGY, USUAL_VECTOR_ENERGY = 0.7e-12, 19e-12  # [J/FLOP]
FULL = ("bf16", "fp16", "fp16_acc16", "tf32", "fp32")
NARROW = {"fp8": 0.5, "int8": 0.5, "fp4": 0.25}  # rate at 16 bits where only these are published
CACHES = ("last_level_cache", "scratchpad", "l2")  # what lies next to the memory, nearest first


@dataclass(frozen=True)
class Machine:
    """The numbers from which kernel times follow; `machine` makes one of a catalogue entry.

    `constants` holds the fitted ones by name, in seconds, bytes, joules for an operation, and
    shares. A name may carry a format, `launch.int8_weights`, and then goes before the bare name.
    """

    name: str
    units: float  # [1] multiprocessors or cores that work on tiles of their own
    fullest: float  # [FLOP/s] highest rate for operands of 16 or 32 bits, however accumulated
    bandwidth: float  # [B/s] of the memory
    cache: float  # [B] last cache before the memory
    power: float  # [W] limit
    peak: Mapping[str, float]  # [FLOP/s] precision -> dense rate
    constants: Mapping[str, float]

    def constant(self, name: str, dtype: str) -> float:
        """Look a fitted constant up, the one of the format first."""
        constants = self.constants
        key = f"{name}.{dtype}"
        return constants[key] if key in constants else constants[name]

    def rate(self, dtype: str) -> float:
        """Give the rate the matrix units sustain in a format [FLOP/s]."""
        form = FORMATS[dtype]
        known = next((name for name in form.rate if name in self.peak), "")
        if not known:
            has = ", ".join(self.peak) or "none at all"
            raise ValueError(f"{self.name} has no rate for {dtype}; published: {has}")
        energy = form.factor * self.constants[f"energy.{form.energy}"]
        return sustained_rate(self.peak[known], self.power, energy)


def sustained_rate(peak_flops: float, power: float, energy: float) -> float:
    r"""Estimate the rate of a matrix unit that its power limit slows down.

    $$ \pi' = \frac{1}{1/\pi + \epsilon / W} $$

    Assumption: an operation takes its time at the advertised rate and then an energy that the
    limit must supply; the two add up. The energy is fitted for each architecture and format.

    Args:
        peak_flops: Dense peak rate, $\pi$. [FLOP/s]
        power: Power limit of the chip, $W$. [W]
        energy: Energy of an operation that has to be waited for, $\epsilon$. [J/FLOP]

    Returns:
        Rate under sustained load. [FLOP/s]

    Raises:
        ValueError: If peak_flops or power is not positive, or energy is negative.

    References:
        tests/fit_constants.py, on the tables named in data/fitted/matmul.toml

    Examples:
        An H100 of 700 W at 16 bits, and the same chip limited to 350 W:

        >>> sustained_rate(989.4e12, 700, 0.14e-12) / 1e12
        825.9
        >>> sustained_rate(989.4e12, 350, 0.14e-12) / 1e12
        708.8
    """
    check_positive(peak_flops=peak_flops, power=power)
    check_non_negative(energy=energy)
    return 1 / (1 / peak_flops + energy / power)


def machine(
    accelerator: "Accelerator | Machine", constants: Mapping[str, float] | None = None
) -> Machine:
    """Join what the catalogue says of an accelerator with the constants of its architecture.

    Assumption: where the catalogue has no power it is 0.7 pJ for each 16-bit operation, 19 pJ on a
    chip that has none of them. Chips
    whose arrays multiply for the whole chip (TPUs and other ASICs) have one unit. A call costs a
    few microseconds: make the machine once where many kernels are asked for.

    Args:
        accelerator: An entry of the catalogue; a machine is returned as it is. [1]
        constants: Fitted constants to take instead of the architecture's own. [any]

    Returns:
        The machine. [1]

    References:
        data/fitted/matmul.toml and data/fitted/attention.toml name their tables

    Examples:
        >>> from hwcalc import catalog
        >>> h100 = machine(catalog.accelerators()["h100-sxm"])
        >>> h100.units, h100.rate("bf16") < 989.4e12
        (132.0, True)
    """
    if isinstance(accelerator, Machine):
        return accelerator
    known, peak = accelerator.published, accelerator.peak
    wide = [peak[name] for name in FULL if name in peak]
    narrow = [rate * NARROW.get(name, 1.0) for name, rate in peak.items()]
    fullest = max(wide or narrow, default=0.0)
    usual = USUAL_VECTOR_ENERGY if set(peak) == {"fp32"} else USUAL_ENERGY
    return Machine(
        name=accelerator.name,
        units=1.0 if _kind(accelerator) == "arrays" else known.get("sm_count", 1.0),
        fullest=fullest,
        bandwidth=accelerator.bandwidth,
        cache=next((known[name] for name in CACHES if name in known), 0.0),
        power=known.get("tdp", usual * fullest),
        peak=peak,
        constants=fitted(accelerator, unmeasured=False) if constants is None else constants,
    )


def fitted(accelerator: Accelerator, unmeasured: bool) -> Mapping[str, float]:
    """Collect the fitted constants that apply to an accelerator.

    Those of its architecture come first; what it lacks is the mean of the architectures of its
    kind (stacked or other memory, or matrix arrays), then of all.

    Args:
        accelerator: An entry of the catalogue. [1]
        unmeasured: Leave its own architecture out, as if nobody had measured it. [1]

    Returns:
        Constants by name, in seconds, bytes, joules for an operation, and shares. [any]

    References:
        data/fitted/matmul.toml and data/fitted/attention.toml name their tables

    Examples:
        >>> from hwcalc import catalog
        >>> h100 = catalog.accelerators()["h100-sxm"]
        >>> fitted(h100, unmeasured=False)["stream"], fitted(h100, unmeasured=True)["stream"]
        (0.83, 0.75)
    """
    return _collected(accelerator.family, _kind(accelerator), unmeasured)


def _kind(accelerator: Accelerator) -> str:
    """Tell designs apart: chips of one name with stacked and with other memory are two."""
    if accelerator.kind in ("tpu", "asic"):
        return "arrays"
    return "stacked" if accelerator.memory_type.startswith("HBM") else "other"


@functools.cache
def _collected(family: str, kind: str, unmeasured: bool) -> Mapping[str, float]:
    """Join the files; a nearer group's constants go before a farther one's."""
    collected: dict[str, float] = {}
    for name in ("matmul", "attention"):
        table = _table(name)
        own = [e for e in table["architecture"] if e["kind"] == kind and family in e["families"]]
        others = [
            e for e in table["architecture"] if not e["alone"] and not (unmeasured and e in own)
        ]
        groups = (
            [e for e in others if e["kind"] != "arrays"],
            [e for e in others if e["kind"] == kind],
            [] if unmeasured else own,
        )
        constants = _numbers(table["general"])
        for group in groups:
            constants |= means([_numbers(entry) for entry in group])
        collected |= constants
    return collected


@functools.cache
def _table(name: str) -> dict[str, Any]:
    """Read one file of fitted constants."""
    return load(DATA / "fitted" / f"{name}.toml")


def _numbers(entry: Mapping[str, Any]) -> dict[str, float]:
    """Leave out what describes an architecture and keep its constants."""
    return {key: value for key, value in entry.items() if isinstance(value, float)}


def means(entries: list[dict[str, float]]) -> dict[str, float]:
    r"""Average each constant over the architectures that have it, geometrically.

    $$ \bar c = \Big( \prod_{i=1}^{n} c_i \Big)^{1/n} $$

    Args:
        entries: Constants by name, one mapping for each architecture. [any]

    Returns:
        The means by name, in the unit of each constant. [any]

    References:
        tests/fit_constants.py, on the tables named in data/fitted/matmul.toml

    Examples:
        >>> means([{"launch": 2e-6}, {"launch": 8e-6, "ramp": 300.0}])["launch"] * 1e6
        4.0
    """
    names = {name for entry in entries for name in entry}
    return {
        name: math.exp(
            sum(math.log(e[name]) for e in entries if name in e) / sum(name in e for e in entries)
        )
        for name in sorted(names)
    }
