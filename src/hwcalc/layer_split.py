r"""One layer of weights, split over several ranks.

A layer multiplies $B$ rows of activations with a matrix of $n_{in} \times n_{out}$ weights. Ranks
can share the rows of the batch (data parallelism), the columns of the matrix (its outputs, so that
parts are put side by side) or its rows (its inputs, so that partial sums are added).

- what each rank multiplies: `rank_shape`
- what each rank sends in a training step: `exchanged`
- the batch from which splitting the data sends less than splitting the weights: `crossover_batch`
- how long a training step of the layer takes: `split_time`
- that the three give the same product: `split_product`

Left out: the pairing of two layers, columns then rows, which saves the exchange between them;
`hwcalc.exchange` counts it for whole transformers.
"""

from collections.abc import Sequence
from itertools import pairwise

from hwcalc.catalog import Accelerator
from hwcalc.collective_time import collective_time
from hwcalc.fabric import Fabric
from hwcalc.kernels import matmul_time
from hwcalc.numeric import ceil, check_count, check_positive

__all__ = [
    "SPLITS",
    "crossover_batch",
    "exchanged",
    "rank_shape",
    "split_product",
    "split_time",
]

SPLITS = {
    "columns": "The weights by columns: outputs are gathered",
    "rows": "The weights by rows: partial sums are added",
    "batch": "The batch: gradients are added",
}
Matrix = Sequence[Sequence[float]]


def rank_shape(
    split: str, batch: float, inputs: float, outputs: float, ranks: float
) -> tuple[float, float, float]:
    """Return the product that each rank makes in the forward pass.

    Exact where the size divides evenly; otherwise the mean.

    Args:
        split: A key of `SPLITS`. [1]
        batch: Rows of activations, $B$. [1]
        inputs: Inputs of the layer, $n_{in}$. [1]
        outputs: Outputs of the layer, $n_{out}$. [1]
        ranks: Ranks that share it, $n$. [1]

    Returns:
        Rows of activations, inputs and outputs of the product on one rank. [1]

    Raises:
        ValueError: If the split is unknown, a size is not positive, or ranks is not a whole number
            of at least 1.

    References:
        Krizhevsky 2014, https://doi.org/10.48550/arXiv.1404.5997

    Examples:
        >>> rank_shape("rows", 128, 1000, 500, 2)
        (128, 500.0, 500)
        >>> rank_shape("columns", 128, 1000, 500, 2)
        (128, 1000, 250.0)
    """
    _check(split, batch, inputs, outputs, ranks)
    if split == "batch":
        return batch / ranks, inputs, outputs
    if split == "rows":
        return batch, inputs / ranks, outputs
    return batch, inputs, outputs / ranks


def exchanged(
    split: str, batch: float, inputs: float, outputs: float, ranks: float
) -> dict[str, float]:
    r"""Count the values that each rank sends in a training step, on rings.

    With $\rho = (n - 1) / n$, an all-gather of $S$ values sends $\rho S$ and an all-reduce
    $2 \rho S$:

    $$ \text{columns: } \rho B (n_{out} + 2 n_{in}), \qquad
       \text{rows: } \rho B (2 n_{out} + n_{in}), \qquad
       \text{batch: } 2 \rho\, n_{in} n_{out} $$

    Exact for rings; no method that passes messages sends fewer.

    Args:
        split: A key of `SPLITS`. [1]
        batch: Rows of activations, $B$. [1]
        inputs: Inputs of the layer, $n_{in}$. [1]
        outputs: Outputs of the layer, $n_{out}$. [1]
        ranks: Ranks that share it, $n$. [1]

    Returns:
        Values sent by `forward/outputs`, `backward/inputs` and `backward/gradients`. [1]

    Raises:
        ValueError: As `rank_shape`.

    References:
        Krizhevsky 2014, https://doi.org/10.48550/arXiv.1404.5997;
        Shoeybi et al. 2019, https://doi.org/10.48550/arXiv.1909.08053

    Examples:
        A square layer of 4,096 and a batch of 128: gradients are 32 times an activation.

        >>> parts = exchanged("batch", 128, 4096, 4096, 8)
        >>> parts["backward/gradients"] / exchanged("rows", 128, 4096, 4096, 8)["forward/outputs"]
        32.0
    """
    _check(split, batch, inputs, outputs, ranks)
    share = (ranks - 1) / ranks
    zero = 0.0 * share
    if split == "batch":
        gradients = 2 * share * inputs * outputs
        return {
            "forward/outputs": zero,
            "backward/inputs": zero,
            "backward/gradients": gradients,
        }
    forward, backward = (1, 2) if split == "columns" else (2, 1)
    return {
        "forward/outputs": forward * share * batch * outputs,
        "backward/inputs": backward * share * batch * inputs,
        "backward/gradients": zero,
    }


