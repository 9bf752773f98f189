"""How much faster do more GPUs train, and what do they wait for?"""

from collections import ChainMap
from collections.abc import Mapping
from typing import Annotated, Any, cast

from hwcalc import catalog
from hwcalc.all_reduce import ALL_REDUCE_METHODS
from hwcalc.buckets import bucket_runs, even_buckets, ready_share
from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Choice,
    Column,
    Line,
    Points,
    Quantity,
    Results,
    Rule,
    Slider,
    Spans,
    Table,
    Verdict,
)
from hwcalc.convnets import ConvNet, convnets
from hwcalc.data_parallel import hiding_bandwidth, scaling_efficiency
from hwcalc.display import text
from hwcalc.networks import transformers
from hwcalc.parallel_step import (
    Cluster,
    Step,
    data_parallel_step,
    data_parallel_time,
    network_buckets,
    network_parameters,
)
from hwcalc.scaling_runs import FIRST_BUCKET

# Looked up one by one: reading every file of the catalogue would keep the reader waiting. The last
# mapping is listed first.
NETWORKS: Mapping[str, Any] = ChainMap(
    *cast(Any, (transformers(), convnets(), {"custom": "Another size, set below"}))
)
LINKS: Mapping[str, Any] = ChainMap(
    *cast(Any, (catalog.links(), {"custom": "Another rate, set below"}))
)
BYTES = {"4": "FP32, 4 bytes", "2": "BF16 or FP16, 2 bytes", "1": "FP8, 1 byte"}
MOST_BUCKETS = 1000  # more would make the page slow; no trainer sends as many
DRAWN = 40  # exchanges on the time line

Runs = list[tuple[float, float, int, float]]


def group(network: Any) -> str:
    """The family of a network, to list it under."""
    if isinstance(network, str):
        return "Any network"
    return "Convolutional networks" if isinstance(network, ConvNet) else str(network.family)


