"""What may an operation cost a brain, and what machine would do the same work?"""

from typing import Annotated

from hwcalc import catalog
from hwcalc.brain import synapse_events
from hwcalc.brain_energy import (
    chips_needed,
    energy_per_operation,
    landauer_energy,
    machine_power,
    synapse_memory,
    synapse_traffic,
)
from hwcalc.brain_estimates import estimates
from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Column,
    Points,
    Quantity,
    Results,
    Rule,
    Slider,
    Table,
    Verdict,
)
from hwcalc.display import text
from hwcalc.roofline import peak_rate
from hwcalc.supercomputers import records

BODY = 310  # kelvin
ENDS = (1e11, 1e25)
COMPARED = ("Roadrunner", "Tianhe-2", "Summit", "El Capitan")
SHOWN = {
    "moravec": "Moravec",
    "merkle": "Merkle",
    "wbe-spiking": "Spikes",
    "dettmers": "2015",
    "wbe-electric": "",  # its place is taken by the limit's label
}


def calculate(
    rate: Annotated[
        float,
        Slider(
            1e-6, 1e6, start=1e-3, scale="log", unit="EFLOP/s", label="Operations of the brain",
            help="0.001 EFLOP/s is Carlsmith's 1e15, 1,075 the count of 2015",
        ),
    ],
    power: Annotated[
        float,
        Slider(5, 30, start=20, unit="W", label="Power of the brain", help="12 to 20 W"),
    ],
    device: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="h100-sxm", group="vendor", label="Accelerator"),
    ],
    synapses: Annotated[
        float,
        Slider(50, 5000, start=150, scale="log", unit="trillion synapses", label="Synapses"),
    ],
    bits: Annotated[
        float,
        Slider(
            1, 64, start=4.7, scale="log", unit="bits", label="Bits for a synapse",
            help="4.7 were measured in the hippocampus of a rat",
        ),
    ],
    spikes: Annotated[
        float,
        Slider(0.01, 200, start=1, scale="log", unit="Hz", label="Spikes of a neuron"),
    ],
    idle: Annotated[
        float,
        Slider(
            0, 100, start=10, unit="%", label="Draw of an idle chip",
            help="Share of its rated power",
        ),
    ],
) -> Results:  # fmt: skip
    own = energy_per_operation(power, rate)
    floor = landauer_energy(BODY)
    peak = peak_rate(device.peak, 16)
    chip = energy_per_operation(device.tdp, peak)
    machine = records("hpl")[-1]
    solved = energy_per_operation(machine.power or 0.0, machine.rate)
    events = synapse_events(synapses, spikes)
    memory, traffic = synapse_memory(synapses, bits), synapse_traffic(events, bits)
    chips = chips_needed(rate, memory, traffic, peak, device.memory, device.bandwidth)
    deciding = max(chips, key=lambda need: chips[need])
    watts = machine_power(chips[deciding], chips["arithmetic"], device.tdp, idle)
    built: list[list[str | float | None]] = [
        [
            f"{each.name}, HPL {each.month}",
            each.rate,
            each.power,
            1 / energy_per_operation(each.power, each.rate),
        ]
        for each in records("hpl")
        if each.power and each.name in COMPARED
    ]
    known = {name: estimates()[key].range.middle for key, name in SHOWN.items()}
    return [
        Quantity("own", "The brain's budget for an operation", own, "J"),
        Quantity("chip", f"{device.name} at its peak", chip, "J"),
        Quantity("ratio", "Chip over brain", chip / own, "x"),
        Quantity(
            "floors", "The budget pays for", own / floor, "erasures",
            note="bits that could be erased for it at the temperature of a body",
        ),
        Quantity(
            "floors_2015", "The count of 2015 leaves",
            energy_per_operation(power, known["2015"]) / floor, "erasures",
        ),
        Quantity(
            "even", "The chip is as good as a brain of", power / chip, "FLOP/s",
            note="with a smaller count the chip needs less for an operation",
        ),
        Quantity("event", "The brain's budget for a spike at a synapse", power / events, "J"),
        Quantity("memory", "Memory of the synapses", memory, "B"),
        Quantity("arithmetic_chips", "Chips for the arithmetic", chips["arithmetic"], "chips"),
        Quantity("memory_chips", "Chips for the memory", chips["memory"], "chips"),
        Quantity("bandwidth_chips", "Chips for its bandwidth", chips["bandwidth"], "chips"),
        Verdict("deciding", "Decides", deciding),
        Quantity("machine", "Power of the chips", watts, "W"),
        Quantity("over", "Over the brain's", watts / power, "x"),
        Chart(
            "budget",
            "Operations a brain must get out of a joule, by how many it is said to do",
            x=Axis("Operations of the brain, FLOP/s", scale="log", low=ENDS[0], high=ENDS[1]),
            y=Axis("Operations for a joule", scale="log", low=1e10, high=1e23),
            marks=[
                Points(
                    "Published counts",
                    list(known.values()),
                    [1 / energy_per_operation(power, value) for value in known.values()],
                    labels=list(known),
                ),
                Points("Your count", [rate], [1 / own]),
                Rule(y=1 / solved, label=f"{machine.name}, HPL, 64 bits"),
                Rule(y=1 / chip, label=f"{device.name}, 16 bits"),
                Rule(y=1 / floor, label="bits erased at 310 K"),
            ],
            alt=f"At {text(rate, 'FLOP/s')} a brain of {text(power, 'W')} has {text(own, 'J')} for "
            f"an operation, {device.name} takes {text(chip, 'J')}; erasing one bit takes "
            f"{text(floor, 'J')}.",
        ),
        Table(
            "machines",
            "Operations for a joule",
            [Column("Who"), Column("Rate", "FLOP/s"), Column("Power", "W"),
             Column("For a joule", "FLOP/J")],
            [
                ["Brain, your count", rate, power, 1 / own],
                [f"{device.name}, dense 16-bit peak", peak, device.tdp, 1 / chip],
                *built,
            ],
        ),
    ]  # fmt: skip
