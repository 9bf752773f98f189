"""How many operations per second does a brain take, if each assumption has a range?"""

from typing import Annotated

from hwcalc import catalog
from hwcalc.brain import MOLECULAR_TERMS, TERMS, dendrite_operations, molecule_operations
from hwcalc.brain_estimates import facts
from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Column,
    Line,
    Quantity,
    Results,
    Rule,
    Slider,
    Spans,
    Table,
    Toggle,
    Verdict,
)
from hwcalc.display import text
from hwcalc.roofline import peak_rate
from hwcalc.supercomputers import records
from hwcalc.uncertainty import SHAPES, Range, parts_at_middle, propagate, swings

NAMES = {
    "synapses": "Synapses",
    "rate": "Spikes of a neuron",
    "operations": "Work on a spike",
    "learning": "Learning over it",
    "neurons": "Neurons",
    "units": "Units of a neuron",
    "unit_operations": "Work on a unit",
    "changes": "Protein changes",
    "proteins": "Proteins",
}
PARTS = {
    "synapses/transmission": "Spikes at synapses",
    "synapses/learning": "Learning at synapses",
    "neurons/dendrites": "Cells and dendrites",
    "molecules/proteins": "Proteins",
}
PROTEINS = 1e10  # in a neuron, as the article of 2015 has it
SHARES = [n / 25 for n in range(1, 25)]


