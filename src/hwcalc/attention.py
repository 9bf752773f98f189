r"""How long attention takes on a real chip: a whole prompt at once, or one token after another.

A fused kernel never writes the matrix of scores. For a prompt it is limited by arithmetic, done
block by block up to the diagonal; for a token it is limited by reading the keys and values of all
tokens before. Grouped queries share keys and values and so their reading. Latent attention reads
one compressed vector for all heads, and a window bounds what there is to read.

The constants belong to an architecture (see `machine`) and were fitted on one engine's kernels,
for 16-bit keys and values and heads of 128. What is left out: gaps between pages of a cache,
sequences of different lengths in one batch, and the kernel's choice of how to split a sequence,
which for a single long one takes up to a third longer than said here.
"""

from hwcalc.catalog import Accelerator
from hwcalc.kernels import missed
from hwcalc.machine import Machine, machine
from hwcalc.numeric import check_positive, maximum, minimum

__all__ = [
    "decode_latent_time",
    "decode_time",
    "prefill_flops",
    "prefill_time",
    "preparation_time",
]


def prefill_flops(
    batch: float, tokens: float, heads: float, head_dim: float, window: float
) -> float:
    r"""Count the operations of causal attention over a prompt.

    A query attends to itself and to what came before, at most $w$ tokens in all. Scores and
    weighted values take $4 d$ operations for each pair:

    $$ F = 4 b n d \left( w s - \frac{w (w - 1)}{2} \right), \quad w \le s $$

    Without a window, $w = s$, that is $2 b n d\, s (s + 1)$.

    Args:
        batch: Sequences, $b$. [1]
        tokens: Tokens of each, $s$. [tokens]
        heads: Heads of queries, $n$. [1]
        head_dim: Width of a head, $d$. [1]
        window: Tokens a query sees, itself included; any number from `tokens` on means all, $w$.
            [tokens]

    Returns:
        Operations. [FLOP]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Dao 2023, "FlashAttention-2", https://doi.org/10.48550/arXiv.2307.08691

    Examples:
        >>> prefill_flops(1, 4096, 32, 128, 4096) / 1e9
        137.5
        >>> prefill_flops(1, 4096, 32, 128, 1024) / 1e9
        60.1
    """
    check_positive(batch=batch, tokens=tokens, heads=heads, head_dim=head_dim, window=window)
    seen = minimum(window, tokens)
    return 4 * batch * heads * head_dim * (seen * tokens - seen * (seen - 1) / 2)


def prefill_time(
    accelerator: Accelerator | Machine,
    batch: float,
    tokens: float,
    heads: float,
    kv_heads: float,
    head_dim: float,
    window: float,
    dtype: str,
) -> float:
    r"""Estimate the time of a causal attention kernel over a prompt, fitted on measured ones.

    $$ T = T_0 + \frac{F}{\alpha \pi} + \frac{Q}{\beta B} $$

    with the operations $F$ of `prefill_flops`, to which each query adds half a block of $g$ keys
    that the mask cuts off, at a share $\alpha$ of the peak $\pi$; and queries, keys, values and
    results, $Q$, moved once.

    Assumption: keys and values are in place; an engine that rotates them and writes its cache
    first takes `preparation_time` more.

    Args:
        accelerator: An entry of the catalogue, or a machine made of plain numbers. [1]
        batch: Sequences, $b$. [1]
        tokens: Tokens of each, $s$. [tokens]
        heads: Heads of queries. [1]
        kv_heads: Heads of keys and values. [1]
        head_dim: Width of a head. [1]
        window: Tokens a query sees; any number from `tokens` on means all. [tokens]
        dtype: Precision of the products, a key of the chip's peaks: bf16, fp16, fp8. [1]

    Returns:
        Time of the kernel with its launch. [s]

    Raises:
        ValueError: If an argument is not positive or the chip has no rate for the precision.

    References:
        tests/fit_constants.py, on the tables named in data/fitted/attention.toml

    Examples:
        A prompt of 8,192 tokens with the heads of an 8-billion Llama on an H100:

        >>> from hwcalc import catalog
        >>> h100 = catalog.accelerators()["h100-sxm"]
        >>> prefill_time(h100, 1, 8192, 32, 8, 128, 8192, "bf16") * 1e3
        1.1
    """
    check_positive(kv_heads=kv_heads)
    chip = machine(accelerator)
    flops = prefill_flops(batch, tokens, heads, head_dim, window)
    flops = flops + 2 * batch * heads * head_dim * tokens * chip.constants["cut"]
    moved = _moved(batch, tokens, heads, kv_heads, head_dim)
    arithmetic = flops / (chip.constants["attend"] * chip.peak[dtype])
    stream = chip.constants["stream"] * chip.bandwidth
    return chip.constants["launch"] + arithmetic + moved / stream


