"""How much more does a dollar buy each year, and could it be foreseen?"""

from typing import Annotated

from hwcalc import prices
from hwcalc.calculator import (
    Axis,
    Band,
    Chart,
    Choice,
    Column,
    Line,
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
from hwcalc.history import MEASURES, cards
from hwcalc.scaling_trends import (
    check_forecast,
    deflated,
    doubling_range,
    fit_trend,
    trend_band,
    trend_value,
)
from hwcalc.waiting import shortest_work_to_delay

WHAT = {
    "fp32": "Arithmetic in 32 bits",
    "tensor": "Arithmetic of tensor cores in 16 bits",
    "bandwidth": "Memory bandwidth",
    "memory": "Memory",
}
FAMILIES = {"NVIDIA": "GeForce and Titan", "AMD": "Radeon", "all": "All of them"}
COMPARED = {card.id: f"{card.name}, {card.date[:4]}" for card in cards() if card.id}
SHARE = 0.9
BASE = 2026.0
FEWEST = 6  # cards before and after the forecast
SHOP = ("rtx-5060-ti-16gb", "rtx-5070", "rtx-5070-ti", "rtx-5080", "rtx-5090")
SINCE = 2026.5


def calculate(
    what: Annotated[str, Choice(WHAT, start="memory", label="What a dollar buys")],
    family: Annotated[str, Choice(FAMILIES, start="NVIDIA", label="Cards")],
    known: Annotated[
        float,
        Slider(
            2010,
            2025,
            start=2018,
            step=0.5,
            unit="year",
            label="Forecast made in",
            help="Only cards launched before count; the Titan V came in December 2017",
        ),
    ],
    inflation: Annotated[
        float,
        Slider(
            0,
            6,
            start=0,
            step=0.1,
            unit="%",
            label="Inflation taken out, per year",
            help="0 keeps dollars of the day; prices are then those of 2026",
        ),
    ],
    one: Annotated[str, Choice(COMPARED, start="gtx-1080-ti", label="Compare")],
    other: Annotated[str, Choice(COMPARED, start="rtx-5090", label="With")],
    shop: Annotated[bool, Toggle(start=True, label="Show what shops asked in 2026")],
) -> Results:
    chosen = [c for c in cards() if family in ("all", c.vendor) and what in c.rates]
    dates = [card.year for card in chosen]
    bought = [c.rates[what] / deflated(c.price, c.year, BASE, inflation) for c in chosen]
    unit = MEASURES[what]
    before = sum(date < known for date in dates)
    if before < FEWEST or len(dates) - before < 1:
        raise ValueError(
            f"{before} cards before {known:g} and {len(dates) - before} after it: the forecast "
            f"needs at least {FEWEST} and one; move the year"
        )
    check = check_forecast(dates, bought, known, SHARE)
    ever = fit_trend(dates, bought)
    fast, slow = doubling_range(ever, 0.95)
    years = [dates[0] + (2027 - dates[0]) * i / 16 for i in range(17)]
    bands = [trend_band(check.trend, year, SHARE) for year in years]
    shops = _shops(what, chosen_ids={card.id for card in chosen}, inflation=inflation)
    latest = [(date, value) for date, value in zip(dates, bought, strict=True) if date >= known]
    fallen = sum(value < trend_value(check.trend, date) for date, value in latest)
    asked = [value / at_launch for _, _, value, at_launch in shops]
    first, second = (_bought(card, what, inflation) for card in (one, other))
    return [
        Quantity("foreseen", "Doubling foreseen in", check.trend.doubling_time, "s",
                 note=f"from {before} cards before {known:g}"),
        Quantity("inside", "Later cards within the band", check.inside, "%",
                 note=f"of {check.later}; the band should hold {text(SHARE, '%')}"),
        Quantity("bias", "What came, of what was foreseen", check.bias, "%",
                 note="in the median"),
        Verdict("held", "The forecast", "held" if check.held else "failed", good=check.held),
        Quantity("doubling", "Doubling over all years", ever.doubling_time, "s",
                 note=f"from {len(dates)} cards"),
        Quantity("fastest", "At the fastest", fast, "s", note="95 % range of the slope"),
        Quantity("slowest", "At the slowest", slow, "s", note="95 % range of the slope"),
        Quantity("spread", "Cards of one time differ by", ever.choice, "x",
                 note="between the ends of the middle two thirds"),
        Quantity("asked", "A dollar in a shop of 2026 bought, of the launch",
                 _middle(asked) if asked else 1.0, "%",
                 note="in the median of five cards" if asked else "no such price here"),
        Quantity("first", f"The {COMPARED[one]}, gave for a dollar", first, unit),
        Quantity("second", f"The {COMPARED[other]}, gives", second, unit),
        Quantity("compared", "The second over the first", second / first, "x"),
        Quantity("patience", "Shortest work that any wait ends sooner",
                 shortest_work_to_delay(ever.doubling_time), "s",
                 note="on today's card, at this pace"),
        Chart(
            "course",
            f"{WHAT[what]} for a dollar of the launch price",
            x=Axis("Launch", "year", low=float(int(dates[0])), high=2027),
            y=Axis("For a dollar", unit, scale="log"),
            marks=[
                Band("Foreseen, nine in ten", years, [b[0] for b in bands], [b[1] for b in bands]),
                Line("Foreseen", years, [trend_value(check.trend, year) for year in years]),
                Line("With hindsight", years, [trend_value(ever, year) for year in years],
                     dash=True),
                Points("Known then", dates[:before], bought[:before],
                       labels=[c.name if c.id in NAMED else "" for c in chosen[:before]]),
                Points("Came later", dates[before:], bought[before:],
                       labels=[c.name if c.id in NAMED else "" for c in chosen[before:]]),
                *([Points("Asked in shops", [s[0] for s in shops], [s[2] for s in shops],
                          labels=[s[1] if s[1] == "RTX 5090" else "" for s in shops])]
                  if shop and shops else []),
                Rule(x=known, label="forecast made"),
            ],
            alt=f"Of {check.later} cards launched after {known:g}, "
            f"{text(check.inside, '%')} lie in the band of the forecast and {fallen} below its "
            f"middle; in the median they give {text(check.bias, '%')} of what was foreseen.",
        ),
        Table(
            "cards",
            "The latest twelve",
            [Column("Card"), Column("Launch"), Column("Price", "$"), Column("For a dollar", unit),
             Column("Foreseen", unit)],
            [[c.name, c.date, c.price, value, trend_value(check.trend, c.year)]
             for c, value in list(zip(chosen, bought, strict=True))[-12:]],
        ),
    ]  # fmt: skip


NAMED = {"titan-v", "titan-rtx"}


def _shops(
    what: str, chosen_ids: set[str], inflation: float
) -> list[tuple[float, str, float, float]]:
    """Date, name and what a dollar bought in shops, and at the launch, of today's cards."""
    found = []
    for card in cards():
        if card.id in SHOP and card.id in chosen_ids:
            price = prices.latest_purchase(card.id, "new")
            if price and price.year >= SINCE:
                real = deflated(price.value, price.year, BASE, inflation)
                launch = deflated(card.price, card.year, BASE, inflation)
                found.append((price.year, card.name, card.rates[what] / real,
                              card.rates[what] / launch))  # fmt: skip
    return found


def _bought(id_: str, what: str, inflation: float) -> float:
    """What a dollar of a card's launch price bought."""
    card = next(card for card in cards() if card.id == id_)
    if what not in card.rates:
        raise ValueError(f"{card.name}: has no such units; compare another card")
    return card.rates[what] / deflated(card.price, card.year, BASE, inflation)


def _middle(values: list[float]) -> float:
    """The median."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return (ordered[half] + ordered[~half]) / 2
