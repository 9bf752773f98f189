"""Chips as the kernel models see them."""

import dataclasses
import tomllib

import pytest

from hwcalc import catalog
from hwcalc.datafile import DATA
from hwcalc.machine import FORMATS, fitted, machine, means, sustained_rate
from tests.accuracy.tables import MEASUREMENTS

CHIPS = catalog.accelerators()


def test_no_chip_sustains_more_than_its_peak() -> None:
    """A rate above the data sheet would be a floor broken."""
    for chip in CHIPS.values():
        made = machine(chip)
        for dtype, form in FORMATS.items():
            if any(name in chip.peak for name in form.rate):
                peak = max(chip.peak[name] for name in form.rate if name in chip.peak)
                assert 0.2 * peak < made.rate(dtype) <= peak, (chip.name, dtype)


def test_more_power_sustains_more_and_without_end_the_peak() -> None:
    """The limit is what slows a matrix unit down; without one it runs as advertised."""
    rates = [sustained_rate(1e15, power, 1.5e-13) for power in (300, 500, 700, 1e12)]
    assert rates == sorted(rates)
    assert rates[-1] == pytest.approx(1e15, rel=1e-6)
    assert sustained_rate(1e15, 700, 0.0) == pytest.approx(1e15, rel=1e-12)


def test_every_accelerator_has_every_constant_a_kernel_asks_for() -> None:
    """A card that nobody measured is predicted, too."""
    wanted = {"launch", "stream", "fetch", "split", "ramp", "wait", "fill", "cached"}
    wanted |= {"attend", "cut", "decode_launch", "decode_stream", "kept"}
    wanted |= {f"energy.{form.energy}" for form in FORMATS.values()}
    for chip in CHIPS.values():
        constants = machine(chip).constants
        assert wanted <= set(constants), (chip.name, wanted - set(constants))
        assert all(value > 0 for value in constants.values())


def test_cards_of_one_architecture_share_their_constants() -> None:
    """Constants belong to an architecture: an H200 has an H100's."""
    assert machine(CHIPS["h200-sxm"]).constants == machine(CHIPS["h100-sxm"]).constants
    assert machine(CHIPS["gb200"]).constants == machine(CHIPS["b300"]).constants


def test_one_name_with_two_kinds_of_memory_is_two_architectures() -> None:
    """An RTX 3090 is no small A100, and a B200 no large RTX 5090."""
    for stacked, other in (("a100-sxm-80gb", "rtx-3090"), ("b200", "rtx-5090")):
        assert machine(CHIPS[stacked]).constants != machine(CHIPS[other]).constants


def test_leaving_an_architecture_out_leaves_its_figures_out() -> None:
    """What is said of unmeasured chips must not have seen them."""
    h100 = CHIPS["h100-sxm"]
    own, left_out = fitted(h100, unmeasured=False), fitted(h100, unmeasured=True)
    others = [fitted(CHIPS[name], unmeasured=False)["stream"] for name in ("b200", "a100-sxm-80gb")]
    others.append(fitted(CHIPS["v100-sxm2-16gb"], unmeasured=False)["stream"])
    assert left_out["stream"] != own["stream"]
    assert left_out["stream"] == pytest.approx((others[0] * others[1] * others[2]) ** (1 / 3))


@pytest.mark.parametrize("name", ["matmul", "attention"])
def test_every_fitted_entry_names_tables_that_are_there(name: str) -> None:
    """A reader can go and look: each constant belongs to measured rows, each row to a source."""
    text = (DATA / "fitted" / f"{name}.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)["architecture"]
    for entry in entries:
        assert entry["tables"]
        for table in entry["tables"]:
            assert (MEASUREMENTS / f"{table}.csv").exists(), table
        known = {chip.family for chip in CHIPS.values()}
        assert set(entry["families"]) <= known, entry["families"]


def test_a_chip_without_the_format_is_refused_by_name() -> None:
    """The reader must learn what to choose instead."""
    with pytest.raises(ValueError, match=r"A100 SXM4 80GB has no rate for fp8; published: fp32"):
        machine(CHIPS["a100-sxm-80gb"]).rate("fp8")


def test_a_machine_of_plain_numbers_is_taken_as_it_is() -> None:
    """Whoever wants a chip that is not in the catalogue writes one."""
    half = dataclasses.replace(machine(CHIPS["h100-sxm"]), power=350.0)
    assert machine(half) is half
    assert half.rate("bf16") < machine(CHIPS["h100-sxm"]).rate("bf16")


def test_means_are_geometric_and_of_what_is_there() -> None:
    """Two constants a factor of four apart have their middle at two."""
    assert means([{"a": 1.0}, {"a": 4.0, "b": 3.0}]) == pytest.approx({"a": 2.0, "b": 3.0})
    assert means([]) == {}
