"""Which card should you get?"""

from typing import Annotated

from hwcalc import accuracy, catalog, choosing, use_cases
from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Column,
    Number,
    Points,
    Quantity,
    Results,
    Rule,
    Slider,
    Table,
    Toggle,
    Verdict,
)
from hwcalc.display import text
from hwcalc.networks import Transformer, transformers

NETWORKS = {
    key: transformers()[key]
    for key in (
        "qwen3-0.6b", "llama3.2-1b", "llama3.2-3b", "qwen3-4b", "mistral-7b", "llama3.1-8b",
        "qwen3-14b", "phi4-14b", "gpt-oss-20b", "mistral-small-3-24b", "gemma3-27b",
        "qwen3-30b-a3b", "qwen3-32b", "llama3.3-70b", "qwen2.5-72b", "gpt-oss-120b",
        "glm-4.5-air", "qwen3-235b-a22b", "llama3.1-405b", "deepseek-v3",
    )
}  # fmt: skip
WAYS = {
    "buy": "Buy, new or used",
    "new": "Buy new",
    "used": "Buy used",
    "rent": "Rent by the hour",
    "any": "Whatever is cheapest",
}
KINDS = {
    "buy": ("new", "used"),
    "new": ("new",),
    "used": ("used",),
    "rent": ("rented",),
    "any": ("new", "used", "rented"),
}
SINCE = {"2026-01": "of 2026", "2025-01": "of 2025 and later", "2000": "of any year"}
ORDERS = {
    "cost": "Least cost of the work",
    "speed": "Most speed in the budget",
    "price": "Least money at first",
}
# Regimes of the accuracy table that speak for a kind of work.
REGIMES = {
    "cnn": "ranking-resnet50",
    "bert": "ranking-bert-large",
    "run": "generation-llamacpp-gaming",
}
ROWS = 12
APART = 1.5  # in price or speed, so that names beside points don't overlap
LIKE = {"new": "new", "used": "used", "rented": "rented", "yours": "at your price"}


