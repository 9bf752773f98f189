"""The training step: what must hold for every layout, and published reference points."""

import dataclasses
import itertools
from collections.abc import Iterator

import pytest

from hwcalc import blocks, catalog, training, training_flops
from hwcalc.blocks import Shape
from hwcalc.frameworks import FRAMEWORKS
from hwcalc.layout import Cluster, Layout
from hwcalc.training_step import step_time

A100 = Cluster(catalog.accelerators()["a100-sxm-80gb"], 8, 25e9, 0.0)
H100 = Cluster(catalog.accelerators()["h100-sxm"], 8, 50e9, 0.0)
CORE = FRAMEWORKS["megatron-core"]
LLAMA = blocks.shape(catalog.transformers()["llama3-8b"])
PLAIN = Layout(1, 1, 8, 1, 1, 1, 64, 1, 1, 0, False)


def parts(
    layout: Layout, shape: Shape = LLAMA, cluster: Cluster = H100, sequence: float = 4096
) -> dict[str, float]:
    """Return a step of a modern framework, with data at hand."""
    return step_time(cluster, shape, layout, sequence, CORE, 0.0)


def total(layout: Layout, shape: Shape = LLAMA, cluster: Cluster = H100) -> float:
    """Return the time of a step."""
    return sum(parts(layout, shape, cluster).values())


def vary(**values: list[float]) -> Iterator[Layout]:
    """Yield the plain layout with one field after another changed."""
    for name, choices in values.items():
        for value in choices:
            yield dataclasses.replace(PLAIN, **{name: value})


def test_no_part_is_negative() -> None:
    """Waiting is at least nothing."""
    for layout in vary(tensor=[1, 2, 8], pipeline=[1, 4, 32], context=[1, 4], zero=[0, 1, 2, 3]):
        for software in FRAMEWORKS.values():
            precise = dataclasses.replace(software, precision="bf16")
            found = step_time(H100, LLAMA, layout, 4096, precise, 0.0)
            assert all(time >= 0 for time in found.values()), (layout, found)


def test_a_step_never_beats_the_peak() -> None:
    """The operations of the network at the peak of all chips are a floor."""
    for layout in vary(tensor=[1, 2, 8], pipeline=[1, 4], micro_batch=[1, 2, 8]):
        context = training_flops.attended(LLAMA, 4096)
        flops = 3 * sum(training_flops.flops_per_token(LLAMA, context).values())
        floor = flops * 4096 * layout.batch / (layout.ranks * H100.accelerator.peak["bf16"])
        assert total(layout) > floor


def test_longer_inputs_take_longer() -> None:
    """Monotone in batch, sequence, layers, width and recomputation."""
    assert total(PLAIN) < total(dataclasses.replace(PLAIN, batch=128))
    sequences = [sum(parts(PLAIN, sequence=s).values()) for s in (1024, 2048, 4096, 8192, 16384)]
    assert sequences == sorted(sequences)
    for larger in (
        dataclasses.replace(LLAMA, layers=64),
        dataclasses.replace(LLAMA, ffn_hidden=28672),
        dataclasses.replace(LLAMA, vocab=256512),
    ):
        assert total(PLAIN) < total(PLAIN, larger)
    again = [total(dataclasses.replace(PLAIN, recompute=r)) for r in (0, 1, 2)]
    assert again == sorted(again)


def test_a_larger_micro_batch_is_no_slower_for_a_token() -> None:
    """Without a pipeline fewer, larger passes only spare launches and waves."""
    layouts = [dataclasses.replace(PLAIN, micro_batch=size, batch=512) for size in (1, 2, 4, 8)]
    times = [total(layout) for layout in layouts]
    for smaller, larger in itertools.pairwise(times):
        assert larger <= smaller * 1.02


