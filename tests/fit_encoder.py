"""Compute the fitted constants of the encoder's model from the tables in tests/measurements.

    python -m tests.fit_encoder        # writes src/hwcalc/data/fitted/encoder.toml

One constant for each framework (what a value costs PyTorch, the gap of TensorFlow) and an
energy of an operation for each architecture that is sold with little power. What is minimised is
the mean absolute error of the logarithm of the time. The model itself is called.
"""

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from hwcalc import catalog, encoder, ranking
from hwcalc.encoder_programs import programs
from hwcalc.machine import Machine
from hwcalc.throttle import throttled
from tests.accuracy.encoder import measured
from tests.accuracy.ranking import fine_tuning, form
from tests.accuracy.search import fit
from tests.accuracy.tables import Row, table

FITTED = Path(__file__).parent.parent / "src" / "hwcalc" / "data" / "fitted" / "encoder.toml"
PYTORCH, IMAGES = "lambda_v1_bert_base_fp16", "lambda_v1_resnet50_fp16"
TENSORFLOW, T4 = "bert_tensorflow_answer_v100", "bert_tensorflow_answer_t4"
# Where a search begins: cycles of a multiprocessor for a value, a launch, what boards draw.
USUAL = {
    "pytorch_cycles": 0.1,
    "pytorch_channels_first": 0.2,
    "tensorflow_gap": 6e-6,  # [s]
    "base": 25.0,  # [W]
    "vector": 1.5e-11,  # [J/FLOP]
    "Turing": 2.5e-12,
    "Ampere": 2.5e-12,
    "Ada Lovelace": 1.5e-12,
}
FAMILIES = ("Turing", "Ampere", "Ada Lovelace")
Constants = Mapping[str, float]


def chip(row: Row, energy: Constants) -> Machine:
    """Return a row's machine with given energies."""
    return throttled(catalog.accelerators()[row["accelerator"]], energy)


def answer(row: Row, gap: float, energy: Constants) -> float:
    """Predict a row of TensorFlow's answers."""
    program = replace(programs()["tensorflow"], gap=gap)
    return sum(
        encoder.answer_times(
            catalog.accelerators()[row["accelerator"]],
            catalog.transformers()[row["network"]],
            *(row["batch"], row["sequence"], row["precision"], program, chip(row, energy)),
        ).values()
    )


def loss(name: str, predict: Callable[[Row], float]) -> float:
    """Average the absolute error of the logarithm of a step's time."""
    rows = table(name)
    return sum(abs(math.log(predict(row) / time(row))) for row in rows) / len(rows)


def time(row: Row) -> float:
    """Return the measured time of a step [s]."""
    return measured(row) if "task" in row else float(row["batch"] / row["throughput"])


@functools.cache
def fit_tensorflow() -> dict[str, float]:
    """Fit the gap between kernels on a V100, which has power to spare."""
    return _fit(TENSORFLOW, lambda c: lambda row: answer(row, c["tensorflow_gap"], {}),
                "tensorflow_gap")  # fmt: skip


def fit_t4(pytorch: Constants) -> dict[str, float]:
    """Fit a board's power and the energy of a vector operation on a T4, given the others."""
    gap = fit_tensorflow()["tensorflow_gap"]
    matrix = {"matrix": pytorch["Turing"]}
    return _fit(T4, lambda c: lambda row: answer(row, gap, {**matrix, **c}), "base", "vector")


def fit_pytorch(t4: Constants) -> dict[str, float]:
    """Fit what a value costs, and the energies of matrix units in three architectures."""
    known = catalog.accelerators()

    def predict(constants: Constants) -> Callable[[Row], float]:
        program = replace(programs()["pytorch"], cycles=constants["pytorch_cycles"])

        def one(row: Row) -> float:
            family = known[row["accelerator"]].family
            energy = {"matrix": constants[family]} if family in constants else {}
            return fine_tuning(row, chip(row, {**t4, **energy}), program)

        return one

    return _fit(PYTORCH, predict, "pytorch_cycles", *FAMILIES)


@functools.cache
def fit_boards() -> tuple[dict[str, float], dict[str, float]]:
    """Fit the two tables in turns: each needs what the other says of Turing."""
    t4 = {name: USUAL[name] for name in ("base", "vector")}
    for _ in range(3):
        pytorch = fit_pytorch(t4)
        t4 = fit_t4(pytorch)
    return pytorch, t4


@functools.cache
def fit_images() -> float:
    """Fit the cycles for a value where channels come first, on ResNet-50."""

    def predict(constants: Constants) -> Callable[[Row], float]:
        def one(row: Row) -> float:
            card = catalog.accelerators()[row["accelerator"]]
            cycles = constants["pytorch_channels_first"]
            speed = ranking.channels_first(card, row["batch"], form(row), cycles)
            return float(row["batch"] / speed)

        return one

    return _fit(IMAGES, predict, "pytorch_channels_first")["pytorch_channels_first"]


def _fit(
    name: str, predict: Callable[[Constants], Callable[[Row], float]], *constants: str
) -> dict[str, float]:
    usual = {constant: USUAL[constant] for constant in constants}
    return fit(lambda c: loss(name, predict(c)), usual, ())


def text() -> str:
    """Write the constants as TOML, each with the table it was fitted on."""
    pytorch, t4 = fit_boards()
    lines = [
        "# Written by tests/fit_encoder.py; do not edit.",
        "# Units: cycles, seconds, watts, J/FLOP.",
        *("", "[programs]", f'tables = ["{PYTORCH}", "{IMAGES}", "{TENSORFLOW}"]'),
        f"pytorch_cycles = {pytorch['pytorch_cycles']!r}",
        f"pytorch_channels_first = {fit_images()!r}",
        f"tensorflow_gap = {fit_tensorflow()['tensorflow_gap']!r}",
        *("", "[general]", f'tables = ["{T4}"]', f"base = {t4['base']!r}"),
    ]
    for family in FAMILIES:
        vector = family == "Turing"
        tables = f'"{PYTORCH}"' + (f', "{T4}"' if vector else "")
        lines += ["", f'[energy."{family}"]', f"tables = [{tables}]"]
        lines += [f"matrix = {pytorch[family]!r}"]
        lines += [f"vector = {t4['vector']!r}"] if vector else []
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the file."""
    FITTED.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
