"""Which way do libraries compute a convolution, and how close to the peak do they come?"""

from typing import Annotated

from hwcalc import catalog
from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Choice,
    Points,
    Quantity,
    Results,
    Rule,
    Toggle,
    Verdict,
)
from hwcalc.convolution import convolution_flops
from hwcalc.convolution_runs import CARDS, WAYS, deepbench, libraries_2016
from hwcalc.display import text

WORDS = {"Matrix product": "matrix products", "Winograd": "Winograd", "FFT": "FFT"}


def calculate(
    card: Annotated[
        str,
        Choice({key: card.name for key, card in CARDS.items()}, start="v100", label="Card"),
    ],
    small: Annotated[
        bool,
        Toggle(start=False, label="Only 3 × 3, stride 1", help="The layers Winograd is made for"),
    ],
) -> Results:  # fmt: skip
    chosen = CARDS[card]
    peak = catalog.accelerators()[chosen.accelerator].peak[chosen.dtype]
    runs = [
        run
        for run in deepbench(card)
        if not small or (run.layer.kernel, run.layer.stride) == ((3, 3), (1, 1))
    ]
    by_way = {way: [run for run in runs if run.way == way] for way in WAYS.values()}
    shares = {
        way: [convolution_flops(r.layer) / r.time / peak for r in found]
        for way, found in by_way.items()
    }
    best = max(share for found in shares.values() for share in found)
    counts = {way: len(found) for way, found in by_way.items()}
    most = max(counts, key=lambda way: counts[way])
    networks = list(dict.fromkeys(run.network for run in libraries_2016()))
    libraries = list(dict.fromkeys(run.library for run in libraries_2016()))
    times = {(run.network, run.library): run.both / run.batch for run in libraries_2016()}
    vgg = {library: times["VGG-11", library] for library in libraries}
    return [
        Verdict("mostly", "The library mostly chose", WORDS[most]),
        Quantity("product", "Layers by matrix product", float(counts["Matrix product"])),
        Quantity("winograd", "Layers by Winograd", float(counts["Winograd"])),
        Quantity("fft", "Layers by FFT", float(counts["FFT"])),
        Quantity("layers", "Layers measured", float(len(runs))),
        Quantity(
            "best", "Highest share of the peak", best, "%",
            note="operations counted directly, so Winograd may pass 100 %",
        ),
        Quantity(
            "vgg_fft", "VGG-11: matrix products over FFT",
            vgg["cuDNN 2, direct"] / vgg["fbfft, FFT"], "x", note="training, Titan X, 2015",
        ),
        Quantity(
            "vgg_winograd", "VGG-11: FFT over Winograd",
            vgg["fbfft, FFT"] / vgg["neon, Winograd"], "x", note="training, Titan X, 2016",
        ),
        Quantity(
            "alexnet_fft", "AlexNet: matrix products over FFT",
            times["AlexNet", "cuDNN 2, direct"] / times["AlexNet", "fbfft, FFT"], "x",
            note="training, Titan X, 2015",
        ),
        Chart(
            "shares",
            f"Share of the peak that each layer reached, {chosen.name}",
            x=Axis("Products for one output", scale="log"),
            y=Axis("Share of the peak, counted directly", "%", low=0),
            marks=[
                *(
                    Points(
                        way,
                        [r.layer.in_channels * r.layer.kernel[0] ** 2 for r in found],
                        shares[way],
                    )
                    for way, found in by_way.items()
                    if found
                ),
                Rule(y=1.0, label="peak"),
            ],
            alt=f"{len(runs)} layers on a {chosen.name}: "
            + ", ".join(f"{WORDS[way]} {counts[way]}" for way in counts)
            + f"; the best reaches {text(best, '%')} of the peak counted directly.",
        ),
        Chart(
            "libraries",
            "Training on an image with five libraries, Titan X, 2015 and 2016",
            x=Axis("Time for an image", "s", low=0),
            y=Axis(""),
            horizontal=True,
            stacked=False,
            marks=[
                Bars(
                    library,
                    [name for name in networks if (name, library) in times],
                    [times[name, library] for name in networks if (name, library) in times],
                )
                for library in libraries
            ],
            alt="Forward and backward for one image: "
            + "; ".join(
                f"{name} "
                + ", ".join(
                    f"{library} {text(times[name, library], 's')}"
                    for library in libraries
                    if (name, library) in times
                )
                for name in networks
            )
            + ".",
        ),
    ]  # fmt: skip
