r"""Convolution as arithmetic: sizes, operations and bytes, and what other algorithms would need.

A layer computes, at each position of its output, the products of a small kernel with the part of
the input below it. Frameworks call this a convolution and do not turn the kernel around, which
makes it a cross-correlation; for learned kernels, and for every count here, that is the same.

Sizes, operations and least bytes are exact. The operations of FFT and Winograd are those of the
published algorithms, without the loads, stores and transposes that decide whether a library can
use them; `convolution_time` has times.
"""

from dataclasses import dataclass

from hwcalc.cnn import convolution_macs, convolution_parameters
from hwcalc.numeric import (
    check_at_least,
    check_count,
    check_non_negative,
    check_positive,
    floor,
    log2,
)

__all__ = [
    "Convolution",
    "convolution_flops",
    "convolution_traffic",
    "direct_flops",
    "fft_flops",
    "mode_padding",
    "output_size",
    "winograd_saving",
]

Pair = tuple[float, float]
PASSES = ("forward", "input", "weight")  # the second and third are the backward pass
# What a mode pads on both sides together, in widths of the kernel less one.
MODES = {"valid": 0.0, "same": 1.0, "full": 2.0}


@dataclass(frozen=True)
class Convolution:
    """A convolutional layer and the batch that goes through it; pairs are height and width."""

    batch: float  # images
    in_channels: float
    out_channels: float
    height: float  # of the input, pixels
    width: float
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)  # on each side
    dilation: Pair = (1, 1)
    groups: float = 1  # of channels that do not mix

    @property
    def output(self) -> Pair:
        """Height and width of the output [pixels]."""
        sides = (self.height, self.width), self.kernel, self.stride, self.padding, self.dilation
        high, wide = (output_size(*side) for side in zip(*sides, strict=True))
        return high, wide

    @property
    def positions(self) -> float:
        """Pixels of the output, in all images."""
        high, wide = self.output
        return self.batch * high * wide


def output_size(
    size: float, kernel: float, stride: float, padding: float, dilation: float
) -> float:
    r"""Compute the output's side of a convolution: exact.

    $$ n' = \left\lfloor \frac{n + 2p - d(k - 1) - 1}{s} \right\rfloor + 1 $$

    Args:
        size: Side of the input, $n$. [1]
        kernel: Side of the kernel, $k$. [1]
        stride: Step between positions, $s$. [1]
        padding: Pixels added on each side, $p$; halves where the sides differ by one. [1]
        dilation: Distance of the kernel's elements, $d$; 1 where they are neighbours. [1]

    Returns:
        Side of the output. [1]

    Raises:
        ValueError: If a size is not a whole number of at least 1, padding is negative, or the
            kernel is larger than the padded input.

    References:
        Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning",
        https://doi.org/10.48550/arXiv.1603.07285

    Examples:
        A 3 x 3 kernel on 100 pixels without padding, and the first layer of ResNet-50:

        >>> output_size(100, 3, 1, 0, 1)
        98.0
        >>> output_size(224, 7, 2, 3, 1)
        112.0
    """
    check_count(size=size, kernel=kernel, stride=stride, dilation=dilation)
    check_non_negative(padding=padding)
    room = size + 2 * padding - dilation * (kernel - 1)
    check_at_least(1, **{"size + 2 padding - dilation (kernel - 1)": room})
    return floor((room - 1) / stride) + 1


def mode_padding(mode: str, kernel: float, dilation: float) -> float:
    r"""Compute the padding of a mode: what keeps all sums, as many, or only complete ones.

    With $k' = d(k-1)$ the padding is $0$ for valid, $k'/2$ for same and $k'$ for full; with stride
    1 the output's side is $n - k'$, $n$ and $n + k'$.

    Args:
        mode: valid, same or full. [1]
        kernel: Side of the kernel, $k$. [1]
        dilation: Distance of the kernel's elements, $d$. [1]

    Returns:
        Pixels added on each side; halves where the sides differ by one. [1]

    Raises:
        ValueError: If the mode is unknown or a size is not a whole number of at least 1.

    References:
        Dumoulin and Visin 2016, https://doi.org/10.48550/arXiv.1603.07285

    Examples:
        >>> output_size(100, 3, 1, mode_padding("full", 3, 1), 1)
        102.0
    """
    if mode not in MODES:
        raise ValueError(f"mode = {mode!r}: must be one of {', '.join(MODES)}")
    check_count(kernel=kernel, dilation=dilation)
    return MODES[mode] * dilation * (kernel - 1) / 2


def convolution_flops(layer: Convolution) -> float:
    r"""Count the operations of one pass of a layer, computed directly: exact.

    $$ F = 2 N P Q \frac{C_\text{in} C_\text{out} k_h k_w}{g} $$

    The backward pass is two more of the same size, one for the gradient of the input and one for
    that of the weights. Products with the padding's zeros are counted, as everybody does.

    Args:
        layer: The layer and its batch. [1]

    Returns:
        Operations of the forward pass, of the input's or of the weights' gradient. [FLOP]

    Raises:
        ValueError: If a size is not positive or the kernel is larger than the padded input.

    References:
        Dumoulin and Visin 2016, https://doi.org/10.48550/arXiv.1603.07285

    Examples:
        The first layer of ResNet-50, 0.118 billion multiply-accumulates for an image:

        >>> layer = Convolution(1, 3, 64, 224, 224, (7, 7), (2, 2), (3, 3))
        >>> convolution_flops(layer) / 2 / 1e9
        0.1180
    """
    channels = (layer.in_channels, layer.out_channels)
    return 2 * convolution_macs(*channels, *layer.kernel, layer.groups, layer.positions)


