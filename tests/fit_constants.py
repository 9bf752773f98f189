"""Compute every fitted constant of the kernel models from the tables in tests/measurements.

    python -m tests.fit_constants        # writes src/hwcalc/data/fitted/*.toml

Each architecture gets one set. What is minimised is the mean absolute error of the logarithm of
the time, each table counting alike, and in the tables of multiplications those of at least 10
GFLOP, which decide what a network takes, as much as all together. The models themselves are
called, so no formula is written twice.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from hwcalc import attention, catalog, kernels
from hwcalc.machine import machine, means
from tests.accuracy.search import Array, fit
from tests.accuracy.tables import impossible, table

FITTED = Path(__file__).parent.parent / "src" / "hwcalc" / "data" / "fitted"
LARGE = 10e9  # [FLOP]

# Where a search begins and where the weak pull leads.
USUAL = {
    "launch": 3e-6,  # [s]
    "launch.int8_weights": 1e-5,
    "launch.int4_weights": 1e-5,
    "stream": 0.82,  # [1] share of the bandwidth
    "fetch": 0.03,  # [B/FLOP] that come through the cache at the full rate of 16 or 32 bits
    "split": 2.5e-6,  # [s]
    "ramp": 300.0,  # [B] of K
    "ramp.fp4": 300.0,
    "wait": 1e-7,  # [s] for 128 bytes of K
    "wait.fp4": 4e-7,
    "fill": 0.45,  # [1]
    "cached": 0.15,  # [1] of the cache
    "energy.fp32": 3e-12,  # [J/FLOP]
    "energy.bf16": 0.15e-12,
    "energy.fp8": 0.1e-12,
    "energy.fp4": 0.1e-12,
    "energy.int8_weights": 0.2e-12,
    "energy.int4_weights": 0.2e-12,
    "quantise.fp8": 9e-6,  # [s]
    "quantise.fp4": 5e-6,
    "convert": 0.6,  # [1] share of the bandwidth
    "attend": 0.55,  # [1] share of the matrix peak
    "cut": 256.0,  # [tokens]
    "prepare_launch": 1.5e-5,  # [s]
    "prepare": 1.5,  # [1] passes over queries, keys, values and results
    "decode_launch": 1.3e-5,  # [s]
    "decode_rise": 4e-6,  # [s]
    "decode_stream": 0.9,  # [1]
    "decode_cache": 2.5,  # [1] times the memory's bandwidth
    "kept": 0.5,  # [1] of the cache
}
SHARES = ("stream", "fill", "decode_stream")
GENERAL = ("fill", "cached", "wait")  # one number for all architectures
TILES = ("launch", "stream", "fetch", "split", "ramp")
WEIGHTS = tuple(f"{name}.int{bits}_weights" for name in ("launch", "energy") for bits in (8, 4))
ATTEND = (
    *("attend", "cut", "prepare_launch", "prepare"),
    *("decode_launch", "decode_rise", "decode_stream", "decode_cache", "kept"),
)


@dataclass(frozen=True)
class Group:
    """An architecture: the tables it is fitted on, and what is fitted there."""

    families: tuple[str, ...]  # as the catalogue names them
    kind: str  # stacked or other memory, or arrays
    tables: tuple[str, ...]
    constants: tuple[str, ...]
    alone: bool = False  # says nothing about architectures that were not measured
    usual: Mapping[str, float] = field(default_factory=dict)  # where it differs from the rest
    only: str = ""  # the rows of one accelerator


def _aic(chip: str, *formats: str) -> tuple[str, ...]:
    return tuple(f"matmul_aic_{chip}_{name}" for name in formats)


def _deepbench(*names: str) -> tuple[str, ...]:
    return tuple(f"matmul_deepbench_{name}" for name in names)


HOPPER, BLACKWELL = ("Hopper",), ("Blackwell", "Blackwell Ultra")
EIGHT = (*TILES, "energy.bf16", "energy.fp8", "quantise.fp8", "convert")
FOUR = (*EIGHT, "energy.fp4", "quantise.fp4", "wait.fp4", "ramp.fp4")
BF16, FP32 = (*TILES, "energy.bf16"), (*TILES, "energy.fp32")
MATMUL = (
    Group(HOPPER, "stacked", _aic("h100", "bf16", "fp8"), EIGHT),
    Group(BLACKWELL, "stacked", _aic("b200", "bf16", "fp8", "nvfp4"), FOUR, usual={"ramp": 30.0}),
    Group(
        ("Ampere",),
        "stacked",
        _aic("a100", "bf16", "int8_weights", "int4_weights"),
        (*BF16, *WEIGHTS),
    ),
    Group(("Volta",), "stacked", _deepbench("v100_fp16", "v100_fp32"), (*BF16, "energy.fp32")),
    Group(("Blackwell",), "other", ("matmul_lss_rtxpro6000",), BF16),
    Group(("Ampere",), "other", ("matmul_lss_v0_rtx3090",), BF16),
    Group(("Pascal",), "other", _deepbench("titan_xp_fp32"), FP32, alone=True),
    Group(("Maxwell",), "other", _deepbench("tesla_m40_fp32"), FP32, alone=True),
    # A matrix array works for the whole chip and has its operands brought in beforehand: fetching
    # and waiting lie far below the arithmetic and stay where they start.
    Group(
        ("TPU v6e",),
        "arrays",
        ("matmul_lss_v0_tpu_v6e_1",),
        ("launch", "stream", "split", "ramp", "energy.bf16", "fetch", "wait"),
        usual={"fetch": 30.0, "wait": 1e-9},
    ),
)
# The best of many shapes, one for a chip, says how much of the peak is in reach and nothing else;
# AMD's other chips of the line are taken to be served by libraries of the same quality.
ENERGY, BEST = ("energy.bf16",), ("matmul_best_shapes",)
REACH = (
    Group(("CDNA 3", "CDNA 2", "CDNA"), "stacked", BEST, ENERGY, True, only="mi300x mi325x"),
    Group(("CDNA 4", "CDNA 5"), "stacked", BEST, ENERGY, True, only="mi355x"),
    Group(("Gaudi 2",), "arrays", BEST, ENERGY, True, only="gaudi-2"),
    Group(("Gaudi 3",), "arrays", BEST, ENERGY, True, only="gaudi-3"),
)
ATTENTION = tuple(
    Group(families, "stacked", tuple(f"attention_aic_{chip}_{part}" for part in parts), ATTEND)
    for families, chip, parts in (
        (HOPPER, "h100", ("prefill", "decode")),
        (BLACKWELL, "b200", ("prefill", "decode")),
        (("Ampere",), "a100", ("prefill", "decode")),
    )
)

Case = tuple[Array, Array, Callable[[Mapping[str, float]], Array]]


@functools.cache
def cases(name: str, only: str) -> list[Case]:
    """Return for each accelerator and format of a table the measured times, the weights of the
    rows, and the model as a function of the constants.
    """
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in table(name):
        if not impossible(row) and (not only or row["accelerator"] in only.split()):
            groups.setdefault((row["accelerator"], row["dtype"]), []).append(row)
    make = _matmul if name.startswith("matmul") else _attention
    return [make(rows, name) for rows in groups.values()]


def _columns(rows: list[dict[str, Any]], *names: str) -> list[Array]:
    return [np.array([row[name] for row in rows], dtype=float) for name in names]


def _matmul(rows: list[dict[str, Any]], name: str) -> Case:
    m, k, n, time = _columns(rows, "m", "k", "n", "time_us")
    accelerator = catalog.accelerators()[rows[0]["accelerator"]]
    dtype = rows[0]["dtype"]
    engine = "aic" in name  # times of a serving engine include what precedes the kernel

    def predict(constants: Mapping[str, float]) -> Array:
        chip = machine(accelerator, constants)
        time = kernels.matmul_time(chip, m, k, n, dtype, repeated=True)
        return time + kernels.quantise_time(chip, m * k, dtype) if engine else time

    large = 2 * m * k * n >= LARGE
    weights = 0.5 / len(m) + 0.5 * large / max(large.sum(), 1)
    return time * 1e-6, weights / weights.sum(), predict


def _attention(rows: list[dict[str, Any]], name: str) -> Case:
    batch, tokens, cached, heads, kv_heads, width, time = _columns(
        rows, "batch", "tokens", "cached", "heads", "kv_heads", "head_dim", "time_us"
    )
    accelerator = catalog.accelerators()[rows[0]["accelerator"]]

    def predict(constants: Mapping[str, float]) -> Array:
        chip = machine(accelerator, constants)
        if "decode" in name:
            return attention.decode_time(
                chip, batch, cached, kv_heads, width, 2, cached, repeated=True
            )
        time = attention.prefill_time(chip, batch, tokens, heads, kv_heads, width, tokens, "bf16")
        return time + attention.preparation_time(chip, batch, tokens, heads, kv_heads, width)

    return time * 1e-6, np.full(len(time), 1 / len(time)), predict


def loss(group: Group, constants: Mapping[str, float]) -> float:
    """Average the absolute error of the logarithm, each accelerator and format alike."""
    errors = [
        float(np.sum(weights * np.abs(np.log(predict(constants) / measured))))
        for name in group.tables
        for measured, weights, predict in cases(name, group.only)
    ]
    return sum(errors) / len(errors)


def fit_group(group: Group, others: Mapping[str, float]) -> dict[str, float]:
    """Fit one architecture, given constants that are not its own."""
    usual = {name: group.usual.get(name, USUAL[name]) for name in group.constants}
    return fit(lambda constants: loss(group, {**others, **constants}), usual, SHARES)


def fit_general(fitted: list[dict[str, float]]) -> dict[str, float]:
    """Fit what all architectures share, given the constants of each."""
    several = [
        (replace(group, tables=group.tables[:1]), constants)  # 16 bits, measured in one way
        for group, constants in zip(MATMUL, fitted, strict=True)
        if "aic" in group.tables[0]
    ]

    def objective(general: Mapping[str, float]) -> float:
        return sum(loss(g, {**general, **c}) for g, c in several) / len(several)

    return fit(objective, {name: USUAL[name] for name in GENERAL}, SHARES)


def fit_matmul() -> tuple[dict[str, float], list[tuple[Group, dict[str, float]]]]:
    """Fit the multiplications: architectures, what all share, and the architectures again."""
    general = {name: USUAL[name] for name in GENERAL}
    general = fit_general([fit_group(group, general) for group in MATMUL])
    fitted = [(group, fit_group(group, general)) for group in MATMUL]
    for group in REACH:
        alike = means([c for g, c in fitted if g.kind == group.kind and not g.alone])
        fitted.append((group, fit_group(group, {**general, **alike})))
    return general, fitted


def fit_attention(
    fitted: list[tuple[Group, dict[str, float]]],
) -> list[tuple[Group, dict[str, float]]]:
    """Fit attention; launch and stream are those of the architecture's multiplications."""
    own = {(group.families, group.kind): constants for group, constants in fitted}
    return [(group, fit_group(group, own[group.families, group.kind])) for group in ATTENTION]


