"""What has waiting done to the price?"""

from typing import Annotated

from hwcalc import prices
from hwcalc.calculator import (
    Axis,
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
)
from hwcalc.display import text
from hwcalc.ownership import YEAR, yearly_loss

BOUGHT = {
    "rtx-5090": "RTX 5090",
    "rtx-5080": "RTX 5080",
    "rtx-5070-ti": "RTX 5070 Ti",
    "rtx-5060-ti-16gb": "RTX 5060 Ti 16 GB",
    "rtx-4090": "RTX 4090",
    "rtx-3090": "RTX 3090",
    "rtx-pro-6000-blackwell-ws": "RTX PRO 6000",
    "h100-pcie": "H100 PCIe",
    "server-8x-h100-sxm": "Server with eight H100",
    "tesla-k80": "Tesla K80",
    "p100-pcie-16gb": "Tesla P100 PCIe",
    "v100-sxm2-32gb": "Tesla V100 32 GB",
    "ddr5-32gb-2x16": "DDR5, two modules of 16 GB",
    "ddr4-32gb-2x16": "DDR4, two modules of 16 GB",
    "ddr5-rdimm-64gb": "DDR5 for servers, a module of 64 GB",
}
RENTED = {
    "h100-sxm": "H100 SXM, an hour",
    "a100-sxm-80gb": "A100 80 GB, an hour",
    "h200-sxm": "H200 SXM, an hour",
}
KINDS = {
    "launch": "List price at launch",
    "new": "Asked for a new one",
    "used": "Used",
    "on-demand": "Listed, by the hour",
    "marketplace": "Marketplace",
    "reserved-1y": "Contract of a year",
}


def group(subject: str) -> str:
    """Bought or rented, to list it under."""
    return "Rented" if subject in RENTED.values() else "Bought"


def calculate(
    subject: Annotated[str, Choice(BOUGHT | RENTED, start="rtx-5090", group=group, label="What")],
    since: Annotated[
        float,
        Slider(2014, 2026.5, start=2025, step=0.5, unit="year", label="Since"),
    ],
) -> Results:
    found = prices.rent_history(subject) if subject in RENTED else prices.purchases(subject)
    name = (BOUGHT | RENTED)[subject]
    unit = "$/h" if subject in RENTED else "$"
    shown = [price for price in found if price.year >= since]
    if len(shown) < 2:
        raise ValueError(f"{name}: fewer than two prices since {since:g}; start earlier")
    kinds = {kind: [p for p in shown if p.kind == kind] for kind in KINDS}
    # A course is of one kind and one seller, the one with most prices: a new card and a used one
    # are two things, and so are the hours of two clouds.
    courses: dict[tuple[str, str], list[prices.Price]] = {}
    for price in shown:
        kind = "new" if price.kind == "launch" else price.kind
        courses.setdefault((kind, price.seller), []).append(price)
    kept, seller = max(courses, key=lambda each: (len(courses[each]), each[0] == "new"))
    course = courses[kept, seller]
    if len(course) < 2:
        raise ValueError(f"{name}: no seller with two prices since {since:g}; start earlier")
    first, last = course[0], course[-1]
    low = min(course, key=lambda price: price.value)
    time = max(last.year - first.year, 1 / 12) * YEAR
    change = -yearly_loss(first.value, last.value, time)
    at = f" at {seller}" if seller else ""
    return [
        Quantity("first", f"In {first.date}", first.value, unit,
                 note=seller or KINDS[first.kind].lower()),
        Quantity("last", f"In {last.date}", last.value, unit,
                 note=seller or KINDS[last.kind].lower()),
        Quantity("factor", "Last over first", last.value / first.value, "x"),
        Quantity("lowest", "Lowest of these", low.value, unit, note=f"in {low.date}"),
        Quantity("rise", "Last over lowest", last.value / low.value, "x"),
        Quantity("yearly", "Change in a year", change, "%",
                 note="on average from the first to the last"),
        Quantity("count", "Prices", len(shown)),
        Chart(
            "course",
            f"{name}: dated prices",
            x=Axis("Date", "year", low=since, high=2027),
            y=Axis("Price", unit, low=0),
            marks=[
                Line(KINDS[kept], [p.year for p in course], [p.value for p in course], dash=True),
                *(Points(KINDS[kind], [p.year for p in some], [p.value for p in some])
                  for kind, some in kinds.items() if some),
                Rule(y=first.value, label="then"),
            ],
            alt=f"{name}{at}: {text(first.value, unit)} in {first.date}, {text(low.value, unit)} "
            f"at the lowest in {low.date}, {text(last.value, unit)} in {last.date}.",
        ),
        Table(
            "prices",
            "Every price with its kind and note",
            [Column("Month"), Column("Kind"), Column("Price", unit), Column("Seller or note")],
            [[p.date, KINDS[p.kind], p.value, p.seller or p.note] for p in reversed(shown)],
        ),
    ]  # fmt: skip
