r"""The matrices of a transformer's layer as a parallel training step meets them.

`Shape` keeps of a network what time and memory of training depend on: the sizes of the matrix
products, and how many parameters are in a layer, in the embedding and in the head.

What it leaves out: layers of linear attention, indexers, and cross-attention. Where layers differ
(windows, a few dense layers before the experts) their mean is taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from hwcalc.networks import Transformer
from hwcalc.numeric import check_positive
from hwcalc.transformer import parameters

__all__ = ["Matrix", "Shape", "gpt", "matrices", "shape"]


class Matrix(NamedTuple):
    """A weight matrix of a layer."""

    part: str  # attention, mlp or experts
    inputs: float
    outputs: float
    split: str  # tensor parallelism cuts its "outputs" or "inputs", or it is "whole" on each rank
    times: float  # number of such matrices, a mean over the layers; of experts, those a token meets


@dataclass(frozen=True)
class Shape:
    """Sizes of a transformer."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: float
    value_dim: float
    ffn_hidden: int
    gated: bool
    vocab: int
    tied: bool
    causal: bool
    rotary: bool  # positions are rotated into queries and keys
    window: int  # tokens, 0 without
    window_layers: int
    experts: int  # 0 for a dense network
    per_token: int
    shared: int
    expert_hidden: int
    dense_layers: int  # layers with an ordinary MLP
    query_rank: int  # of latent attention
    kv_rank: int  # 0 without latent attention
    rope_dim: int
    vectors: float  # parameters of a layer that are in no matrix: norms and biases
    embedding: float  # parameters before the first layer
    head: float  # parameters after the last layer, the matrix of the vocabulary if it is not tied

    @property
    def expert_parameters(self) -> float:
        """Parameters of one routed expert of one layer [1]."""
        return (3 if self.gated else 2) * self.hidden * self.expert_hidden

    @property
    def biased(self) -> bool:
        """Whether matrices have biases: norms alone would be fewer vectors [1]."""
        return self.vectors > 5 * self.hidden

    @property
    def routed(self) -> float:
        """Parameters of a layer's routed experts, all of them, a mean over the layers [1]."""
        return self.experts * self.expert_parameters * self.expert_share

    @property
    def expert_share(self) -> float:
        """Layers with experts as a share of all [1]."""
        return (self.layers - self.dense_layers) / self.layers if self.experts else 0.0

    @property
    def dense(self) -> float:
        """Parameters of a layer without its routed experts, a mean over the layers [1]."""
        in_matrices = sum(
            m.times * m.inputs * m.outputs for m in matrices(self) if m.part != "experts"
        )
        return in_matrices + self.vectors

    @property
    def total(self) -> float:
        """Parameters of the network [1]."""
        return self.layers * (self.dense + self.routed) + self.embedding + self.head


def gpt(layers: int, hidden: int, heads: int, vocab: int, sequence: int) -> Shape:
    """Give the shape of a network like GPT-2 and GPT-3, as Megatron-LM builds them.

    Learned positions, biases everywhere, an MLP four times as wide as the network, and the
    embedding used again as head.

    Args:
        layers: Layers. [1]
        hidden: Width of the network. [1]
        heads: Heads of the attention. [1]
        vocab: Rows of the embedding. [1]
        sequence: Positions. [tokens]

    Returns:
        The shape. [Shape]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Narayanan et al. 2021, equation 2, https://doi.org/10.48550/arXiv.2104.04473

    Examples:
        >>> gpt(96, 12288, 96, 51200, 2048).total / 1e9
        174.6
    """
    check_positive(layers=layers, hidden=hidden, heads=heads, vocab=vocab, sequence=sequence)
    return Shape(
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=heads,
        head_dim=hidden // heads,
        value_dim=hidden // heads,
        ffn_hidden=4 * hidden,
        gated=False,
        vocab=vocab,
        tied=True,
        causal=True,
        rotary=False,
        window=0,
        window_layers=0,
        experts=0,
        per_token=0,
        shared=0,
        expert_hidden=0,
        dense_layers=layers,
        query_rank=0,
        kv_rank=0,
        rope_dim=0,
        vectors=13 * hidden,  # biases 3 + 1 + 4 + 1, two norms with scale and shift
        embedding=(vocab + sequence) * hidden,
        head=2 * hidden,
    )