def text(general: Mapping[str, float], fitted: list[tuple[Group, dict[str, float]]]) -> str:
    """Write constants as TOML, each architecture with the tables it was fitted on."""
    lines = [
        "# Written by tests/fit_constants.py; do not edit.",
        "# Units: seconds, bytes, J/FLOP, tokens; other constants are shares.",
        *("", "[general]", *_lines(general)),
    ]
    for group, constants in fitted:
        lines += ["", "[[architecture]]", f"families = {_listed(group.families)}"]
        lines += [f'kind = "{group.kind}"', f"alone = {str(group.alone).lower()}"]
        lines += [f"tables = {_listed(group.tables)}", *_lines(constants)]
    return "\n".join(lines) + "\n"


def _listed(names: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def _lines(constants: Mapping[str, float]) -> list[str]:
    """Write constants; those of one format have a dot in their name and need quotes."""
    quoted = {name: f'"{name}"' if "." in name else name for name in constants}
    return [f"{quoted[name]} = {value!r}" for name, value in constants.items()]


def main() -> None:
    """Write both files."""
    general, fitted = fit_matmul()
    for name, content in (
        ("matmul", text(general, fitted)),
        ("attention", text({}, fit_attention(fitted))),
    ):
        (FITTED / f"{name}.toml").write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
