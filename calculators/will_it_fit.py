"""Will it fit on this card?"""

from typing import Annotated, Any

from hwcalc import accuracy, catalog
from hwcalc.calculator import (
    Axis,
    Bars,
    Chart,
    Choice,
    Column,
    Number,
    Quantity,
    Results,
    Rule,
    Slider,
    Table,
    Toggle,
    Verdict,
)
from hwcalc.card_memory import fine_tuning_memory, inference_memory, largest_fit
from hwcalc.display import text

WORK = {
    "inference": "Run it",
    "qlora": "QLoRA: adapters, 4 bits",
    "lora": "LoRA: adapters, 16 bits",
    "full": "Train all weights",
}
WEIGHTS = {
    "q2_k": "2 bits (Q2_K)",
    "q3_k_m": "3 bits (Q3_K_M)",
    "q4_k_m": "4 bits (Q4_K_M)",
    "mxfp4": "4 bits in the experts (MXFP4)",
    "q5_k_m": "5 bits (Q5_K_M)",
    "q6_k": "6 bits (Q6_K)",
    "q8_0": "8 bits (Q8_0)",
    "bf16": "16 bits",
}
CACHE = {"2": "16 bits", "1.0625": "8 bits (Q8_0)", "0.5625": "4 bits (Q4_0)"}
OPTIMIZERS = {
    "mixed": "AdamW, mixed precision",
    "mixed-fp32-gradients": "AdamW, gradients in 32 bits",
    "bf16": "AdamW, all in 16 bits",
    "8bit": "AdamW in 8 bits",
    "adafactor": "Adafactor",
    "sgd": "SGD without momentum",
}
STAGES = {"0": "nothing", "1": "the optimizer", "2": "and gradients", "3": "and weights (FSDP)"}
FROZEN = {"full": "", "lora": "bf16", "qlora": "nf4-double"}
LABELS = {
    "weights": "Weights",
    "cache": "Keys and values",
    "gradients": "Gradients",
    "master": "Weights in 32 bits",
    "moments": "Optimizer",
    "optimizer": "Optimizer",
    "activations": "Activations",
    # A chart has eight colours.
    "gathered": "Work space and driver",
    "workspace": "Work space and driver",
    "reserve": "Work space and driver",
}
MOST_SEQUENCES, MOST_TOKENS = 4096, 2**20  # beyond which nobody looks


