"""Parameters and FLOP of whole transformers, against published counts."""

from dataclasses import replace
from typing import Any

import pytest

from hwcalc import transformer
from hwcalc.networks import Experts, Transformer, transformers

NETWORKS = transformers()
COMPUTABLE = [key for key, network in NETWORKS.items() if network.computable]


def _total(network: Transformer) -> int:
    return sum(transformer.parameters(network).values())


def _active(network: Transformer) -> int:
    return sum(transformer.active_parameters(network).values())


@pytest.mark.parametrize("key", COMPUTABLE)
def test_the_configuration_gives_the_size_of_the_public_checkpoint(key: str) -> None:
    """Counted independently, from instances of the public code, to a thousand parameters.

    A guessed MLP, a forgotten bias or norm, or a wrong head count shows here.
    """
    network = NETWORKS[key]
    # Gopher's count is known to 10^5, the active counts to 10^5, the totals to 10^3.
    assert _total(network) == pytest.approx(
        network.counted, abs=60e3 if key == "gopher-280b" else 600
    )
    if network.counted_active is not None:
        assert _active(network) == pytest.approx(network.counted_active, abs=60e3)


def test_most_networks_are_computed() -> None:
    """The test above must not shrink unnoticed."""
    assert len(COMPUTABLE) >= 134
    for network in NETWORKS.values():
        assert network.computable == (network.reason == "")


@pytest.mark.parametrize(
    ("key", "billions", "digits"),
    [
        ("bert-base", 0.1095, 4),
        ("bert-large", 0.335, 3),
        ("gpt2-small", 0.124, 3),
        ("gpt2-xl", 1.558, 3),
        ("gpt3-175b", 174.6, 1),
        ("bloom-176b", 176.247271, 6),
        ("llama2-7b", 6.738, 3),
        ("llama2-70b", 68.98, 2),
        ("llama3-8b", 8.030, 3),
        ("llama3-70b", 70.55, 2),
        ("llama3.1-405b", 405.9, 1),
        ("mixtral-8x7b", 46.7, 1),
        ("deepseek-v3", 671.0, 1),
        ("gpt-oss-120b", 116.83, 2),
        ("kimi-k2", 1026.4, 1),
        ("qwen3.5-397b-a17b", 396.35, 2),
        ("vit-b-16", 0.086567656, 9),
    ],
)
def test_published_totals(key: str, billions: float, digits: int) -> None:
    """Sizes that the field quotes, to the digits it quotes."""
    assert round(_total(NETWORKS[key]) / 1e9, digits) == billions


@pytest.mark.parametrize(
    ("key", "billions", "tolerance"),
    [
        ("mixtral-8x7b", 12.9, 0.05),
        ("mixtral-8x22b", 39, 0.5),
        ("deepseek-v3", 37, 0.6),
        ("qwen3-235b-a22b", 22, 0.5),
        ("kimi-k2", 32, 0.9),
        ("dbrx", 36, 0.5),
    ],
)
def test_published_active_counts(key: str, billions: float, tolerance: float) -> None:
    """The marketing figure of a mixture of experts rounds, and may leave out an embedding."""
    assert _active(NETWORKS[key]) / 1e9 == pytest.approx(billions, abs=tolerance)


@pytest.mark.parametrize("key", COMPUTABLE)
def test_every_part_is_named_and_positive(key: str) -> None:
    """A breakdown is shown as part and subpart; an empty part is not shown."""
    network = NETWORKS[key]
    parts = transformer.parameters(network)
    for name, count in parts.items():
        part, slash, subpart = name.partition("/")
        assert part
        assert slash
        assert subpart
        assert count > 0
        assert type(count) is int
    assert transformer.active_parameters(network).keys() == parts.keys()


def test_only_routed_experts_sleep() -> None:
    """Memory holds all experts, a token meets a few; everything else is met by every token."""
    network = NETWORKS["deepseek-v3"]
    total, active = transformer.parameters(network), transformer.active_parameters(network)
    assert active.pop("experts/routed") * 256 == total.pop("experts/routed") * 8
    assert active == total


def test_the_gate_of_a_shared_expert_is_one_vector_per_layer() -> None:
    """It turns the hidden vector into one number."""
    network = NETWORKS["qwen3-next-80b-a3b"]
    assert network.shared_gate
    without = replace(network, shared_gate=False)
    assert _total(network) - _total(without) == network.layers * network.hidden


def test_a_dense_network_is_all_active() -> None:
    """Without experts there is nothing to leave out."""
    network = NETWORKS["llama3-8b"]
    assert transformer.active_parameters(network) == transformer.parameters(network)


