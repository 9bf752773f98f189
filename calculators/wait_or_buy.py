"""Buy now, or wait for the successor?"""

from typing import Annotated

from hwcalc import prices
from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Column,
    Line,
    Number,
    Points,
    Quantity,
    Results,
    Rule,
    Slider,
    Table,
    Verdict,
)
from hwcalc.catalog import accelerators
from hwcalc.display import text
from hwcalc.history import successions
from hwcalc.ownership import YEAR
from hwcalc.roofline import peak_rate
from hwcalc.waiting import (
    break_even_probability,
    break_even_wait,
    done_by_waiting,
    mixed_speedup,
    plans,
)

TODAY = {
    "rtx-3090": "RTX 3090, used",
    "rtx-4090": "RTX 4090, used",
    "rtx-5090": "RTX 5090",
    "rtx-pro-6000-blackwell-ws": "RTX PRO 6000",
    "h100-sxm": "H100 SXM",
    "h200-sxm": "H200 SXM",
    "b200": "B200",
}
NEXT = {
    "faster": "Something faster, by the factor below",
    "rtx-5090": "RTX 5090",
    "b200": "B200",
    "b300": "B300",
    "rubin-vr200": "Rubin (VR200), announced",
    "mi455x": "MI455X, announced",
}
PLANS = {
    "buy": "Buy now",
    "wait": "Wait",
    "swap": "Buy now, then swap",
    "rent": "Rent until then",
}
MONTH = YEAR / 12
SINCE = "2026-02"
USED = {"rtx-3090", "rtx-4090"}
STEPS = 12


