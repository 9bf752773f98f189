"""How close do real multiplications on a GPU and on a TPU come to the roofline?"""

from functools import cache
from statistics import median
from typing import Annotated

from hwcalc import accuracy, catalog, kernels, matmul, published, roofline
from hwcalc.calculator import Axis, Chart, Choice, Line, Points, Quantity, Results, Slider
from hwcalc.display import text

BITS = 16
REGIMES = {"h100-sxm": "matmul-lss-v0-h100-all", "tpu-v6e": "matmul-lss-v0-tpu-v6e-1-all"}
LAYERS = {
    "gate_proj": "MLP in, 4,096 by 14,336",
    "down_proj": "MLP out, 14,336 by 4,096",
    "lm_head": "Vocabulary, 4,096 by 128,256",
}


def calculate(
    layer: Annotated[str, Choice(LAYERS, start="gate_proj", label="Weights")],
    tokens: Annotated[
        int,
        Slider(2, 2048, start=64, scale="log2", unit="tokens", label="Tokens at a time"),
    ],
) -> Results:
    rows = [row for row in published.multiplications() if row.layer == layer]
    chips = list({row.accelerator.id: row.accelerator for row in rows}.values())
    k, n = rows[0].k, rows[0].n

    def bound(chip: catalog.Accelerator, m: int) -> float:
        return roofline.kernel_time(
            matmul.flops(m, k, n),
            matmul.traffic_each_once(m, k, n, BITS / 8),
            roofline.peak_rate(chip.peak, BITS),
            chip.bandwidth,
        )

    def predicted(chip: catalog.Accelerator, m: int) -> float:
        return _predicted(chip.id, m, k, n)

    measured = {
        chip.id: [(row.m, row.time) for row in rows if row.accelerator == chip] for chip in chips
    }
    shares = {
        chip.id: median(bound(chip, m) / time for m, time in measured[chip.id]) for chip in chips
    }
    bounds = {chip.id: bound(chip, tokens) for chip in chips}
    xs = sorted({round(2 ** (step / 4)) for step in range(4, 45)} | {tokens})
    names = {"h100-sxm": "h100", "tpu-v6e": "v6e"}
    gpu, tpu = chips
    return [
        *(
            Quantity(
                f"{names[chip.id]}_bound",
                f"{chip.name} needs at least",
                bounds[chip.id],
                "s",
                note=f"{tokens} tokens",
            )
            for chip in chips
        ),
        *(
            Quantity(
                f"{names[chip.id]}_predicted",
                f"{chip.name}, predicted",
                predicted(chip, tokens),
                "s",
                accuracy=accuracy.tag(REGIMES[chip.id]),
            )
            for chip in chips
        ),
        Quantity(
            "bound_ratio", "TPU over GPU at the roofline", bounds[tpu.id] / bounds[gpu.id], "x"
        ),
        *(
            Quantity(
                f"{names[chip.id]}_share",
                f"Roofline over measured, {chip.name}",
                shares[chip.id],
                "%",
                note=f"median of {len(measured[chip.id])} measured times",
            )
            for chip in chips
        ),
        *(
            Quantity(
                f"{names[chip.id]}_ridge",
                f"Ridge point of {chip.name}",
                roofline.ridge_point(roofline.peak_rate(chip.peak, BITS), chip.bandwidth),
                "FLOP/B",
            )
            for chip in chips
        ),
        Chart(
            "times",
            f"One multiplication, {LAYERS[layer]}: measured, predicted (line), roofline (dashed)",
            x=Axis("Tokens at a time", scale="log"),
            y=Axis("Time", "s", scale="log"),
            marks=[
                *(
                    Points(
                        chip.name,
                        [m for m, _ in measured[chip.id]],
                        [time for _, time in measured[chip.id]],
                    )
                    for chip in chips
                ),
                *(Line(chip.name, xs, [bound(chip, m) for m in xs], dash=True) for chip in chips),
                *(Line(chip.name, xs, [predicted(chip, m) for m in xs]) for chip in chips),
                Points("You", [tokens, tokens], list(bounds.values())),
            ],
            alt=f"Measured times above their rooflines, flat while the weights are read and rising "
            f"with the tokens beyond. At {tokens} tokens the rooflines are "
            f"{text(bounds[gpu.id], 's')} for {gpu.name} and {text(bounds[tpu.id], 's')} for "
            f"{tpu.name}, the predicted times {text(predicted(gpu, tokens), 's')} and "
            f"{text(predicted(tpu, tokens), 's')}; the rooflines are {text(shares[gpu.id], '%')} "
            f"and {text(shares[tpu.id], '%')} of the measured times (medians).",
        ),
    ]


@cache
def _predicted(chip: str, m: int, k: int, n: int) -> float:
    """A point of a curve, kept: a move of the slider asks for the same ones again."""
    return kernels.matmul_time(catalog.accelerators()[chip], m, k, n, "bf16", repeated=True)
