"""Convolutional layers, forward and backward, and whole networks, against published times."""

import functools
from collections.abc import Mapping
from typing import Any

from hwcalc import catalog
from hwcalc.cnn_time import step_times
from hwcalc.convnets import ConvNet, resized
from hwcalc.convolution import Convolution
from hwcalc.convolution_time import convolution_machine, convolution_time
from hwcalc.machine import Machine
from tests.accuracy.regimes import Regime
from tests.accuracy.tables import Row, table

LAYER_AIM, NETWORK_AIM = (0.25, 1.0), (0.15, 1.0)  # [1] in the median; nothing for nine of ten
Constants = Mapping[str, Mapping[str, float]]

# Winograd's algorithm came to this library with its fifth release.
WITHOUT_WINOGRAD = "cuDNN R4 (Torch)"
NEVER = {"winograd.2": 1e-9, "winograd.4": 1e-9}


def layer_of(row: Row) -> Convolution:
    """Return the layer of a measured row."""
    return Convolution(
        batch=row["batch"],
        in_channels=row["in_channels"],
        out_channels=row["out_channels"],
        height=row["height"],
        width=row["width"],
        kernel=(row["kernel_height"], row["kernel_width"]),
        stride=(row["stride"], row["stride"]),
        padding=(row["padding_height"], row["padding_width"]),
    )


def chip_of(row: Row, constants: Constants | None) -> Machine:
    """Return the machine that measured a row, with its library's algorithms."""
    chip = convolution_machine(catalog.accelerators()[row["accelerator"]], constants)
    if row["engine"] == WITHOUT_WINOGRAD:
        return Machine(**{**vars(chip), "constants": {**chip.constants, **NEVER}})
    return chip


def layer_time(row: Row, constants: Constants | None = None) -> float:
    """Predict the time of a layer."""
    chip = chip_of(row, constants)
    # Those libraries took channels first for FP32 and turned them around for matrix units, but
    # the benchmark's 16-bit layers are laid out as the units want them.
    return convolution_time(chip, layer_of(row), row["direction"], row["dtype"], "nhwc")


def layer_measured(row: Row) -> float:
    """Return the time in seconds."""
    return float(row["time_us"]) * 1e-6


@functools.cache
def network_of(name: str, side: float) -> ConvNet:
    """Return a network for images of a side."""
    network = catalog.convnets()[name]
    return network if network.input_side == side else resized(network, int(side))


def step_time(row: Row, constants: Constants | None = None) -> float:
    """Predict the time of a step."""
    network = network_of(row["network"], row["side"])
    training = row["phase"] == "training"
    chip = chip_of(row, constants)
    parts = step_times(network, chip, row["batch"], row["dtype"], training, row["layout"])
    return sum(parts.values())


def step_measured(row: Row) -> float:
    """Return the time of a step in seconds."""
    return float(row["batch"] / row["images_per_s"])


def lambda_rows(name: str, *precisions: str) -> tuple[Row, ...]:
    """Return ResNet-50's rows of Lambda's benchmark, trained with channels first.

    What it calls FP32 is TF32 where a card has it. Cards of Pascal have no rate of their own for
    16 bits and are left out there.
    """
    rows = []
    for row in table(name):
        if row["workload"] != "resnet50" or row["precision"] not in precisions:
            continue
        peak = catalog.accelerators()[row["accelerator"]].peak
        dtype = "tf32" if row["precision"] == "fp32" and "tf32" in peak else row["precision"]
        if dtype not in peak:
            continue
        rows.append(
            {
                **row,
                "dtype": dtype,
                "layout": "nchw",
                "phase": "training",
                "network": "resnet50",
                "side": 224.0,
                "images_per_s": row["throughput"],
                "engine": "PyTorch (NVIDIA DeepLearningExamples)",
            }
        )
    return tuple(rows)


