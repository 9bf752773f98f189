"""Fabrics: what the catalogue says about them, and what is refused."""

import pytest

from hwcalc.catalog import accelerators, links
from hwcalc.collective_time import collective_time
from hwcalc.fabric import (
    PATHS,
    fabric,
    fitted_constants,
    usual_network_share,
    with_axes,
    with_network,
)


@pytest.mark.parametrize("name", accelerators())
def test_every_accelerator_has_a_fabric_or_says_why_not(name: str) -> None:
    """Nobody has to measure a card before its collectives can be estimated."""
    chip = accelerators()[name]
    for path in PATHS:
        has = "link_bandwidth" in chip.published if path == "link" else " x" in chip.pcie
        if not has:
            with pytest.raises(ValueError, match="not published"):
                fabric(chip, path, 0.0)
            continue
        joined = fabric(chip, path, 0.0)
        assert joined.bandwidth > 0
        assert 0 < joined.share < 1
        assert 1e-6 < joined.launch < 2e-5
        assert 1e-7 < joined.step < 1e-5


def test_a_generation_has_one_set_of_constants() -> None:
    """H200 is H100's generation and GB200 is B200's: nothing is fitted for a card."""
    for measured, other in (("h100-sxm", "h200-sxm"), ("b200", "gb200"), ("b200", "gb300")):
        first, second = (fabric(accelerators()[name], "link", 0.0) for name in (measured, other))
        for key in ("share", "own_copy", "launch", "step", "multicast"):
            assert getattr(first, key) == getattr(second, key)


def test_an_unmeasured_generation_lies_between_the_measured_ones() -> None:
    """A100 gets the mean of what H100 and B200 cost."""
    low, high = (fitted_constants()[name]["step"] for name in ("nvlink-4", "nvlink-5"))
    a100 = fabric(accelerators()["a100-sxm-80gb"], "link", 0.0)
    assert a100.step == pytest.approx((low * high) ** 0.5)
    assert a100.multicast == 0.0


def test_bridges_have_no_switch() -> None:
    """Two cards on a bridge cannot let anything between them add up."""
    assert fabric(accelerators()["h100-nvl"], "link", 0.0).multicast == 0.0
    assert fabric(accelerators()["h100-sxm"], "link", 0.0).multicast > 0.0


def test_what_leaves_the_node_leaves_through_the_slot() -> None:
    """A card behind PCIe 4 cannot use an adapter of 100 GB/s."""
    joined = fabric(accelerators()["l40s"], "host", 100e9)
    assert joined.network == links()["pcie-4-x16"].bandwidth
    assert fabric(accelerators()["l40s"], "host", 10e9).network == 10e9 * usual_network_share()


def test_the_usual_share_is_one_of_the_measured_ones() -> None:
    """It is a median of the catalogue, not a number of this module."""
    shares = [
        link.efficiency
        for link in links().values()
        if link.family in ("Ethernet", "InfiniBand") and link.achieved is not None
    ]
    assert usual_network_share() in shares
    assert 0.7 < usual_network_share() < 1.0


@pytest.mark.parametrize("operation", ["all_reduce", "all_gather", "all_to_all"])
def test_open_axes_take_twice_as_long(operation: str) -> None:
    """An axis that ends has one link where a ring has two, for the bytes and for the hops."""
    pod = fabric(accelerators()["tpu-v4"], "link", 0.0)
    ring, line = (with_axes(pod, 3, closed) for closed in (True, False))
    times = [collective_time(operation, 1e8, 64, 1, joined) - pod.launch for joined in (ring, line)]
    assert times[1] == pytest.approx(2 * times[0])
    assert with_axes(pod, 3, True) == pod


def test_an_axis_has_its_share_of_the_links() -> None:
    """A group on one of three axes gathers at a third of the rate; a switch has no axes."""
    pod = fabric(accelerators()["tpu-v4"], "link", 0.0)
    assert with_axes(pod, 1, True).bandwidth == pytest.approx(pod.bandwidth / 3)
    with pytest.raises(ValueError, match="axes = 4"):
        with_axes(pod, 4, True)
    with pytest.raises(ValueError, match=r"axes = 1.* has 0"):
        with_axes(fabric(accelerators()["h100-sxm"], "link", 0.0), 1, True)


def test_mistakes_are_named() -> None:
    """An unknown path, a negative network, a share above one."""
    chip = accelerators()["h100-sxm"]
    with pytest.raises(ValueError, match=r"path = 'nvlink'.*link, peer, host"):
        fabric(chip, "nvlink", 0.0)
    with pytest.raises(ValueError, match="network = -1"):
        fabric(chip, "link", -1.0)
    with pytest.raises(ValueError, match=r"share = 1\.5"):
        with_network(fabric(chip, "link", 0.0), 1e9, 1.5)
    with pytest.raises(ValueError, match="network = 0"):
        with_network(fabric(chip, "link", 0.0), 0.0, 0.5)
