"""Memory of training: what adds up, what must not grow, and published figures."""

import dataclasses

import pytest

from hwcalc import activations, blocks, catalog, memory
from hwcalc.adapters import adapter_memory
from hwcalc.frameworks import FRAMEWORKS
from hwcalc.layout import Layout
from hwcalc.memory import training_memory
from hwcalc.serving_memory import serving_memory
from hwcalc.states import States

MEGATRON = FRAMEWORKS["megatron-2022"]
CORE = FRAMEWORKS["megatron-core"]
MIXED = States(weight=2, gradient=4, master=4, optimizer="adam")
STATES = ("weights/", "gradients/", "master/", "moments/")


def parts(
    shape: blocks.Shape, layout: Layout, states: States = MIXED, sequence: float = 2048
) -> dict[str, float]:
    """Return the memory of a layout without losses and reserve."""
    return training_memory(shape, layout, sequence, CORE, states, 0.0, 0.0)


def kept(found: dict[str, float]) -> float:
    """Add up weights, gradients and what the optimizer keeps."""
    return sum(size for name, size in found.items() if name.startswith(STATES))


@pytest.mark.parametrize("zero", [0, 1, 2, 3])
@pytest.mark.parametrize("tensor", [1, 8])
def test_the_states_of_all_ranks_are_the_states_of_the_network(zero: int, tensor: int) -> None:
    """Tensor parallelism divides all states, sharding those of its stage; nothing is lost."""
    shape = blocks.shape(catalog.transformers()["llama3-8b"])
    data = 4
    layout = Layout(tensor, 1, data, 1, 1, 1, 8, 1, zero, 0, tensor > 1)
    copies = {"weights": 2, "gradients": 4, "master": 4, "moments": 8}
    shards = {"weights": 3, "gradients": 2, "master": 1, "moments": 1}
    expected = sum(
        shape.total * size * (1 if zero >= shards[name] else data) for name, size in copies.items()
    )
    assert kept(parts(shape, layout)) * tensor * data == pytest.approx(expected, rel=1e-9)


def test_experts_are_shared_by_their_ranks() -> None:
    """All experts of all ranks are the experts of the network, with their replicas."""
    shape = blocks.shape(catalog.transformers()["mixtral-8x7b"])
    layout = Layout(1, 1, 16, 1, 8, 1, 16, 1, 0, 0, False)
    found = parts(shape, layout)
    assert found["weights/experts"] * 16 == pytest.approx(2 * shape.layers * shape.routed * 2)


def test_stages_hold_all_layers() -> None:
    """First, last and the stages between have every layer once; layers may divide unevenly."""
    shape = blocks.gpt(70, 14336, 112, 250880, 2048)
    first, last = memory.stage_depths(
        shape, Layout(4, 12, 8, 1, 1, 2, 2048, 1, 1, 2, False), MEGATRON
    )
    assert 11 * first + last == 70
    only = memory.stage_depths(shape, Layout(4, 1, 8, 1, 1, 2, 2048, 1, 1, 2, False), MEGATRON)
    assert only == (70, 70)


@pytest.mark.parametrize("tensor", [1, 2, 8])
@pytest.mark.parametrize("recompute", [0, 1, 2])
def test_sequence_parallelism_never_needs_more(tensor: int, recompute: int) -> None:
    """It splits what is whole without it; with one rank there is nothing to split."""
    shape = blocks.gpt(48, 6144, 64, 51200, 2048)
    layout = Layout(tensor, 1, 1, 1, 1, 4, 4, 1, 0, recompute, False)
    without = sum(parts(shape, layout).values())
    split = sum(parts(shape, dataclasses.replace(layout, sequence_parallel=True)).values())
    assert split <= without
    assert (split == without) == (tensor == 1)


