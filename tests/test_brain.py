"""Counts of the brain: what others got is reproduced from what they put in."""

import math

import pytest

from hwcalc import cost
from hwcalc.brain import (
    dendrite_operations,
    filters_2015,
    molecule_operations,
    synapse_events,
    synapse_operations,
)
from hwcalc.brain_energy import (
    chips_needed,
    energy_per_operation,
    landauer_energy,
    landauer_rate,
    machine_power,
    synapse_memory,
    synapse_traffic,
)
from hwcalc.brain_estimates import KINDS, estimates, facts
from hwcalc.supercomputers import records

PUBLISHED = {
    "purkinje_cells": 1e8,
    "purkinje_inputs": 1e5,
    "purkinje_rate": 200.0,
    "granule_cells": 5e10,
    "granule_inputs": 15.0,
    "granule_rate": 200.0,
    "steps": 5.0,
    "convolved": True,
}


def count(**changed: float) -> float:
    """The count of 2015 with some inputs changed."""
    return sum(filters_2015(**{**PUBLISHED, **changed}).values())  # type: ignore[arg-type]


def test_the_count_of_2015_is_reproduced_in_all_four_digits() -> None:
    """1.075e21 operations per second, of which 93 % are due to the Purkinje cells."""
    parts = filters_2015(**PUBLISHED)  # type: ignore[arg-type]
    assert sum(parts.values()) == pytest.approx(1.075e21, rel=1e-12)
    assert parts["cerebellum/purkinje"] == pytest.approx(1e21)
    assert parts["cerebellum/granule"] == pytest.approx(7.5e19)
    assert parts["cerebellum/purkinje"] / sum(parts.values()) == pytest.approx(0.93, abs=0.001)
    assert PUBLISHED["purkinje_cells"] / 86e9 == pytest.approx(0.0012, rel=0.04)


def test_it_with_the_cells_that_have_been_counted() -> None:
    """With 15 or 26 million Purkinje cells: 2.25e20, 3.35e20; and 1.4e20 if they fire at 50 Hz."""
    assert count(purkinje_cells=15e6) == pytest.approx(2.25e20)
    assert count(purkinje_cells=26e6) == pytest.approx(3.35e20)
    assert count(purkinje_cells=26e6, purkinje_rate=50) == pytest.approx(1.4e20)


def test_a_synapse_that_stays_where_it_is_costs_fifty_thousand_times_less() -> None:
    """Without convolution the Purkinje cells' part falls by the size of their filter."""
    whole = filters_2015(**PUBLISHED)  # type: ignore[arg-type]
    local = filters_2015(**{**PUBLISHED, "convolved": False})  # type: ignore[arg-type]
    ratio = whole["cerebellum/purkinje"] / local["cerebellum/purkinje"]
    assert ratio == pytest.approx(10 * 1000 * 5)
    assert sum(local.values()) == pytest.approx(2.075e16)


def test_steps_enter_twice_when_convolved_and_once_otherwise() -> None:
    """Input and filter both look back in time."""
    assert count(steps=10) == pytest.approx(4 * count())
    assert count(steps=10, convolved=False) == pytest.approx(2 * count(convolved=False))


def test_older_counts_are_products_of_what_they_name() -> None:
    """Merkle: 1e15 synapses at 10 Hz; Kurzweil: 1e11 neurons, 1e3 connections, 200 a second."""
    assert synapse_events(1e15, 10) == estimates()["merkle"].range.low
    assert synapse_events(1e11 * 1e3, 200) == pytest.approx(estimates()["kurzweil"].range.low)
    assert synapse_events(1e12 * 1e3, 10) == pytest.approx(estimates()["boahen"].range.low)


def test_spikes_through_synapses_are_a_hundredfold_apart() -> None:
    """1e14 to 1e15 synapses at 0.1 to 1 Hz are 1e13 to 1e15 events a second."""
    assert synapse_events(1e14, 0.1) == pytest.approx(1e13)
    assert synapse_events(1e15, 1) == pytest.approx(1e15)


def test_events_that_the_energy_of_the_cortex_allows() -> None:
    """0.16 Hz, 16.34 billion neurons, 7,000 synapses each: 1.83e13, 5.87e7 below the 2015 count."""
    events = synapse_events(1.634e10 * 7000, facts()["cortex_rate"].range.low)
    assert events == pytest.approx(1.83e13, rel=1e-3)
    assert 1.075e21 / events == pytest.approx(5.87e7, rel=2e-3)


def test_learning_adds_its_multiple() -> None:
    """What learning costs stands beside what it learns from."""
    parts = synapse_operations(1e15, 1, 10, 3)
    assert parts["synapses/learning"] == pytest.approx(3 * parts["synapses/transmission"])
    assert sum(synapse_operations(1e15, 1, 10, 0).values()) == pytest.approx(1e16)


def test_finer_steps_and_more_units_cost_in_proportion() -> None:
    """Half the step or twice the units, twice the operations; no units, no dendrites."""
    base = dendrite_operations(86e9, 10, 13, 1e-3)
    assert dendrite_operations(86e9, 10, 13, 0.5e-3) == pytest.approx(2 * base)
    assert dendrite_operations(86e9, 20, 13, 1e-3) == pytest.approx(2 * base)
    assert dendrite_operations(86e9, 0, 13, 1e-3) == 0