def crossover_batch(split: str, inputs: float, outputs: float) -> float:
    r"""Return the batch at which splitting the batch sends as much as splitting the weights.

    $$ B^* = \frac{2 n_{in} n_{out}}{n_{out} + 2 n_{in}} \text{ by columns}, \qquad
       B^* = \frac{2 n_{in} n_{out}}{2 n_{out} + n_{in}} \text{ by rows} $$

    Exact, whatever the number of ranks. With larger batches the gradients are the smaller message.

    Args:
        split: `columns` or `rows`. [1]
        inputs: Inputs of the layer, $n_{in}$. [1]
        outputs: Outputs of the layer, $n_{out}$. [1]

    Returns:
        Batch. [1]

    Raises:
        ValueError: If the split is neither, or a size is not positive.

    References:
        From `exchanged`; Krizhevsky 2014, https://doi.org/10.48550/arXiv.1404.5997

    Examples:
        >>> crossover_batch("columns", 4096, 4096)
        2730.7
    """
    if split not in ("columns", "rows"):
        raise ValueError(f"split = {split!r}: must be columns or rows")
    check_positive(inputs=inputs, outputs=outputs)
    gathered, added = (outputs, inputs) if split == "columns" else (inputs, outputs)
    return 2 * inputs * outputs / (gathered + 2 * added)


def split_time(
    split: str,
    accelerator: Accelerator,
    joined: Fabric,
    batch: float,
    inputs: float,
    outputs: float,
    ranks: float,
    dtype: str,
    size: float,
) -> dict[str, float]:
    """Return the time of a training step of the layer on ranks in one machine.

    Estimate: three products, forward, for the gradient of the inputs and for that of the weights,
    and the exchanges between them, none behind the other: an output that others need cannot be
    waited for later.

    Args:
        split: A key of `SPLITS`. [1]
        accelerator: The chip. [1]
        joined: What joins the ranks. [1]
        batch: Rows of activations. [1]
        inputs: Inputs of the layer. [1]
        outputs: Outputs of the layer. [1]
        ranks: Ranks that share it. [1]
        dtype: Format of the products. [1]
        size: Bytes of a value that is sent. [B]

    Returns:
        Time by `products/…` and `exchange/…`. [s]

    Raises:
        ValueError: As `rank_shape`, `kernels.matmul_time` and `collective_time.collective_time`.

    References:
        The functions it calls.

    Examples:
        >>> from hwcalc.catalog import accelerators
        >>> from hwcalc.fabric import fabric
        >>> h100 = accelerators()["h100-sxm"]
        >>> parts = split_time(
        ...     "columns", h100, fabric(h100, "link", 0.0), 8192, 8192, 8192, 8, "bf16", 2
        ... )
        >>> sum(parts.values()) * 1e3
        1.5
    """
    # The rank with the largest part is the one that others wait for.
    rows, k, n = (ceil(side) for side in rank_shape(split, batch, inputs, outputs, ranks))
    forward, backward = batch * outputs * size, batch * inputs * size
    messages: dict[str, tuple[tuple[str, float], ...]] = {
        "columns": (("all_gather", forward), ("all_reduce", backward)),
        "rows": (("all_reduce", forward), ("all_gather", backward)),
        "batch": (("all_reduce", inputs * outputs * size),),
    }
    times = [collective_time(*message, ranks, ranks, joined) for message in messages[split]]
    return {
        "products/forward": matmul_time(accelerator, rows, k, n, dtype),
        "products/inputs": matmul_time(accelerator, rows, n, k, dtype),
        "products/weights": matmul_time(accelerator, k, rows, n, dtype),
        "exchange/forward": 0.0 if split == "batch" else times[0],
        "exchange/backward": times[-1],
    }


def split_product(
    split: str, activations: Matrix, weights: Matrix, ranks: int
) -> list[list[float]]:
    """Multiply two matrices as ranks would, each its part, and put the parts together.

    Exact up to rounding: the order of the sums differs.

    Args:
        split: A key of `SPLITS`. [1]
        activations: Rows of activations. [1]
        weights: As many rows as an activation has values. [1]
        ranks: Ranks that share the product. [1]

    Returns:
        The product. [1]

    Raises:
        ValueError: If the split is unknown or ranks is not a whole number of at least 1.

    References:
        The definition of the product of matrices: `matmul`.

    Examples:
        >>> split_product("rows", [[1, 2]], [[3], [4]], 2)
        [[11.0]]
    """
    inputs, outputs = len(weights), len(weights[0])
    _check(split, len(activations), inputs, outputs, ranks)
    if split == "batch":
        return [
            row
            for part in _parts(len(activations), ranks)
            for row in _product(activations[part], weights)
        ]
    if split == "columns":
        blocks = [
            _product(activations, [row[part] for row in weights]) for part in _parts(outputs, ranks)
        ]
        return [[value for block in blocks for value in block[i]] for i in range(len(activations))]
    sums = [
        _product([row[part] for row in activations], weights[part])
        for part in _parts(inputs, ranks)
        if part.start < part.stop
    ]
    return [
        [sum(block[i][j] for block in sums) for j in range(outputs)]
        for i in range(len(activations))
    ]


def _product(left: Matrix, right: Matrix) -> list[list[float]]:
    columns = list(zip(*right, strict=True))
    return [
        [float(sum(a * b for a, b in zip(row, column, strict=True))) for column in columns]
        for row in left
    ]


def _parts(size: int, ranks: int) -> list[slice]:
    edges = [size * rank // ranks for rank in range(ranks + 1)]
    return [slice(a, b) for a, b in pairwise(edges)]


def _check(split: str, batch: float, inputs: float, outputs: float, ranks: float) -> None:
    if split not in SPLITS:
        raise ValueError(f"split = {split!r}: must be one of {', '.join(SPLITS)}")
    check_positive(batch=batch, inputs=inputs, outputs=outputs)
    check_count(ranks=ranks)
