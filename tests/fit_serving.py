"""Compute the constants of serving engines from four tables of tests/measurements.

    python -m tests.fit_serving        # writes src/hwcalc/data/fitted/inference.toml

One table for each engine: Llama 3.1 8B on H100 (TensorRT-LLM) and on H200 (SGLang), 70B on H100
(vLLM). A fourth, Qwen3 235B on H100 (TensorRT-LLM), tells what it takes to send tokens to experts.
Everything else stays unseen, also all of DeepSeek, of B200, and of Qwen3 with other engines. What
is minimised
is the mean absolute error of the logarithm of both times, each table counting alike, an error of
more than a factor of 1.6 no more than that: some clients waited for what no table says.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from hwcalc.batches import Opening, opening_steps, opening_time
from hwcalc.engines import AT_ONCE, FUSED, Engine
from hwcalc.serving import Steps, steady_steps, under_load
from tests.accuracy.inference import deployment_of, mean_first, places_of
from tests.accuracy.search import fit
from tests.accuracy.tables import Row, table

FITTED = Path(__file__).parent.parent / "src" / "hwcalc" / "data" / "fitted" / "inference.toml"
TABLES = {
    "trtllm": ("inference_llama8b_h100", "inference_qwen235b_h100"),
    "vllm": ("inference_llama70b_h100",),
    "sglang": ("inference_llama8b_h200",),
}
# Its clients wait for places of which the table says nothing: first tokens are left out.
WAITING = ("inference_llama8b_h200",)
USUAL = {
    "step": 5e-5,
    "sequence": 15e-6,
    "request": 50e-3,
    "kernel": 3e-5,
    "routing": 1e-3,
    "convert": 4e-6,
}
MOST = math.log(1.6)

Array = Any  # numpy's, of floats


@dataclass(frozen=True)
class Part:
    """Rows of a table with one deployment: what they ask of it, and what was measured."""

    steps: Steps
    opening: Opening
    clients: Array
    prompt: Array
    output: Array
    first: Array
    between: Array


def sweep(name: str) -> list[Part]:
    """Return the rows of a table, those of one deployment together."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in table(name):
        groups.setdefault((row["ranks"], row["dtype"], row["cache_value"]), []).append(row)
    parts = []
    for rows in groups.values():
        clients, first, between = (
            np.array([r[key] for r in rows]) for key in ("clients", "first", "between")
        )
        prompt, output = (
            cast(Any, np.array([round(r["drawn"] * r[key]) for r in rows]))
            for key in ("prompt", "output")
        )
        running: Any = np.minimum(clients, [places_of(r) for r in rows])
        placed = deployment_of(rows[0])
        alike = rows[0]["drawn"] == 1
        steps = steady_steps(placed, running, prompt, output, AT_ONCE, alike)
        opening = opening_steps(placed, running, prompt)
        parts.append(Part(steps, opening, clients, prompt, output, first, between))
    return parts


def loss() -> Callable[[Mapping[str, float]], float]:
    """Return what is minimised, as a function of the constants."""
    sweeps = [(engine, name, sweep(name)) for engine, names in TABLES.items() for name in names]

    def value(constants: Mapping[str, float]) -> float:
        means = []
        for engine, name, parts in sweeps:
            costs = host(engine, constants)
            errors = np.concatenate([_errors(part, costs) for part in parts], axis=1)
            errors = errors[: 1 if name in WAITING else 2]
            means.append(np.minimum(np.abs(errors), MOST).mean())
        return float(np.mean(means))

    return value


def _errors(part: Part, host: Engine) -> Array:
    """Return logarithms of predicted over measured times, between tokens and to the first."""
    found = under_load(part.steps, host, part.clients, part.prompt, part.output)
    first: Any = mean_first(found.first, opening_time(part.opening, host))
    return np.log([found.between / part.between, first / part.first])


def host(engine: str, constants: Mapping[str, float]) -> Engine:
    """Take the constants, of which some engines spare one."""
    spared = {"convert": 0.0} if engine in FUSED else {}
    return Engine(engine, **{**constants, **spared})


def text(constants: Mapping[str, float]) -> str:
    """Return the file of the constants."""
    lines = ["# Written by tests/fit_serving.py; do not edit.", "# Units: seconds."]
    tables = sorted(name for names in TABLES.values() for name in names)
    lines += [f"# Fitted together on {', '.join(tables)}."]
    return "\n".join([*lines, "", *(f"{n} = {v!r}" for n, v in constants.items())]) + "\n"


def constants() -> dict[str, float]:
    """Fit all constants."""
    return fit(loss(), USUAL, ())


if __name__ == "__main__":
    FITTED.write_text(text(constants()), encoding="utf-8")
