r"""Mixture of experts in serving: how many experts a batch meets, and how long they take.

A token meets $k$ of $E$ experts. A small batch meets few of them and reads few weights; a large
one meets nearly all, and then each expert has its own small product. Memory must hold them all.

Some experts are chosen more often than others, so that a batch meets fewer of them, and where ranks
hold whole experts all wait for the busiest. What is left out: copies of popular experts, with which
engines even that out.
"""

from hwcalc.catalog import Accelerator
from hwcalc.kernels import stream_time
from hwcalc.machine import FORMATS, Machine, machine
from hwcalc.numeric import (
    ceil,
    check_at_least,
    check_non_negative,
    check_positive,
    log,
    maximum,
    minimum,
    sqrt,
)

__all__ = [
    "busiest_share",
    "distinct_experts",
    "distinct_experts_uniform",
    "experts_time",
    "routing_time",
]

# Rows of the tiles that grouped kernels have; a group of fewer rows than a tile wastes the rest.
TILE_ROWS = (16.0, 64.0, 128.0)
# Kernels around the experts' products: choose, sort by expert, copy there, add up weighted.
ROUTING_KERNELS = 4


def distinct_experts_uniform(experts: float, per_token: float, tokens: float) -> float:
    r"""Estimate how many different experts a batch meets if all are chosen equally often.

    Expectation, if each token chooses at random and independently of the others; an upper bound
    on what real routing meets:

    $$ D = E \left( 1 - \left( 1 - \frac{k}{E} \right)^{t} \right) $$

    Args:
        experts: Routed experts of a layer, $E$. [1]
        per_token: Experts of one token, $k$. [1]
        tokens: Tokens of the batch, $t$. [tokens]

    Returns:
        Expected number of experts with at least one token. [1]

    Raises:
        ValueError: If experts or per_token is not positive, tokens is negative, or per_token
            exceeds experts.

    References:
        Flajolet et al. 1992, "Birthday paradox, coupon collectors, caching algorithms and
        self-organizing search", https://doi.org/10.1016/0166-218X(92)90177-C

    Examples:
        One token of DeepSeek-V3 meets 8 of its 256 experts, 64 tokens nearly all:

        >>> distinct_experts_uniform(256, 8, 1), distinct_experts_uniform(256, 8, 64)
        (8.0, 222.4)
    """
    check_positive(experts=experts, per_token=per_token)
    check_non_negative(tokens=tokens, spare_experts=experts - per_token)
    missed: float = (1 - per_token / experts) ** tokens
    return experts * (1 - missed)


def distinct_experts(experts: float, per_token: float, tokens: float) -> float:
    r"""Estimate how many different experts a batch meets if some are chosen more often.

    As `distinct_experts_uniform`, but the probability that a token chooses an expert differs from
    expert to expert: it follows a beta distribution with mean $k/E$ and first parameter 1, which
    falls nearly exponentially from unpopular to popular ones. Then

    $$ D = E\, \frac{t}{t + E/k - 1} $$

    Assumption: so wide a spread. It follows from no theory; the batches of
    tests/accuracy/inference.py agree with it better than with equal popularity.

    Args:
        experts: Routed experts of a layer, $E$. [1]
        per_token: Experts of one token, $k$. [1]
        tokens: Tokens of the batch, $t$. [tokens]

    Returns:
        Expected number of experts with at least one token. [1]

    Raises:
        ValueError: If experts, per_token or tokens is not positive, or per_token exceeds experts.

    References:
        Flajolet et al. 1992, "Birthday paradox, coupon collectors, caching algorithms and
        self-organizing search", https://doi.org/10.1016/0166-218X(92)90177-C

    Examples:
        >>> distinct_experts(256, 8, 1), distinct_experts(256, 8, 64)
        (8.0, 172.5)
    """
    check_positive(experts=experts, per_token=per_token, tokens=tokens)
    check_non_negative(spare_experts=experts - per_token)
    return experts * tokens / (tokens + experts / per_token - 1)


def busiest_share(experts: float, ranks: float) -> float:
    r"""Estimate how many more tokens the busiest of several ranks gets than the mean.

    A rank with $E/r$ experts of nearly exponential popularity has a relative deviation of
    $\sqrt{r/E}$, and the largest of $r$ normal numbers lies about $\sqrt{2 \ln r} - 0.6$
    deviations above the mean (within 4 % from 2 to 64):

    $$ \phi = 1 + \left( \sqrt{2 \ln r} - 0.6 \right) \sqrt{r / E} $$

    Args:
        experts: Routed experts of a layer, $E$. [1]
        ranks: Ranks that divide whole experts among them, $r$. [1]

    Returns:
        Tokens of the busiest rank over the mean; 1 for one rank. [1]

    Raises:
        ValueError: If experts is not positive or ranks is below 1.

    References:
        Harter 1961, "Expected values of normal order statistics",
        https://doi.org/10.1093/biomet/48.1-2.151

    Examples:
        >>> busiest_share(128, 8)
        1.36
    """
    check_positive(experts=experts)
    check_at_least(1, ranks=ranks)
    above = maximum(0.0, sqrt(2 * log(ranks)) - 0.6)
    return 1 + above * sqrt(ranks / experts)


