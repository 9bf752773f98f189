r"""What a machine of several GPUs should measure, and which fault a lower number points to.

A benchmark gives one rate. `healthy` and its variants with one fault each are fabrics for which
`hwcalc.collective_time` predicts that rate; `explain` names the variant that comes nearest. So the
explanation is a comparison of predictions, with their errors: two faults that cost the same cannot
be told apart, and a machine can have several.

Left out: slow single links (the ring runs at the pace of the slowest), a throttling GPU, network
adapters that cannot read the GPU's memory, and everything that is not a matter of rates.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from hwcalc.catalog import Accelerator
from hwcalc.collective_time import collective_time
from hwcalc.collectives import bus_bandwidth
from hwcalc.fabric import Fabric, fabric
from hwcalc.numeric import check_positive

__all__ = ["copy_rate", "explain", "faults", "measured_rate", "usual_path"]


def usual_path(accelerator: Accelerator, ranks: float) -> str:
    """Return how GPUs of a kind reach each other in one machine with its vendor's driver.

    Rule: over links of their own where they have them, a bridge joining two cards only; otherwise
    over PCIe from card to card, but through the host's memory for GeForce cards, whose driver
    refuses the direct way.

    Args:
        accelerator: The chip. [1]
        ranks: How many of them. [1]

    Returns:
        A key of `fabric.PATHS`. [1]

    Raises:
        ValueError: If neither a link nor a PCIe slot of it is published.

    References:
        https://github.com/NVIDIA/nccl/issues/1127 and the README of
        https://github.com/tinygrad/open-gpu-kernel-modules, for GeForce

    Examples:
        >>> from hwcalc.catalog import accelerators
        >>> [usual_path(accelerators()[each], 4) for each in ("h100-sxm", "l40s", "rtx-4090")]
        ['link', 'peer', 'host']
        >>> [usual_path(accelerators()["rtx-3090"], ranks) for ranks in (2, 4)]
        ['link', 'host']
    """
    bridged = "bridge" in accelerator.link_name
    if "link_bandwidth" in accelerator.published and not (bridged and ranks > 2):
        return "link"
    if accelerator.slot is None:
        raise ValueError(f"{accelerator.name}: neither its links nor its PCIe slot is published")
    return "host" if accelerator.kind == "consumer" else "peer"


def copy_rate(accelerator: Accelerator) -> float:
    """Return the rate at which pinned memory of the host should reach a GPU.

    Estimate: the share of its specified rate that a slot of the same generation was measured to
    reach.

    Args:
        accelerator: The chip. [1]

    Returns:
        Rate in one direction; zero if its slot or a measurement of it is unknown. [B/s]

    References:
        The links of the catalogue.

    Examples:
        >>> from hwcalc.catalog import accelerators
        >>> copy_rate(accelerators()["a100-pcie-80gb"]) / 1e9
        25.0
    """
    slot = accelerator.slot
    return slot.achieved or 0.0 if slot else 0.0


def faults(
    accelerator: Accelerator,
    path: str,
    ranks: float,
    network: float,
    adapters: float,
    wrong: float,
) -> Mapping[str, Fabric]:
    """Return the fabric as it should be, and with each usual fault.

    Assumption: one fault at a time. Through the network only what concerns it is listed, and the
    detour through the host's memory only for more than two GPUs: a pair loses little by it, less
    than servers differ.

    Args:
        accelerator: The chip. [1]
        path: How the GPUs of a machine reach each other, a key of `fabric.PATHS`. [1]
        ranks: GPUs of a machine. [1]
        network: Specified rate of one GPU's share of its machine's network, one direction; 0 for
            a single machine. [B/s]
        adapters: Network adapters of a machine. [1]
        wrong: One GPU's share of the network that must not be used, such as the one for
            administration, one direction. [B/s]

    Returns:
        Fabric by a name that continues "as if". [1]

    Raises:
        ValueError: If `fabric.fabric` refuses the arguments.

    References:
        The functions it calls.

    Examples:
        >>> from hwcalc.catalog import accelerators
        >>> list(faults(accelerators()["l40s"], "peer", 8, 0.0, 1, 0.0))[1:]
        ['half of the lanes', 'a quarter of the lanes', "copies through the host's memory"]
    """
    sound = fabric(accelerator, path, network)
    found = {"everything works": sound}
    if network:
        if adapters > 1:
            found["one of the adapters only"] = replace(sound, network=sound.network / adapters)
        if 0 < wrong < network:
            found["the wrong network"] = replace(sound, network=wrong)
        return found
    if path == "link":
        if sound.multicast:
            found["no sums in the switch"] = replace(sound, multicast=0.0)
        if accelerator.slot and accelerator.kind != "consumer":
            found["no links, PCIe only"] = fabric(accelerator, "peer", 0.0)
    else:
        found["half of the lanes"] = replace(sound, bandwidth=sound.bandwidth / 2)
        found["a quarter of the lanes"] = replace(sound, bandwidth=sound.bandwidth / 4)
    if path != "host" and accelerator.slot and ranks > 2:
        found["copies through the host's memory"] = fabric(accelerator, "host", 0.0)
    return found


def measured_rate(size: float, ranks: float, per_node: float, joined: Fabric) -> float:
    """Return the bus bandwidth that `all_reduce_perf` should print.

    A fit: `collective_time.collective_time`, counted as nccl-tests does.

    Args:
        size: Buffer on each rank. [B]
        ranks: Participants, at least 2. [1]
        per_node: Participants in one machine. [1]
        joined: What joins them. [1]

    Returns:
        Bus bandwidth. [B/s]

    Raises:
        ValueError: If size is not positive or the fabric refuses the ranks.

    References:
        https://github.com/NVIDIA/nccl-tests/blob/master/doc/PERFORMANCE.md

    Examples:
        Eight H100; measured were 445 GB/s:

        >>> from hwcalc.catalog import accelerators
        >>> node = fabric(accelerators()["h100-sxm"], "link", 0.0)
        >>> measured_rate(2.0**29, 8, 8, node) / 1e9
        445.1
    """
    check_positive(size=size)
    time = collective_time("all_reduce", size, ranks, per_node, joined)
    return bus_bandwidth("all_reduce", size, ranks, time)


def explain(measured: float, expected: Mapping[str, float]) -> str:
    """Return the expectation that a measurement comes nearest to.

    Nearest by ratio, so that half and twice are equally far.

    Args:
        measured: What the benchmark printed. [B/s]
        expected: What it should print, by cause. [B/s]

    Returns:
        A key of expected. [1]

    Raises:
        ValueError: If measured or an expectation is not positive, or there is none.

    References:
        The regimes of the accuracy page say how far the expectations are off:
        https://github.com/NVIDIA/nccl-tests/blob/master/doc/PERFORMANCE.md has the unit.

    Examples:
        >>> explain(13e9, {"everything works": 26e9, "half of the lanes": 13.2e9})
        'half of the lanes'
    """
    check_positive(measured=measured, **expected)
    if not expected:
        raise ValueError("expected is empty: nothing to compare with")
    return min(expected, key=lambda cause: abs(math.log(measured / expected[cause])))