def test_layers_add_up() -> None:
    """Twice the layers take twice the time of the layers, once, not their square."""
    double = dataclasses.replace(LLAMA, layers=2 * LLAMA.layers, dense_layers=2 * LLAMA.layers)
    for name, time in parts(PLAIN).items():
        if name.startswith("layers/"):
            assert parts(PLAIN, double)[name] == pytest.approx(2 * time), name


@pytest.mark.parametrize("zero", [0, 1, 2, 3])
def test_weights_are_gathered_only_where_they_are_sharded(zero: int) -> None:
    """Without sharding there is nothing to gather."""
    found = parts(dataclasses.replace(PLAIN, zero=zero))
    assert (found["data/weights"] > 0) == (zero > 0)


def test_one_rank_exchanges_nothing() -> None:
    """No collective, no message, no bubble."""
    alone = parts(Layout(1, 1, 1, 1, 1, 1, 8, 1, 0, 0, False))
    for name in ("layers/tensor", "layers/context", "layers/expert", "pipeline/send"):
        assert alone[name] == 0, name
    assert sum(time for name, time in alone.items() if name.startswith("data/")) == 0
    assert alone["pipeline/bubble"] == 0


@pytest.mark.parametrize(("stages", "passes", "share"), [(8, 8, 0.467), (8, 32, 0.179)])
def test_the_bubble_is_that_of_gpipe(stages: int, passes: int, share: float) -> None:
    """Idle over all time is (p - 1) / (m + p - 1), Huang et al. 2018."""
    even = dataclasses.replace(blocks.gpt(32, 4096, 32, 128, 2048), embedding=0.0, head=0.0)
    layout = Layout(1, stages, 1, 1, 1, 1, passes, 1, 0, 0, False)
    found = step_time(H100, even, layout, 2048, CORE, 0.0)
    busy = sum(time for name, time in found.items() if name.startswith(("layers/", "ends/")))
    bubble = found["pipeline/bubble"]
    assert bubble / (busy + bubble) == pytest.approx(share, abs=0.003)
    halved = step_time(H100, even, dataclasses.replace(layout, interleave=2), 2048, CORE, 0.0)
    assert halved["pipeline/bubble"] == pytest.approx(bubble / 2)


def test_tensor_parallelism_helps_within_bounds() -> None:
    """Eight ranks are faster than one, but not eight times."""
    eight = Layout(8, 1, 1, 1, 1, 1, 8, 1, 0, 0, True)
    ratio = total(dataclasses.replace(eight, tensor=1, sequence_parallel=False)) / total(eight)
    assert 3 < ratio < 8


def test_more_replicas_make_a_batch_faster_but_not_in_proportion() -> None:
    """Strong scaling ends where exchanges and updates do not shrink."""
    times = [total(Layout(1, 1, n, 1, 1, 1, 512, 1, 1, 0, False)) for n in (8, 32, 128)]
    assert times == sorted(times, reverse=True)
    assert times[0] / times[2] < 16


def test_slower_chips_make_all_wait() -> None:
    """Ranks in step wait for the slowest, more the more there are; equal ones for nobody."""
    uneven = dataclasses.replace(H100, spread=0.015)
    few, many = (
        step_time(uneven, LLAMA, dataclasses.replace(PLAIN, data=n, batch=8 * n), 4096, CORE, 0.0)
        for n in (8, 512)
    )
    assert parts(PLAIN)["pipeline/slowest"] == 0
    assert 0.015 < few["pipeline/slowest"] / sum(few.values()) < 0.025
    assert 0.03 < many["pipeline/slowest"] / sum(many.values()) < 0.06


def test_only_loading_that_lasts_longer_is_waited_for() -> None:
    """The input pipeline works ahead of the step."""
    ready = total(PLAIN)
    assert sum(step_time(H100, LLAMA, PLAIN, 4096, CORE, ready / 2).values()) == ready
    late = step_time(H100, LLAMA, PLAIN, 4096, CORE, 2 * ready)
    assert sum(late.values()) == pytest.approx(2 * ready)


