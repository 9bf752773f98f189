"""What a power limit leaves of a peak."""

import dataclasses

import pytest

from hwcalc import catalog
from hwcalc.machine import machine
from hwcalc.throttle import energies, issue_rate, power_bound_rate, throttled

CHIPS = catalog.accelerators()


def test_power_to_spare_leaves_the_peak() -> None:
    """The bound of physics is the peak where the limit allows more."""
    assert power_bound_rate(100e12, 1000, 50, 1e-12) == 100e12


def test_below_the_peak_the_rate_follows_the_power_left() -> None:
    """Twice the power beyond the base is twice the rate."""
    one, two = (power_bound_rate(1e15, limit, 40, 2e-12) for limit in (140, 240))
    assert two == 2 * one == 100e12


def test_a_base_at_the_limit_is_refused() -> None:
    """Nothing would be left to compute with; the message names both."""
    with pytest.raises(ValueError, match="base = 70 and limit = 70"):
        power_bound_rate(1e12, 70, 70, 1e-12)


@pytest.mark.parametrize("name", ["v100-sxm2-16gb", "a100-pcie-80gb", "h100-pcie", "mi300x"])
def test_stacked_memory_and_unmeasured_architectures_are_left_alone(name: str) -> None:
    """Their law is that of the kernels, which was fitted on such cards."""
    assert throttled(CHIPS[name]) == machine(CHIPS[name])


@pytest.mark.parametrize("name", list(CHIPS))
def test_every_accelerator_keeps_a_positive_rate_below_its_peak(name: str) -> None:
    """Whatever the catalogue has, small boards of unmeasured power included."""
    chip, peak = throttled(CHIPS[name]), machine(CHIPS[name]).peak
    assert list(chip.peak) == list(peak)
    assert all(0 < chip.peak[key] <= peak[key] for key in peak)


def test_cycles_are_those_of_all_multiprocessors() -> None:
    """132 of an H100 at its clock, which FP32 tells as well; none on chips that compile all."""
    h100 = CHIPS["h100-sxm"]
    assert issue_rate(h100) == 132 * h100.clock
    unsaid = {key: value for key, value in h100.published.items() if key != "clock"}
    guessed = issue_rate(dataclasses.replace(h100, published=unsaid))
    assert guessed == pytest.approx(issue_rate(h100), rel=0.01)
    assert issue_rate(CHIPS["tpu-v2"]) == float("inf")


def test_newer_architectures_need_less_energy() -> None:
    """12, 8 and 5 nanometres: an operation gets cheaper each time."""
    turing, ampere, ada = (energies()[name]["matrix"] for name in
                           ("Turing", "Ampere", "Ada Lovelace"))  # fmt: skip
    assert turing > ampere > ada
    assert energies()["Turing"]["vector"] > 2 * turing
