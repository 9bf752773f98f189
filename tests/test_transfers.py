"""Messages over one link and over several."""

import pytest

from hwcalc.collectives import transfer_time
from hwcalc.transfers import half_rate_size, relay_time

# te42kyfo/gpu-benches, README of gpu-stream and memcpy, snapshot of June 2024: a V100 on PCIe 3.0.
V100 = ((1e6, 0.11e-3), (4e6, 0.37e-3), (16e6, 1.38e-3), (64e6, 5.46e-3), (1e9, 86.91e-3))


@pytest.mark.parametrize(("size", "measured"), V100)
def test_two_parameters_describe_the_copies_to_a_v100(size: float, measured: float) -> None:
    """27 us and 12.36 GB/s; sizes were in binary units."""
    binary = size if size < 1e6 else 2.0 ** {1e6: 20, 4e6: 22, 16e6: 24, 64e6: 26, 1e9: 30}[size]
    assert transfer_time(binary, 12.36e9, 27e-6) == pytest.approx(measured, rel=0.025)


def test_a_gigabyte_over_gigabit_ethernet() -> None:
    """At the 118 MB/s that were measured a GiB takes 9.1 s."""
    assert relay_time(2.0**30, 2.0**30, [(118e6, 0.0)]) == pytest.approx(9.1, rel=0.001)


def test_one_link_is_one_link() -> None:
    """Without a second link there is nothing to relay, however the message is cut."""
    assert relay_time(1e9, 1e9, [(1e9, 1e-3)]) == transfer_time(1e9, 1e9, 1e-3)
    assert relay_time(1e9, 1e8, [(1e9, 0.0)]) == pytest.approx(1.0)


def test_stored_whole_times_add_up() -> None:
    """Two links alike take twice as long as one."""
    assert relay_time(1e9, 1e9, [(1e9, 0.0)] * 2) == pytest.approx(2.0)


def test_the_slowest_link_sets_the_pace() -> None:
    """With small pieces the fast links are hidden behind the slow one."""
    legs = [(50e9, 0.0), (1e9, 0.0), (50e9, 0.0)]
    assert relay_time(1e9, 1e6, legs) == pytest.approx(1.0, rel=0.01)


def test_pieces_have_a_best_size() -> None:
    """Small pieces pay latency again and again, large ones wait for each other."""
    times = [relay_time(1e9, 10.0**k, [(25e9, 20e-6)] * 2) for k in range(3, 10)]
    best = times.index(min(times))
    assert 0 < best < len(times) - 1
    assert times[:best] == sorted(times[:best], reverse=True)
    assert times[best:] == sorted(times[best:])


def test_at_the_half_rate_size_half_of_the_rate_is_reached() -> None:
    """By definition."""
    size = half_rate_size(12.36e9, 27e-6)
    assert size / transfer_time(size, 12.36e9, 27e-6) == pytest.approx(12.36e9 / 2)


def test_no_link_is_refused() -> None:
    """A message cannot arrive over nothing."""
    with pytest.raises(ValueError, match="at least one"):
        relay_time(1.0, 1.0, [])
