"""Memory of training as frameworks reported it; nothing was fitted on it."""

import functools

from hwcalc.adapters import adapter_memory
from hwcalc.frameworks import FRAMEWORKS
from hwcalc.memory import training_memory
from hwcalc.states import States
from tests.accuracy.regimes import Regime
from tests.accuracy.tables import Row, table
from tests.accuracy.training import ANY, layout_of, named, sensible, shape_of, software_of

PLAYBOOK = States(weight=2, gradient=4, master=4, optimizer="adam")
LITGPT = States(weight=2, gradient=2, master=0, optimizer="adam-bf16")


def step_memory(row: Row) -> float:
    """Predict the fullest rank of a training step."""
    parts = training_memory(
        shape_of(row),
        layout_of(row, row["interleave"]),
        row["sequence"],
        software_of(row),
        PLAYBOOK,
        0.0,
        0.0,
    )
    return sum(parts.values())


def adapters(row: Row) -> float:
    """Predict fine-tuning through adapters; litgpt adapts queries and values."""
    parts = adapter_memory(
        named(row["network"]),
        row["micro_batch"],
        row["sequence"],
        FRAMEWORKS["litgpt"],
        LITGPT,
        row["rank"],
        "queries and values",
        row["frozen"],
        0,
        1,
    )
    return sum(parts.values())


def measured(row: Row) -> float:
    """Return the memory of a row in bytes."""
    return float(row["memory"])


@functools.cache
def playbook(size: str) -> tuple[Row, ...]:
    """Return the rows with a memory and a sensible layout."""
    return tuple(
        row for row in table(f"training_playbook_{size}") if row["memory"] and sensible(row)
    )


REGIMES = (
    *(
        Regime(
            name=f"memory-playbook-{size}",
            title=f"Training memory, Ultra-Scale playbook, {size.upper()}, sensible rows",
            rows=playbook(size),
            measured=measured,
            predicted=step_memory,
            unit="B",
            fitted=False,
            median=bound,
            ninth=ninth,
            aim=(0.06, ANY),
            remark="Rows of one layout and batch differ by up to a half: part of the grid kept "
            "what was gathered from other ranks of tensors, part did not.",
        )
        for size, bound, ninth in (("1b", 0.122, 0.23), ("3b", 0.118, 0.21))
    ),
    Regime(
        name="memory-litgpt",
        title="Training memory, litgpt, adapters on Llama 2 7B and 13B",
        rows=table("training_memory_litgpt"),
        measured=measured,
        predicted=adapters,
        unit="B",
        fitted=False,
        median=0.149,
        ninth=0.16,
        aim=(0.06, ANY),
        remark="Four-bit weights most: what their products keep is not all counted.",
    ),
)
