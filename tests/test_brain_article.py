"""The article on the brain: its calculators reach the reference points, its words hold.

Numbers in the article come from the calculators; words such as "twice" or "nearly" do not, and each
of them is a test here.
"""

import math
import re
from pathlib import Path

import pytest

import hwcalc
from hwcalc.brain_estimates import estimates
from hwcalc.calculator import InputError, Quantity
from hwcalc.growth import YEAR
from hwcalc.supercomputers import records

POST = Path("docs/posts/brain-vs-deep-learning.md")
AS_IN_2015 = {
    "purkinje_cells": 100,
    "purkinje_inputs": 100,
    "purkinje_rate": 200,
    "granule_inputs": 15,
    "convolved": True,
}


def test_the_switch_gives_the_count_of_2015() -> None:
    """The link in the article leads to 1.075e21, and its inputs are those tested here."""
    answer = hwcalc.run("brain_filters", **AS_IN_2015)
    assert answer["total"].value == pytest.approx(1.075e21)
    assert answer["published"].text == "1.075\N{NO-BREAK SPACE}ZFLOP/s"
    link = re.search(r"\[here it is as in 2015\]\((.*?)\)", POST.read_text(encoding="utf-8"))
    assert link is not None
    for name, value in AS_IN_2015.items():
        assert f"brain_filters.{name}={'on' if value is True else value}" in link[1]


def test_nearly_all_of_the_number_is_one_decision() -> None:
    """The filter is nearly five powers of ten, everything else less than one."""
    answer = hwcalc.run("brain_filters")
    assert 10**4.5 < answer["filter_factor"].value < 10**5
    assert 5 < answer["fixes"].value < 10
    alone = answer["alone"].value
    assert alone == pytest.approx(estimates()["kurzweil"].range.low, rel=0.05)


def test_carlsmiths_two_numbers_in_machines() -> None:
    """1e15 is one H100 at its peak; 1e21 is about twice the largest cluster."""
    answer = hwcalc.run("brain_estimates")
    assert answer["rate"].value == pytest.approx(1e15, rel=0.02)
    assert 1e21 / answer["cluster"].value == pytest.approx(1.9, abs=0.1)
    assert answer["decades"].value == pytest.approx(10)


def test_molecules_lie_beyond_all_machines() -> None:
    """The least of them exceeds the largest cluster."""
    least = min(each.range.low for each in estimates().values() if each.kind == "molecules")
    assert least > 1000 * records("dense16")[-1].rate


def test_networks_of_the_retina_are_at_least_ten_thousand_times_its_edges() -> None:
    """Both ends of the range are that far apart."""
    edges, networks = (estimates()[f"carlsmith-{key}"].range for key in ("retina", "networks"))
    assert networks.low / edges.low >= 1e4
    assert networks.high / edges.high >= 1e4


def test_the_neuron_carries_the_answer() -> None:
    """Work on a unit and units explain nine tenths of the spread; synapses and rate a tenth."""
    answer = hwcalc.run("brain_flops")
    assert answer["dominant"].text == "work on a unit"
    explains = {row[0]: row[2] for row in answer["factors"].rows}
    assert explains["Work on a unit"] + explains["Units of a neuron"] > 0.85
    assert explains["Synapses"] + explains["Spikes of a neuron"] < 0.1


def test_point_neurons_leave_the_uncertainty_to_the_synapses() -> None:
    """As the link has it: one unit, and the work of the two simplest models."""
    answer = hwcalc.run("brain_flops", units_high=1, unit_operations_high=0.013)
    assert answer["dominant"].text == "work on a spike"


def test_each_step_down_costs_one_to_four_powers_of_ten() -> None:
    """From spikes to dendrites more than one, from dendrites to proteins less than four."""
    answer = hwcalc.run("brain_flops")
    points, detailed, proteins = (answer[name].value for name in ("points", "detailed", "proteins"))
    assert 10 < detailed / points < 1e4
    assert 10 < proteins / detailed < 1e4
    # "arrived near their number by another way"
    assert proteins == pytest.approx(1.075e21, rel=0.25)