def test_a_layer_as_measured_alone() -> None:
    """Korthikanti et al. 2022, table 4: 7.7 and 11.9 ms for a layer of 22 billion, 8 A100."""
    shape = blocks.gpt(48, 6144, 64, 51200, 2048)
    layout = Layout(8, 1, 1, 1, 1, 4, 4, 1, 0, 0, False)
    found = step_time(A100, shape, layout, 2048, FRAMEWORKS["megatron-2022"], 0.0)
    layer = sum(time for name, time in found.items() if name.startswith("layers/")) / 48
    assert layer == pytest.approx(19.6e-3, rel=0.10)


def test_tensor_parallel_traffic_is_four_sums_a_layer() -> None:
    """16 b s h (t - 1) / t bytes in 16 bits for a layer, at no more than the link's rate."""
    shape = blocks.gpt(48, 6144, 64, 51200, 2048)
    layout = Layout(8, 1, 1, 1, 1, 4, 4, 1, 0, 0, False)
    found = step_time(A100, shape, layout, 2048, FRAMEWORKS["megatron-2021"], 0.0)
    bytes_sent = 48 * 16 * 4 * 2048 * 6144 * 7 / 8
    rate = bytes_sent / found["layers/tensor"]
    assert 0.5 * 300e9 < rate < 300e9


def test_mistakes_are_refused_with_names() -> None:
    """The page shows the message beside the controls."""
    with pytest.raises(ValueError, match="micro_batches"):
        total(dataclasses.replace(PLAIN, batch=100))
    with pytest.raises(ValueError, match="loading"):
        step_time(H100, LLAMA, PLAIN, 4096, CORE, -1.0)
    strange = dataclasses.replace(CORE, attention="flash-9")
    with pytest.raises(ValueError, match="attention"):
        step_time(H100, LLAMA, PLAIN, 4096, strange, 0.0)


@pytest.mark.parametrize(
    ("parameters", "tokens", "devices", "achieved", "days"),
    [(175e9, 300e9, 1024, 140e12, 34), (1e12, 450e9, 3072, 163e12, 84)],
)
def test_published_runs_of_weeks(
    parameters: float, tokens: float, devices: int, achieved: float, days: float
) -> None:
    """Narayanan et al. 2021, section 5.1: 8 T P / (N X) with recomputation."""
    flops = 8 * parameters * tokens
    time = training.training_time(flops, devices, 312e12, achieved / 312e12)
    assert time / 86400 == pytest.approx(days, rel=0.02)


def test_passes_of_all_replicas_are_the_batch() -> None:
    """Tokens a second times accelerators times the step are the batch's tokens."""
    for layout in vary(data=[2, 8], micro_batch=[1, 2, 4], pipeline=[1, 4]):
        assert layout.micro_batches * layout.micro_batch * layout.data == layout.batch
        tokens = layout.tokens(4096) * layout.micro_batches * layout.context * layout.data
        assert tokens == layout.batch * 4096


def test_every_accelerator_with_a_rate_trains_a_small_network() -> None:
    """One chip alone needs no links; what the catalogue does not know is filled in or named."""
    small = blocks.gpt(12, 768, 12, 50257, 1024)
    alone = Layout(1, 1, 1, 1, 1, 8, 8, 1, 0, 0, False)
    trained = 0
    for chip in catalog.accelerators().values():
        usable = [name for name in ("bf16", "fp16", "fp32") if name in chip.peak]
        if not usable or not (chip.pcie or "link_bandwidth" in chip.published):
            continue
        software = dataclasses.replace(FRAMEWORKS["nanotron"], precision=usable[0])
        found = step_time(Cluster(chip, 1, 0.0, 0.0), small, alone, 1024, software, 0.0)
        floor = 6 * small.total * 8 * 1024 / chip.peak[usable[0]]
        assert floor < sum(found.values()) < 30 * floor + 0.2, chip.name
        trained += 1
    assert trained > 100