def test_each_stage_of_sharding_needs_less() -> None:
    """And gathered layers appear with the third stage only."""
    shape = blocks.shape(catalog.transformers()["llama3-70b"])
    found = [
        parts(shape, Layout(1, 1, 64, 1, 1, 1, 64, 1, zero, 2, False)) for zero in (0, 1, 2, 3)
    ]
    totals = [sum(f.values()) for f in found]
    assert totals == sorted(totals, reverse=True)
    assert [f["gathered/layers"] > 0 for f in found] == [False, False, False, True]


def test_recomputing_more_keeps_less() -> None:
    """Full recomputation keeps an input for each layer."""
    shape = blocks.gpt(96, 12288, 96, 51200, 2048)
    one = [
        sum(
            activations.layer_activation_bytes(
                shape, Layout(8, 1, 1, 1, 1, 1, 1, 1, 0, 0, True), 2048, MEGATRON, again
            ).values()
        )
        for again in (0, 1, 2)
    ]
    assert one == sorted(one, reverse=True)
    assert one[2] == 2 * 2048 * 12288 / 8


@pytest.mark.parametrize(
    ("sequence_parallel", "recompute", "expected"),
    [
        (False, 0, lambda s, h, a, t: 10 + 24 / t + 5 * a * s / (h * t)),
        (True, 0, lambda s, h, a, t: 34 / t + 5 * a * s / (h * t)),
        (False, 1, lambda s, h, a, t: 10 + 24 / t),  # noqa: ARG005
        (True, 1, lambda s, h, a, t: 34 / t),  # noqa: ARG005
        (False, 2, lambda s, h, a, t: 2),  # noqa: ARG005
    ],
)
@pytest.mark.parametrize(
    ("layers", "hidden", "heads", "batch"),
    [(48, 6144, 64, 4), (96, 12288, 96, 1), (105, 20480, 128, 1), (128, 25600, 160, 1)],
)
def test_korthikantis_table_of_activations(
    layers: int,
    hidden: int,
    heads: int,
    batch: int,
    sequence_parallel: bool,
    recompute: int,
    expected: object,
) -> None:
    """Korthikanti et al. 2022, table 2, for their four networks."""
    found = activations.layer_activation_bytes(
        blocks.gpt(layers, hidden, heads, 51200, 2048),
        Layout(8, 1, 1, 1, 1, batch, batch, 1, 0, 0, sequence_parallel),
        2048,
        MEGATRON,
        recompute,
    )
    assert callable(expected)
    units = sum(found.values()) / (2048 * batch * hidden)
    assert units == pytest.approx(expected(2048, hidden, heads, 8))


@pytest.mark.parametrize(
    ("layers", "hidden", "heads", "stages", "published"),
    [(48, 6144, 64, 1, 45.5625), (105, 20480, 128, 35, 31.640625)],
)
def test_korthikantis_weights_and_optimizer(
    layers: int, hidden: int, heads: int, stages: int, published: float
) -> None:
    """Their figure 1 counts 18 bytes for each of 12 h^2 weights of a rank's layers, in GiB."""
    shape = blocks.gpt(layers, hidden, heads, 51200, 2048)
    layout = Layout(8, stages, 1, 1, 1, 1, 280, 1, 0, 0, True)
    found = parts(shape, layout)
    dense = sum(size for name, size in found.items() if name.endswith("/dense"))
    assert dense / 2**30 == pytest.approx(published, rel=0.001)


def test_interleaving_keeps_more_in_flight() -> None:
    """By 1 + (p - 1) / (p v), Korthikanti et al. 2022, section 4.2.3."""
    shape = blocks.gpt(96, 12288, 96, 51200, 2048)
    plain, interleaved = (
        parts(shape, Layout(8, 8, 1, 1, 1, 1, 64, v, 0, 0, True))["activations/layers"]
        for v in (1, 3)
    )
    assert interleaved / plain == pytest.approx(1 + 7 / (8 * 3))