def test_the_count_is_linear_in_layers() -> None:
    """One layer's parameters times the layers, plus what stands outside: no double count."""
    network = NETWORKS["llama2-7b"]
    one, two, ten = (_total(replace(network, layers=layers)) for layers in (1, 2, 10))
    assert ten - one == 9 * (two - one)


# Llama 3 8B with one thing added or enlarged.
CHANGES: dict[str, dict[str, Any]] = {
    "hidden": {"hidden": 4097},
    "ffn_hidden": {"ffn_hidden": 14337},
    "kv_heads": {"kv_heads": 9},
    "heads": {"heads": 40, "attention_width": 40 * 128},
    "value_dim": {"value_dim": 129},
    "layers": {"layers": 33},
    "vocab": {"vocab": 128257},
    "embedding_width": {"embedding_width": 4097},
    "embedding_norm": {"embedding_norm": True},
    "positions": {"positions": 512},
    "token_types": {"token_types": 2},
    "pooler": {"pooler": True},
    "patch": {"patch": 16},
    "classes": {"classes": 1000},
    "relative_buckets": {"relative_buckets": 32},
    "relative_projection": {"relative_projection": True},
    "sink_layers": {"sink_layers": 1},
    "gated_attention": {"gated_attention": True},
    "bias of queries, keys, values": {"biases": ("qkv",)},
    "bias of the output": {"biases": ("output",)},
    "bias of the MLP": {"biases": ("mlp",)},
    "norm of heads": {"qk_norm": "head"},
    "norm of queries and keys": {"qk_norm": "width"},
    "norm_bias": {"norm_bias": True},
    "norms_per_layer": {"norms_per_layer": 3},
    "experts": {"experts": Experts(8, 2, 1, 14336, 0, 1)},
    "kind": {"kind": "encoder-decoder"},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_key_of_a_configuration_matters(change: dict[str, Any]) -> None:
    """More shape, more weights: a key that is read from a file but not counted would show."""
    network = NETWORKS["llama3-8b"]
    assert _total(replace(network, **change)) > _total(network)


def test_tied_embeddings_save_one_table() -> None:
    """The output matrix is the embedding, and is counted once."""
    network = NETWORKS["llama3-8b"]
    tied = replace(network, tied_embeddings=True)
    assert _total(network) - _total(tied) == network.vocab * network.hidden


def test_a_network_that_cannot_be_computed_says_why() -> None:
    """No number is better than a wrong one; the recorded count remains for those who need it."""
    network = NETWORKS["nemotron-h-56b"]
    with pytest.raises(
        ValueError, match=r"cannot be computed: state-space layers are not modelled"
    ):
        transformer.parameters(network)
    assert transformer.parameter_count(network, active=False) == network.counted == 56.32435e9
    sparse = NETWORKS["kimi-k3"]
    assert transformer.parameter_count(sparse, active=True) == sparse.counted_active


def test_the_count_of_a_computable_network_is_the_sum_of_its_parts() -> None:
    """There is one count, whichever function is asked."""
    network = NETWORKS["mixtral-8x7b"]
    assert transformer.parameter_count(network, active=False) == _total(network)
    assert transformer.parameter_count(network, active=True) == _active(network)


def test_training_takes_three_forward_passes() -> None:
    """Gradients of inputs and of weights cost a forward pass each."""
    arguments = (8e9, 32, 4096, 8192)
    assert transformer.training_flops_per_token(
        *arguments
    ) == 3 * transformer.forward_flops_per_token(*arguments)


def test_without_context_only_the_weights_work() -> None:
    """With nothing to attend to, attention is its matrices: 2 FLOP per weight."""
    assert transformer.forward_flops_per_token(1e9, 24, 2048, 0) == 2e9


def test_palm_formula() -> None:
    """6P + 12 L h s, term by term."""
    assert transformer.training_flops_per_token(1e9, 10, 100, 1000) == 6e9 + 12 * 10 * 100 * 1000


def test_gpt3_training_flops_agree_with_the_paper() -> None:
    """Table D.1 prints 3.14e23 for 300 billion tokens and leaves attention out."""
    network = NETWORKS["gpt3-175b"]
    assert network.train_tokens is not None
    flops = network.train_tokens * transformer.training_flops_per_token(
        transformer.parameter_count(network, active=False), 0, 0, 0
    )
    assert flops == pytest.approx(network.train_flops, rel=0.002)


def test_flops_need_positive_parameters_and_no_negative_shape() -> None:
    """The message names the argument."""
    with pytest.raises(ValueError, match="parameters = 0: must be positive"):
        transformer.forward_flops_per_token(0, 1, 1, 1)
    with pytest.raises(ValueError, match="sequence = -1: must be zero or positive"):
        transformer.training_flops_per_token(1, 1, 1, -1)