def calculate(
    network: Annotated[Any, Choice(NETWORKS, start="bert-large", group=group, label="Network")],
    size: Annotated[
        float,
        Slider(
            0.1, 1e6, start=340, scale="log", unit="million parameters", label="Parameters",
            help="Used when the network is another size",
        ),
    ],
    gradient_bytes: Annotated[str, Choice(BYTES, start="2", label="Gradients as")],
    compute: Annotated[
        float,
        Slider(
            1, 10_000, start=290, scale="log", unit="ms", label="Computation per step",
            help="Forward and backward pass of one GPU, measured on that GPU alone",
        ),
    ],
    gpus: Annotated[int, Slider(1, 4096, start=8, scale="log2", label="GPUs")],
    gpus_per_node: Annotated[int, Slider(1, 72, start=8, label="GPUs per node")],
    method: Annotated[str, Choice(ALL_REDUCE_METHODS, start="ring", label="Method")],
    local: Annotated[
        Any, Choice(LINKS, start="nvlink-3", group="family", label="Link inside a node")
    ],
    network_link: Annotated[
        Any, Choice(LINKS, start="infiniband-hdr", group="family", label="Link between nodes")
    ],
    cards: Annotated[
        int, Slider(1, 16, start=8, label="Network cards per node", help="Shared by its GPUs")
    ],
    rate: Annotated[
        float,
        Slider(
            0.1, 2000, start=10, scale="log", unit="GB/s", label="Another rate",
            help="One direction; used for a link set to another rate",
        ),
    ],
    link_share: Annotated[
        float,
        Slider(
            10, 100, start=78, unit="%", label="Rate reached",
            help="Share of the specified rate that a long all-reduce reaches",
        ),
    ],
    latency: Annotated[
        float,
        Slider(0.1, 1000, start=9.6, scale="log", unit="µs", label="Latency between nodes",
               help="Of one step of the exchange"),
    ],
    local_latency: Annotated[
        float,
        Slider(0.1, 1000, start=3.1, scale="log", unit="µs", label="Latency inside a node"),
    ],
    overlap: Annotated[
        float,
        Slider(
            0, 100, start=100, unit="%", label="Overlap",
            help="Share of the backward pass during which gradients may travel; 0 is none",
        ),
    ],
    bucket: Annotated[
        float, Slider(1, 4096, start=25, scale="log", unit="MiB", label="Bucket size")
    ],
    spread: Annotated[
        float,
        Slider(
            0, 10, start=1.3, step=0.1, unit="%", label="Spread of the GPUs",
            help="Standard deviation of their step times; all wait for the slowest",
        ),
    ],
) -> Results:  # fmt: skip
    per_parameter = float(gradient_bytes)
    local_rate = rate if local == "custom" else local.bandwidth
    network_rate = rate if network_link == "custom" else network_link.bandwidth
    parameters = size if network == "custom" else network_parameters(network)

    buckets = _buckets(network, size, per_parameter, bucket)

    def cluster(ranks: int = gpus, faster: float = 1.0, sooner: float = 1.0) -> Cluster:
        return Cluster(
            ranks=ranks,
            ranks_per_node=gpus_per_node,
            network_bandwidth=network_rate * cards * link_share * faster,
            local_bandwidth=local_rate * link_share * faster,
            network_latency=latency / sooner,
            local_latency=local_latency / sooner,
        )

    def efficiency_of(
        on: Cluster,
        runs: Runs,
        how: str = method,
        window: float = overlap,
        apart: float = spread,
    ) -> float:
        time = data_parallel_time(compute, runs, on, how, window, apart)
        return scaling_efficiency(compute, time)

    as_set = cluster()
    step = data_parallel_step(compute, buckets, as_set, method, overlap, spread)
    runs = bucket_runs(buckets)
    packed = bucket_runs(_buckets(network, size, per_parameter / 2, bucket))
    larger = bucket_runs(_buckets(network, size, per_parameter, bucket * 4))
    efficiency = scaling_efficiency(compute, step.time)
    gradients = parameters * per_parameter
    needed = hiding_bandwidth(gradients, gpus, step.backward_end - step.forward_end)
    waiting = step.parts["wait/exchange"]
    counts = sorted({2**k for k in range(13)} | {gpus})
    clusters = [cluster(n) for n in counts]
    curves = {how: [efficiency_of(on, runs, how) for on in clusters] for how in ALL_REDUCE_METHODS}
    changes = {
        "As set": efficiency,
        "Twice the bandwidth": efficiency_of(cluster(faster=2.0), runs),
        "Half the latency": efficiency_of(cluster(sooner=2.0), runs),
        "Half the bytes": efficiency_of(as_set, packed),
        "Larger buckets, 4×": efficiency_of(as_set, larger),
        "Full overlap": efficiency_of(as_set, runs, window=1.0),
        "No overlap": efficiency_of(as_set, runs, window=0.0),
        "GPUs exactly alike": efficiency_of(as_set, runs, apart=0.0),
    }
    return [
        Quantity("speedup", "Speed-up", gpus * efficiency, "x", note=f"of {gpus} at best"),
        Quantity("efficiency", "Efficiency", efficiency, "%"),
        Quantity("step", "Time of a step", step.time, "s"),
        Verdict("limit", "The gradients", *_verdict(step)),
        Quantity("waiting", "Waiting for gradients", waiting, "s", note="in each step"),
        Quantity("exchange", "Exchange of all gradients", step.exchange_time, "s"),
        Quantity("hidden", "Of it hidden", step.hidden, "%", note="behind the backward pass"),
        Quantity(
            "gradients", "Gradients", gradients, "B",
            note=f"{text(parameters, 'parameters')} in {len(step.exchanges)} buckets",
        ),
        Quantity(
            "early", "Ready early",
            ready_share(buckets, 0.1), "%",
            note="in the first tenth of the backward pass",
        ),
        Quantity(
            "needed", "Rate that could hide it", needed, "B/s",
            note="one direction, as reached, with perfect overlap",
        ),
        Chart(
            "scaling",
            "Efficiency against number of GPUs",
            x=Axis("GPUs", scale="log"),
            y=Axis("Efficiency", "%", low=0, high=1),
            marks=[
                *(Line(ALL_REDUCE_METHODS[how], counts, curve) for how, curve in curves.items()),
                Points("You", [gpus], [efficiency], labels=["you"]),
                Rule(x=gpus_per_node, label="one node"),
            ],
            alt=f"{gpus} GPUs work at {text(efficiency, '%')}. At {counts[-1]:,} GPUs: "
            + ", ".join(
                f"{ALL_REDUCE_METHODS[how]} {text(curve[-1], '%')}" for how, curve in curves.items()
            )
            + ".",
        ),
        Chart(
            "timeline",
            "One step of the slowest GPU",
            x=Axis("Time", "s", low=0),
            y=Axis(""),
            marks=_timeline(step),
            alt=f"The forward pass ends after {text(step.forward_end, 's')}, the backward pass "
            f"after {text(step.backward_end, 's')}; {len(step.exchanges)} buckets of gradients "
            f"take {text(step.exchange_time, 's')} on the links, and the GPU waits "
            f"{text(waiting, 's')} for the last of them.",
        ),
        Chart(
            "changes",
            "What one change would do",
            x=Axis("Efficiency", "%", low=0, high=1),
            y=Axis(""),
            horizontal=True,
            marks=[Bars("Efficiency", list(changes), list(changes.values()))],
            alt="Efficiency "
            + ", ".join(
                f"{name.lower()} {text(value, '%')}"
                for name, value in changes.items()
            ).replace("gpus", "GPUs")
            + ".",
        ),
        Table(
            "parts",
            "Where an average GPU spends the step",
            [Column("Part"), Column("Time", "s"), Column("Share", "%")],
            [
                [label, step.parts[key], scaling_efficiency(step.parts[key], step.time)]
                if step.parts[key]
                else [label, 0.0, 0.0]
                for key, label in PARTS.items()
            ],
        ),
    ]  # fmt: skip