def calculate(
    synapses_low: Annotated[
        float,
        Slider(
            50, 5000, start=150, scale="log", unit="trillion synapses", label="Synapses, at least",
            help="150 trillion were counted in the neocortex alone",
        ),
    ],
    synapses_high: Annotated[
        float,
        Slider(
            50, 5000, start=1000, scale="log", unit="trillion synapses", label="Synapses, at most"
        ),
    ],
    rate_low: Annotated[
        float,
        Slider(
            0.01, 200, start=0.1, scale="log", unit="Hz", label="Spikes of a neuron, at least",
            help="The energy of the cortex allows 0.16 Hz in the mean",
        ),
    ],
    rate_high: Annotated[
        float,
        Slider(0.01, 200, start=2, scale="log", unit="Hz", label="Spikes of a neuron, at most"),
    ],
    operations_low: Annotated[
        float,
        Slider(
            1, 1000, start=1, scale="log", unit="FLOP", label="Work on a spike, at least",
            help="To pass one spike on through one synapse",
        ),
    ],
    operations_high: Annotated[
        float,
        Slider(1, 1000, start=100, scale="log", unit="FLOP", label="Work on a spike, at most"),
    ],
    learning_low: Annotated[
        float,
        Slider(
            0.01, 1000, start=0.1, scale="log", unit="x", label="Learning over it, at least",
            help="Work to learn from a spike over the work to pass it on",
        ),
    ],
    learning_high: Annotated[
        float,
        Slider(0.01, 1000, start=10, scale="log", unit="x", label="Learning over it, at most"),
    ],
    units_low: Annotated[
        float,
        Slider(
            1, 10000, start=1, scale="log", unit="units", label="Units of a neuron, at least",
            help="1 is a point; a fifth of all neurons with 1,000 units each are 200 in the mean",
        ),
    ],
    units_high: Annotated[
        float,
        Slider(1, 10000, start=200, scale="log", unit="units", label="Units of a neuron, at most"),
    ],
    unit_operations_low: Annotated[
        float,
        Slider(
            0.001, 10, start=0.005, scale="log", unit="MFLOP/s", label="Work on a unit, at least",
            help="5 operations in a millisecond integrate and fire, 1,200 are Hodgkin and Huxley's",
        ),
    ],
    unit_operations_high: Annotated[
        float,
        Slider(
            0.001, 10, start=1.2, scale="log", unit="MFLOP/s", label="Work on a unit, at most"
        ),
    ],
    molecules: Annotated[
        bool,
        Toggle(
            start=False, label="Follow the proteins, too",
            help="Ten billion in each neuron, as in 2015",
        ),
    ],
    changes_low: Annotated[
        float,
        Slider(
            0.001, 1000, start=0.01, scale="log", unit="Hz",
            label="Changes of a protein, at least", help="Counted if proteins are followed",
        ),
    ],
    changes_high: Annotated[
        float,
        Slider(
            0.001, 1000, start=100, scale="log", unit="Hz", label="Changes of a protein, at most"
        ),
    ],
    shape: Annotated[str, Choice(SHAPES, start="lognormal", label="Between the ends")],
    device: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="h100-sxm", group="vendor", label="Compare with"),
    ],
) -> Results:  # fmt: skip
    ranges = {
        "synapses": Range(synapses_low, synapses_high),
        "rate": Range(rate_low, rate_high),
        "operations": Range(operations_low, operations_high),
        "learning": Range(learning_low, learning_high),
        "neurons": facts()["neurons"].range,
        "units": Range(units_low, units_high),
        "unit_operations": Range(unit_operations_low, unit_operations_high),
    }
    if molecules:
        ranges |= {
            "proteins": Range(PROTEINS, PROTEINS),
            "changes": Range(changes_low, changes_high),
        }
    terms = MOLECULAR_TERMS if molecules else TERMS
    outcomes = propagate(terms, ranges, shape)
    low, middle, high = (outcomes.quantile(share) for share in (0.05, 0.5, 0.95))
    parts = parts_at_middle(terms, ranges)
    total = sum(parts.values())
    bars = {name: ends for name, ends in swings(terms, ranges).items() if name != "proteins"}
    first = next(iter(bars))
    peak = peak_rate(device.peak, 16)
    cluster, dense = records("dense16")[-1], records("hpl")[-1]
    synaptic = parts["synapses/transmission"] + parts["synapses/learning"]
    cells = facts()["neurons"].range.middle
    points = synaptic + dendrite_operations(cells, 1, unit_operations_low, 1)
    proteins = molecule_operations(cells, PROTEINS, Range(changes_low, changes_high).middle)
    return [
        Quantity("middle", "Middle of the outcomes", middle, "FLOP/s", digits=2),
        Quantity("low", "One in twenty is below", low, "FLOP/s", digits=2),
        Quantity("high", "One in twenty is above", high, "FLOP/s", digits=2),
        Quantity("factor", "Upper over lower end", high / low, digits=2),
        Verdict("dominant", "Moves it most", NAMES[first].lower()),
        Quantity(
            "dominant_factor", "By how much it alone moves it",
            bars[first][1] / bars[first][0], "x", digits=2,
        ),
        Quantity("synaptic", "Synapses alone, at the middle", synaptic, "FLOP/s", digits=2),
        Quantity(
            "points", "Synapses and the simplest cells", points, "FLOP/s", digits=2,
            note="one unit a neuron, at the low end of the work",
        ),
        Quantity("detailed", "With dendrites", synaptic + parts["neurons/dendrites"], "FLOP/s",
                 digits=2),
        Quantity(
            "proteins", "Proteins alone", proteins, "FLOP/s", digits=2,
            note="whether or not they are followed in the answer",
        ),
        Quantity(
            "enough", f"One {device.name} is enough for", outcomes.share_below(peak), "%",
            digits=2, note="of the outcomes, at its dense 16-bit peak",
        ),
        Quantity(
            "enough_hpl", f"{dense.name} is enough for", outcomes.share_below(dense.rate), "%",
            digits=2, note="of the outcomes, at the rate it reached on HPL",
        ),
        Chart(
            "tornado",
            "What each assumption alone does to the answer, the others in the middle",
            x=Axis("Operations per second, FLOP/s", scale="log"),
            y=Axis(""),
            marks=[
                Spans(
                    "From its low to its high end",
                    [NAMES[name] for name in bars],
                    [ends[0] for ends in bars.values()],
                    [ends[1] for ends in bars.values()],
                ),
                Rule(x=total),
            ],
            alt=f"{NAMES[first]} moves the answer from {text(bars[first][0], 'FLOP/s', 2)} to "
            f"{text(bars[first][1], 'FLOP/s', 2)}, more than any other assumption.",
        ),
        Chart(
            "chance",
            "For which share of the outcomes is a machine fast enough?",
            x=Axis("Speed of the machine, FLOP/s", scale="log", low=min(1e13, low), high=1e23),
            y=Axis("Enough for", "%", low=0, high=1),
            marks=[
                Line("Share of outcomes", [outcomes.quantile(s) for s in SHARES], SHARES),
                Rule(x=peak, label="1 chip"),
                Rule(x=dense.rate, label=dense.name),
                Rule(x=cluster.rate, label="AI cluster"),
            ],
            alt=f"Half of the outcomes are below {text(middle, 'FLOP/s', 2)}; one {device.name} is "
            f"enough for {text(outcomes.share_below(peak), '%', 2)} of them.",
        ),
        Table(
            "parts",
            "Parts with every assumption at its middle",
            [Column("Part"), Column("Rate", "FLOP/s", 2), Column("Share", "%", 2)],
            [[PARTS[name], part, part / total] for name, part in parts.items()],
        ),
        Table(
            "factors",
            "Assumptions, and what they explain of the spread",
            [Column("Assumption"), Column("Ends apart", "x", 2), Column("Explains", "%", 2)],
            [
                [NAMES[name], ranges[name].high / ranges[name].low, outcomes.shares[name]]
                for name in bars
            ],
        ),
    ]  # fmt: skip
