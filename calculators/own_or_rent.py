"""Own or rent: when has a machine paid for itself?"""

from math import isfinite
from typing import Annotated, NamedTuple

from hwcalc import prices
from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Column,
    Line,
    Number,
    Quantity,
    Results,
    Rule,
    Slider,
    Table,
    Verdict,
)
from hwcalc.catalog import accelerators
from hwcalc.display import text
from hwcalc.ownership import (
    YEAR,
    break_even_time,
    break_even_use,
    owner_costs,
    owner_price,
    resale_value,
    yearly_loss,
)


class Preset(NamedTuple):
    """What is bought: an item of the price list, with how many of which accelerator."""

    item: str
    card: str
    gpus: int


PRESETS = {
    "rtx-3090": Preset("rtx-3090", "rtx-3090", 1),
    "rtx-4090": Preset("rtx-4090", "rtx-4090", 1),
    "rtx-5090": Preset("rtx-5090", "rtx-5090", 1),
    "rtx-5090-4": Preset("rtx-5090", "rtx-5090", 4),
    "rtx-pro-6000": Preset("rtx-pro-6000-blackwell-ws", "rtx-pro-6000-blackwell-server", 1),
    "h100-8": Preset("server-8x-h100-sxm", "h100-sxm", 8),
    "b200-8": Preset("server-8x-b200", "b200", 8),
}
MACHINES = {
    "rtx-3090": "Computer with a used RTX 3090",
    "rtx-4090": "Computer with a used RTX 4090",
    "rtx-5090": "Computer with a new RTX 5090",
    "rtx-5090-4": "Computer with four new RTX 5090",
    "rtx-pro-6000": "Computer with an RTX PRO 6000",
    "h100-8": "Server with eight H100",
    "b200-8": "Server with eight B200",
}
KINDS = {"on-demand": "By the hour, listed", "marketplace": "By the hour, marketplace"}
USED = {"rtx-3090", "rtx-4090"}
SINCE = "2026-02"  # older rents are no longer asked
OLD = ("tesla-k80", "p100-sxm2", "v100-sxm2-32gb", "rtx-3090", "rtx-4090")
REST = 1.4  # power of a machine over that of its boards: fans, processor, memory, losses