def preparation_time(
    accelerator: Accelerator | Machine,
    batch: float,
    tokens: float,
    heads: float,
    kv_heads: float,
    head_dim: float,
) -> float:
    r"""Estimate what an engine does before attending to a prompt: rotate, and fill the cache.

    $$ T = T_p + \rho \frac{Q}{B} $$

    Args:
        accelerator: An entry of the catalogue, or a machine made of plain numbers. [1]
        batch: Sequences. [1]
        tokens: Tokens of each. [tokens]
        heads: Heads of queries. [1]
        kv_heads: Heads of keys and values. [1]
        head_dim: Width of a head. [1]

    Returns:
        Time beside the attention kernel's own. [s]

    Raises:
        ValueError: If an argument is not positive.

    References:
        tests/fit_constants.py, on the tables named in data/fitted/attention.toml

    Examples:
        >>> from hwcalc import catalog
        >>> h100 = catalog.accelerators()["h100-sxm"]
        >>> preparation_time(h100, 1, 8192, 32, 8, 128) * 1e6
        63.
    """
    check_positive(batch=batch, tokens=tokens, heads=heads, kv_heads=kv_heads, head_dim=head_dim)
    chip = machine(accelerator)
    moved = _moved(batch, tokens, heads, kv_heads, head_dim)
    prepare = chip.constants["prepare"]
    return chip.constants["prepare_launch"] + prepare * moved / chip.bandwidth


def decode_time(
    accelerator: Accelerator | Machine,
    batch: float,
    cached: float,
    kv_heads: float,
    head_dim: float,
    bytes_per_value: float,
    window: float,
    repeated: bool = False,
) -> float:
    r"""Estimate the time of an attention kernel for one new token of each sequence, fitted.

    It reads the keys and values of all tokens before, once for each group of queries, and loses
    up to $T_r$ until enough reads are under way:

    $$ T = T_0 + T_m + \frac{T_r T_m}{T_r + T_m}, \quad T_m = \frac{Q}{\beta B}, \quad
    Q = 2 b\, c\, n_{kv} d\, e $$

    Assumption: reading takes longer than the arithmetic, which holds for up to some hundred
    queries to each head of keys and values.

    Args:
        accelerator: An entry of the catalogue, or a machine made of plain numbers. [1]
        batch: Sequences, $b$. [1]
        cached: Tokens in the cache of each, $c$. [tokens]
        kv_heads: Heads of keys and values, $n_{kv}$. [1]
        head_dim: Width of a head, $d$. [1]
        bytes_per_value: Size of a stored key or value, $e$. [B]
        window: Tokens a query sees; any number from `cached` on means all. [tokens]
        repeated: The same cache was read a moment ago, as in a benchmark's loop. [1]

    Returns:
        Time of the kernel with its launch and what prepares it. [s]

    Raises:
        ValueError: If an argument is not positive.

    References:
        tests/fit_constants.py, on the tables named in data/fitted/attention.toml

    Examples:
        64 sequences of 4,096 tokens, heads of an 8-billion Llama, on an H100:

        >>> from hwcalc import catalog
        >>> h100 = catalog.accelerators()["h100-sxm"]
        >>> decode_time(h100, 64, 4096, 8, 128, 2, 4096) * 1e6
        366.
    """
    check_positive(
        batch=batch,
        cached=cached,
        kv_heads=kv_heads,
        head_dim=head_dim,
        bytes_per_value=bytes_per_value,
        window=window,
    )
    read = 2 * batch * minimum(cached, window) * kv_heads * head_dim * bytes_per_value
    return _read_time(machine(accelerator), read, repeated)


