"""How much arithmetic do the Fourier transform and Winograd's algorithm save, and how much time?"""

from typing import Annotated

from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Column,
    Line,
    Points,
    Quantity,
    Results,
    Rule,
    Slider,
    Table,
    Verdict,
)
from hwcalc.convolution import direct_flops, fft_flops, winograd_saving
from hwcalc.convolution_runs import layers_2015
from hwcalc.display import text

BATCH_2015 = 128
WINOGRAD = "Winograd, 4 × 4 outputs"


def calculate(
    side: Annotated[
        int, Slider(4, 512, start=64, scale="log2", unit="pixels", label="Side of the image")
    ],
    kernel: Annotated[int, Slider(1, 31, start=9, unit="pixels", label="Side of the kernel")],
    in_channels: Annotated[int, Slider(1, 2048, start=64, scale="log2", label="Channels in")],
    out_channels: Annotated[int, Slider(1, 2048, start=128, scale="log2", label="Channels out")],
    batch: Annotated[int, Slider(1, 1024, start=128, scale="log2", unit="images", label="Batch")],
) -> Results:  # fmt: skip
    direct = direct_flops(side, kernel, in_channels, out_channels, batch)
    fft = fft_flops(side, in_channels, out_channels, batch)
    saved = {"FFT": direct / fft, WINOGRAD: winograd_saving(4, kernel)}
    best = max(saved, key=lambda name: saved[name])
    kernels = list(range(1, min(31, side) + 1))
    curves = {
        "FFT": [direct_flops(side, k, in_channels, out_channels, batch) / fft for k in kernels],
        WINOGRAD: [winograd_saving(4, k) for k in kernels],
    }
    crossing = next((k for k, x in zip(kernels, curves["FFT"], strict=True) if x > 1), None)
    layers = layers_2015()
    theory = [
        direct_flops(x.side, x.kernel, x.in_channels, x.out_channels, BATCH_2015)
        / fft_flops(x.side, x.in_channels, x.out_channels, BATCH_2015)
        for x in layers
    ]
    names = [f"{x.name}: {x.kernel} × {x.kernel} on {x.side}" for x in layers]
    second = layers[1]
    return [
        Quantity("saving", "FFT saves a factor of", saved["FFT"], "x", note="of the operations"),
        Quantity("direct", "Direct", direct, "FLOP"),
        Quantity("fft", "By FFT", fft, "FLOP"),
        Quantity(
            "winograd", "Winograd saves a factor of", saved[WINOGRAD], "x",
            note="of the multiplications; libraries have it for 3 × 3",
        ),
        Verdict("fewest", "Fewest operations", best if saved[best] > 1 else "direct"),
        Quantity(
            "crossing", "FFT pays from a kernel of", float(crossing or 0), "pixels",
            note="counted in operations" if crossing else "never, on this image",
        ),
        Quantity("promised", "Promised for layer L2", theory[1], "x"),
        Quantity(
            "reached", "Reached on layer L2", second.cudnn / second.fft, "x",
            note="time of cuDNN over that of the FFT library",
        ),
        Chart(
            "savings",
            "Operations saved against the side of the kernel",
            x=Axis("Side of the kernel", "pixels", low=1),
            y=Axis("Direct over", "x", scale="log"),
            marks=[
                *(Line(name, kernels, curve) for name, curve in curves.items()),
                Points("You", [kernel, kernel], list(saved.values())),
                Rule(y=1.0, label="nothing saved"),
            ],
            alt=f"With a kernel of {kernel} pixels the Fourier transform saves a factor of "
            f"{text(saved['FFT'], 'x')} and Winograd's algorithm {text(saved[WINOGRAD], 'x')}; "
            "the first keeps growing with the kernel, the second levels off at 16.",
        ),
        Chart(
            "measured",
            "Five layers of 2015: what the FFT promised and what it gave",
            x=Axis("Direct over FFT", "x", low=0),
            y=Axis(""),
            horizontal=True,
            stacked=False,
            marks=[
                Bars("Operations", names, theory),
                Bars("Time, cuDNN 2", names, [x.cudnn / x.fft for x in layers]),
                Bars("Time, Caffe", names, [x.caffe / x.fft for x in layers]),
            ],
            alt="Direct over FFT, counted in operations and measured in time against cuDNN: "
            + "; ".join(
                f"{x.name} {text(promise, 'x')} and {text(x.cudnn / x.fft, 'x')}"
                for x, promise in zip(layers, theory, strict=True)
            )
            + ".",
        ),
        Table(
            "layers",
            "The five layers, forward, 128 images on a Titan X",
            [
                Column("Layer"), Column("Channels"), Column("FFT library", "s"),
                Column("cuDNN 2", "s"), Column("Caffe", "s"), Column("Promised", "x"),
                Column("Reached", "x"),
            ],
            [
                [
                    name, f"{x.in_channels} to {x.out_channels}", x.fft, x.cudnn, x.caffe, promise,
                    x.cudnn / x.fft,
                ]
                for name, x, promise in zip(names, layers, theory, strict=True)
            ],
        ),
    ]  # fmt: skip
