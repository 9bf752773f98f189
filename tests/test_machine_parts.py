"""The rules about cores and memory, whole builds, and the facts about parts."""

import csv
import datetime
from pathlib import Path

import pytest

from hwcalc import machine_parts
from hwcalc.build import cheapest_enough, limiting, spare, throughput
from hwcalc.datafile import DATA
from hwcalc.host_memory import (
    cached_share,
    cores_2018,
    cores_needed,
    loading_memory,
    memory_2018,
    offload_memory,
)

FILES = sorted((DATA / "machines").glob("*.csv"))


def test_cores_of_published_rules() -> None:
    """Eight accelerators: 28 cores with two workers each, 44 with four; four by the rule of 2018:
    eight cores, sixteen threads."""
    assert cores_needed(8, 2) == 28
    assert cores_needed(8, 4) == 44
    assert cores_2018(4, online=True) == 8
    assert cores_2018(4, online=False) == 4


def test_memory_rules() -> None:
    """The rule of 2018 is the largest card; offloading takes fourteen bytes of a parameter."""
    assert memory_2018(24 * 2**30) == 24 * 2**30
    assert loading_memory(140e9, 8) == 8 * 140e9
    assert offload_memory(1e9) == 14e9


def test_a_data_set_is_cached_as_far_as_memory_is_free() -> None:
    """All of it, a part of it, or nothing where programs need more than there is."""
    assert cached_share(100e9, 256e9, 30e9) == 1
    assert cached_share(100e9, 80e9, 30e9) == pytest.approx(0.5)
    assert cached_share(100e9, 20e9, 30e9) == 0


def test_a_machine_is_as_fast_as_its_slowest_part() -> None:
    """The part that limits has nothing to spare; the others have their rate over its rate."""
    rates = {"cards": 900.0, "bus": 40e3, "workers": 1800.0, "drive": 60e3}
    assert throughput(rates) == 900
    assert limiting(rates) == "cards"
    assert spare(rates) == pytest.approx(
        {"cards": 1, "bus": 400 / 9, "workers": 2, "drive": 200 / 3}
    )


def test_the_cheapest_offer_that_is_enough() -> None:
    """A larger supply may be cheaper than a smaller one; without any the largest is named."""
    offers = [(150.0, 750.0), (120.0, 850.0), (300.0, 1600.0)]
    assert cheapest_enough(offers, 700) == 1
    assert cheapest_enough(offers, 1000) == 2
    assert cheapest_enough(offers, 5000) == 2
    with pytest.raises(ValueError, match="offers"):
        cheapest_enough([], 1)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_row_has_a_source_and_a_day(path: Path) -> None:
    """A fact without a document is an opinion."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        assert "http" in row["source"] or "@" in row["source"], row
        day = datetime.date.fromisoformat(row["checked"])
        assert datetime.date(2026, 1, 1) <= day <= datetime.date.today()
        for key in (row.get("unverified") or "").split():
            assert key in row, f"{key} is no column"


def test_figures_are_plausible() -> None:
    """A decimal point in the wrong place shows here."""
    for platform in machine_parts.platforms().values():
        assert 16 <= platform.lanes <= 128
        assert platform.generation in (3, 4, 5)
        assert 6e9 < platform.memory_rate / platform.channels < 60e9
    for processor in machine_parts.processors().values():
        assert processor.cores <= processor.platform.cores
        assert 100 < processor.price < 10_000
    rates = [drive.rate for drive in machine_parts.drives().values()]
    assert rates == sorted(rates)
    for decoder in machine_parts.decoders().values():
        assert decoder.rate < decoder.ceiling < 8 * decoder.rate
