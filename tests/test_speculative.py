"""Guessed tokens: limits of the expectation, and gains only where memory bounds the step."""

import pytest

from hwcalc import catalog
from hwcalc.achieved import achieved_share, decode_rate
from hwcalc.deployment import Deployment, deploy
from hwcalc.serving_step import decode_step, verify_step
from hwcalc.speculative import accepted_tokens, module_time, speculative_time


def placed() -> Deployment:
    """Put DeepSeek-V3 on eight H200."""
    network = catalog.transformers()["deepseek-v3"]
    return deploy(catalog.accelerators()["h200-sxm"], network, 8, "fp8", "fp8", 2, False)


@pytest.mark.parametrize(
    ("acceptance", "drafted", "tokens"),
    [
        (0.0, 5, 1),  # nothing is accepted, the step still writes its own token
        (1.0, 5, 6),  # everything is accepted, and one comes on top
        (0.7, 0, 1),  # nothing is guessed
        (0.5, 1, 1.5),
    ],
)
def test_limits(acceptance: float, drafted: float, tokens: float) -> None:
    """At its ends the expectation is a count."""
    assert accepted_tokens(acceptance, drafted) == pytest.approx(tokens)


def test_many_guesses_approach_a_geometric_series() -> None:
    """With endless guesses a step yields 1 / (1 - acceptance) tokens, just before 1 as well."""
    assert accepted_tokens(0.9, 1000) == pytest.approx(10)
    assert accepted_tokens(1 - 1e-9, 3) == pytest.approx(4)


def test_nothing_guessed_is_a_plain_step() -> None:
    """Without guesses neither their cost nor their gain is counted."""
    assert speculative_time(10e-3, 1e-3, 0.8, 0) == 10e-3
    where = placed()
    assert verify_step(where, 4, 2048, 0) == decode_step(where, 4, 2048)


def test_gains_shrink_with_the_batch() -> None:
    """Guesses of one more layer speed a small batch up and a large one less."""
    where = placed()

    def gain(sequences: float) -> float:
        plain = sum(decode_step(where, sequences, 2048).values())
        check = sum(verify_step(where, sequences, 2048, 3).values())
        guess = module_time(where, sequences, 2048)
        return plain / speculative_time(check, guess, 0.7, 3)

    assert 1.2 < gain(1) < accepted_tokens(0.7, 3)
    assert gain(1) > gain(1024)


def test_checking_costs_at_least_a_step() -> None:
    """No check is faster than a plain step, and it grows with the guesses."""
    where = placed()
    times = [sum(verify_step(where, 8, 1024, k).values()) for k in (0, 1, 2, 4, 8)]
    assert times == sorted(times)


@pytest.mark.parametrize("rate", [1.0, 161.5, 2e4])
def test_calibration_is_not_inverted(rate: float) -> None:
    """A share computed from a measured speed predicts just that speed, and the reverse."""
    share = achieved_share(16e9, 3.35e12, rate, 8)
    assert decode_rate(16e9, 3.35e12, share, 8) == pytest.approx(rate)
    for share in (0.1, 0.73, 1.0):
        again = achieved_share(16e9, 3.35e12, decode_rate(16e9, 3.35e12, share, 8), 8)
        assert again == pytest.approx(share)


def test_a_slower_run_has_a_smaller_share() -> None:
    """The share rises with the measured speed: one peer's fell."""
    assert achieved_share(16e9, 3.35e12, 100, 1) < achieved_share(16e9, 3.35e12, 200, 1)


@pytest.mark.parametrize("arguments", [(1.2, 3), (-0.1, 3), (0.5, -1)])
def test_mistakes(arguments: tuple[float, float]) -> None:
    """Shares outside 0 to 1 and negative counts are refused."""
    with pytest.raises(ValueError, match=r"acceptance|drafted"):
        accepted_tokens(*arguments)