def shape(network: Transformer) -> Shape:
    """Take the shape of a network of the catalogue; its parameters add up to the network's.

    Args:
        network: A network of the catalogue. [1]

    Returns:
        The shape. [Shape]

    Raises:
        ValueError: If the network has a part that is not modelled here: cross-attention, linear
            attention, an indexer, or what the catalogue marks as not computable.

    References:
        Vaswani et al. 2017, https://doi.org/10.48550/arXiv.1706.03762

    Examples:
        >>> from hwcalc import catalog
        >>> shape(catalog.transformers()["llama3-8b"]).total
        8030261248.0
    """
    network.check_computable()
    if network.kind == "encoder-decoder" or network.linear or network.indexer:
        raise ValueError(
            f"{network.name}: training is modelled for layers of one kind of attention; "
            "choose a network without cross-attention, linear attention and indexer"
        )
    counts = parameters(network)
    experts, latent = network.experts, network.latent
    narrowed = network.attention_width / (network.heads * network.head_dim)
    bare = Shape(
        layers=network.layers,
        hidden=network.hidden,
        heads=network.heads,
        kv_heads=network.kv_heads,
        # Where a paper contradicts itself the width of the attention decides.
        head_dim=network.head_dim * narrowed,
        value_dim=latent.value_dim if latent else network.value_dim * narrowed,
        ffn_hidden=network.ffn_hidden,
        gated=network.gated_mlp,
        vocab=network.vocab,
        tied=network.tied_embeddings,
        causal=network.kind == "decoder",
        rotary=network.positional.startswith("rope"),
        window=network.window.tokens if network.window else 0,
        window_layers=network.window.layers if network.window else 0,
        experts=experts.count if experts else 0,
        per_token=experts.per_token if experts else 0,
        shared=experts.shared if experts else 0,
        expert_hidden=experts.ffn_hidden if experts else 0,
        dense_layers=network.layers - (network.layers - experts.dense_first) // experts.every
        if experts
        else network.layers,
        query_rank=latent.query_rank if latent else 0,
        kv_rank=latent.kv_rank if latent else 0,
        rope_dim=latent.rope_dim if latent else 0,
        vectors=0.0,
        embedding=float(sum(n for part, n in counts.items() if part.startswith("embedding/"))),
        head=float(
            sum(n for part, n in counts.items() if part.startswith("head/"))
            + counts.get("norm/final", 0)
        ),
    )
    vectors = (sum(counts.values()) - bare.total) / bare.layers
    return Shape(**{**vars(bare), "vectors": vectors})


def matrices(shape: Shape) -> Iterator[Matrix]:
    """List the matrices of one layer, as they are multiplied: those of equal input together.

    Exact for the shape. Queries, keys and values are one product, so are the two halves of a gated
    MLP. Tensor parallelism cuts the first matrix of a pair by its outputs, the second by its
    inputs, so that a pair needs one exchange each way.

    Args:
        shape: Sizes of a transformer. [1]

    Returns:
        The matrices, and how many of each a layer has. [1]

    References:
        Shoeybi et al. 2019, "Megatron-LM", section 3, https://doi.org/10.48550/arXiv.1909.08053

    Examples:
        >>> [m.outputs for m in matrices(gpt(24, 2304, 24, 51200, 2048))]
        [6912, 2304, 9216, 2304]
    """
    h, values = shape.hidden, shape.heads * shape.value_dim
    if shape.kv_rank:
        nope = shape.head_dim - shape.rope_dim
        queries = shape.heads * shape.head_dim
        if shape.query_rank:
            yield Matrix("attention", h, shape.query_rank, "whole", 1)
            yield Matrix("attention", shape.query_rank, queries, "outputs", 1)
        else:
            yield Matrix("attention", h, queries, "outputs", 1)
        yield Matrix("attention", h, shape.kv_rank + shape.rope_dim, "whole", 1)
        both = shape.heads * (nope + shape.value_dim)
        yield Matrix("attention", shape.kv_rank, both, "outputs", 1)
    else:
        together = shape.heads * shape.head_dim + shape.kv_heads * (
            shape.head_dim + shape.value_dim
        )
        yield Matrix("attention", h, together, "outputs", 1)
    yield Matrix("attention", values, h, "inputs", 1)
    first = 2 if shape.gated else 1
    if shape.dense_layers:
        share = shape.dense_layers / shape.layers
        yield Matrix("mlp", h, first * shape.ffn_hidden, "outputs", share)
        yield Matrix("mlp", shape.ffn_hidden, h, "inputs", share)
    if shape.experts:
        share = shape.expert_share
        yield Matrix("mlp", h, shape.experts, "whole", share)  # router
        if shape.shared:
            width = shape.shared * shape.expert_hidden
            yield Matrix("mlp", h, first * width, "outputs", share)
            yield Matrix("mlp", width, h, "inputs", share)
        routed = share * shape.per_token
        yield Matrix("experts", h, first * shape.expert_hidden, "outputs", routed)
        yield Matrix("experts", shape.expert_hidden, h, "inputs", routed)
