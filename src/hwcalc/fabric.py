r"""What joins the ranks of a collective: links inside a node, a network between nodes.

A `Fabric` holds the numbers from which `hwcalc.collective_time` computes: rates from the catalogue,
and a few constants that no data sheet has. They were fitted on whole tables of measured
collectives, never for one card, and live in data/fitted/collectives.toml with the tables' names;
tests/fit_collectives.py computes them again.

- for every link: how much of its rate the two ways of sending reach (`Protocol`)
- for a kind of path (links between chips, PCIe between cards, PCIe through the host's memory): the
  share of the rate that long messages reach, and how it falls where ranks share the path
- for a generation: the time to launch a collective, the time of one step, and the share of the
  rate that a switch reaches when it adds up

A generation nobody measured gets the geometric mean of the measured ones of NVLink. Switches can
add up between B200 as well, but the measured library took the ring there; 838 instead of 682 GB/s
were seen elsewhere (stas00/ml-engineering, network/README.md). What is left out: servers of one
kind that differ in their sockets and switches, and congestion from others.
"""

import functools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from hwcalc.catalog import Accelerator, links
from hwcalc.datafile import DATA, load
from hwcalc.numeric import check_count, check_fraction, check_positive

__all__ = [
    "PATHS",
    "Fabric",
    "Protocol",
    "fabric",
    "fitted_constants",
    "usual_network_share",
    "with_axes",
    "with_network",
]

# How ranks of one node reach each other, with the names shown to readers.
PATHS = {
    "link": "Links between the chips",
    "peer": "PCIe, card to card",
    "host": "PCIe, through the host's memory",
}

Constants = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Protocol:
    """What the two ways of sending cost, as shares and factors that hold for every fabric.

    Short messages carry a flag beside every word, so a receiver sees them at once but the link
    moves less; long ones go through buffers, whose hand-over costs time at every step.
    """

    flagged_share: float  # [1] of the link's rate that flagged messages reach
    buffered_step: float  # [1] time of a buffered step in flagged ones
    bend: float  # [1] power with which steps and bytes add up; 1 one after the other
    peer_rate: float  # [B/s] of flagged messages to one of many peers
    peer_buffers: float  # [s] to set the buffers of a peer up
    multicast_launch: float  # [s] longer until a switch adds up
    engine_launch: float  # [1] launch of an engine's own all-reduce, against the library's
    engine_one_shot: float  # [1] share of the rate when all read all
    engine_two_shot: float  # [1] share of the rate when each adds up its part
    engine_steps: float  # [1] steps that the second phase costs


@dataclass(frozen=True)
class Fabric:
    """Links of one rank and what they cost; `fabric` makes one of catalogue entries."""

    name: str
    bandwidth: float  # [B/s] of one rank to all others in its node, one direction, as specified
    share: float  # [1] of it that long messages reach
    own_copy: float  # [1] cost of copying one's own part, in sending it; 0 where links are slow
    crowding: float  # [1] exponent with which the rate of a shared path falls; 0 with a switch
    mesh: float  # [1] ranks of a node joined in pairs, so that few ranks use few links; 0 otherwise
    axes: float  # [1] axes of a torus; 0 otherwise
    multicast: float  # [1] share of the rate when the switch adds up; 0 where it cannot
    launch: float  # [s] until a collective starts
    step: float  # [s] of a flagged message between neighbours in a node
    network: float  # [B/s] of one rank to other nodes, one direction, reached; 0 without a network
    network_step: float  # [s] of a flagged message between nodes
    protocol: Protocol


@functools.cache
def fitted_constants() -> Constants:
    """Return the fitted constants of all fabrics, as their file groups them.

    Returns:
        Group to name to value, in seconds, bytes per second and shares. [1]

    References:
        data/fitted/collectives.toml

    Examples:
        >>> 0.5 < fitted_constants()["link"]["share"] < 1
        True
        >>> sorted(fitted_constants())
        ['engine', 'host', 'link', 'network', 'nvlink-4', 'nvlink-5', 'pcie', 'peer', 'protocol']
    """
    return load(DATA / "fitted" / "collectives.toml")


