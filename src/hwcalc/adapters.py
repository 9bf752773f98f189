r"""Memory of fine-tuning a network through low-rank adapters, LoRA and QLoRA.

The network is frozen: it has weights, possibly in four bits, and no gradients or optimizer. Beside
each adapted matrix two narrow ones are trained, whose product is added to it. The backward pass
still goes through the whole network, so activations remain; only the inputs of products that are
not adapted need not be kept.

What it leaves out: adapters of the embedding, and several adapters on one base.
"""

from collections.abc import Mapping
from types import MappingProxyType

from hwcalc.activations import VALUE, head_activation_bytes, layer_activation_bytes
from hwcalc.blocks import Shape, matrices
from hwcalc.layout import Layout, Software
from hwcalc.numeric import check_non_negative, check_positive, maximum, minimum
from hwcalc.states import States, moment_bytes

__all__ = ["ADAPTED", "FROZEN", "adapter_memory", "adapter_parameters"]

# Bytes of a frozen weight in a matrix of a layer. Four bits have a scale in 32 bits for each block
# of 64, and with double quantisation one of 8 bits, which shares one of 32 bits with 255 others.
# Dettmers et al. 2023, "QLoRA", section 3, https://doi.org/10.48550/arXiv.2305.14314
FROZEN: Mapping[str, float] = MappingProxyType(
    {
        "bf16": 2.0,
        "int8": 1.0,
        "nf4": 0.5 + 4 / 64,
        "nf4-double": 0.5 + 1 / 64 + 4 / (64 * 256),
    }
)
# Which matrices have adapters: queries and values as in the paper, or all of a layer.
ADAPTED = ("queries and values", "all")


def adapter_parameters(shape: Shape, rank: float, adapted: str) -> float:
    r"""Count the parameters of low-rank adapters.

    A matrix of $k \times n$ gets two, of $k \times r$ and $r \times n$.

    $$ P = \sum r (k + n) $$

    Args:
        shape: Sizes of a transformer. [1]
        rank: Width between the two, $r$. [1]
        adapted: One of `ADAPTED`. [1]

    Returns:
        Trained parameters. [1]

    Raises:
        ValueError: If rank is not positive or the choice is unknown.

    References:
        Hu et al. 2021, "LoRA", https://doi.org/10.48550/arXiv.2106.09685

    Examples:
        >>> from hwcalc import catalog
        >>> from hwcalc.blocks import shape
        >>> llama = shape(catalog.transformers()["llama2-7b"])
        >>> adapter_parameters(llama, 8, "queries and values") / 1e6
        4.19
    """
    check_positive(rank=rank)
    if adapted not in ADAPTED:
        raise ValueError(f"adapted = {adapted!r}: must be one of {', '.join(ADAPTED)}")
    h = shape.hidden
    if adapted == "all":
        widths = sum(
            m.times * (shape.experts / shape.per_token if m.part == "experts" else 1)
            * (m.inputs + m.outputs)
            for m in matrices(shape)
        )  # fmt: skip
    else:
        widths = 2 * h + shape.heads * shape.head_dim + shape.kv_heads * shape.value_dim
    return shape.layers * rank * widths


def adapter_memory(
    shape: Shape,
    micro_batch: float,
    sequence: float,
    software: Software,
    states: States,
    rank: float,
    adapted: str,
    frozen: str,
    recompute: float,
    ranks: float,
) -> dict[str, float]:
    """Estimate the memory of a rank that fine-tunes through adapters, by part.

    Frozen matrices of layers are stored as chosen, embedding and head in 16 bits; a product of
    narrow weights first widens its matrix, one at a time. More ranks share all weights, as with
    FSDP, and gather two layers at a time.

    Args:
        shape: Sizes of a transformer. [1]
        micro_batch: Sequences in one pass. [1]
        sequence: Length of a sequence. [tokens]
        software: What the framework does. [1]
        states: Formats of the adapters' weights, gradients and optimizer. [1]
        rank: Width of the adapters. [1]
        adapted: One of `ADAPTED`. [1]
        frozen: Format of frozen matrices, a key of `FROZEN`. [1]
        recompute: 0 nothing, 1 attention (selective), 2 whole layers (full). [1]
        ranks: Accelerators that share the weights. [1]

    Returns:
        Bytes by `part/subpart`. [B]

    Raises:
        ValueError: If a size is not positive or a choice is unknown.

    References:
        Dettmers et al. 2023, "QLoRA", https://doi.org/10.48550/arXiv.2305.14314

    Examples:
        Llama 2 7B with adapters of rank 8, one sequence of 1,304 tokens; measured 21.3 GB:

        >>> from hwcalc import catalog
        >>> from hwcalc.blocks import shape
        >>> from hwcalc.frameworks import FRAMEWORKS
        >>> parts = adapter_memory(
        ...     shape(catalog.transformers()["llama2-7b"]), 1, 1304, FRAMEWORKS["litgpt"],
        ...     States(2, 2, 0, "adam-bf16"), 8, "queries and values", "bf16", 0, 1,
        ... )
        >>> sum(parts.values()) / 1e9
        19.9
    """
    if frozen not in FROZEN:
        raise ValueError(f"frozen = {frozen!r}: must be one of {', '.join(FROZEN)}")
    check_positive(micro_batch=micro_batch, sequence=sequence)
    check_non_negative(recompute=recompute)
    trained = adapter_parameters(shape, rank, adapted)
    moments = moment_bytes(states.optimizer, shape)[0]
    in_matrices = shape.layers * (shape.dense + shape.routed - shape.vectors)
    others = shape.total - in_matrices
    layout = Layout(1, 1, 1, 1, 1, micro_batch, micro_batch, 1, 0, recompute, False)
    tokens = micro_batch * sequence
    narrow = FROZEN[frozen] < VALUE

    def kept(again: float) -> float:
        bytes_of = layer_activation_bytes(shape, layout, sequence, software, again)
        if adapted == "all" or narrow or again >= 2:
            return sum(bytes_of.values())
        # Products without adapters in 16 bits do not keep their inputs; those of narrow weights do.
        inner = VALUE * tokens * (shape.dense_layers / shape.layers) * shape.ffn_hidden
        return sum(bytes_of.values()) - bytes_of["mlp/input"] - inner

    one, whole = kept(recompute), kept(0)
    again = maximum(0.0, whole - one) if recompute else 0.0
    logits = sum(head_activation_bytes(shape, layout, sequence, software).values())
    largest = max(m.inputs * m.outputs for m in matrices(shape))
    layer = (in_matrices / shape.layers) * FROZEN[frozen]
    return {
        "weights/frozen": in_matrices * FROZEN[frozen] / ranks,
        "weights/others": others * VALUE / ranks,
        "weights/adapters": trained * states.weight / ranks,
        "gradients/adapters": trained * states.gradient / ranks,
        "optimizer/adapters": trained * (states.master + moments) / ranks,
        "gathered/layers": 2 * layer * minimum(1.0, ranks - 1),
        "workspace/widened": VALUE * largest if narrow else 0.0,
        "activations/layers": shape.layers * one,
        # The logits are gone when the first layer is computed again: the larger of the two counts.
        "activations/recomputed": maximum(0.0, again - logits),
        "activations/head": logits,
    }
