r"""One step of a serving engine: prompts to read, tokens to write, or both in one batch.

A step is its kernels one after another, and nothing in it is a share of a peak fitted on serving:
products at the shapes that tensor parallelism leaves (`kernels`), attention by what it computes
and reads (`attention`), grouped products of experts (`experts`), norms and activations as streams,
and two sums over the ranks in every layer (`engine_all_reduce`). Each kernel has its floor, so a
step of a few tokens is slower than its bytes say, and more ranks shorten it less than they divide
the bytes.

What it leaves out: layers of linear attention and indexers, whatever the host does that a recorded
graph does not hide (`serving`), and sampling beyond a pass over the logits.
"""

from collections.abc import Mapping

from hwcalc.attention import (
    decode_latent_time,
    decode_time,
    prefill_time,
    preparation_time,
)
from hwcalc.blocks import Matrix, matrices
from hwcalc.deployment import Deployment
from hwcalc.engine_all_reduce import engine_all_reduce_time
from hwcalc.experts import busiest_share, experts_time, routing_time
from hwcalc.kernels import matmul_time, stream_time
from hwcalc.numeric import ceil, check_at_least, check_non_negative, check_positive, minimum

__all__ = ["decode_step", "mixed_step", "prefill_step", "rank_shape", "verify_step"]

VALUE = 2  # bytes of an activation


def decode_step(deployment: Deployment, sequences: float, cached: float) -> Mapping[str, float]:
    """Estimate the time of one step in which every sequence gets its next token.

    Assumption: all sequences are equally long; for others their mean does, since attention's time
    is proportional to what it reads.

    Args:
        deployment: The network on its accelerators. [1]
        sequences: Sequences in the batch. [1]
        cached: Tokens in the cache of each, the new one included. [tokens]

    Returns:
        Time by `part/subpart`. [s]

    Raises:
        ValueError: If sequences or cached is below 1.

    References:
        Pope et al. 2022, "Efficiently scaling transformer inference",
        https://doi.org/10.48550/arXiv.2211.05102

    Examples:
        Llama 3.1 8B on one H100, a single sequence of 1,152 tokens, in ms; NVIDIA's measured
        kernels add up to 6.19:

        >>> from hwcalc import catalog, deployment
        >>> placed = deployment.deploy(
        ...     catalog.accelerators()["h100-sxm"], catalog.transformers()["llama3.1-8b"],
        ...     1, "bf16", "bf16", 2, False,
        ... )
        >>> sum(decode_step(placed, 1, 1152).values()) * 1e3
        6.6
    """
    check_at_least(1, sequences=sequences, cached=cached)
    parts = _tokens(deployment, sequences)
    parts["layers/attention"] = deployment.shape.layers * _reading(deployment, sequences, cached)
    return parts | _ends(deployment, sequences, sequences)


def prefill_step(deployment: Deployment, prompts: float, tokens: float) -> Mapping[str, float]:
    """Estimate the time of one step that reads prompts and writes the first token of each.

    Args:
        deployment: The network on its accelerators. [1]
        prompts: Prompts in the batch. [1]
        tokens: Length of each. [tokens]

    Returns:
        Time by `part/subpart`. [s]

    Raises:
        ValueError: If prompts is not positive or tokens is below 1.

    References:
        Pope et al. 2022, "Efficiently scaling transformer inference",
        https://doi.org/10.48550/arXiv.2211.05102

    Examples:
        1,024 tokens for Llama 3.1 8B on one H100, in ms; NVIDIA's measured kernels add up to 22.1:

        >>> from hwcalc import catalog, deployment
        >>> placed = deployment.deploy(
        ...     catalog.accelerators()["h100-sxm"], catalog.transformers()["llama3.1-8b"],
        ...     1, "bf16", "bf16", 2, False,
        ... )
        >>> sum(prefill_step(placed, 1, 1024).values()) * 1e3
        22.
    """
    check_positive(prompts=prompts)
    check_at_least(1, tokens=tokens)
    parts = _tokens(deployment, prompts * tokens)
    parts["layers/attention"] = deployment.shape.layers * _prompting(deployment, prompts, tokens)
    return parts | _ends(deployment, prompts * tokens, prompts)