def calculate(
    today: Annotated[str, Choice(TODAY, start="rtx-5090", label="Today's")],
    successor: Annotated[str, Choice(NEXT, start="faster", label="Successor")],
    factor: Annotated[
        float,
        Slider(
            1,
            5,
            start=1.7,
            scale="log",
            unit="x",
            label="Its speed",
            help="For something faster; the two chips' data sheets decide otherwise",
        ),
    ],
    memory: Annotated[
        float,
        Slider(
            0,
            100,
            start=50,
            unit="%",
            label="Time that waits for memory",
            help="On today's chip: little in training, nearly all in generating text",
        ),
    ],
    wait: Annotated[float, Slider(0, 36, start=6, step=0.5, unit="months", label="Can be had in")],
    chance: Annotated[float, Slider(0, 100, start=80, unit="%", label="Chance that it comes")],
    horizon: Annotated[
        float,
        Slider(3, 72, start=36, step=1, unit="months", label="Work counts for"),
    ],
    price: Annotated[
        float,
        Number(
            start=0,
            low=0,
            high=1e6,
            unit="$",
            label="Price today",
            help="0 takes the latest dated price",
        ),
    ],
    successor_price: Annotated[
        float,
        Number(
            start=0,
            low=0,
            high=1e6,
            unit="$",
            label="Price of the successor",
            help="When it can be had; 0 takes today's price of today's chip",
        ),
    ],
    drift: Annotated[
        float,
        Slider(
            -60,
            150,
            start=0,
            unit="%",
            label="Today's chip gets dearer by, in a year",
            help="Until the successor comes; below zero it gets cheaper",
        ),
    ],
    use: Annotated[float, Slider(1, 100, start=30, unit="%", label="Share of the time it works")],
    worth: Annotated[
        float,
        Number(
            start=0,
            low=0,
            high=1000,
            unit="$/h",
            label="An hour of its work is worth",
            help="On today's chip; 0 takes what an hour of it rents for",
        ),
    ],
    rent: Annotated[
        float,
        Number(
            start=0,
            low=0,
            high=1000,
            unit="$/h",
            label="Rent of today's chip",
            help="0 takes the median of the latest listings",
        ),
    ],
    loss: Annotated[float, Slider(0, 60, start=25, unit="%", label="Value lost in a year")],
    discount: Annotated[
        float,
        Slider(
            0,
            50,
            start=15,
            unit="%",
            label="Lost in selling",
            help="Fees, postage, and what a buyer wants off for a used one",
        ),
    ],
) -> Results:
    old = accelerators()[today]
    if successor == "faster":
        speedup = factor
    else:
        new = accelerators()[successor]
        compute = peak_rate(new.peak, 16) / peak_rate(old.peak, 16)
        speedup = mixed_speedup(compute, new.bandwidth / old.bandwidth, memory)
    dated = prices.latest_purchase(today, "used" if today in USED else "new")
    if not price and dated is None:
        raise ValueError(f"{old.name}: no price is known; type one of your own")
    paid = price or (dated.value if dated else 0.0)
    paid_next = successor_price or paid
    rented = rent or _listed(today)
    value = use * (worth or rented)

    def left(after: float) -> dict[str, float]:
        return plans(
            horizon,
            after,
            speedup,
            chance,
            value,
            paid,
            paid_next,
            drift,
            loss,
            discount,
            use * rented,
        )

    now = left(wait)
    best = max(now, key=lambda plan: now[plan])
    limit = break_even_wait(horizon, speedup, chance)
    work = done_by_waiting(horizon, wait, speedup, chance)
    needed = "no chance is enough"
    if speedup > 1 and wait < horizon:
        sure = break_even_probability(horizon, wait, speedup)
        needed = text(sure, "%") if sure <= 1 else needed
    longest = max(horizon * 2 / 3, wait)
    waits = [longest * i / STEPS for i in range(STEPS + 1)]
    curves = [left(each) for each in waits]
    factors = [1 + i / 5 for i in range(16)]
    pairs = successions()
    # Names of pairs with the same gap would overlap: the last of them has it; the table has all.
    names = {round(p.gap / MONTH): f"{_short(p.old.name)} to {_short(p.new.name)}" for p in pairs}
    return [
        Quantity("limit", "Waiting does more work up to", limit, "months" if limit else "s",
                 note="of waiting"),
        Quantity("work", "Work by waiting, over that by buying now", work, "x"),
        Verdict("needed", "Needed chance that it comes", needed),
        Verdict("best", "Leaves most money", PLANS[best]),
        Quantity("ahead", "Ahead of buying now by", now[best] - now["buy"], "$"),
        Quantity("speedup", "Speed of the successor", speedup, "x"),
        Quantity("buy", "Buy now", now["buy"], "$", note="left at the end"),
        Quantity("wait_leaves", "Wait", now["wait"], "$", note="left at the end"),
        Quantity("swap", "Buy now, swap when it comes", now["swap"], "$", note="left at the end"),
        Quantity("until_then", "Rent until it comes", now["rent"], "$", note="left at the end"),
        Quantity("paid", "Price today", paid, "$",
                 note="your price" if price or dated is None else _dated(dated)),
        Quantity("rented", "Rent of an hour", rented, "$/h",
                 note="your rent" if rent else f"median of the listings since {SINCE}"),
        Chart(
            "course",
            "Money left at the end by the time until the successor",
            x=Axis("Successor can be had in", "months", low=0),
            y=Axis("Left", "$"),
            marks=[
                *(Line(name, waits, [each[plan] for each in curves])
                  for plan, name in PLANS.items()),
                Rule(x=wait, label="you"),
            ],
            alt=f"With a successor of {text(speedup, 'x')} in {text(wait, 'months')} the best plan "
            f"is: {PLANS[best].lower()}, {text(now[best] - now['buy'], '$')} ahead of buying now.",
        ),
        Chart(
            "generations",
            "How long a successor may take, and how long four of them took",
            x=Axis("Speed of the successor", "x", low=1, high=4),
            y=Axis("Time", "months", low=0, high=4 * YEAR),
            marks=[
                Line("Waiting pays below, if it is sure to come", factors,
                     [break_even_wait(horizon, each, 1.0) for each in factors]),
                Points("Release to release, as measured", [pair.speedup for pair in pairs],
                       [pair.gap for pair in pairs],
                       labels=[names.pop(round(p.gap / MONTH), "") for p in reversed(pairs)][::-1]),
                Points("The same, for the same money", [pair.same_money for pair in pairs],
                       [pair.gap for pair in pairs]),
                Points("You", [min(speedup, 4.0)], [wait]),
            ],
            alt=f"With work that counts for {text(horizon, 'months')}, "
            f"{sum(p.gap > break_even_wait(horizon, p.speedup, 1.0) for p in pairs)} of "
            f"{len(pairs)} successors took longer from release to release than their speed could "
            "make up for.",
        ),
        Table(
            "pairs",
            "Four successors, fine-tuning BERT-large",
            [Column("From"), Column("To"), Column("Speed", "x"), Column("Came after", "months"),
             Column("Worth waiting for in its last", "months"),
             Column("For the same money", "x"), Column("Then in its last", "months")],
            [[p.old.name, p.new.name, p.speedup, p.gap, break_even_wait(horizon, p.speedup, 1.0),
              p.same_money, break_even_wait(horizon, p.same_money, 1.0)]
             for p in pairs],
        ),
    ]  # fmt: skip


def _listed(card: str) -> float:
    """The rent of a card by the hour, from whoever lists it."""
    server = "rtx-pro-6000-blackwell-server" if card.startswith("rtx-pro") else card
    return prices.typical_rent(server, "on-demand", SINCE)


def _short(name: str) -> str:
    """A name as it fits beside a point."""
    return name.replace("GeForce RTX ", "").split(" SXM")[0].replace("Tesla ", "")


def _dated(price: prices.Price) -> str:
    """When a price was seen, of what, and how old it was when the list was read."""
    old = prices.age(price.date)
    return f"of {price.date}, {price.kind}" + (f", {text(old, 's')} old" if old else "")
