"""Collectives: every table that was measured, 1 KB to 1 GB, and what joined its ranks."""

import functools
from typing import Any

from hwcalc import catalog
from hwcalc.catalog import links
from hwcalc.collective_time import collective_time, send_time
from hwcalc.engine_all_reduce import engine_all_reduce_time
from hwcalc.fabric import Constants, Fabric, fabric, usual_network_share, with_network
from tests.accuracy.regimes import Regime
from tests.accuracy.tables import Row, table

SMALLEST, LARGEST = 1000, 1.1e9  # [B] 1 KB to 1 GiB
AIM = 0.15  # [1] in the median

# How the ranks of a measured node were joined, by table; by links between chips elsewhere.
PATH = {
    "collectives_aic_l40s": "host",
    "collectives_aic_rtxpro6000": "peer",
    "collectives_deepbench": "peer",
}
# A bridge joins two cards; more meet on PCIe.
BRIDGED = {"collectives_vidur_a100_pairs": 2}
# One message between two of vidur's nodes reached 7.8 GB/s. That is most of one adapter of 100
# Gbit/s, and the rates of its all-reduce grow with the ranks of a node up to four.
# Rate of an adapter, share of it that was reached, adapters in a node.
NETWORK = {
    "collectives_vidur_a100_dgx": (12.5e9, 7.8 / 12.5, 4),
    "collectives_deepbench": (links()["infiniband-fdr"].bandwidth, usual_network_share(), 1),
}
# A kernel reads its peers' memory within one machine, and engines turn to the library beyond. Two
# machines of GB300 are in one NVLink domain, but four GPUs are in each. TensorRT-LLM has kernels
# for such domains.
READABLE = {"gb300": 4}
# Boxes of eight cards had one InfiniBand adapter; the authors name FDR and EDR without saying
# which. Their own ring and that of MPI are other programs.
OTHERS = ("Baidu RingAllReduce", "OSU Allreduce")


@functools.cache
def rows(name: str, operation: str = "", nodes: float = 0) -> tuple[Row, ...]:
    """Return the rows of a table, of the sizes that are asked for; all or of one kind."""
    found = tuple(
        row
        for row in (_named(row) for row in table(name))
        if SMALLEST <= row["size_bytes"] <= LARGEST
        and operation in ("", row["operation"])
        and nodes in (0, row["nodes"])
        and row.get("engine") not in OTHERS
    )
    if "vidur" in name:
        found = tuple(row for row in found if not waited(row, found))
    return found


def _named(row: Row) -> Row:
    """Give the columns of the table behind an article the names of the others."""
    if "num_ranks" not in row:
        return row
    return {
        **row,
        **{"accelerator": "a100-sxm-80gb", "nodes": 1.0},
        **{"operation": row["collective"], "ranks": row["num_ranks"]},
    }


def waited(row: Row, others: tuple[Row, ...]) -> bool:
    """Tell rows in which a rank waited: more bytes of the same kind took less time.

    vidur recorded kernels in running programs, where a collective's kernel counts from the arrival
    of the first rank. Two ranks exchange 10 KiB in 46 µs there and 258 KiB in 27 µs.
    """
    return any(
        kind(other) == kind(row)
        and other["size_bytes"] > row["size_bytes"]
        and other["time_us"] < row["time_us"]
        for other in others
    )


def kind(row: Row) -> tuple[Any, ...]:
    """Return what rows have in common that differ in their size only."""
    return (row["accelerator"], row["operation"], row["ranks"], row["nodes"], row.get("engine"))


def fabric_of(row: Row, constants: Constants | None) -> Fabric:
    """Return what joined the ranks of a measured row."""
    source = row["table"]
    path = PATH.get(source, "link")
    if row["ranks"] > BRIDGED.get(source, row["ranks"]):
        path = "peer"
    joined = fabric(catalog.accelerators()[row["accelerator"]], path, 0.0, constants)
    if row["nodes"] > 1 and source in NETWORK:
        rate, share, adapters = NETWORK[source]
        crowd = max(1.0, row["ranks"] / row["nodes"] / adapters)
        joined = with_network(joined, rate / crowd, share)
    return joined


def time_of(row: Row, size: float, constants: Constants | None) -> float:
    """Predict the time of a row's operation for a size, or for an array of them."""
    joined = fabric_of(row, constants)
    ranks, nodes = row["ranks"], row["nodes"]
    if row["operation"] == "send":
        return send_time(size, nodes > 1, joined)
    readable = ranks <= READABLE.get(row["accelerator"], ranks)
    if "engines" in row["table"] and (readable or row["engine"].startswith("TensorRT")):
        return engine_all_reduce_time(size, ranks, joined)
    return collective_time(row["operation"], size, ranks, ranks / nodes, joined)


def measured(row: Row) -> float:
    """Return the time in seconds."""
    return float(row["time_us"]) * 1e-6


def predicted(row: Row) -> float:
    """Predict a row with the constants of the package."""
    return time_of(row, row["size_bytes"], None)


