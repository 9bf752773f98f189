"""Which chip finished BERT first when both sides tuned for the same benchmark?"""

from typing import Annotated

from hwcalc import published, roofline
from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Column,
    Quantity,
    Results,
    Table,
    Toggle,
)
from hwcalc.display import text


def calculate(
    per_peak: Annotated[
        bool,
        Toggle(
            start=False,
            label="Weigh by peak",
            help="Multiply each time by its chip's peak, so that equal use of the peak is equal",
        ),
    ],
) -> Results:
    pairs = published.mlperf_bert()
    ratios = []
    for pair in pairs:
        peaks = [roofline.peak_rate(chip.peak, 16) for chip in (pair.tpu, pair.gpu)]
        weight = peaks[0] / peaks[1] if per_peak else 1.0
        ratios.append(weight * pair.tpu_time / pair.gpu_time)
    names = [pair.label for pair in pairs]
    return [
        *(
            Quantity(
                f"ratio_{pair.chips}",
                pair.label,
                ratio,
                "x",
                note="time over time; above 1 the GPU finished first",
            )
            for pair, ratio in zip(pairs, ratios, strict=True)
        ),
        Chart(
            "minutes",
            "TPU time over GPU time, MLPerf training of BERT, equal numbers of chips",
            x=Axis("TPU time over GPU time" + (" at equal peak" if per_peak else ""), "x", low=0),
            y=Axis(""),
            horizontal=True,
            height=190,
            marks=[Bars("TPU over GPU", names, ratios)],
            alt="TPU time over GPU time: "
            + ", ".join(
                f"{text(ratio, 'x')} for {name}" for name, ratio in zip(names, ratios, strict=True)
            )
            + ".",
        ),
        Table(
            "pairs",
            "The six submissions",
            [
                Column("Round"),
                Column("Chips"),
                Column("TPU"),
                Column("Time", "s"),
                Column("GPU"),
                Column("Time", "s"),
            ],
            [
                [
                    pair.round,
                    pair.chips,
                    pair.tpu.name,
                    pair.tpu_time,
                    pair.gpu.name,
                    pair.gpu_time,
                ]
                for pair in pairs
            ],
        ),
    ]