def calculate(
    work: Annotated[
        str,
        Choice(
            {key: each.name for key, each in use_cases.WORK.items()}, start="qlora", label="Work"
        ),
    ],
    network: Annotated[
        Transformer,
        Choice(NETWORKS, start="llama3.1-8b", group="family", label="Network",
               help="For the language models; the others have their own"),
    ],
    bits: Annotated[
        str,
        Choice({"4": "4 bits", "8": "8 bits", "16": "16 bits"}, start="4", label="Weights",
               help="For running and serving"),
    ],
    tokens: Annotated[
        int,
        Slider(128, 131072, start=2048, scale="log2", unit="tokens", label="Length",
               help="Of a sequence, prompt and answer together"),
    ],
    users: Annotated[
        int, Slider(1, 256, start=16, scale="log2", label="Users at a time", help="For serving")
    ],
    cards: Annotated[int, Slider(1, 8, start=1, label="Cards")],
    way: Annotated[str, Choice(WAYS, start="buy", label="How")],
    budget: Annotated[
        float,
        Number(start=2500, low=50, high=1e7, unit="$", label="Budget",
               help="For the cards alone, or for all rented hours together"),
    ],
    by: Annotated[str, Choice(ORDERS, start="cost", label="Ranked by")],
    hours: Annotated[float, Slider(0.25, 24, start=8, step=0.25, unit="h", label="Work in a day")],
    years: Annotated[float, Slider(0.5, 6, start=3, step=0.5, unit="years", label="Kept for")],
    loss: Annotated[
        float,
        Slider(-20, 60, start=25, unit="%", label="Value lost in a year",
               help="In 2021 and 2026 cards gained"),
    ],
    rest: Annotated[
        float,
        Number(start=1500, low=0, high=1e6, unit="$", label="Computer around them",
               help="0 if you have one"),
    ],
    tariff: Annotated[
        float,
        Number(start=0.19, low=0, high=2, unit="$/kWh", label="Electricity",
               help="US households paid 0.188 in April 2026, German ones 0.42 in 2025"),
    ],
    since: Annotated[str, Choice(SINCE, start="2026-01", label="Prices")],
    others: Annotated[
        bool,
        Toggle(start=False, label="AMD and Intel too",
               help="Predicted as if their libraries were as good as NVIDIA's"),
    ],
    card: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="rtx-5090", group="vendor", label="Ask about"),
    ],
    price: Annotated[
        float,
        Number(start=0, low=0, high=500_000, unit="$", label="Your price for it",
               help="0 takes the dated prices on file"),
    ],
) -> Results:  # fmt: skip
    job = use_cases.Job(work, network.id, int(bits), tokens, users, cards)
    terms = choosing.Terms(budget, hours / 86400, years, loss, rest, tariff)
    vendors = ("NVIDIA", "AMD", "Intel") if others else ("NVIDIA",)
    own = {card.id: price} if price else {}

    def ask(order: str, **changed: float) -> tuple[list[choosing.Choice], list[choosing.LeftOut]]:
        changes = terms._replace(**changed)
        return choosing.choose(job, changes, KINDS[way], since, vendors, own, order)

    ranked, left = ask(by)
    if not ranked:
        raise ValueError(_advice(left, budget, cards))
    unit = use_cases.WORK[work].unit
    best, last = ranked[0], ranked[-1]
    fastest, cheapest = (min(ranked, key=choosing.ORDERS[each]) for each in ("speed", "price"))
    many = f"{cards} × " if cards > 1 else ""
    tag = accuracy.tag(REGIMES[work]) if work in REGIMES and cards == 1 else ""
    changes = {
        "As set": ask(by),
        "Half as many hours": ask(by, use=terms.use / 2),
        "Electricity at twice the price": ask(by, tariff=2 * tariff),
        "No value is lost": ask(by, loss=0.0),
        "Nothing is left at the end": ask(by, loss=1.0),
        "The computer is there already": ask(by, rest=0.0),
        "Half the budget": ask(by, budget=budget / 2),
        "Twice the budget": ask(by, budget=2 * budget),
    }
    return [
        Verdict("best", "Get", many + _told(best), good=True),
        Quantity("speed", "It does", best.result.speed, f"{unit}/s", accuracy=tag),
        Quantity("cost", f"A million {unit} cost", 1e6 * best.unit, "$"),
        Quantity("hour", "A working hour costs", best.hour, "$/h",
                 note="value lost and electricity" if best.power else "rent"),
        Quantity("paid", "To pay", best.price, "$",
                 note="for all hours" if best.power is None else "for the cards"),
        Quantity("power", "Power at most",
                 best.power or cards * catalog.accelerators()[best.offer.accelerator].tdp, "W",
                 note="with the computer" if best.power else "in somebody else's room"),
        Quantity("needed", "Memory needed", best.result.needed, "iB",
                 note=f"of {text(_memory(best), 'iB')} on each card"),
        Quantity("possible", "Cards that would do",
                 len({each.offer.accelerator for each in ranked}), "cards",
                 note=f"of {len(catalog.accelerators())} in the catalogue"),
        Verdict("fastest", "Fastest of them", many + _told(fastest)),
        Verdict("cheapest", "Least money at first", many + _told(cheapest)),
        Quantity("spread", "The last costs", last.unit / best.unit if best.unit else 1.0, "x",
                 note="what the first does, for the same work"),
        Verdict("asked", card.name, _verdict(card, ranked, left)),
        _chart(ranked, left, budget, unit),
        Table(
            "ranked", "What would do, the best first",
            [Column("Card"), Column("How"), Column("To pay", "$"), Column("As of"),
             Column("Memory", "iB"), Column("Speed", f"{unit}/s"),
             Column(f"A million {unit}", "$"), Column("Power", "W")],
            [[_name(each.offer.accelerator), LIKE[each.offer.kind], each.price,
              each.offer.date or "today", _memory(each), each.result.speed, 1e6 * each.unit,
              each.power] for each in ranked[:ROWS]],
            highlight=next((i for i, each in enumerate(ranked[:ROWS])
                            if each.offer.accelerator == card.id), None),
        ),
        Table(
            "sensitivity", "What one change would do",
            [Column("Change"), Column("Then get"), Column(f"A million {unit}", "$")],
            [[name, _told(found[0]) if found else "nothing does it",
              1e6 * found[0].unit if found else None] for name, (found, _) in changes.items()],
            highlight=0,
        ),
        Table(
            "left_out", "Left out, and why", [Column("Reason"), Column("Cards")],
            [[choosing.REASONS[reason], ", ".join(
                _name(each.accelerator) + _detail(each) for each in left if each.reason == reason
            )] for reason in reversed(list(choosing.REASONS))
             if any(each.reason == reason for each in left)] or [["none", "none"]],
        ),
    ]  # fmt: skip


