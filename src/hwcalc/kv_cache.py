"""Memory for the keys and values that a transformer keeps of every token it has read.

Counted are the numbers attention needs; padding, page sizes and scales of quantised caches are
left out. Layers of linear attention have no cache but a state of fixed size, `state_bytes`.
"""

from hwcalc.networks import Transformer
from hwcalc.numeric import check_non_negative, check_positive, minimum

__all__ = ["cache_bytes", "cache_bytes_per_token", "state_bytes"]


def cache_bytes_per_token(network: Transformer, bytes_per_value: float) -> float:
    r"""Count the bytes of keys and values that one more token adds to the cache.

    Exact for what attention must keep, in every layer, before any window is full. Heads of keys
    and values count, not query heads; latent attention keeps one compressed vector and the shared
    key instead; an indexer keeps a key of its own. Padding and page sizes are left out.

    $$ C = b \left( 2 L n_{kv} d \right) \quad\text{or}\quad C = b L (c + r) $$

    Args:
        network: A network of the catalogue. [1]
        bytes_per_value: Size of a stored number. [B]

    Returns:
        Bytes per token of one sequence. [B/token]

    Raises:
        ValueError: If bytes_per_value is not positive, or the network is not modelled or keeps no
            cache (an encoder).

    References:
        Shazeer 2019, "Fast transformer decoding", https://doi.org/10.48550/arXiv.1911.02150

        DeepSeek-AI 2024, "DeepSeek-V2", https://doi.org/10.48550/arXiv.2405.04434

    Examples:
        >>> from hwcalc import catalog
        >>> cache_bytes_per_token(catalog.transformers()["llama3-8b"], 2)
        131072
        >>> cache_bytes_per_token(catalog.transformers()["deepseek-v3"], 2)
        70272
    """
    return cache_bytes(network, 1, bytes_per_value)


def cache_bytes(network: Transformer, tokens: float, bytes_per_value: float) -> float:
    """Count the bytes of keys and values of one sequence.

    As `cache_bytes_per_token`, and a layer with a window keeps no more tokens than the window.
    An encoder-decoder keeps a decoder's own keys and values; those of its cross-attention, fixed
    once the input is read, are left out.

    Args:
        network: A network of the catalogue. [1]
        tokens: Length of the sequence. [tokens]
        bytes_per_value: Size of a stored number. [B]

    Returns:
        Size of the cache. [B]

    Raises:
        ValueError: If tokens is negative or bytes_per_value is not positive, or the network is not
            modelled or keeps no cache (an encoder).

    References:
        Beltagy et al. 2020, "Longformer", https://doi.org/10.48550/arXiv.2004.05150

    Examples:
        Half the layers of gpt-oss-120b look back 128 tokens only:

        >>> from hwcalc import catalog
        >>> gpt_oss = catalog.transformers()["gpt-oss-120b"]
        >>> cache_bytes(gpt_oss, 131072, 2) / (131072 * cache_bytes_per_token(gpt_oss, 2))
        0.500
    """
    check_non_negative(tokens=tokens)
    check_positive(bytes_per_value=bytes_per_value)
    network.check_computable()
    if network.kind == "encoder":
        raise ValueError(f"{network.name} is an encoder and keeps no cache; choose a decoder")
    if network.latent:
        values = network.layers * (network.latent.kv_rank + network.latent.rope_dim) * tokens
    else:
        width = network.head_dim + network.value_dim
        window = network.window
        full_layers = network.layers - (window.layers if window else 0)
        full_layers -= network.linear.layers if network.linear else 0
        values = full_layers * network.kv_heads * width * tokens
        if window:
            kept = minimum(tokens, window.tokens)
            values = values + window.layers * window.kv_heads * width * kept
    if network.indexer:
        values = values + network.indexer.layers * network.indexer.head_dim * tokens
    return values * bytes_per_value


def state_bytes(network: Transformer, bytes_per_value: float) -> float:
    r"""Count the bytes that layers of linear attention keep of one sequence.

    Exact for the matrix $d \times d$ of every value head and the last $k - 1$ inputs of the
    convolution; independent of the length of the sequence. A network without such layers keeps 0.

    $$ S = b L \left( n_v d^2 + (k - 1)(2 n_k + n_v) d \right) $$

    Args:
        network: A network of the catalogue. [1]
        bytes_per_value: Size of a stored number. [B]

    Returns:
        Size of the state. [B]

    Raises:
        ValueError: If bytes_per_value is not positive, or the network is not modelled.

    References:
        Yang et al. 2024, "Gated delta networks", https://doi.org/10.48550/arXiv.2412.06464

    Examples:
        The state of Qwen3.5 27B, as the number of tokens whose cache is as large:

        >>> from hwcalc import catalog
        >>> qwen = catalog.transformers()["qwen3.5-27b"]
        >>> state_bytes(qwen, 2) / cache_bytes_per_token(qwen, 2)
        1197.0
    """
    check_positive(bytes_per_value=bytes_per_value)
    network.check_computable()
    if not (linear := network.linear):
        return 0.0
    matrices = linear.value_heads * linear.head_dim**2
    width = (2 * linear.key_heads + linear.value_heads) * linear.head_dim
    return bytes_per_value * linear.layers * (matrices + (linear.kernel - 1) * width)
