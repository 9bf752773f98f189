"""Parameters and floating-point operations of a transformer, from its configuration.

Counts follow from the shapes of the weight matrices. FLOP are counted for matrix
multiplications only, a multiply-accumulate as two; normalisation, activation functions and
softmax are left out: they are below one percent of the operations of a wide network, though not
of its time.
"""

from hwcalc.networks import Transformer
from hwcalc.numeric import check_non_negative, check_positive
from hwcalc.weights import (
    attention_parameters,
    gated_delta_parameters,
    indexer_parameters,
    latent_attention_parameters,
    mlp_parameters,
)

__all__ = [
    "active_parameters",
    "forward_flops_per_token",
    "parameter_count",
    "parameters",
    "training_flops_per_token",
]


def forward_flops_per_token(
    parameters: float, layers: float, hidden: float, sequence: float
) -> float:
    r"""Estimate the FLOP of a forward pass for one token.

    Every weight is multiplied and added once, $2P$, and each layer's attention multiplies
    queries with keys and probabilities with values of all $s$ positions, $4hs$:

    $$ F = 2P + 4 L h s $$

    Assumption: every parameter is a matrix weight that each token meets (leave out an embedding
    that is only looked up), and attention is full; a causal mask that is exploited halves the
    second term on average.

    Args:
        parameters: Weights that take part in one token's forward pass, $P$. [1]
        layers: Layers with attention, $L$. [1]
        hidden: Width of the attention, heads times head size, $h$. [1]
        sequence: Tokens each token attends to, $s$. [tokens]

    Returns:
        Operations per token. [FLOP]

    Raises:
        ValueError: If parameters is not positive, or another argument is negative.

    References:
        Kaplan et al. 2020, "Scaling laws for neural language models", table 1,
        https://doi.org/10.48550/arXiv.2001.08361

    Examples:
        GPT-3 with 175 billion weights, 96 layers, width 12,288 and 2,048 tokens:

        >>> forward_flops_per_token(175e9, 96, 12288, 2048) / 1e9
        359.66
    """
    check_positive(parameters=parameters)
    check_non_negative(layers=layers, hidden=hidden, sequence=sequence)
    return 2 * parameters + 4 * layers * hidden * sequence


def training_flops_per_token(
    parameters: float, layers: float, hidden: float, sequence: float
) -> float:
    r"""Estimate the FLOP of a training step, forward and backward, for one token.

    The backward pass multiplies each matrix twice, once for the gradient of its input and once
    for the gradient of its weights, so training takes three times the forward pass:

    $$ F = 6P + 12 L h s $$

    Assumption: as for the forward pass, and nothing is computed a second time. Recomputed
    activations are work for the hardware but not for the network, and are not counted.

    Args:
        parameters: Weights that take part in one token's forward pass, $P$. [1]
        layers: Layers with attention, $L$. [1]
        hidden: Width of the attention, heads times head size, $h$. [1]
        sequence: Tokens each token attends to, $s$. [tokens]

    Returns:
        Operations per token. [FLOP]

    Raises:
        ValueError: If parameters is not positive, or another argument is negative.

    References:
        Chowdhery et al. 2022, "PaLM: scaling language modeling with Pathways", appendix B,
        https://doi.org/10.48550/arXiv.2204.02311

    Examples:
        BERT-large with 335 million weights on sequences of 128 tokens:

        >>> training_flops_per_token(335e6, 24, 1024, 128) / 1e9
        2.048
    """
    return 3 * forward_flops_per_token(parameters, layers, hidden, sequence)