def experts_time(
    accelerator: Accelerator | Machine,
    tokens: float,
    experts: float,
    per_token: float,
    depth: float,
    width: float,
    dtype: str,
) -> float:
    r"""Estimate the time of one grouped product: every expert multiplies the tokens it was given.

    The experts met read their weights once, and each rounds its rows up to a tile $t_m$:

    $$ T = T_0 + \min_{t_m} \left[ \left( \frac{2 D \lceil m / t_m \rceil t_m K N}{\pi'} \right)^4
    + \left( \frac{Q}{\beta B} \right)^4 \right]^{1/4}, \quad m = \frac{t k}{D} $$

    with the experts met $D$ of `distinct_experts` and the bytes $Q$ of their weights and of rows
    in and out.

    Assumption: launch, share of the bandwidth and sustained rate are those of ordinary products
    (`kernels.matmul_time`), and tiles keep all multiprocessors busy.

    Args:
        accelerator: An entry of the catalogue, or a machine. [1]
        tokens: Tokens of the batch that choose among these experts. [tokens]
        experts: Experts on this rank. [1]
        per_token: Experts of this rank that a token chooses, on average. [1]
        depth: Rows of an expert's matrix, $K$. [1]
        width: Columns of it, $N$. [1]
        dtype: A key of `machine.FORMATS`. [1]

    Returns:
        Time of the kernel with its launch. [s]

    Raises:
        ValueError: If an argument is not positive, the format is unknown, or the chip has no rate
            for it.

    References:
        Gale et al. 2022, "MegaBlocks", https://doi.org/10.48550/arXiv.2211.15841

    Examples:
        The first product of a layer of Qwen3-235B for 64 tokens on an H100, a quarter of each of
        its 128 experts, in microseconds:

        >>> from hwcalc import catalog
        >>> h100 = catalog.accelerators()["h100-sxm"]
        >>> experts_time(h100, 64, 128, 8, 4096, 2 * 1536 / 4, "fp8") * 1e6
        121.
    """
    check_positive(tokens=tokens, depth=depth, width=width)
    if dtype not in FORMATS:
        raise ValueError(f"dtype = {dtype!r}: must be one of {', '.join(FORMATS)}")
    chip, form = machine(accelerator), FORMATS[dtype]
    met = distinct_experts(experts, per_token, tokens)
    rows = tokens * per_token
    each = rows / met
    padded = minimum(*(ceil(each / tile) * tile for tile in TILE_ROWS))
    arithmetic = 2 * met * padded * depth * width / chip.rate(dtype)
    moved = met * depth * width * form.second + rows * (depth * form.first + width * form.result)
    memory = moved / (chip.constant("stream", dtype) * chip.bandwidth)
    longer: float = (arithmetic**4 + memory**4) ** 0.25
    return chip.constant("launch", dtype) + longer


def routing_time(
    accelerator: Accelerator | Machine, tokens: float, hidden: float, per_token: float
) -> float:
    """Estimate the time of the small kernels around the experts: choose, sort, copy, add up.

    Assumption: each is a stream of its own; tokens are copied to their experts and their results
    read back in 16 bits.

    Args:
        accelerator: An entry of the catalogue, or a machine. [1]
        tokens: Tokens of the batch. [tokens]
        hidden: Width of the network. [1]
        per_token: Experts of one token. [1]

    Returns:
        Time of the kernels of one layer. [s]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Gale et al. 2022, "MegaBlocks", section 5, https://doi.org/10.48550/arXiv.2211.15841

    Examples:
        >>> from hwcalc import catalog
        >>> routing_time(catalog.accelerators()["h100-sxm"], 64, 4096, 8) * 1e6
        14.
    """
    check_positive(tokens=tokens, hidden=hidden, per_token=per_token)
    chip = machine(accelerator)
    moved = 2 * 2 * tokens * hidden * (per_token + 1)
    return stream_time(chip, moved) + (ROUTING_KERNELS - 1) * stream_time(chip, 0.0 * moved)
