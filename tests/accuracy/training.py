"""Training steps: every published step whose layout is known. None of them was fitted on.

A row's columns are the arguments of `training_step.step_time`. Where a source leaves the number of
interleaved parts open, the fastest one is taken, as its authors will have done.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Iterable

from hwcalc import blocks, catalog
from hwcalc.blocks import Shape
from hwcalc.frameworks import FRAMEWORKS
from hwcalc.layout import USUAL_SPREAD, Cluster, Layout, Software
from hwcalc.llama_runs import llama_runs, predicted_step
from hwcalc.training_step import step_time
from tests.accuracy.regimes import Regime
from tests.accuracy.tables import Row, table

OPEN = (1.0, 2.0, 3.0, 4.0)  # interleaved parts tried where the source does not say


@functools.cache
def cluster(accelerator: str, node: float, network: float) -> Cluster:
    """Return the machines of a row."""
    chip = catalog.accelerators()[accelerator]
    spread = 0.0 if chip.kind == "tpu" else USUAL_SPREAD
    return Cluster(chip, node, network, spread)


@functools.cache
def named(network: str) -> Shape:
    """Return the shape of a network of the catalogue."""
    return blocks.shape(catalog.transformers()[network])


def shape_of(row: Row) -> Shape:
    """Return the network of a row, from the catalogue or from the sizes in its columns."""
    if row["network"]:
        return named(row["network"])
    hidden, vocab = int(row["hidden"]), int(row["vocab"])
    shape = blocks.gpt(int(row["layers"]), hidden, int(row["heads"]), vocab, int(row["sequence"]))
    software = row["software"]
    if software.startswith("llm-foundry"):  # no biases; norms have a scale only
        shape = dataclasses.replace(shape, vectors=2.0 * hidden, head=hidden)
    if software in ("nanotron", "maxtext"):  # Llama's norms and positions
        tied = software == "nanotron"
        shape = dataclasses.replace(
            shape,
            vectors=2.0 * hidden,
            embedding=vocab * hidden,
            head=hidden + (0 if tied else vocab * hidden),
            tied=tied,
            rotary=True,
            gated=bool(row["gated"]),
            ffn_hidden=int(row["ffn"] or shape.ffn_hidden),
            head_dim=row["head_dim"] or shape.head_dim,
            value_dim=row["head_dim"] or shape.value_dim,
        )
    return shape


def software_of(row: Row) -> Software:
    """Return the framework of a row with its precision."""
    return dataclasses.replace(FRAMEWORKS[row["software"]], precision=row["precision"])


def layout_of(row: Row, interleave: float) -> Layout:
    """Return the layout of a row."""
    return Layout(
        **{
            key: row[key]
            for key in (
                *("tensor", "pipeline", "data", "context", "expert"),
                *("micro_batch", "batch", "zero", "recompute"),
            )
        },
        interleave=interleave,
        sequence_parallel=bool(row["sequence_parallel"]),
    )


def parts(row: Row) -> dict[str, float]:
    """Predict a row's step by what it is spent on."""
    shape = shape_of(row)
    machines = cluster(row["accelerator"], row["node"], row["network_rate"])
    software = software_of(row)
    divides = [v for v in OPEN if shape.layers % (row["pipeline"] * v) == 0]
    tried = [row["interleave"]] if row["interleave"] else divides
    steps = [
        step_time(machines, shape, layout_of(row, v), row["sequence"], software, 0.0) for v in tried
    ]
    return min(steps, key=lambda step: sum(step.values()))


def predicted(row: Row) -> float:
    """Predict a row's step."""
    return sum(parts(row).values())


def measured(row: Row) -> float:
    """Return the time of a row's step in seconds."""
    return float(row["time"])


def sensible(row: Row) -> bool:
    """Tell layouts somebody would use: tensors within a node, and enough micro-batches."""
    passes: float = row["batch"] / row["data"] / row["micro_batch"]
    return bool(row["tensor"] <= 8 and passes >= row["pipeline"])


def _rows(file: str, keep: Callable[[Row], bool]) -> tuple[Row, ...]:
    return tuple(row for row in table(file) if keep(row))


def _regime(
    name: str,
    title: str,
    rows: Iterable[Row],
    bound: tuple[float, float],
    aim: tuple[float, float] | None,
    remark: str,
) -> Regime:
    return Regime(
        name=f"training-{name}",
        title=title,
        rows=tuple(rows),
        measured=measured,
        predicted=predicted,
        unit="s",
        fitted=False,
        median=bound[0],
        ninth=bound[1],
        aim=aim,
        remark=remark,
    )


def _experts(row: Row) -> bool:
    return bool(shape_of(row).experts)


def _from(name: str) -> Callable[[Row], bool]:
    return lambda row: row["table"] == name


def everything(row: Row) -> bool:
    """Keep a row whatever it is."""
    return bool(row)