LIBRARY = (
    "Sizes at which the library goes on with the slower way, or changes to it too early: times "
    "that jump by half from one size to the next; and all-to-all, for which one step of a few "
    "kilobytes takes 7 µs in one row and 16 in the next."
)
SHARED = (
    "Eight cards in two sockets, whose rates jump by a factor of two between neighbouring sizes, "
    "and all-to-all of less than a megabyte."
)
ENGINE = (
    "vLLM between half a megabyte and eight, where it goes on with one shot or changes to its own "
    "two; TensorRT-LLM and SGLang change elsewhere, and one set of constants serves all three."
)
DOMAIN = (
    ENGINE + " Two machines in one NVLink domain: vLLM has a way of its own for eight GPUs that is "
    "twice as fast as the library, TensorRT-LLM kernels that let the switch add up."
)
OLDER = (
    "Single calls of an older library outside a graph: each of its steps costs more than those of "
    "the newer generations from which the constants come, up to 4 MB."
)
BOXES = (
    "Unlike boxes of 2016: Maxwell cards and P100 reach half of what Pascal cards do on the same "
    "PCIe 3, which the catalogue cannot know."
)
NETWORK_SHARE = (
    "A rank that receives while it sends reached three quarters of the one-way rate between these "
    "nodes, and with eight ranks to a node half."
)
KERNEL = "Times of the kernel alone, without its launch, below 1 MB."
BRIDGE = (
    "Four cards on PCIe: each step took 10 µs whatever the size, up to 100 kB, and long messages "
    "reached three quarters of the slot's rate, nearly twice what the fitted server does."
)

# name, title, what of a table, fitted, bounds that hold (median, ninth), what the worst share
Case = tuple[str, str, tuple[Any, ...], bool, float, float, str]
CASES: tuple[Case, ...] = (
    ("h100", "2 to 8 H100, NVLink 4", ("collectives_aic_h100",), True, 0.065, 0.205, LIBRARY),
    ("b200", "2 to 8 B200, NVLink 5", ("collectives_aic_b200",), True, 0.055, 0.18, LIBRARY),
    (
        "l40s",
        "2 to 8 L40S, PCIe 4 by the host",
        ("collectives_aic_l40s",),
        True,
        0.11,
        0.34,
        SHARED,
    ),
    (
        "rtxpro",
        "2 to 8 RTX PRO 6000, PCIe 5",
        ("collectives_aic_rtxpro6000",),
        True,
        0.095,
        0.27,
        SHARED,
    ),
    ("gb300", "2 and 4 GB300, NVLink 5", ("collectives_aic_gb300",), False, 0.045, 0.175, LIBRARY),
    (
        "a100",
        "all-reduce of 2 to 8 A100, NVLink 3",
        ("all_reduce_a100",),
        False,
        0.08,
        0.465,
        OLDER,
    ),
    (
        *("h100-older", "2 to 8 H100, NCCL 2.23"),
        *(("collectives_aic_h100_2_23",), False, 0.12, 0.32, LIBRARY),
    ),
    (
        *("b200-older", "2 to 8 B200, NCCL 2.27.5"),
        *(("collectives_aic_b200_2_27",), False, 0.065, 0.245, LIBRARY),
    ),
    (
        *("a100-program", "all-reduce of 2 to 8 A100 in a running program"),
        *(("collectives_vidur_a100_dgx", "all_reduce", 1), False, 0.215, 0.4, OLDER),
    ),
    (
        *("a100-send", "messages between two A100 of a node"),
        *(("collectives_vidur_a100_dgx", "send", 1), False, 0.085, 0.33, KERNEL),
    ),
    (
        *("a100-send-nodes", "messages between two A100 in two nodes"),
        *(("collectives_vidur_a100_dgx", "send", 2), True, 0.015, 0.045, NETWORK_SHARE),
    ),
    (
        *("a100-nodes", "all-reduce of 2 to 16 A100 in two nodes"),
        *(("collectives_vidur_a100_dgx", "all_reduce", 2), False, 0.28, 0.505, NETWORK_SHARE),
    ),
    (
        *("bridge", "all-reduce of 2 and 4 A100 PCIe, bridged in pairs"),
        *(("collectives_vidur_a100_pairs", "all_reduce", 1), False, 0.485, 0.89, BRIDGE),
    ),
    (
        *("bridge-send", "messages over a bridge of NVLink 3"),
        *(("collectives_vidur_a100_pairs", "send", 1), False, 0.705, 0.97, KERNEL),
    ),
    (
        *("pcie3", "all-reduce of 2 to 8 cards of 2016, PCIe 3"),
        *(("collectives_deepbench", "all_reduce", 1), False, 0.21, 0.74, BOXES),
    ),
    (
        *("pcie3-two-nodes", "all-reduce of 16 cards of 2016 in two nodes, InfiniBand"),
        *(("collectives_deepbench", "all_reduce", 2), False, 0.135, 0.29, BOXES),
    ),
    (
        *("pcie3-four-nodes", "all-reduce of 32 cards of 2016 in four nodes, InfiniBand"),
        *(("collectives_deepbench", "all_reduce", 4), False, 0.135, 0.22, BOXES),
    ),
    ("engines-h100", "engines on H100", ("collectives_engines_h100",), True, 0.08, 0.285, ENGINE),
    ("engines-b200", "engines on B200", ("collectives_engines_b200",), False, 0.09, 0.345, ENGINE),
    (
        "engines-gb300",
        "engines on GB300",
        ("collectives_engines_gb300",),
        False,
        0.12,
        0.595,
        DOMAIN,
    ),
)

REGIMES = tuple(
    Regime(
        name=f"collectives-{name}",
        title=f"Collectives, {title}",
        rows=rows(*which),
        measured=measured,
        predicted=predicted,
        unit="s",
        fitted=fitted,
        median=median,
        ninth=ninth,
        aim=(AIM, 1.0),
        remark=remark,
    )
    for name, title, which, fitted, median, ninth, remark in CASES
)
