"""What the hardware guide says in words about its calculators, with the settings of its links."""

from typing import Any

import pytest

import hwcalc
from hwcalc.calculator import Answer


def data_path(**inputs: Any) -> Answer:
    """The first calculator of the article, with its starting values."""
    return hwcalc.run("data_path", **{"workers": 2, **inputs})


def build(**inputs: Any) -> Answer:
    """The build of the article."""
    return hwcalc.run("build_checker", **{"memory": 256, "supply": "1600-titanium", **inputs})


def test_half_of_the_time_is_lost_waiting_for_two_workers() -> None:
    """Drive and bus could deliver dozens of times as much; the workers are what is missing."""
    answer = data_path()
    assert 0.4 < answer["idle"].value < 0.6
    assert answer["limit"].text == "Workers"
    over = {row[0]: row[3] for row in answer["stages"].rows}
    assert over["Drive"] > 24
    assert over["PCIe"] > 24


def test_one_thread_fed_three_cards_of_2017_and_cards_grew_tenfold() -> None:
    """The heading says ten times."""
    answer = data_path()
    assert answer["core"].value / answer["then"].value > 3
    assert 9 < answer["growth"].value < 13
    assert int(answer["enough"].text) in (4, 5)


def test_no_number_of_workers_feeds_an_h100() -> None:
    """One process takes in less than such a card could train."""
    answer = data_path(gpu="h100-sxm", workers=16)
    assert answer["idle"].value > 0.3
    assert answer["enough"].text == "more than 16"


def test_a_hard_disk_finds_a_hundred_files_and_reads_packed_ones_ten_times_as_fast() -> None:
    """Seeks, not the rate, are what a hard disk lacks."""
    files = data_path(drive="hdd-7200", workers=4)["rate"].value
    packed = data_path(drive="hdd-7200", workers=4, stored="packed")["rate"].value
    assert files == pytest.approx(100)
    assert packed > 10 * files


def test_loading_that_waits_halves_the_speed_and_pageable_memory_does_nothing() -> None:
    """The copy takes several times as long, hidden behind the computation."""
    usual = data_path(workers=4)
    assert data_path(workers=4, prefetch=False)["rate"].value < 0.55 * usual["rate"].value
    pageable = data_path(workers=4, pinned=False)
    assert pageable["copy"].value > 3 * usual["copy"].value
    assert pageable["rate"].value == usual["rate"].value


def test_lanes() -> None:
    """Two cards gain a hundredth from a workstation's lanes; four lose a third on four lanes."""
    two = hwcalc.run("pcie_lanes")
    assert two["slots"].text == "x8 / x8"
    assert 0.003 < two["full"].value - two["efficiency"].value < 0.02
    assert two["quad_eight"].value > 0.85
    assert two["quad_four"].value < 0.75
    large = hwcalc.run("pcie_lanes", network="own", parameters=1000, own=500)
    assert large["efficiency"].value > 0.97
    assert 1 - large["four"].value == pytest.approx(1 / 6, abs=0.03)


def test_the_gain_of_lanes_in_2018() -> None:
    """Sixteen lanes over four, one card: three hundredths where the step is as long as it was."""
    answer = hwcalc.run("pcie_lanes", network="own", own=216, batch=32, platform="x399", gpus=1)
    assert 0.01 < answer["copy_gain"].value < 0.033


def test_the_supply_and_the_socket() -> None:
    """The old sum is enough for a supply by ATX 3; an older one has no single supply to offer."""
    answer = hwcalc.run("power_supply")
    assert answer["rating"].value == answer["rule_2018"].value
    assert answer["peak"].value > answer["rating"].value
    assert answer["most"].value == 1
    assert answer["kept"].value > 0.95
    assert hwcalc.run("power_supply", standard="atx2")["buy"].text.startswith("none")
    assert hwcalc.run("power_supply", circuit="eu-16")["socket"].text == "carries it"
    losses = {row[0]: row[3] for row in answer["classes"].rows}
    assert losses["80 PLUS Gold"] - losses["80 PLUS Titanium"] < 50


def test_the_build() -> None:
    """Nothing limits it but its GPUs, and most of what buys nothing is memory."""
    answer = build()
    assert answer["limit"].text.startswith("its GPUs")
    nothing = {row[0]: row[2] for row in answer["parts"].rows}
    assert nothing["Memory"] > 0.5 * answer["wasted"].value
    assert answer["gpu_share"].value > 0.6


def test_the_builds_of_the_links() -> None:
    """Six cores starve two cards with images, not with text; four cards outgrow the desktop."""
    starved = build(processor="ryzen-5-9600x")
    assert starved["share"].value > 0.5
    assert starved["limit"].text == "the processor"
    assert build(processor="ryzen-5-9600x", network="text")["limit"].text.startswith("its GPUs")
    four = build(gpus=4)
    assert four["limit"].text == "the processor"
    assert "supply" in four["fits"].text
    small = build(gpu="rtx-3090", gpus=1, supply="850-gold", memory=64)
    assert small["limit"].text.startswith("its GPUs")
    assert small["fits"].text == "nothing"
