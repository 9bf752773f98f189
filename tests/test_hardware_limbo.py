"""The article on hardware limbo: what its sentences claim follows from the calculators it shows."""

from pathlib import Path
from typing import Any

import pytest

from hwcalc import calculator
from hwcalc.calculator import Answer
from hwcalc.history import successions
from hwcalc.ownership import YEAR
from hwcalc.waiting import break_even_wait

ARTICLE = Path("docs/posts/hardware-limbo.md").read_text(encoding="utf-8")
# As the article sets it.
WAIT = {"factor": 1.8, "wait": 12, "worth": 1}


def run(name: str, **given: Any) -> Answer:
    """Answer of a calculator as the article shows it, with changes."""
    start = WAIT if name == "wait_or_buy" else {}
    return calculator.load(name).run({**start, **given})


def plans(**given: Any) -> dict[str, float]:
    """Money left by each plan."""
    answer = run("wait_or_buy", **given)
    names = {"buy": "buy", "wait": "wait_leaves", "swap": "swap", "rent": "until_then"}
    return {plan: answer[name].value for plan, name in names.items()}


def best(**given: Any) -> str:
    """The plan that leaves most money."""
    left = plans(**given)
    return max(left, key=lambda plan: left[plan])


def test_the_calculator_is_set_as_this_test_sets_it() -> None:
    """The claims below are about the values in the article."""
    for name, value in WAIT.items():
        assert f"\n{name} = {value}\n" in ARTICLE


def test_the_limit_of_waiting_is_above_a_year() -> None:
    """Three years, 1.8 times the speed and a chance of 80 % make 14 months; 12 do more work."""
    answer = run("wait_or_buy")
    assert answer["limit"].value == pytest.approx(14.05 / 12 * YEAR, rel=1e-3)
    assert answer["work"].value > 1
    assert answer["speedup"].value == 1.8


def test_gaps_lie_above_the_line_and_turn_before_the_end() -> None:
    """From the first day waiting never paid; in the last part of each gap it did.

    For the longest gap that is a little more than half, for the H100 at equal money a few months.
    """
    limits = {pair.new.id: break_even_wait(3 * YEAR, pair.speedup, 1) for pair in successions()}
    for pair in successions():
        assert 0 < limits[pair.new.id] < pair.gap
    longest = max(successions(), key=lambda pair: pair.gap)
    assert (longest.old.id, longest.new.id) == ("v100-sxm2-16gb", "a100-sxm-80gb")
    assert 0.5 < limits["a100-sxm-80gb"] / longest.gap < 0.6
    same = {pair.new.id: break_even_wait(3 * YEAR, pair.same_money, 1) for pair in successions()}
    assert 3 < same["h100-sxm"] / YEAR * 12 < 6
    assert same["rtx-4090"] > 0.9 * limits["rtx-4090"], "between GeForce nearly all of it is left"


def test_swapping_leads_and_what_takes_its_lead_away() -> None:
    """As set it is best; half lost in selling, a falling price or little use end that."""
    assert best() == "swap"
    assert plans()["swap"] > plans()["rent"] > plans()["wait"] > plans()["buy"]
    assert best(discount=50) == "rent"
    assert best(drift=-40) == "rent"
    assert best(use=5) == "rent"
    assert max(plans(use=5).values()) < 0, "hardly anything pays for a card"


def test_the_lines_of_waiting_and_renting_part_with_the_worth_of_an_hour() -> None:
    """At its rent an hour more or less of it is the same; at twice the price it is not."""
    apart = [plans(worth=worth)["rent"] - plans(worth=worth)["wait"] for worth in (0, 1, 2)]
    assert apart[0] == pytest.approx(0, abs=1e-6)
    assert apart == sorted(apart)


def test_forecasts_of_2017() -> None:
    """Memory failed, with and without inflation; arithmetic and bandwidth held."""
    assert run("price_performance")["held"].text == "failed"
    assert run("price_performance", inflation=2.5)["held"].text == "failed"
    for what in ("fp32", "bandwidth"):
        assert run("price_performance", what=what)["held"].text == "held"
    arithmetic = run("price_performance", what="fp32")
    assert arithmetic["bias"].value < 1, "most of them in its lower half"
    bandwidth = run("price_performance", what="bandwidth")
    assert bandwidth["foreseen"].value > 12 * YEAR, "longer than the field since AlexNet, 2012"


def test_a_dollar_of_memory_in_2017_and_2025() -> None:
    """16.9 MB for a dollar with a GTX 1080 Ti, 17.2 with an RTX 5090, by the list."""
    answer = run("price_performance")
    assert answer["compared"].value == pytest.approx(1.02, abs=0.005)
    assert answer["asked"].value < 0.7
    assert answer["patience"].value > 5 * YEAR, "longer than anything planned"


def test_every_cancellation_is_intels() -> None:
    """No other vendor of the list gave up an announced chip."""
    assert run("announced_chips", vendor="NVIDIA")["share"].value == 1
    assert run("announced_chips", vendor="AMD")["share"].value == 1
    assert run("announced_chips", vendor="Intel")["share"].value < 0.5


def test_announced_successors_of_the_b200_are_large_steps() -> None:
    """On paper, in bandwidth even more than in arithmetic."""
    for new in ("rubin-vr200", "mi455x"):
        compute, memory = (
            run("wait_or_buy", today="b200", successor=new, memory=share)["speedup"].value
            for share in (0, 100)
        )
        assert memory > compute > 1.5
