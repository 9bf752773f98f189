"""How long does it take to train BERT, or another transformer?"""

from typing import Annotated

from hwcalc import catalog, networks, published, roofline, training
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
    Slider,
    Table,
    Toggle,
)
from hwcalc.display import text

CUSTOM = "custom"
RECIPES = {
    "bert-lamb": "BERT, two phases with LAMB (NVIDIA)",
    "bert-2018": "BERT as published in 2018",
    CUSTOM: "My own number of tokens",
}
COMPARED = (0.1, 0.2, 0.4, 0.6)


def calculate(
    network: Annotated[
        networks.Transformer,
        Choice(networks.transformers(), start="bert-large", group="family", label="Network"),
    ],
    recipe: Annotated[str, Choice(RECIPES, start="bert-lamb", label="Recipe")],
    tokens: Annotated[
        float,
        Slider(
            0.1,
            100_000,
            start=100,
            scale="log",
            unit="billion tokens",
            label="Tokens",
            help="For a number of tokens of your own; repetitions count",
        ),
    ],
    sequence: Annotated[
        int,
        Slider(
            64,
            131_072,
            start=2048,
            scale="log2",
            unit="tokens",
            label="Sequence",
            help="For a number of tokens of your own",
        ),
    ],
    device: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="v100-sxm2-32gb", group="vendor", label="Accelerator"),
    ],
    devices: Annotated[int, Slider(1, 16_384, start=8, scale="log2", label="Devices")],
    utilisation: Annotated[
        float,
        Slider(
            1,
            80,
            start=40,
            unit="%",
            label="Utilisation",
            help="Share of the dense 16-bit peak that becomes training",
        ),
    ],
    measured: Annotated[
        bool,
        Toggle(
            start=False,
            label="Use my measured speed",
            help="Take the two speeds below instead of the utilisation",
        ),
    ],
    speed: Annotated[
        float,
        Number(
            start=1746,
            low=0.001,
            high=1e9,
            unit="sequences/s",
            label="Speed",
            help="All devices together, in the first or only phase",
        ),
    ],
    speed_long: Annotated[
        float,
        Number(
            start=586,
            low=0.001,
            high=1e9,
            unit="sequences/s",
            label="Speed, second phase",
            help="All devices together, at 512 tokens",
        ),
    ],
) -> Results:
    phases = training.RECIPES.get(recipe, (training.Phase(1, tokens / sequence, sequence),))
    weights = training.working_parameters(network)

    def flops(part: tuple[training.Phase, ...]) -> float:
        return training.recipe_flops(part, weights, network.layers, network.attention_width)

    peak = roofline.peak_rate(device.peak, 16)
    total = flops(phases)
    if measured:
        rates = (speed, speed_long)[: len(phases)]
        times = [training.recipe_time([p], [r]) for p, r in zip(phases, rates, strict=True)]
        time = training.recipe_time(phases, rates)
        reached = training.utilisation(total, devices, peak, time)
    else:
        times = [training.training_time(flops((p,)), devices, peak, utilisation) for p in phases]
        time = training.training_time(total, devices, peak, utilisation)
        reached = utilisation
    if reached > 1:
        raise ValueError(
            f"Speed: {text(reached, '%')} of the peak of {devices} {device.name} would be needed, "
            "which no chip can give; lower the speed or add devices"
        )
    counts = [2**power for power in range(15)]
    return [
        Quantity("time", "Training takes", time, "s"),
        Quantity(
            "reached",
            "Utilisation",
            reached,
            "%",
            note="implied by the measured speed" if measured else "as set",
        ),
        Quantity("device_time", "Device-time", devices * time, "s"),
        Quantity("flops", "Operations", total, "FLOP"),
        Quantity("tokens_seen", "Tokens", training.recipe_tokens(phases)),
        Quantity("weights", "Weights at work for one token", weights),
        Chart(
            "scaling",
            f"Time against number of {device.name}, at four utilisations",
            x=Axis("Devices", scale="log"),
            y=Axis("Time", "s", scale="log"),
            marks=[
                *(
                    Line(
                        f"{text(share, '%')}",
                        counts,
                        [training.training_time(total, n, peak, share) for n in counts],
                        dash=True,
                    )
                    for share in COMPARED
                ),
                *_published(network, recipe, device),
                Points("You", [devices], [time], labels=["you"]),
            ],
            alt=f"{network.name} on {devices} {device.name} takes {text(time, 's')} at "
            f"{text(reached, '%')} of the peak; the lines show a tenth to six tenths of it.",
        ),
        Table(
            "phases",
            "By phase",
            [
                Column("Tokens in a sequence"),
                Column("Tokens"),
                Column("Operations", "FLOP"),
                Column("Time", "s"),
                Column("Utilisation", "%"),
            ],
            [
                [
                    phase.sequence,
                    training.recipe_tokens([phase]),
                    flops((phase,)),
                    spent,
                    training.utilisation(flops((phase,)), devices, peak, spent),
                ]
                for phase, spent in zip(phases, times, strict=True)
            ],
        ),
    ]


def _published(
    network: networks.Transformer, recipe: str, device: catalog.Accelerator
) -> list[Points]:
    """Published BERT-large runs of this recipe on chips of this generation."""
    runs = [
        run
        for run in published.bert_runs()
        if network.id == "bert-large"
        and run.recipe == recipe
        and run.accelerator.family == device.family
    ]
    if not runs:
        return []
    return [Points("Published runs", [run.devices for run in runs], [run.time for run in runs])]
