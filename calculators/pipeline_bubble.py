"""How long do the stages of a pipeline stand idle?"""

from typing import Annotated

from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Line,
    Points,
    Quantity,
    Results,
    Slider,
    Spans,
)
from hwcalc.display import text
from hwcalc.pipeline_schedule import SCHEDULES, Work, held, idle_share, timeline

BACKWARD = 2.0  # forward passes that a backward pass takes


def calculate(
    schedule: Annotated[str, Choice(SCHEDULES, start="1f1b", label="Schedule")],
    stages: Annotated[int, Slider(1, 8, start=4, label="Stages")],
    rounds: Annotated[
        int,
        Slider(1, 8, start=2, label="Micro-batches for each stage",
               help="A step has so many times as many as the pipeline has stages"),
    ],
    parts: Annotated[
        int,
        Slider(1, 4, start=2, label="Parts in a stage",
               help="Of the network; used by the interleaved schedule"),
    ],
    forward: Annotated[
        float,
        Slider(0.1, 1000, start=10, scale="log", unit="ms", label="Forward pass of a stage",
               help="With one micro-batch; the backward pass takes twice as long"),
    ],
) -> Results:  # fmt: skip
    micro_batches = stages * rounds
    cut = parts if schedule == "interleaved" else 1
    works = timeline(schedule, stages, micro_batches, cut, forward, BACKWARD * forward)
    end = max(work.end for work in works)
    idle = idle_share(stages, micro_batches, cut)
    counts = range(1, 17)

    def spans(kind: str, name: str) -> Spans:
        chosen: list[Work] = [work for work in works if work.kind == kind]
        return Spans(
            name,
            [f"Stage {work.stage + 1}" for work in chosen],
            [work.start for work in chosen],
            [work.end for work in chosen],
        )

    return [
        Quantity("idle", "Idle", idle, "%", note="of the time of each stage"),
        Quantity("over_ideal", "Longer than without", idle / (1 - idle), "%"),
        Quantity("step", "Time of a step", end, "s"),
        Quantity("micro_batches", "Micro-batches", micro_batches, note=f"on {stages} stages"),
        Quantity("held", "Kept by the first stage", held(works, 0) / cut,
                 note="micro-batches' activations, at most, of all its parts"),
        Chart(
            "line",
            "Time line of a step",
            x=Axis("Time", "s"),
            y=Axis(""),
            marks=[spans("forward", "Forward"), spans("backward", "Backward")],
            alt=f"{stages} stages and {micro_batches} micro-batches: each stage stands idle "
            f"{text(idle, '%')} of {text(end, 's')}.",
        ),
        Chart(
            "shares",
            "Idle share against micro-batches for each stage",
            x=Axis("Micro-batches for each stage"),
            y=Axis("Idle", "%", low=0),
            marks=[
                *(
                    Line(name, list(counts), [idle_share(stages, stages * n, v) for n in counts])
                    for v, name in ((1, "GPipe and 1F1B"), (2, "Interleaved, 2"),
                                    (4, "Interleaved, 4"))
                ),
                Points("Yours", [rounds], [idle], labels=["yours"]),
            ],
            alt=f"{text(idle, '%')} with {rounds} micro-batches for each stage, "
            f"{text(idle_share(stages, 4 * stages, 1), '%')} with four and one part.",
        ),
    ]  # fmt: skip
