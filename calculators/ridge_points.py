"""How much arithmetic must every loaded byte be worth?"""

from typing import Annotated, NamedTuple

from hwcalc import catalog, matmul, roofline
from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Column,
    Line,
    Points,
    Quantity,
    Results,
    Rule,
    Table,
)
from hwcalc.display import text

CHIPS = catalog.accelerators()
SERIES = {
    "TPU": ("tpu-v2", "tpu-v3", "tpu-v4", "tpu-v5p", "tpu-v7"),
    "TPU, e series": ("tpu-v5e", "tpu-v6e"),
    "NVIDIA data centre": ("v100-sxm2-32gb", "a100-sxm-80gb", "h100-sxm", "b200"),
}
SHORT = {
    "v100-sxm2-32gb": "V100",
    "a100-sxm-80gb": "A100",
    "h100-sxm": "H100",
    "b200": "B200",
    "tpu-v6e": "TPU v6e",
    "tpu-v7": "TPU v7",
}
# These two lie on top of each other: one label for both.
HIDDEN, TOGETHER = "TPU v3", {"V100": "V100 and TPU v3"}


def calculate(
    bits: Annotated[str, Choice({"8": "8 bits", "16": "16 bits"}, start="16", label="Elements")],
    array: Annotated[
        str,
        Choice(
            {"96": "96 by 96", "128": "128 by 128", "256": "256 by 256", "512": "512 by 512"},
            start="128",
            label="Tile to compare with",
            help="The multiply unit of TPU v2 to v5p is 128 by 128, that of TPU v6e 256 by 256",
        ),
    ],
) -> Results:
    size = int(bits) / 8
    reach = matmul.tile_intensity(int(array), size)
    series = {name: _chips(ids, int(bits)) for name, ids in SERIES.items()}
    tpus, efficient, gpus = series.values()
    first, last, gpu_first, gpu_last = tpus[0], tpus[-1], gpus[0], gpus[-1]
    highest = max(efficient, key=lambda chip: chip.ridge)
    return [
        Quantity("oldest", f"Ridge point of {first.name}", first.ridge, "FLOP/B"),
        Quantity("newest", f"Ridge point of {last.name}", last.ridge, "FLOP/B"),
        Quantity("highest", f"Ridge point of {highest.name}", highest.ridge, "FLOP/B"),
        Quantity("gpu_oldest", f"Ridge point of {gpu_first.name}", gpu_first.ridge, "FLOP/B"),
        Quantity("gpu_newest", f"Ridge point of {gpu_last.name}", gpu_last.ridge, "FLOP/B"),
        Quantity(
            "oldest_tile",
            f"Tile {first.name} needs",
            matmul.tile_needed(first.ridge, size),
            "elements",
            note="edge of a square tile whose products alone feed the arithmetic",
        ),
        Quantity(
            "newest_tile",
            f"Tile {last.name} needs",
            matmul.tile_needed(last.ridge, size),
            "elements",
        ),
        Quantity("tile_reach", f"One tile of {array} by {array} gives", reach, "FLOP/B"),
        Quantity("growth", f"{last.name} over {first.name}", last.ridge / first.ridge, "x"),
        Chart(
            "years",
            "Operations a chip must do for each byte it loads, by release",
            x=Axis("Release", "year", low=2016.5, high=2027),
            y=Axis("Ridge point", "FLOP/B", low=0),
            marks=[
                *(
                    Line(name, [_year(chip.release) for chip in chips], [c.ridge for c in chips])
                    for name, chips in series.items()
                ),
                *(_points(name, chips, labelled=False) for name, chips in series.items()),
                *(_points(name, chips, labelled=True) for name, chips in series.items()),
                Rule(y=reach, label=f"one tile of {array} by {array}"),
            ],
            alt=f"The ridge point went from {text(first.ridge, 'FLOP/B')} on {first.name} to "
            f"{text(last.ridge, 'FLOP/B')} on {last.name}, and from "
            f"{text(gpu_first.ridge, 'FLOP/B')} on {gpu_first.name} to "
            f"{text(gpu_last.ridge, 'FLOP/B')} on {gpu_last.name}; one tile of {array} gives "
            f"{text(reach, 'FLOP/B')}.",
        ),
        Table(
            "chips",
            f"Dense peak at {bits} bits, bandwidth, ridge point and the tile that reaches it",
            [
                Column("Chip"),
                Column("Release"),
                Column("Peak", "FLOP/s"),
                Column("Bandwidth", "B/s"),
                Column("Ridge", "FLOP/B"),
                Column("Tile needed"),
            ],
            [
                [*chip, matmul.tile_needed(chip.ridge, size)]
                for chips in series.values()
                for chip in chips
            ],
        ),
    ]


class Chip(NamedTuple):
    """What the chart and the table show of an accelerator."""

    name: str
    release: str
    peak: float
    bandwidth: float
    ridge: float


def _points(name: str, chips: list[Chip], labelled: bool) -> Points:
    """The chips of a series as points, all of them or those with their name beside them."""
    shown = [chip for chip in chips if not (labelled and chip.name == HIDDEN)]
    return Points(
        name,
        [_year(chip.release) for chip in shown],
        [chip.ridge for chip in shown],
        labels=[TOGETHER.get(chip.name, chip.name) for chip in shown] if labelled else None,
    )


def _chips(ids: tuple[str, ...], bits: int) -> list[Chip]:
    """The chips of a series that compute at this width."""
    chips = []
    for key in ids:
        chip = CHIPS[key]
        try:
            peak = roofline.peak_rate(chip.peak, bits)
        except ValueError:  # no units for this width
            continue
        name = SHORT.get(key, chip.name.removeprefix("Google "))
        ridge = roofline.ridge_point(peak, chip.bandwidth)
        chips.append(Chip(name, chip.release, peak, chip.bandwidth, ridge))
    return chips


def _year(month: str) -> float:
    """The point in time of a year and month, for an axis of years."""
    year, _, number = month.partition("-")
    return int(year) + (int(number) - 1) / 12
