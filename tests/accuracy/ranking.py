"""Speed of GPUs relative to each other: Lambda's benchmark, workload by workload."""

from hwcalc import catalog, encoder
from hwcalc.encoder_programs import Program
from hwcalc.machine import Machine
from tests.accuracy.tables import Row

SEQUENCE = 384  # tokens of a question with its text, the script's default


def fine_tuning(row: Row, chip: Machine, program: Program) -> float:
    """Predict the time of a step of BERT's fine-tuning on a machine [s]."""
    network = catalog.transformers()[row["workload"].removesuffix("_squad").replace("_", "-")]
    precision = form(row)
    parts = encoder.step_times(chip, network, row["batch"], SEQUENCE, 0, 1, precision, program)
    return sum(parts.values())


def form(row: Row) -> str:
    """Return the format of a row's products: TF32 where the chip has it and nothing narrower."""
    peak = catalog.accelerators()[row["accelerator"]].peak
    if row["precision"] == "fp16" and "fp16" in peak:
        return "fp16"
    return "tf32" if "tf32" in peak else "fp32"
