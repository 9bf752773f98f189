"""Compute the constants of convolutions and their networks from tables in tests/measurements.

    python -m tests.fit_convolution        # writes src/hwcalc/data/fitted/convolution.toml

What is minimised is the mean absolute error of the logarithm of the time, each table counting
alike; a row that is off by more than a factor of 1.8 counts as that, because single layers took
up to ten times their neighbours. The models themselves are called, so no formula is written
twice. The search is that of `fit_collectives`. Of the networks' tables only rows with the images
a network was made for are fitted on, which saves time and loses nothing: the others follow.
"""

import functools
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hwcalc import catalog
from tests.accuracy.convolution import (
    lambda_rows,
    layer_measured,
    layer_time,
    step_measured,
    step_time,
)
from tests.accuracy.tables import Row, table
from tests.fit_collectives import Constants, search

FITTED = Path(__file__).parent.parent / "src/hwcalc/data/fitted/convolution.toml"

LEAST = 0.004  # step of a logarithm at which the search ends

# Where the search begins.
USUAL: Mapping[str, Mapping[str, float]] = {
    "vector": {
        "vector.forward": 1.0,
        "vector.input": 0.9,
        "vector.weight": 0.6,
        "vector.scatter": 0.5,
        "vector.fetch": 0.02,
        "vector.stream": 0.8,
        "vector.launch": 25e-6,  # [s]
        "winograd.2": 0.7,
        "winograd.4": 0.9,
    },
    "Maxwell": {"vector.launch": 70e-6},
    "matrix": {
        "matrix.input": 0.8,
        "matrix.weight": 0.9,
        "depthwise.forward": 0.8,
        "depthwise.input": 0.1,
        "depthwise.weight": 0.1,
        "between": 0.9,
        "host": 60e-6,  # [s]
    },
    "layout": {"transposes": 5.0},
    "sums": {"cycles": 0.6},
}

# Constants that are fitted together, and the tables they are fitted on.
STAGES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "vector": (
        ("vector", "Maxwell"),
        (
            "convolution_deepbench_titan_xp_fp32",
            "convolution_deepbench_tesla_m40_fp32",
            "convolution_deepbench_v100_sxm2_16gb_fp32",
        ),
    ),
    "matrix": (
        ("matrix",),
        (
            "convolution_deepbench_v100_sxm2_16gb_fp16",
            "cnn_timm_infer_3090_nhwc",
            "cnn_timm_train_3090_nhwc",
            "cnn_dle_resnet50_inference",
        ),
    ),
    "layout": (("layout",), ("cnn_timm_infer_3090_nchw",)),
    "sums": (("sums",), ("lambda_v1_resnet50_fp16",)),
}
SHAPE = ("direction", "kernel_height", "kernel_width", "stride", "padding_height", "padding_width")
SWEPT = ("batch", "in_channels", "out_channels", "height", "width")


def by_architecture(constants: Constants) -> Constants:
    """Join the groups that hold for all architectures into one."""
    general = {k: v for name in STAGES for k, v in constants[name].items()}
    return {"general": general, "Maxwell": constants["Maxwell"]}


@functools.cache
def layers(name: str) -> tuple[tuple[Row, Any], ...]:
    """Join the rows of a table that differ in sizes only into one row of arrays."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in table(name):
        groups.setdefault(tuple(row[key] for key in SHAPE), []).append(row)
    return tuple(
        (
            {**rows[0], **{key: np.array([row[key] for row in rows]) for key in SWEPT}},
            np.array([layer_measured(row) for row in rows]),
        )
        for rows in groups.values()
    )


@functools.cache
def steps(name: str) -> tuple[Row, ...]:
    """Return the rows of a table whose images have the side the network was made for."""
    if name.startswith("lambda"):
        return lambda_rows(name, "fp16")
    side = {key: network.input_side for key, network in catalog.convnets().items()}
    return tuple(row for row in table(name) if row["side"] == side[row["network"]])


def errors(name: str, constants: Constants) -> Any:
    """Return the logarithm of predicted over measured, row by row."""
    known = by_architecture(constants)
    if name.startswith(("cnn_", "lambda_")):
        ratios = [step_time(row, known) / step_measured(row) for row in steps(name)]
    else:
        ratios = [layer_time(row, known) / measured for row, measured in layers(name)]
    return np.log(np.hstack(ratios))


def loss(tables: tuple[str, ...]) -> Callable[[Constants], float]:
    """Return what is minimised, as a function of the constants."""

    def value(constants: Constants) -> float:
        found = [np.minimum(np.abs(errors(name, constants)), math.log(1.8)) for name in tables]
        return float(np.mean([each.mean() for each in found]))

    return value


def fit() -> Constants:
    """Fit stage after stage, each with what the ones before found, to four digits."""
    found: Constants = {group: dict(values) for group, values in USUAL.items()}
    for groups, tables in STAGES.values():
        found = search(loss(tables), found, groups, LEAST)
        for group in groups:
            found[group] = {name: float(f"{value:.4g}") for name, value in found[group].items()}
    return found


def text(constants: Constants) -> str:
    """Write the constants as TOML, with the tables of their stage."""
    lines = ["# Written by tests/fit_convolution.py; do not edit. Seconds, bytes, shares.", ""]
    lines.append("[general]")
    for name, (_, tables) in STAGES.items():
        lines.append(f"# Fitted together on {', '.join(tables)}:")
        lines += [f'"{key}" = {value!r}' for key, value in constants[name].items()]
    lines += ["", "[Maxwell]  # together with vector"]
    lines += [f'"{key}" = {value!r}' for key, value in constants["Maxwell"].items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the file."""
    FITTED.write_text(text(fit()), encoding="utf-8")


if __name__ == "__main__":
    main()
