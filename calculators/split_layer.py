"""Share the weights of a layer, or the batch?"""

from typing import Annotated

from hwcalc import accuracy, catalog
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
    Table,
    Verdict,
)
from hwcalc.display import text
from hwcalc.fabric import fabric
from hwcalc.layer_split import (
    SPLITS,
    crossover_batch,
    exchanged,
    rank_shape,
    split_product,
    split_time,
)
from hwcalc.preflight import usual_path

SHORT = {"columns": "By columns", "rows": "By rows", "batch": "The batch"}
FORMATS = ("bf16", "fp16", "fp32")
VALUE = 2.0  # [B] of what is sent
BATCHES = (16, 256, 2048, 8192, 65536)
TRIED = 6  # edge of the small product with which the splits are checked


def calculate(
    split: Annotated[str, Choice(SPLITS, start="columns", label="Split")],
    gpu: Annotated[
        catalog.Accelerator,
        Choice(catalog.accelerators(), start="h100-sxm", group="vendor", label="GPU"),
    ],
    gpus: Annotated[int, Slider(1, 16, start=8, label="GPUs")],
    batch: Annotated[
        int, Slider(1, 65536, start=4096, scale="log2", unit="tokens", label="Batch",
                    help="Rows of the matrix of activations")
    ],
    inputs: Annotated[int, Slider(64, 65536, start=8192, scale="log2", label="Inputs")],
    outputs: Annotated[int, Slider(64, 65536, start=8192, scale="log2", label="Outputs")],
) -> Results:  # fmt: skip
    dtype = next((each for each in FORMATS if each in gpu.peak), FORMATS[-1])
    joined = fabric(gpu, usual_path(gpu, gpus), 0.0)

    def parts_of(how: str, rows: float, ranks: int) -> dict[str, float]:
        return split_time(how, gpu, joined, rows, inputs, outputs, ranks, dtype, VALUE)

    one = sum(parts_of("batch", batch, 1).values())
    found = {how: parts_of(how, batch, gpus) for how in SPLITS}
    times = {how: sum(parts.values()) for how, parts in found.items()}
    mine = found[split]
    waiting = mine["exchange/forward"] + mine["exchange/backward"]
    rows, k, n = rank_shape(split, batch, inputs, outputs, gpus)
    weights = "columns" if split == "batch" else split
    crossover = crossover_batch(weights, inputs, outputs)
    left = [[float((3 * i + 5 * j) % 7 - 3) for j in range(TRIED)] for i in range(TRIED)]
    right = [[float((2 * i + 3 * j) % 5 - 2) / 3 for j in range(TRIED)] for i in range(TRIED)]
    parted, whole = (split_product(split, left, right, ranks) for ranks in (min(gpus, TRIED), 1))
    difference = max(
        abs(a - b) for x, y in zip(parted, whole, strict=True) for a, b in zip(x, y, strict=True)
    )
    return [
        Quantity("speedup", "Speed-up", one / times[split], "x", note=f"of {gpus}"),
        Quantity("time", "A step of this layer", times[split], "s",
                 accuracy=accuracy.covering("matmul", gpu.id, dtype)),
        Quantity("waiting", "Of it waiting", waiting / times[split], "%"),
        Quantity("sent", "Each GPU sends",
                 sum(exchanged(split, batch, inputs, outputs, gpus).values()) * VALUE, "B"),
        Quantity("crossover", "Crossover", crossover, "tokens",
                 note=f"where sharing the batch sends as little as {SHORT[weights].lower()}"),
        Verdict("product", "Each GPU multiplies",
                f"{rows:,.0f} × {k:,.0f} by {k:,.0f} × {n:,.0f}"),
        Verdict("same", "Parts against whole", f"differ by {difference:.1e}",
                good=difference < 1e-5),
        Table(
            "splits",
            "The three ways",
            [Column("Split"), Column("Sent", "B"), Column("Products", "s"), Column("Waiting", "s"),
             Column("Speed-up", "x")],
            [
                [
                    SHORT[how],
                    sum(exchanged(how, batch, inputs, outputs, gpus).values()) * VALUE,
                    sum(t for name, t in parts.items() if name.startswith("products")),
                    parts["exchange/forward"] + parts["exchange/backward"],
                    one / times[how],
                ]
                for how, parts in found.items()
            ],
        ),
        Chart(
            "batches",
            "Speed-up against batch, by split",
            x=Axis("Batch", "tokens", scale="log"),
            y=Axis("Speed-up", "x", low=0),
            marks=[
                *(
                    Line(SHORT[how], list(BATCHES), [
                        sum(parts_of("batch", each, 1).values())
                        / sum(parts_of(how, each, gpus).values()) for each in BATCHES
                    ])
                    for how in SPLITS
                ),
                Rule(x=batch, label="yours"),
            ],
            alt=f"With {text(batch, 'tokens')} on {gpus} GPUs: "
            + ", ".join(f"{SHORT[how].lower()} {text(one / times[how], 'x')}" for how in SPLITS)
            + ".",
        ),
    ]  # fmt: skip