def decode_latent_time(
    accelerator: Accelerator | Machine,
    batch: float,
    cached: float,
    heads: float,
    kv_rank: float,
    rope_dim: float,
    bytes_per_value: float,
    dtype: str,
) -> float:
    r"""Estimate the time of latent attention (MLA) for one new token of each sequence.

    All heads read the same compressed vector and the shared rotary key, but each multiplies with
    them in full width, so that arithmetic may take longer than reading:

    $$ T = T_0 + \max\!\left( \frac{b\, c\, (r + \rho)\, e}{\beta B},\;
    \frac{2 b\, c\, n\, (2 r + \rho)}{\alpha \pi} \right) $$

    Assumption: projections are absorbed into queries and results, as engines do for decoding; the
    shares $\alpha$ and $\beta$ are those of ordinary attention, since no kernel of this kind is
    among the tables.

    Args:
        accelerator: An entry of the catalogue, or a machine made of plain numbers. [1]
        batch: Sequences, $b$. [1]
        cached: Tokens in the cache of each, $c$. [tokens]
        heads: Heads of queries, $n$. [1]
        kv_rank: Width of the compressed vector, $r$. [1]
        rope_dim: Width of the shared rotary key, $\rho$. [1]
        bytes_per_value: Size of a stored number, $e$. [B]
        dtype: Precision of the products, a key of the chip's peaks. [1]

    Returns:
        Time of the kernel with its launch and what prepares it. [s]

    Raises:
        ValueError: If an argument is not positive or the chip has no rate for the precision.

    References:
        DeepSeek-AI 2024, "DeepSeek-V2", https://doi.org/10.48550/arXiv.2405.04434

    Examples:
        64 sequences of 4,096 tokens with the 128 heads of DeepSeek-V3 on an H100:

        >>> from hwcalc import catalog
        >>> h100 = catalog.accelerators()["h100-sxm"]
        >>> decode_latent_time(h100, 64, 4096, 128, 512, 64, 2, "bf16") * 1e6
        147.
    """
    check_positive(
        batch=batch,
        cached=cached,
        heads=heads,
        kv_rank=kv_rank,
        rope_dim=rope_dim,
        bytes_per_value=bytes_per_value,
    )
    chip = machine(accelerator)
    read = batch * cached * (kv_rank + rope_dim) * bytes_per_value
    flops = 2 * batch * cached * heads * (2 * kv_rank + rope_dim)
    arithmetic = flops / (chip.constants["attend"] * chip.peak[dtype])
    launch = chip.constants["decode_launch"]
    return maximum(_read_time(chip, read, repeated=False), launch + arithmetic)


def _moved(batch: float, tokens: float, heads: float, kv_heads: float, head_dim: float) -> float:
    """Bytes of queries, keys, values and results in 16 bits."""
    return 4 * batch * tokens * (heads + kv_heads) * head_dim


def _read_time(chip: Machine, read: float, repeated: bool) -> float:
    """Time to read a cache of keys and values; what a loop left on the chip comes faster."""
    get = chip.constants
    share = missed(chip, read, get["kept"]) if repeated else 1.0
    full = share * read / (get["decode_stream"] * chip.bandwidth)
    rise = get["decode_rise"] * full / (get["decode_rise"] + full)
    near = (1 - share) * read / (get["decode_cache"] * chip.bandwidth)
    return get["decode_launch"] + full + rise + near
