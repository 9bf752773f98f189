"""Which card is fastest for your work, and which for your money?"""

from functools import cache
from typing import Annotated, NamedTuple

from hwcalc import accuracy, card_speeds, catalog, display, prices, ranking
from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Choice,
    Column,
    Number,
    Quantity,
    Results,
    Rule,
    Slider,
    Table,
    Toggle,
    Verdict,
)
from hwcalc.display import text

CARDS = {key: catalog.accelerators()[key] for key in card_speeds.speeds()["bert-large"]}
KINDS = {
    "desk": ("consumer", "workstation"),
    "rack": ("datacenter",),
    "all": ("consumer", "workstation", "datacenter"),
}
REGIMES = {"bert-large": "ranking-bert-large", "resnet50": "ranking-resnet50"}
MEASURES = {"speed": "Speed", "dollar": "Speed for a dollar", "watt": "Speed for a watt"}
SHOWN = 20  # bars that a small screen holds


class Card(NamedTuple):
    """A card with what it is compared by."""

    key: str
    name: str
    speed: float  # [1/s]
    price: float | None  # [$]
    power: float | None  # [W]

    def worth(self, by: str) -> float | None:
        """Return speed, or speed for what it costs; None where that is unknown."""
        cost = {"speed": 1.0, "dollar": self.price, "watt": self.power}[by]
        return self.speed / cost if cost else None


def calculate(
    work: Annotated[
        str,
        Choice(
            {key: ranking.WORKLOADS[key].name for key in list(ranking.WORKLOADS)[:4]},
            start="bert-large",
            label="Work",
        ),
    ],
    card: Annotated[
        catalog.Accelerator, Choice(CARDS, start="rtx-4090", group="vendor", label="Card")
    ],
    price: Annotated[
        float,
        Number(
            start=0,
            low=0,
            high=500_000,
            unit="$",
            label="Its price",
            help="0 takes the latest price on file, whose month is shown",
        ),
    ],
    reference: Annotated[
        catalog.Accelerator,
        Choice(CARDS, start="rtx-3090", group="vendor", label="Compared with"),
    ],
    measure: Annotated[str, Choice(MEASURES, start="speed", label="Ranked by")],
    memory: Annotated[
        float,
        Slider(0, 192, start=16, step=4, unit="GiB", label="Memory, at least"),
    ],
    kind: Annotated[
        str,
        Choice(
            {"desk": "For a desk", "rack": "For a rack", "all": "All"}, start="desk", label="Cards"
        ),
    ],
    others: Annotated[
        bool,
        Toggle(
            start=False,
            label="AMD and Intel too",
            help="Predicted as if their libraries were as good as NVIDIA's; nobody measured this",
        ),
    ],
) -> Results:
    workload = ranking.WORKLOADS[work]
    chosen = _card(work, card.id, price or None)
    other = chosen if reference.id == card.id else _card(work, reference.id, None)
    base = other.worth(measure)
    if base is None:
        raise ValueError(f"{other.name} has no price on file; compare with another card")
    seen = card_speeds.comparable(work)
    asked = [
        key
        for key, each in CARDS.items()
        if each.kind in KINDS[kind]
        and each.memory >= memory
        and (others or each.vendor == "NVIDIA")
    ]
    cards = {key: _card(work, key, None) for key in asked} | {other.key: other, card.id: chosen}
    ranked = sorted(
        (each for each in cards.values() if each.worth(measure) is not None),
        key=lambda each: -(each.worth(measure) or 0.0),
    )
    kept = {each.key for each in ranked[:SHOWN]} | {card.id, reference.id}
    shown = [each for each in ranked if each.key in kept]
    known = [each for each in shown if each.key in seen]
    ratios = [(each.worth(measure) or 0.0) / base for each in shown]
    observed = [(each.worth(measure) or 0.0) * seen[each.key] / each.speed / base for each in known]
    worth = chosen.worth(measure)
    place = next((i for i, each in enumerate(ranked, 1) if each.key == card.id), 0)
    tag = accuracy.tag(REGIMES[work]) if work in REGIMES else ""
    units = f"{workload.unit}/s"
    return [
        Quantity("speed", "The card does", chosen.speed, units, note=f"{chosen.name}, predicted"),
        Quantity(
            "ratio", "Its speed over the other's", chosen.speed / other.speed, "x",
            note=f"{other.name} is 1", accuracy=tag,
        ),
        Verdict("measured", "Measured, card over other", _comparison(work, chosen.key, other.key)),
        Verdict("cost", "Price of the card", _price_text(card.id, price)),
        Verdict(
            "worth", "By the measure, card over other",
            text(worth / base, "x") if worth else "no price on file; type one",
        ),
        Verdict("place", "Place by the measure",
                f"{place} of {len(ranked)}" if place else "without a price"),
        Verdict("best", "First by the measure", ranked[0].name),
        Chart(
            "ranking",
            "The cards by the chosen measure",
            x=Axis(f"{MEASURES[measure]}, {other.name} = 1", low=0),
            y=Axis(""),
            horizontal=True,
            stacked=False,
            marks=[
                Bars("Predicted", [each.name for each in shown], ratios),
                *([Bars("Measured", [each.name for each in known], observed)] if known else []),
                Rule(x=1.0),
            ],
            alt=f"{ranked[0].name} is first with {text(ratios[0], 'x')} what {other.name} "
            f"gives; {chosen.name} is "
            + (f"number {place} with {text(worth / base, 'x')}." if worth else "without a price."),
        ),
        Table(
            "cards",
            "The cards by rank",
            [
                Column("Card"),
                Column("Memory", "iB"),
                Column("Speed", units),
                Column("Measured, scaled", units),
                Column("Price", "$"),
                Column("As of"),
                Column("Power", "W"),
                Column("Rank by", "x"),
            ],
            [
                [
                    each.name,
                    CARDS[each.key].memory,
                    each.speed,
                    seen.get(each.key),
                    each.price,
                    _dated(each.key) if not (each.key == card.id and price) else "yours",
                    each.power,
                    ratio,
                ]
                for each, ratio in zip(shown, ratios, strict=True)
            ],
            highlight=next((i for i, each in enumerate(shown) if each.key == card.id), None),
        ),
    ]  # fmt: skip


