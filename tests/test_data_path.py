"""From disk to accelerator: the numbers of the 2018 guide, measured copies, measured loaders."""

import statistics

import pytest

from hwcalc import machine_parts
from hwcalc.catalog import links
from hwcalc.data_path import (
    WORKER_SHARE,
    batch_size_bytes,
    blocking_step,
    copy_time,
    idle_share,
    loader_rate,
    prefetched_step,
    read_time,
)
from hwcalc.pcie_lanes import even_width, lane_rate, slot_widths, usual_share
from tests.accuracy.tables import table

BATCH = batch_size_bytes(32, 225, 3, 4)
PINNED = float("inf")


@pytest.mark.parametrize(("lanes", "time"), [(16, 1.13e-3), (8, 2.26e-3), (4, 4.53e-3)])
def test_copies_of_the_2018_guide(lanes: int, time: float) -> None:
    """At 1 GiB/s for each lane the batch takes what the guide printed, to its last digit."""
    assert copy_time(BATCH, lanes * 2**30, 1, 0, PINNED) == pytest.approx(time, abs=0.005e-3)


def test_the_disk_of_the_2018_guide_takes_185_ms() -> None:
    """18.54 MiB at 100 MiB/s, uncompressed and in one piece."""
    assert read_time(BATCH, 1, 100 * 2**20, 100) == pytest.approx(0.185, abs=0.0005)


def test_sixteen_lanes_instead_of_four_gain_3_2_percent_when_nothing_overlaps() -> None:
    """9 and 2 ms beside 216 ms, and nothing at all once a loader works ahead."""
    narrow, wide = (blocking_step(0.216, 0, 0, copy) for copy in (0.009, 0.002))
    assert narrow / wide - 1 == pytest.approx(0.032, abs=0.0005)
    assert prefetched_step(0.216, 0, 0, 0.009) == prefetched_step(0.216, 0, 0, 0.002) == 0.216


@pytest.mark.parametrize(
    ("size", "time"),
    [(2**20, 0.11e-3), (2**22, 0.37e-3), (2**24, 1.38e-3), (2**26, 5.46e-3), (2**30, 86.91e-3)],
)
def test_copies_measured_on_a_v100(size: int, time: float) -> None:
    """27 µs and 12.36 GB/s reproduce te42kyfo/gpu-benches from 1 MB to 1 GB within 2 %."""
    rate = links()["pcie-3-x16"].bandwidth
    found = copy_time(size, rate, 12.36e9 / rate, 27e-6, PINNED)
    # The table has two digits below a millisecond, so half of the last one comes on top.
    assert found == pytest.approx(time, rel=0.02, abs=0.005e-3)


def test_pageable_memory_is_never_faster_than_pinned() -> None:
    """The extra copy costs time; its rate bounds the whole."""
    pinned = copy_time(2**30, 31.5e9, 0.8, 10e-6, PINNED)
    pageable = copy_time(2**30, 31.5e9, 0.8, 10e-6, 10e9)
    assert pageable > pinned
    assert 2**30 / pageable < 10e9


def test_the_worker_share_is_the_median_of_the_table() -> None:
    """Two workers of five processors, over twice one thread."""
    rates = {(row["processor"], row["workers"]): row["rate"] for row in table("decode_loader")}
    shares = [rates[name, 2] / rates[name, 0] / 2 for name in {processor for processor, _ in rates}]
    assert statistics.median(shares) == pytest.approx(WORKER_SHARE, abs=0.005)


def test_four_workers_are_predicted_from_one_two_and_eight() -> None:
    """Nothing was taken from the rows of four workers: all within 13 %, half within 5 %."""
    errors = []
    for row in table("decode_loader"):
        if row["workers"] == 4:
            known = machine_parts.decoders()[row["processor"]]
            errors.append(abs(loader_rate(4, 1, known.rate, known.ceiling) / row["rate"] - 1))
    assert len(errors) == 5
    assert max(errors) < 0.13
    assert statistics.median(errors) < 0.05


def test_eight_processes_take_in_what_a_node_was_measured_to() -> None:
    """17,800 images/s for eight A100 (MosaicML) lie between the slowest and the fastest ceiling."""
    ceilings = [decoder.ceiling for decoder in machine_parts.decoders().values()]
    assert 8 * min(ceilings) < 17_800 < 8 * max(ceilings)


def test_decoders_repeat_the_table() -> None:
    """One thread and eight workers stand in the package's data as in the table of measurements."""
    rates = {(row["processor"], row["workers"]): row["rate"] for row in table("decode_loader")}
    for name, decoder in machine_parts.decoders().items():
        assert decoder.rate == rates[name, 0]
        assert decoder.ceiling == rates[name, 8]


def test_more_workers_and_processes_never_slow_a_loader() -> None:
    """Rates grow to the ceiling of each process, and processes add up."""
    rates = [loader_rate(w, 1, 600, 2000) for w in range(20)]
    assert rates == sorted(rates)
    assert rates[-1] == 2000
    assert loader_rate(8, 4, 600, 2000) == 8000


def test_waiting_is_what_computation_leaves() -> None:
    """A step as long as its computation waits for nothing; one of four times that for 75 %."""
    assert idle_share(0.2, 0.2) == 0
    assert idle_share(0.2, 0.8) == pytest.approx(0.75)
    with pytest.raises(ValueError, match="waiting"):
        idle_share(0.2, 0.1)


def test_lanes_of_published_builds() -> None:
    """40 lanes are 16/16/8 or four times 8; four cards of 8 lanes need 32."""
    assert slot_widths(40, 3) == [16, 16, 8]
    assert even_width(40, 4) == 8
    assert slot_widths(32, 4) == [8, 8, 8, 8]
    assert even_width(31, 4) == 4


@pytest.mark.parametrize("lanes", [0, 3, 16, 20, 24, 40, 64, 112, 128])
def test_no_more_lanes_are_given_than_there_are(lanes: int) -> None:
    """Slots are powers of two up to 16, and their sum fits."""
    for cards in range(1, 9):
        widths = slot_widths(lanes, cards)
        assert sum(widths) <= lanes
        assert all(width in (0, 1, 2, 4, 8, 16) for width in widths)
        assert widths == sorted(widths, reverse=True)


def test_lane_rates_are_the_catalogues() -> None:
    """There is one table of PCIe rates; 75 to 90 % of them were reached with pinned memory."""
    for generation in (3, 4, 5):
        for lanes in (1, 4, 8, 16):
            known = links()[f"pcie-{generation}-x{lanes}"].bandwidth
            assert lane_rate(generation, lanes) == pytest.approx(known, rel=1e-3)
        assert 0.75 <= usual_share(generation) <= 0.9
