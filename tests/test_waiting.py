"""Buy now or wait: the published reference points, and plans whose difference is obvious."""

import math

import pytest

from hwcalc.history import successions
from hwcalc.waiting import (
    YEAR,
    break_even_probability,
    break_even_wait,
    done_by_waiting,
    mixed_speedup,
    plans,
    shortest_work_to_delay,
    start_of_long_work,
)

MONTH = YEAR / 12
CASE = {
    "horizon": 3 * YEAR,
    "wait": YEAR / 2,
    "speedup": 1.7,
    "probability": 1.0,
    "value": 200 / MONTH,
    "price": 2000.0,
    "successor_price": 2000.0,
    "drift": 0.0,
    "loss": 0.2,
    "discount": 0.15,
    "rent": 100 / MONTH,
}


@pytest.mark.parametrize(
    ("old", "new", "speedup", "months"),
    [(57, 152, 2.67, 22.5), (152, 309, 2.03, 18.3), (309, 350, 1.13, 4.2), (309, 523, 1.69, 14.7),
     (52, 93, 1.79, 15.9)],
)  # fmt: skip
def test_measured_successors(old: float, new: float, speedup: float, months: float) -> None:
    """BERT-large in sequences per second, old and new GPU: how long waiting pays in three years."""
    assert new / old == pytest.approx(speedup, abs=0.005)
    assert break_even_wait(36 * MONTH, new / old, 1) / MONTH == pytest.approx(months, abs=0.06)


def test_no_successor_was_worth_waiting_for_from_the_first_day() -> None:
    """Each took longer to come than its speed could make up for in three years."""
    assert len(successions()) == 4
    for pair in successions():
        assert pair.gap > break_even_wait(3 * YEAR, pair.speedup, 1), pair.new.id


def test_generations_got_dearer_as_they_got_faster() -> None:
    """An H100 was 2.03 times as fast as an A100 for 1.79 times the price."""
    same = {pair.new.id: pair.same_money for pair in successions()}
    assert same["h100-sxm"] == pytest.approx(1.14, abs=0.01)
    for pair in successions():
        assert 1 < pair.same_money < pair.speedup


def test_at_the_break_even_both_do_the_same_work() -> None:
    """Wait, chance and work are one equation, solved for each."""
    wait = break_even_wait(3 * YEAR, 1.7, 0.6)
    assert done_by_waiting(3 * YEAR, wait, 1.7, 0.6) == pytest.approx(1)
    assert break_even_probability(3 * YEAR, wait, 1.7) == pytest.approx(0.6)
    assert done_by_waiting(3 * YEAR, wait * 1.1, 1.7, 0.6) < 1


def test_limits_of_waiting() -> None:
    """A successor that is no faster, never comes or comes at the end is not worth a day."""
    assert break_even_wait(YEAR, 1.0, 1) == 0
    assert break_even_wait(YEAR, 0.8, 1) == 0
    assert break_even_wait(YEAR, 5.0, 0) == 0
    assert done_by_waiting(YEAR, YEAR, 100, 1) == 0
    assert done_by_waiting(YEAR, 2 * YEAR, 100, 1) == 0
    assert break_even_wait(YEAR, 1e9, 1) == pytest.approx(YEAR)


def test_mixed_speedup_lies_between_its_parts() -> None:
    """All in memory gives the ratio of bandwidths, none the ratio of rates."""
    assert mixed_speedup(1.6, 2.75, 0) == 1.6
    assert mixed_speedup(1.6, 2.75, 1) == 2.75
    assert 1.6 < mixed_speedup(1.6, 2.75, 0.5) < 2.75


def test_work_of_26_months_was_the_limit_of_slacking() -> None:
    """With a doubling in 18 months, shorter work should start at once; longer should wait."""
    limit = shortest_work_to_delay(18 * MONTH) / MONTH
    assert limit == pytest.approx(26, rel=0.01)
    assert limit == pytest.approx(18 / math.log(2))
    assert start_of_long_work(limit * 0.99 * MONTH, 18 * MONTH) == 0
    assert start_of_long_work(limit * 1.01 * MONTH, 18 * MONTH) > 0


def test_the_best_start_is_the_best() -> None:
    """A month earlier or later ends later."""
    work, doubling = 60 * MONTH, 18 * MONTH
    best = start_of_long_work(work, doubling)

    def end(start: float) -> float:
        return start + work * 2 ** (-start / doubling)

    assert end(best) < min(end(best - MONTH), end(best + MONTH), end(0))


def test_plans_of_a_successor_that_never_comes() -> None:
    """To buy and to swap are then the same; to wait costs the work of the wait."""
    left = plans(**{**CASE, "probability": 0.0})
    assert left["swap"] == left["buy"]
    assert left["buy"] - left["wait"] == pytest.approx(200 * 6)
    assert left["rent"] - left["wait"] == pytest.approx(100 * 6)


def test_plans_without_a_wait() -> None:
    """The successor is there: to wait is to buy it, to swap costs the seller's share."""
    left = plans(**{**CASE, "wait": 0.0})
    assert left["wait"] == left["rent"]
    assert left["wait"] - left["swap"] == pytest.approx(0.15 * 2000)


def test_a_price_that_rises_punishes_waiting_only_where_nothing_comes() -> None:
    """Whoever waits in vain buys at the higher price; whoever bought sells at it."""
    calm, rising = (plans(**{**CASE, "probability": 0.5, "drift": g}) for g in (0.0, 1.0))
    assert rising["buy"] > calm["buy"]
    assert rising["swap"] > calm["swap"]
    assert rising["wait"] < calm["wait"]


def test_a_wait_up_to_the_horizon_leaves_nothing() -> None:
    """Who waits until the end has bought nothing and done nothing."""
    for wait in (3 * YEAR, 5 * YEAR):
        left = plans(**{**CASE, "wait": wait})
        assert left["wait"] == 0
        assert left["rent"] == pytest.approx(100 * 36)
        assert left["swap"] == pytest.approx(left["buy"])


def test_money_is_conserved() -> None:
    """Without work, loss, discount and drift nobody wins or loses anything."""
    left = plans(**{**CASE, "value": 0.0, "loss": 0.0, "discount": 0.0, "rent": 0.0})
    assert left == pytest.approx(dict.fromkeys(left, 0.0))


def test_refusals_name_the_argument() -> None:
    """A chance above 1, a successor that is no faster, a wait as long as the horizon."""
    with pytest.raises(ValueError, match=r"probability = 1\.2"):
        break_even_wait(YEAR, 2, 1.2)
    with pytest.raises(ValueError, match="speedup - 1 = 0"):
        break_even_probability(YEAR, YEAR / 2, 1)
    with pytest.raises(ValueError, match="horizon - wait = 0"):
        break_even_probability(YEAR, YEAR, 2)
    with pytest.raises(ValueError, match=r"drift = -1\.5"):
        plans(**{**CASE, "drift": -1.5})
