"""The calculators of the article on data parallelism give the published points."""

import pytest

from hwcalc.calculator import InputError, run

ONE_BUS = {
    "network": "custom", "size": 40, "gradient_bytes": "4", "gpus": 4, "gpus_per_node": 4,
    "local": "custom", "rate": 16, "link_share": 100, "local_latency": 0.1, "bucket": 4096,
    "spread": 0,
}  # fmt: skip


@pytest.mark.parametrize(("method", "time"), [("gather", 0.06), ("host", 0.08), ("ring", 0.015)])
def test_strategies_of_dive_into_deep_learning(method: str, time: float) -> None:
    """160 MB over 16 GB/s on four GPUs: 60, 80 and 15 ms; the latency adds a thousandth."""
    answer = run("data_parallel_speedup", method=method, **ONE_BUS)
    assert answer["exchange"].value == pytest.approx(time, rel=1e-3)
    assert answer["gradients"].value == pytest.approx(160e6)


def test_rate_that_hides_resnet50() -> None:
    """Goyal et al.: 25 million FP32 parameters behind 125 ms need 12.8 Gbit/s."""
    answer = run(
        "data_parallel_speedup", network="custom", size=25, gradient_bytes="4", compute=187.5,
        gpus=4096, spread=0,
    )  # fmt: skip
    assert answer["needed"].value * 8 == pytest.approx(12.8e9, rel=1e-3)


def test_efficiency_and_speed_up_are_one_number() -> None:
    """Speed-up is efficiency times GPUs, and the parts of the step add up to it."""
    answer = run("data_parallel_speedup", network="vgg16", gpus=64, gradient_bytes="4")
    assert answer["speedup"].value == pytest.approx(64 * answer["efficiency"].value)
    total = sum(row[1] for row in answer["parts"].rows)
    assert total == pytest.approx(answer["step"].value, rel=1e-12)


def test_too_many_buckets_are_refused_with_the_way_out() -> None:
    """A bucket size that no trainer would choose is the reader's mistake, said in words."""
    with pytest.raises(InputError, match=r"buckets of .*choose larger buckets"):
        run("data_parallel_speedup", network="custom", size=1e6, bucket=1)


@pytest.mark.parametrize(("rings", "tokens"), [(1, 2550), (3, 850)])
def test_smallest_batch_of_tpu_v5p(rings: int, tokens: float) -> None:
    """The scaling book, with its 90 GB/s per link: 2,550 tokens on one axis, 850 on three."""
    answer = run(
        "compute_bound_batch", device="tpu-v5p", link="custom", rate=180, rings=rings, ranks=8192
    )
    assert answer["batch"].value == pytest.approx(tokens, rel=0.01)


def test_smallest_batch_of_h100_counted_both_ways() -> None:
    """450 GB/s one way need 2,200 tokens; adding the other direction gives half, wrongly."""
    right = run("compute_bound_batch", ranks=16384)["batch"].value
    wrong = run("compute_bound_batch", ranks=16384, both=True)["batch"].value
    assert right == pytest.approx(2198.6, rel=1e-3)
    assert wrong == pytest.approx(1099, rel=1e-3)


def test_eight_bit_gradients() -> None:
    """Fitted to 23x with 32 bits on 96 GPUs, the model must give the published 50x to 15 %."""
    answer = run("gradient_compression")
    assert answer["plain"].value == pytest.approx(23.0)
    assert answer["speedup"].value == pytest.approx(50.0, rel=0.15)


def test_one_machine_two_networks() -> None:
    """BERT-large on eight RTX 3090 reaches 1.45x because its gradients got under 1 GB/s."""
    answer = run("implied_bandwidth")
    assert answer["speedup"].value == pytest.approx(68 / 47)
    assert 0.6e9 < answer["slowest"].value < answer["fastest"].value < 1e9
    convnet = run("implied_bandwidth", network="resnet50", batch=448, alone=801, together=5907)
    assert convnet["efficiency"].value > 0.9
    # The rates the two allow overlap: one link explains both.
    assert convnet["slowest"].value < answer["fastest"].value < convnet["fastest"].value


def test_perfect_scaling_says_nothing_about_links() -> None:
    """Without a loss there is nothing to work a bandwidth out of; that is said, not divided by."""
    with pytest.raises(InputError, match="left no trace"):
        run("implied_bandwidth", together=8 * 47)
    with pytest.raises(InputError, match="cannot be faster"):
        run("implied_bandwidth", together=9 * 47)


def test_measured_and_predicted_stand_side_by_side() -> None:
    """The chosen run's error is that of its two efficiencies."""
    answer = run("measured_scaling", run="alexnet-8-p100")
    ratio = answer["predicted"].value / answer["measured"].value
    assert answer["error"].value == pytest.approx(ratio - 1)


def test_whole_copies_keep_sixteen_bytes_for_each_parameter() -> None:
    """Weights and gradients in 16 bits, Adam's two moments and a copy in 32."""
    answer = run("shard_states")
    assert answer["states"].value == pytest.approx(16)
    assert answer["fits"].text == "stage 1 on"


def test_sharding_weights_sends_half_as_much_again() -> None:
    """In 16 bits and one pass stage 3 sends 1.5 times an all-reduce, the other stages as much."""
    answer = run("shard_states")
    assert answer["sent_3"].value == pytest.approx(1.5 * answer["sent_0"].value)
    assert answer["sent_2"].value == pytest.approx(answer["sent_0"].value)
    eight = run("shard_states", passes=8)
    assert eight["sent_3"].value == pytest.approx(12 * eight["sent_0"].value)


def test_a_sharded_step_is_shorter_because_the_update_is() -> None:
    """With one pass the update of eight billion parameters outweighs the longer exchange."""
    answer = run("shard_states")
    assert answer["cost"].value < 0.9
    assert answer["waits_3"].value > answer["waits_0"].value
    assert run("shard_states", passes=16)["cost"].value > 1


def test_slow_links_make_stage_3_wait_longest() -> None:
    """On 25 Gbit/s every stage waits for most of the step or nearly, stage 3 longest."""
    rows = run("shard_states", link="ethernet-25")["stages"].rows
    waits = [row[4] / row[3] for row in rows]
    assert min(waits) > 0.5
    assert waits[3] == max(waits)


def test_only_stage_3_holds_seventy_billion() -> None:
    """256 H100, two sequences of 4,096 tokens in a pass."""
    answer = run("shard_states", network="llama3-70b", gpus=256, at_once=2)
    assert answer["fits"].text == "stage 3 on"


def test_a_hierarchy_saves_steps_and_no_bytes() -> None:
    """A gigabyte takes as long either way, to a tenth; a megabyte three times as long in a ring."""
    answer = run("link_hierarchy")
    assert answer["hierarchical"].value == pytest.approx(answer["ring"].value, rel=0.1)
    short = run("link_hierarchy", size=0.001)
    assert short["saving"].value == pytest.approx(3, abs=0.3)
    assert short["tree"].value < short["hierarchical"].value


def test_adapters_help_whatever_the_way() -> None:
    """Eight adapters in place of one cut every way's time to a fifth or less."""
    one, eight = run("link_hierarchy"), run("link_hierarchy", adapters=8)
    for way in ("ring", "tree", "hierarchical", "library"):
        assert eight[way].value < one[way].value / 5
    assert eight["within"].value == one["within"].value
