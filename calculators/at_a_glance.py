"""How fast a card does your money buy?"""

import re
from functools import cache
from itertools import pairwise
from typing import Annotated, NamedTuple

from hwcalc import accuracy, card_speeds, catalog, prices, ranking
from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Line,
    Points,
    Quantity,
    Results,
    Rule,
    Slider,
    Toggle,
    Verdict,
)
from hwcalc.display import text

WORKS = ("llm-decode", "llm-training", "bert-large", "resnet50")
REGIMES = {"bert-large": "ranking-bert-large", "resnet50": "ranking-resnet50"}
SINCE = "2026"  # nobody sells at an older price any more
EARLIEST = "2018"  # what PyTorch runs on as its makers build it today
GIB = 2**30
KINDS = {False: ("new",), True: ("new", "used")}
CHEAPEST, DEAREST = 200.0, 50_000.0  # [$] ends of the budget


class Offer(NamedTuple):
    """A card at the lowest price of this year."""

    name: str
    memory: float  # [B]
    price: float  # [$]
    told: str  # kind and month of the price
    speed: float  # [1/s]


def calculate(
    work: Annotated[
        str,
        Choice({key: ranking.WORKLOADS[key].name for key in WORKS}, start=WORKS[0], label="Work"),
    ],
    budget: Annotated[
        float, Slider(CHEAPEST, DEAREST, start=1500, scale="log", unit="$", label="Budget")
    ],
    memory: Annotated[
        float,
        Slider(8, 96, start=24, step=8, unit="GiB", label="Memory, at least"),
    ],
    used: Annotated[bool, Toggle(start=True, label="Used cards too")],
) -> Results:
    offers = _offers(work, used)
    enough = [each for each in offers if each.memory >= memory]
    steps = _steps(enough)
    best = max((each for each in steps if each.price <= budget), key=_speed, default=None)
    if best is None:
        raise ValueError(
            f"Cards with {memory / GIB:g} GiB start at {text(steps[0].price, '$')} "
            f"({steps[0].name}, {steps[0].told}): raise the budget or ask for less memory"
        )
    after = next((each for each in steps if each.speed > best.speed), None)
    unit = f"{ranking.WORKLOADS[work].unit}/s"
    tag = accuracy.tag(REGIMES[work]) if work in REGIMES else ""
    few = [each for each in offers if each.memory < memory]
    return [
        Verdict("best", "Buy", best.name),
        Quantity("price", "For", best.price, "$", note=best.told),
        Quantity("speed", "It does", best.speed, unit, note="predicted", accuracy=tag),
        Verdict(
            "after", "The next step up",
            f"{after.name}: {text(after.speed / best.speed, 'x')} as fast, "
            f"{text(after.price / best.price, 'x')} the price" if after else "none for sale",
        ),
        Chart(
            "course",
            f"NVIDIA's cards at the lowest price seen in {SINCE}",
            x=Axis("Price", "$", scale="log", low=150, high=300_000),
            y=Axis("Speed", unit, scale="log", high=1.4 * max(each.speed for each in offers)),
            marks=[
                Line("The fastest for the money", *_stairs(steps)),
                Points("Enough memory", *_places(enough), labels=_labels(enough, steps, best),
                       names=[each.name for each in enough]),
                *([Points("Too little", *_places(few), names=[each.name for each in few])]
                  if few else []),
                Rule(x=budget, label="budget"),
            ],
            alt=f"For {text(budget, '$')} the fastest card with {memory / GIB:g} GiB is the "
            f"{best.name} with {text(best.speed, unit)}"
            + (f"; the next faster one is the {after.name} for {text(after.price, '$')}."
               if after else "; none is faster."),
            height=260,
        ),
    ]  # fmt: skip


def _speed(offer: Offer) -> float:
    return offer.speed


@cache
def _offers(work: str, used: bool) -> list[Offer]:
    """The cards with a price of this year, the cheapest first."""
    found = []
    for key, speed in card_speeds.speeds()[work].items():
        card = catalog.accelerators()[key]
        asked = [prices.latest_purchase(key, kind) for kind in KINDS[used]]
        recent = [each for each in asked if each and each.date >= SINCE]
        # Modules for a server's board are no cards.
        if (
            card.vendor == "NVIDIA"
            and card.release >= EARLIEST
            and "SXM" not in card.name
            and recent
        ):
            least = min(recent, key=lambda each: each.value)
            told = f"{least.kind}, {least.date}"
            found.append(Offer(_short(card.name), card.memory, least.value, told, speed))
    return sorted(found, key=lambda each: each.price)


def _steps(offers: list[Offer]) -> list[Offer]:
    """The cards that are faster than every cheaper one."""
    kept: list[Offer] = []
    for each in offers:
        if not kept or each.speed > kept[-1].speed:
            kept.append(each)
    return kept


def _stairs(steps: list[Offer]) -> tuple[list[float], list[float]]:
    """The speed that a budget buys, as corners: level until the next card, then up."""
    money, speeds = [steps[0].price], [steps[0].speed]
    for before, each in pairwise(steps):
        money += [each.price, each.price]
        speeds += [before.speed, each.speed]
    return [*money, 4 * DEAREST], [*speeds, speeds[-1]]


def _places(offers: list[Offer]) -> tuple[list[float], list[float]]:
    return [each.price for each in offers], [each.speed for each in offers]


def _labels(offers: list[Offer], steps: list[Offer], best: Offer) -> list[str]:
    """Names for the best card and for those on the stairs whose names have room beside it."""
    named = [best]
    for each in reversed(steps):
        if all(
            max(each.speed, other.speed) > 1.25 * min(each.speed, other.speed)
            or max(each.price, other.price) > 6 * min(each.price, other.price)
            for other in named
        ):
            named.append(each)
    return [each.name if each in named else "" for each in offers]


def _short(name: str) -> str:
    """A name without what says nothing here: makes, series, memory."""
    for word in ("NVIDIA ", "GeForce ", " Workstation", " Edition", " Generation", " Blackwell"):
        name = name.replace(word, "")
    return re.sub(r" \d+GB$", "", name)