SPREAD = (
    "Layers of one to three channels, which no network has inside it, and gradients of strided "
    "layers: the library had no good kernel for them in 2017 and took up to ten times as long."
)
UNITS = (
    "Layers of one and three channels: the first library for matrix units left them idle there "
    "and took five to ten times as long as a later one, which is what the model describes."
)
# accelerator and format, title, fitted, bounds that hold, what the worst share
LAYERS: tuple[tuple[str, str, bool, float, float, str], ...] = (
    ("v100_sxm2_16gb_fp16", "V100, 16 bits on matrix units", True, 0.17, 0.615, UNITS),
    ("v100_sxm2_16gb_fp32", "V100, FP32", True, 0.165, 0.48, SPREAD),
    ("titan_xp_fp32", "Titan Xp, FP32", True, 0.15, 0.53, SPREAD),
    ("tesla_m40_fp32", "Tesla M40, FP32", True, 0.145, 0.57, SPREAD),
    ("gtx_1080_ti_fp32", "GTX 1080 Ti, FP32", False, 0.21, 0.68, SPREAD),
    ("titan_x_pascal_fp32", "Titan X (Pascal), FP32", False, 0.17, 0.58, SPREAD),
    ("gtx_titan_x_fp32", "Titan X (Maxwell), FP32", False, 0.16, 0.54, SPREAD),
)
BRANCHES = (
    "ConvNeXt on the RTX 4090, whose large cache keeps part of what its normalisation moves in 32 "
    "bits; and VGG, on which the library reached less of the peak than elsewhere."
)
SLOW = "MobileNet, ConvNeXt and Inception: depthwise gradients, and small branches."
TURNED = (
    "VGG, whose large tensors the library turns around more slowly than those of a ResNet; on the "
    "RTX 4090 ConvNeXt, whose normalisation its large cache serves."
)
SMALL = "The T4, which its 70 W hold further below its rates than the fitted energies say."
SOME = "The A100 in 16 bits, which the model has a sixth faster than it was."
SLOTS = "Cards whose power limit holds them below their clock, which is not modelled here."
EARLIER = (
    "The same work with a library two years older took a tenth to a quarter longer, most on the "
    "A100; and cards whose power limit holds them below their clock."
)
OLD = (
    "A library a year older than the one fitted on, on a card that kept a higher clock: its direct "
    "layers reached 6.0 of 6.7 TFLOP/s, those of the fitted M40 4.6. Twelve rows in all."
)
NETWORKS: tuple[tuple[str, str, bool, float, float, str], ...] = (
    ("timm_infer_3090_nhwc", "inference, RTX 3090, mixed precision", True, 0.035, 0.08, BRANCHES),
    ("timm_infer_3090_nchw", "inference, RTX 3090, channels first", True, 0.07, 0.115, TURNED),
    ("timm_train_3090_nhwc", "training, RTX 3090, mixed precision", True, 0.085, 0.145, SLOW),
    ("dle_resnet50_inference", "ResNet-50 inference, V100 and T4", True, 0.08, 0.21, SMALL),
    ("timm_infer_4090_nhwc", "inference, RTX 4090, mixed precision", False, 0.075, 0.18, BRANCHES),
    ("timm_infer_4090_nchw", "inference, RTX 4090, channels first", False, 0.045, 0.19, TURNED),
    ("timm_infer_4090_nchw_pt29", "the same, a newer PyTorch", False, 0.04, 0.195, TURNED),
    ("dle_resnet50_training", "ResNet-50 training, V100 and A100", False, 0.06, 0.145, SOME),
    ("lambda_v1_resnet50_fp16", "ResNet-50 training, 12 cards, 16 bits", True, 0.04, 0.19, SLOTS),
    ("lambda_v1", "ResNet-50 training, 12 cards, TF32 and FP32", False, 0.05, 0.145, SLOTS),
    ("lambda_2022", "ResNet-50 training, 16 cards, an older PyTorch", False, 0.14, 0.205, EARLIER),
    ("soumith_titan_x", "Titan X (Maxwell), libraries of 2016", False, 0.385, 0.71, OLD),
)


def _network_rows(source: str) -> tuple[Row, ...]:
    """Return the rows of a case; Lambda's second table has one precision left to it."""
    if not source.startswith("lambda"):
        return table(f"cnn_{source}")
    precisions = {"lambda_v1": ("fp32",), "lambda_2022": ("fp16", "fp32")}
    return lambda_rows(source, *precisions.get(source, ("fp16",)))


def _regime(kind: str, case: tuple[str, str, bool, float, float, str], **how: Any) -> Regime:
    source, title, fitted, median, ninth, remark = case
    return Regime(
        name=f"{kind}-{source.replace('_', '-')}",
        title=title,
        unit="s",
        fitted=fitted,
        median=median,
        ninth=ninth,
        remark=remark,
        **how,
    )


REGIMES = (
    *(
        _regime(
            "convolution",
            (case[0], f"Convolutional layers, {case[1]}", *case[2:]),
            rows=table(f"convolution_deepbench_{case[0]}"),
            measured=layer_measured,
            predicted=layer_time,
            aim=LAYER_AIM,
        )
        for case in LAYERS
    ),
    *(
        _regime(
            "cnn",
            (case[0], f"Convolutional networks, {case[1]}", *case[2:]),
            rows=_network_rows(case[0]),
            measured=step_measured,
            predicted=step_time,
            aim=NETWORK_AIM,
        )
        for case in NETWORKS
    ),
)
