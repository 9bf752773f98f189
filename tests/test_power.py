"""Power limits: limits whose answer is obvious, published points, and the constants' origin."""

from typing import Any

import numpy as np
import pytest

from hwcalc import catalog, power
from hwcalc.power import (
    LOWEST_CLOCK,
    clock_under_limit,
    demand_of_draw,
    energy_of_work,
    limited_draw,
    limited_speed,
    static_power,
)
from tests.fit_power import FITTED, TABLES, USUAL, fit, loss, text

RTX_3090 = static_power(catalog.accelerators()["rtx-3090"])


def test_a_limit_above_every_kernels_demand_changes_nothing() -> None:
    """Nobody pays for a limit that never binds."""
    assert clock_under_limit(350, 350, 60) == 1
    assert limited_speed(600, 350, 60, 1) == 1
    assert limited_draw(600, 350, 60, 1) == pytest.approx(350)


def test_speed_and_draw_grow_with_the_limit_and_draw_stays_below_it() -> None:
    """More watts never slow a card, and a limit is a limit."""
    limits: Any = np.linspace(100, 700, 61)
    speeds: Any = limited_speed(limits, 400, 70, 0.9)
    draws: Any = limited_draw(limits, 400, 70, 0.9)
    assert np.all(np.diff(speeds) >= 0)
    assert np.all(np.diff(draws) >= -1e-9)
    assert np.all(draws <= limits * (1 + 1e-12))


def test_the_clock_follows_the_cube_root_above_the_knee_and_the_limit_below() -> None:
    """Power is clock times voltage squared: at the lowest voltage only the clock is left."""
    knee = power.constants()["knee"]
    assert clock_under_limit(60 + 340 * knee**3, 400, 60) == pytest.approx(knee)
    assert clock_under_limit(60 + 340 * 0.8, 400, 60) == pytest.approx(0.8 ** (1 / 3))
    half = clock_under_limit(60 + 340 * knee**3 / 2, 400, 60)
    assert half == pytest.approx(knee / 2)
    assert clock_under_limit(61, 400, 60) == LOWEST_CLOCK


def test_what_waits_for_others_is_not_slowed() -> None:
    """A step that waits for disk or host all the time loses nothing to a limit."""
    assert limited_speed(150, 400, 60, 0) == 1
    assert limited_speed(150, 400, 60, 0.5) > limited_speed(150, 400, 60, 1)


@pytest.mark.parametrize("demand", [80.0, 200.0, 330.0, 440.0])
def test_the_demand_follows_from_the_draw_that_it_causes(demand: float) -> None:
    """Inverting a prediction gives back what was put in, PEERS 6 row 18."""
    draw = limited_draw(350, demand, 60, 0.9)
    assert demand_of_draw(draw, 350, 60, 0.9) == pytest.approx(demand, rel=1e-6)


def test_energy_is_draw_times_time() -> None:
    """A limit saves energy as long as the draw falls faster than the speed."""
    assert energy_of_work(900, 350, 60, 1, 10) == pytest.approx(3500)
    slow = limited_draw(250, 350, 60, 1) * 10 / limited_speed(250, 350, 60, 1)
    assert energy_of_work(250, 350, 60, 1, 10) == pytest.approx(slow)


@pytest.mark.parametrize(
    ("demand", "core", "points"),
    [
        (370, 1.0, {230: 0.80, 280: 0.90, 320: 0.95}),
        (610, 0.6, {280: 0.80, 330: 0.90, 380: 0.95}),
    ],
    ids=["tf32", "fp32"],
)
def test_rtx_3090_of_qwerty_within_3_points(
    demand: float, core: float, points: dict[float, float]
) -> None:
    """One demand per workload explains the three limits at which 80, 90 and 95 % were measured."""
    full = limited_speed(480, demand, RTX_3090, core)
    for limit, share in points.items():
        assert limited_speed(limit, demand, RTX_3090, core) / full == pytest.approx(share, abs=0.03)


def test_four_rtx_3090_of_puget_at_280_watts() -> None:
    """At the rated draw 280 of 350 W keep more than 95 % as measured, within 3 points."""
    kept = limited_speed(280, 350, RTX_3090, 1) / limited_speed(350, 350, RTX_3090, 1)
    assert kept > 0.95 - 0.03


def test_every_card_with_a_rated_power_has_an_answer() -> None:
    """The constants belong to kinds of memory, so a new card of the catalogue is covered."""
    found = 0
    for chip in catalog.accelerators().values():
        if "tdp" in chip.published:
            found += 1
            assert 0 < static_power(chip) < 0.3 * chip.tdp
            assert 0.2 < limited_speed(chip.tdp / 2, chip.tdp, static_power(chip), 1) < 1
    assert found > 80


def test_a_refit_gives_the_committed_constants() -> None:
    """Whoever doubts a constant can compute it."""
    found = fit()
    for name, value in power.constants().items():
        assert found[name] == pytest.approx(value, rel=0.005), name


def test_the_file_names_its_tables() -> None:
    """The constants stand in the file as it is written, below their tables; P100 is unseen."""
    assert FITTED.read_text(encoding="utf-8") == text(power.constants())
    assert TABLES == ("power_zeus_v100", "power_zeus_rtx6000")


def test_every_constant_matters() -> None:
    """A constant that could be anything would not be fitted but typed: a fifth off is worse."""
    value = loss()
    least = value(power.constants())
    for name in USUAL:
        for factor in (0.8, 1.25):
            moved = power.constants() | {name: power.constants()[name] * factor}
            assert value(moved) > least * 1.002, (name, factor)
