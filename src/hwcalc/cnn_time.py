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
from dataclasses import dataclass

from hwcalc.catalog import Accelerator
from hwcalc.cnn import parameters
from hwcalc.convnets import ConvNet, Layer
from hwcalc.convolution import PASSES, Convolution
from hwcalc.convolution_time import LAYOUTS, Prepared, convolution_machine, pass_times, prepared
from hwcalc.machine import FORMATS, Machine
from hwcalc.numeric import check_count, maximum, minimum

__all__ = ["inference_throughput", "step_times", "training_throughput", "values_between"]

PRECISIONS = ("fp32", "tf32", "fp16", "bf16")
CONVOLUTIONS = ("conv", "dwconv", "convt", "fc")
# Times an activation goes through memory, by layer: forward without training, forward, backward.
# In mixed precision layer normalisation works in 32 bits, and what is added to its input stays so:
# the second triple counts passes of 16 bits.
PASSES_OVER = {
    "bn": (2, 3, 5),
    "ln": (2, 2, 5),
    "activation": (2, 2, 3),
    "add": (3, 3, 3),
    "mul": (3, 3, 5),
    "scale": (2, 2, 4),
    "concat": (2, 2, 2),
}
WIDER = {"ln": (10, 10, 12), "scale": (3, 3, 5), "residual": (9, 9, 9)}
UPDATE = 20  # bytes for each parameter of momentum SGD: three read, two written, at 4 bytes
CASTS = 6  # bytes for each parameter whose 32-bit weight is turned into 16 bits


@dataclass(frozen=True)
class Work:
    """What one image needs: distinct convolutions with their number, and bytes in between."""

    layers: dict[Prepared, int]
    elements: tuple[float, ...]  # moved in inference, forward and backward
    wider: tuple[float, ...]  # the same in mixed precision, as passes of 16 bits
    kernels: tuple[float, ...]  # beside the convolutions
    parameters: float
    first: Prepared  # reads the image


_KNOWN: dict[int, tuple[ConvNet, Work]] = {}


def _work_of(network: ConvNet) -> Work:
    """Turn a layer list into distinct convolutions and passes over activations."""
    known = _KNOWN.get(id(network))
    if known is None or known[0] is not network:
        known = _KNOWN[id(network)] = network, _work(network)
    return known[1]


def _work(network: ConvNet) -> Work:
    layers: dict[Prepared, int] = {}
    kernels, elements, wider = [0.0] * 3, [0.0] * 3, [0.0] * 3
    normal = any(layer.type == "ln" for layer in network.layers)
    for kind, layer in _expanded(network.layers):
        if kind in CONVOLUTIONS:
            shape = prepared(_shape(layer))
            layers[shape] = layers.get(shape, 0) + 1
            continue
        size = layer.out_channels * layer.out_height * layer.out_width
        before = layer.in_channels * layer.in_height * layer.in_width
        pooled = (before + size,) * 2 + (before + 2 * size,)
        for i in range(3):
            moved = pooled[i] if kind == "pool" else PASSES_OVER[kind][i] * size
            name = "residual" if normal and kind == "add" else kind
            elements[i] += moved
            wider[i] += WIDER[name][i] * size if name in WIDER else moved
            kernels[i] += 1
    return Work(
        layers, tuple(elements), tuple(wider), tuple(kernels), _total(network), next(iter(layers))
    )


def _total(network: ConvNet) -> float:
    return sum(parameters(network).values())


def _expanded(layers: tuple[Layer, ...]) -> Iterator[tuple[str, Layer]]:
    """Give the layers with the activation functions that the list leaves out."""
    projects = False  # a depthwise layer came before: the next convolution narrows, linearly
    linear = False
    for place, here in enumerate(layers):
        yield here.type, here
        following = [layer.type for layer in layers[place + 1 : place + 4]]
        following += [""] * (3 - len(following))
        if here.type in ("conv", "dwconv", "convt") and here.out_height > 1:
            linear = projects and here.type == "conv"
            projects = here.type == "dwconv"
        # The sum's other branch: a convolution from before, normalised, then added.
        shortcut = following == ["conv", "bn", "add"] and (
            layers[place + 1].in_channels != here.out_channels
        )
        if here.type == "bn":
            activated = following[0] != "add" and not shortcut
        elif here.type == "add":
            activated = following[0] not in ("ln", "dwconv") and not linear
        else:
            activated = here.type in ("conv", "dwconv", "fc") and (
                following[0] not in ("bn", "ln", "scale", "concat", "mul", "")
            )
        if activated and not (linear and here.type == "bn"):
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
    layout: str = "nhwc",
) -> dict[str, float]:
    """Estimate the parts of a step on one batch.

    Args:
        network: A network of the catalogue. [1]
        accelerator: An entry of the catalogue. [1]
        batch: Images in the step. [1]
        precision: fp32, tf32, fp16 or bf16; the latter two mixed, with weights in 32 bits. [1]
        training: Go backward and update, too. [1]
        layout: Order of the activations in memory: nhwc or nchw. [1]

    Returns:
        Time by part: convolutions forward, input and weight, what lies between, update; and
        waiting for the host; their sum is the step. [s]

    Raises:
        ValueError: If batch is not a whole number of at least 1, the layout is unknown, or the
            chip has no rate for the precision.

    References:
        tests/fit_convolution.py, on the tables named in data/fitted/convolution.toml

    Examples:
        What lies between the convolutions of ResNet-50 takes longest:

        >>> from hwcalc import catalog
        >>> a100 = catalog.accelerators()["a100-sxm-80gb"]
        >>> parts = step_times(catalog.convnets()["resnet50"], a100, 256, "fp16", True)
        >>> max(parts, key=parts.get)
        'between'
    """
    check_count(batch=batch)
    if layout not in LAYOUTS:
        raise ValueError(f"layout = {layout!r}: must be one of {', '.join(LAYOUTS)}")
    if precision not in PRECISIONS:
        raise ValueError(f"precision = {precision!r}: must be one of {', '.join(PRECISIONS)}")
    chip = convolution_machine(accelerator)
    found = _work_of(network)
    size, mixed = FORMATS[precision].first, FORMATS[precision].first < 4
    rate = chip.bandwidth * chip.constants["between"]
    parts: dict[str, float] = {}
    for direction in PASSES if training else PASSES[:1]:
        parts[f"convolution/{direction}"] = sum(
            number * minimum(*pass_times(chip, each, batch, direction, precision, layout).values())
            for each, number in found.layers.items()
            # Nobody needs the gradient of the images.
            if direction != "input" or each is not found.first
        )
    chosen = (1, 2) if training else (0,)
    elements = sum((found.wider if mixed else found.elements)[i] for i in chosen)
    kernels = sum(found.kernels[i] for i in chosen)
    parts["between"] = kernels * chip.constants["launch"] + batch * elements * size / rate
    moved = (UPDATE if training else 0) + (CASTS if mixed else 0)
    parts["update"] = found.parameters * moved / rate
    convolutions = sum(found.layers.values())
    calls = kernels + convolutions * ((3 if training else 1) + mixed)
    busy = sum(parts.values())
    parts["host"] = maximum(0.0, calls * chip.constants["host"] - busy)
    return parts


