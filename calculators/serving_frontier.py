"""How many users can these accelerators serve, how fast, and for how much?"""

import functools
from typing import Annotated

from hwcalc import (
    accuracy,
    catalog,
    cost,
    deployment,
    engines,
    networks,
    prices,
    serving,
    serving_runs,
)
from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Column,
    Line,
    Number,
    Points,
    Quantity,
    Results,
    Slider,
    Table,
    Toggle,
    Verdict,
)
from hwcalc.display import text
from hwcalc.serving_step import decode_step

WEIGHTS = {
    "bf16": "16 bits",
    "fp8": "FP8",
    "fp4": "FP4, blocks of 16",
    "int4_weights": "4 bits, 16-bit arithmetic",
}
# The same formats as they lie in memory.
STORED = {"bf16": "bf16", "fp8": "fp8", "fp4": "nvfp4", "int4_weights": "int4-128"}
SHARE = 0.9  # of the memory for weights and cache, what engines take unless told otherwise
CLIENTS = (1, 4, 16, 64, 256, 1024)
PARTS = {
    "layers/products": "Products with weights",
    "layers/experts": "Experts",
    "layers/attention": "Attention: reading the cache",
    "layers/streams": "Norms and activations",
    "layers/exchange": "Sums over the accelerators",
    "ends/embedding": "Embedding",
    "ends/head": "Head and choice of the token",
}
# Tables that speak for an engine on a card, for dense networks and for mixtures of experts.
MEASURED = {
    ("trtllm", "h100-sxm"): ("llama8b-h100", "qwen235b-h100"),
    ("trtllm", "h200-sxm"): ("llama70b-h200-trtllm", "deepseek-h200-trtllm"),
    ("trtllm", "b200"): ("llama70b-b200-trtllm", "deepseek-b200-trtllm"),
    ("vllm", "h100-sxm"): ("llama70b-h100", ""),
    ("vllm", "h200-sxm"): ("llama70b-h200-vllm", "qwen235b-h200-vllm"),
    ("vllm", "b200"): ("llama70b-b200-vllm", ""),
    ("sglang", "h200-sxm"): ("llama8b-h200", "deepseek-h200-sglang"),
    ("sglang", "b200"): ("", "deepseek-b200-sglang"),
}
# Networks of one shape; sweeps of the first were published.
SAME = ("llama3.1-70b", "llama3-70b", "llama3.3-70b")
SINCE = "2026-08"
USUAL = "h100-sxm"  # whose rent stands in for an unknown one
LISTED = {"on-demand": "list prices", "marketplace": "offers on market places"}


@functools.lru_cache(maxsize=4)
def placed(
    device: str, network: str, ranks: int, weights: str, value: float
) -> deployment.Deployment:
    """Put the network on the accelerators."""
    chip = catalog.accelerators()[device]
    form = deployment.usable_format(chip, weights)
    known = networks.transformers()[network]
    return deployment.deploy(chip, known, ranks, form, form, value, False)


@functools.lru_cache(maxsize=64)
def steps(
    device: str,
    network: str,
    ranks: int,
    weights: str,
    value: float,
    running: float,
    prompt: float,
    output: float,
) -> serving.Steps:
    """Compute the steps of one load; a moved price or engine needs no others."""
    where = placed(device, network, ranks, weights, value)
    return serving.steady_steps(where, running, prompt, output)


def asked(device: str) -> tuple[float, str]:
    """Look up what providers ask for an accelerator, with a note that says so."""
    for kind, name in LISTED.items():
        if found := prices.latest_rents(device, kind, SINCE):
            each = prices.typical_rent(device, kind, SINCE)
            return (
                each,
                f"{text(each, '$/h')} for each, median of {len(found)} {name} since {SINCE}",
            )
    each, _ = asked(USUAL)
    return each, f"no rent of this one is known: at {text(each, '$/h')}, an H100's; type yours"