def calculate(
    device: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="rtx-4090", group="vendor", label="Card or chip"),
    ],
    network: Annotated[
        Any, Choice(catalog.transformers(), start="llama3.1-8b", group="family", label="Network")
    ],
    work: Annotated[str, Choice(WORK, start="qlora", label="What for")],
    weights: Annotated[
        str, Choice(WEIGHTS, start="q4_k_m", label="Weights", help="For running it")
    ],
    cache: Annotated[
        str, Choice(CACHE, start="2", label="Keys and values", help="For running it")
    ],
    optimizer: Annotated[
        str, Choice(OPTIMIZERS, start="mixed", label="Optimizer", help="For training")
    ],
    tokens: Annotated[
        int,
        Slider(
            128, 131072, start=2048, scale="log2", unit="tokens", label="Length",
            help="Of a sequence, prompt and answer together",
        ),
    ],
    batch: Annotated[
        int,
        Slider(
            1, 256, start=1, scale="log2", unit="sequences", label="At a time",
            help="On each card when training",
        ),
    ],
    recompute: Annotated[
        bool,
        Toggle(
            start=True, label="Compute layers twice",
            help="Checkpointing: activations are not kept but computed again",
        ),
    ],
    rank: Annotated[
        int, Slider(1, 256, start=16, scale="log2", label="Rank", help="Width of the adapters")
    ],
    cards: Annotated[int, Slider(1, 64, start=1, scale="log2", label="Cards")],
    sharded: Annotated[
        str,
        Choice(STAGES, start="0", label="Cards share", help="For training: the stages of ZeRO"),
    ],
    reserve: Annotated[
        float,
        Number(
            start=0.8, low=0, high=16, unit="GB", label="Taken by others",
            help="Driver, context and desktop",
        ),
    ],
) -> Results:  # fmt: skip
    size, again, stage = float(cache), 2.0 if recompute else 0.0, float(sharded)

    def memory(sequences: float, length: float, kind: str = work) -> dict[str, float]:
        if kind == "inference":
            return inference_memory(network, weights, sequences, length, size, cards, reserve)
        return fine_tuning_memory(
            network, FROZEN[kind], sequences, length, optimizer, rank, again, cards, stage, reserve
        )

    def needs(sequences: float, length: float) -> float:
        return sum(memory(sequences, length).values())

    def labelled(kind: str) -> dict[str, float]:
        named: dict[str, float] = {}
        for name, part in memory(batch, tokens, kind).items():
            label = LABELS[name.partition("/")[0]]
            named[label] = named.get(label, 0.0) + part
        return {label: part for label, part in named.items() if part > 0}

    def other(kind: str) -> dict[str, float]:
        try:
            return parts if kind == work else labelled(kind)
        except ValueError:  # an encoder has no cache; some layers are modelled for inference only
            return {}

    parts = labelled(work)
    by_work = {kind: other(kind) for kind in WORK}
    needed = sum(parts.values())
    fits = needed <= device.memory
    longest = int(largest_fit(lambda n: needs(batch, n), device.memory, MOST_TOKENS))
    most = int(largest_fit(lambda n: needs(n, tokens), device.memory, MOST_SEQUENCES))
    limit = network.max_context or MOST_TOKENS
    largest = max(parts, key=lambda label: parts[label])
    return [
        Verdict(
            "verdict", "On this card" if cards == 1 else f"On each of {cards} cards",
            f"fits, {text(device.memory - needed, 'iB')} left"
            if fits
            else f"does not fit, {text(needed - device.memory, 'iB')} too much",
            good=fits,
        ),
        Quantity(
            "needed", "Needs", needed, "iB",
            accuracy=accuracy.tag("memory-gguf" if work == "inference" else "memory-torchtune"),
        ),
        Quantity("available", "The card has", device.memory, "iB"),
        Verdict("largest", "Most of it", largest.lower()),
        Quantity(
            "longest", "Longest sequence that fits", min(longest, limit), "tokens",
            note="the network's limit" if longest >= limit else f"{batch} at a time",
        ),
        Quantity(
            "most", "Most sequences that fit", most, "sequences", note=f"of {tokens:,} tokens"
        ),
        Chart(
            "memory",
            f"Memory of one card: {network.name}",
            x=Axis("Memory", "iB", low=0),
            y=Axis(""),
            horizontal=True,
            stacked=True,
            marks=[
                Bars(f"What {device.name} has", [device.name], [float(device.memory)]),
                *(
                    Bars(
                        label,
                        [WORK[kind] for kind in WORK if label in by_work[kind]],
                        [found[label] for found in by_work.values() if label in found],
                    )
                    for label in dict.fromkeys(LABELS.values())
                    if any(label in found for found in by_work.values())
                ),
                Rule(x=float(device.memory)),
            ],
            alt=f"{WORK[work]}, {network.name}: "
            + ", ".join(f"{label.lower()} {text(part, 'iB')}" for label, part in parts.items())
            + f"; together {text(needed, 'iB')} of {text(device.memory, 'iB')}.",
        ),
        Table(
            "others",
            "All kinds of work",
            [Column("Work"), Column("Needs", "iB"), Column("On this card")],
            [
                [
                    WORK[kind],
                    sum(found.values()) if found else None,
                    "not modelled" if not found
                    else "fits" if sum(found.values()) <= device.memory else "does not fit",
                ]
                for kind, found in by_work.items()
            ],
        ),
    ]  # fmt: skip