def recipes() -> Iterable[Row]:
    """Give the published steps of MaxText, which the articles show, as rows."""
    for run in llama_runs().values():
        if run.software == "maxtext":
            yield {
                "table": "llama-training",
                "run": run.id,
                "network": run.network.id,
                "accelerator": run.accelerator.id,
                "ranks": run.chips,
                "batch": run.layout.batch,
                "precision": run.precision,
                "time": run.time,
                "source": run.source,
            }


def of_recipe(row: Row) -> float:
    """Predict the step of a recipe."""
    return predicted_step(llama_runs()[row["run"]])


ANY = math.inf  # no aim for the 90th percentile

REGIMES = (
    _regime(
        "korthikanti",
        "Training step, Korthikanti et al. 2022, table 5 (A100, 22 billion to 1 trillion)",
        _rows("training_megatron", _from("SeqSel_T5")),
        (0.035, 0.08),
        (0.035, 0.08),
        "The smallest is predicted too fast; what begins and ends a step weighs most there.",
    ),
    _regime(
        "ptdp",
        "Training step, Narayanan et al. 2021, table 1 (A100, 32 to 3,072)",
        _rows("training_megatron", _from("PTD-P_T1")),
        (0.068, 0.105),
        (0.06, ANY),
        "All are predicted too fast; the year's libraries were slower than those of the kernels.",
    ),
    _regime(
        "ptdp-strong",
        "Training step, Narayanan et al. 2021, table 2, without the rows of ZeRO-3",
        _rows("training_megatron", lambda row: row["table"] == "PTD-P_T2" and row["zero"] == 0),
        (0.07, 0.1),
        None,
        "As for table 1.",
    ),
    _regime(
        "llm-foundry",
        "Training step, llm-foundry (A100 and H100, FSDP, 0.1 to 70 billion)",
        _rows("training_llm_foundry", everything),
        (0.087, 0.15),
        (0.08, ANY),
        "Too fast without recomputation and for the smallest networks: eager backward kernels.",
    ),
    _regime(
        "nemo-dense",
        "Training step, NeMo and Megatron Core, dense networks (H100 to GB300, FP8 and FP4)",
        _rows("training_nemo", lambda row: not _experts(row)),
        (0.08, 0.16),
        (0.08, ANY),
        "Sharded weights of 70 billion on GB200 and the oldest containers are predicted too fast.",
    ),
    _regime(
        "nemo-experts",
        "Training step, NeMo, mixtures of experts (H100 to GB300)",
        _rows("training_nemo", _experts),
        (0.162, 0.45),
        (0.08, ANY),
        "Small experts, sinks in the attention, and the host's work for routing.",
    ),
    _regime(
        "maxtext",
        "Training step, MaxText (TPU v4 and v5e, expected figures of its authors)",
        _rows("training_maxtext", everything),
        (0.07, 0.12),
        (0.08, ANY),
        "64 billion on v5e, whose batch is not in every version of its script.",
    ),
    dataclasses.replace(
        _regime(
            "recipes",
            "Training step, MaxText's recipes (Llama 3.1 on TPU v6e and v7 and on H100)",
            recipes(),
            (0.06, 0.115),
            (0.08, ANY),
            "Too fast on v6e, most of all with the smallest batch, and for 405 billion in FP8.",
        ),
        predicted=of_recipe,
    ),
    _regime(
        "bloom",
        "Training step, trials for BLOOM (A100, 80 to 384, up to 200 billion)",
        _rows("training_bloom", everything),
        (0.145, 0.29),
        (0.08, ANY),
        "Too fast where many replicas or ranks of tensors share the four adapters of a node.",
    ),
    _regime(
        "vtrain",
        "Training step, vTrain's single node (A100, 0.2 to 1.3 billion)",
        _rows("training_vtrain", everything),
        (0.1, 0.22),
        (0.10, ANY),
        "Eight ranks of tensors with the smallest batch, where only the host's speed counts.",
    ),
    *(
        _regime(
            f"playbook-{size}-node",
            f"Training step, Ultra-Scale playbook, {size.upper()}, one node of 8 H100",
            _rows(f"training_playbook_{size}", lambda r: sensible(r) and r["ranks"] == 8),
            bound,
            (0.12, ANY),
            "Too fast by a sixth without stages; eager kernels that are not counted.",
        )
        for size, bound in (("1b", (0.131, 0.20)), ("3b", (0.165, 0.21)))
    ),
    *(
        _regime(
            f"playbook-{size}",
            f"Training step, Ultra-Scale playbook, {size.upper()}, 1 to 64 nodes, sensible rows",
            _rows(f"training_playbook_{size}", sensible),
            bound,
            (0.12, ANY),
            "With pipeline stages, each layer and micro-batch takes some 25 ms longer at eight "
            "tensor ranks, half of that at four, however few bytes it moves; without stages the "
            "median error is 15 %. At 64 nodes every layout slows down, by up to 60 times.",
        )
        for size, bound in (("1b", (0.243, 0.91)), ("3b", (0.339, 0.96)))
    ),
)