@cache
def _latest(key: str) -> prices.Price | None:
    """The latest price on file, whether of a new card, a used one, or at launch."""
    return prices.latest_purchase(key, "")


def _dated(key: str) -> str:
    """When the price on file was seen, and of what."""
    found = _latest(key)
    return f"{found.kind}, {found.date}" if found else ""


def _card(work: str, key: str, price: float | None) -> Card:
    found, chip = _latest(key), CARDS[key]
    cost = price or (found.value if found else None)
    return Card(
        key, _short(chip.name), card_speeds.speeds()[work][key], cost, chip.published.get("tdp")
    )


def _short(name: str) -> str:
    """Leave out what says nothing among cards."""
    for word in ("NVIDIA ", "GeForce ", "Intel ", "AMD ", " Generation", " Workstation"):
        name = name.replace(word, "")
    return name


def _price_text(key: str, price: float) -> str:
    """The price that counts, with its origin."""
    if price:
        return f"{text(price, '$')}, yours"
    found = _latest(key)
    return f"{display.text(found.value, '$')}, {_dated(key)}" if found else "not on file; type one"


def _comparison(work: str, chosen: str, other: str) -> str:
    """What was measured of the two cards, by the latest benchmark that has both."""
    years: dict[str, dict[str, float]] = {}
    for each in card_speeds.measured():
        if each.workload == work:
            years.setdefault(each.year, {})[each.accelerator] = each.speed
    both = [year for year, seen in years.items() if chosen in seen and other in seen]
    if not both:
        return "not of these two"
    seen = years[max(both)]
    return f"{text(seen[chosen] / seen[other], 'x')} (Lambda's benchmark, {max(both)})"
