"""Shapes of networks and their operations, against counts from elsewhere."""

import dataclasses

import pytest

from hwcalc import blocks, catalog, transformer
from hwcalc import training_flops as flops

NAMES = ["llama2-7b", "llama2-70b", "llama3-8b", "llama3-70b", "deepseek-v3", "mixtral-8x7b"]
COUNTED = ["gpt3-175b", "gpt-oss-120b", "gemma3-27b", "bert-large", "bloom-176b", *NAMES]


@pytest.mark.parametrize("name", COUNTED)
def test_a_shape_has_the_parameters_of_its_network(name: str) -> None:
    """Two counts of one network would drift apart; both must give the checkpoint's size."""
    network = catalog.transformers()[name]
    expected = sum(transformer.parameters(network).values())
    assert blocks.shape(network).total == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "billions"),
    [("llama2-7b", 6.738), ("llama2-70b", 68.98), ("llama3-8b", 8.030), ("llama3-70b", 70.55)],
)
def test_gated_networks_have_their_published_size(name: str, billions: float) -> None:
    """The number of matrices of an MLP is read from the network, never guessed from a ratio."""
    total = blocks.shape(catalog.transformers()[name]).total
    assert total / 1e9 == pytest.approx(billions, abs=0.005)


def test_a_wider_mlp_and_more_heads_have_more_weights() -> None:
    """Every size of a layer counts."""
    small = blocks.shape(catalog.transformers()["llama3-8b"])
    for larger in (
        dataclasses.replace(small, ffn_hidden=20000),
        dataclasses.replace(small, kv_heads=32),
        dataclasses.replace(small, value_dim=256),
    ):
        assert larger.total > small.total


def test_megatrons_formula_is_reproduced() -> None:
    """Narayanan et al. 2021 count 96 B s L h^2 (1 + s / 6h + V / 16 L h) with recomputation."""
    layers, hidden, vocab, sequence = 96, 12288, 51200, 2048
    shape = blocks.gpt(layers, hidden, 96, vocab, sequence)
    counted = 3 * sum(flops.flops_per_token(shape, sequence).values())
    counted += flops.recomputed_flops(shape, sequence, 2)
    published = 96.0 * layers * hidden**2
    published *= 1 + sequence / (6 * hidden) + vocab / (16 * layers * hidden)
    assert counted == pytest.approx(published, rel=1e-9)


def test_recomputing_is_work_for_the_hardware_only() -> None:
    """Selective repeats attention, full all layers, and the head is never repeated."""
    shape = blocks.gpt(24, 2304, 24, 51200, 2048)
    parts = flops.flops_per_token(shape, 2048)
    assert flops.recomputed_flops(shape, 2048, 0) == 0
    assert flops.recomputed_flops(shape, 2048, 1) == parts["layers/attention"]
    assert flops.recomputed_flops(shape, 2048, 2) == sum(parts.values()) - parts["head/vocabulary"]


def test_a_window_bounds_what_a_token_attends_to() -> None:
    """A window as long as the sequence changes nothing, a short one costs its own length."""
    shape = blocks.gpt(24, 2304, 24, 51200, 2048)
    full = flops.attended(shape, 8192)
    wide = dataclasses.replace(shape, window=8192, window_layers=24)
    narrow = dataclasses.replace(shape, window=128, window_layers=24)
    assert full == 4096.5
    assert flops.attended(wide, 8192) == full
    assert flops.attended(narrow, 8192) == pytest.approx(128, rel=0.01)


def test_only_matrices_a_token_meets_cost_operations() -> None:
    """A mixture of experts is as fast as its active weights."""
    network = catalog.transformers()["mixtral-8x7b"]
    shape = blocks.shape(network)
    parts = flops.flops_per_token(shape, 0)
    active = sum(transformer.active_parameters(network).values())
    looked_up = network.vocab * network.hidden  # the embedding, which is not multiplied
    assert sum(parts.values()) == pytest.approx(2 * (active - looked_up), rel=0.001)


def test_networks_that_are_not_modelled_are_refused() -> None:
    """Better no answer than one that leaves cross-attention out."""
    with pytest.raises(ValueError, match="cross-attention"):
        blocks.shape(catalog.transformers()["t5-base"])


@pytest.mark.parametrize(
    ("sizes", "batch", "ranks", "time", "published"),
    [
        ((48, 6144, 64), 4, 8, 1.10, (0.415, 0.437)),
        ((96, 12288, 96), 64, 64, 13.75, (0.514, 0.528)),
        ((105, 20480, 128), 280, 280, 37.83, (0.560, 0.570)),
        ((128, 25600, 160), 512, 512, 71.49, (0.563, 0.570)),
    ],
)
def test_utilisations_are_counted_as_published(
    sizes: tuple[int, int, int],
    batch: int,
    ranks: int,
    time: float,
    published: tuple[float, float],
) -> None:
    """Korthikanti et al. 2022, table 5, from their own times: a convention, not a model."""
    shape = blocks.gpt(*sizes, 51200, 2048)
    found = flops.utilisations(shape, 2048, batch, ranks, 312e12, time, 1, whole_square=True)
    assert found[0] == pytest.approx(published[0], abs=0.004)
    # They count three passes of attention for the one that is repeated (appendix A).
    repeated = 3 * (found[1] - found[0])
    assert found[0] + repeated == pytest.approx(published[1], abs=0.004)


def test_skipping_what_is_masked_counts_less() -> None:
    """The two conventions differ by half of attention."""
    shape = blocks.gpt(24, 2304, 24, 51200, 2048)
    whole, masked = (
        flops.utilisations(shape, 2048, 1, 1, 312e12, 1.0, 0, whole_square=square)[0]
        for square in (True, False)
    )
    attention = 3 * flops.flops_per_token(shape, 1023.5)["layers/attention"] * 2048 / 312e12
    assert whole - masked == pytest.approx(attention)
