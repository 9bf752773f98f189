"""What did the newest of both kinds reach on the same network?"""

from typing import Annotated

from hwcalc import accuracy
from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Choice,
    Column,
    Quantity,
    Results,
    Table,
)
from hwcalc.display import text
from hwcalc.llama_runs import (
    LlamaRun,
    llama_runs,
    median_error,
    predicted_step,
    prediction_errors,
    share_of_peak,
    token_rate,
)

GROUPS = {
    "70b-bf16": "Llama 3.1 70B, BF16",
    "70b-fp8": "Llama 3.1 70B, FP8",
    "405b-fp8": "Llama 3.1 405B, FP8",
}
# Equal networks and formats, with TPU v7 equal batches as well; TPU first.
PAIRS = {
    "v6e_h100": ("70b-v6e-256", "70b-h100-256"),
    "v7_gb200": ("70b-v7-64-fp8", "70b-gb200-64-fp8"),
    "v7_gb300": ("70b-v7-64-fp8", "70b-gb300-64-fp8"),
    "v7_gb200_405b": ("405b-v7-256-fp8", "405b-gb200-256-fp8"),
}


def calculate(
    group: Annotated[str, Choice(GROUPS, start="70b-fp8", label="Network and format")],
    per_peak: Annotated[
        str,
        Choice({"rate": "Tokens per second of a chip", "share": "Share of the peak"},
               start="rate", label="Show"),
    ],
) -> Results:  # fmt: skip
    runs = llama_runs()
    size, precision = group.split("-")
    shown = [
        run
        for key, run in runs.items()
        if key.startswith(f"{size}-") and run.precision == precision
    ]
    shown.sort(key=lambda run: (run.accelerator.kind != "tpu", token_rate(run, run.time)))
    figure = token_rate if per_peak == "rate" else share_of_peak
    unit = "tokens/s" if per_peak == "rate" else "%"
    names = [run.label.split(", ")[1] for run in shown]
    measured = [figure(run, run.time) for run in shown]
    expected = [figure(run, predicted_step(run)) for run in shown]
    errors = prediction_errors()
    worst = max(errors, key=lambda key: abs(errors[key]))
    return [
        *(
            Quantity(f"ratio_{name}", f"{_short(runs[tpu])} over {_short(runs[gpu])}",
                     _ratio(runs[tpu], runs[gpu]), "x",
                     note=f"tokens per second of a chip, {runs[tpu].network.name}, "
                     f"{runs[tpu].precision.upper()}")
            for name, (tpu, gpu) in PAIRS.items()
        ),
        Quantity("v6e", "TPU v6e", share_of_peak(runs["70b-v6e-256"], runs["70b-v6e-256"].time),
                 "%", note="of its peak, 70B in BF16"),
        Quantity("h100", "H100", share_of_peak(runs["70b-h100-256"], runs["70b-h100-256"].time),
                 "%", note="of its peak, 70B in BF16"),
        Quantity("v7", "TPU v7", share_of_peak(runs["70b-v7-64"], runs["70b-v7-64"].time), "%",
                 note="of its peak, 70B in BF16"),
        Quantity("median", "Median error of the model", median_error(), "%",
                 digits=2, note=f"all {len(runs)} steps",
                 accuracy=accuracy.tag("training-recipes")),
        Quantity("worst", "Largest error", abs(errors[worst]), "%", digits=2,
                 note=runs[worst].label),
        Quantity("total", "Measured steps", len(runs)),
        Chart(
            "rates",
            f"{GROUPS[group]}, 8,192 tokens a sequence: measured, and as the model expects",
            x=Axis("Tokens per second of a chip" if per_peak == "rate" else "Share of the peak",
                   unit, low=0),
            y=Axis(""),
            horizontal=True,
            stacked=False,
            marks=[
                Bars("Measured", names, measured),
                Bars("Model", names, expected),
            ],
            alt="Measured: "
            + ", ".join(
                f"{name} {text(value, unit)}" for name, value in zip(names, measured, strict=True)
            )
            + ".",
        ),
        Table(
            "runs",
            "All steps of the choice",
            [Column("Run"), Column("Date"), Column("Sequences"), Column("Step", "s"),
             Column("Model", "s"), Column("Each", "tokens/s"), Column("Share of peak", "%"),
             Column("Error of the model", "%", 2)],
            [
                [name, run.date, run.layout.batch, run.time, predicted_step(run),
                 token_rate(run, run.time), share_of_peak(run, run.time), errors[run.id]]
                for name, run in zip(names, shown, strict=True)
            ],
        ),
    ]  # fmt: skip


def _short(run: LlamaRun) -> str:
    return run.accelerator.name.removeprefix("Google ").split(" (")[0].split(" SXM")[0]


def _ratio(tpu: LlamaRun, gpu: LlamaRun) -> float:
    return token_rate(tpu, tpu.time) / token_rate(gpu, gpu.time)