def parameters(network: Transformer) -> dict[str, int]:
    """Count the parameters of a network by part, from its configuration.

    Exact for the configuration: equal to the size of the public checkpoint. Vision encoders and
    modules that predict several tokens at once are not in the configurations.

    Args:
        network: A network of the catalogue. [1]

    Returns:
        Parameters by `part/subpart`; their sum is the total. [1]

    Raises:
        ValueError: If the network has a part that is not modelled (`network.computable` is false).

    References:
        Vaswani et al. 2017, "Attention is all you need",
        https://doi.org/10.48550/arXiv.1706.03762

    Examples:
        >>> from hwcalc import catalog
        >>> sum(parameters(catalog.transformers()["llama2-70b"]).values())
        68976648192
    """
    return _count(network, network.experts.count if network.experts else 0)


def active_parameters(network: Transformer) -> dict[str, int]:
    """Count the parameters that one token meets, by part.

    Exact for the configuration. Of the routed experts only those chosen for a token count; both
    embedding tables count in full, as in `parameters`. A dense network uses all it has.

    Args:
        network: A network of the catalogue. [1]

    Returns:
        Parameters by `part/subpart`; their sum is the total. [1]

    Raises:
        ValueError: If the network has a part that is not modelled (`network.computable` is false).

    References:
        Jiang et al. 2024, "Mixtral of experts", https://doi.org/10.48550/arXiv.2401.04088

    Examples:
        >>> from hwcalc import catalog
        >>> sum(active_parameters(catalog.transformers()["mixtral-8x7b"]).values()) / 1e9
        12.880
    """
    return _count(network, network.experts.per_token if network.experts else 0)


def parameter_count(network: Transformer, active: bool) -> float:
    """Give the number of parameters of any network of the catalogue.

    Computed from the configuration where that is modelled, else the count of the public code that
    the catalogue records.

    Args:
        network: A network of the catalogue. [1]
        active: Only those one token meets, or all. [1]

    Returns:
        Parameters. [1]

    References:
        src/hwcalc/data/networks/transformers, key counted

    Examples:
        >>> from hwcalc import catalog
        >>> parameter_count(catalog.transformers()["deepseek-v3"], active=False) / 1e9
        671.03
    """
    if network.computable:
        return sum((active_parameters if active else parameters)(network).values())
    if active and network.counted_active is not None:
        return network.counted_active
    return network.counted


def _check_modelled(network: Transformer) -> None:
    if not network.computable:
        raise ValueError(
            f"{network.name} cannot be computed from its configuration: {network.reason}"
        )


def _count(network: Transformer, experts: int) -> dict[str, int]:
    """Count all parts, with so many routed experts in each layer that has them."""
    network.check_computable()
    parts = {
        **_embedding(network),
        **{f"attention/{name}": count for name, count in _attention(network).items()},
        **_feed_forward(network, experts),
        **_norms_and_head(network),
    }
    return {name: int(count) for name, count in parts.items() if count}


def _norm(network: Transformer) -> int:
    """Parameters of one norm over the hidden width: scale, and shift if it has one."""
    return network.hidden * (2 if network.norm_bias else 1)


def _embedding(network: Transformer) -> dict[str, float]:
    hidden, width = network.hidden, network.embedding_width
    # An image network cuts patches of three colours and adds one learned class token.
    patches = (3 * network.patch**2 + 2) * hidden if network.patch else 0
    return {
        "embedding/tokens": network.vocab * width,
        "embedding/projection": 2 * width * hidden if width != hidden else 0,
        "embedding/positions": network.positions * hidden,
        "embedding/types": network.token_types * hidden,
        "embedding/patches": patches,
        "embedding/norm": _norm(network) if network.embedding_norm else 0,
    }