def test_optimizers_in_order() -> None:
    """What keeps less needs less."""
    shape = blocks.shape(catalog.transformers()["llama3-8b"])
    layout = Layout(1, 1, 1, 1, 1, 1, 1, 1, 0, 2, False)
    order = ["sgd", "adafactor", "adam-8bit", "sgd-momentum", "muon", "adam"]
    sizes = [
        kept(parts(shape, layout, dataclasses.replace(MIXED, optimizer=name))) for name in order
    ]
    assert sizes == sorted(sizes)
    assert sizes[-1] == pytest.approx(18 * shape.total)


def test_qlora_fits_65_billion_on_48_gigabytes() -> None:
    """Dettmers et al. 2023 fine-tune LLaMA 65B on one card of 48 GB."""
    shape = blocks.shape(catalog.transformers()["llama1-65b"])
    found = adapter_memory(
        shape, 1, 512, FRAMEWORKS["litgpt"], States(2, 2, 0, "adam-8bit"), 64, "all",
        "nf4-double", 2, 1,
    )  # fmt: skip
    assert 35e9 < sum(found.values()) < 48e9
    assert found["weights/frozen"] < 0.30 * 2 * shape.total


def test_serving_counts_all_experts() -> None:
    """A mixture of experts needs the memory of all its weights, whatever a token meets."""
    network = catalog.transformers()["mixtral-8x7b"]
    found = serving_memory(network, "bf16", 1, 1024, 2, 16, 1024, 1, 0.0)
    assert found["weights/layers"] + found["weights/ends"] == pytest.approx(2 * 46.7e9, rel=0.002)


def test_serving_caches_what_attention_keeps() -> None:
    """Llama 3 8B keeps 131,072 bytes of a token, DeepSeek-V3 70,272, in whole blocks."""
    for name, size in (("llama3-8b", 131072), ("deepseek-v3", 70272)):
        network = catalog.transformers()[name]
        found = serving_memory(network, "bf16", 3, 1000, 2, 16, 1024, 1, 0.0)
        assert found["cache/keys_values"] == 3 * 1008 * size
    # Eight heads are shared by sixteen ranks, a latent by none.
    shared = serving_memory(catalog.transformers()["llama3-8b"], "bf16", 3, 1008, 2, 16, 1, 16, 0.0)
    assert shared["cache/keys_values"] == 3 * 1008 * 131072 / 8


def test_mistakes_are_refused_with_names() -> None:
    """A layout that does not divide the batch has no micro-batches."""
    shape = blocks.gpt(24, 2304, 24, 51200, 2048)
    with pytest.raises(ValueError, match="micro_batches"):
        parts(shape, Layout(1, 1, 3, 1, 1, 1, 8, 1, 0, 0, False))
    with pytest.raises(ValueError, match="optimizer"):
        parts(shape, Layout(1, 1, 1, 1, 1, 1, 8, 1, 0, 0, False), States(2, 2, 4, "adamw"))


@pytest.mark.parametrize(("zero", "published"), [(0, 120), (1, 31.4), (2, 16.6), (3, 1.9)])
def test_sharding_as_in_the_paper(zero: int, published: float) -> None:
    """Rajbhandari et al. 2019, figure 1: 7.5 billion on 64 ranks, 16 bytes for each, in GB."""
    shape = blocks.shape(catalog.transformers()["megatron-ptdp-7.5b"])
    layout = Layout(1, 1, 64, 1, 1, 1, 64, 1, zero, 2, False)
    found = kept(parts(shape, layout, States(2, 2, 4, "adam"))) * 7.5e9 / shape.total
    assert found / 1e9 == pytest.approx(published, rel=0.02)


def test_full_fine_tuning_of_65_billion_needs_780_gigabytes() -> None:
    """Dettmers et al. 2023, section 1: 12 bytes for each parameter in 16 bits throughout."""
    shape = blocks.shape(catalog.transformers()["llama1-65b"])
    layout = Layout(1, 1, 1, 1, 1, 1, 1, 1, 0, 2, False)
    assert kept(parts(shape, layout, States(2, 2, 0, "adam"))) > 780e9
