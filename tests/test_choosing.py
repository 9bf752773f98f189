"""Choosing a card: every accelerator is either ranked or has a reason, and nothing is free."""

import re
from itertools import pairwise

import pytest

from hwcalc import calculator, choosing
from hwcalc.blocks import shape
from hwcalc.catalog import accelerators, transformers
from hwcalc.choosing import REASONS, Choice, LeftOut, Terms, choose, offers
from hwcalc.fine_tuning import tuning_flops, tuning_rate
from hwcalc.ownership import YEAR
from hwcalc.prices import latest_purchase
from hwcalc.ranking import speed, usual_precision
from hwcalc.use_cases import WORK, Job, result

TERMS = Terms(2500, 1 / 3, 3 * YEAR, 0.25, 1500, 0.19 / 3.6e6)
ANY = ("new", "used", "rented")
ALL = ("NVIDIA", "AMD", "Intel")
JOBS = [Job(work, "llama3.1-8b", 4, 2048, 16, cards) for work in WORK for cards in (1, 2, 8)]
TUNING = Job("qlora", "llama3.1-8b", 4, 2048, 1, 1)


def ask(
    job: Job = TUNING, by: str = "cost", own: dict[str, float] | None = None, **changed: float
) -> tuple[list[Choice], list[LeftOut]]:
    """Choose among all offers of 2026, with some terms changed."""
    return choose(job, TERMS._replace(**changed), ANY, "2026-01", ALL, own or {}, by)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: f"{job.work}-{job.cards}")
@pytest.mark.parametrize("budget", [300, 2500, 50_000])
def test_every_accelerator_is_ranked_or_has_a_reason(job: Job, budget: float) -> None:
    """A reader never misses a card without being told why."""
    ranked, left = ask(job, budget=budget)
    chosen = {each.offer.accelerator for each in ranked}
    others = [each.accelerator for each in left]
    assert len(others) == len(set(others)), "one reason each"
    assert chosen.isdisjoint(others)
    assert chosen | set(others) == set(accelerators())
    assert {each.reason for each in left} <= set(REASONS)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: f"{job.work}-{job.cards}")
def test_choices_fit_the_memory_and_the_budget_and_cost_something(job: Job) -> None:
    """What is recommended can be paid, holds the work, and is never free."""
    ranked, left = ask(job, budget=20_000)
    for each in ranked:
        chip = accelerators()[each.offer.accelerator]
        assert each.price <= 20_000
        assert 0 < each.result.needed <= chip.memory
        assert each.result.speed > 0
        assert each.unit == pytest.approx(each.hour / each.result.speed)
        # Electricity, or a rent: even a card that keeps its value costs something.
        assert each.unit > 0
        assert re.fullmatch(r"2026-\d\d", each.offer.date)
    for other in left:
        if other.reason == "memory":
            assert other.detail is not None
            assert other.detail > accelerators()[other.accelerator].memory
        if other.reason == "budget":
            assert other.price is not None
            assert other.price > 20_000


@pytest.mark.parametrize("by", choosing.ORDERS)
def test_the_ranking_follows_what_it_is_ranked_by(by: str) -> None:
    """Cheapest work, highest speed or least money first, without an exception."""
    ranked, _ = ask(by=by)
    assert len(ranked) > 5
    scores = [
        {"cost": each.unit, "speed": -each.result.speed, "price": each.price}[by] for each in ranked
    ]
    assert scores == sorted(scores)


def test_a_larger_budget_never_costs_a_choice() -> None:
    """Money only adds offers, so the best can only get better."""
    found = [ask(budget=budget)[0] for budget in (300, 600, 1200, 2500, 5000, 20_000, 100_000)]
    for less, more in pairwise(found):
        assert {each.offer for each in less} <= {each.offer for each in more}
        assert more[0].unit <= less[0].unit


def test_several_cards_cost_as_many_prices() -> None:
    """Two cards are paid twice; four 3090 hold what one cannot."""

    def offer(cards: int, network: str) -> list[Choice]:
        job = Job("run", network, 4, 4096, 1, cards)
        ranked, _ = ask(job, budget=20_000)
        return [c for c in ranked if c.offer[:2] == ("rtx-3090", "used")]

    one, two = offer(1, "llama3.1-8b")[0], offer(2, "llama3.1-8b")[0]
    assert two.price == 2 * one.price
    assert not offer(1, "llama3.3-70b")
    assert offer(2, "llama3.3-70b"), "42 GB of weights and cache on twice 24 GiB"


def test_a_price_of_ones_own_replaces_those_on_file() -> None:
    """A reader's offer counts, whatever the file says, and can change the answer."""
    used = latest_purchase("rtx-5090", "used")
    (other,) = [each for each in ask()[1] if each.accelerator == "rtx-5090"]
    assert used
    assert (other.reason, other.price) == ("budget", used.value)
    ranked, _ = choose(TUNING, TERMS, ANY, "2026-01", ("NVIDIA",), {"rtx-5090": 1999.0}, "cost")
    mine = [each for each in ranked if each.offer.accelerator == "rtx-5090"]
    assert [(each.offer.kind, each.price) for each in mine] == [("yours", 1999.0)]
    assert ranked[0] == mine[0], "at its list price of 2025 nothing would beat it"