def _attention(network: Transformer) -> dict[str, float]:
    """Count attention over all layers, by matrix; a decoder beside an encoder attends twice."""
    layers = network.layers * (3 if network.kind == "encoder-decoder" else 1)
    if network.latent:
        latent = network.latent
        matrices = latent_attention_parameters(
            network.hidden,
            network.heads,
            latent.query_rank,
            latent.kv_rank,
            latent.nope_dim,
            latent.rope_dim,
            latent.value_dim,
        )
        parts = {name: layers * count for name, count in matrices.items()}
    else:
        window, linear = network.window, network.linear
        windowed = window.layers if window else 0
        full = layers - windowed - (linear.layers if linear else 0)
        parts = dict(_grouped(network, network.kv_heads, full))
        if linear:
            delta = gated_delta_parameters(
                network.hidden,
                linear.key_heads,
                linear.value_heads,
                linear.head_dim,
                linear.kernel,
            )
            parts["linear"] = linear.layers * sum(delta.values())
        if window:
            for name, count in _grouped(network, window.kv_heads, windowed).items():
                parts[name] += count
    if network.indexer and network.latent:
        index = indexer_parameters(
            network.hidden,
            network.latent.query_rank,
            network.indexer.heads,
            network.indexer.head_dim,
        )
        parts["indexer"] = network.indexer.layers * sum(index.values())
    parts["sinks"] = network.sink_layers * network.heads
    # Encoder and decoder each share one table of relative positions among their layers.
    parts["relative"] = 2 * network.relative_buckets * network.heads
    if network.relative_projection:
        parts["relative"] += layers * network.hidden**2
    return parts


def _grouped(network: Transformer, kv_heads: int, layers: int) -> dict[str, float]:
    """Count so many layers of attention with that many heads of keys and values."""
    # Where the paper contradicts itself the width of the attention decides, not the heads.
    share = network.attention_width / (network.heads * network.head_dim)
    queries, keys = network.attention_width, kv_heads * network.head_dim * share
    values = kv_heads * network.value_dim * share
    parts = attention_parameters(network.hidden, network.heads, kv_heads, network.head_dim)
    parts = {name: count * share for name, count in parts.items()}
    parts["value"] *= network.value_dim / network.head_dim
    parts["output"] *= network.value_dim / network.head_dim
    if "qkv" in network.biases:
        for name, width in (("query", queries), ("key", keys), ("value", values)):
            parts[name] += width
    if "output" in network.biases:
        parts["output"] += network.hidden
    if network.gated_attention:
        parts["gate"] = network.hidden * queries
    parts["qk_norm"] = {"": 0, "head": 2 * network.head_dim, "width": queries + keys}[
        network.qk_norm
    ]
    return {name: layers * count for name, count in parts.items()}


def _feed_forward(network: Transformer, experts_used: int) -> dict[str, float]:
    hidden = network.hidden
    matrices = 3 if network.gated_mlp else 2

    def one(width: int, biased: bool) -> float:
        bias = (matrices - 1) * width + hidden if biased else 0
        return mlp_parameters(hidden, width, matrices) + bias

    biased = "mlp" in network.biases
    dense_layers = network.layers * (2 if network.kind == "encoder-decoder" else 1)
    parts: dict[str, float] = {}
    if experts := network.experts:
        layers = (network.layers - experts.dense_first) // experts.every
        dense_layers -= layers
        expert = one(experts.ffn_hidden, biased)
        shared = experts.shared * one(experts.ffn_hidden, biased=False)
        router = experts.count * (hidden + ("router" in network.biases))
        parts["experts/routed"] = layers * experts_used * expert
        parts["experts/shared"] = layers * (shared + hidden * network.shared_gate)
        parts["experts/router"] = layers * router
    parts["mlp/matrices"] = dense_layers * one(network.ffn_hidden, biased)
    return parts


def _norms_and_head(network: Transformer) -> dict[str, float]:
    both = network.kind == "encoder-decoder"
    # A decoder layer beside an encoder has a third norm, before its cross-attention.
    norms = network.layers * (network.norms_per_layer * 2 + 1 if both else network.norms_per_layer)
    final = (2 if both else 1) if network.final_norm else 0
    return {
        "norm/layers": norms * _norm(network),
        "norm/final": final * _norm(network),
        "head/unembedding": 0 if network.tied_embeddings else network.vocab * network.hidden,
        "head/pooler": network.hidden * (network.hidden + 1) if network.pooler else 0,
        "head/classes": network.classes * (network.hidden + 1),
    }
