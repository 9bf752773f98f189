"""Compute the constants of serving engines from three tables of tests/measurements.

    python -m tests.fit_serving        # writes src/hwcalc/data/fitted/inference.toml

One table for each engine: Llama 3.1 8B on H100 (TensorRT-LLM) and on H200 (SGLang), 70B on H100
(vLLM). Everything else stays unseen, also all of Qwen3, of DeepSeek and of B200. What is minimised
is the mean absolute error of the logarithm of both times, each table counting alike, an error of
more than a factor of 1.6 no more than that: some clients waited for what no table says.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwcalc.batches import Opening, opening_steps, opening_time
from hwcalc.engines import Engine
from hwcalc.serving import Steps, steady_steps, under_load
from tests.accuracy.inference import deployment_of, mean_first, places_of
from tests.accuracy.search import fit
from tests.accuracy.tables import Row, table

FITTED = Path(__file__).parent.parent / "src" / "hwcalc" / "data" / "fitted" / "inference.toml"
TABLES = {
    "trtllm": "inference_llama8b_h100",
    "vllm": "inference_llama70b_h100",
    "sglang": "inference_llama8b_h200",
}
SHARED = ("step", "sequence", "request")
OWN = ("layer", "convert")
FUSED = ("trtllm",)  # converts activations in the kernel before
USUAL = {
    "general.step": 2e-4,
    "general.sequence": 15e-6,
    "general.request": 50e-3,
    **{f"{name}.layer": 6e-4 for name in TABLES},
    **{f"{name}.convert": 4e-6 for name in TABLES if name not in FUSED},
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
            np.array([round(r["drawn"] * r[key]) for r in rows]) for key in ("prompt", "output")
        )
        running: Any = np.minimum(clients, [places_of(r) for r in rows])
        placed = deployment_of(rows[0])
        steps = steady_steps(placed, running, prompt, output)  # type: ignore[arg-type]
        opening = opening_steps(placed, running, prompt)  # type: ignore[arg-type]
        parts.append(Part(steps, opening, clients, prompt, output, first, between))
    return parts


def loss() -> Callable[[Mapping[str, float]], float]:
    """Return what is minimised, as a function of the constants."""
    sweeps = {engine: sweep(name) for engine, name in TABLES.items()}

    def value(constants: Mapping[str, float]) -> float:
        means = []
        for engine, parts in sweeps.items():
            costs = host(engine, constants)
            errors = np.concatenate([_errors(part, costs) for part in parts], axis=1)
            means.append(np.minimum(np.abs(errors), MOST).mean())
        return float(np.mean(means))

    return value


def _errors(part: Part, host: Engine) -> Array:
    """Return logarithms of predicted over measured times, to the first token and between two."""
    found = under_load(part.steps, host, part.clients, part.prompt, part.output)
    first: Any = mean_first(found.first, opening_time(part.opening, host))
    return np.log([first / part.first, found.between / part.between])


def host(engine: str, constants: Mapping[str, float]) -> Engine:
    """Take an engine's constants."""
    return Engine(
        engine,
        **{name: constants[f"general.{name}"] for name in SHARED},
        **{name: constants.get(f"{engine}.{name}", 0.0) for name in OWN},
    )


def text(constants: Mapping[str, float]) -> str:
    """Return the file of the constants."""
    lines = ["# Written by tests/fit_serving.py; do not edit.", "# Units: seconds."]
    for group in ("general", *TABLES):
        lines += ["", f"[{group}]"]
        if group in TABLES:
            lines.append(f"# {TABLES[group]}")
        lines += [
            f"{name.partition('.')[2]} = {value!r}"
            for name, value in constants.items()
            if name.startswith(f"{group}.")
        ]
    return "\n".join(lines) + "\n"


def constants() -> dict[str, float]:
    """Fit all constants."""
    return fit(loss(), USUAL, ())


if __name__ == "__main__":
    FITTED.write_text(text(constants()), encoding="utf-8")
