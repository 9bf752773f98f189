"""Memory for the keys and values that a transformer keeps of every token it has read.

Counted are the numbers attention needs; padding, page sizes, scales of quantised caches and the
state of linear-attention layers are left out.
"""

from hwcalc.networks import Transformer
from hwcalc.numeric import check_non_negative, check_positive, minimum

__all__ = ["cache_bytes", "cache_bytes_per_token"]


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
        values = full_layers * network.kv_heads * width * tokens
        if window:
            kept = minimum(tokens, window.tokens)
            values = values + window.layers * window.kv_heads * width * kept
    if network.indexer:
        values = values + network.indexer.layers * network.indexer.head_dim * tokens
    return values * bytes_per_value
