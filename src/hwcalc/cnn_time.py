r"""How fast a convolutional network trains and answers on a chip, layer by layer.

Every layer of the list becomes kernels: convolutions (`convolution_time`), and what lies between
them, which does little arithmetic and moves every activation again: normalisation, activation,
addition, pooling. Kernels follow each other; a framework that launches each from Python cannot
launch them faster than the host prepares them, so a small batch waits for the host:

$$ T = \max\Big(\sum_\text{kernels} T_i,\; n\, T_h\Big) $$

Activation functions are not in the layer lists and follow from them: one behind every
convolution or its normalisation, none behind the projection after a depthwise layer, behind the
addition instead of before it. Left out: reading and decoding images (a data path of its own),
compilers that fuse the kernels in between, and several GPUs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hwcalc.catalog import Accelerator
from hwcalc.cnn import parameters
from hwcalc.convnets import ConvNet, Layer
from hwcalc.convolution import PASSES, Convolution
from hwcalc.convolution_time import convolution_machine, convolution_time
from hwcalc.machine import FORMATS, Machine
from hwcalc.numeric import check_count, maximum

__all__ = ["inference_throughput", "step_times", "training_throughput"]

CONVOLUTIONS = ("conv", "dwconv", "convt", "fc")
# Times an activation goes through memory, by layer: forward without training, forward, backward.
PASSES_OVER = {
    "bn": (2, 3, 5),
    "ln": (2, 2, 5),
    "activation": (2, 2, 3),
    "add": (3, 3, 3),
    "mul": (3, 3, 5),
    "scale": (2, 2, 4),
    "concat": (2, 2, 2),
}
UPDATE = 20  # bytes for each parameter of momentum SGD: three read, two written, at 4 bytes
CASTS = 6  # bytes for each parameter whose 32-bit weight is turned into 16 bits


@dataclass(frozen=True)
class Work:
    """What one image needs: distinct convolutions with their number, and bytes in between."""

    layers: dict[Convolution, int]
    elements: tuple[float, float, float]  # moved in inference, forward and backward
    kernels: tuple[float, float, float]  # beside the convolutions
    parameters: float


_KNOWN: dict[int, tuple[ConvNet, Work]] = {}


def _work_of(network: ConvNet) -> Work:
    """Turn a layer list into distinct convolutions and passes over activations."""
    known = _KNOWN.get(id(network))
    if known is None or known[0] is not network:
        known = _KNOWN[id(network)] = network, _work(network)
    return known[1]


def _work(network: ConvNet) -> Work:
    layers: dict[Convolution, int] = {}
    elements, kernels = [0.0] * 3, [0.0] * 3
    for kind, layer in _expanded(network.layers):
        if kind in CONVOLUTIONS:
            shape = _shape(layer)
            layers[shape] = layers.get(shape, 0) + 1
            continue
        size = layer.out_channels * layer.out_height * layer.out_width
        before = layer.in_channels * layer.in_height * layer.in_width
        for i in range(3):
            if kind == "pool":
                elements[i] += before + size if i < 2 else before + 2 * size
            else:
                elements[i] += PASSES_OVER[kind][i] * size
            kernels[i] += 1
    return Work(
        layers,
        (elements[0], elements[1], elements[2]),
        (kernels[0], kernels[1], kernels[2]),
        sum(parameters(network).values()),
    )


def _expanded(layers: tuple[Layer, ...]) -> Iterator[tuple[str, Layer]]:
    """Give the layers with the activation functions that the list leaves out."""
    linear = False  # behind a depthwise layer the next convolution projects
    for here, after in zip(layers, (*layers[1:], None), strict=True):
        yield here.type, here
        following = after.type if after else ""
        if here.type == "dwconv":
            narrow = False
        if here.type == "conv" and here.out_height > 1:
            narrow = linear
        if here.type in ("conv", "dwconv", "convt"):
            linear = here.type == "dwconv" or (linear and here.out_height == 1)
        if here.type == "bn" or (here.type in CONVOLUTIONS and following not in ("bn", "ln", "")):
            if following not in ("add", "scale", "ln") and not narrow and here.type != "convt":
                yield "activation", here
        elif here.type == "add" and not narrow and following != "ln":
            yield "activation", here


def _shape(layer: Layer) -> Convolution:
    """Return a layer for one image; a fully connected one is a 1 x 1 convolution."""
    if layer.type == "fc":
        kernel, stride, padding, groups = (1, 1), 1, (0, 0), 1
    else:
        kernel, stride, padding, groups = layer.kernel, layer.stride, layer.padding, layer.groups
    if layer.type == "convt":  # the gradient of a convolution that goes the other way
        return Convolution(
            *(1, layer.out_channels, layer.in_channels, layer.out_height, layer.out_width),
            *(kernel, (stride, stride), padding, (1, 1), groups),
        )
    return Convolution(
        *(1, layer.in_channels, layer.out_channels, layer.in_height, layer.in_width),
        *(kernel, (stride, stride), padding, (1, 1), groups),
    )


def step_times(
    network: ConvNet,
    accelerator: Accelerator | Machine,
    batch: float,
    precision: str,
    training: bool,
) -> dict[str, float]:
    """Estimate the parts of a step on one batch.

    Args:
        network: A network of the catalogue. [1]
        accelerator: An entry of the catalogue. [1]
        batch: Images in the step. [1]
        precision: fp32, tf32, fp16 or bf16; the latter two mixed, with weights in 32 bits. [1]
        training: Go backward and update, too. [1]

    Returns:
        Time by part: convolutions forward, input and weight, between, update; and waiting for
        the host; their sum is the step. [s]

    Raises:
        ValueError: If batch is not a whole number of at least 1 or the chip has no rate for the
            precision.

    References:
        tests/fit_convolution.py, on the tables named in data/fitted/convolution.toml

    Examples:
        >>> from hwcalc import catalog
        >>> a100 = catalog.accelerators()["a100-sxm-80gb"]
        >>> parts = step_times(catalog.convnets()["resnet50"], a100, 256, "fp16", True)
        >>> max(parts, key=parts.get)
        'between'
    """
    check_count(batch=batch)
    chip = convolution_machine(accelerator)
    found = _work_of(network)
    size = FORMATS[precision].first
    launch = chip.constant("launch", precision)
    rate = chip.constant("stream", precision) * chip.bandwidth
    between = rate * chip.constants["elementwise"]
    parts: dict[str, float] = {}
    for direction in PASSES if training else PASSES[:1]:
        parts[f"convolution/{direction}"] = sum(
            count * convolution_time(chip, replace(layer, batch=batch), direction, precision)
            for layer, count in found.layers.items()
        )
    chosen = (1, 2) if training else (0,)
    elements = sum(found.elements[i] for i in chosen)
    kernels = sum(found.kernels[i] for i in chosen)
    parts["between"] = kernels * launch + batch * elements * size / between
    moved = (UPDATE if training else 0) + (CASTS if size < 4 else 0)
    parts["update"] = found.parameters * moved / rate
    launched = kernels + sum(found.layers.values()) * (3 if training else 1)
    busy = sum(parts.values())
    parts["host"] = maximum(0.0, launched * chip.constants["host"] - busy)
    return parts


def training_throughput(
    network: ConvNet, accelerator: Accelerator | Machine, batch: float, precision: str
) -> float:
    """Estimate how many images one chip trains on in a second.

    Args:
        network: A network of the catalogue. [1]
        accelerator: An entry of the catalogue. [1]
        batch: Images in a step. [1]
        precision: fp32, tf32, fp16 or bf16; the latter two mixed, with weights in 32 bits. [1]

    Returns:
        Images in a second. [1/s]

    Raises:
        ValueError: If batch is not a whole number of at least 1 or the chip has no rate for the
            precision.

    References:
        tests/fit_convolution.py, on the tables named in data/fitted/convolution.toml

    Examples:
        ResNet-50 on an A100; 2,470 were measured:

        >>> from hwcalc import catalog
        >>> a100 = catalog.accelerators()["a100-sxm-80gb"]
        >>> 2000 < training_throughput(catalog.convnets()["resnet50"], a100, 256, "fp16") < 3000
        True
    """
    return batch / sum(step_times(network, accelerator, batch, precision, True).values())


def inference_throughput(
    network: ConvNet, accelerator: Accelerator | Machine, batch: float, precision: str
) -> float:
    """Estimate how many images one chip classifies in a second.

    Args:
        network: A network of the catalogue. [1]
        accelerator: An entry of the catalogue. [1]
        batch: Images at once. [1]
        precision: fp32, tf32, fp16 or bf16. [1]

    Returns:
        Images in a second. [1/s]

    Raises:
        ValueError: If batch is not a whole number of at least 1 or the chip has no rate for the
            precision.

    References:
        tests/fit_convolution.py, on the tables named in data/fitted/convolution.toml

    Examples:
        >>> from hwcalc import catalog
        >>> a100 = catalog.accelerators()["a100-sxm-80gb"]
        >>> 5000 < inference_throughput(catalog.convnets()["resnet50"], a100, 256, "fp16") < 9000
        True
    """
    return batch / sum(step_times(network, accelerator, batch, precision, False).values())
