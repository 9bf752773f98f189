"""What does a training run cost, and how much electricity does it draw?"""

from typing import Annotated

from hwcalc import cost, networks, published, roofline, training
from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Choice,
    Column,
    Number,
    Quantity,
    Results,
    Slider,
    Table,
)
from hwcalc.display import text

CUSTOM = "custom"
RECIPES = {
    "bert-lamb": "BERT, two phases with LAMB (NVIDIA)",
    "bert-2018": "BERT as published in 2018",
    CUSTOM: "My own number of tokens",
}
OFFERS = published.rents()


def calculate(
    network: Annotated[
        networks.Transformer,
        Choice(networks.transformers(), start="bert-large", group="family", label="Network"),
    ],
    recipe: Annotated[str, Choice(RECIPES, start="bert-2018", label="Recipe")],
    tokens: Annotated[
        float,
        Slider(
            0.1,
            100_000,
            start=100,
            scale="log",
            unit="billion tokens",
            label="Tokens",
            help="For a number of tokens of your own, in sequences of 2,048",
        ),
    ],
    offer: Annotated[
        published.Rent,
        Choice(
            OFFERS,
            start="tpu-v2-google-2018-10",
            group="vendor",
            label="Chip and rent",
            help="List prices of the month shown",
        ),
    ],
    price: Annotated[
        float,
        Number(
            start=0,
            low=0,
            high=1000,
            unit="$/h",
            label="Your price",
            help="For one device; 0 takes the list price above",
        ),
    ],
    utilisation: Annotated[float, Slider(1, 80, start=8, unit="%", label="Utilisation")],
    devices: Annotated[int, Slider(1, 16_384, start=64, scale="log2", label="Devices")],
    compared: Annotated[
        float,
        Slider(
            1,
            80,
            start=40,
            unit="%",
            label="Utilisation in the comparison",
            help="Every chip of the chart is taken to reach this share of its peak",
        ),
    ],
    watts: Annotated[
        float,
        Slider(
            50,
            2000,
            start=280,
            unit="W",
            label="Power of one device",
            help="The board's rating is an upper bound",
        ),
    ],
    pue: Annotated[
        float,
        Slider(
            1,
            2,
            start=1.1,
            step=0.01,
            unit="x",
            label="PUE",
            help="Power of the building over that of its machines",
        ),
    ],
    tariff: Annotated[float, Number(start=0.10, low=0, high=2, unit="$/kWh", label="Electricity")],
) -> Results:
    phases = training.RECIPES.get(recipe, (training.Phase(1, tokens / 2048, 2048),))
    weights = training.working_parameters(network)
    flops = training.recipe_flops(phases, weights, network.layers, network.attention_width)

    def lasts(rent: published.Rent, number: int, share: float) -> float:
        peak = roofline.peak_rate(rent.accelerator.peak, 16)
        return training.training_time(flops, number, peak, share)

    rate = price or offer.price
    time = lasts(offer, devices, utilisation)
    joules = cost.energy(devices, time, watts, pue)
    total = cost.rent(devices, time, rate)
    bills = {
        rent.name: cost.rent(1, lasts(rent, 1, compared), rent.price) for rent in OFFERS.values()
    }
    cheapest = min(bills, key=lambda name: bills[name])
    return [
        Quantity(
            "rent",
            "Rent",
            total,
            "$",
            note=f"{text(rate, '$/h')} per device, "
            + ("your price" if price else f"list price of {offer.date}"),
        ),
        Quantity("cheapest", "Cheapest in the comparison", bills[cheapest], "$", note=cheapest),
        Quantity("cheaper", "Your rent over it", total / bills[cheapest], "x"),
        Quantity("by_use", "Of that by using chips better", compared / utilisation, "x"),
        Quantity(
            "by_price",
            "Of that by chips and prices",
            total / bills[cheapest] / (compared / utilisation),
            "x",
        ),
        Quantity("time", "Time", time, "s"),
        Quantity("device_hours", "Device-hours", cost.device_time(devices, time) / 3600, digits=4),
        Quantity("energy", "Electricity drawn", joules, "Wh"),
        Quantity("bill", "Its price", cost.electricity(joules, tariff), "$"),
        Quantity("per_dollar", "Operations for a dollar of rent", flops / total, "FLOP/$"),
        Chart(
            "offers",
            f"Rent of the same run by chip and date, every chip at {text(compared, '%')}",
            x=Axis("Rent", "$", low=0),
            y=Axis(""),
            horizontal=True,
            marks=[Bars("Rent", list(bills), list(bills.values()))],
            alt=f"At {text(compared, '%')} of the peak the run costs between "
            f"{text(min(bills.values()), '$')} ({cheapest}) and "
            f"{text(max(bills.values()), '$')}.",
        ),
        Table(
            "prices",
            "List prices behind the chart, one device for one hour",
            [Column("Chip, provider, month"), Column("Rent", "$/h"), Column("The run", "$")],
            [[rent.name, rent.price, bills[rent.name]] for rent in OFFERS.values()],
        ),
    ]