def values_between(network: ConvNet, training: bool) -> float:
    """Count the values that kernels between convolutions read and write for one image.

    Exact for the layer list with its activation functions; normalisation reads its input twice in
    training.

    Args:
        network: A network of the catalogue. [1]
        training: Forward and backward, instead of the forward pass of inference. [1]

    Returns:
        Values. [1]

    References:
        He et al. 2015, "Deep residual learning", table 1, https://doi.org/10.48550/arXiv.1512.03385

    Examples:
        >>> from hwcalc import catalog
        >>> values_between(catalog.convnets()["resnet50"], True) / 1e6
        172.5
    """
    passes = _work_of(network).elements
    return passes[1] + passes[2] if training else passes[0]


def training_throughput(
    network: ConvNet,
    accelerator: Accelerator | Machine,
    batch: float,
    precision: str,
    layout: str = "nhwc",
) -> float:
    r"""Estimate how many images one chip trains on in a second.

    $$ R = N \Big/ \sum_\text{parts} T $$

    Assumption: images are there in time, and one framework launches kernel after kernel.

    Args:
        network: A network of the catalogue. [1]
        accelerator: An entry of the catalogue. [1]
        batch: Images in a step, $N$. [1]
        precision: fp32, tf32, fp16 or bf16; the latter two mixed, with weights in 32 bits. [1]
        layout: Order of the activations in memory: nhwc or nchw. [1]

    Returns:
        Images in a second, $R$. [1/s]

    Raises:
        ValueError: If batch is not a whole number of at least 1, the layout is unknown, or the
            chip has no rate for the precision.

    References:
        tests/fit_convolution.py, on the tables named in data/fitted/convolution.toml

    Examples:
        ResNet-50 on an RTX 3090; the timm library measured 1,218:

        >>> from hwcalc import catalog
        >>> rtx = catalog.accelerators()["rtx-3090"]
        >>> training_throughput(catalog.convnets()["resnet50"], rtx, 512, "fp16") / 1e3
        1.1
    """
    return batch / sum(step_times(network, accelerator, batch, precision, True, layout).values())


def inference_throughput(
    network: ConvNet,
    accelerator: Accelerator | Machine,
    batch: float,
    precision: str,
    layout: str = "nhwc",
) -> float:
    r"""Estimate how many images one chip classifies in a second.

    $$ R = N \Big/ \sum_\text{parts} T $$

    Assumption: as a framework runs it while developing; compilers that join normalisation and
    activation with the convolution before are faster.

    Args:
        network: A network of the catalogue. [1]
        accelerator: An entry of the catalogue. [1]
        batch: Images at once, $N$. [1]
        precision: fp32, tf32, fp16 or bf16. [1]
        layout: Order of the activations in memory: nhwc or nchw. [1]

    Returns:
        Images in a second, $R$. [1/s]

    Raises:
        ValueError: If batch is not a whole number of at least 1, the layout is unknown, or the
            chip has no rate for the precision.

    References:
        tests/fit_convolution.py, on the tables named in data/fitted/convolution.toml

    Examples:
        ResNet-50 on an RTX 4090; the timm library measured 5,088:

        >>> from hwcalc import catalog
        >>> rtx = catalog.accelerators()["rtx-4090"]
        >>> inference_throughput(catalog.convnets()["resnet50"], rtx, 512, "fp16") / 1e3
        4.9
    """
    return batch / sum(step_times(network, accelerator, batch, precision, False, layout).values())