def _chart(
    ranked: list[choosing.Choice], left: list[choosing.LeftOut], budget: float, unit: str
) -> Chart:
    """Speed against money, what fits and what does not; the best for each sum has its name."""
    points = [(each.price, each.result.speed, each.offer.accelerator) for each in ranked]
    over = [(each.price, each.result.speed, each.accelerator) for each in left
            if each.reason == "budget" and each.price and each.result]  # fmt: skip
    small = [(each.price, each.result.speed, each.accelerator) for each in left
             if each.reason == "memory" and each.price and each.result]  # fmt: skip
    front: set[tuple[float, float, str]] = set()
    fastest, named = 0.0, (0.0, 0.0)
    for point in sorted(points + over):
        if point[1] <= fastest:
            continue
        fastest = point[1]
        if point[0] > APART * named[0] or point[1] > APART * named[1]:
            front.add(point)
            named = point[:2]

    def dots(label: str, found: list[tuple[float, float, str]], named: bool) -> list[Points]:
        if not found:
            return []
        names = [_name(each[2]) if named and each in front else "" for each in found]
        return [Points(label, [e[0] for e in found], [e[1] for e in found], labels=names)]

    return Chart(
        "money",
        "What money buys; beside each named card no cheaper one is as fast",
        x=Axis("To pay", "$", scale="log"),
        y=Axis("Speed", f"{unit}/s", scale="log"),
        marks=[
            *dots("Would do", points, named=True),
            *dots("Over the budget", over, named=True),
            *dots("Too little memory", small, named=False),
            Rule(x=budget, label="budget"),
        ],
        alt=f"{len(points)} offers within {text(budget, '$')} would do, {len(over)} cards cost "
        f"more and {len(small)} have too little memory; {_told(ranked[0])} is first with "
        f"{text(ranked[0].result.speed, f'{unit}/s')}.",
    )


def _name(key: str) -> str:
    """A card's name without what says nothing among cards."""
    name = catalog.accelerators()[key].name
    for word in ("NVIDIA ", "GeForce ", "Intel ", "AMD ", " Generation", " Workstation", "Apple "):
        name = name.replace(word, "")
    return name


def _told(each: choosing.Choice) -> str:
    """An offer in a few words."""
    offer = each.offer
    cost = text(offer.price, "$/h" if offer.kind == "rented" else "$")
    when = f" ({offer.date})" if offer.date else ""
    return f"{_name(offer.accelerator)}, {LIKE[offer.kind]}, {cost}{when}"


def _memory(each: choosing.Choice) -> float:
    return float(catalog.accelerators()[each.offer.accelerator].memory)


def _detail(each: choosing.LeftOut) -> str:
    """The number behind a reason."""
    if each.detail is None:
        return ""
    return f" ({text(each.detail, 'iB' if each.reason == 'memory' else '$')})"


def _verdict(
    card: catalog.Accelerator, ranked: list[choosing.Choice], left: list[choosing.LeftOut]
) -> str:
    """What became of the card that the reader asked about."""
    for place, each in enumerate(ranked, 1):
        if each.offer.accelerator == card.id:
            dearer = each.unit / ranked[0].unit if ranked[0].unit else 1.0
            return f"number {place} of {len(ranked)}, {text(dearer, 'x')} the cost of the first"
    found = next(each for each in left if each.accelerator == card.id)
    return f"left out: {choosing.REASONS[found.reason].lower()}{_detail(found)}"


def _advice(left: list[choosing.LeftOut], budget: float, cards: int) -> str:
    """Why nothing is left, and what would help."""
    over = [each for each in left if each.reason == "budget" and each.price]
    if over:
        least = min(over, key=lambda each: each.price or 0.0)
        return (
            f"Nothing does this for {text(budget, '$')}: the least is "
            f"{_name(least.accelerator)} for {text(least.price or 0.0, '$')}; raise the budget"
        )
    small = [each for each in left if each.reason == "memory" and each.detail]
    if small:
        least = min(small, key=lambda each: each.detail or 0.0)
        return (
            f"No card has the memory: each of {cards} would need {text(least.detail or 0.0, 'iB')};"
            " take more cards, fewer bits or a smaller network"
        )
    return "No card is left: allow older prices, another way to get one, or other work"
