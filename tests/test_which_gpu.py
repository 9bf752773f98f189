"""The article on which GPU to get: its sentences follow from the calculators it shows."""

import re
from pathlib import Path
from typing import Any

import pytest

from hwcalc import calculator
from hwcalc.accuracy import regimes
from hwcalc.calculator import Answer, Points
from hwcalc.catalog import accelerators
from hwcalc.prices import latest_purchase
from hwcalc.use_cases import Job, result

ARTICLE = Path("docs/posts/which-gpu.md").read_text(encoding="utf-8")
# As the article sets its calculators; those not named start as their files say.
SET: dict[str, dict[str, Any]] = {
    "serving_frontier": {"ranks": 1, "network": "llama3.1-8b", "clients": 64},
    "own_or_rent": {"machine": "rtx-4090"},
    "price_performance": {"what": "bandwidth"},
}


def run(name: str, **given: Any) -> Answer:
    """Answer of a calculator as the article shows it, with changes."""
    return calculator.load(name).run({**SET.get(name, {}), **given})


def linked(anchor: str) -> Answer:
    """Answer of the calculator in the state that a link of the article puts it in."""
    (query,) = re.findall(rf"\[{re.escape(anchor)}\]\(\?([^)#]+)#", ARTICLE)
    pairs = [pair.split("=") for pair in query.split("&")]
    (name,) = {key.split(".")[0] for key, _ in pairs}
    tool = calculator.load(name)
    given = {key.split(".")[1]: value for key, value in pairs}
    typed = {
        key: type(tool.controls[key].start)(value)
        if not isinstance(tool.controls[key].start, str)
        else value
        for key, value in given.items()
    }
    return run(name, **typed)


def test_the_calculators_are_set_as_this_test_sets_them() -> None:
    """The claims below are about the values in the article."""
    for name, values in SET.items():
        (block,) = re.findall(rf"```calculator {name}\n(.*?)```", ARTICLE, re.DOTALL)
        for key, value in values.items():
            assert f"{key} = {value!r}".replace("'", '"') in block


def test_the_newest_card_is_above_twice_its_list_price() -> None:
    """The excerpt: not on the list, for more than twice the money of last year."""
    now = latest_purchase("rtx-5090", "new")
    assert now
    assert now.value > 2 * accelerators()["rtx-5090"].price
    assert "RTX 5090" not in {row[0] for row in run("which_gpu")["ranked"].rows}


def test_what_fits_a_card_and_what_does_not() -> None:
    """Eight billion: only adapters; seventy billion in four bits: above 32 GiB, below 48."""
    assert run("will_it_fit")["verdict"].good
    for anchor in ("Training all weights", "no trick with the optimizer"):
        assert linked(anchor)["verdict"].good is False
    seventy = linked("The network of seventy billion")
    assert 32 * 2**30 < seventy["needed"].value < 48 * 2**30


def test_writing_follows_bandwidth_and_reading_does_not() -> None:
    """An RTX 3090 loses a sixth in writing, nearly half in reading; two hold seventy billion."""
    new, old = run("local_decode"), linked("On an RTX 3090")
    assert old["writes"].value / new["writes"].value == pytest.approx(5 / 6, abs=0.03)
    assert 0.5 < old["reads"].value / new["reads"].value < 0.6
    assert new["reads"].value > 20 * new["writes"].value, "many times as fast"
    pair = linked("A network of seventy billion on two of them")
    assert pair["fits"].good
    assert pair["writes"].value > 10, "faster than most people read: some five words in a second"
    consumer = [key for key, chip in accelerators().items() if chip.kind == "consumer"]
    assert max(accelerators()[key].memory for key in consumer) < pair["needed"].value * 2


def test_cards_lie_under_the_line_of_bandwidth() -> None:
    """The chart's statement about all points it draws, measured and predicted."""
    chart = run("local_decode")["by_bandwidth"]
    line = next(mark for mark in chart.marks if not isinstance(mark, Points))
    slope = line.y[-1] / line.x[-1]
    for mark in chart.marks:
        if isinstance(mark, Points):
            assert all(y < slope * x for x, y in zip(mark.x, mark.y, strict=True))


def test_the_two_comparisons_of_blackwell() -> None:
    """A fifth in training, more than half in writing; the same chip trains at twice the speed."""
    train = linked("RTX 5090 against RTX 4090 in training a language model")["ratio"].value
    assert train == pytest.approx(1.2, abs=0.05)
    assert 1.5 < linked("writing with one")["ratio"].value < 1.8
    assert linked("RTX PRO 6000 against RTX 5090")["ratio"].value == pytest.approx(2, abs=0.1)
    small, large = (accelerators()[k] for k in ("rtx-5090", "rtx-pro-6000-blackwell-ws"))
    assert large.bandwidth == small.bandwidth
    assert large.memory == 3 * small.memory
    assert large.sm_count / small.sm_count == pytest.approx(1.1, abs=0.02)
    assert small.peak["fp16_acc16"] == pytest.approx(2 * small.peak["fp16"], rel=0.01)


def test_the_count_of_2023_is_reproduced() -> None:
    """504 cycles without matrix units, 235 with them, 200 with asynchronous copies."""
    cycles = [
        run("tile_timeline")["cycles"].value,
        linked("Without matrix units")["cycles"].value,
        linked("With asynchronous copies")["cycles"].value,
    ]
    assert cycles == [235, 504, 200]
    assert linked("with several on their way")["waiting"].value < 0.5


