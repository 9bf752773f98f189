"""What others published, with source: runs of BERT-large, MLPerf pairs, kernel times, rents.

Measured or listed figures, read from the tables in data/runs and data/prices; no model is in here.
"""

import csv
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hwcalc.catalog import Accelerator, accelerators
from hwcalc.datafile import DATA
from hwcalc.training import RECIPES, Phase, recipe_time

__all__ = [
    "Multiplication",
    "Pairing",
    "Rent",
    "Run",
    "bert_runs",
    "mlperf_bert",
    "multiplications",
    "rents",
]


@dataclass(frozen=True)
class Run:
    """A pre-training run of BERT-large that somebody timed, or measured the speed of."""

    label: str
    date: str  # year and month
    accelerator: Accelerator
    devices: int
    recipe: str  # a key of training.RECIPES
    time: float  # [s] as published, or from the rates published
    extrapolated: bool  # the time follows from rates of a short measurement
    note: str
    source: str

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases of its recipe."""
        return RECIPES[self.recipe]


@dataclass(frozen=True)
class Pairing:
    """A TPU and a GPU submission to MLPerf training of BERT, of one round and as many chips."""

    label: str
    round: str
    chips: int
    tpu: Accelerator
    gpu: Accelerator
    tpu_time: float  # [s]
    gpu_time: float  # [s]
    sources: tuple[str, str]


@dataclass(frozen=True)
class Multiplication:
    """A measured time of a matrix multiplication at 16 bits."""

    layer: str
    accelerator: Accelerator
    m: int
    k: int
    n: int
    time: float  # [s]


@dataclass(frozen=True)
class Rent:
    """A list price for renting one accelerator, its share of the host included."""

    id: str
    chip: str  # short name
    accelerator: Accelerator
    provider: str
    price: float  # [$/s]
    commitment: str
    date: str  # year and month
    source: str

    @property
    def name(self) -> str:
        """Chip, provider and month."""
        return f"{self.chip}, {self.provider}, {self.date}"

    @property
    def vendor(self) -> str:
        """Vendor of the accelerator, to group by."""
        return self.accelerator.vendor


def _rows(file: str) -> Iterator[dict[str, str]]:
    with (DATA / file).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


@functools.cache
def bert_runs() -> tuple[Run, ...]:
    """Return published pre-training runs of BERT-large, oldest first.

    Returns:
        The runs with device, recipe, time and source. [1]

    Examples:
        >>> first = bert_runs()[0]
        >>> first.label, first.devices, first.time / 86400
        ('Google, 64 TPU v2', 64, 4.0)
    """
    runs = []
    for row in _rows("runs/bert-large.csv"):
        rates = [float(rate) for rate in row["rates"].split()]
        time = recipe_time(RECIPES[row["recipe"]], rates) if rates else float(row["hours"]) * 3600
        runs.append(
            Run(
                label=row["label"],
                date=row["date"],
                accelerator=accelerators()[row["accelerator"]],
                devices=int(row["devices"]),
                recipe=row["recipe"],
                time=time,
                extrapolated=bool(rates),
                note=row["note"],
                source=row["source"],
            )
        )
    return tuple(runs)


@functools.cache
def mlperf_bert() -> tuple[Pairing, ...]:
    """Return pairs of MLPerf training results on BERT with equal numbers of TPU and GPU chips.

    Minutes are the mean of a submission's runs without the fastest and the slowest, computed from
    its public logs; they are not verified by MLCommons in this form.

    Returns:
        The pairs, oldest first. [1]

    Examples:
        >>> [(pair.label, pair.round) for pair in mlperf_bert()][-1]
        ('TPU v4 and A100, 64 chips', 'v1.0')
    """
    rows = list(_rows("runs/mlperf-bert.csv"))
    tpus, gpus = ([row for row in rows if row["kind"] == kind] for kind in ("TPU", "GPU"))
    return tuple(
        Pairing(
            label=tpu["pair"],
            round=tpu["round"],
            chips=int(tpu["chips"]),
            tpu=accelerators()[tpu["accelerator"]],
            gpu=accelerators()[gpu["accelerator"]],
            tpu_time=float(tpu["minutes"]) * 60,
            gpu_time=float(gpu["minutes"]) * 60,
            sources=(tpu["source"], gpu["source"]),
        )
        for tpu, gpu in zip(tpus, gpus, strict=True)
    )


@functools.cache
def multiplications() -> tuple[Multiplication, ...]:
    """Return measured multiplications of one Llama-3.1-8B on an H100 and on a TPU v6e.

    Layers are left out whose weights stay on the TPU between repetitions and so beat its memory
    bandwidth, and single tokens, whose times scatter on both sides of it. The H100's variant is
    not stated; its times are below what the PCIe board's bandwidth allows, so it is an SXM board.

    Returns:
        The measurements by layer, chip and number of tokens. [1]

    Examples:
        >>> [(row.m, row.time) for row in multiplications()][0]
        (2, 4.271e-05)
    """
    return tuple(
        Multiplication(
            layer=row["layer"],
            accelerator=accelerators()[row["accelerator"]],
            m=int(row["m"]),
            k=int(row["k"]),
            n=int(row["n"]),
            time=float(row["time_us"]) * 1e-6,
        )
        for row in _rows("runs/matmul-h100-tpu-v6e.csv")
    )


@functools.cache
def rents() -> Mapping[str, Rent]:
    """Return dated list prices of rented accelerators by id.

    Returns:
        Read-only mapping from id to rent. [1]

    Examples:
        >>> rents()["tpu-v2-google-2018-10"].price * 3600
        1.13
    """
    return MappingProxyType(
        {
            row["id"]: Rent(
                id=row["id"],
                chip=row["chip"],
                accelerator=accelerators()[row["accelerator"]],
                provider=row["provider"],
                price=float(row["usd_per_hour"]) / 3600,
                commitment=row["commitment"],
                date=row["date"],
                source=row["source"],
            )
            for row in _rows("prices/rents.csv")
        }
    )
