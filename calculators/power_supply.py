"""Which power supply does the machine need, and does the socket carry it?"""

from collections.abc import Callable
from typing import Annotated

from hwcalc import catalog, machine_parts
from hwcalc.build import cheapest_enough
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
from hwcalc.cooling import air_flow
from hwcalc.cost import electricity, energy
from hwcalc.display import text
from hwcalc.power import limited_speed, static_power
from hwcalc.power_supply import (
    EXCURSIONS_SEEN,
    EXCURSIONS_STOOD,
    circuit_power,
    connectors_needed,
    peak_load,
    rating_2018,
    rating_needed,
    supply_loss,
    sustained_load,
)

STANDARDS = {"atx3": "ATX 3.0 or 3.1", "atx2": "ATX 2.x, up to 2021"}
YEAR = 365 * 86400.0
RISE = 10.0  # [K] of the air through the case
LEAST = 0.3  # of the rated power, below which no limit is searched


def calculate(
    gpu: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="rtx-5090", group="vendor", label="GPU"),
    ],
    gpus: Annotated[int, Slider(1, 8, start=2, label="GPUs")],
    limit: Annotated[
        float, Slider(30, 120, start=100, unit="%", label="Power limit",
                      help="Share of each GPU's rated power"),
    ],
    processor: Annotated[
        float, Slider(35, 500, start=170, unit="W", label="Processor",
                      help="Its power under load"),
    ],
    rest: Annotated[
        float, Slider(0, 30, start=10, unit="%", label="Everything else",
                      help="Board, memory, drives and fans, as a share of GPUs and processor"),
    ],
    margin: Annotated[
        float, Slider(0, 50, start=10, unit="%", label="Margin",
                      help="On the sustained load; spikes are counted apart"),
    ],
    standard: Annotated[str, Choice(STANDARDS, start="atx3", label="Supply made to")],
    together: Annotated[
        float, Slider(0, 100, start=100, unit="%", label="Spike at the same time",
                      help="GPUs that train together start each step together"),
    ],
    quality: Annotated[
        machine_parts.SupplyClass,
        Choice(machine_parts.supply_classes(), start="gold", label="Efficiency class"),
    ],
    circuit: Annotated[
        machine_parts.Circuit,
        Choice(machine_parts.circuits(), start="us-15", label="Socket"),
    ],
    hours: Annotated[float, Slider(0, 24, start=8, unit="h", label="Hours of work a day")],
    tariff: Annotated[
        float, Number(start=0.19, low=0, high=2, unit="$/kWh", label="Electricity",
                      help="Households in the United States paid 0.19 in April 2026"),
    ],
) -> Results:  # fmt: skip
    card = limit * gpu.tdp

    def output(each: float, count: int = gpus) -> float:
        return sustained_load(count, each, processor, rest)

    def spiking(each: float) -> float:
        return gpus * each + processor

    load = output(card)
    needed = max(
        rating_2018(load, margin),
        rating_needed(load, spiking(card), together, standard == "atx3"),
    )
    offers = [s for s in machine_parts.supplies() if s.supply_class.name == quality.name]
    offers = offers or list(machine_parts.supplies())
    fits = [offer for offer in offers if offer.rating >= needed]
    bought = offers[cheapest_enough([(s.price, s.rating) for s in offers], needed)]
    rating = max(bought.rating, needed)

    def wall(each: float, count: int = gpus) -> float:
        drawn = output(each, count)
        points = quality.at_fifth, quality.at_half, quality.at_full
        return drawn + supply_loss(drawn, max(rating, drawn), *points)

    drawn = wall(card)
    carried = circuit_power(circuit.voltage, circuit.current, circuit.continuous)
    most = max((n for n in range(1, 9) if wall(card, n) <= carried), default=0)
    fitting = _largest(lambda share: wall(share * gpu.tdp) <= carried)
    static = static_power(gpu)
    kept = limited_speed(max(fitting, LEAST) * gpu.tdp, gpu.tdp, static, 1) / limited_speed(
        gpu.tdp, gpu.tdp, static, 1
    )
    year = energy(1, hours * YEAR / 86400, drawn, 1)
    stood = list(EXCURSIONS_STOOD.items())
    # Each duration of the standard holds for all that are shorter, down to the one before.
    steps = [(stood[0][0] / 2, stood[0][1])] + [
        point
        for (end, f), (_, after) in zip(stood, [*stood[1:], stood[-1]], strict=True)
        for point in ((end, f), (end, after))
    ]
    peaks = [peak_load(load, spiking(card), f, together) for f in EXCURSIONS_SEEN.values()]
    return [
        Quantity("load", "Load on the supply", load, "W", digits=4, note="sustained"),
        Quantity("peak", "In a spike of a millisecond", peaks[0], "W", digits=4),
        Quantity("rule_2018", "Rating by the rule of 2018", rating_2018(load, margin), "W",
                 digits=4),
        Quantity("rating", "Rating it needs", needed, "W", digits=4),
        Verdict("buy", "Supply to look for",
                f"{bought.rating:,.0f} W, {bought.supply_class.name.removeprefix('80 PLUS ')}"
                if fits else f"none of one piece: share {needed:,.0f} W between two",
                good=bool(fits)),
        Quantity("price", "Its price", bought.price, "$", note=f"median of shops, {bought.date}"),
        Quantity("plugs", "16-pin plugs for each GPU", connectors_needed(card, "12V-2x6"),
                 note=f"or {connectors_needed(card, '8-pin'):.0f} of 8 pins"),
        Quantity("wall", "From the wall", drawn, "W", digits=4),
        Quantity("current", "Current", drawn / circuit.voltage, "amperes",
                 note=f"of {circuit.current:.0f}"),
        Verdict("socket", "The socket",
                "carries it" if drawn <= carried else "is overloaded", good=drawn <= carried),
        Quantity("carried", "It may carry for hours", carried, "W", digits=4),
        Quantity("most", "GPUs of this kind on it", most),
        Quantity("fitting", "Limit that fits the socket", fitting * gpu.tdp, "W",
                 note=f"{text(fitting, '%')} of the rated power"),
        Quantity("kept", "Speed at that limit", kept, "%", note="if the GPU asks for its rating"),
        Quantity("energy", "Energy in a year", year, "Wh"),
        Quantity("bill", "Bill of a year", electricity(year, tariff), "$"),
        Quantity("heat", "Heat in the room", drawn, "W", digits=4),
        Quantity("air", "Air through the case", air_flow(drawn, RISE) * 1000, "litres/s",
                 note=f"that leaves {RISE:.0f} °C warmer"),
        Chart(
            "spikes",
            "Spikes of the machine, and what the supply must stand",
            x=Axis("Lasting", "s", scale="log"),
            y=Axis("Power", "W", low=0),
            marks=[
                Points("Spikes of the machine", list(EXCURSIONS_SEEN), peaks),
                *(
                    [Line("ATX 3 supply of that rating", [x for x, _ in steps],
                          [needed * f for _, f in steps])]
                    if standard == "atx3" else []
                ),
                Rule(y=needed, label="rating"),
                Rule(y=load, label="load"),
            ],
            alt=f"Spikes of up to a millisecond reach {text(peaks[0], 'W')}, those of 20 ms "
            f"{text(peaks[-1], 'W')}; the rating needed is {text(needed, 'W')}.",
        ),
        Table(
            "classes",
            "What efficiency is worth at this load",
            [Column("Class"), Column("From the wall", "W"), Column("Lost", "W"),
             Column("Losses of a year", "$")],
            [_class_row(each, load, rating, hours, tariff)
             for each in machine_parts.supply_classes().values()],
        ),
    ]  # fmt: skip


def _class_row(
    quality: machine_parts.SupplyClass, load: float, rating: float, hours: float, tariff: float
) -> list[str | float]:
    points = quality.at_fifth, quality.at_half, quality.at_full
    lost = supply_loss(load, rating, *points)
    bill = electricity(energy(1, hours * YEAR / 86400, lost, 1), tariff)
    return [quality.name, load + lost, lost, bill]


def _largest(holds: Callable[[float], bool]) -> float:
    """The largest share of the rated power for which a condition holds, to a thousandth."""
    low, high = 0.0, 1.0
    if holds(high):
        return high
    for _ in range(10):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