@functools.cache
def usual_network_share() -> float:
    """Return the share of its rate that a network link between machines reaches.

    The median over the catalogue's Ethernet and InfiniBand links that carry a measured rate; the
    measured messages are long and go one way between two machines.

    Returns:
        Achieved over specified rate. [1]

    References:
        The links of the catalogue.

    Examples:
        >>> usual_network_share()
        0.94
    """
    shares = sorted(
        link.efficiency
        for link in links().values()
        if link.family in ("Ethernet", "InfiniBand") and link.achieved is not None
    )
    return shares[len(shares) // 2]


def fabric(
    accelerator: Accelerator, path: str, network: float, constants: Constants | None = None
) -> Fabric:
    """Return the fabric of a cluster of one kind of accelerator.

    Assumption: the ranks of a node are alike, and all of them use the network at the same time,
    each its share, as in training.

    Args:
        accelerator: The chip; its links or its PCIe slot join the ranks of a node. [1]
        path: A key of `PATHS`. [1]
        network: Specified rate of one rank's share of its node's network, one direction, 0 without
            a network: eight adapters of 50 GB/s for eight ranks are 50 GB/s. [B/s]
        constants: Fitted constants in place of those of the package; for fitting. [1]

    Returns:
        The fabric. [Fabric]

    Raises:
        ValueError: If the path is unknown, the accelerator has no such link or no rate of it is
            published, or network is negative.

    References:
        The accelerators and links of the catalogue; data/fitted/collectives.toml

    Examples:
        >>> from hwcalc.catalog import accelerators
        >>> joined = fabric(accelerators()["h100-sxm"], "link", 50e9)
        >>> joined.bandwidth, joined.multicast > 0, joined.crowding
        (450000000000.0, True, 0.0)
        >>> fabric(accelerators()["l40s"], "host", 0.0).bandwidth
        31507700000.0
    """
    if path not in PATHS:
        raise ValueError(f"path = {path!r}: must be one of {', '.join(PATHS)}")
    if network < 0:
        raise ValueError(f"network = {network:g}: must be zero or positive")
    known = fitted_constants() if constants is None else constants
    protocol = Protocol(**known["protocol"], **known["engine"])
    ways = known[path]
    slot = accelerator.slot.bandwidth if accelerator.slot else 0.0
    if path == "link":
        generation, bandwidth = _generation(accelerator), accelerator.link_bandwidth
    elif slot:
        generation, bandwidth = "pcie", slot
    else:
        raise ValueError(f"{accelerator.name}: its PCIe slot is not published; choose another path")
    steps = known[generation] if generation in known else _mean_steps(known)
    switch = path == "link" and "bridge" not in accelerator.link_name
    # What goes to other nodes leaves through the slot.
    outside = min(network * usual_network_share(), slot or math.inf)
    return Fabric(
        name=f"{accelerator.name}, {PATHS[path]}",
        bandwidth=bandwidth,
        share=ways["share"],
        own_copy=ways.get("own_copy", 0.0),
        crowding=ways.get("crowding", 0.0),
        mesh=_mesh(accelerator) if path == "link" else 0.0,
        axes=_axes(accelerator) if path == "link" else 0.0,
        multicast=steps.get("multicast", 0.0) if switch else 0.0,
        launch=steps["launch"],
        step=steps["step"],
        network=outside,
        network_step=known["network"]["step"],
        protocol=protocol,
    )


def with_network(joined: Fabric, network: float, share: float) -> Fabric:
    """Return the same fabric with a network of another rate and share.

    Args:
        joined: The fabric. [1]
        network: Specified rate of one rank's share of its node's network, one direction. [B/s]
        share: Part of it that long messages between two nodes were measured to reach. [1]

    Returns:
        The fabric. [Fabric]

    Raises:
        ValueError: If network is not positive or share is not between 0 and 1.

    References:
        The links of the catalogue, where the rate and its achieved part are known.

    Examples:
        >>> from hwcalc.catalog import accelerators
        >>> node = fabric(accelerators()["h100-sxm"], "link", 0.0)
        >>> with_network(node, 50e9, 0.9).network
        45000000000.0
    """
    check_positive(network=network)
    check_fraction(share=share)
    return replace(joined, network=network * share)


def with_axes(joined: Fabric, axes: float, closed: bool) -> Fabric:
    """Return a torus of which a group of ranks uses some axes only.

    A group on fewer axes has fewer links. An axis that does not close into a ring has half the
    rate, because everything from one end passes its last link, and is twice as long.

    Args:
        joined: A torus. [1]
        axes: Axes that the group fills. [1]
        closed: Whether these axes are rings. [1]

    Returns:
        The fabric. [Fabric]

    Raises:
        ValueError: If there are fewer axes than that; a switch has none.

    References:
        J. Austin et al., How to Scale Your Model, How to think about TPUs,
        https://jax-ml.github.io/scaling-book/tpus/

    Examples:
        One axis of a TPU v5p, two links of 100 GB/s:

        >>> from hwcalc.catalog import accelerators
        >>> pod = fabric(accelerators()["tpu-v5p"], "link", 0.0)
        >>> with_axes(pod, 1, True).bandwidth / 1e9, with_axes(pod, 1, False).bandwidth / 1e9
        (200.0, 100.0)
    """
    check_count(axes=axes)
    if axes > joined.axes:
        raise ValueError(f"axes = {axes:g}: {joined.name} has {joined.axes:g}")
    part = axes / joined.axes
    half, twice = (1.0, 1.0) if closed else (0.5, 2.0)
    return replace(
        joined, axes=axes, bandwidth=joined.bandwidth * part * half, step=joined.step * twice
    )


def _generation(accelerator: Accelerator) -> str:
    match = re.match(r"NVLink-?(\d)", accelerator.link_name)
    return f"nvlink-{match[1]}" if match else accelerator.link_name


def _mesh(accelerator: Accelerator) -> float:
    """Count the chips that are joined in pairs: one more than each has links."""
    paired = re.match(r"Infinity Fabric \(\d links", accelerator.link_name)
    return accelerator.links + 1 if paired else 0.0


def _axes(accelerator: Accelerator) -> float:
    """Read the number of axes of a torus."""
    match = re.match(r"ICI (\d)D torus", accelerator.link_name)
    return float(match[1]) if match else 0.0


def _mean_steps(known: Constants) -> dict[str, float]:
    """Average what generations of NVLink cost, for one that was not measured.

    Whether its library would let switches add up cannot be known.
    """
    measured = [group for name, group in known.items() if name.startswith("nvlink-")]
    return {
        key: math.exp(sum(math.log(group[key]) for group in measured) / len(measured))
        for key in ("launch", "step")
    }
