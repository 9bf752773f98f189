"""Own or rent: the reference points, each cost counted once, and limits that are obvious."""

import math

import pytest

from hwcalc import cost
from hwcalc.ownership import (
    YEAR,
    break_even_time,
    break_even_use,
    owner_costs,
    owner_price,
    resale_value,
    running_cost,
    yearly_loss,
)

DAY, HOUR, KWH = 86400, 3600, 3.6e6
# A desktop of $4,000 with 800 W at 30 %, against a rent of $0.60.
DESK = {"power": 800, "idle_power": 60, "pue": 1.0, "tariff": 0.17 / KWH, "hosting": 0.0}


def test_desktop_against_a_cloud_gpu() -> None:
    """$2,200, 450 W at 0.12 $/kWh and 15 % against 2.14 $/h: 293 days."""
    time = break_even_time(2200, 0, 450, 0, 0.15, 1, 0.12 / KWH, 0, 2.14 / HOUR)
    assert time / DAY == pytest.approx(293, rel=1e-3)


def test_node_of_eight_against_the_cloud() -> None:
    """$300,000, 8 kW at 0.10 $/kWh and 80 % against 23.60 $/h: 685 days."""
    time = break_even_time(300e3, 0, 8000, 0, 0.8, 1, 0.10 / KWH, 0, 23.60 / HOUR)
    assert time / DAY == pytest.approx(685, rel=1e-3)


def test_three_hundred_days_in_the_cloud() -> None:
    """$2.14 an hour, 15 % of the time: $2,311, a little more than a desktop of $2,270."""
    rented = cost.rent(1, 0.15 * 300 * DAY, 2.14 / HOUR)
    assert rented == pytest.approx(2311, abs=0.5)
    bought = break_even_time(2270, 0, 450, 0, 0.15, 1, 0.12 / KWH, 0, 2.14 / HOUR)
    assert bought / DAY == pytest.approx(300, rel=0.05)


def test_a_years_electricity_of_a_desktop() -> None:
    """350 W of card and 100 W around it at 15 % of a year: 591 kWh, at $0.12 each $71."""
    cost = running_cost(450, 0, 0.15, 1, 0.12 / KWH, 0) * 8760 * HOUR
    assert cost / 0.12 == pytest.approx(591, rel=1e-3)
    assert cost == pytest.approx(71, rel=1e-3)


def test_at_the_break_even_both_have_paid_the_same() -> None:
    """The capital is counted once: all the owner's costs equal all the rent, at time and at use."""
    rent = 0.60 / HOUR
    time = break_even_time(4000, 1000, use=0.4, rent=rent, **DESK)
    costs = owner_costs(4000, 1000, time, use=0.4, **DESK)
    assert sum(costs.values()) == pytest.approx(0.4 * rent * time)
    use = break_even_use(4000, 1000, 3 * YEAR, rent=rent, **DESK)
    costs = owner_costs(4000, 1000, 3 * YEAR, use=use, **DESK)
    assert sum(costs.values()) == pytest.approx(use * rent * 3 * YEAR)
    assert owner_price(sum(costs.values()), 3 * YEAR, use) == pytest.approx(rent)
    assert break_even_time(4000, 1000, use=use, rent=rent, **DESK) == pytest.approx(3 * YEAR)


def test_a_rent_below_the_electricity_is_never_caught_up_with() -> None:
    """Whoever pays more for current than for a rented hour does not get his money back."""
    cheap = 0.10 / HOUR
    assert break_even_time(4000, 0, use=0.5, rent=cheap, **DESK) == math.inf
    assert break_even_use(4000, 0, YEAR, rent=cheap, **DESK) == math.inf


def test_a_machine_that_sells_for_what_it_cost_pays_at_once() -> None:
    """Without loss of value there is no capital to earn back."""
    assert break_even_time(4000, 4000, use=0.5, rent=0.6 / HOUR, **DESK) == 0
    assert break_even_time(1500, 2600, use=0.5, rent=0.6 / HOUR, **DESK) == 0


def test_everything_that_costs_more_delays_the_break_even() -> None:
    """Price, power, tariff, hosting and PUE delay it; use, rent and resale hasten it."""
    start = {"price": 4000.0, "resale": 1000.0, "use": 0.4, "rent": 0.6 / HOUR, **DESK}
    base = break_even_time(**start)
    for name in ("price", "power", "idle_power", "tariff", "pue"):
        assert break_even_time(**{**start, name: start[name] * 1.2}) > base, name
    assert break_even_time(**{**start, "hosting": 20 / (30 * DAY)}) > base
    for name in ("resale", "use", "rent"):
        assert break_even_time(**{**start, name: start[name] * 1.2}) < base, name


def test_resale_and_loss_undo_each_other() -> None:
    """The loss computed from two prices leads from one to the other."""
    loss = yearly_loss(1499, 704, 3.1 * YEAR)
    assert resale_value(1499, 3.1 * YEAR, loss) == pytest.approx(704)
    assert yearly_loss(704, 1207, 2.9 * YEAR) < 0, "what got dearer has a negative loss"


def test_refusals_name_the_argument() -> None:
    """Use above 1, a building without losses below 1, and a loss of more than everything."""
    with pytest.raises(ValueError, match=r"use = 1\.5"):
        running_cost(1, 0, 1.5, 1, 0, 0)
    with pytest.raises(ValueError, match=r"pue = 0\.9"):
        running_cost(1, 0, 0.5, 0.9, 0, 0)
    with pytest.raises(ValueError, match=r"1 - loss = -0\.5"):
        resale_value(100, YEAR, 1.5)
    with pytest.raises(ValueError, match="lifetime = 0"):
        owner_price(100, 0, 0.5)
