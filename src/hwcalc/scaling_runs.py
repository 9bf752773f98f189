"""How far published data-parallel training scaled, and what the model says of the same runs.

Measured figures come from data/runs/data-parallel.csv. The prediction knows the network, the time
of one GPU, the links and two constants that hold for all rows; nothing is set per row.
"""

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass

from hwcalc.catalog import links
from hwcalc.convnets import ConvNet, convnets
from hwcalc.data_parallel import implied_exchange_time, scaling_efficiency
from hwcalc.datafile import DATA
from hwcalc.networks import Transformer, transformers
from hwcalc.parallel_step import Cluster, Step, data_parallel_step, network_buckets

__all__ = [
    "BUCKET",
    "FIRST_BUCKET",
    "LINK_SHARE",
    "LOCAL_LATENCY",
    "NETWORK_LATENCY",
    "SPREAD",
    "Errors",
    "ScalingRun",
    "predicted_step",
    "prediction_errors",
    "scaling_runs",
]

# Share of a link's specified rate that a long all-reduce keeps busy. Measured: eight A100 reach a
# bus bandwidth of 235 of 300 GB/s (stas00/ml-engineering, network/README.md @744d01e18b79).
LINK_SHARE = 235 / 300
# Relative spread of the ranks' step times: the median of what the rows marked `fitted` imply.
# They are ResNet-50 on NVLink, whose exchange takes a thousandth of the step.
SPREAD = 0.013
# Sizes at which PyTorch closes a bucket (torch/csrc/distributed/c10d/reducer.hpp, version 2.5).
BUCKET, FIRST_BUCKET = 25 * 2**20, 2**20
# One step of a collective. Inside a node: 32 KiB on eight A100 take 43.83 us, 14 steps (same
# document as LINK_SHARE). Between nodes: what NCCL plans with for a ring that crosses the network
# (NVIDIA/nccl, src/graph/tuning.cc @01afd20a, hwLat; its 3.4 us for NVLink agrees with the first).
LOCAL_LATENCY, NETWORK_LATENCY = 43.83e-6 / 14, 9.6e-6


@dataclass(frozen=True)
class ScalingRun:
    """Training on one GPU and on many, as published."""

    id: str
    name: str
    date: str
    network: ConvNet | Transformer
    gpus: int
    gpus_per_node: int
    batch: float  # samples per GPU and step
    passes: int  # in which they go through the network; gradients are exchanged after the last
    gradient_bytes: float  # [B] per parameter
    method: str
    local_link: str
    network_link: str  # "" in one node
    adapters: int  # of a node into the network
    alone: float  # samples per second of one GPU
    together: float  # of all
    fitted: bool  # the constant SPREAD comes from this row
    source: str
    note: str

    @property
    def compute(self) -> float:
        """Time of a step on one GPU [s]."""
        return self.batch / self.alone

    @property
    def efficiency(self) -> float:
        """Measured share of perfect scaling [1]."""
        return scaling_efficiency(self.compute, self.gpus * self.batch / self.together)

    @property
    def exchange_time(self) -> float:
        """Time of the exchange that would explain the loss, if all of it were waited for [s]."""
        return implied_exchange_time(self.alone, self.together, self.gpus, self.batch, 0.0)


def _run(row: dict[str, str]) -> ScalingRun:
    networks = convnets() if row["network"] in convnets() else transformers()
    alone, gpus = float(row["alone"]), int(row["gpus"])
    if row["efficiency"]:
        together = float(row["efficiency"]) * gpus * alone
    else:
        together = float(row["together"])
    return ScalingRun(
        id=row["id"],
        name=row["label"],
        date=row["date"],
        network=networks[row["network"]],
        gpus=gpus,
        gpus_per_node=int(row["gpus_per_node"]),
        batch=float(row["batch"]),
        gradient_bytes=float(row["gradient_bytes"]),
        passes=int(row["passes"] or 1),
        method=row["method"],
        local_link=row["local_link"],
        network_link=row["network_link"],
        adapters=int(row["adapters"] or 1),
        alone=alone,
        together=together,
        fitted=row["fitted"] == "yes",
        source=row["source"],
        note=row["note"],
    )


@functools.cache
def scaling_runs() -> dict[str, ScalingRun]:
    """Return published scaling measurements by id.

    Returns:
        The runs, in the order of the file. [1]

    Examples:
        >>> scaling_runs()["vgg16-512-p100"].efficiency
        0.68
    """
    path = DATA / "runs" / "data-parallel.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: _run(row) for row in csv.DictReader(file)}


@dataclass(frozen=True)
class Errors:
    """Predicted efficiency against the measured one."""

    by_run: dict[str, float]  # relative, positive if predicted too fast
    median: float  # of the sizes, over the runs that no constant was fitted to
    optimistic: int  # of these runs, predicted faster than measured


def prediction_errors(predicted: Mapping[str, float]) -> Errors:
    """Compare predicted efficiencies with the measured ones.

    Args:
        predicted: Efficiency of each run by id. [1]

    Returns:
        Relative errors by run, and the median size and the number of optimistic predictions over
        the runs that no constant was fitted to. [1]

    Raises:
        KeyError: If there is no run of that id.

    References:
        data/runs/data-parallel.csv

    Examples:
        >>> prediction_errors({"vgg16-512-p100": 0.68 * 1.1}).median
        0.1
    """
    runs = scaling_runs()
    errors = {key: value / runs[key].efficiency - 1 for key, value in predicted.items()}
    held_out = [error for key, error in errors.items() if not runs[key].fitted]
    sizes = sorted(map(abs, held_out))
    middle = len(sizes) // 2
    return Errors(
        by_run=errors,
        median=(sizes[middle] + sizes[~middle]) / 2,
        optimistic=sum(error > 0 for error in held_out),
    )


def predicted_step(run: ScalingRun, spread: float, link_share: float) -> Step:
    """Return the step the model expects for a published run, with full overlap.

    An estimate from the run's configuration, its time on one GPU and the specified rates of its
    links; what it measured on many GPUs is not used.

    Args:
        run: A published run. [1]
        spread: Relative standard deviation of the ranks' compute times. [1]
        link_share: Share of the specified rate of its links that an all-reduce reaches. [1]

    Returns:
        The step on all GPUs. [Step]

    Raises:
        ValueError: If spread is negative or link_share is not positive.

    References:
        The functions it calls.

    Examples:
        >>> run = scaling_runs()["resnet50-8-v100"]
        >>> step = predicted_step(run, SPREAD, LINK_SHARE)
        >>> scaling_efficiency(run.compute, step.time), run.efficiency
        (0.982, 0.992)
    """
    local = links()[run.local_link].bandwidth
    network = links()[run.network_link].bandwidth if run.network_link else local
    cluster = Cluster(
        ranks=run.gpus,
        ranks_per_node=run.gpus_per_node,
        network_bandwidth=network * run.adapters * link_share,
        local_bandwidth=local * link_share,
        network_latency=NETWORK_LATENCY,
        local_latency=LOCAL_LATENCY,
    )
    buckets = network_buckets(run.network, run.gradient_bytes, BUCKET, FIRST_BUCKET)
    # Only the last pass makes sums ready; the others keep the links idle.
    buckets = [(1 - (1 - ready) / run.passes, size) for ready, size in buckets]
    return data_parallel_step(run.compute, buckets, cluster, run.method, 1.0, spread)
