"""Times of convolutional layers: limits whose answer is obvious, and every chip."""

import dataclasses

import pytest

from hwcalc import catalog
from hwcalc.convolution import PASSES, Convolution, convolution_flops, convolution_traffic
from hwcalc.convolution_time import algorithm_times, convolution_machine, convolution_time
from hwcalc.machine import FORMATS

CHIPS = catalog.accelerators()
LAYER = Convolution(16, 256, 512, 28, 28, (3, 3), padding=(1, 1))
DEPTHWISE = Convolution(64, 96, 96, 56, 56, (7, 7), padding=(3, 3), groups=96)
PRECISIONS = {"fp32": ("fp32",), "tf32": ("tf32",), "bf16": ("bf16", "fp16")}


@pytest.mark.parametrize("key", CHIPS)
def test_no_chip_beats_its_roofline(key: str) -> None:
    """Direct operations at the peak and each tensor once: only Winograd may do with fewer."""
    chip = CHIPS[key]
    for dtype, names in PRECISIONS.items():
        peaks = [chip.peak[name] for name in names if name in chip.peak]
        if not peaks:
            continue
        for layer in (LAYER, DEPTHWISE):
            traffic = convolution_traffic(layer, FORMATS[dtype].first)
            for direction in PASSES:
                times = algorithm_times(chip, layer, direction, dtype, "nhwc")
                for algorithm, time in times.items():
                    saving = 4 if algorithm.startswith("winograd") else 1
                    assert time > convolution_flops(layer) / saving / max(peaks), algorithm
                    assert time > traffic / chip.bandwidth, algorithm


@pytest.mark.parametrize("direction", PASSES)
@pytest.mark.parametrize("dtype", ["fp32", "fp16"])
def test_more_images_take_longer(direction: str, dtype: str) -> None:
    """Each doubling, from one image to a thousand; never more than twice and a launch."""
    chip, before = CHIPS["v100-sxm2-16gb"], 0.0
    for batch in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024):
        layer = dataclasses.replace(LAYER, batch=batch)
        time = convolution_time(chip, layer, direction, dtype, "nhwc")
        # A single image may be as fast as two: the multiprocessors have tiles to spare.
        assert time >= 0.98 * before
        before = time


def test_large_batches_take_in_proportion() -> None:
    """Nothing but work counts in the end."""
    a100 = CHIPS["a100-sxm-80gb"]
    times = [
        convolution_time(a100, dataclasses.replace(LAYER, batch=n), "forward", "bf16", "nhwc")
        for n in (4096, 8192)
    ]
    assert times[1] / times[0] == pytest.approx(2, rel=0.01)


def test_winograd_wins_for_wide_layers_without_matrix_units_only() -> None:
    """Its transforms need many channels to pay for them, and matrix units cannot use it."""
    narrow = Convolution(16, 1, 16, 48, 480, (3, 3), padding=(1, 1))
    xp = CHIPS["titan-xp"]
    wide = algorithm_times(xp, LAYER, "forward", "fp32", "nchw")
    assert min(wide, key=lambda name: wide[name]) == "winograd_4"
    few = algorithm_times(xp, narrow, "forward", "fp32", "nchw")
    assert min(few, key=lambda name: few[name]) == "implicit"
    assert set(algorithm_times(CHIPS["v100-sxm2-16gb"], LAYER, "forward", "fp16", "nhwc")) == {
        "implicit"
    }
    strided = dataclasses.replace(LAYER, stride=(2, 2))
    assert set(algorithm_times(xp, strided, "forward", "fp32", "nchw")) == {"implicit"}


def test_a_depthwise_layer_waits_for_memory() -> None:
    """A larger kernel costs nothing but its weights; twice the bandwidth halves the time."""
    chip = convolution_machine(CHIPS["rtx-3090"])
    small = dataclasses.replace(DEPTHWISE, kernel=(3, 3), padding=(1, 1))
    times = [convolution_time(chip, x, "forward", "fp16", "nhwc") for x in (small, DEPTHWISE)]
    assert times[0] == pytest.approx(times[1], rel=1e-3)
    fast = dataclasses.replace(chip, bandwidth=2 * chip.bandwidth)
    launch = chip.constant("launch", "fp16")
    halved = convolution_time(fast, small, "forward", "fp16", "nhwc") - launch
    assert 2 * halved == pytest.approx(times[0] - launch)


def test_a_large_depthwise_kernel_waits_for_the_vector_units() -> None:
    """49 products for an element are more than an A100's FP32 units do while it arrives."""
    chip = convolution_machine(CHIPS["a100-sxm-80gb"])
    time = convolution_time(chip, DEPTHWISE, "forward", "fp16", "nhwc")
    launch = chip.constant("launch", "fp16")
    assert time - launch == pytest.approx(convolution_flops(DEPTHWISE) / chip.peak["fp32"])


def test_channels_first_cost_matrix_units_a_detour() -> None:
    """Tensors are turned around for kernels larger than a pixel, and for none else."""
    a100 = CHIPS["a100-sxm-80gb"]
    one = dataclasses.replace(LAYER, kernel=(1, 1), padding=(0, 0))
    for layer, slower in ((LAYER, True), (one, False)):
        last, first = (
            convolution_time(a100, layer, "forward", "fp16", layout) for layout in ("nhwc", "nchw")
        )
        assert (first > last) is slower
    assert convolution_time(a100, LAYER, "forward", "fp32", "nchw") == convolution_time(
        a100, LAYER, "forward", "fp32", "nhwc"
    )


def test_few_channels_are_padded_for_matrix_units() -> None:
    """Three colours take as long as eight."""
    a100 = CHIPS["a100-sxm-80gb"]
    image = Convolution(256, 3, 64, 224, 224, (7, 7), (2, 2), (3, 3))
    eight = dataclasses.replace(image, in_channels=8)
    three, padded = (convolution_time(a100, x, "forward", "fp16", "nhwc") for x in (image, eight))
    assert 0.8 * padded < three <= padded


def test_what_is_unknown_is_named() -> None:
    """The message lists what there is."""
    chip = CHIPS["titan-xp"]
    with pytest.raises(ValueError, match="direction = 'back': must be one of forward, input"):
        convolution_time(chip, LAYER, "back", "fp32", "nhwc")
    with pytest.raises(ValueError, match="layout = 'chwn': must be one of nhwc, nchw"):
        convolution_time(chip, LAYER, "forward", "fp32", "chwn")
    with pytest.raises(ValueError, match="dtype = 'fp31'"):
        convolution_time(chip, LAYER, "forward", "fp31", "nhwc")
    with pytest.raises(ValueError, match="has no rate for fp16"):
        convolution_time(chip, LAYER, "forward", "fp16", "nhwc")
    with pytest.raises(ValueError, match=r"batch = 1\.5: must be a whole number"):
        convolution_time(chip, dataclasses.replace(LAYER, batch=1.5), "forward", "fp32", "nhwc")
