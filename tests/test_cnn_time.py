"""Throughput of convolutional networks: limits, monotony, every chip and every network."""

import dataclasses
import math

import pytest

from hwcalc import catalog
from hwcalc.cnn import forward_flops
from hwcalc.cnn_time import inference_throughput, step_times, training_throughput
from hwcalc.cnn_work import macs_by_kind, training_memory
from hwcalc.convnets import resized
from hwcalc.convolution_time import convolution_machine

CHIPS, NETWORKS = catalog.accelerators(), catalog.convnets()
RESNET, A100 = NETWORKS["resnet50"], CHIPS["a100-sxm-80gb"]


@pytest.mark.parametrize("key", CHIPS)
def test_every_chip_has_an_answer_below_its_peak(key: str) -> None:
    """Also where nobody measured one: training at a positive rate that the peak allows."""
    chip = CHIPS[key]
    for precision in ("fp32", "tf32", "fp16", "bf16"):
        known = {"fp16", "bf16"} if precision in ("fp16", "bf16") else {precision}
        if not known & set(chip.peak):
            with pytest.raises(ValueError, match="has no rate for"):
                training_throughput(RESNET, chip, 64, precision)
            continue
        rate = training_throughput(RESNET, chip, 64, precision)
        # Winograd saves up to 4 of the operations of 3 x 3 layers, which are under half of them.
        most = 2.0 if precision == "fp32" else 1.0
        assert 0 < rate * 3 * forward_flops(RESNET) < most * max(chip.peak.values())


@pytest.mark.parametrize("key", NETWORKS)
def test_training_takes_a_few_times_inference(key: str) -> None:
    """The backward pass does twice the forward's work; depthwise gradients make it more."""
    network = NETWORKS[key]
    forward = 1024 / inference_throughput(network, A100, 1024, "fp16")
    both = 1024 / training_throughput(network, A100, 1024, "fp16")
    assert 2 < both / forward < 8


@pytest.mark.parametrize("training", [False, True])
def test_parts_are_not_negative_and_larger_batches_are_not_slower_per_image(
    training: bool,
) -> None:
    """A step of twice the batch takes longer, an image of it at most as long."""
    step = image = 0.0
    for batch in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512):
        parts = step_times(RESNET, A100, batch, "fp16", training)
        assert all(part >= 0 for part in parts.values())
        time = sum(parts.values())
        assert time > 0.999 * step
        assert not image or time / batch < 1.02 * image
        step, image = time, time / batch


def test_small_batches_wait_for_the_host() -> None:
    """One image takes as long as eight; no faster chip helps."""
    one, eight = (sum(step_times(RESNET, A100, n, "fp16", False).values()) for n in (1, 8))
    assert one == pytest.approx(eight)
    h100 = sum(step_times(RESNET, CHIPS["h100-sxm"], 1, "fp16", False).values())
    assert h100 == pytest.approx(one)
    assert step_times(RESNET, A100, 256, "fp16", False)["host"] == 0


def test_matrix_units_help_a_resnet_more_than_a_mobilenet() -> None:
    """A V100 of 2018 trained the one several times faster in 16 bits, the other at most 2.5."""
    v100 = CHIPS["v100-sxm2-16gb"]
    gain = {
        key: training_throughput(NETWORKS[key], v100, 128, "fp16")
        / training_throughput(NETWORKS[key], v100, 128, "fp32")
        for key in ("resnet50", "mobilenet-v2")
    }
    assert gain["resnet50"] > 2.8
    assert gain["mobilenet-v2"] < 2.5


def test_larger_images_are_slower_in_proportion() -> None:
    """Four times the pixels: nearly a quarter of the images."""
    large = resized(RESNET, 448)
    few = inference_throughput(large, A100, 512, "fp16")
    many = inference_throughput(RESNET, A100, 512, "fp16")
    assert 3.5 < many / few < 4.3


def test_more_bandwidth_helps_and_never_more_than_in_proportion() -> None:
    """What lies between convolutions waits for memory, convolutions not only."""
    chip = convolution_machine(A100)
    twice = dataclasses.replace(chip, bandwidth=2 * chip.bandwidth)
    gain = training_throughput(RESNET, twice, 256, "fp16") / training_throughput(
        RESNET, chip, 256, "fp16"
    )
    assert 1.3 < gain < 2


def test_the_gradient_of_the_images_is_not_computed() -> None:
    """A network of one layer goes backward to its weights only."""
    alone = dataclasses.replace(RESNET, id="one", layers=RESNET.layers[:1])
    parts = step_times(alone, A100, 64, "fp16", True)
    assert not any(key.endswith("/input") for key in parts)
    assert parts["larger/weight"] > 0


def test_mixed_precision_fits_where_it_was_measured() -> None:
    """NVIDIA trained 256 images at once on cards of 16 GB in mixed precision, FP32 with half."""
    memory = CHIPS["v100-sxm2-16gb"].memory
    assert training_memory(RESNET, 256, "fp16") < memory
    assert training_memory(RESNET, 128, "fp32") < memory < training_memory(RESNET, 256, "fp32")


@pytest.mark.parametrize("key", NETWORKS)
def test_operations_by_kind_are_all_operations(key: str) -> None:
    """No layer is lost on the way from the list to the kernels."""
    assert 2 * sum(macs_by_kind(NETWORKS[key]).values()) == forward_flops(NETWORKS[key])


def test_what_is_unknown_is_named() -> None:
    """The message lists what there is."""
    with pytest.raises(ValueError, match="precision = 'fp8': must be one of fp32, tf32"):
        training_throughput(RESNET, A100, 64, "fp8")
    with pytest.raises(ValueError, match="layout = 'chwn'"):
        training_throughput(RESNET, A100, 64, "fp16", "chwn")
    with pytest.raises(ValueError, match=r"batch = 0\.5: must be a whole number"):
        training_throughput(RESNET, A100, 0.5, "fp16")
    with pytest.raises(ValueError, match="Titan Xp has no rate for fp16"):
        training_throughput(RESNET, CHIPS["titan-xp"], 64, "fp16")


def test_answers_are_finite_for_every_network() -> None:
    """Layer lists of all kinds turn into kernels."""
    for network in NETWORKS.values():
        assert math.isfinite(inference_throughput(network, A100, 1, "bf16"))
