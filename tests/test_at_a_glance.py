"""The first page's figure: the fastest card that a budget and a memory allow."""

import pytest

from hwcalc import calculator, card_speeds, catalog, prices
from hwcalc.calculator import InputError

TOOL = calculator.load("at_a_glance")


@pytest.mark.parametrize("memory", [8, 24, 48])
def test_more_money_never_buys_less(memory: float) -> None:
    """Along the budget the price stays within it, and the speed never falls."""
    before = 0.0
    for budget in (6_000, 8_000, 13_500, 30_000, 50_000):
        answer = TOOL.run({"memory": memory, "budget": budget})
        assert answer["price"].value <= budget
        assert answer["speed"].value >= before
        before = answer["speed"].value


def test_no_cheaper_card_with_the_memory_is_faster() -> None:
    """The answer is the maximum over the cards that the reader may buy, found by hand here."""
    answer = TOOL.run({"work": "bert-large", "memory": 24, "budget": 5000})
    allowed = []
    for key, speed in card_speeds.speeds()["bert-large"].items():
        card = catalog.accelerators()[key]
        asked = [prices.latest_purchase(key, kind) for kind in ("new", "used")]
        within = any(each and each.date >= "2026" and each.value <= 5000 for each in asked)
        if card.vendor == "NVIDIA" and card.memory >= 24 * 2**30 and within:
            allowed.append(speed)
    assert len(allowed) > 2
    assert answer["speed"].value == max(allowed)


def test_who_asks_for_the_impossible_is_told_what_it_costs() -> None:
    """No card with so much memory for so little money: the message has the least price."""
    with pytest.raises(InputError, match=r"96 GiB start at \$\d"):
        TOOL.run({"memory": 96, "budget": 1000})


def test_measured_work_has_its_error_beside_it() -> None:
    """Speeds that measurements vouch for carry their error, the others do not."""
    assert TOOL.run({"work": "resnet50"})["speed"].accuracy.startswith("±")
    assert not TOOL.run({"work": "llm-decode"})["speed"].accuracy
