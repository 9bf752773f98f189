"""How much of their chips did published BERT-large runs use?"""

from typing import Annotated

from hwcalc import published, roofline, training
from hwcalc.calculator import Axis, Chart, Column, Points, Quantity, Results, Table, Toggle
from hwcalc.display import text
from hwcalc.networks import transformers


def calculate(
    whole_runs: Annotated[
        bool,
        Toggle(
            start=False,
            label="Whole runs only",
            help="Leave out times that follow from the speed of a short measurement",
        ),
    ],
    small: Annotated[
        bool,
        Toggle(
            start=False,
            label="At most 64 chips",
            help="Leave out large clusters, where the network between the chips takes its share",
        ),
    ],
) -> Results:
    bert = transformers()["bert-large"]
    weights = training.working_parameters(bert)
    rows = []
    for run in published.bert_runs():
        if (whole_runs and run.extrapolated) or (small and run.devices > 64):
            continue
        flops = training.recipe_flops(run.phases, weights, bert.layers, bert.hidden)
        peak = roofline.peak_rate(run.accelerator.peak, 16)
        rows.append((run, flops, training.utilisation(flops, run.devices, peak, run.time)))
    families = {
        name: [row for row in rows if row[0].accelerator.family in members]
        for name, members in (
            ("TPU v2 and v3", ("TPU v2", "TPU v3")),
            ("V100", ("Volta",)),
            ("A100", ("Ampere",)),
        )
    }
    # Points of one quarter crowd: only the highest and the lowest say how many chips they are.
    quarters: dict[str, list[tuple[float, published.Run]]] = {}
    for run, _, share in rows:
        quarters.setdefault(_quarter(run.date), []).append((share, run))
    ends = {
        run.label: f"{run.devices:,}"
        for group in quarters.values()
        for _, run in (min(group, key=_first), max(group, key=_first))
    }
    volta = families["V100"]
    first, best = volta[0], max(volta, key=lambda row: row[2])
    alike = max(
        (row for row in volta if row[0].devices == first[0].devices), key=lambda row: row[2]
    )
    oldest = rows[0]
    return [
        Quantity("oldest", f"{oldest[0].label}, {oldest[0].date}", oldest[2], "%"),
        Quantity(
            "first",
            f"{first[0].label}, {first[0].date}",
            first[2],
            "%",
            note="its number of steps is an estimate",
        ),
        Quantity("alike", f"{alike[0].label}, {alike[0].date}", alike[2], "%"),
        Quantity("gain", "Gain on as many V100", alike[2] / first[2], "x"),
        Quantity("best", f"Best on V100: {best[0].label}, {best[0].date}", best[2], "%"),
        Quantity("flops_2018", "Operations, recipe of 2018", oldest[1], "FLOP"),
        Quantity("flops_lamb", "Operations, two phases with LAMB", best[1], "FLOP"),
        Chart(
            "years",
            "Share of the 16-bit peak that published BERT-large runs turned into training",
            x=Axis("Published", "year", low=2018.5, high=2022.5),
            y=Axis("Utilisation", "%", low=0, high=0.6),
            marks=[
                *(_points(name, members, {}) for name, members in families.items() if members),
                *(
                    _points(name, [row for row in members if row[0].label in ends], ends)
                    for name, members in families.items()
                    if members
                ),
            ],
            alt=f"Utilisation rose from {text(oldest[2], '%')} ({oldest[0].label}) in "
            f"{oldest[0].date[:4]} to {text(best[2], '%')} ({best[0].label}) in "
            f"{best[0].date[:4]}; a number beside a point counts its chips.",
        ),
        Table(
            "runs",
            "The runs",
            [
                Column("Published"),
                Column("Run"),
                Column("Recipe"),
                Column("Time", "s"),
                Column("Utilisation", "%"),
            ],
            [
                [
                    run.date,
                    run.label,
                    RECIPES[run.recipe],
                    run.time,
                    share,
                ]
                for run, _, share in rows
            ],
        ),
    ]


RECIPES = {
    "bert-2018": "as published in 2018",
    "bert-512": "a million steps at 512 tokens",
    "bert-lamb": "two phases, LAMB",
}


def _points(
    name: str, rows: list[tuple[published.Run, float, float]], labels: dict[str, str]
) -> Points:
    """The runs of a family as points, with a word beside each where there are labels."""
    return Points(
        name,
        [_year(run.date) for run, _, _ in rows],
        [share for _, _, share in rows],
        labels=[labels[run.label] for run, _, _ in rows] if labels else None,
    )


def _quarter(month: str) -> str:
    """The quarter of a year and month."""
    year, _, number = month.partition("-")
    return f"{year} {(int(number) - 1) // 3}"


def _first(pair: tuple[float, published.Run]) -> float:
    """The share of a run, to sort by."""
    return pair[0]


def _year(month: str) -> float:
    """The point in time of a year and month, for an axis of years."""
    year, _, number = month.partition("-")
    return int(year) + (int(number) - 1) / 12
