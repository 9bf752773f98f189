"""Parameters and operations of convolutional networks, from their layer lists.

A multiply-accumulate counts once as MAC and as two FLOP. Only convolutions and fully connected
layers are counted; pooling, normalisation, activation functions and additions do little arithmetic
(their cost is memory traffic, which is not modelled here).
"""

from hwcalc.convnets import ConvNet, Layer
from hwcalc.numeric import check_positive

__all__ = [
    "convolution_macs",
    "convolution_parameters",
    "forward_flops",
    "macs",
    "parameters",
]


def convolution_parameters(
    in_channels: float,
    out_channels: float,
    kernel_height: float,
    kernel_width: float,
    groups: float,
) -> float:
    r"""Count the weights of a convolution, without its bias.

    Exact: every output channel has a kernel over the input channels of its group.

    $$ P = \frac{C_\text{in} C_\text{out} k_h k_w}{g} $$

    Args:
        in_channels: Input channels, $C_\text{in}$. [1]
        out_channels: Output channels, $C_\text{out}$. [1]
        kernel_height: Height of the kernel, $k_h$. [1]
        kernel_width: Width of the kernel, $k_w$. [1]
        groups: Groups of channels that do not mix, $g$; as many as channels if depthwise. [1]

    Returns:
        Weights. [1]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning",
        https://doi.org/10.48550/arXiv.1603.07285

    Examples:
        The first layer of ResNet-50, 7 x 7 from 3 to 64 channels:

        >>> convolution_parameters(3, 64, 7, 7, 1)
        9408.0
    """
    check_positive(
        in_channels=in_channels,
        out_channels=out_channels,
        kernel_height=kernel_height,
        kernel_width=kernel_width,
        groups=groups,
    )
    return in_channels * out_channels * kernel_height * kernel_width / groups


def convolution_macs(
    in_channels: float,
    out_channels: float,
    kernel_height: float,
    kernel_width: float,
    groups: float,
    positions: float,
) -> float:
    r"""Count the multiply-accumulates of a convolution computed directly.

    Exact for the direct method, padding included: every weight is used once at every position.
    Winograd and FFT methods need fewer multiplications.

    $$ M = \frac{C_\text{in} C_\text{out} k_h k_w}{g} \, n $$

    Args:
        in_channels: Input channels, $C_\text{in}$. [1]
        out_channels: Output channels, $C_\text{out}$. [1]
        kernel_height: Height of the kernel, $k_h$. [1]
        kernel_width: Width of the kernel, $k_w$. [1]
        groups: Groups of channels that do not mix, $g$. [1]
        positions: Output pixels, or input pixels of a transposed convolution, $n$. [1]

    Returns:
        Multiply-accumulates, each of them 2 FLOP. [1]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning",
        https://doi.org/10.48550/arXiv.1603.07285

    Examples:
        >>> convolution_macs(3, 64, 7, 7, 1, 112 * 112)
        118013952.0
    """
    check_positive(positions=positions)
    weights = convolution_parameters(in_channels, out_channels, kernel_height, kernel_width, groups)
    return weights * positions


def _weights(layer: Layer) -> float:
    """Weights of a convolution or fully connected layer; 0 for the other types."""
    channels = (layer.in_channels, layer.out_channels)
    if layer.type == "fc":
        return convolution_parameters(*channels, 1, 1, 1)
    if layer.type in ("conv", "dwconv", "convt"):
        return convolution_parameters(*channels, *layer.kernel, layer.groups)
    return 0.0


# Vectors with one number per channel: scale and shift of a normalisation, or a lone scale.
_PER_CHANNEL = {"bn": 2, "ln": 2, "scale": 1}


def parameters(network: ConvNet) -> dict[str, float]:
    """Count the parameters of a network by kind of layer.

    Exact for the layer list: weights, biases, and the two vectors of a normalisation. The running
    mean and variance of a batch normalisation are not trained and not counted.

    Args:
        network: A network of the catalogue. [1]

    Returns:
        Parameters by `type/weights`, `type/bias` or `type/vectors`; their sum is the total. [1]

    References:
        torchvision, metadata of its models, https://docs.pytorch.org/vision/stable/models.html

    Examples:
        >>> from hwcalc import catalog
        >>> sum(parameters(catalog.convnets()["resnet50"]).values())
        25557032.0
    """
    parts: dict[str, float] = {}
    for layer in network.layers:
        vectors = _PER_CHANNEL.get(layer.type, 0) * layer.out_channels
        bias = layer.out_channels if layer.bias else 0
        for subpart, count in (("weights", _weights(layer)), ("bias", bias), ("vectors", vectors)):
            if count:
                key = f"{layer.type}/{subpart}"
                parts[key] = parts.get(key, 0.0) + count
    return parts


def macs(network: ConvNet) -> dict[str, float]:
    """Count the multiply-accumulates of one image's forward pass by kind of layer.

    Exact for direct convolution of an image of the network's input size.

    Args:
        network: A network of the catalogue. [1]

    Returns:
        Multiply-accumulates per image by type of layer; their sum is the total. [1]

    References:
        torchvision, metadata of its models, https://docs.pytorch.org/vision/stable/models.html

    Examples:
        >>> from hwcalc import catalog
        >>> sum(macs(catalog.convnets()["resnet50"]).values())
        4089184256.0
    """
    parts: dict[str, float] = {}
    for layer in network.layers:
        if weights := _weights(layer):
            # A transposed convolution spreads every input pixel, the others gather every output.
            if layer.type == "convt":
                positions = layer.in_height * layer.in_width
            else:
                positions = layer.out_height * layer.out_width
            parts[layer.type] = parts.get(layer.type, 0.0) + weights * positions
    return parts


def forward_flops(network: ConvNet) -> float:
    r"""Count the FLOP of one image's forward pass.

    $$ F = 2 \sum_\text{layers} M $$

    Training takes about three times as many, as for a transformer: the backward pass computes a
    gradient of the input and one of the weights.

    Args:
        network: A network of the catalogue. [1]

    Returns:
        Operations per image. [FLOP]

    References:
        torchvision, metadata of its models, https://docs.pytorch.org/vision/stable/models.html

    Examples:
        >>> from hwcalc import catalog
        >>> forward_flops(catalog.convnets()["vgg16"]) / 1e9
        30.94
    """
    return 2 * sum(macs(network).values())
