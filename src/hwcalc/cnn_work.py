"""A convolutional network as the work of a chip: distinct convolutions, and passes in between.

Every layer of the list becomes kernels. Activation functions are not in the lists and follow from
them: one behind every convolution or its normalisation, none behind the projection after a
depthwise layer, behind an addition instead of before it. `cnn_time` has the times.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hwcalc.cnn import parameters
from hwcalc.convnets import ConvNet, Layer
from hwcalc.convolution import Convolution
from hwcalc.convolution_time import Prepared, prepared
from hwcalc.machine import FORMATS
from hwcalc.numeric import check_count

__all__ = ["Work", "kind_of", "macs_by_kind", "training_memory", "values_between", "work_of"]

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
# A normalisation keeps its input, an activation its output, which is the next layer's input.
SAVED = ("bn", "ln", "activation", "pool", "mul", "scale")
STATES = 12  # bytes for each parameter: weight, gradient and momentum in 32 bits


@dataclass(frozen=True)
class Work:
    """What one image needs: distinct convolutions with their number, and bytes in between."""

    layers: dict[Prepared, int]
    elements: tuple[float, ...]  # moved in inference, forward and backward
    wider: tuple[float, ...]  # the same in mixed precision, as passes of 16 bits
    kernels: tuple[float, ...]  # beside the convolutions
    summed: float  # of those, in training, by normalisations that sum over each channel
    saved: float  # activations that the backward pass needs, elements
    parameters: float
    first: Prepared  # reads the image


_KNOWN: dict[int, tuple[ConvNet, Work]] = {}


def work_of(network: ConvNet) -> Work:
    """Turn a layer list into distinct convolutions and passes over activations, once.

    Args:
        network: A network of the catalogue. [1]

    Returns:
        What one image needs. [any]

    References:
        Entries of the catalogue: their layer lists.

    Examples:
        >>> from hwcalc import catalog
        >>> sum(work_of(catalog.convnets()["resnet50"]).layers.values())
        54
    """
    known = _KNOWN.get(id(network))
    if known is None or known[0] is not network:
        known = _KNOWN[id(network)] = network, _work(network)
    return known[1]


def _work(network: ConvNet) -> Work:
    layers: dict[Prepared, int] = {}
    kernels, elements, wider = [0.0] * 3, [0.0] * 3, [0.0] * 3
    saved = summed = 0.0
    normal = any(layer.type == "ln" for layer in network.layers)
    for kind, layer in _expanded(network.layers):
        if kind in CONVOLUTIONS:
            shape = prepared(_shape(layer))
            layers[shape] = layers.get(shape, 0) + 1
            continue
        size = layer.out_channels * layer.out_height * layer.out_width
        before = layer.in_channels * layer.in_height * layer.in_width
        pooled = (before + size,) * 2 + (before + 2 * size,)
        saved += size if kind in SAVED else 0
        summed += sum(PASSES_OVER["bn"][1:]) * size if kind == "bn" else 0
        for i in range(3):
            moved = pooled[i] if kind == "pool" else PASSES_OVER[kind][i] * size
            name = "residual" if normal and kind == "add" else kind
            elements[i] += moved
            wider[i] += WIDER[name][i] * size if name in WIDER else moved
            kernels[i] += 1
    return Work(
        layers=layers,
        elements=tuple(elements),
        wider=tuple(wider),
        kernels=tuple(kernels),
        summed=summed,
        saved=saved,
        parameters=sum(parameters(network).values()),
        first=next(iter(layers)),
    )


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


def kind_of(layer: Prepared) -> str:
    """Name the kind of a convolution: what decides how fast a chip computes it.

    Args:
        layer: The layer, from `convolution_time.prepared`. [1]

    Returns:
        depthwise, grouped, pointwise (1 x 1 and fully connected) or larger. [1]

    References:
        A word for the shapes of `prepared`.

    Examples:
        >>> kind_of(prepared(Convolution(1, 64, 256, 56, 56, (1, 1))))
        'pointwise'
    """
    if layer.groups > 1:
        return "depthwise" if layer.inner == 1 else "grouped"
    return "pointwise" if layer.area == 1 else "larger"


def macs_by_kind(network: ConvNet) -> dict[str, float]:
    """Count the multiply-accumulates of one image by kind of layer: exact.

    Args:
        network: A network of the catalogue. [1]

    Returns:
        Multiply-accumulates by `kind_of` a layer; their sum is that of `cnn.macs`. [1]

    References:
        Entries of the catalogue and `kind_of`.

    Examples:
        >>> from hwcalc import catalog
        >>> found = macs_by_kind(catalog.convnets()["mobilenet-v2"])
        >>> found["depthwise"] / sum(found.values())
        0.07
    """
    found: dict[str, float] = {}
    for layer, number in work_of(network).layers.items():
        kind = kind_of(layer)
        products = layer.positions * layer.inner * layer.outer * layer.area * layer.groups
        found[kind] = found.get(kind, 0.0) + number * products
    return found


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
    passes = work_of(network).elements
    return passes[1] + passes[2] if training else passes[0]


def training_memory(network: ConvNet, batch: float, precision: str) -> float:
    r"""Estimate the memory that training fills: states and what the backward pass needs.

    $$ M = 12 P + b_w P + N b A $$

    with $P$ parameters, their 16-bit copies ($b_w = 2$ in mixed precision, else 0), $N$ images and
    $A$ activations of $b$ bytes for each: the inputs of normalisations and the outputs of
    activation functions and pools.

    Assumption: momentum SGD; no recomputation. Left out: the library's workspace, fragments, and
    the context of the driver, together about a gibibyte.

    Args:
        network: A network of the catalogue. [1]
        batch: Images in a step, $N$. [1]
        precision: fp32, tf32, fp16 or bf16; the latter two mixed, with weights in 32 bits. [1]

    Returns:
        Bytes. [B]

    Raises:
        ValueError: If batch is not a whole number of at least 1 or the precision is unknown.

    References:
        Entries of the catalogue and their layer lists.

    Examples:
        256 images of ResNet-50 in mixed precision:

        >>> from hwcalc import catalog
        >>> training_memory(catalog.convnets()["resnet50"], 256, "fp16") / 2**30
        10.3
    """
    check_count(batch=batch)
    if precision not in PRECISIONS:
        raise ValueError(f"precision = {precision!r}: must be one of {', '.join(PRECISIONS)}")
    found, size = work_of(network), FORMATS[precision].first
    states = STATES + (2 if size < 4 else 0)
    return states * found.parameters + batch * size * found.saved
