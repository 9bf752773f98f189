"""Compute the constants of llama.cpp from the tables in tests/measurements.

    python -m tests.fit_llama_cpp        # writes src/hwcalc/data/fitted/llama_cpp.toml

What is minimised is the mean absolute error of the logarithm of the rate; a row that is off by more
than a factor of 1.8 counts as that, because single cards of these tables read prompts at a tenth of
what their neighbours do. The models themselves are called, so no formula is written twice. Search:
one constant after the other, up and down by a factor that shrinks when no step helps (Hooke and
Jeeves, 1961), from the same usual values every time.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.accuracy.llama_cpp import (
    CUDA,
    GPT_OSS,
    PRO,
    apple,
    measured,
    one_card,
    pick,
    predicted,
    rows,
)
from tests.accuracy.tables import Row

FITTED = Path(__file__).parent.parent / "src/hwcalc/data/fitted/llama_cpp.toml"

Constants = dict[str, float]

# Where the search begins, in the order of the stages below.
USUAL: Mapping[str, float] = {
    "stream": 0.9,
    "loads": 6.0,  # [B] in a clock of a multiprocessor
    "unpacked": 16.0,  # numbers in a clock of a multiprocessor
    "attention": 16.0,  # clock cycles for a token of the cache and a layer
    "handover": 0.3e-3,  # [s]
    "launch.2024": 8000.0,  # clock cycles
    "launch.2025": 4000.0,
    "launch.metal": 8000.0,
    "library": 0.7,
    "packed": 600.0,  # FLOP in a clock of a multiprocessor
    "metal": 0.6,
}

# Constants that are fitted together, the rows they are fitted on, and the name of the group.
Stage = tuple[str, tuple[str, ...], Callable[[], tuple[Row, ...]]]
STAGES: tuple[Stage, ...] = (
    (
        "decode rows of llamacpp_xd_pro",
        ("stream", "loads", "unpacked", "attention", "handover", "launch.2024"),
        lambda: rows(PRO, "decode"),
    ),
    (
        "decode rows of llamacpp_cuda_15013",
        ("launch.2025",),
        lambda: rows(CUDA, "decode"),
    ),
    (
        "the Apple chip's decode row of llamacpp_gptoss120b",
        ("launch.metal",),
        lambda: pick(GPT_OSS, "decode", apple),
    ),
    (
        "prefill rows of one card of llamacpp_xd_pro",
        ("library",),
        lambda: pick(PRO, "prefill", one_card),
    ),
    (
        "prefill rows of llamacpp_cuda_15013",
        ("packed",),
        lambda: rows(CUDA, "prefill"),
    ),
    (
        "the Apple chip's prefill row of llamacpp_gptoss120b",
        ("metal",),
        lambda: pick(GPT_OSS, "prefill", apple),
    ),
)


def loss(chosen: tuple[Row, ...]) -> Callable[[Constants], float]:
    """Return what is minimised, as a function of the constants."""

    def value(constants: Constants) -> float:
        errors = [abs(math.log(predicted(row, constants) / measured(row))) for row in chosen]
        return sum(min(error, math.log(1.8)) for error in errors) / len(errors)

    return value


def search(
    function: Callable[[Constants], float], start: Constants, names: tuple[str, ...]
) -> Constants:
    """Search a minimum by moving one constant after the other."""
    best, value = dict(start), function(start)
    steps = dict.fromkeys(names, 0.3)
    while max(steps.values()) > 1e-3:
        for name in names:
            before = best[name]
            for factor in (math.exp(steps[name]), math.exp(-steps[name])):
                best[name] = before * factor
                reached = function(best)
                if reached < value:
                    value = reached
                    steps[name] = min(0.3, 1.5 * steps[name])
                    break
            else:
                best[name] = before
                steps[name] /= 2
    return best


def fit() -> Constants:
    """Fit stage after stage, each with what the ones before found, to four digits."""
    found = dict(USUAL)
    for _, names, chosen in STAGES:
        found = search(loss(chosen()), found, names)
        for name in names:
            found[name] = float(f"{found[name]:.4g}")
    return found


def text(constants: Mapping[str, float]) -> str:
    """Write the constants as TOML, with the rows of their stage."""
    lines = ["# Written by tests/fit_llama_cpp.py; do not edit.", "# Seconds, bytes, clock cycles."]
    for stage, (named, names, _) in enumerate(STAGES, 1):
        lines += ["", f"# Fitted on the {named.removeprefix('the ')}:", f"[stage-{stage}]"]
        lines += [f'"{name}" = {constants[name]!r}' for name in names]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the file."""
    FITTED.write_text(text(fit()), encoding="utf-8")


if __name__ == "__main__":
    main()
