"""Speed of GPUs relative to each other: Lambda's benchmark, workload by workload.

Cards of one table, workload and precision are compared with each other; a factor common to all of
them, such as a slower container, says nothing of their order and is taken out. SSD, GNMT, NCF,
Tacotron 2, WaveGlow and Mask R-CNN are not modelled: recurrent and small kernels, whose speed is
the host's or the library's, and detection heads that no layer list of the catalogue has.
"""

import functools
import math
from collections.abc import Callable, Mapping

from hwcalc import catalog, encoder, ranking
from hwcalc.encoder_programs import Program
from hwcalc.machine import Machine
from tests.accuracy.regimes import Regime
from tests.accuracy.tables import Row, table

CALLED = {
    "bert_base_squad": "bert-base",
    "bert_large_squad": "bert-large",
    "resnet50": "resnet50",
}
FITTED = ("lambda_v1_bert_base_fp16", "lambda_v1_resnet50_fp16")
SEQUENCE = 384  # tokens of a question with its text, the script's default


def fine_tuning(row: Row, chip: Machine, program: Program) -> float:
    """Predict the time of a step of BERT's fine-tuning with given constants [s]."""
    card = catalog.accelerators()[row["accelerator"]]
    network = catalog.transformers()[row["workload"].removesuffix("_squad").replace("_", "-")]
    parts = encoder.step_times(
        card, network, row["batch"], SEQUENCE, 0, 1, form(row), program, chip
    )
    return sum(parts.values())


def form(row: Row) -> str:
    """Return the format of a row's products: TF32 where the chip has it and nothing narrower."""
    peak = catalog.accelerators()[row["accelerator"]].peak
    if row["precision"] == "fp16" and "fp16" in peak:
        return "fp16"
    return "tf32" if "tf32" in peak else "fp32"


def predicted(row: Row) -> float:
    """Predict a row's speed as the card's own model gives it [1/s]."""
    return ranking.speed(
        CALLED[row["workload"]],
        catalog.accelerators()[row["accelerator"]],
        row["batch"],
        form(row),
    )


def measured(row: Row) -> float:
    """Return the measured speed [1/s]."""
    return float(row["throughput"])


def group(row: Row) -> tuple[str, str, str]:
    """Return what cards are compared within: one table, one workload, one precision."""
    return (
        row["table"].partition("_bert")[0].partition("_resnet")[0],
        row["workload"],
        row["precision"],
    )


@functools.cache
def groups() -> Mapping[tuple[str, str, str], tuple[Row, ...]]:
    """Return all rows by what they are compared within, those with at least two samples."""
    found: dict[tuple[str, str, str], tuple[Row, ...]] = {}
    for name in (*FITTED, "lambda_v1", "lambda_2022"):
        for row in table(name):
            if row["workload"] in CALLED and row["batch"] > 1:
                found[group(row)] = (*found.get(group(row), ()), row)
    return found


@functools.cache
def common(key: tuple[str, str, str]) -> float:
    """Return the factor common to all cards of a group: it says nothing of their order."""
    ratios = [math.log(predicted(row) / measured(row)) for row in groups()[key]]
    return math.exp(sum(ratios) / len(ratios))


def relative(row: Row) -> float:
    """Predict a row's speed beside the other cards' [1/s]."""
    return predicted(row) / common(group(row))


def _regime(
    name: str,
    title: str,
    keep: Callable[[tuple[str, str, str]], bool],
    bound: tuple[float, float],
    remark: str,
    fitted: bool = False,
) -> Regime:
    return Regime(
        name=f"ranking-{name}",
        title=f"Relative speed, {title}",
        rows=tuple(row for key, rows in groups().items() if keep(key) for row in rows),
        measured=measured,
        predicted=relative,
        unit="samples/s",
        fitted=fitted,
        median=bound[0],
        ninth=bound[1],
        aim=(0.12, math.inf),
        remark=remark,
    )


def _is_fitted(key: tuple[str, str, str]) -> bool:
    return key[0] == "lambda_v1" and key[2] == "fp16" and key[1] in ("bert_base_squad", "resnet50")


REGIMES = (
    _regime(
        "bert-base-fitted",
        "fine-tuning BERT-base at 16 bits on twelve cards (2022 to 2024)",
        lambda key: key[1] == "bert_base_squad" and _is_fitted(key),
        (0.015, 0.105),
        "The RTX 4090, whose cache of 72 MB keeps values from one kernel to the next.",
        fitted=True,
    ),
    _regime(
        "bert-base",
        "fine-tuning BERT-base on up to seventeen cards (FP32 and TF32; 2020 to 2022 also 16 bits)",
        lambda key: key[1] == "bert_base_squad" and not _is_fitted(key),
        (0.06, 0.13),
        "The GTX 1080 Ti, whose constants come from small products, and in the older "
        "table the A40 at TF32, which its source measured slower than an RTX 3090.",
    ),
    _regime(
        "bert-large",
        "fine-tuning BERT-large on up to seventeen cards",
        lambda key: key[1] == "bert_large_squad",
        (0.046, 0.18),
        "As for BERT-base; the older table mixes containers of three years.",
    ),
    _regime(
        "resnet50-fitted",
        "training ResNet-50 at 16 bits on twelve cards (2022 to 2024)",
        lambda key: key[1] == "resnet50" and _is_fitted(key),
        (0.036, 0.07),
        "The RTX 3090 is faster than predicted, the Quadro RTX 8000 slower.",
        fitted=True,
    ),
    _regime(
        "resnet50",
        "training ResNet-50 on up to seventeen cards (FP32 and TF32; 2020 to 2022 also 16 bits)",
        lambda key: key[1] == "resnet50" and not _is_fitted(key),
        (0.047, 0.14),
        "In the older table the A100 is predicted too fast beside the GTX 1080 Ti and the V100.",
    ),
)