def _buckets(network: Any, size: float, per_parameter: float, bucket: float) -> list[Any]:
    """The buckets of the chosen network, or of one of that size with layers all alike."""
    if network == "custom":
        buckets = even_buckets(size * per_parameter, 0.0, 1.0, bucket)
    else:
        buckets = network_buckets(network, per_parameter, bucket, min(bucket, FIRST_BUCKET))
    if len(buckets) > MOST_BUCKETS:
        raise ValueError(
            f"{len(buckets)} buckets of {text(bucket, 'iB')}: must be at most {MOST_BUCKETS}; "
            "choose larger buckets"
        )
    return buckets


PARTS = {
    "compute/forward": "Forward pass",
    "compute/backward": "Backward pass",
    "wait/slowest": "Waiting for the slowest GPU",
    "wait/exchange": "Waiting for gradients",
}


def _verdict(step: Step) -> tuple[str, bool]:
    """What becomes of the exchange, in words."""
    if step.exchange_time == 0:
        return "stay where they are: there is one GPU", True
    if step.parts["wait/exchange"] < 0.02 * step.time:
        return "hide behind the backward pass", True
    return "keep the GPUs waiting", False


def _timeline(step: Step) -> list[Spans]:
    """The spans of a step: a GPU above, the links below, many buckets joined to be seen."""
    end, together = step.backward_end, -(-len(step.exchanges) // DRAWN)
    joined = [
        (chunk[0][0], chunk[-1][1])
        for chunk in (
            step.exchanges[i : i + together]
            for i in range(0, len(step.exchanges), max(1, together))
        )
    ]
    early = [(start, min(stop, end)) for start, stop in joined if start < end]
    late = [(max(start, end), stop) for start, stop in joined if stop > end]
    finish = max([end, *(stop for _, stop in joined)])
    spans = [
        Spans("Forward pass", ["GPU"], [0.0], [step.forward_end]),
        Spans("Backward pass", ["GPU"], [step.forward_end], [end]),
        Spans("Waiting", ["GPU"], [end], [finish]),
    ]
    for series, found in (("Exchange, hidden", early), ("Exchange, waited for", late)):
        spans.append(
            Spans(
                series,
                ["Links"] * len(found),
                [start for start, _ in found],
                [stop for _, stop in found],
            )
        )
    return spans
