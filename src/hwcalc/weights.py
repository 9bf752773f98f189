"""Parameters of a transformer's parts: one function for each kind of weight matrix.

Counts are exact for the matrices named. Biases, norms and tables of positions are added in
`hwcalc.transformer`, where a whole network is counted.
"""

from hwcalc.numeric import check_non_negative, check_positive

__all__ = [
    "attention_parameters",
    "gated_delta_parameters",
    "indexer_parameters",
    "latent_attention_parameters",
    "mlp_parameters",
    "parameters_per_layer",
]


def attention_parameters(
    hidden: float, heads: float, kv_heads: float, head_dim: float
) -> dict[str, float]:
    r"""Count the weights of an attention layer, by matrix.

    Queries and output have $n$ heads, keys and values $n_{kv}$: multi-head attention with
    $n_{kv} = n$, multi-query with $n_{kv} = 1$, grouped-query between.

    $$ P = 2 h d (n + n_{kv}) $$

    Args:
        hidden: Width of the network, $h$. [1]
        heads: Query heads, $n$. [1]
        kv_heads: Heads of keys and values, $n_{kv}$. [1]
        head_dim: Width of a head, $d$. [1]

    Returns:
        Weights by matrix: query, key, value, output. [1]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Ainslie et al. 2023, "GQA", https://doi.org/10.48550/arXiv.2305.13245

    Examples:
        Llama 3 8B, with 32 heads on 8 heads of keys and values:

        >>> sum(attention_parameters(4096, 32, 8, 128).values())
        41943040
    """
    check_positive(hidden=hidden, heads=heads, kv_heads=kv_heads, head_dim=head_dim)
    return {
        "query": hidden * heads * head_dim,
        "key": hidden * kv_heads * head_dim,
        "value": hidden * kv_heads * head_dim,
        "output": heads * head_dim * hidden,
    }


def latent_attention_parameters(
    hidden: float,
    heads: float,
    query_rank: float,
    kv_rank: float,
    nope_dim: float,
    rope_dim: float,
    value_dim: float,
) -> dict[str, float]:
    r"""Count the weights of a layer of multi-head latent attention, by matrix.

    Keys and values are rebuilt from one vector of rank $c$; the part of a key that carries the
    position, of width $r$, is shared by all heads and projected directly. The norms of the two
    compressed vectors are counted with the matrices that make them.

    $$ P = h q + q + q n (d + r) + h (c + r) + c + c n (d + v) + n v h $$

    Args:
        hidden: Width of the network, $h$. [1]
        heads: Heads, $n$. [1]
        query_rank: Width of the compressed query, $q$; 0 where queries are not compressed. [1]
        kv_rank: Width of the compressed keys and values, $c$. [1]
        nope_dim: Width of a head's key without position, $d$. [1]
        rope_dim: Width of the shared key with position, $r$. [1]
        value_dim: Width of a head's value, $v$. [1]

    Returns:
        Weights by matrix: query_down, query_up, kv_down, kv_up, output. [1]

    Raises:
        ValueError: If query_rank or rope_dim is negative, or another argument not positive.

    References:
        DeepSeek-AI 2024, "DeepSeek-V2", https://doi.org/10.48550/arXiv.2405.04434

    Examples:
        DeepSeek-V3:

        >>> sum(latent_attention_parameters(7168, 128, 1536, 512, 128, 64, 128).values())
        187107328
    """
    check_positive(
        hidden=hidden, heads=heads, kv_rank=kv_rank, nope_dim=nope_dim, value_dim=value_dim
    )
    check_non_negative(query_rank=query_rank, rope_dim=rope_dim)
    compressed = query_rank > 0
    return {
        "query_down": hidden * query_rank + query_rank,
        # Without compression queries come from the hidden vector itself.
        "query_up": (query_rank + (1 - compressed) * hidden) * heads * (nope_dim + rope_dim),
        "kv_down": hidden * (kv_rank + rope_dim) + kv_rank,
        "kv_up": kv_rank * heads * (nope_dim + value_dim),
        "output": heads * value_dim * hidden,
    }