def calculate(
    device: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="h100-sxm", group="vendor", label="Accelerator"),
    ],
    ranks: Annotated[
        int,
        Slider(1, 8, start=4, scale="log2", label="Accelerators", help="They share every layer"),
    ],
    network: Annotated[
        networks.Transformer,
        Choice(networks.transformers(), start="llama3.3-70b", group="family", label="Network"),
    ],
    weights: Annotated[str, Choice(WEIGHTS, start="fp8", label="Weights")],
    narrow: Annotated[
        bool, Toggle(start=False, label="Cache in 8 bits", help="Keys and values; otherwise 16")
    ],
    engine: Annotated[str, Choice(engines.ENGINES, start="vllm", label="Engine")],
    clients: Annotated[
        int,
        Slider(1, 1024, start=32, scale="log", unit="users", label="Users at a time"),
    ],
    prompt: Annotated[
        int, Slider(16, 32_768, start=1024, scale="log", unit="tokens", label="Prompt")
    ],
    output: Annotated[
        int, Slider(16, 16_384, start=1024, scale="log", unit="tokens", label="Answer")
    ],
    rent: Annotated[
        float,
        Number(
            start=0,
            low=0,
            high=1000,
            unit="$/h",
            label="Rent of one",
            help="0 takes the median of what providers ask for this card",
        ),
    ],
    drawn: Annotated[
        float,
        Slider(
            10,
            100,
            start=70,
            unit="%",
            label="Power drawn",
            help="Share of the limit; an assumption, no model behind it",
        ),
    ],
) -> Results:
    value = 1.0 if narrow else 2.0
    lengths = float(prompt), float(output)
    key = device.id, network.id, ranks, weights, value
    where = placed(*key)
    host = engines.engine(engine)
    held = engines.memory_tokens(engine, *lengths)
    room = deployment.most_sequences(device, network, STORED[weights], held, value, ranks, SHARE)
    if room < 1:
        raise ValueError(
            f"{network.name} with a sequence of {held:,.0f} tokens does not fit into "
            f"{ranks} × {device.name}; take more of them, narrower weights or shorter texts"
        )

    def load(users: float) -> serving.Service:
        running = min(float(users), room)
        return serving.under_load(steps(*key, running, *lengths), host, users, *lengths)

    now = load(clients)
    sweep = [load(users) for users in CLIENTS if users <= room]
    parts = decode_step(where, now.running, prompt + output / 2)
    spent = {name: parts[part] for part, name in PARTS.items() if parts[part] > 0}
    spent[f"Host ({host.name})"] = host.beside(now.running, where.converted)
    step = sum(spent.values())
    million = 1e6 / now.rate
    each, note = (rent, "written ones, at your rent") if rent else asked(device.id)
    runs = (
        serving_runs.matching_runs(device.id, ranks, weights, engine, prompt, output)
        if network.id in SAME
        else ()
    )
    table = MEASURED.get((engine, device.id), ("", ""))[bool(network.experts)]
    tag = accuracy.tag(f"inference-{table}-between") if table else ""
    return [
        Quantity("between", "Between two tokens", now.between, "s", accuracy=tag),
        Quantity("speed", "One user reads", 1 / now.between, "tokens/s"),
        Quantity("first", "Until the first token", now.first, "s"),
        Quantity("rate", "All users together", now.rate, "tokens/s"),
        Quantity("cost", "A million tokens cost", cost.rent(ranks, million, each), "$", note=note),
        Quantity(
            "energy",
            "Energy for a token",
            cost.energy(ranks, 1 / now.rate, drawn * where.chip.power, 1.0),
            "J",
            note="accelerators alone",
        ),
        Verdict(
            "limit",
            "Memory",
            f"has room for {room:,.0f} users"
            if room >= clients
            else f"has room for {room:,.0f} of {clients:,} users; the others wait",
            good=room >= clients,
        ),
        Chart(
            "frontier",
            "What all get against what one gets, from one user to 1,024",
            x=Axis("One user", "tokens/s", scale="log"),
            y=Axis("All users, for each accelerator", "tokens/s", scale="log"),
            marks=[
                Line(
                    "More users →",
                    [1 / each.between for each in sweep],
                    [each.rate / ranks for each in sweep],
                ),
                *(
                    [
                        Points(
                            "Measured",
                            [1 / run.between for run in runs],
                            [run.rate / ranks for run in runs],
                        )
                    ]
                    if runs
                    else []
                ),
                Points(
                    "You",
                    [1 / now.between],
                    [now.rate / ranks],
                    labels=[f"{clients:,} users"],
                ),
            ],
            alt=f"With {clients:,} users each reads {text(1 / now.between, 'tokens/s')}, all "
            f"together {text(now.rate, 'tokens/s')}; alone, one would read "
            f"{text(1 / sweep[0].between, 'tokens/s')}.",
        ),
        Table(
            "parts",
            "Where the time of a step without prompts goes",
            [Column("Part"), Column("Time", "s"), Column("Share", "%")],
            [[name, time, time / step] for name, time in spent.items()],
        ),
    ]
