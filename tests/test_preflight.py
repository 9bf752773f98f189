"""What a machine should measure, and which fault explains what it does measure."""

import pytest

from hwcalc import catalog
from hwcalc.preflight import copy_rate, explain, faults, measured_rate, usual_path

GPUS = catalog.accelerators()
KINDS = [key for key, chip in GPUS.items() if chip.slot or "link_bandwidth" in chip.published]


@pytest.mark.parametrize("key", KINDS)
@pytest.mark.parametrize("ranks", [2, 8])
def test_no_fault_makes_a_machine_faster(key: str, ranks: int) -> None:
    """Each variant takes something away."""
    found = faults(GPUS[key], usual_path(GPUS[key], ranks), ranks, 0.0, 1, 0.0)
    rates = {cause: measured_rate(2.0**30, ranks, ranks, each) for cause, each in found.items()}
    sound = rates.pop("everything works")
    assert all(0 < rate <= sound * 1.0001 for rate in rates.values()), (sound, rates)


@pytest.mark.parametrize("key", KINDS)
def test_a_fault_explains_itself(key: str) -> None:
    """What a variant predicts is explained by that variant, or by one that predicts the same."""
    found = faults(GPUS[key], usual_path(GPUS[key], 8), 8, 0.0, 1, 0.0)
    rates = {cause: measured_rate(2.0**30, 8, 8, each) for cause, each in found.items()}
    for rate in rates.values():
        assert rates[explain(rate, rates)] == pytest.approx(rate)


def test_through_the_network_the_faults_are_the_networks() -> None:
    """Four machines with eight adapters: one adapter, or the wrong network, is far slower."""
    found = faults(GPUS["h100-sxm"], "link", 8, 50e9, 8, 1.25e9 / 8)
    assert list(found) == ["everything works", "one of the adapters only", "the wrong network"]
    rates = [measured_rate(2.0**30, 32, 8, each) for each in found.values()]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > 4 * rates[1] > 4 * rates[2]


def test_measured_machines() -> None:
    """A100, H100 and B200 of eight: 222, 445 and 704 GB/s at 512 MiB (aiconfigurator)."""
    for key, rate in (("a100-sxm-80gb", 222e9), ("h100-sxm", 445e9), ("b200", 704e9)):
        (sound, *_) = faults(GPUS[key], "link", 8, 0.0, 1, 0.0).values()
        assert measured_rate(2.0**29, 8, 8, sound) == pytest.approx(rate, rel=0.1)


def test_copies_reach_what_the_slot_was_measured_to_reach() -> None:
    """An RTX 5090 on PCIe 5.0: 56.3 to 56.4 GB/s, measured."""
    assert copy_rate(GPUS["rtx-5090"]) == pytest.approx(56.35e9, rel=0.01)
    assert copy_rate(GPUS["tpu-v4"]) >= 0


def test_nonsense_is_refused() -> None:
    """A rate of zero has no logarithm, and no expectation explains nothing."""
    with pytest.raises(ValueError, match="measured = 0"):
        explain(0.0, {"everything works": 1.0})
    with pytest.raises(ValueError, match="nothing to compare"):
        explain(1.0, {})
