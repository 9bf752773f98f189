"""Published steps of Llama: whole, possible, and as their publishers count them."""

import pytest

from hwcalc.llama_runs import llama_runs, predicted_step, share_of_peak, token_rate

RUNS = llama_runs()


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_possible_and_sourced(name: str) -> None:
    """No step beats the peak, every batch divides evenly, and every row says where it is from."""
    run = RUNS[name]
    run.layout.check()
    assert 0.2 < share_of_peak(run, run.time) < 0.7
    assert run.source
    assert run.date
    assert run.label.startswith(run.network.name.rsplit(" ", 1)[1])


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("70b-v6e-64", 876.736),
        ("70b-v6e-128", 941.976),
        ("70b-v6e-256", 960.248),
        ("70b-v7-64", 2686.98),
        ("70b-v7-256", 2670.55),
        ("405b-v7-256", 499.77),
        ("70b-v7-64-fp8", 4127.56),
        ("405b-v7-256-fp8", 763.54),
        ("70b-h100-128", 134752.43 / 128),
        ("70b-h100-256-fp8", 442064.08 / 256),
    ],
)
def test_token_rates_are_those_that_publishers_print(name: str, rate: float) -> None:
    """Steps, chips and batch of a row belong together: they give the printed tokens per second."""
    run = RUNS[name]
    assert token_rate(run, run.time) == pytest.approx(rate, rel=2e-3)


@pytest.mark.parametrize(
    ("name", "share"),
    [("70b-h100-128", 0.512), ("70b-h100-256", 0.5159), ("70b-h100-128-fp8", 0.4388)],
)
def test_shares_of_the_peak_are_those_that_nvidia_prints(name: str, share: float) -> None:
    """With attention in full, as NVIDIA's note counts it."""
    run = RUNS[name]
    assert share_of_peak(run, run.time) == pytest.approx(share, rel=3e-3)


def test_every_step_is_predicted_within_a_sixth() -> None:
    """Nothing was fitted on a training step; the worst is 64 TPU v6e with two sequences each."""
    errors = {name: predicted_step(run) / run.time - 1 for name, run in RUNS.items()}
    assert max(map(abs, errors.values())) < 1 / 6
    assert max(errors, key=lambda name: abs(errors[name])) == "70b-v6e-64"
