r"""A matrix multiplication counted: its operations, and the bytes it moves in four countings.

$C = AB$ with $A$ of $M \times K$ and $B$ of $K \times N$ elements of $b$ bytes, done on tiles of
$t \times t$. The operations are beyond dispute. The bytes depend on what stays on the chip, and
the countings here span the range from everything (each matrix crosses the memory bus once) to
nothing (every product of two tiles loads both), with the least any schedule can reach for a given
amount of on-chip memory between them. A fourth, the widely read count of 2018, is kept because it
differs.

What it leaves out: the layout of memory and its bursts, bank conflicts, the filling and draining
of a pipeline or systolic array, and the time to start a kernel. Roofline times from these counts
are lower bounds; `kernels.matmul_time` estimates what a real kernel takes.
"""

from hwcalc.numeric import ceil, check_count, check_positive, maximum, sqrt


def flops(m: float, k: float, n: float) -> float:
    r"""Count the operations of a matrix multiplication, a multiply-accumulate as two.

    $$ F = 2 M K N $$

    Args:
        m: Rows of the first matrix, $M$. [1]
        k: Columns of the first and rows of the second matrix, $K$. [1]
        n: Columns of the second matrix, $N$. [1]

    Returns:
        Operations. [FLOP]

    Raises:
        ValueError: If a size is not a whole number of at least 1.

    References:
        Golub, Van Loan 2013, "Matrix computations", section 1.1,
        https://doi.org/10.56021/9781421407944

    Examples:
        >>> flops(256, 1024, 1024) / 1e9
        0.5369
    """
    check_count(m=m, k=k, n=n)
    return 2.0 * m * k * n


def padded_flops(m: float, k: float, n: float, tile: float) -> float:
    r"""Count the operations when every edge is rounded up to whole tiles.

    A systolic array or a thread block computes whole tiles; what hangs over the edge is
    multiplied by zeros.

    $$ F = 2 t^3 \lceil M/t \rceil \lceil K/t \rceil \lceil N/t \rceil $$

    Args:
        m: Rows of the first matrix, $M$. [1]
        k: Columns of the first and rows of the second matrix, $K$. [1]
        n: Columns of the second matrix, $N$. [1]
        tile: Edge of a square tile, $t$. [1]

    Returns:
        Operations with padding, never fewer than without. [FLOP]

    Raises:
        ValueError: If an argument is not a whole number of at least 1.

    References:
        Google, "Cloud TPU performance guide", padding,
        https://cloud.google.com/tpu/docs/performance-guide

    Examples:
        One token against a matrix of 1024 x 1024, on an array of 128 x 128:

        >>> padded_flops(1, 1024, 1024, 128) / flops(1, 1024, 1024)
        128.0
    """
    return 2.0 * tile**3 * _tile_products(m, k, n, tile)


def traffic_each_once(m: float, k: float, n: float, element_size: float) -> float:
    r"""Count the bytes when each matrix crosses the memory bus once: a lower bound.

    $$ Q = (MK + KN + MN)\, b $$

    Assumption: the chip holds whatever it needs again. No schedule moves less, unless a matrix
    is already on the chip or the result may stay there.

    Args:
        m: Rows of the first matrix, $M$. [1]
        k: Columns of the first and rows of the second matrix, $K$. [1]
        n: Columns of the second matrix, $N$. [1]
        element_size: Bytes of one element, $b$. [B]

    Returns:
        Bytes moved. [B]

    Raises:
        ValueError: If a size is not a whole number of at least 1 or element_size is not positive.

    References:
        Austin et al. 2025, "How to scale your model", chapter "All about rooflines",
        https://jax-ml.github.io/scaling-book/roofline/

    Examples:
        >>> traffic_each_once(256, 1024, 1024, 2) / 2**20
        3.0
    """
    check_count(m=m, k=k, n=n)
    check_positive(element_size=element_size)
    return (m * k + k * n + m * n) * element_size


def traffic_no_reuse(m: float, k: float, n: float, tile: float, element_size: float) -> float:
    r"""Count the bytes loaded when every product of two tiles loads both of them: an estimate.

    $$ Q = 2 t^2 b \lceil M/t \rceil \lceil K/t \rceil \lceil N/t \rceil $$

    Assumption: one tile product at a time on the chip, nothing kept from one to the next except
    the sums, whose final store is not counted. This is the worst a sensible kernel does.

    Args:
        m: Rows of the first matrix, $M$. [1]
        k: Columns of the first and rows of the second matrix, $K$. [1]
        n: Columns of the second matrix, $N$. [1]
        tile: Edge of a square tile, $t$. [1]
        element_size: Bytes of one element, $b$. [B]

    Returns:
        Bytes loaded. [B]

    Raises:
        ValueError: If a size is not a whole number of at least 1 or element_size is not positive.

    References:
        Hong, Kung 1981, "I/O complexity: the red-blue pebble game",
        https://doi.org/10.1145/800076.802486

    Examples:
        128 tile products, two tiles of 32 KiB for each:

        >>> traffic_no_reuse(256, 1024, 1024, 128, 2) / 2**20
        8.0
    """
    check_positive(element_size=element_size)
    return 2.0 * tile**2 * element_size * _tile_products(m, k, n, tile)


