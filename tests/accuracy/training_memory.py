"""Memory of training as frameworks reported it; nothing was fitted on it."""

import functools

from hwcalc.adapters import adapter_memory
from hwcalc.frameworks import FRAMEWORKS
from hwcalc.layout import Layout
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


def torchtune(row: Row) -> float:
    """Predict fine-tuning in torchtune, of adapters or of all weights.

    All is in 16 bits. On one card the optimizer's numbers are paged to the computer's memory and a
    weight is updated as soon as its gradient is there; several cards shard everything (FSDP).
    """
    shape, software = named(row["network"]), FRAMEWORKS[row["software"]]
    batch, ranks = row["micro_batch"], row["ranks"]
    if row["method"] != "full":
        parts = adapter_memory(
            shape,
            batch,
            row["sequence"],
            software,
            LITGPT,
            row["rank"],
            row["adapted"],
            row["frozen"],
            row["recompute"],
            ranks,
        )
        return sum(parts.values())
    layout = Layout(1, 1, ranks, 1, 1, batch, ranks * batch, 1, 3, row["recompute"], False)
    states = LITGPT if ranks > 1 else States(weight=2, gradient=0, master=0, optimizer="sgd")
    parts = training_memory(shape, layout, row["sequence"], software, states, 0.0, 0.0)
    away = ("weights/", "gradients/", "moments/") if row["offload"] else ()
    return sum(size for name, size in parts.items() if not name.startswith(away or ("none",)))


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
    Regime(
        name="memory-torchtune",
        title="Training memory, torchtune, documented rows",
        rows=tuple(row for row in table("training_memory_torchtune") if row["documented"]),
        measured=measured,
        predicted=torchtune,
        unit="B",
        fitted=False,
        median=0.089,
        ninth=0.11,
        aim=(0.06, ANY),
        remark="LoRA and QLoRA of Llama 3.1 8B with the later version: its compiled loss needs "
        "less than the logits in chunks.",
    ),
    Regime(
        name="memory-torchtune-open",
        title="Training memory, torchtune, rows whose settings are not documented",
        rows=tuple(row for row in table("training_memory_torchtune") if not row["documented"]),
        measured=measured,
        predicted=torchtune,
        unit="B",
        fitted=False,
        median=0.15,
        ninth=0.79,
        aim=(0.06, ANY),
        remark="Llama 2 70B at 4 sequences of 4,096 tokens: checkpoints of its layers alone are "
        "21 GB, so the sequences of the data were shorter than the length given. 405B: the recipe "
        "in the repository has 1 sequence, the table says 2. On the larger card of 2025 layers are "
        "taken as not computed again. The full fine-tuning of 2024 fills its card.",
    ),
)
