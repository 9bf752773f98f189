"""How fast does this network write on this card?"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from hwcalc import accuracy, catalog
from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Choice,
    Line,
    Points,
    Quantity,
    Results,
    Slider,
    Verdict,
)
from hwcalc.card_memory import inference_memory
from hwcalc.display import text
from hwcalc.gguf import gguf_active_bytes
from hwcalc.llama_cpp import RELEASES, generation_time, prompt_time
from hwcalc.local_runs import LocalRun, local_runs
from hwcalc.roofline import memory_time

FORMS = {
    "q2_k": "2 bits (Q2_K)",
    "q3_k_m": "3 bits (Q3_K_M)",
    "q4_0": "4 bits (Q4_0)",
    "q4_k_m": "4 bits (Q4_K_M)",
    "q5_k_m": "5 bits (Q5_K_M)",
    "q6_k": "6 bits (Q6_K)",
    "q8_0": "8 bits (Q8_0)",
    "f16": "16 bits",
    "mxfp4": "4 bits in the experts (MXFP4)",
}
PARTS = {
    "launches": "Launching kernels",
    "weights": "Reading weights",
    "cache": "Reading the cache",
    "handover": "From card to card",
}
LIMITS = {
    "launches": "launching kernels, so by clock",
    "weights": "reading weights",
    "cache": "reading the cache",
    "handover": "handing over from card to card",
}
CACHE_VALUE = 2  # bytes: the cache is in 16 bits by default
RESERVE = 0.5e9  # bytes of each card for driver and context


def calculate(
    device: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="rtx-4090", group="vendor", label="Card or chip"),
    ],
    network: Annotated[
        Any, Choice(catalog.transformers(), start="llama3-8b", group="family", label="Network")
    ],
    form: Annotated[str, Choice(FORMS, start="q4_k_m", label="Weights")],
    prompt: Annotated[
        float,
        Slider(1, 131072, start=512, scale="log", unit="tokens", label="Prompt"),
    ],
    cached: Annotated[
        float,
        Slider(
            1, 131072, start=1024, scale="log", unit="tokens", label="Context",
            help="Tokens read and written before the one that is timed",
        ),
    ],
    cards: Annotated[
        int, Slider(1, 8, start=1, label="Cards", help="They share the layers and work in turn")
    ],
    release: Annotated[str, Choice(RELEASES, start="2025", label="llama.cpp")],
) -> Results:  # fmt: skip
    parts = generation_time(device, network, form, cached, cards, release)
    reading = sum(prompt_time(device, network, form, prompt, cards, release).values())
    time = sum(parts.values())
    moved = sum(gguf_active_bytes(network, form).values())
    floor = memory_time(moved, device.bandwidth)
    longest = max(cached, prompt)
    needed = sum(inference_memory(network, form, 1, longest, CACHE_VALUE, cards, RESERVE).values())
    fits = needed <= device.memory
    slowest = max(parts, key=lambda part: parts[part])
    measured = _measured(network.id, form)
    own = [(when, found[device.id]) for when, found in measured.items() if device.id in found]
    known = "; ".join(
        f"measured {text(run.generation, 'tokens/s')} from an empty context, {RELEASES[when]}"
        for when, run in (own if cards == 1 else [])
    )
    chips = catalog.accelerators()
    shown = [card for found in measured.values() for card in found] or _cards()
    widths = [device.bandwidth, *(chips[card].bandwidth for card in shown)]
    ends = [0.8 * min(widths), max(widths)]
    points = _points(network, form, cached, release)
    lowest = min(1 / time, *(rate for found in points.values() for rate in found.values()))
    return [
        Quantity(
            "writes", "Writes", 1 / time, "tokens/s", note=known,
            accuracy=_tag("generation", device.id, cards, release),
        ),
        Quantity(
            "reads", "Reads the prompt at", prompt / reading, "tokens/s",
            accuracy=_tag("prompt", device.id, cards, release),
        ),
        Quantity("first", "Time to the first token", reading, "s"),
        Verdict(
            "fits", "Memory", "all on the card" if fits and cards == 1 else
            "all on the cards" if fits else "does not fit: the rest would be far slower",
            good=fits,
        ),
        Quantity("needed", "Each card needs", needed, "iB", note=f"of {text(device.memory, 'iB')}"),
        Quantity("active", "A token reads", moved, "B", note="of weights"),
        Quantity(
            "ceiling", "At most, by bandwidth alone", 1 / floor, "tokens/s",
            note="weights read once at the specified rate",
        ),
        Quantity("share", "Of that", floor / time, "%"),
        Verdict("limit", "Most of the time goes into", LIMITS[slowest]),
        Chart(
            "by_bandwidth",
            f"{network.name}, {FORMS[form]}: cards by their bandwidth",
            x=Axis("Memory bandwidth", "B/s", scale="log", low=ends[0]),
            y=Axis("Tokens written", "tokens/s", scale="log", low=0.8 * lowest),
            marks=[
                Line(
                    "Bandwidth alone", ends, [1 / memory_time(moved, rate) for rate in ends],
                    dash=True,
                ),
                *(
                    Points(label, [chips[card].bandwidth for card in found], list(found.values()))
                    for label, found in points.items()
                ),
                Points("You", [device.bandwidth], [1 / time], labels=["you"]),
            ],
            alt=f"{device.name} writes {text(1 / time, 'tokens/s')}, "
            f"{text(floor / time, '%')} of what its bandwidth alone would allow. "
            + (
                f"{len(shown)} cards were measured with this network and "
                "format; their points lie below the line of bandwidth."
                if measured
                else "No card was measured with this network and format."
            ),
        ),
        Chart(
            "parts",
            "What a token spends its time on",
            x=Axis("Time", "s", low=0),
            y=Axis(""),
            horizontal=True,
            marks=[Bars("Time", [PARTS[part] for part in parts], list(parts.values()))],
            alt=f"One token takes {text(time, 's')}: "
            + ", ".join(f"{PARTS[part].lower()} {text(parts[part], 's')}" for part in parts)
            + ".",
        ),
    ]  # fmt: skip


@cache
def _measured(network: str, form: str) -> Mapping[str, Mapping[str, LocalRun]]:
    """Measured runs, by release and card."""
    found: dict[str, dict[str, LocalRun]] = {}
    for run in local_runs():
        if (run.network, run.form) == (network, form):
            found.setdefault(run.release, {})[run.accelerator] = run
    return found


@cache
def _cards() -> tuple[str, ...]:
    """All cards that were measured with any network."""
    return tuple(dict.fromkeys(run.accelerator for run in local_runs()))


def _points(
    network: Any, form: str, cached: float, release: str
) -> Mapping[str, Mapping[str, float]]:
    """Rates of writing by series and card: predicted as measured, or as set where nothing was."""
    chips, series = catalog.accelerators(), {}

    def predicted(card: str, context: float, when: str) -> float:
        return 1 / sum(generation_time(chips[card], network, form, context, 1, when).values())

    for when, runs in _measured(network.id, form).items():
        series[f"Measured, {RELEASES[when]}"] = {card: run.generation for card, run in runs.items()}
        # Its tokens come after none, one, two others: half of them in the mean.
        series[f"Predicted, {RELEASES[when]}"] = {
            card: predicted(card, run.written / 2, when) for card, run in runs.items()
        }
    if not series:
        series["Predicted"] = {card: predicted(card, cached, release) for card in _cards()}
    return series


def _tag(phase: str, device: str, cards: int, release: str) -> str:
    """Error of the regime that was measured with this card, if one was."""
    if phase == "prompt" and cards > 1:
        kinds = ["cards"]
    else:
        kinds = ["cuda"] if release == "2025" else ["gaming", "pro"]
    for kind in kinds:
        name = f"{phase}-llamacpp-{kind}"
        if device in accuracy.regimes()[name].accelerators:
            return accuracy.tag(name)
    return ""
