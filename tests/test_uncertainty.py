"""Ranges through sums of products: what is known exactly, and what a large sample says."""

import itertools
import math

import numpy as np
import pytest

from hwcalc import brain
from hwcalc.uncertainty import SHAPES, Outcomes, Range, parts_at_middle, propagate, swings

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
TERMS = {"a": ("s", "r", "o"), "b": ("s", "r", "o", "l"), "c": ("n", "u", "p")}
BASE = {
    "s": Range(1.5e14, 1e15),
    "r": Range(0.1, 2),
    "o": Range(1, 100),
    "l": Range(0.1, 10),
    "n": Range(7.9e13, 9.5e13),
    "u": Range(1, 200),
    "p": Range(5, 1200),
}
CASES = [
    BASE,
    {**BASE, "u": Range(1, 1.01), "p": Range(5, 13)},
    {**BASE, "o": Range(1, 10), "l": Range(1, 100)},
    {**BASE, "r": Range(0.01, 20), "u": Range(1, 20)},
    {**BASE, "r": Range(0.1, 0.2), "s": Range(1e14, 2e14)},
]


def sampled(ranges: dict[str, Range], shape: str) -> list[float]:
    """Percentiles of a large random sample."""
    draw = np.random.default_rng(3)
    count = 400_000
    logs = {}
    for name, each in ranges.items():
        bell = draw.normal(size=count) / 1.6448536269514722
        place = bell if shape == "lognormal" else draw.uniform(-1, 1, count)
        logs[name] = math.log(each.middle) + place * math.log(each.high / each.low) / 2
    total = sum(np.exp(sum(logs[name] for name in factors)) for factors in TERMS.values())
    return [float(value) for value in np.quantile(total, SHARES)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("case", range(len(CASES)))
def test_percentiles_are_those_of_a_large_sample(case: int, shape: str) -> None:
    """389 points agree with 400,000 random ones to a fortieth of the distance between the ends."""
    outcomes = propagate(TERMS, CASES[case], shape)
    levels = [math.log10(level) for level in sampled(CASES[case], shape)]
    for share, expected in zip(SHARES, levels, strict=True):
        error = math.log10(outcomes.quantile(share)) - expected
        assert abs(error) < (levels[-1] - levels[0]) / 40, share


@pytest.mark.parametrize("factors", [1, 2, 3, 4, 6, 8])
def test_a_product_of_bells_is_a_bell(factors: int) -> None:
    """Widths add as squares: four factors from 1/10 to 10 make one from 1/100 to 100."""
    names = [f"x{n}" for n in range(factors)]
    outcomes = propagate({"all": names}, dict.fromkeys(names, Range(0.1, 10)), "lognormal")
    decades = math.sqrt(factors)
    for share, expected in ((0.05, -decades), (0.5, 0), (0.95, decades)):
        error = math.log10(outcomes.quantile(share)) - expected
        assert abs(error) < 2 * decades / 40, share


def test_equally_likely_stays_within_its_ends() -> None:
    """A uniform factor has no outcome outside its range, a bell-shaped one has a tenth there."""
    ranges = {"x": Range(2, 200)}
    uniform = propagate({"all": ("x",)}, ranges, "uniform")
    assert 2 <= uniform.values[0] < uniform.values[-1] <= 200
    bell = propagate({"all": ("x",)}, ranges, "lognormal")
    assert bell.share_below(200) - bell.share_below(2) == pytest.approx(0.9, abs=0.01)


def test_certain_factors_leave_no_spread() -> None:
    """Constants multiply; nothing is uncertain when nothing was."""
    outcomes = propagate({"all": ("a", "b")}, {"a": Range(3, 3), "b": Range(5, 5)}, "lognormal")
    assert outcomes.quantile(0.05) == pytest.approx(15)
    assert outcomes.quantile(0.95) == pytest.approx(15)
    assert outcomes.shares == {"a": 0.0, "b": 0.0}


def test_shares_say_where_the_spread_comes_from() -> None:
    """In a product the squares of the widths are the shares: 1 to 4 for one decade and two."""
    outcomes = propagate({"all": ("a", "b")}, {"a": Range(1, 10), "b": Range(1, 100)}, "lognormal")
    assert outcomes.shares["a"] == pytest.approx(0.2, abs=0.03)
    assert outcomes.shares["b"] == pytest.approx(0.8, abs=0.03)


def test_a_factor_of_no_term_explains_nothing() -> None:
    """What is not in the sum cannot move it."""
    ranges = {**BASE, "idle": Range(1, 1e6)}
    assert propagate(TERMS, ranges, "lognormal").shares["idle"] < 0.02
    low, high = swings(TERMS, ranges)["idle"]
    assert low == high


def test_swings_are_the_sum_with_one_factor_moved() -> None:
    """Each end is the sum of the terms, recomputed with that factor at its end."""
    for name, (low, high) in swings(TERMS, BASE).items():
        for end, expected in ((BASE[name].low, low), (BASE[name].high, high)):
            moved = {**BASE, name: Range(end, end)}
            assert sum(parts_at_middle(TERMS, moved).values()) == pytest.approx(expected)


def test_the_largest_swing_comes_first() -> None:
    """A tornado narrows downwards."""
    widths = [high / low for low, high in swings(TERMS, BASE).values()]
    assert widths == sorted(widths, reverse=True)


def test_wider_ranges_spread_further() -> None:
    """More doubt in one assumption never makes the answer surer."""
    spreads = []
    for high in (20, 200, 2000):
        outcomes = propagate(TERMS, {**BASE, "u": Range(1, high)}, "lognormal")
        spreads.append(outcomes.quantile(0.95) / outcomes.quantile(0.05))
    assert spreads == sorted(spreads)


def test_percentiles_rise_and_shares_below_invert_them() -> None:
    """A larger machine is enough for at least as many outcomes."""
    outcomes = propagate(TERMS, BASE, "lognormal")
    levels = [outcomes.quantile(share / 100) for share in range(1, 100)]
    assert levels == sorted(levels)
    for share in (0.1, 0.5, 0.9):
        assert outcomes.share_below(outcomes.quantile(share)) == pytest.approx(share, abs=0.005)
    assert outcomes.share_below(0) == 0
    assert outcomes.share_below(math.inf) == 1


def test_the_answer_is_the_same_every_time() -> None:
    """Nothing is drawn by lot: page, shell and tests agree to the last digit."""
    first, second = itertools.repeat(propagate(TERMS, BASE, "lognormal"), 2)
    again: Outcomes = propagate(TERMS, dict(BASE), "lognormal")
    assert first.values == second.values == again.values


def test_the_brains_terms_are_its_functions() -> None:
    """What is propagated is what the documented formulas compute."""
    numbers = {
        "synapses": 2e14,
        "rate": 0.7,
        "operations": 3.0,
        "learning": 0.5,
        "neurons": 8e10,
        "units": 7.0,
        "unit_operations": 11e3,
        "proteins": 1e10,
        "changes": 0.2,
    }
    ranges = {name: Range(value, value) for name, value in numbers.items()}
    parts = parts_at_middle(brain.MOLECULAR_TERMS, ranges)
    expected = {
        **brain.synapse_operations(2e14, 0.7, 3.0, 0.5),
        "neurons/dendrites": brain.dendrite_operations(8e10, 7.0, 11.0, 1e-3),
        "molecules/proteins": brain.molecule_operations(8e10, 1e10, 0.2),
    }
    assert parts == pytest.approx(expected)
    assert list(parts) == list(expected)


def test_refusals() -> None:
    """Ranges upside down, shapes that are none, factors without a range."""
    with pytest.raises(ValueError, match="low = 2 and high = 1: the low end must not be above"):
        Range(2, 1)
    with pytest.raises(ValueError, match="low = 0: must be positive"):
        Range(0, 1)
    with pytest.raises(ValueError, match="shape = 'square': must be one of lognormal, uniform"):
        propagate(TERMS, BASE, "square")
    with pytest.raises(ValueError, match="with a range for each of"):
        swings({"all": ("x",)}, BASE)
