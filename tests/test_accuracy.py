"""Predictions against published measurements; the accuracy page shows the same regimes."""

import pytest

from tests.accuracy.all import ALL
from tests.accuracy.regimes import Regime, errors, summary

# Tables of matrix multiplications that a serving engine or a framework swept over many shapes.
SWEEPS = [r for r in ALL if r.name.endswith("-all") and r.aim is not None]


@pytest.mark.parametrize("regime", ALL, ids=lambda regime: regime.name)
def test_a_regime_keeps_its_bound(regime: Regime) -> None:
    """A change of model or data that makes predictions worse than the page says must not pass."""
    found = summary(regime)
    assert found["median"] <= regime.median, found
    assert found["ninth"] <= regime.ninth, found


@pytest.mark.parametrize("regime", ALL, ids=lambda regime: regime.name)
def test_a_bound_is_not_wider_than_the_error_it_excuses(regime: Regime) -> None:
    """Where an aim is missed the bound is what was reached, not something comfortable."""
    if regime.short:
        found = summary(regime)
        for key, bound, aim in zip(
            ("median", "ninth"), (regime.median, regime.ninth), regime.aim or (), strict=True
        ):
            assert bound <= aim or found[key] > bound - 0.005, f"{key}: {found[key]} of {bound}"


@pytest.mark.parametrize("fitted", [True, False], ids=["fitted", "unseen"])
def test_all_multiplications_of_the_sweeps_together(fitted: bool) -> None:
    """From one row to the largest, half of them within 6 %, nine of ten within 18 %."""
    absolute = sorted(abs(e) for r in SWEEPS if r.fitted is fitted for e in errors(r))
    assert len(absolute) > 400
    assert absolute[len(absolute) // 2] <= 0.06
    assert absolute[len(absolute) * 9 // 10] <= 0.18


def test_names_are_unique() -> None:
    """A calculator's result refers to its regime by name."""
    names = [regime.name for regime in ALL]
    assert len(set(names)) == len(names)
