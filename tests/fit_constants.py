"""Compute every fitted constant of the kernel models from the tables in tests/measurements.

    python -m tests.fit_constants        # writes src/hwcalc/data/fitted/*.toml

Each architecture gets one set. What is minimised is the mean absolute error of the logarithm of
the time, each table counting alike, plus a weak pull towards a usual value, so that a constant
which the tables do not determine stays there instead of drifting. The models themselves are
called, so no formula is written twice. Search: the simplex method of Nelder and Mead (1965).
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hwcalc import attention, catalog, kernels
from hwcalc.machine import Machine, machine
from tests.accuracy.tables import table

FITTED = Path(__file__).parent.parent / "src" / "hwcalc" / "data" / "fitted"

Array = Any  # numpy's, of floats

# Where a search begins and where the weak pull leads.
USUAL = {
    "launch": 3e-6,  # [s]
    "launch.int8_weights": 1e-5,
    "launch.int4_weights": 1e-5,
    "stream": 0.82,  # [1] share of the bandwidth
    "fetch": 60.0,  # [B] a multiprocessor takes through the cache in a clock
    "split": 2.5e-6,  # [s]
    "ramp": 300.0,  # [B] of K
    "wait": 1e-7,  # [s] for 128 bytes of K
    "wait.fp4": 4e-7,
    "wait.int8_weights": 1e-7,
    "wait.int4_weights": 1e-7,
    "fill": 0.45,  # [1]
    "cached": 0.15,  # [1] of the cache
    "energy.fp32": 3e-12,  # [J/FLOP]
    "energy.bf16": 0.15e-12,
    "energy.fp8": 0.1e-12,
    "energy.fp4": 0.1e-12,
    "quantise.fp8": 9e-6,  # [s]
    "quantise.fp4": 5e-6,
    "convert": 0.6,  # [1] share of the bandwidth
    "attend": 0.55,  # [1] share of the matrix peak
    "cut": 256.0,  # [tokens]
    "prepare_launch": 1.5e-5,  # [s]
    "prepare": 1.5,  # [1] passes over queries, keys, values and results
    "decode_launch": 1.3e-5,  # [s]
    "decode_miss": 4e-6,  # [s]
    "decode_stream": 0.9,  # [1]
    "decode_cache": 2.5,  # [1] times the memory's bandwidth
    "kept": 0.5,  # [1] of the cache
}
SHARES = ("stream", "fill", "decode_stream")  # below one
PULL = 0.001
# Which of them differ by architecture, and which are one number for all.
GENERAL = ("fill", "cached", "wait")
TILES = ("launch", "stream", "fetch", "split", "ramp")
ATTEND = (
    *("attend", "cut", "prepare_launch", "prepare"),
    *("decode_launch", "decode_miss", "decode_stream", "decode_cache", "kept"),
)


@dataclasses.dataclass(frozen=True)
class Group:
    """An architecture: the tables it is fitted on, and what is fitted there."""

    families: tuple[str, ...]  # as the catalogue names them
    kind: str  # stacked or other memory, or arrays
    tables: tuple[str, ...]
    constants: tuple[str, ...]
    alone: bool = False  # says nothing about architectures that were not measured
    start: Mapping[str, float] = dataclasses.field(default_factory=dict)


MATMUL = (
    Group(
        ("Hopper",),
        "stacked",
        ("matmul_aic_h100_bf16", "matmul_aic_h100_fp8"),
        (*TILES, "energy.bf16", "energy.fp8", "quantise.fp8", "convert"),
    ),
    Group(
        ("Blackwell", "Blackwell Ultra"),
        "stacked",
        ("matmul_aic_b200_bf16", "matmul_aic_b200_fp8", "matmul_aic_b200_nvfp4"),
        (
            *(*TILES, "energy.bf16", "energy.fp8", "energy.fp4"),
            *("quantise.fp8", "quantise.fp4", "convert", "wait.fp4"),
        ),
    ),
    Group(
        ("Ampere",),
        "stacked",
        ("matmul_aic_a100_bf16", "matmul_aic_a100_int8_weights", "matmul_aic_a100_int4_weights"),
        (
            *(*TILES, "energy.bf16", "launch.int8_weights", "launch.int4_weights"),
            *("wait.int8_weights", "wait.int4_weights"),
        ),
    ),
    Group(
        ("Volta",),
        "stacked",
        ("matmul_deepbench_v100_fp16", "matmul_deepbench_v100_fp32"),
        (*TILES, "energy.bf16", "energy.fp32"),
    ),
    Group(("Blackwell",), "other", ("matmul_lss_rtxpro6000",), (*TILES, "energy.bf16")),
    Group(("Ampere",), "other", ("matmul_lss_v0_rtx3090",), (*TILES, "energy.bf16")),
    Group(("Pascal",), "other", ("matmul_deepbench_titan_xp_fp32",), (*TILES, "energy.fp32"), True),
    Group(
        ("Maxwell",), "other", ("matmul_deepbench_tesla_m40_fp32",), (*TILES, "energy.fp32"), True
    ),
    # A matrix array works for the whole chip and has its operands brought in beforehand: fetching
    # and waiting lie far below the arithmetic and stay where they start.
    Group(
        ("TPU v6e",),
        "arrays",
        ("matmul_lss_v0_tpu_v6e_1",),
        ("launch", "stream", "split", "ramp", "energy.bf16", "fetch", "wait"),
        start={"fetch": 1e5, "wait": 1e-9},
    ),
)


def sizes(rows: tuple[dict[str, Any], ...], *names: str) -> list[Array]:
    """Return columns of a table as arrays."""
    return [np.array([row[name] for row in rows], dtype=float) for name in names]


def matmul_prediction(name: str) -> tuple[Array, Callable[[Mapping[str, float]], Array]]:
    """Return the measured times of a table, and the model as a function of the constants."""
    rows = table(name)
    m, k, n, time = sizes(rows, "m", "k", "n", "time_us")
    chip = machine(catalog.accelerators()[rows[0]["accelerator"]], {})
    dtype = rows[0]["dtype"]

    def predict(constants: Mapping[str, float]) -> Array:
        guess = _with(chip, constants)
        time = kernels.matmul_time(guess, m, k, n, dtype, repeated=True)
        return time + kernels.quantise_time(guess, m * k, dtype)

    return time * 1e-6, predict


def _with(chip: Machine, constants: Mapping[str, float]) -> Machine:
    return dataclasses.replace(chip, constants=constants)


def loss(tables: tuple[str, ...], prediction: Any, constants: Mapping[str, float]) -> float:
    """Average the absolute error of the logarithm, each table counting alike."""
    errors = []
    for name in tables:
        measured, predict = prediction(name)
        errors.append(np.mean(np.abs(np.log(predict(constants) / measured))))
    return float(np.mean(errors))


def simplex(
    function: Callable[[Array], float], start: Array, step: float, steps: int
) -> tuple[Array, float]:
    """Search a minimum with the simplex method of Nelder and Mead."""
    points = [start, *(start + step * axis for axis in np.eye(len(start)))]
    values = [function(point) for point in points]
    for _ in range(steps):
        order = np.argsort(values, kind="stable")
        points, values = [points[i] for i in order], [values[i] for i in order]
        if values[-1] - values[0] < 1e-8:
            break
        centre = np.mean(points[:-1], axis=0)
        away = centre - points[-1]
        point = centre + away
        value = function(point)
        if value < values[0]:
            further = centre + 2 * away
            reached = function(further)
            if reached < value:
                point, value = further, reached
        elif value >= values[-2]:
            point = centre - 0.5 * away
            value = function(point)
            if value >= values[-1]:  # shrink towards the best
                points = [points[0], *((points[0] + p) / 2 for p in points[1:])]
                values = [values[0], *(function(p) for p in points[1:])]
                continue
        points[-1], values[-1] = point, value
    best = int(np.argmin(values))
    return points[best], values[best]


def _inward(name: str, value: float) -> float:
    """Map a constant to the whole line: shares stay between 0 and 1, the others positive."""
    return float(np.log(value / (1 - value)) if name in SHARES else np.log(value))


def _outward(name: str, value: float) -> float:
    return float(1 / (1 + np.exp(-value)) if name in SHARES else np.exp(value))


def fit(
    objective: Callable[[Mapping[str, float]], float],
    names: tuple[str, ...],
    start: Mapping[str, float],
    fixed: Mapping[str, float],
) -> dict[str, float]:
    """Find the constants of these names that make the objective smallest, to four digits."""
    usual = np.array([_inward(name, start.get(name, USUAL[name])) for name in names])

    def pulled(point: Array) -> float:
        constants = {n: _outward(n, x) for n, x in zip(names, point, strict=True)}
        return objective({**fixed, **constants}) + PULL * float(np.sum((point - usual) ** 2))

    point = usual
    for step in (0.3, 0.2, 0.1):  # a simplex may collapse early; begin again where it ended
        point, _ = simplex(pulled, point, step, 150 * len(names))
    return {n: float(f"{_outward(n, x):.4g}") for n, x in zip(names, point, strict=True)}


def fit_groups(
    groups: tuple[Group, ...], prediction: Any, general: Mapping[str, float]
) -> list[dict[str, float]]:
    """Fit every architecture for itself."""
    fitted = []
    for group in groups:

        def objective(constants: Mapping[str, float], group: Group = group) -> float:
            return loss(group.tables, prediction, constants)

        fitted.append(fit(objective, group.constants, group.start, general))
    return fitted


ATTENTION = (
    Group(
        ("Hopper",),
        "stacked",
        ("attention_aic_h100_prefill", "attention_aic_h100_decode"),
        ATTEND,
    ),
    Group(
        ("Blackwell", "Blackwell Ultra"),
        "stacked",
        ("attention_aic_b200_prefill", "attention_aic_b200_decode"),
        ATTEND,
    ),
    Group(
        ("Ampere",),
        "stacked",
        ("attention_aic_a100_prefill", "attention_aic_a100_decode"),
        ATTEND,
    ),
)


def attention_prediction(name: str) -> tuple[Array, Callable[[Mapping[str, float]], Array]]:
    """Return the measured times of a table, and the model as a function of the constants."""
    rows = tuple(row for row in table(name) if not impossible(row))
    batch, tokens, cached, heads, kv_heads, width, time = sizes(
        rows, "batch", "tokens", "cached", "heads", "kv_heads", "head_dim", "time_us"
    )
    chip = machine(catalog.accelerators()[rows[0]["accelerator"]])
    known = chip.constants

    def predict(constants: Mapping[str, float]) -> Array:
        guess = _with(chip, {**known, **constants})
        if "decode" in name:
            return attention.decode_time(
                guess, batch, cached, kv_heads, width, 2, cached, repeated=True
            )
        time = attention.prefill_time(guess, batch, tokens, heads, kv_heads, width, tokens, "bf16")
        return time + attention.preparation_time(guess, batch, tokens, heads, kv_heads, width)

    return time * 1e-6, predict


def impossible(row: Mapping[str, Any]) -> bool:
    """Tell rows whose bytes cannot be those of their column.

    The A100's decoding with grouped queries reads up to 1.65 times what its memory can deliver,
    and its other rows stop at 0.86: the keys and values were not the 16-bit ones of the column.
    """
    grouped: bool = row["heads"] != row["kv_heads"]
    return grouped and row["table"] == "attention_aic_a100_decode"


def entry(group: Group, constants: Mapping[str, float]) -> str:
    """Write an architecture as TOML, with its tables."""
    lines = [
        "[[architecture]]",
        f"families = {_listed(group.families)}",
        f'kind = "{group.kind}"',
        f"alone = {str(group.alone).lower()}",
        f"tables = {_listed(group.tables)}",
    ]
    return "\n".join(lines + _constants(constants))


def _listed(names: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def _constants(constants: Mapping[str, float]) -> list[str]:
    """Write constants; those of one format have a dot in their name, and so need quotes."""
    return [
        f"{name!r} = {value!r}".replace("'", '"') if "." in name else f"{name} = {value!r}"
        for name, value in constants.items()
    ]


HEAD = """\
# Written by tests/fit_constants.py; do not edit. Units: seconds, bytes, J/FLOP, shares.
"""


def matmul_file() -> str:
    """Fit the multiplications: architectures, then what all share, then architectures again."""
    prediction = functools.cache(matmul_prediction)
    general = {name: USUAL[name] for name in GENERAL}
    fitted = fit_groups(MATMUL, prediction, general)
    parts = [entry(group, constants) for group, constants in zip(MATMUL, fitted, strict=True)]
    shared = "\n".join(["[general]", *_constants(general)])
    return "\n\n".join([HEAD.strip(), shared, *parts]) + "\n"


def attention_file() -> str:
    """Fit attention; launch and stream are those of the multiplications."""
    prediction = functools.cache(attention_prediction)
    fitted = fit_groups(ATTENTION, prediction, {})
    parts = [entry(group, constants) for group, constants in zip(ATTENTION, fitted, strict=True)]
    return "\n\n".join([HEAD.strip(), "[general]", *parts]) + "\n"


def main() -> None:
    """Write both files; attention comes second, because it builds on the multiplications."""
    for name, make in (("matmul", matmul_file), ("attention", attention_file)):
        (FITTED / f"{name}.toml").write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
