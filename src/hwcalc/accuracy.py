"""How far predictions are from measurements, regime by regime, for the results that show it.

data/accuracy.csv has the errors that the tests compute on published measurements; a test compares
the two. A regime is one kind of number on one kind of hardware; its name begins with its topic.
"""

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass

from hwcalc import display
from hwcalc.datafile import DATA

__all__ = ["Accuracy", "covering", "regimes", "tag"]

# What the rows of a topic are.
COUNTED = {
    "matmul": "multiplications",
    "attention": "attention kernels",
    "collectives": "collectives",
    "training": "steps",
    "encoder": "steps of BERT",
    "ranking": "cards",
    "memory": "runs",
    "generation": "generations",
    "prompt": "prompts",
    "inference": "serving runs",
    "power": "runs under a power limit",
    "convolution": "convolutional layers",
    "cnn": "runs of networks",
    "forecast": "records",
}


@dataclass(frozen=True)
class Accuracy:
    """The errors of one regime; the error of a row is predicted over measured, less one."""

    regime: str
    rows: int
    median: float  # [1] of the absolute error
    ninth: float  # [1] that nine of ten rows stay below
    bias: float  # [1] median with its sign
    fitted: bool  # constants were fitted on these rows
    accelerators: frozenset[str]
    formats: frozenset[str]  # of the operands; empty where they have none

    @property
    def tag(self) -> str:
        """The words that stand beside a result of this regime."""
        counted = COUNTED[self.regime.partition("-")[0]]
        error = display.text(self.median, "%", 2)
        rows = f"{self.rows:,} measured {counted}" + ("" if self.fitted else ", none fitted on")
        return f"±\N{NO-BREAK SPACE}{error}: median error over {rows}"


@functools.cache
def regimes() -> Mapping[str, Accuracy]:
    """Return the errors of all regimes by name.

    Returns:
        Read-only mapping from name to errors. [1]

    Examples:
        >>> 0 < regimes()["matmul-aic-h100-bf16-all"].median < 0.06
        True
    """
    with (DATA / "accuracy.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["regime"]: Accuracy(
                regime=row["regime"],
                rows=int(row["rows"]),
                median=float(row["median"]),
                ninth=float(row["ninth"]),
                bias=float(row["bias"]),
                fitted=row["fitted"] == "yes",
                accelerators=frozenset(row["accelerators"].split()),
                formats=frozenset(row["formats"].split()),
            )
            for row in csv.DictReader(file)
        }


def tag(regime: str) -> str:
    """Return the accuracy tag of a result that one regime covers.

    Args:
        regime: Name of the regime. [1]

    Returns:
        Words with the median error and the number of rows. [1]

    Raises:
        ValueError: If there is no such regime; the message has close names.
    """
    if regime not in regimes():
        import difflib  # costs an import, so only when it is needed

        close = ", ".join(difflib.get_close_matches(regime, regimes(), cutoff=0.4))
        raise ValueError(f"no regime {regime!r} was measured; close names: {close or 'none'}")
    return regimes()[regime].tag


def covering(topic: str, accelerator: str, dtype: str = "") -> str:
    """Return the accuracy tag of a topic for an accelerator, nothing where it was not measured.

    Of several regimes the one with most rows speaks for all.

    Args:
        topic: First word of the regimes' names, such as matmul. [1]
        accelerator: Identifier in the catalogue. [1]
        dtype: Format of the operands, where rows have one. [1]

    Returns:
        Words with the median error and the number of rows, or an empty text. [1]

    Raises:
        ValueError: If the topic is unknown.

    Examples:
        >>> covering("matmul", "tesla-k80", "fp32")
        ''
    """
    if topic not in COUNTED:
        raise ValueError(f"topic = {topic!r}: must be one of {', '.join(COUNTED)}")
    found = [
        each
        for each in regimes().values()
        if each.regime.startswith(f"{topic}-")
        # Predicted as if the architecture had not been measured: not what the package computes.
        and not each.regime.endswith("-unmeasured")
        and accelerator in each.accelerators
        and (not dtype or dtype in each.formats)
    ]
    return max(found, key=lambda each: (each.rows, each.regime)).tag if found else ""