def gated_delta_parameters(
    hidden: float, key_heads: float, value_heads: float, head_dim: float, kernel: float
) -> dict[str, float]:
    r"""Count the weights of a layer of gated linear attention (Gated DeltaNet), by matrix.

    One matrix makes queries and keys, values and their gate; another the two numbers per head
    that decay and update its state; a short convolution runs over the first three.

    $$ P = h (2 n_k d + 2 n_v d) + 2 h n_v + k (2 n_k d + n_v d) + (2 n_v + d) + n_v d h $$

    Args:
        hidden: Width of the network, $h$. [1]
        key_heads: Heads of queries and keys, $n_k$. [1]
        value_heads: Heads of values, $n_v$. [1]
        head_dim: Width of a head, $d$. [1]
        kernel: Tokens the convolution sees, $k$. [1]

    Returns:
        Weights by matrix: input, gates, convolution, norm, output. [1]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Yang et al. 2024, "Gated delta networks", https://doi.org/10.48550/arXiv.2412.06464

    Examples:
        Qwen3-Next 80B:

        >>> sum(gated_delta_parameters(2048, 16, 32, 128, 4).values())
        33718464
    """
    check_positive(
        hidden=hidden,
        key_heads=key_heads,
        value_heads=value_heads,
        head_dim=head_dim,
        kernel=kernel,
    )
    keys, values = key_heads * head_dim, value_heads * head_dim
    return {
        "input": hidden * (2 * keys + 2 * values),
        "gates": 2 * hidden * value_heads,
        "convolution": kernel * (2 * keys + values),
        # A bias and a decay for every head, and the scale of the norm that all heads share.
        "norm": 2 * value_heads + head_dim,
        "output": values * hidden,
    }


def indexer_parameters(
    hidden: float, query_rank: float, heads: float, head_dim: float
) -> dict[str, float]:
    r"""Count the weights of a sparse-attention indexer, by matrix.

    Queries of $n$ small heads come from the compressed query, one key of width $d$ and one weight
    per head from the hidden vector; the key passes a norm with scale and shift.

    $$ P = q n d + h d + 2 d + h n $$

    Args:
        hidden: Width of the network, $h$. [1]
        query_rank: Width of the compressed query, $q$. [1]
        heads: Heads of the indexer, $n$. [1]
        head_dim: Width of its heads, $d$. [1]

    Returns:
        Weights by matrix: query, key, weights. [1]

    Raises:
        ValueError: If an argument is not positive.

    References:
        DeepSeek-AI 2025, "DeepSeek-V3.2", https://doi.org/10.48550/arXiv.2512.02556

    Examples:
        >>> sum(indexer_parameters(7168, 1536, 64, 128).values())
        13959424
    """
    check_positive(hidden=hidden, query_rank=query_rank, heads=heads, head_dim=head_dim)
    return {
        "query": query_rank * heads * head_dim,
        "key": hidden * head_dim + 2 * head_dim,
        "weights": hidden * heads,
    }


def mlp_parameters(hidden: float, ffn_hidden: float, matrices: float) -> float:
    r"""Count the weights of an MLP, or of one expert.

    $$ P = m h f $$

    Args:
        hidden: Width of the network, $h$. [1]
        ffn_hidden: Width of the MLP, $f$. [1]
        matrices: Matrices, $m$: 2 (up, down), or 3 where a gate multiplies the up branch. [1]

    Returns:
        Weights. [1]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Shazeer 2020, "GLU variants improve transformer",
        https://doi.org/10.48550/arXiv.2002.05202

    Examples:
        >>> mlp_parameters(4096, 14336, 3)
        176160768
    """
    check_positive(hidden=hidden, ffn_hidden=ffn_hidden, matrices=matrices)
    return matrices * hidden * ffn_hidden


def parameters_per_layer(
    hidden: float,
    heads: float,
    kv_heads: float,
    head_dim: float,
    ffn_hidden: float,
    matrices: float,
) -> float:
    r"""Count the matrix weights of one layer of a dense transformer.

    Biases and norms are left out, some thousandths of the whole. With multi-head attention of
    width $h$ and a plain MLP of width $4h$ this is the familiar $12 h^2$.

    $$ P = 2 h d (n + n_{kv}) + m h f $$

    Args:
        hidden: Width of the network, $h$. [1]
        heads: Query heads, $n$. [1]
        kv_heads: Heads of keys and values, $n_{kv}$. [1]
        head_dim: Width of a head, $d$. [1]
        ffn_hidden: Width of the MLP, $f$. [1]
        matrices: Matrices of the MLP, $m$: 2, or 3 if gated. [1]

    Returns:
        Weights. [1]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Kaplan et al. 2020, "Scaling laws for neural language models", table 1,
        https://doi.org/10.48550/arXiv.2001.08361

    Examples:
        >>> parameters_per_layer(1024, 16, 16, 64, 4096, 2) == 12 * 1024**2
        True
    """
    attention = sum(attention_parameters(hidden, heads, kv_heads, head_dim).values())
    return attention + mlp_parameters(hidden, ffn_hidden, matrices)
