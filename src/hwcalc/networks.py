"""Transformers as published: their configurations.

What follows from a configuration (parameters, cache, operations) is computed in
`hwcalc.transformer`; nothing here is a result.
"""

import datetime
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwcalc.datafile import Folder, read

__all__ = [
    "Experts",
    "Indexer",
    "Latent",
    "Linear",
    "Transformer",
    "Window",
    "transformers",
]


@dataclass(frozen=True)
class Experts:
    """Mixture of experts in place of one MLP."""

    count: int
    per_token: int  # routed experts a token meets
    shared: int  # experts every token meets
    ffn_hidden: int  # width of one expert
    dense_first: int  # layers with an ordinary MLP before the first one with experts
    every: int  # 2 if only every second layer has experts


@dataclass(frozen=True)
class Latent:
    """Multi-head latent attention: keys and values are rebuilt from a narrow vector."""

    query_rank: int  # 0 if queries are projected directly
    kv_rank: int
    nope_dim: int  # part of a head's key without positions
    rope_dim: int  # part with positions, shared by all heads
    value_dim: int


@dataclass(frozen=True)
class Window:
    """Layers whose attention, and therefore cache, ends after so many tokens."""

    tokens: int
    layers: int
    kv_heads: int  # in these layers


@dataclass(frozen=True)
class Indexer:
    """Small attention that chooses which tokens the large one reads."""

    heads: int
    head_dim: int
    layers: int  # layers with an indexer of their own


@dataclass(frozen=True)
class Linear:
    """Layers of gated linear attention, which keep a state of fixed size instead of a cache."""

    layers: int
    key_heads: int
    value_heads: int
    head_dim: int  # of keys and of values
    kernel: int  # tokens that the short convolution before it sees


@dataclass(frozen=True)
class Transformer:
    """A transformer's configuration."""

    id: str
    name: str
    family: str
    year: int
    kind: str  # encoder, decoder, encoder-decoder
    layers: int  # of the encoder alone where there are both
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int  # of queries and keys
    value_dim: int
    attention_width: int  # heads x head_dim, unless the paper contradicts itself
    ffn_hidden: int  # of the layers without experts
    gated_mlp: bool
    vocab: int  # 0 for an image network
    tied_embeddings: bool
    max_context: int | None
    attention: str  # mha, mqa, gqa, mla, hybrid
    layer_pattern: str  # where layers differ in their attention
    positional: str
    norm: str  # rmsnorm, layernorm
    norm_bias: bool
    norms_per_layer: int
    final_norm: bool
    qk_norm: str  # "", "head" (one vector for all heads), "width" (one for each)
    biases: tuple[str, ...]  # which of qkv, output, mlp, router have a bias
    gated_attention: bool  # the output is multiplied by a gate as wide as the queries
    sink_layers: int  # layers with a learned attention sink per head
    positions: int  # rows of a learned table of positions
    token_types: int  # rows of a table of segment types
    embedding_width: int  # narrower than hidden in one network
    embedding_norm: bool
    pooler: bool
    patch: int  # side of an image patch [pixels]
    classes: int  # outputs of a classifier
    relative_buckets: int
    relative_projection: bool
    shared_gate: bool  # one number per token weighs the shared expert
    experts: Experts | None
    latent: Latent | None
    window: Window | None
    indexer: Indexer | None
    linear: Linear | None
    published: float | None  # parameters as the authors state them
    published_active: float | None
    counted: float  # parameters of the public code, counted by others than hwcalc
    counted_active: float | None
    train_tokens: float | None
    train_flops: float | None
    computable: bool
    reason: str  # why not
    verified: bool
    unverified: tuple[str, ...]
    notes: str
    source: tuple[str, ...]
    checked: datetime.date

    @property
    def vendor(self) -> str:
        """The family, so that every catalogue object can be grouped alike."""
        return self.family

    def check_computable(self) -> None:
        """Raise ValueError if the network has a part that no model of hwcalc describes."""
        if not self.computable:
            raise ValueError(
                f"{self.name} cannot be computed: {self.reason}; choose another network"
            )