def test_molecules_dwarf_everything_else() -> None:
    """1e10 proteins in each neuron, changing once a second, are 8.6e20 operations."""
    assert molecule_operations(86.1e9, 1e10, 1) == pytest.approx(8.61e20)


def test_landauers_bound_at_20_watts() -> None:
    """About 7e21 erasures a second (Carlsmith's limit method), at body temperature."""
    assert landauer_rate(20, 310) == pytest.approx(6.7e21, rel=0.01)
    assert landauer_energy(310) == pytest.approx(2.97e-21, rel=1e-3)
    assert landauer_energy(300) / landauer_energy(600) == pytest.approx(0.5)


def test_the_count_of_2015_leaves_six_erasures_for_an_operation() -> None:
    """At 20 W, 1.075e21 operations could each erase six bits and no more."""
    budget = energy_per_operation(20, 1.075e21)
    assert budget / landauer_energy(310) == pytest.approx(6.27, abs=0.01)


def test_el_capitan_on_hpl() -> None:
    """60.3 GFLOP per joule in June 2025, 28.9 MW at 1.742 EFLOP/s."""
    assert 1 / energy_per_operation(28.9e6, 1.742e18) == pytest.approx(60.3e9, rel=1e-3)
    machine = records("hpl")[-1]
    assert machine.power is not None
    assert 1 / energy_per_operation(machine.power, machine.rate) == pytest.approx(60.9e9, rel=1e-3)


def test_tianhe_2s_electricity_as_the_article_of_2015_has_it() -> None:
    """24 MW cost $65,000 to $100,000 a day at $0.113 to $0.174, and $23 million a year at $0.11."""
    day, kwh = cost.energy(1, 86400, 24e6, 1), 3.6e6
    assert cost.electricity(day, 0.113 / kwh) == pytest.approx(65e3, rel=0.01)
    assert cost.electricity(day, 0.174 / kwh) == pytest.approx(100e3, rel=0.01)
    assert cost.electricity(day * 365, 0.11 / kwh) == pytest.approx(23.1e6, rel=0.01)


def test_memory_of_the_neocortex() -> None:
    """4.7 bits, log2 of 26 strengths, for 1.5e14 synapses: 88 TB."""
    assert math.log2(26) == pytest.approx(4.7, abs=0.001)
    assert synapse_memory(1.5e14, 4.7) == pytest.approx(88e12, rel=2e-3)
    assert synapse_traffic(1.5e14, 8) == pytest.approx(1.5e14)


def test_chips_are_needs_over_what_a_chip_has() -> None:
    """A chip's own peak, memory and bandwidth need one of it each."""
    assert chips_needed(1e15, 8e10, 3e12, 1e15, 8e10, 3e12) == {
        "arithmetic": 1,
        "memory": 1,
        "bandwidth": 1,
    }


def test_power_of_chips_that_wait() -> None:
    """All busy draw full power, none busy the idle share; too few are as if there were more."""
    assert machine_power(100, 100, 700, 0.1) == pytest.approx(70_000)
    assert machine_power(100, 0, 700, 0.1) == pytest.approx(7_000)
    assert machine_power(1, 100, 700, 0.1) == pytest.approx(70_000)


def test_published_estimates_have_source_year_and_kind() -> None:
    """Each is somebody's, and each range is the right way up."""
    for estimate in estimates().values():
        assert estimate.source, estimate.id
        assert 1980 < estimate.year < 2027
        assert estimate.kind in KINDS
        assert estimate.counts
        assert estimate.range.low <= estimate.range.high


def test_carlsmiths_ranges() -> None:
    """Signalling and learning 1e13 to 1e17, retina 1e12 to 1e15 and 1e16 to 1e20."""
    ends = {key: (e.range.low, e.range.high) for key, e in estimates().items()}
    assert ends["carlsmith-events"] == (1e13, 1e17)
    assert ends["carlsmith-retina"] == (1e12, 1e15)
    assert ends["carlsmith-networks"] == (1e16, 1e20)
    assert ends["carlsmith-vision"] == (1e13, 3e17)


def test_facts_are_consistent() -> None:
    """The cerebellum has four fifths of the neurons, the cortex a fifth; parts fit in the whole."""
    fact = {key: each.range for key, each in facts().items()}
    share = fact["cerebellum_neurons"].middle / fact["neurons"].middle
    assert share == pytest.approx(0.8, abs=0.01)
    assert share + fact["cortex_share"].low < 1
    assert fact["granule_cells"].high < fact["cerebellum_neurons"].high
    for each in facts().values():
        assert each.source, each.id
        assert each.origin in ("measured", "estimated", "derived", "modelled")


def test_refusals() -> None:
    """Negative counts and a clock that does not tick."""
    with pytest.raises(ValueError, match="synapses = -1: must be zero or positive"):
        synapse_events(-1, 1)
    with pytest.raises(ValueError, match="step = 0: must be positive"):
        dendrite_operations(1, 1, 1, 0)
    with pytest.raises(ValueError, match="temperature = 0: must be positive"):
        landauer_energy(0)
