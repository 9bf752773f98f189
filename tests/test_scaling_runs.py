"""Published scaling: the constants are what the tables give, and the errors are as stated."""

import statistics
from dataclasses import replace

import pytest

from hwcalc.all_reduce import all_reduce_ring
from hwcalc.collectives import bus_bandwidth
from hwcalc.data_parallel import scaling_efficiency, slowest_rank_delay
from hwcalc.scaling_runs import (
    LINK_SHARE,
    LOCAL_LATENCY,
    SPREAD,
    predicted_step,
    prediction_errors,
    scaling_runs,
)


def predictions() -> dict[str, float]:
    """Efficiency of every run as the model expects it."""
    return {
        key: scaling_efficiency(run.compute, predicted_step(run, SPREAD, LINK_SHARE).time)
        for key, run in scaling_runs().items()
    }


def test_link_share_is_the_measured_bus_bandwidth() -> None:
    """Eight A100 move 8 GiB in 64.074 ms: 235 of the 300 GB/s of NVLink 3."""
    assert bus_bandwidth("all_reduce", 2**33, 8, 64.074e-3) / 300e9 == pytest.approx(
        LINK_SHARE, rel=2e-3
    )


def test_local_latency_is_what_a_short_message_takes() -> None:
    """A ring of eight with this latency takes what 32 KiB took on eight A100: 43.83 us."""
    time = all_reduce_ring(32768, 8, 235e9, LOCAL_LATENCY)
    assert time == pytest.approx(43.83e-6, rel=0.01)


def test_spread_is_fitted_to_the_marked_rows_only() -> None:
    """The constant is the median of what the rows marked as fitted imply, rounded to 0.1 %."""
    fitted = [run for run in scaling_runs().values() if run.fitted]
    assert {run.network.id for run in fitted} == {"resnet50"}
    implied = [(1 / run.efficiency - 1) / slowest_rank_delay(run.gpus, 1.0) for run in fitted]
    assert round(statistics.median(implied), 3) == SPREAD
    # The exchange, which this leaves out, is a thousandth of their step at most.
    for run in fitted:
        step = predicted_step(run, SPREAD, LINK_SHARE)
        assert step.parts["wait/exchange"] < 1e-3 * step.time


def test_no_published_run_beats_perfect_scaling() -> None:
    """A measured speed-up above the number of GPUs would be a wrong number."""
    for run in scaling_runs().values():
        assert 0 < run.efficiency <= 1, run.id
        assert run.source
        assert run.date


def test_convolutional_networks_on_512_gpus_are_within_five_points() -> None:
    """128 nodes of four P100 on 25 Gbit/s, held out: 90, 90 and 68 %, and VGG-16 is worst."""
    predicted, runs = predictions(), scaling_runs()
    large = [key for key, run in runs.items() if run.gpus == 512]
    assert len(large) == 3
    for key in large:
        assert predicted[key] == pytest.approx(runs[key].efficiency, abs=0.05)
    assert predicted["vgg16-512-p100"] < min(
        predicted["resnet101-512-p100"], predicted["inception3-512-p100"]
    )


def test_held_out_errors_are_as_the_article_says() -> None:
    """Half of the 20 held-out runs are predicted to within 5 %, and most of them too fast."""
    errors = prediction_errors(predictions())
    held_out = [key for key, run in scaling_runs().items() if not run.fitted]
    assert len(held_out) == 20
    assert errors.median < 0.05
    assert errors.optimistic == 17
    # Two publications of the same eight A100 differ by more than the model's median error.
    runs = scaling_runs()
    assert runs["bert-8-a100-lambda"].efficiency / runs["bert-8-a100-newer"].efficiency > 1.5


def test_without_its_constants_the_model_is_worse() -> None:
    """The spread earns its place: without it the held-out median error grows."""
    plain = prediction_errors(
        {
            key: scaling_efficiency(run.compute, predicted_step(run, 0.0, LINK_SHARE).time)
            for key, run in scaling_runs().items()
        }
    )
    assert plain.median > prediction_errors(predictions()).median


def test_bert_on_32_machines_is_within_three_points() -> None:
    """256 A100 with eight adapters for each machine: 93 and 92 %, predicted 95 and 95."""
    predicted, runs = predictions(), scaling_runs()
    for key, measured in (("bert-256-a100", 0.93), ("bert-256-a100-512", 0.92)):
        assert runs[key].efficiency == pytest.approx(measured, abs=0.005)
        assert predicted[key] == pytest.approx(0.95, abs=0.006)


def test_adding_gradients_up_hides_the_exchange() -> None:
    """With 32 passes and more the loss is that of the slowest GPU, within a point as measured."""
    predicted, runs = predictions(), scaling_runs()
    summed = [key for key, run in runs.items() if run.passes >= 32]
    assert len(summed) == 4
    for key in summed:
        assert predicted[key] == pytest.approx(runs[key].efficiency, abs=0.01)


def test_only_the_last_pass_has_time_for_the_exchange() -> None:
    """The same exchange behind a thirty-second of the backward pass is waited for longer."""
    run = scaling_runs()["bert-256-a100"]
    waits = [
        predicted_step(replace(run, passes=passes), 0.0, LINK_SHARE).parts["wait/exchange"]
        for passes in (1, 32)
    ]
    assert waits[0] < waits[1]
