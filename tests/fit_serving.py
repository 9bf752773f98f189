"""Compute the constants of serving engines from three tables of tests/measurements.

    python -m tests.fit_serving        # writes src/hwcalc/data/fitted/inference.toml

One table for each engine: Llama 3.1 8B on H100 (TensorRT-LLM) and on H200 (SGLang), 70B on H100
(vLLM). Everything else stays unseen, also all of Qwen3, of DeepSeek and of B200. What is minimised
is the mean absolute error of the logarithm of both times, each table counting alike, an error of
more than a factor of 1.6 no more than that: some clients waited for what no table says.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hwcalc.engines import Engine
from hwcalc.numeric import minimum
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
SHARED = ("sequence", "request")
OWN = ("step", "layer")
USUAL = {
    "general.sequence": 15e-6,
    "general.request": 50e-3,
    **{f"{name}.step": 5e-4 for name in TABLES},
    **{f"{name}.layer": 6e-4 for name in TABLES},
}
MOST = math.log(1.6)

Array = Any  # numpy's, of floats


def sweep(name: str) -> tuple[Steps, Array, Array, Array]:
    """Return the steps of all rows of a table, their arguments, and the measured times."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in table(name):
        groups.setdefault((row["ranks"], row["dtype"], row["cache_value"]), []).append(row)
    parts: list[Steps] = []
    arguments: list[Array] = []
    for rows in groups.values():
        clients, prompt, output = (
            np.array([round(r["drawn"] * r[key]) if key != "clients" else r[key] for r in rows])
            for key in ("clients", "prompt", "output")
        )
        running: Any = minimum(clients, np.array([places_of(r) for r in rows]))  # type: ignore[arg-type]
        parts.append(steady_steps(deployment_of(rows[0]), running, prompt, output))  # type: ignore[arg-type]
        measured = np.array([[r["first"], r["between"]] for r in rows]).T
        arguments.append(np.stack([clients, prompt, output, *measured]))
    columns: Any = zip(*parts, strict=True)
    joined = Steps(*(_joined(column, parts) for column in columns))
    clients, prompt, output, first, between = np.concatenate(arguments, axis=1)
    return joined, np.stack([clients, prompt, output]), first, between


def _joined(column: tuple[Array, ...], parts: list[Steps]) -> Array:
    """Join a field of several sweeps, a plain number repeated for all rows of its sweep."""
    sizes = [np.shape(part.running) for part in parts]
    return np.concatenate([np.broadcast_to(x, n) for x, n in zip(column, sizes, strict=True)])


def loss() -> Callable[[Mapping[str, float]], float]:
    """Return what is minimised, as a function of the constants."""
    sweeps = {engine: sweep(name) for engine, name in TABLES.items()}

    def value(constants: Mapping[str, float]) -> float:
        errors = []
        for engine, (steps, arguments, first, between) in sweeps.items():
            found = under_load(steps, host(engine, constants), *arguments)
            for predicted, measured in ((mean_first(found), first), (found.between, between)):
                errors.append(np.minimum(np.abs(np.log(predicted / measured)), MOST).mean())
        return float(np.mean(errors))

    return value


def host(engine: str, constants: Mapping[str, float]) -> Engine:
    """Take an engine's constants."""
    return Engine(
        engine,
        **{name: constants[f"general.{name}"] for name in SHARED},
        **{name: constants[f"{engine}.{name}"] for name in OWN},
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
