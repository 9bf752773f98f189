"""Parameters and multiply-accumulates of convolutional networks, against torchvision's totals."""

import pytest

from hwcalc import cnn
from hwcalc.convnets import Layer, convnets

NETWORKS = convnets()

# Network: parameters, multiply-accumulates. torchvision prints them; the U-Net paper prints none,
# so its row is the count of a rebuilt network.
PUBLISHED = {
    "alexnet": (61_100_840, 714_188_480),
    "vgg16": (138_357_544, 15_470_264_320),
    "googlenet": (6_624_904, 1_498_376_192),
    "inception-v3": (23_834_568, 5_713_216_096),
    "resnet18": (11_689_512, 1_814_073_344),
    "resnet50": (25_557_032, 4_089_184_256),
    "resnet101": (44_549_160, 7_801_405_440),
    "resnet152": (60_192_808, 11_513_626_624),
    "mobilenet-v2": (3_504_872, 300_774_272),
    "efficientnet-b0": (5_288_548, 385_814_752),
    "convnext-tiny": (28_589_128, 4_455_531_264),
    "unet": (31_030_658, 150_428_424_448),
}


@pytest.mark.parametrize("key", NETWORKS)
def test_layers_give_the_published_totals(key: str) -> None:
    """To the last parameter and the last multiply-accumulate."""
    network = NETWORKS[key]
    parameters, macs = sum(cnn.parameters(network).values()), sum(cnn.macs(network).values())
    assert (parameters, macs) == PUBLISHED[key]
    if key != "unet":
        assert (parameters, macs) == (network.published, network.published_macs)
    assert cnn.forward_flops(network) == 2 * macs


@pytest.mark.parametrize("key", NETWORKS)
def test_breakdowns_are_named_and_positive(key: str) -> None:
    """A breakdown is shown as part and subpart; convolutions do nearly all the arithmetic."""
    network = NETWORKS[key]
    assert all("/" in name and count > 0 for name, count in cnn.parameters(network).items())
    macs = cnn.macs(network)
    assert set(macs) <= {"conv", "dwconv", "convt", "fc"}
    assert macs["conv"] > 0


def _side(layer: Layer, axis: int) -> int:
    size = (layer.in_height, layer.in_width)[axis]
    return (size + 2 * layer.padding[axis] - layer.kernel[axis]) // layer.stride + 1


@pytest.mark.parametrize("key", NETWORKS)
def test_output_sizes_follow_from_input_kernel_stride_and_padding(key: str) -> None:
    """The layer lists are consistent: a wrong stride would put the wrong size in one row."""
    for layer in NETWORKS[key].layers:
        size = (layer.out_height, layer.out_width)
        if layer.type in ("conv", "dwconv"):
            assert size == (_side(layer, 0), _side(layer, 1))
            assert layer.in_channels % layer.groups == layer.out_channels % layer.groups == 0
        elif layer.type == "convt":
            assert size == (layer.in_height * layer.stride, layer.in_width * layer.stride)
        elif layer.type in ("bn", "ln", "scale", "add", "mul", "concat"):
            assert size == (layer.in_height, layer.in_width)
            assert layer.in_channels == layer.out_channels


@pytest.mark.parametrize("key", NETWORKS)
def test_the_first_layer_reads_the_image(key: str) -> None:
    """The input's side and colours are those of the network's file."""
    network = NETWORKS[key]
    first = network.layers[0]
    assert (first.in_height, first.in_width) == (network.input_side, network.input_side)
    assert first.in_channels == network.input_channels


def test_depthwise_convolutions_save_a_factor_of_their_channels() -> None:
    """With as many groups as channels every output reads one input: 1/C of the weights."""
    full = cnn.convolution_parameters(512, 512, 3, 3, 1)
    assert cnn.convolution_parameters(512, 512, 3, 3, 512) * 512 == full


def test_a_one_by_one_convolution_is_a_matrix_multiplication() -> None:
    """Channels in x channels out x pixels."""
    assert cnn.convolution_macs(256, 64, 1, 1, 1, 56 * 56) == 256 * 64 * 56 * 56


def test_arguments_must_be_positive() -> None:
    """The message names the argument."""
    with pytest.raises(ValueError, match="groups = 0: must be positive"):
        cnn.convolution_parameters(3, 64, 7, 7, 0)
    with pytest.raises(ValueError, match="positions = -1: must be positive"):
        cnn.convolution_macs(3, 64, 7, 7, 1, -1)
