"""Published training steps of Llama on TPUs and on GPUs, and what the model says of each.

All use sequences of 8,192 tokens, 16-bit or 8-bit products, and a layout that its publisher names.
MaxText's runs shard weights among all chips and compute most of each layer again; they count as if
they computed all of it again. Nothing was fitted on any of these rows.

What it leaves out: runs whose replicas are groups of sharded copies.
"""

import csv
import functools
from dataclasses import dataclass, replace

from hwcalc import blocks, roofline, training, transformer
from hwcalc.catalog import Accelerator, accelerators
from hwcalc.datafile import DATA
from hwcalc.frameworks import FRAMEWORKS
from hwcalc.layout import USUAL_SPREAD, Cluster, Layout
from hwcalc.networks import Transformer, transformers
from hwcalc.training_step import step_time

__all__ = [
    "LlamaRun",
    "llama_runs",
    "median_error",
    "predicted_step",
    "prediction_errors",
    "share_of_peak",
    "token_rate",
]

BITS = {"bf16": 16, "fp8": 8}


@dataclass(frozen=True, eq=False)  # one object for each row, so that predictions are kept by it
class LlamaRun:
    """A measured training step."""

    id: str
    label: str
    date: str
    network: Transformer
    accelerator: Accelerator
    node: float  # accelerators that links join, without the network
    network_rate: float  # [B/s] of one accelerator to others, one direction
    sequence: float  # [tokens]
    layout: Layout
    precision: str  # of the products
    software: str  # a key of `frameworks.FRAMEWORKS`
    time: float  # [s] of a step, measured
    source: str

    @property
    def chips(self) -> float:
        """Accelerators used [1]."""
        return self.layout.ranks


@functools.cache
def llama_runs() -> dict[str, LlamaRun]:
    """Return published training steps by id.

    Returns:
        The runs, in the order of the file. [1]

    Examples:
        >>> llama_runs()["70b-v7-64"].time
        12.2
    """
    path = DATA / "runs" / "llama-training.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: _run(row) for row in csv.DictReader(file)}


def _run(row: dict[str, str]) -> LlamaRun:
    counts = (
        *("tensor", "pipeline", "data", "context", "micro_batch"),
        *("batch", "interleave", "zero", "recompute"),
    )
    tensor = float(row["tensor"])
    return LlamaRun(
        id=row["id"],
        label=row["label"],
        date=row["date"],
        network=transformers()[row["network"]],
        accelerator=accelerators()[row["accelerator"]],
        node=float(row["node"]),
        network_rate=float(row["network_rate"]),
        sequence=float(row["sequence"]),
        layout=Layout(
            **{name: float(row[name]) for name in counts}, expert=1.0, sequence_parallel=tensor > 1
        ),
        precision=row["precision"],
        software=row["software"],
        time=float(row["time"]),
        source=row["source"],
    )


@functools.cache
def predicted_step(run: LlamaRun) -> float:
    """Return the time of a step that the model expects.

    An estimate from catalogue, layout and framework; the measured time is not used.

    Args:
        run: A published run. [1]

    Returns:
        Time of a step. [s]

    References:
        `training_step.step_time`

    Examples:
        >>> run = llama_runs()["70b-v7-64"]
        >>> predicted_step(run), run.time
        (12.0, 12.2)
    """
    # A TPU's clock does not follow its power.
    spread = 0.0 if run.accelerator.kind == "tpu" else USUAL_SPREAD
    cluster = Cluster(run.accelerator, run.node, run.network_rate, spread)
    software = replace(FRAMEWORKS[run.software], precision=run.precision)
    parts = step_time(cluster, blocks.shape(run.network), run.layout, run.sequence, software, 0.0)
    return sum(parts.values())


def prediction_errors() -> dict[str, float]:
    """Compare the predicted step of every run with the measured one.

    Returns:
        Relative errors by run, positive if predicted too slow. [1]

    References:
        data/runs/llama-training.csv

    Examples:
        >>> prediction_errors()["70b-v7-64"]
        -0.016
    """
    return {key: predicted_step(run) / run.time - 1 for key, run in llama_runs().items()}


def median_error() -> float:
    """Return the median size of the errors of all runs.

    Returns:
        Relative error. [1]

    References:
        data/runs/llama-training.csv

    Examples:
        >>> median_error()
        0.064
    """
    sizes = sorted(map(abs, prediction_errors().values()))
    middle = len(sizes) // 2
    return (sizes[middle] + sizes[~middle]) / 2


def token_rate(run: LlamaRun, time: float) -> float:
    r"""Return the tokens per second of one accelerator.

    $$ r = \frac{b s}{n t} $$

    Args:
        run: A published run of $b$ sequences of $s$ tokens on $n$ accelerators. [1]
        time: Time of a step, measured or predicted, $t$. [s]

    Returns:
        Tokens per second. [tokens/s]

    References:
        Chowdhery et al. 2022, appendix B, https://doi.org/10.48550/arXiv.2204.02311

    Examples:
        Its publisher prints 2,686.98:

        >>> run = llama_runs()["70b-v7-64"]
        >>> token_rate(run, run.time)
        2686.
    """
    return run.layout.batch * run.sequence / (run.chips * time)


def share_of_peak(run: LlamaRun, time: float) -> float:
    """Return the share of the peak of its format that a run turns into training.

    Operations that are computed again do not count, and attention counts in full, as in most
    publications; where only the causal half is counted the share is smaller.

    Args:
        run: A published run. [1]
        time: Time of a step, measured or predicted. [s]

    Returns:
        Model FLOP utilisation. [1]

    References:
        Chowdhery et al. 2022, appendix B, https://doi.org/10.48550/arXiv.2204.02311

    Examples:
        Its publisher prints 51.2 %:

        >>> run = llama_runs()["70b-h100-128"]
        >>> share_of_peak(run, run.time)
        0.512
    """
    network = run.network
    each = transformer.training_flops_per_token(
        training.working_parameters(network), network.layers, network.hidden, run.sequence
    )
    peak = roofline.peak_rate(run.accelerator.peak, BITS[run.precision])
    return training.utilisation(run.layout.batch * run.sequence * each, run.chips, peak, time)