def traffic_dettmers_2018(m: float, k: float, n: float, tile: float, element_size: float) -> float:
    r"""Count tile loads as in 2018, every tile of the first matrix with every tile of the second.

    $$ Q = t^2 b\, \lceil M/t \rceil \lceil K/t \rceil \cdot \lceil K/t \rceil \lceil N/t \rceil $$

    Kept to reproduce the published figures. It counts pairs that never meet: a tile in column $j$
    of $A$ is multiplied only with the tiles in row $j$ of $B$, so the pairs number
    $\lceil K/t \rceil$ times too many, while one tile is charged for each pair instead of two.
    The result is $\lceil K/t \rceil / 2$ times `traffic_no_reuse`.

    Args:
        m: Rows of the first matrix, $M$. [1]
        k: Columns of the first and rows of the second matrix, $K$. [1]
        n: Columns of the second matrix, $N$. [1]
        tile: Edge of a square tile, $t$. [1]
        element_size: Bytes of one element, $b$. [B]

    Returns:
        Bytes by that counting. [B]

    Raises:
        ValueError: If a size is not a whole number of at least 1 or element_size is not positive.

    References:
        Dettmers 2018, "TPUs vs GPUs for transformers (BERT)",
        https://timdettmers.com/2018/10/17/tpus-vs-gpus-for-transformers-bert/

    Examples:
        16 tiles against 64 tiles:

        >>> traffic_dettmers_2018(256, 1024, 1024, 128, 2) / 2**20
        32.0
    """
    check_positive(element_size=element_size)
    return tile**2 * element_size * _tile_products(m, k, n, tile) * ceil(k / tile)


def traffic_least(m: float, k: float, n: float, element_size: float, on_chip: float) -> float:
    r"""Compute the least bytes any schedule can move with a given on-chip memory: a bound.

    With room for $S$ elements, every schedule of the $MKN$ multiply-accumulates moves at least
    $2MKN/\sqrt{S} - 2S$ elements, and none moves less than each matrix once:

    $$ Q = b \max\!\left(MK + KN + MN,\; \frac{2MKN}{\sqrt S} - 2S\right), \quad S = C/b $$

    Assumption: the classical algorithm with every product formed (no Strassen), one level of
    on-chip memory shared by the whole chip, sums held at the width of the inputs. A kernel that
    keeps a square block of the result on chip comes close.

    Args:
        m: Rows of the first matrix, $M$. [1]
        k: Columns of the first and rows of the second matrix, $K$. [1]
        n: Columns of the second matrix, $N$. [1]
        element_size: Bytes of one element, $b$. [B]
        on_chip: Memory on the chip, $C$. [B]

    Returns:
        Lower bound of the bytes moved. [B]

    Raises:
        ValueError: If a size is not a whole number of at least 1, or another argument is not
            positive.

    References:
        Smith, Lowery, Langou, van de Geijn 2017, "A tight I/O lower bound for matrix
        multiplication", https://doi.org/10.48550/arXiv.1702.02017

    Examples:
        Square matrices of 32,768 with 6 MiB on chip move twelve times their own size:

        >>> once = traffic_each_once(32768, 32768, 32768, 2)
        >>> traffic_least(32768, 32768, 32768, 2, 6 * 2**20) / once
        12.3
    """
    check_positive(on_chip=on_chip)
    elements = on_chip / element_size
    bound = (2.0 * m * k * n / sqrt(elements) - 2 * elements) * element_size
    return maximum(traffic_each_once(m, k, n, element_size), bound)


def tile_intensity(tile: float, element_size: float) -> float:
    r"""Compute the operations per byte loaded of one tile product.

    A product of two square tiles does $2t^3$ operations on $2t^2 b$ loaded bytes:

    $$ I = t / b $$

    Args:
        tile: Edge of a square tile, $t$. [1]
        element_size: Bytes of one element, $b$. [B]

    Returns:
        Operations per byte. [FLOP/B]

    Raises:
        ValueError: If tile is not a whole number of at least 1 or element_size is not positive.

    References:
        Hong, Kung 1981, https://doi.org/10.1145/800076.802486

    Examples:
        >>> tile_intensity(128, 2)
        64.0
    """
    check_count(tile=tile)
    check_positive(element_size=element_size)
    return tile / element_size


def tile_needed(ridge: float, element_size: float) -> float:
    r"""Compute the square tile whose products alone keep a chip's arithmetic busy.

    The edge at which the intensity of a tile product, $t/b$, equals the ridge point $I^*$:

    $$ t^* = b\, I^* $$

    Below it, tiles must be shared or kept on the chip, or the chip waits for its memory.

    Args:
        ridge: Ridge point of the chip, $I^*$. [FLOP/B]
        element_size: Bytes of one element, $b$. [B]

    Returns:
        Edge of the tile in elements. [1]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Hong, Kung 1981, https://doi.org/10.1145/800076.802486

    Examples:
        TPU v2, 45 TFLOP/s and 700 GB/s, at 16 bits:

        >>> tile_needed(45e12 / 700e9, 2)
        128.6
    """
    check_positive(ridge=ridge, element_size=element_size)
    return ridge * element_size


def _tile_products(m: float, k: float, n: float, tile: float) -> float:
    """Count the products of two tiles in a matrix multiplication."""
    check_count(m=m, k=k, n=n, tile=tile)
    return ceil(m / tile) * ceil(k / tile) * ceil(n / tile)
