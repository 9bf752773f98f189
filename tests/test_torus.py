"""Collectives on a torus: limits that can be worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcalc.collectives import all_gather_ring
from hwcalc.torus import largest_group, torus_time

operations = st.sampled_from(
    ["all_reduce", "all_gather", "reduce_scatter", "all_to_all", "broadcast"]
)


@pytest.mark.parametrize("ranks", [2, 4, 16, 4096])
def test_a_gather_uses_every_link(ranks: int) -> None:
    """Without latency it is a ring whose rate is that of all links together."""
    for axes in (1, 2, 3):
        time = torus_time("all_gather", 1e9, ranks, axes, 3e11, 0.0)
        assert time == pytest.approx(all_gather_ring(1e9, ranks, 3e11, 0.0), rel=1e-12)


def test_a_ring_in_both_directions_waits_for_half_of_it() -> None:
    """The furthest of 16 chips on one axis is eight hops away, on average over both sides 7.5."""
    assert torus_time("all_gather", 0.0, 16, 1, 1e11, 1e-6) == pytest.approx(7.5e-6)
    # 4 x 4: one and a half on each axis.
    assert torus_time("all_gather", 0.0, 16, 2, 1e11, 1e-6) == pytest.approx(3e-6)


def test_all_to_all_has_to_pass_the_middle() -> None:
    """On a ring of n it takes n / 4 times what one buffer needs; more axes shorten the ring."""
    assert torus_time("all_to_all", 1e9, 64, 1, 1e11, 0.0) == pytest.approx(16 * 1e9 / 1e11)
    assert torus_time("all_to_all", 1e9, 64, 2, 1e11, 0.0) == pytest.approx(4 * 1e9 / 1e11)
    assert torus_time("all_to_all", 1e9, 64, 3, 1e11, 0.0) == pytest.approx(3 * 1e9 / 1e11)


@given(operations, st.floats(1, 1e12), st.integers(1, 4096), st.integers(1, 3))
def test_no_chip_sends_or_receives_more_than_its_links_carry(
    operation: str, size: float, ranks: int, axes: int
) -> None:
    """What every chip must get or give away bounds the time from below; one chip needs none."""
    time = torus_time(operation, size, ranks, axes, 6e11, 1e-6)
    if ranks == 1:
        assert time == 0.0
    assert time >= (ranks - 1) / ranks * size / 6e11
    assert torus_time(operation, 2 * size, ranks, axes, 6e11, 1e-6) >= time


def test_all_reduce_is_its_halves() -> None:
    """Scattering sums, then gathering them."""
    halves = sum(
        torus_time(half, 1e9, 256, 2, 2e11, 1e-6) for half in ("reduce_scatter", "all_gather")
    )
    assert torus_time("all_reduce", 1e9, 256, 2, 2e11, 1e-6) == pytest.approx(halves)


def test_mistakes_are_named() -> None:
    """Unknown operations and impossible numbers are refused."""
    with pytest.raises(ValueError, match=r"operation = 'gather'.*all_gather"):
        torus_time("gather", 1e9, 16, 2, 1e11, 0.0)
    with pytest.raises(ValueError, match=r"axes = 0"):
        torus_time("all_gather", 1e9, 16, 0, 1e11, 0.0)
    with pytest.raises(ValueError, match=r"bandwidth = 0"):
        torus_time("all_gather", 1e9, 16, 2, 0.0, 0.0)


def test_a_group_is_as_large_as_the_axes_it_fills() -> None:
    """A v5e is 16 x 16; a v5p is 16 x 20 x 28 and counts as a cube with an edge of 21."""
    assert [largest_group(256, 2, used) for used in (1, 2)] == [16, 256]
    assert [largest_group(8960, 3, used) for used in (1, 2, 3)] == [21, 441, 8960]
    with pytest.raises(ValueError, match="axes - used = -1"):
        largest_group(256, 2, 3)
