"""How did an article of 2015 arrive at its operations per second?"""

from itertools import pairwise
from typing import Annotated, Any

from hwcalc.brain import filters_2015
from hwcalc.brain_estimates import facts
from hwcalc.calculator import (
    Axis,
    Chart,
    Column,
    Quantity,
    Results,
    Rule,
    Slider,
    Spans,
    Table,
    Toggle,
)
from hwcalc.display import text

PUBLISHED: dict[str, Any] = {
    "purkinje_cells": 1e8,
    "purkinje_inputs": 1e5,
    "purkinje_rate": 200.0,
    "granule_cells": 5e10,
    "granule_inputs": 15.0,
    "granule_rate": 200.0,
    "steps": 5.0,
    "convolved": True,
}
# The reader's changes in this order, one bar each.
STAGES = {
    "Purkinje cells": ("purkinje_cells",),
    "Their inputs": ("purkinje_inputs",),
    "Their rate": ("purkinje_rate",),
    "Granule cells": ("granule_inputs", "granule_rate"),
    "Time steps": ("steps",),
    "Filter or weight": ("convolved",),
}


def calculate(
    purkinje_cells: Annotated[
        float,
        Slider(
            5, 200, start=20, scale="log", unit="million cells", label="Purkinje cells",
            help="Counted: 15 to 26 million; in 2015: 100 million",
        ),
    ],
    purkinje_inputs: Annotated[
        float,
        Slider(
            10, 300, start=175, scale="log", unit="thousand synapses",
            label="Inputs of a Purkinje cell", help="In 2015: 100 thousand",
        ),
    ],
    purkinje_rate: Annotated[
        float,
        Slider(
            0.1, 1000, start=70, scale="log", unit="Hz", label="Rate of Purkinje cells",
            help="Recorded at rest: 50 to 100 Hz; in 2015: 200 Hz",
        ),
    ],
    granule_inputs: Annotated[
        float,
        Slider(
            1, 30, start=4.5, unit="synapses", label="Inputs of a granule cell",
            help="Counted: 4 to 5; in 2015: 15",
        ),
    ],
    granule_rate: Annotated[
        float,
        Slider(
            0.1, 1000, start=200, scale="log", unit="Hz", label="Rate of granule cells",
            help="In 2015: 200 Hz",
        ),
    ],
    steps: Annotated[
        int,
        Slider(1, 20, start=5, label="Time steps a filter looks back", help="In 2015: 5"),
    ],
    convolved: Annotated[
        bool,
        Toggle(
            start=False, label="Every input meets the whole filter",
            help="As in 2015; otherwise a synapse stays in its place and has one weight",
        ),
    ],
) -> Results:  # fmt: skip
    yours = {
        **PUBLISHED,
        "purkinje_cells": purkinje_cells,
        "purkinje_inputs": purkinje_inputs,
        "purkinje_rate": purkinje_rate,
        "granule_inputs": granule_inputs,
        "granule_rate": granule_rate,
        "steps": float(steps),
        "convolved": convolved,
    }
    published = filters_2015(**PUBLISHED)
    parts = filters_2015(**yours)
    before, total = sum(published.values()), sum(parts.values())
    levels, now = [before], dict(PUBLISHED)
    for names in STAGES.values():
        now |= {name: yours[name] for name in names}
        levels.append(sum(filters_2015(**now).values()))
    counted = sum(filters_2015(**{**yours, "convolved": True}).values())
    local = sum(filters_2015(**{**yours, "convolved": False}).values())
    alone = sum(filters_2015(**{**PUBLISHED, "convolved": False}).values())
    neurons = facts()["neurons"].range.middle
    return [
        Quantity("total", "Your count", total, "FLOP/s"),
        Quantity("published", "As published in 2015", before, "FLOP/s", digits=4),
        Quantity("apart", "Published over yours", before / total, "x"),
        Quantity(
            "share", "Purkinje cells in the published count",
            published["cerebellum/purkinje"] / before, "%", digits=2,
        ),
        Quantity(
            "cells_share", "Their share of the neurons, as then counted",
            PUBLISHED["purkinje_cells"] / neurons, "%", digits=2,
        ),
        Quantity("filtered", "Your numbers, whole filters", counted, "FLOP/s"),
        Quantity("local", "Your numbers, one weight for a synapse", local, "FLOP/s"),
        Quantity("alone", "Numbers of 2015, one weight for a synapse", alone, "FLOP/s"),
        Quantity("filter_factor", "What the filter multiplies by", counted / local),
        Quantity("fixes", "What all the other changes divide by", before / counted),
        Chart(
            "waterfall",
            "From the published count to yours, one change after the other",
            x=Axis("Operations per second, FLOP/s", scale="log", low=1e14, high=1e22),
            y=Axis(""),
            marks=[
                Spans(
                    "Change",
                    list(STAGES),
                    [min(a, b) for a, b in pairwise(levels)],
                    [max(a, b) for a, b in pairwise(levels)],
                ),
                Rule(x=before, label="2015"),
                Rule(x=total, label="yours"),
            ],
            alt=f"The published {text(before, 'FLOP/s', 4)} become {text(total, 'FLOP/s')}; "
            f"the filter alone is a factor of {text(counted / local, 'x')}, all other changes "
            f"together {text(before / counted, 'x')}.",
        ),
        Table(
            "parts",
            "The two kinds of cell",
            [Column("Cells"), Column("Published", "FLOP/s"), Column("Yours", "FLOP/s")],
            [
                ["Purkinje", published["cerebellum/purkinje"], parts["cerebellum/purkinje"]],
                ["Granule", published["cerebellum/granule"], parts["cerebellum/granule"]],
            ],
        ),
    ]  # fmt: skip