def convolution_traffic(layer: Convolution, element_size: float) -> float:
    r"""Count the bytes of a layer's input, weights and output, each once: a bound.

    $$ Q = b \left( N C_\text{in} H W + \frac{C_\text{in} C_\text{out} k_h k_w}{g}
    + N C_\text{out} P Q \right) $$

    The forward pass reads two of them and writes the third, and so does each half of the backward
    pass with other roles.

    Args:
        layer: The layer and its batch. [1]
        element_size: Bytes of one element, $b$. [B]

    Returns:
        Least bytes one pass moves. [B]

    Raises:
        ValueError: If a size or element_size is not positive.

    References:
        Dumoulin and Visin 2016, https://doi.org/10.48550/arXiv.1603.07285

    Examples:
        >>> layer = Convolution(1, 3, 64, 224, 224, (7, 7), (2, 2), (3, 3))
        >>> convolution_traffic(layer, 4) / 2**20
        3.67
    """
    check_positive(element_size=element_size)
    channels = (layer.in_channels, layer.out_channels)
    read = layer.batch * layer.in_channels * layer.height * layer.width
    weights = convolution_parameters(*channels, *layer.kernel, layer.groups)
    return element_size * (read + weights + layer.positions * layer.out_channels)


def direct_flops(
    size: float, kernel: float, in_channels: float, out_channels: float, batch: float
) -> float:
    r"""Count the operations of a direct convolution of square images without padding: exact.

    $$ F = 2 B C_\text{in} C_\text{out} (n - k + 1)^2 k^2 $$

    Args:
        size: Side of the input, $n$. [1]
        kernel: Side of the kernel, $k$. [1]
        in_channels: Input channels, $C_\text{in}$. [1]
        out_channels: Output channels, $C_\text{out}$. [1]
        batch: Images, $B$. [1]

    Returns:
        Operations. [FLOP]

    Raises:
        ValueError: If an argument is not a whole number of at least 1, or the kernel is larger
            than the input.

    References:
        Mathieu, Henaff, LeCun 2013, "Fast training of convolutional networks through FFTs",
        https://doi.org/10.48550/arXiv.1312.5851

    Examples:
        >>> direct_flops(64, 9, 64, 128, 128) / 1e9
        532.7
    """
    check_count(in_channels=in_channels, out_channels=out_channels, batch=batch)
    side = output_size(size, kernel, 1, 0, 1)
    return 2 * batch * in_channels * out_channels * side**2 * kernel**2


def fft_flops(size: float, in_channels: float, out_channels: float, batch: float) -> float:
    r"""Count the operations of a convolution through the Fourier transform: an estimate.

    Every input and every kernel is transformed once, products are added up over the input
    channels in the frequency domain, and every output is transformed back:

    $$ F = \tfrac{5}{2} n^2 \log_2 n^2 \left( B C_\text{in} + C_\text{in} C_\text{out} +
    B C_\text{out} \right) + 4 B C_\text{in} C_\text{out} n^2 $$

    The kernel's side does not appear. Assumption: a transform of $x$ real numbers takes
    $\tfrac{5}{2} x \log_2 x$ operations, kernels are padded to the size of the image, and real
    inputs halve the spectrum, so that a complex product and sum, 8 operations, count 4 times a
    pixel.

    Args:
        size: Side of the input, $n$. [1]
        in_channels: Input channels, $C_\text{in}$. [1]
        out_channels: Output channels, $C_\text{out}$. [1]
        batch: Images, $B$. [1]

    Returns:
        Operations. [FLOP]

    Raises:
        ValueError: If an argument is not a whole number of at least 1.

    References:
        Mathieu, Henaff, LeCun 2013, https://doi.org/10.48550/arXiv.1312.5851

        Vasilache et al. 2014, "Fast convolutional nets with fbfft",
        https://doi.org/10.48550/arXiv.1412.7580

    Examples:
        A layer with 9 x 9 kernels, measured in 2015: a 25th of the direct operations.

        >>> direct_flops(64, 9, 64, 128, 128) / fft_flops(64, 64, 128, 128)
        25.1
    """
    check_count(size=size, in_channels=in_channels, out_channels=out_channels, batch=batch)
    pixels = size**2
    transforms = batch * in_channels + in_channels * out_channels + batch * out_channels
    multiply = 4 * batch * in_channels * out_channels * pixels
    return 2.5 * pixels * log2(pixels) * transforms + multiply


def winograd_saving(tile: float, kernel: float) -> float:
    r"""Compute how many times fewer multiplications Winograd's algorithm $F(m, k)$ needs: exact.

    A tile of $m \times m$ outputs takes $(m + k - 1)^2$ multiplications instead of $m^2 k^2$:

    $$ r = \frac{(m k)^2}{(m + k - 1)^2} $$

    The additions that transform tiles before and after are not counted; they grow with the tile,
    and so does the rounding error, so libraries stop at $m = 4$ or 6.

    Args:
        tile: Side of a tile of outputs, $m$. [1]
        kernel: Side of the kernel, $k$. [1]

    Returns:
        Multiplications of the direct method over those of Winograd's. [1]

    Raises:
        ValueError: If an argument is not a whole number of at least 1.

    References:
        Lavin and Gray 2015, "Fast algorithms for convolutional neural networks",
        https://doi.org/10.48550/arXiv.1509.09308

    Examples:
        >>> winograd_saving(2, 3), winograd_saving(4, 3)
        (2.25, 4.0)
    """
    check_count(tile=tile, kernel=kernel)
    return (tile * kernel) ** 2 / (tile + kernel - 1) ** 2