def verify_step(
    deployment: Deployment, sequences: float, cached: float, drafted: float
) -> Mapping[str, float]:
    """Estimate the time of one step that checks guessed tokens of every sequence.

    Products see the guesses as further tokens; attention reads each cache once for all of them.

    Args:
        deployment: The network on its accelerators. [1]
        sequences: Sequences in the batch. [1]
        cached: Tokens in the cache of each, the new one included. [tokens]
        drafted: Tokens guessed for each. [tokens]

    Returns:
        Time by `part/subpart`. [s]

    Raises:
        ValueError: If sequences or cached is below 1 or drafted is negative.

    References:
        Leviathan et al. 2022, "Fast inference from transformers via speculative decoding",
        https://doi.org/10.48550/arXiv.2211.17192

    Examples:
        Checking three tokens of one sequence costs little more than writing one:

        >>> from hwcalc import catalog, deployment
        >>> placed = deployment.deploy(
        ...     catalog.accelerators()["h100-sxm"], catalog.transformers()["llama3.1-8b"],
        ...     1, "bf16", "bf16", 2, False,
        ... )
        >>> checked = sum(verify_step(placed, 1, 1152, 3).values())
        >>> 1 <= checked / sum(decode_step(placed, 1, 1152).values()) < 1.05
        True
    """
    check_at_least(1, sequences=sequences, cached=cached)
    check_non_negative(drafted=drafted)
    tokens = sequences * (drafted + 1)
    parts = _tokens(deployment, tokens)
    parts["layers/attention"] = deployment.shape.layers * _reading(deployment, sequences, cached)
    return parts | _ends(deployment, tokens, tokens)


def mixed_step(
    deployment: Deployment, prompts: float, tokens: float, sequences: float, cached: float
) -> Mapping[str, float]:
    """Estimate the time of a step that reads prompts and continues sequences in one batch.

    Products see all tokens together, so that weights are read once for both; attention runs once
    for the prompts and once for the sequences.

    Args:
        deployment: The network on its accelerators. [1]
        prompts: Prompts in the batch; a fraction is a part of a prompt. [1]
        tokens: Length of each. [tokens]
        sequences: Sequences that get their next token. [1]
        cached: Tokens in the cache of each. [tokens]

    Returns:
        Time by `part/subpart`. [s]

    Raises:
        ValueError: If prompts is not positive, or another argument is below 1.

    References:
        Agrawal et al. 2024, "Sarathi-Serve", https://doi.org/10.48550/arXiv.2403.02310

    Examples:
        A prompt of 1,024 tokens costs 32 running sequences less than a step of its own would:

        >>> from hwcalc import catalog, deployment
        >>> placed = deployment.deploy(
        ...     catalog.accelerators()["h100-sxm"], catalog.transformers()["llama3.1-8b"],
        ...     1, "bf16", "bf16", 2, False,
        ... )
        >>> together = sum(mixed_step(placed, 1, 1024, 32, 1024).values())
        >>> apart = sum(prefill_step(placed, 1, 1024).values())
        >>> apart = apart + sum(decode_step(placed, 32, 1024).values())
        >>> 0.6 < together / apart < 0.9
        True
    """
    check_positive(prompts=prompts)
    check_at_least(1, tokens=tokens, sequences=sequences, cached=cached)
    everything = prompts * tokens + sequences
    parts = _tokens(deployment, everything)
    parts["layers/attention"] = deployment.shape.layers * (
        _prompting(deployment, prompts, tokens) + _reading(deployment, sequences, cached)
    )
    return parts | _ends(deployment, everything, prompts + sequences)


def rank_shape(matrix: Matrix, ranks: float) -> tuple[float, float]:
    """Give rows and columns of the part of a weight matrix that one rank holds.

    Args:
        matrix: A matrix of `blocks.matrices`. [1]
        ranks: Accelerators that share the layer. [1]

    Returns:
        Inputs and outputs, rounded up to whole numbers. [(1, 1)]

    References:
        Shoeybi et al. 2019, "Megatron-LM", section 3, https://doi.org/10.48550/arXiv.1909.08053

    Examples:
        >>> rank_shape(Matrix("mlp", 4096, 28672, "outputs", 1), 8)
        (4096.0, 3584.0)
    """
    inputs = matrix.inputs / ranks if matrix.split == "inputs" else matrix.inputs
    outputs = matrix.outputs / ranks if matrix.split == "outputs" else matrix.outputs
    return ceil(inputs), ceil(outputs)