def test_each_reason_is_given_where_it_applies() -> None:
    """One card for each reason, checked by hand."""
    reasons = {
        each.accelerator: each.reason
        for each in choose(
            Job("lora", "llama3.1-8b", 4, 2048, 1, 1), TERMS, ("new", "used"), "2026-01",
            ("NVIDIA",), {}, "cost",
        )[1]
    }  # fmt: skip
    assert reasons["tpu-v5e"] == "price"
    assert reasons["rtx-2080-ti"] == "date"
    assert reasons["rx-7900-xtx"] == "maker"
    assert reasons["h100-sxm"] == "module"
    assert reasons["p100-pcie-16gb"] == "software"
    assert reasons["apple-m3-ultra"] == "maker"
    assert reasons["gb10"] == "model"
    assert reasons["rtx-5080"] == "memory"
    assert reasons["rtx-5090"] == "budget"


def test_modules_can_be_rented_but_not_bought() -> None:
    """An H100 SXM needs a server's board; by the hour it is an offer like others."""
    ranked, _ = ask(budget=1e6)
    kinds = {each.offer.kind for each in ranked if each.offer.accelerator == "h100-sxm"}
    assert kinds == {"rented"}


def test_whole_computers_need_no_computer_around_them() -> None:
    """A DGX Spark comes complete: the price of the rest changes nothing for it."""
    job = Job("run", "llama3.1-8b", 4, 2048, 1, 1)
    with_rest, without = (
        next(e for e in ask(job, budget=1e5, rest=rest)[0] if e.offer.accelerator == "gb10")
        for rest in (1500.0, 0.0)
    )
    assert with_rest.unit == without.unit
    card, alone = (ask(job, rest=rest)[0][0] for rest in (1500.0, 0.0))
    assert alone.unit <= card.unit


def test_rents_are_of_several_sellers_where_there_are() -> None:
    """List prices of one card differ by a factor of four, so a lone one is no rent."""
    for key, known in ((key, offers(key, ("rented",))) for key in accelerators()):
        for each in known:
            assert each.price * 3600 > 0.05, key
            assert each.date >= "2026-02", key
    assert offers("rtx-3090", ("rented",))[0].sellers >= 3


def test_adapters_take_two_thirds_of_the_products() -> None:
    """No gradient of frozen weights: without recomputation 4 N instead of 6 N operations."""
    llama = shape(transformers()["llama3.1-8b"])
    embedded = llama.total - llama.embedding
    assert tuning_flops(llama, 1, False, 0) == pytest.approx(6 * embedded, rel=1e-3)
    assert tuning_flops(llama, 1, True, 0) == pytest.approx(4 * embedded, rel=1e-3)


def test_tuning_the_reference_is_the_reference() -> None:
    """Full tuning of Llama 3.1 8B at its length gives back what the kernels gave."""
    for key in ("rtx-3090", "rtx-4090", "h100-sxm", "b200"):
        chip = accelerators()[key]
        whole = result(chip, Job("full", "llama3.1-8b", 16, 2048, 1, 1)).speed
        assert whole == pytest.approx(speed("llm-tuning", chip, 1, usual_precision(chip)), rel=1e-3)


def test_widening_costs_and_longer_batches_hide_it() -> None:
    """QLoRA saves memory, not time; with many tokens the difference goes away."""
    chip = accelerators()["rtx-4090"]
    for tokens in (512, 2048, 8192):
        narrow, wide = (
            result(chip, Job(work, "llama3.1-8b", 4, tokens, 1, 1)) for work in ("qlora", "lora")
        )
        assert narrow.speed < wide.speed
        assert narrow.needed < wide.needed
    few, many = (tuning_rate(46e9, 1e14, 2e10, 3, n, 1e12) for n in (256, 65536))
    assert few < 0.75 * many < many < 1e14 / 46e9


def test_replicas_lose_and_never_gain() -> None:
    """Several cards do at most as many times the work of one, and at least as much."""
    for work in ("cnn", "bert", "qlora", "lora"):
        for key in ("rtx-3090", "rtx-4090", "l40s", "h100-sxm"):
            one, four = (
                result(accelerators()[key], Job(work, "llama3.2-3b", 4, 2048, 1, n)).speed
                for n in (1, 4)
            )
            assert 1 < four / one <= 4, (work, key)


def test_a_job_that_no_model_covers_is_refused() -> None:
    """No number is better than a number that nothing stands behind."""
    card = accelerators()["rtx-4090"]
    with pytest.raises(ValueError, match="experts"):
        result(card, Job("qlora", "gpt-oss-20b", 4, 2048, 1, 1))
    with pytest.raises(ValueError, match="must be one of"):
        result(card, Job("mine", "llama3.1-8b", 4, 2048, 1, 1))
    with pytest.raises(ValueError, match="tokens"):
        result(card, Job("run", "llama3.1-8b", 4, 0, 1, 1))
    with pytest.raises(ValueError, match="must be one of"):
        ask(by="luck")
    with pytest.raises(ValueError, match="budget"):
        ask(budget=-1)


def test_the_calculator_says_what_to_change_when_nothing_does_the_job() -> None:
    """A budget too small or a network too large ends in a sentence that helps."""
    tool = calculator.load("which_gpu")
    with pytest.raises(calculator.InputError, match="raise the budget"):
        tool.run({"budget": 50, "work": "full"})
    with pytest.raises(calculator.InputError, match="take more cards"):
        tool.run({"network": "llama3.1-405b", "work": "full"})


def test_the_table_of_reasons_names_every_card_once() -> None:
    """The page shows what the model gave: each card's name under one reason."""
    answer = calculator.load("which_gpu").run({})
    rows = answer["left_out"].rows
    assert [row[0] for row in rows] == [
        r for r in reversed(list(REASONS.values())) if r in dict(rows)
    ]
    assert "RTX 5090 ($4,795)" in dict(rows)[REASONS["budget"]]
    assert sum("Tesla P100 PCIe 16GB" in row[1] for row in rows) == 1
