"""Weight matrices of a transformer, part by part."""

import pytest

from hwcalc import weights


def test_multi_head_attention_is_four_square_matrices() -> None:
    """With as many heads as fill the width, each of the four matrices is h x h."""
    parts = weights.attention_parameters(1024, 16, 16, 64)
    assert parts == dict.fromkeys(("query", "key", "value", "output"), 1024**2)


def test_grouped_queries_shrink_keys_and_values_alone() -> None:
    """Eight times fewer heads of keys and values: their matrices shrink by 8, the others stay."""
    full = weights.attention_parameters(8192, 64, 64, 128)
    grouped = weights.attention_parameters(8192, 64, 8, 128)
    assert grouped["query"] == full["query"]
    assert grouped["output"] == full["output"]
    assert grouped["key"] * 8 == full["key"]
    assert grouped["value"] * 8 == full["value"]


def test_without_compression_latent_attention_projects_queries_directly() -> None:
    """DeepSeek-V2-Lite has no query rank: h x heads x (nope + rope), and no matrix down."""
    parts = weights.latent_attention_parameters(2048, 16, 0, 512, 128, 64, 128)
    assert parts["query_down"] == 0
    assert parts["query_up"] == 2048 * 16 * (128 + 64)


def test_a_full_rank_latent_costs_more_than_plain_attention() -> None:
    """Compression pays by its rank; at rank h it only adds matrices."""
    plain = sum(weights.attention_parameters(1024, 16, 16, 64).values())
    latent = weights.latent_attention_parameters(1024, 16, 1024, 1024, 64, 64, 64)
    assert sum(latent.values()) > plain


def test_a_gate_is_a_third_matrix() -> None:
    """SwiGLU networks shrink the MLP to 8/3 h because the gate adds half as much again."""
    assert weights.mlp_parameters(4096, 11008, 3) == 1.5 * weights.mlp_parameters(4096, 11008, 2)


def test_linear_attention_is_square_matrices_and_little_else() -> None:
    """With heads as wide as the network: five matrices h x h, and per mille beside them."""
    parts = weights.gated_delta_parameters(2048, 16, 16, 128, 4)
    assert parts["input"] + parts["output"] == 5 * 2048**2
    assert sum(parts.values()) < 1.01 * 5 * 2048**2


@pytest.mark.parametrize("name", ["hidden", "heads", "kv_heads", "head_dim", "ffn_hidden"])
def test_every_dimension_changes_the_count(name: str) -> None:
    """A peer's calculator ignored heads and MLP width; here each derivative is positive."""
    sizes = {"hidden": 512, "heads": 8, "kv_heads": 2, "head_dim": 64, "ffn_hidden": 2048}
    larger = {**sizes, name: 2 * sizes[name]}
    assert weights.parameters_per_layer(**larger, matrices=3) > weights.parameters_per_layer(
        **sizes, matrices=3
    )


@pytest.mark.parametrize("bad", [0, -1, float("nan")])
def test_sizes_must_be_positive(bad: float) -> None:
    """The message names the size."""
    with pytest.raises(ValueError, match=r"kv_heads = .*must be positive"):
        weights.attention_parameters(512, 8, bad, 64)
    with pytest.raises(ValueError, match=r"ffn_hidden = .*must be positive"):
        weights.mlp_parameters(512, bad, 2)
    with pytest.raises(ValueError, match=r"kv_rank = .*must be positive"):
        weights.latent_attention_parameters(512, 8, 0, bad, 64, 64, 64)
    with pytest.raises(ValueError, match=r"query_rank = .*must be positive"):
        weights.indexer_parameters(512, bad, 8, 64)
    with pytest.raises(ValueError, match=r"kernel = .*must be positive"):
        weights.gated_delta_parameters(512, 8, 8, 64, bad)
