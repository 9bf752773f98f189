"""What has grown from one generation of chips to the next?"""

from collections.abc import Callable
from typing import Annotated

from hwcalc import catalog
from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Column,
    Line,
    Points,
    Quantity,
    Results,
    Table,
    Verdict,
)
from hwcalc.catalog import Accelerator
from hwcalc.display import text

CHIPS = catalog.accelerators()
FAMILIES = {
    "tpu": ("TPU, training", ("tpu-v2", "tpu-v3", "tpu-v4", "tpu-v5p", "tpu-v7", "tpu-8t")),
    "tpu-e": ("TPU, small pods", ("tpu-v2", "tpu-v5e", "tpu-v6e")),
    "nvidia": (
        "NVIDIA, data centre",
        ("v100-sxm2-32gb", "a100-sxm-80gb", "h100-sxm", "b200", "b300"),
    ),
}
KINDS: dict[str, Callable[[Accelerator], float]] = {
    "Arithmetic, 16 bits": lambda chip: chip.peak.get("bf16", chip.peak.get("fp16", 0.0)),
    "Memory": lambda chip: float(chip.memory),
    "Memory bandwidth": lambda chip: chip.bandwidth,
    "Links between chips": lambda chip: chip.published.get("link_bandwidth", 0.0),
}


def calculate(
    family: Annotated[
        str,
        Choice({key: name for key, (name, _) in FAMILIES.items()}, start="tpu", label="Family"),
    ],
    scale: Annotated[
        str, Choice({"log": "Logarithmic", "linear": "Linear"}, start="log", label="Scale")
    ],
) -> Results:
    chips = [CHIPS[key] for key in FAMILIES[family][1]]
    dated = [chip for chip in chips if chip.release]
    first, last = dated[0], dated[-1]
    growth = {
        name: [(chip, of(chip) / of(first)) for chip in dated if of(chip)]
        for name, of in KINDS.items()
    }
    latest = {name: values[-1][1] for name, values in growth.items()}
    arithmetic, memory, bandwidth, links = latest.values()
    return [
        Quantity("arithmetic", "Arithmetic", arithmetic, "x",
                 note=f"{_short(last)} over {_short(first)}, 16 bits"),
        Quantity("memory", "Memory", memory, "x"),
        Quantity("bandwidth", "Memory bandwidth", bandwidth, "x"),
        Quantity("links", "Links between chips", links, "x"),
        Quantity("behind", "Arithmetic over links", arithmetic / links, "x",
                 note="so much more work a byte between chips must be worth"),
        Verdict("pod", "Joined without a network", f"{_pod(first)} then, {_pod(last)} now"),
        Chart(
            "growth",
            f"Growth since {_short(first)}, {first.release}",
            x=Axis("Release", "year", low=2016.5, high=2027),
            y=Axis(f"Over {_short(first)}", "x", scale="log" if scale == "log" else "linear"),
            marks=[
                *(
                    Line(name, [_year(chip) for chip, _ in values], [v for _, v in values])
                    for name, values in growth.items()
                ),
                *(
                    Points(name, [_year(values[-1][0])], [values[-1][1]],
                           # Memory and its bandwidth end close together: no label fits both.
                           labels=None if name.startswith("Memory") else [text(values[-1][1], "x")])
                    for name, values in growth.items()
                ),
            ],
            alt=f"From {_short(first)} to {_short(last)}: "
            + ", ".join(f"{name.lower()} {text(value, 'x')}" for name, value in latest.items())
            + ".",
        ),
        Table(
            "chips",
            "Every generation",
            [Column("Chip"), Column("Release"), Column("16 bits", "FLOP/s"),
             Column("Highest rate", "FLOP/s"), Column("Memory", "iB"), Column("Bandwidth", "B/s"),
             Column("Links, one way", "B/s"), Column("Chips in a pod")],
            [
                [_short(chip), chip.release or "announced", KINDS["Arithmetic, 16 bits"](chip)
                 or "not public", f"{text(max(chip.peak.values()), 'FLOP/s')} {_narrow(chip)}",
                 float(chip.memory), chip.bandwidth, chip.published.get("link_bandwidth", 0.0)
                 or "none", chip.published.get("pod") or "–"]
                for chip in chips
            ],
        ),
    ]  # fmt: skip


def _short(chip: Accelerator) -> str:
    return chip.name.removeprefix("Google ").split(" (")[0].split(" SXM")[0]


def _pod(chip: Accelerator) -> str:
    if "pod" in chip.published:
        return f"{chip.pod:,.0f} chips"
    return "what one switch joins"


def _narrow(chip: Accelerator) -> str:
    """The format of the highest rate."""
    return max(chip.peak, key=lambda name: chip.peak[name]).upper()


def _year(chip: Accelerator) -> float:
    """The point in time of a release, for an axis of years."""
    year, _, month = chip.release.partition("-")
    return int(year) + (int(month) - 1) / 12
