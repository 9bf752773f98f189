"""Encoders kernel by kernel: limits whose answer is obvious, and published reference points."""

import dataclasses
from typing import Any

import pytest

from hwcalc import catalog, encoder
from hwcalc.encoder_programs import programs
from hwcalc.layout import Cluster
from hwcalc.transformer import forward_flops_per_token
from tests.accuracy import encoder as accuracy
from tests.accuracy.tables import table

CHIPS, NETWORKS = catalog.accelerators(), catalog.transformers()
A100, LARGE = CHIPS["a100-sxm-80gb"], NETWORKS["bert-large"]
PYTORCH = programs()["pytorch"]


def step(chip: Any = A100, **changes: Any) -> dict[str, float]:
    """A step of fine-tuning with some arguments changed."""
    usual = {"network": LARGE, "batch": 32, "sequence": 384, "predicted": 0, "passes": 1}
    given = {**usual, "precision": "fp16", "program": PYTORCH, **changes}
    return encoder.step_times(chip, **given)


def training_flops(sequence: int) -> float:
    """Operations for one sequence in training, in the layers alone: a floor."""
    weights = LARGE.layers * (4 * LARGE.hidden**2 + 2 * LARGE.hidden * LARGE.ffn_hidden)
    return 3 * sequence * forward_flops_per_token(weights, LARGE.layers, LARGE.hidden, sequence)


def test_no_step_beats_the_peak() -> None:
    """Three times the forward operations at the peak is a floor, whatever the batch."""
    for batch in (1, 8, 64, 256):
        flops = training_flops(384) * batch
        assert sum(step(batch=batch).values()) > flops / A100.peak["fp16"]


def test_a_longer_text_and_a_larger_batch_take_longer() -> None:
    """But less for each token, as launches and updates are shared."""
    times = [sum(step(batch=batch).values()) for batch in (1, 2, 4, 8, 16, 32)]
    assert times == sorted(times)
    rates = [batch / time for batch, time in zip((1, 2, 4, 8, 16, 32), times, strict=True)]
    assert rates == sorted(rates)
    assert sum(step(sequence=512).values()) > sum(step(sequence=384).values())


def test_passes_repeat_everything_but_the_update() -> None:
    """Gradient accumulation pays for the optimizer once."""
    one, many = step(), step(passes=8)
    for name, time in one.items():
        factor = 1 if name == "update/optimizer" else 8
        assert many[name] == pytest.approx(factor * time), name


def test_without_predicted_tokens_there_is_no_vocabulary() -> None:
    """A head for questions is two numbers for a token."""
    assert step()["ends/head"] == 0
    assert step(predicted=80)["ends/head"] > 0


def test_an_answer_is_the_forward_pass_alone() -> None:
    """Less than half of a training step, as going backward takes two products for one."""
    answer = encoder.answer_times(A100, LARGE, 32, 384, "fp16", PYTORCH)
    assert 2 * sum(answer.values()) < sum(step().values())


def test_fused_kernels_move_less() -> None:
    """DeepSpeed's point."""
    fused, single = (step(program=programs()[name]) for name in ("deepspeed", "pytorch-lamb"))
    assert fused["layers/memory"] < 0.7 * single["layers/memory"]
    assert fused["layers/products"] < single["layers/products"]


def test_gaps_are_a_floor_for_small_batches() -> None:
    """The host cannot start kernels faster, however small they are."""
    slow = dataclasses.replace(PYTORCH, gap=50e-6)
    answer = encoder.answer_times(A100, LARGE, 1, 16, "fp16", slow)
    assert answer["layers/gaps"] == pytest.approx(24 * (13 + 8) * 50e-6)


def test_other_networks_are_refused_with_a_way_out() -> None:
    """A decoder has its own model; the message says what to choose."""
    with pytest.raises(ValueError, match="choose BERT"):
        step(network=NETWORKS["llama3-8b"])
    with pytest.raises(ValueError, match="batch"):
        step(batch=0)


def test_one_rank_waits_for_nobody() -> None:
    """And more wait for the last bucket at least."""
    cluster = Cluster(A100, 8, 0.0, 0.015)
    waits = [
        encoder.gradient_wait(cluster, LARGE, ranks, "fp16", PYTORCH, 0.2, 0.3)
        for ranks in (1, 2, 8)
    ]
    assert sum(waits[0].values()) == 0
    assert 0 < waits[1]["replicas/gradients"] < waits[2]["replicas/gradients"]


def test_what_cannot_be_hidden_is_waited_for() -> None:
    """Without a backward pass to hide behind the whole exchange is exposed."""
    cluster = Cluster(A100, 8, 0.0, 0.0)
    hidden, bare = (
        encoder.gradient_wait(cluster, LARGE, 8, "fp16", PYTORCH, time, 0.3)["replicas/gradients"]
        for time in (0.3, 0.0)
    )
    assert bare > 10 * hidden


def test_rows_left_out_are_faster_than_physics_or_than_shorter_texts() -> None:
    """A published rate may only be refused for a reason that can be computed."""
    left_out = [row for row in table("bert_pytorch") if accuracy.overstated(row)]
    assert len(left_out) == 8
    plain = [row for row in left_out if row["precision"] == "fp32"]
    for row in plain:  # 512 tokens on every sequence would take more than the FP32 peak
        peak = CHIPS[row["accelerator"]].peak["fp32"]
        assert row["throughput"] / row["ranks"] * training_flops(512) > 1.1 * peak
    for row in left_out:
        (short,) = [
            other
            for other in table("bert_pytorch")
            if (other["task"], other["sequence"]) == ("pretrain", 128)
            and all(other[key] == row[key] for key in ("board", "precision", "ranks"))
        ]
        assert row["throughput"] * 512 > 1.3 * short["throughput"] * 128


def test_sweeps_over_batches_give_what_single_batches_give() -> None:
    """Arrays are the same calculation; numpy is absent in the browser only."""
    np = pytest.importorskip("numpy")
    batches = np.array([1.0, 7.0, 64.0])
    swept = step(batch=batches, predicted=20)
    for place, batch in enumerate(batches):
        single = step(batch=float(batch), predicted=20)
        for name, time in single.items():
            swept_time = np.broadcast_to(swept[name], 3)[place]
            assert swept_time == pytest.approx(time, rel=1e-12), name


def test_rows_called_unmixed_equal_their_tf32_rows() -> None:
    """The reason for their regime of their own: within 7 %, at every size."""
    rows = [row for row in table("bert_tensorflow_answer") if accuracy.unmixed(row)]
    assert len(rows) == 16
    for row in rows:
        (same,) = [
            other
            for other in table("bert_tensorflow_answer")
            if other["precision"] == "tf32"
            and all(other[key] == row[key] for key in ("network", "sequence", "batch"))
        ]
        assert row["throughput"] == pytest.approx(same["throughput"], rel=0.07)