def calculate(
    machine: Annotated[str, Choice(MACHINES, start="rtx-5090", label="Machine")],
    price: Annotated[
        float,
        Number(
            start=0,
            low=0,
            high=10e6,
            unit="$",
            label="Price of the accelerators",
            help="All of them, or the whole server; 0 takes the latest dated price",
        ),
    ],
    rest: Annotated[
        float,
        Number(
            start=1500,
            low=0,
            high=1e6,
            unit="$",
            label="Rest of the machine",
            help="Board, processor, memory, case; servers come complete",
        ),
    ],
    kind: Annotated[str, Choice(KINDS, start="on-demand", label="Rented")],
    rent: Annotated[
        float,
        Number(
            start=0,
            low=0,
            high=1000,
            unit="$/h",
            label="Rent of one GPU",
            help="0 takes the median of the latest listings",
        ),
    ],
    use: Annotated[float, Slider(1, 100, start=30, unit="%", label="Share of the time it works")],
    years: Annotated[float, Slider(0.5, 8, start=3, step=0.5, unit="years", label="Kept for")],
    loss: Annotated[
        float,
        Slider(
            -20,
            60,
            start=25,
            unit="%",
            label="Value lost in a year",
            help="The last table has what others lost; in 2021 and 2026 cards gained",
        ),
    ],
    watts: Annotated[
        float,
        Number(
            start=0,
            low=0,
            high=1e6,
            unit="W",
            label="Power at work",
            help="0 takes 1.4 times the rating of the boards",
        ),
    ],
    idle: Annotated[
        float,
        Slider(
            0,
            50,
            start=8,
            unit="%",
            label="Power while idle",
            help="Of the power at work; 0 if you switch it off",
        ),
    ],
    tariff: Annotated[
        float,
        Number(
            start=0.19,
            low=0,
            high=2,
            unit="$/kWh",
            label="Electricity",
            help="US households paid 0.188 in April 2026, German ones 0.42 in 2025",
        ),
    ],
    pue: Annotated[
        float,
        Slider(
            1,
            2,
            start=1,
            step=0.01,
            unit="x",
            label="PUE",
            help="Cooling on top: data centres 1.1 to 1.5, an open window 1",
        ),
    ],
    hosting: Annotated[float, Number(start=0, low=0, high=1e6, unit="$/month", label="Room, rack")],
) -> Results:
    preset = PRESETS[machine]
    server = preset.item.startswith("server")
    dated = prices.latest_purchase(preset.item, "used" if machine in USED else "new")
    if dated is None:
        raise ValueError(f"{MACHINES[machine]}: no price is known; type one of your own")
    boards = price or dated.value * (1 if server else preset.gpus)
    whole = boards + (0 if server else rest)
    power = watts or preset.gpus * accelerators()[preset.card].tdp * REST
    each = rent or prices.typical_rent(preset.card, kind, SINCE)
    resale = resale_value(whole, years, loss)
    case = {
        "price": whole,
        "resale": resale,
        "power": power,
        "idle_power": idle * power,
        "pue": pue,
        "tariff": tariff,
        "hosting": hosting,
    }
    rented = each * preset.gpus

    def pays(**changed: float) -> float:
        return break_even_time(**{**case, "use": use, "rent": rented, **changed})

    until = pays()
    needed = break_even_use(lifetime=years, rent=rented, **case)
    parts = owner_costs(lifetime=years, use=use, **case)
    total = sum(parts.values())
    own = owner_price(total, years, use) / preset.gpus
    to_rent = rented * use * years
    shown = max(years, min(until, 2 * years))
    running = (total - parts["capital"]) / years
    changes = {
        "As set": {},
        "Rent a quarter lower": {"rent": 0.75 * rented},
        "Rent a quarter higher": {"rent": 1.25 * rented},
        "Half as much work": {"use": use / 2},
        "Half as much again": {"use": min(1.5 * use, 1.0)},
        "Electricity twice as dear": {"tariff": 2 * tariff},
        "Nobody buys it at the end": {"resale": 0.0},
        "Price a quarter lower": {"price": 0.75 * whole, "resale": 0.75 * resale},
    }
    return [
        Verdict("decision", "Cheaper", "owning" if total < to_rent else "renting"),
        Verdict("until", "Paid for after", _told(until)),
        Verdict("needed", "Pays if it works at least",
                text(needed, "%") if needed <= 1 else "more than all the time"),
        Quantity("own", "An hour of one GPU, owned", own, "$/h"),
        Quantity("rented", "The same hour, rented", each, "$/h",
                 note="your rent" if rent else f"median of the listings since {SINCE}"),
        Quantity("whole", "Price of the machine", whole, "$",
                 note="your price" if price else _dated(dated)),
        Quantity("resale", "Sold at the end for", resale, "$"),
        Quantity("electricity", "Electricity in that time",
                 parts["electricity/work"] + parts["electricity/idle"], "$"),
        Quantity("saved", "Renting less owning", to_rent - total, "$",
                 note=f"over {text(years, 's')}"),
        Chart(
            "course",
            "What has been paid, the resale already taken off",
            x=Axis("Time owned", "years", low=0),
            y=Axis("Paid", "$", low=0),
            marks=[
                Line("Own", [0.0, shown], [parts["capital"], parts["capital"] + running * shown]),
                Line("Rent", [0.0, shown], [0.0, rented * use * shown]),
                *([Rule(x=until, label="paid for")] if until <= shown else []),
            ],
            alt=f"Owning costs {text(parts['capital'], '$')} at once and "
            f"{text(running, '$/month')}; renting costs {text(rented * use, '$/month')}. "
            + (f"The lines meet after {_told(until)}." if isfinite(until) else "They never meet."),
        ),
        Table(
            "sensitivity",
            "What one change would do",
            [Column("Change"), Column("Paid for after")],
            [[name, _told(pays(**changed))] for name, changed in changes.items()],
            highlight=0,
        ),
        Table(
            "lost",
            "What others lost in a year, from their first known price to the last",
            [Column("Card"), Column("First", "$"), Column("In"), Column("Last", "$"), Column("In"),
             Column("Lost in a year", "%")],
            [_lost(item) for item in OLD],
        ),
    ]  # fmt: skip


def _lost(item: str) -> list[str | float | None]:
    """First and last price of a card, and the loss between them."""
    first, last = prices.purchases(item)[0], prices.latest_purchase(item, "")
    assert last  # the first is known
    loss = yearly_loss(first.value, last.value, (last.year - first.year) * YEAR)
    return [accelerators()[item].name, first.value, first.date, last.value, last.date, loss]


def _told(time: float) -> str:
    """A time, or that it never comes."""
    return text(time, "s") if isfinite(time) else "never"


def _dated(price: prices.Price) -> str:
    """When a price was seen, of what, and how old it was when the list was read."""
    old = prices.age(price.date)
    return f"of {price.date}, {price.kind}" + (f", {text(old, 's')} old" if old else "")
