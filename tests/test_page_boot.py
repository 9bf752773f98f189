"""The model of a page's start: what it must do at its limits, and against what was measured."""

import itertools

import pytest

from hwcalc import boot_runs
from hwcalc.boot_runs import FULL_SPEED, OURS, STOCK
from hwcalc.page_boot import break_even_bandwidth, first_answer, start_time

PAGE = {"size": 5e6, "latency": 0.04, "round_trips": 5, "compilation": 0.3, "start": 0.2}


def test_fast_link_leaves_the_work() -> None:
    """Without a wait for bytes or answers only compiler and Python are left."""
    quick = {**PAGE, "latency": 0.0}
    assert first_answer(bandwidth=1e15, **quick) == pytest.approx(0.3 + 0.2)


def test_slow_link_hides_the_compiler() -> None:
    """While bytes trickle in the WebAssembly compiles for nothing."""
    slow = first_answer(bandwidth=1e5, **PAGE)
    assert slow == first_answer(bandwidth=1e5, **{**PAGE, "compilation": 0.0})
    assert slow == pytest.approx(5 * 0.04 + 50 + 0.2)


def test_later_never_comes_sooner() -> None:
    """More of anything but bandwidth never makes the answer earlier."""
    for name in PAGE:
        times = [
            first_answer(bandwidth=2e6, **{**PAGE, name: PAGE[name] * factor})
            for factor in (0.0, 0.5, 1.0, 2.0, 8.0)
        ]
        assert times == sorted(times), name
    rates = [first_answer(bandwidth=rate, **PAGE) for rate in (1e5, 1e6, 1e7, 1e9)]
    assert rates == sorted(rates, reverse=True)


def test_start_is_what_the_model_was_given() -> None:
    """From the model's own time on a slow link follows the start it was told."""
    measured = first_answer(bandwidth=1e6, **PAGE)
    assert start_time(measured, PAGE["size"], 1e6, 0.04, 5) == pytest.approx(PAGE["start"])


def test_both_ways_take_equally_long_at_the_break_even() -> None:
    """At that rate the additional bytes take what they save; faster links favour them."""
    extra, saved = 4.5e6, 0.25
    rate = break_even_bandwidth(extra, saved)
    slim = {**PAGE, "compilation": 0.0, "start": saved}
    snapshot = {**slim, "size": PAGE["size"] + extra, "start": 0.0}
    for factor, gain in ((1, 0.0), (2, saved / 2), (0.5, -saved)):
        won = first_answer(bandwidth=factor * rate, **slim) - first_answer(
            bandwidth=factor * rate, **snapshot
        )
        assert won == pytest.approx(gain)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("bandwidth", 0.0, "positive"),
        ("size", -1.0, "zero or positive"),
        ("latency", -0.1, "zero or positive"),
    ],
)
def test_impossible_pages_are_refused(name: str, value: float, rule: str) -> None:
    """The message names the argument and its value, and the rule."""
    with pytest.raises(ValueError, match=rf"{name} = {value:g}: must be .*{rule}"):
        first_answer(**{"bandwidth": 1e6, **PAGE, name: value})


def test_nothing_measured_beats_its_own_bytes() -> None:
    """A first visit over a slow link that ended before its bytes had come is a wrong number."""
    slow = [boot for boot in boot_runs.boots() if boot.rate != FULL_SPEED]
    assert slow
    for boot in slow:
        assert boot.time >= boot.runtime / boot.rate - 0.05, boot


def test_bytes_of_first_visits_are_those_of_python() -> None:
    """Both runtimes hold an interpreter of several megabytes, and no visit sent a part of it."""
    for variant, rate in itertools.product((OURS, STOCK), (FULL_SPEED, 50e6 / 8, 10e6 / 8)):
        sizes = {
            boot.runtime
            for boot in boot_runs.boots()
            if (boot.variant, boot.visit, boot.rate) == (variant, "first", rate)
            and boot.session == boot_runs.newest(variant)
        }
        assert len(sizes) == 1, (variant, rate)
        assert min(sizes) > 4e6


def test_a_session_knows_its_conditions() -> None:
    """Every visit belongs to a session with machine, cores and versions, and has its load."""
    for boot in boot_runs.boots():
        session = boot_runs.sessions()[boot.session]
        assert session.machine
        assert session.cores > 0
        assert "pyodide" in session.versions
        assert boot.load >= 0
        assert boot.sent >= boot.runtime >= 0


def test_only_what_was_measured_together_is_compared() -> None:
    """A ratio takes both of its times from one session."""
    for variant in {boot.variant for boot in boot_runs.boots()}:
        session = boot_runs.newest(variant)
        assert boot_runs.seconds(STOCK, "first", FULL_SPEED, session)
        assert boot_runs.ratio(variant, "first", FULL_SPEED) > 0


def test_unknown_variant_is_answered_with_the_known() -> None:
    """A typing error is told with what could have been meant."""
    with pytest.raises(ValueError, match=r"variant = 'stok': must be one of .*stock"):
        boot_runs.newest("stok")


def test_quantile_of_nothing_is_refused() -> None:
    """No figure is better than a figure of nothing."""
    with pytest.raises(ValueError, match="values"):
        boot_runs.quantile([], 0.5)
