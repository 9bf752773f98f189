"""What llama.cpp reached on single cards, as measured: points to show beside a prediction."""

import csv
import functools
from dataclasses import dataclass

from hwcalc.datafile import DATA

__all__ = ["LocalRun", "local_runs"]


@dataclass(frozen=True)
class LocalRun:
    """Rates of one card with one network."""

    accelerator: str  # id in the catalogue
    network: str
    form: str  # a key of gguf.FORMS
    release: str  # a key of llama_cpp.RELEASES
    written: int  # tokens written after an empty context
    generation: float  # [tokens/s] while writing them
    prompt: float  # [tokens/s] while reading 512
    source: str


@functools.cache
def local_runs() -> tuple[LocalRun, ...]:
    """Return measured rates of single cards, those of May 2024 first.

    Returns:
        The runs, each with its source. [1]

    Examples:
        >>> run = local_runs()[0]
        >>> run.accelerator, run.network, run.form, run.generation
        ('rtx-3070', 'llama3-8b', 'q4_k_m', 72.79)
    """
    with (DATA / "runs/llama-cpp.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            LocalRun(
                accelerator=row["accelerator"],
                network=row["network"],
                form=row["form"],
                release=row["release"],
                written=int(row["written"]),
                generation=float(row["generation"]),
                prompt=float(row["prompt"]),
                source=row["source"],
            )
            for row in csv.DictReader(file)
        )
