"""Parameters and multiply-accumulates of convolutional networks, against torchvision's totals."""

import pytest

from hwcalc import cnn
from hwcalc.convnets import Layer, convnets, resized

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
# The layer lists of these were written from their papers. torchvision's metadata has their
# parameters to the last one, and operations to a thousandth of a billion.
METADATA = {
    "resnet34": (21_797_672, 3.664),
    "resnext50-32x4d": (25_028_904, 4.23),
    "wide-resnet50-2": (68_883_240, 11.398),
    "vgg11": (132_863_336, 7.609),
    "vgg19": (143_667_240, 19.632),
    "convnext-small": (50_223_688, 8.684),
    "convnext-base": (88_591_464, 15.355),
    "efficientnet-b1": (7_794_184, 0.687),
    "efficientnet-b2": (9_109_994, 1.088),
    "efficientnet-b3": (12_233_232, 1.827),
    "efficientnet-b4": (19_341_616, 4.394),
    "densenet121": (7_978_856, 2.834),
}


@pytest.mark.parametrize("key", PUBLISHED)
def test_layers_give_the_published_totals(key: str) -> None:
    """To the last parameter and the last multiply-accumulate."""
    network = NETWORKS[key]
    parameters, macs = sum(cnn.parameters(network).values()), sum(cnn.macs(network).values())
    assert (parameters, macs) == PUBLISHED[key]
    if key != "unet":
        assert (parameters, macs) == (network.published, network.published_macs)
    assert cnn.forward_flops(network) == 2 * macs


@pytest.mark.parametrize("key", METADATA)
def test_layers_from_papers_give_the_totals_of_the_metadata(key: str) -> None:
    """A layer that was misread would show in the parameters, a stride in the operations."""
    network = NETWORKS[key]
    parameters, macs = sum(cnn.parameters(network).values()), sum(cnn.macs(network).values())
    assert parameters == network.published
    assert (parameters, round(macs / 1e9, 3)) == METADATA[key]


# convnet-burden: MB of weights in 32 bits (of 2^20 bytes), billions of multiply-accumulates.
BURDEN = {
    "alexnet": (233, 0.727),
    "vgg16": (528, 16),
    "resnet50": (98, 4),
    "resnet101": (170, 8),
    "resnet152": (230, 11),
}


@pytest.mark.parametrize("key", BURDEN)
def test_sizes_and_costs_of_another_table(key: str) -> None:
    """Weights to the printed MB; operations to the printed digits, but for what differs.

    That table's AlexNet takes images of 227 pixels and splits layers in two groups (2 % more); it
    rounds VGG-16 up from 15.5. Its GoogLeNet (51 MB, 2 billion) keeps two heads that only training
    needs, and its MobileNet is the first version, which no layer list here has.
    """
    size, macs = BURDEN[key]
    weights, found = sum(cnn.parameters(NETWORKS[key]).values()), sum(
        cnn.macs(NETWORKS[key]).values()
    )  # fmt: skip
    assert 4 * weights / 2**20 == pytest.approx(size, abs=0.6)  # of ResNets with their statistics
    assert found == pytest.approx(macs * 1e9, rel=0.05)


def test_every_network_has_a_published_total() -> None:
    """No layer list goes in without somebody else's count."""
    assert set(NETWORKS) == set(PUBLISHED) | set(METADATA)


# Images of another side: operations as the timm library's profiler counts them, in 1e9.
RESIZED = {
    ("resnet18", 288): 3.01,
    ("resnet50", 176): 2.62,
    ("resnet152", 288): 19.11,
    ("convnext-tiny", 384): 13.14,
    ("efficientnet-b3", 320): 2.01,
    ("densenet121", 288): 4.74,
    ("wide-resnet50-2", 176): 7.29,
}


@pytest.mark.parametrize(("key", "side"), RESIZED)
def test_a_network_follows_the_side_of_its_images(key: str, side: int) -> None:
    """The profiler counts pools and additions, too, within three percent of the whole."""
    macs = sum(cnn.macs(resized(NETWORKS[key], side)).values()) / 1e9
    assert 0.97 * RESIZED[key, side] < macs < RESIZED[key, side] + 0.005


@pytest.mark.parametrize("key", [key for key in NETWORKS if key != "unet"])
def test_a_network_of_its_own_side_stays_as_it_is(key: str) -> None:
    """The rule for sizes gives the published ones, layer by layer."""
    assert resized(NETWORKS[key], NETWORKS[key].input_side).layers == NETWORKS[key].layers


def test_sizes_that_are_cropped_cannot_be_followed() -> None:
    """U-Net's copies are cropped to fit, which the layer list does not say how to repeat."""
    with pytest.raises(ValueError, match="U-Net: sizes cannot be followed"):
        resized(NETWORKS["unet"], 256)


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
