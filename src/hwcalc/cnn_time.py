r"""How fast a convolutional network trains and answers on a chip, layer by layer.

Every layer of the list becomes kernels: convolutions (`convolution_time`), and what lies between
them, which does little arithmetic and moves every activation again: normalisation, activation,
addition, pooling. Kernels follow each other; a framework that launches each from Python cannot
launch them faster than the host prepares them, so a small batch waits for the host:

$$ T = \max\Big(\sum_\text{kernels} T_i,\; n\, T_h\Big) $$

In training with channels first, batch normalisation sums over values that lie apart. That takes
cycles $\kappa$ of one of $U$ multiprocessors with clock $f$ for each of $v$ values, besides the
bytes $Q$: $T = \sqrt{(Q / \beta B)^2 + (\kappa v / U f)^2}$, which is why chips with much
bandwidth for their multiprocessors gain most from channels last.

What a network asks for is in `cnn_work`. Left out: reading and decoding images (a data path of
its own), compilers that fuse the kernels in between, and several GPUs.
"""

from hwcalc.catalog import Accelerator
from hwcalc.cnn_work import PRECISIONS, kind_of, work_of
from hwcalc.convnets import ConvNet
from hwcalc.convolution import PASSES
from hwcalc.convolution_time import LAYOUTS, convolution_machine, pass_times
from hwcalc.machine import FORMATS, Machine
from hwcalc.numeric import check_count, maximum, minimum

__all__ = ["inference_throughput", "step_times", "training_throughput"]

UPDATE = 20  # bytes for each parameter of momentum SGD: three read, two written, at 4 bytes
CASTS = 6  # bytes for each parameter whose 32-bit weight is turned into 16 bits


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
        Time by part: kinds of layers (see `kind_of`) forward, input and weight; what lies
        between, update, and waiting for the host; their sum is the step. [s]

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
    found = work_of(network)
    size, mixed = FORMATS[precision].first, FORMATS[precision].first < 4
    rate = chip.bandwidth * chip.constants["between"]
    parts: dict[str, float] = {}
    for direction in PASSES if training else PASSES[:1]:
        for each, number in found.layers.items():
            if direction == "input" and each is found.first:
                continue  # nobody needs the gradient of the images
            times = pass_times(chip, each, batch, direction, precision, layout)
            key = f"{kind_of(each)}/{direction}"
            parts[key] = parts.get(key, 0.0) + number * minimum(*times.values())
    chosen = (1, 2) if training else (0,)
    elements = sum((found.wider if mixed else found.elements)[i] for i in chosen)
    kernels = sum(found.kernels[i] for i in chosen)
    moving = batch * elements * size / rate
    if training and layout == "nchw":
        # A channel's values lie apart: its sums take cycles, besides the bytes.
        cycles = chip.constants["cycles"] * batch * found.summed
        moving = (moving**2 + (cycles / chip.constants["issue"]) ** 2) ** 0.5
    parts["between"] = kernels * chip.constants["launch"] + moving
    moved = (UPDATE if training else 0) + (CASTS if mixed else 0)
    parts["update"] = found.parameters * moved / rate
    convolutions = sum(found.layers.values())
    calls = kernels + convolutions * ((3 if training else 1) + mixed)
    busy = sum(parts.values())
    parts["host"] = maximum(0.0, calls * chip.constants["host"] - busy)
    return parts


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
