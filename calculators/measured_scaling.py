"""How far is the model from what was measured?"""

from typing import Annotated

from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Column,
    Line,
    Points,
    Quantity,
    Results,
    Slider,
    Table,
)
from hwcalc.data_parallel import scaling_efficiency
from hwcalc.display import text
from hwcalc.scaling_runs import ScalingRun, predicted_step, prediction_errors, scaling_runs


def calculate(
    run: Annotated[ScalingRun, Choice(scaling_runs(), start="vgg16-512-p100", label="Run")],
    spread: Annotated[
        float,
        Slider(
            0, 10, start=1.3, step=0.1, unit="%", label="Spread of the GPUs",
            help="1.3 % is what ResNet-50 on eight GPUs implies in the median",
        ),
    ],
    link_share: Annotated[
        float,
        Slider(
            5, 100, start=78, unit="%", label="Rate reached",
            help="78 % of the specified rate is what eight A100 reach on NVLink",
        ),
    ],
) -> Results:  # fmt: skip
    runs = scaling_runs()
    steps = {key: predicted_step(each, spread, link_share) for key, each in runs.items()}
    predicted = {
        key: scaling_efficiency(each.compute, steps[key].time) for key, each in runs.items()
    }
    errors = prediction_errors(predicted)
    others = {key: each for key, each in runs.items() if not each.fitted}
    worst = max(others, key=lambda key: abs(errors.by_run[key]))
    return [
        Quantity("predicted", "Predicted efficiency", predicted[run.id], "%"),
        Quantity("measured", "Measured efficiency", run.efficiency, "%"),
        Quantity("error", "Predicted against measured", errors.by_run[run.id], "%"),
        Quantity("waiting", "Waiting for gradients", steps[run.id].parts["wait/exchange"], "s"),
        Quantity(
            "median", "Median error", errors.median, "%", digits=2,
            note=f"size, over {len(others)} runs that no constant was fitted to",
        ),
        Quantity("worst", "Largest error", abs(errors.by_run[worst]), "%", digits=2,
                 note=runs[worst].name),
        Quantity("total", "Runs", len(runs)),
        Quantity("optimistic", "Predicted too fast", errors.optimistic, "runs",
                 note=f"of {len(others)}"),
        Chart(
            "agreement",
            "Efficiency, predicted against measured",
            x=Axis("Measured", "%", low=0.5, high=1),
            y=Axis("Predicted", "%", low=0.5, high=1),
            marks=[
                Line("Equal", [0.5, 1.0], [0.5, 1.0], dash=True),
                *(
                    Points(
                        series,
                        [runs[key].efficiency for key in chosen],
                        [predicted[key] for key in chosen],
                    )
                    for series, chosen in _kinds(runs).items()
                ),
                Points("Chosen run", [run.efficiency], [predicted[run.id]], labels=[run.name]),
            ],
            alt=f"Of {len(others)} runs the model puts {errors.optimistic} above what was "
            f"measured; the median error is {text(errors.median, '%', 2)}, the largest "
            f"{text(abs(errors.by_run[worst]), '%', 2)} ({runs[worst].name}).",
        ),
        Table(
            "runs",
            "All runs",
            [
                Column("Run"),
                Column("Date"),
                Column("Measured", "%"),
                Column("Predicted", "%"),
                Column("Error", "%", 2),
            ],
            [
                [each.name, each.date, each.efficiency, predicted[key], errors.by_run[key]]
                for key, each in runs.items()
            ],
            highlight=list(runs).index(run.id),
        ),
    ]  # fmt: skip


def _kinds(runs: dict[str, ScalingRun]) -> dict[str, list[str]]:
    """Runs by what they are used for and by what they train."""
    kinds: dict[str, list[str]] = {"Fitted": [], "Several nodes": [], "One node": []}
    for key, run in runs.items():
        kind = "Fitted" if run.fitted else "Several nodes" if run.network_link else "One node"
        kinds[kind].append(key)
    return kinds