def test_a_handful_of_accelerators() -> None:
    """The spikes at the synapses, in H100 at their peak."""
    ratio = hwcalc.run("brain_flops")["synaptic"].value / 989.4e12
    assert 3 < ratio < 5


def test_another_curve_between_the_ends_changes_little() -> None:
    """A fifth at most, at the middle and at both ends."""
    bell, even = (hwcalc.run("brain_flops", shape=shape) for shape in ("lognormal", "uniform"))
    for name in ("low", "middle", "high"):
        assert even[name].value == pytest.approx(bell[name].value, rel=0.2)


def test_sparse_equations_went_between_the_two_slower_paces() -> None:
    """1.8 years promised more than came, 3 years less."""
    answer = hwcalc.run("brain_date")
    assert 1.8 < answer["doubling"].value / YEAR < 3
    promised = [row[2] / row[3] for row in answer["paces"].rows]
    assert promised[0] > promised[1] > 1 > promised[2]
    assert answer["when"].text == "2064"


def test_yardsticks_are_decades_apart() -> None:
    """The same level in 2064, 2038 and 2027."""
    answer = hwcalc.run("brain_date")
    years = [int(answer[f"when_{key}"].text) for key in ("hpcg", "hpl", "dense16")]
    assert years == sorted(years, reverse=True)
    assert years[0] - years[1] > 20
    assert years[1] - years[2] >= 10


def test_the_forecast_of_2014_was_far_too_high_and_within_its_band() -> None:
    """What came in 2025 is near the band's lower edge, and inside."""
    answer = hwcalc.run("brain_date", yardstick="hpl", known=2014)
    assert answer["missed_2014"].value > 30
    band = answer["course"].marks[0]
    place = min(range(len(band.x)), key=lambda n: abs(band.x[n] - 2025.9))
    assert band.low[place] < records("hpl")[-1].rate < 3 * band.low[place]


def test_carlsmiths_level_was_passed_by_every_yardstick() -> None:
    """1e15 is below all three records of today."""
    answer = hwcalc.run("brain_date", target=0.001)
    assert all(row[1] > 1e15 for row in answer["yardsticks"].rows)
    assert {answer[f"when_{key}"].text for key in ("hpl", "hpcg", "dense16")} == {"2025"}


def test_six_bits_for_an_operation() -> None:
    """The heading's count."""
    assert hwcalc.run("brain_energy")["floors_2015"].value == pytest.approx(6.3, abs=0.05)


def test_memory_decides_at_the_likely_count() -> None:
    """One chip computes, a thousand remember."""
    answer = hwcalc.run("brain_energy")
    assert answer["deciding"].text == "memory"
    assert answer["arithmetic_chips"].value == pytest.approx(1, abs=0.05)
    assert answer["memory_chips"].value == pytest.approx(1000, rel=0.05)


def test_brains_beat_the_chip_but_for_the_lowest_ends() -> None:
    """Only ends of two ranges lie below the break-even."""
    even = hwcalc.run("brain_energy")["even"].value
    below = [each.id for each in estimates().values() if each.range.low < even]
    assert below == ["carlsmith-events", "carlsmith-retina", "carlsmith-vision"]
    assert all(each.range.high > even for each in estimates().values())


@pytest.mark.parametrize("yardstick", ["hpl", "hpcg", "dense16"])
@pytest.mark.parametrize("target", [1e-6, 1075, 1e9])
def test_every_year_has_a_forecast_or_a_reason(yardstick: str, target: float) -> None:
    """Too few records, or none that grew, are said in a sentence; nothing is infinite."""
    answered = 0
    for known in range(1998, 2027):
        try:
            answer = hwcalc.run("brain_date", yardstick=yardstick, known=known, target=target)
        except InputError as error:
            assert re.search(r"must|choose", str(error))  # noqa: PT017  # an answer is as good
        else:
            answered += 1
            numbers = [each.value for each in answer.results if isinstance(each, Quantity)]
            assert all(map(math.isfinite, numbers))
    assert answered >= 4