@pytest.mark.parametrize(
    ("anchor", "best"),
    [
        ("A card for a computer you have", "RTX 4080, used"),
        ("ResNet-50 on a thousand dollars", "RTX 5070 Ti, used"),
        ("Llama 3.3 70B to talk to", "2 × RTX 3090, used"),
        ("gpt-oss-120b to talk to", "RTX PRO 6000 Blackwell, used"),
        ("Adapters for Llama 3.3 70B", "A100 PCIe 80GB, used"),
        ("All weights of an 8B", "A100 PCIe 80GB, used"),
        ("An 8B for sixteen users", "RTX 5070 Ti, used"),
        ("An hour a day", "RTX 3090, rented"),
        ("an RTX 5090", "RTX 5090, at your price"),
    ],
)
def test_answers_of_the_table(anchor: str, best: str) -> None:
    """What the table says today is what the link shows."""
    assert linked(anchor)["best"].text.startswith(best)


def test_alternatives_named_in_the_table() -> None:
    """Least money for gpt-oss-120b, cards with fans for 70B, and who does not fit."""
    assert linked("gpt-oss-120b to talk to")["cheapest"].text.startswith("GB10 (DGX Spark)")
    names = {row[0] for row in linked("Adapters for Llama 3.3 70B")["ranked"].rows}
    assert {"RTX PRO 6000 Blackwell", "RTX 6000 Ada"} <= names
    with pytest.raises(calculator.InputError, match="A100 PCIe"):
        run("which_gpu", work="full", budget=7900)  # nothing cheaper holds all weights of an 8B


def test_what_prices_carry() -> None:
    """Kept value: a third of the cost; nothing left: half as much again. First places are close."""
    rows = {row[0]: row[2] for row in run("which_gpu")["sensitivity"].rows}
    assert rows["No value is lost"] / rows["As set"] == pytest.approx(1 / 3, abs=0.05)
    assert rows["Nothing is left at the end"] / rows["As set"] == pytest.approx(1.5, abs=0.1)
    ranked = run("which_gpu")["ranked"].rows
    assert ranked[2][6] / ranked[0][6] < 1.1, "the first place is a close one"
    asked = linked("twice the budget")["asked"].text
    assert re.match(r"number \d+ of", asked)
    assert not asked.startswith("number 1 of")


def test_four_cards_for_adapters_and_for_all_weights() -> None:
    """Nearly four times with adapters; with shared weights slower than one would be."""

    def speed(answer: Answer, card: str) -> float:
        return float(next(row[5] for row in answer["ranked"].rows if row[0] == card))

    one = speed(run("which_gpu"), "RTX 4090")
    assert 3.8 < speed(linked("four RTX 4090"), "RTX 4090") / one <= 4
    shared = speed(linked("four of them"), "RTX 4090")
    alone = result(accelerators()["rtx-4090"], Job("full", "llama3.1-8b", 4, 2048, 1, 1)).speed
    assert shared < alone
    large = run("which_gpu", work="full", budget=20_000)
    assert speed(large, "RTX PRO 6000 Blackwell") == pytest.approx(3 * shared, rel=0.15)
    paid = next(r[2] for r in large["ranked"].rows if r[0] == "RTX PRO 6000 Blackwell")
    four = next(r[2] for r in linked("four of them")["ranked"].rows if r[0] == "RTX 4090")
    assert 1 < paid / four < 1.5


def test_serving_many_is_cheaper_than_serving_one() -> None:
    """Nearly thirty times; an RTX 5090 writes half as much and holds a third of the users."""
    many, one = run("serving_frontier"), linked("For a single user")
    assert one["cost"].value / many["cost"].value == pytest.approx(28, abs=2)
    assert one["speed"].value / many["speed"].value == pytest.approx(2.2, abs=0.3)

    def room(answer: Answer) -> float:
        return float(re.sub(r"\D", "", answer["limit"].text.split("users")[0]))

    def rent(answer: Answer) -> float:
        return float(answer["cost"].value * answer["rate"].value)

    small = linked("A rented RTX 4090")
    for name in ("rate", "cost", "speed"):
        assert small[name].value / many[name].value == pytest.approx(1 / 3, abs=0.04), name
    assert rent(small) / rent(many) == pytest.approx(1 / 8, abs=0.02)
    assert room(many) / room(small) == pytest.approx(5, abs=0.5)
    assert room(small) == 64, "full at the users that the article sets"


def test_five_hours_a_day() -> None:
    """The machine pays from some five hours a day; a 3090 only if it never rests."""
    share = float(run("own_or_rent")["needed"].text.split()[0])
    assert share / 100 * 24 == pytest.approx(5, abs=0.5)
    needed = linked("A used RTX 3090")["needed"].text
    assert 50 < float(needed.split()[0]) < 100
    lost = {row[0]: row[5] for row in run("own_or_rent")["lost"].rows}
    assert all(0.2 < loss < 1 / 3 for name, loss in lost.items() if name.startswith("Tesla"))
    assert (1 - lost["GeForce RTX 3090"]) ** 6 == pytest.approx(0.8, abs=0.02)
    assert lost["GeForce RTX 4090"] < 0


def test_the_power_limit_is_on_the_careful_side() -> None:
    """Below what Puget Systems measured; half the loss where memory is waited for."""
    kept = run("power_limit")["speed"].value
    assert 0.9 < kept < 0.95
    assert 1 - linked("loses half as much")["speed"].value == pytest.approx((1 - kept) / 2, rel=0.1)


def test_memory_stood_still_and_arithmetic_kept_its_pace() -> None:
    """What the three lines of price-performance show."""
    assert run("price_performance")["held"].good
    assert linked("Memory for a dollar")["compared"].value == pytest.approx(1, abs=0.05)
    assert linked("Memory for a dollar")["held"].good is False
    assert linked("arithmetic")["held"].good


def test_what_was_measured_has_its_errors_on_the_accuracy_page() -> None:
    """The topics that the article names are regimes."""
    topics = {name.partition("-")[0] for name in regimes()}
    assert {"ranking", "generation", "memory", "power"} <= topics