def _tokens(deployment: Deployment, tokens: float) -> dict[str, float]:
    """Time of what a step does with all its tokens alike, over all layers."""
    chip, shape, ranks = deployment.chip, deployment.shape, deployment.ranks
    whole = ceil(tokens)
    products = experts = 0.0
    for matrix in matrices(shape):
        inputs, outputs = rank_shape(matrix, ranks)
        if matrix.part != "experts":
            # The router alone is small, and never narrowed.
            router = matrix.outputs == shape.experts
            form = deployment.wide if router else deployment.products
            products = products + matrix.times * matmul_time(chip, whole, inputs, outputs, form)
            continue
        present, chosen = float(shape.experts), float(shape.per_token)
        if deployment.whole_experts:
            chosen = minimum(chosen / ranks * busiest_share(present, ranks), present / ranks)
            present = present / ranks
            inputs, outputs = matrix.inputs, matrix.outputs
        experts = experts + shape.expert_share * experts_time(
            chip, tokens, present, chosen, inputs, outputs, deployment.experts
        )
    if shape.experts:
        experts = experts + shape.expert_share * routing_time(
            chip, tokens, shape.hidden, shape.per_token
        )
    # A norm adds the branch to the stream and writes both; an activation reads gate and value.
    norm = stream_time(chip, 4 * VALUE * tokens * shape.hidden)
    share = shape.expert_share
    inner = (1 - share) * shape.ffn_hidden
    inner += share * (shape.shared + shape.per_token) * shape.expert_hidden
    passes = 3 if shape.gated else 2
    activation = stream_time(chip, passes * VALUE * tokens * inner / ranks)
    exchanged = _exchanged(deployment, tokens)
    return {
        "layers/products": shape.layers * products,
        "layers/experts": shape.layers * experts,
        "layers/streams": shape.layers * (deployment.norms * norm + activation),
        "layers/exchange": shape.layers * 2 * exchanged,
    }


def _ends(deployment: Deployment, tokens: float, written: float) -> dict[str, float]:
    """Time of embedding, last norm, head and a pass over the logits."""
    chip, shape, ranks = deployment.chip, deployment.shape, deployment.ranks
    head = matmul_time(
        chip, ceil(written), float(shape.hidden), ceil(shape.vocab / ranks), deployment.wide
    )
    looked_up = stream_time(chip, 2 * VALUE * tokens * shape.hidden)
    looked_up = looked_up + _exchanged(deployment, tokens)
    chosen = stream_time(chip, 2 * 4 * written * shape.vocab / ranks)
    return {"ends/embedding": looked_up, "ends/head": head + chosen}


def _exchanged(deployment: Deployment, tokens: float) -> float:
    """Time to sum the tokens' activations over the ranks; one rank needs no links."""
    if deployment.ranks == 1:
        return 0.0 * tokens
    size = VALUE * tokens * deployment.shape.hidden
    return engine_all_reduce_time(size, float(deployment.ranks), deployment.fabric)


def _reading(deployment: Deployment, sequences: float, cached: float) -> float:
    """Time of attention for one new token of each sequence, a mean over the layers."""
    chip, shape = deployment.chip, deployment.shape
    if shape.kv_rank:
        return decode_latent_time(
            chip,
            sequences,
            cached,
            deployment.heads,
            shape.kv_rank,
            shape.rope_dim,
            deployment.cache_value,
            deployment.wide,
        )
    width = (shape.head_dim + shape.value_dim) / 2

    def reading(window: float) -> float:
        return decode_time(
            chip, sequences, cached, deployment.kv_heads, width, deployment.cache_value, window
        )

    share = shape.window_layers / shape.layers
    full = reading(cached) if share < 1 else 0.0
    return (1 - share) * full + (share * reading(shape.window) if share else 0.0)


def _prompting(deployment: Deployment, prompts: float, tokens: float) -> float:
    """Time of attention over prompts with what prepares it, a mean over the layers."""
    chip, shape = deployment.chip, deployment.shape
    heads = deployment.heads
    kv_heads = heads if shape.kv_rank else deployment.kv_heads
    width = (shape.head_dim + shape.value_dim) / 2

    def attending(window: float) -> float:
        return prefill_time(chip, prompts, tokens, heads, kv_heads, width, window, deployment.wide)

    share = shape.window_layers / shape.layers
    full = attending(tokens) if share < 1 else 0.0
    windowed = share * attending(shape.window) if share else 0.0
    prepared = preparation_time(chip, prompts, tokens, heads, kv_heads, width)
    return (1 - share) * full + windowed + prepared
