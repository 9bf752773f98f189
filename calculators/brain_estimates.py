"""Which machines reach which published estimate of a brain?"""

from typing import Annotated

from hwcalc import catalog
from hwcalc.brain_energy import landauer_rate
from hwcalc.brain_estimates import KINDS, Estimate, estimates
from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
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
from hwcalc.growth import decades
from hwcalc.roofline import peak_rate
from hwcalc.supercomputers import records

BODY = 310  # kelvin
THIN = 1.3  # a single figure is drawn this factor wide to either side


def calculate(
    device: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="h100-sxm", group="vendor", label="Accelerator"),
    ],
    devices: Annotated[int, Slider(1, 1_048_576, start=1, scale="log2", label="How many of them")],
    molecules: Annotated[
        bool,
        Toggle(start=False, label="Show molecules", help="Estimates that imitate molecules"),
    ],
    power: Annotated[float, Slider(5, 30, start=20, unit="W", label="Power of the brain")],
) -> Results:
    shown = [each for each in estimates().values() if molecules or each.kind != "molecules"]
    peak = devices * peak_rate(device.peak, 16)
    name = f"{devices:,} {device.name}"
    dense, sparse, cluster = (records(key)[-1] for key in ("hpl", "hpcg", "dense16"))
    machines = {
        "Chosen chips": peak,
        f"{sparse.name}, sparse": sparse.rate,
        f"{dense.name}, dense": dense.rate,
        "AI cluster, peak": cluster.rate,
    }
    limit = landauer_rate(power, BODY)
    lowest = min(each.range.low for each in shown)
    highest = max(each.range.high for each in shown)
    counted = [each for each in shown if each.kind != "molecules"]
    return [
        Quantity("reached", f"Estimates wholly below {name}", _below(counted, peak)),
        Quantity(
            "reached_cluster", f"Estimates wholly below {cluster.name}",
            _below(counted, cluster.rate),
        ),
        Quantity("count", "Estimates without molecules", len(counted), "estimates"),
        Quantity("decades", "Powers of ten between the ends", decades(lowest, highest), digits=2),
        Quantity("rate", "Dense 16-bit peak chosen", peak, "FLOP/s"),
        Quantity("cluster", f"{cluster.name}, {cluster.month}", cluster.rate, "FLOP/s"),
        Quantity("sparse", f"{sparse.name} on sparse equations", sparse.rate, "FLOP/s"),
        Quantity("dense", f"{dense.name} on dense equations", dense.rate, "FLOP/s"),
        Quantity(
            "limit", "Bits a brain could erase in a second", limit, "bit/s",
            note=f"at {text(power, 'W')} and 310 kelvin",
        ),
        Chart(
            "axis",
            "Published estimates of a brain, and machines",
            x=Axis(
                "Operations per second, FLOP/s", scale="log", low=1e11,
                high=1e28 if molecules else 1e23,
            ),
            y=Axis(""),
            marks=[
                *(
                    Spans(
                        kind,
                        [each.short for each in members],
                        [_ends(each.range.low, each.range.high)[0] for each in members],
                        [_ends(each.range.low, each.range.high)[1] for each in members],
                    )
                    for key, kind in KINDS.items()
                    if (members := [each for each in shown if each.kind == key])
                ),
                Spans(
                    "Machine",
                    list(machines),
                    [rate / THIN for rate in machines.values()],
                    [rate * THIN for rate in machines.values()],
                ),
                *(Rule(x=rate) for rate in machines.values()),
            ],
            alt=f"Estimates lie between {text(lowest, 'FLOP/s')} and {text(highest, 'FLOP/s')}; "
            f"{name} has {text(peak, 'FLOP/s')}, {cluster.name} {text(cluster.rate, 'FLOP/s')}.",
        ),
        Table(
            "estimates",
            "The estimates",
            [
                Column("Estimate"),
                Column("Year"),
                Column("From", "OP/s"),
                Column("To", "OP/s"),
                Column("Counts"),
                Column("A second takes", "s"),
            ],
            [
                [
                    each.name, str(each.year), each.range.low, each.range.high, each.counts,
                    each.range.middle / peak,
                ]
                for each in shown
            ],
        ),
    ]  # fmt: skip


def _ends(low: float, high: float) -> tuple[float, float]:
    """The ends of a bar that can be seen where there is a single figure."""
    return (low, high) if low < high else (low / THIN, high * THIN)


def _below(members: list[Estimate], rate: float) -> int:
    """How many estimates lie below a rate with both ends."""
    return sum(each.range.high <= rate for each in members)
