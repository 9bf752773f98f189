"""Sizes, operations and bytes of convolutions, and the costs of other algorithms."""

import pytest

from hwcalc.convolution import (
    Convolution,
    convolution_flops,
    convolution_traffic,
    direct_flops,
    fft_flops,
    mode_padding,
    output_size,
    winograd_saving,
)
from hwcalc.convolution_runs import layers_2015

FIRST = Convolution(1, 3, 64, 224, 224, (7, 7), (2, 2), (3, 3))

# Five layers that Facebook's FFT library was published with: side, kernel, channels in and out.
# The last number is direct over FFT operations for 128 images, computed by hand.
LAYERS_2015 = {
    "L1": ((128, 11, 3, 96), 12.6),
    "L2": ((64, 9, 64, 128), 25.1),
    "L3": ((32, 9, 128, 128), 19.9),
    "L4": ((16, 7, 128, 128), 8.6),
    "L5": ((13, 3, 384, 384), 3.0),
}


def test_a_layer_of_the_literature_has_its_published_operations() -> None:
    """ResNet-50's first layer: 0.1180 billion multiply-accumulates, as profilers count it."""
    assert convolution_flops(FIRST) / 2 == 118_013_952
    assert FIRST.output == (112, 112)


@pytest.mark.parametrize(("mode", "side"), [("valid", 98), ("same", 100), ("full", 102)])
def test_modes_give_the_sides_of_the_textbook(mode: str, side: int) -> None:
    """100 pixels and a kernel of 3."""
    assert output_size(100, 3, 1, mode_padding(mode, 3, 1), 1) == side


def test_dilation_is_a_larger_kernel_with_holes() -> None:
    """Spread by 2, a kernel of 3 covers 5 pixels."""
    assert output_size(100, 3, 1, 0, 2) == output_size(100, 5, 1, 0, 1)
    assert output_size(100, 3, 1, mode_padding("same", 3, 2), 2) == 100


def test_an_even_kernel_keeps_the_size_with_one_pixel_more_on_one_side() -> None:
    """Half a pixel on each side stands for it."""
    assert output_size(100, 4, 1, mode_padding("same", 4, 1), 1) == 100


def test_groups_divide_the_work_and_not_the_activations() -> None:
    """A depthwise layer does a 64th of the operations on the same tensors, but for its weights."""
    full = Convolution(8, 64, 64, 56, 56, (3, 3), padding=(1, 1))
    depthwise = Convolution(8, 64, 64, 56, 56, (3, 3), padding=(1, 1), groups=64)
    assert convolution_flops(depthwise) * 64 == convolution_flops(full)
    weights = 2 * 64 * 64 * 9
    moved = convolution_traffic(full, 2) - convolution_traffic(depthwise, 2)
    assert moved == weights - weights / 64


def test_traffic_is_each_tensor_once() -> None:
    """Input, weights and output, counted here by hand."""
    elements = 3 * 224 * 224 + 3 * 64 * 49 + 64 * 112 * 112
    assert convolution_traffic(FIRST, 4) == 4 * elements


def test_winograd_saves_what_its_authors_say() -> None:
    """2.25 and 4 times fewer multiplications; one output at a time saves none."""
    assert winograd_saving(2, 3) == 2.25
    assert winograd_saving(4, 3) == 4
    assert winograd_saving(1, 3) == 1


@pytest.mark.parametrize("name", LAYERS_2015)
def test_operations_of_five_measured_layers(name: str) -> None:
    """What theory promised for the layers whose times were measured in 2015."""
    (side, kernel, inner, outer), ratio = LAYERS_2015[name]
    direct = direct_flops(side, kernel, inner, outer, 128)
    assert round(direct / fft_flops(side, inner, outer, 128), 1) == ratio


def test_measured_layers_gain_in_the_order_of_theory_and_less() -> None:
    """FFT over direct, as measured in 2015: most on L3 and L2, near parity on L5 and L1.

    Printed times in ms give 1.0, 5.3, 8.8, 3.0 and 1.2; theory promised two to thirteen times that.
    """
    gains = {layer.name: layer.cudnn / layer.fft for layer in layers_2015()}
    printed = {"L1": 1.0, "L2": 5.3, "L3": 8.8, "L4": 3.0, "L5": 1.2}
    assert {name: round(gain, 1) for name, gain in gains.items()} == printed
    for name, (sizes, promised) in LAYERS_2015.items():
        (layer,) = (each for each in layers_2015() if each.name == name)
        assert (layer.side, layer.kernel, layer.in_channels, layer.out_channels) == sizes
        assert 2 < promised / gains[name] < 13.5
    assert sorted(gains, key=lambda name: gains[name])[:2] == ["L1", "L5"]


def test_theory_allows_what_overlap_add_reached() -> None:
    """16.3 times less was published for 8 x 8 kernels on 224 pixels; no layer may beat theory."""
    assert direct_flops(224, 8, 256, 256, 64) / fft_flops(224, 256, 256, 64) > 16.3


def test_direct_operations_are_those_of_a_layer_without_padding() -> None:
    """Two ways to count one thing."""
    layer = Convolution(128, 64, 128, 64, 64, (9, 9))
    assert direct_flops(64, 9, 64, 128, 128) == convolution_flops(layer)


def test_the_kernel_must_fit() -> None:
    """The message names the rule, not a negative size."""
    with pytest.raises(ValueError, match="must be at least 1"):
        output_size(4, 7, 1, 0, 1)
    with pytest.raises(ValueError, match="mode = 'half'"):
        mode_padding("half", 3, 1)