_REQUIRED: dict[str, type] = {
    "name": str,
    "family": str,
    "year": int,
    "kind": str,
    "layers": int,
    "hidden": int,
    "heads": int,
    "kv_heads": int,
    "head_dim": int,
    "ffn_hidden": int,
    "gated_mlp": bool,
    "attention": str,
    "positional": str,
    "norm": str,
    "norm_bias": bool,
    "norms_per_layer": int,
    "final_norm": bool,
    "verified": bool,
    "counted.parameters": float,
}
# Absent means that the network has no such part; the value is what the part then counts as.
_PARTS: dict[str, Any] = {
    "vocab": 0,
    "tied_embeddings": True,
    "layer_pattern": "",
    "qk_norm": "",
    "gated_attention": False,
    "sink_layers": 0,
    "positions": 0,
    "token_types": 0,
    "embedding_norm": False,
    "pooler": False,
    "patch": 0,
    "classes": 0,
    "relative_buckets": 0,
    "relative_projection": False,
    "shared_gate": False,
    "computable": True,
    "reason": "",
    "notes": "",
}
_TABLES: dict[str, type] = {
    "experts": Experts,
    "latent": Latent,
    "indexer": Indexer,
    "linear": Linear,
}
_OPTIONAL: dict[str, type] = {
    **{key: type(value) for key, value in _PARTS.items()},
    "value_dim": int,
    "attention_width": int,
    "embedding_width": int,
    "max_context": int,
    "biases": list,
    "unverified": list,
    **{f"{table}.{key}": int for table, kind in _TABLES.items() for key in kind.__annotations__},
    **{f"window.{key}": int for key in ("tokens", "layers", "kv_heads")},
    "counted.active": float,
    "published.parameters": float,
    "published.active": float,
    "published.train_tokens": float,
    "published.train_flops": float,
}


def _table(path: Path, values: Mapping[str, Any], name: str, kind: type) -> Any:
    """Build the object of a nested table that is given completely or not at all."""
    keys = list(kind.__annotations__)
    given = [key for key in keys if f"{name}.{key}" in values]
    if not given:
        return None
    missing = ", ".join(key for key in keys if key not in given)
    if missing:
        raise ValueError(f"{path.parent.name}/{path.name}: [{name}] lacks {missing}; add it")
    return kind(**{key: values[f"{name}.{key}"] for key in keys})


def _transformer(path: Path) -> Transformer:
    values = read(path, _REQUIRED, _OPTIONAL)
    if "window.tokens" in values:
        values.setdefault("window.kv_heads", values["kv_heads"])
    tables = {name: _table(path, values, name, kind) for name, kind in _TABLES.items()}
    window = _table(path, values, "window", Window)
    plain = {key: values[key] for key in _REQUIRED if "." not in key}
    parts = {key: values.get(key, absent) for key, absent in _PARTS.items()}
    width = values["heads"] * values["head_dim"]
    return Transformer(
        id=path.stem,
        **plain,
        **parts,
        **tables,
        window=window,
        value_dim=values.get("value_dim", values["head_dim"]),
        attention_width=values.get("attention_width", width),
        embedding_width=values.get("embedding_width", values["hidden"]),
        max_context=values.get("max_context"),
        biases=tuple(values.get("biases", ())),
        published=values.get("published.parameters"),
        published_active=values.get("published.active"),
        counted=values["counted.parameters"],
        counted_active=values.get("counted.active"),
        train_tokens=values.get("published.train_tokens"),
        train_flops=values.get("published.train_flops"),
        unverified=tuple(values.get("unverified", ())),
        source=tuple(values["source"]),
        checked=values["checked"],
    )


@functools.cache
def transformers() -> Mapping[str, Transformer]:
    """Return all transformers by id; an entry is read when it is first looked up.

    Returns:
        Read-only mapping from id to configuration. [1]

    Examples:
        >>> transformers()["llama3-8b"].kv_heads
        8
    """
    return Folder("networks/transformers", _transformer)
