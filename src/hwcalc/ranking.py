r"""How fast cards are relative to each other, for a kind of work.

Nothing here is a curve through speeds of cards: each workload is put together from the kernels it
runs, by the model of its own (`encoder`, `cnn_time`, `training_step`, `serving_step`), on a card
as far as its power carries it (`throttle`). So a card that nobody measured has its place, and a
workload that changes changes the order: reading weights for one token asks for bandwidth,
fine-tuning for matrix units and bandwidth, convolutions for both.

- `speed` of one card, `usual_batch` and `usual_precision` for it
- `relative_errors` and `kendall_tau`: how far a predicted ranking is from a measured one
- measured speeds, and those of many cards at once: `card_speeds`

What it leaves out: the machine around the card (disk, processor, other cards), memory too small
for the work, and recurrent networks, whose thousand small steps follow the host and the library.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from hwcalc import blocks
from hwcalc.catalog import Accelerator, convnets, transformers
from hwcalc.cnn_time import training_throughput
from hwcalc.cnn_work import values_between
from hwcalc.convolution_time import convolution_machine
from hwcalc.datafile import DATA, load
from hwcalc.deployment import deploy, usable_format
from hwcalc.encoder import step_times
from hwcalc.encoder_programs import programs
from hwcalc.frameworks import FRAMEWORKS
from hwcalc.layout import Cluster, Layout
from hwcalc.numeric import check_count, check_non_negative, check_positive, exp, log
from hwcalc.serving_step import decode_step
from hwcalc.throttle import issue_rate, throttled
from hwcalc.training_step import step_time

__all__ = [
    "WORKLOADS",
    "Workload",
    "channels_first",
    "kendall_tau",
    "relative_errors",
    "speed",
    "usual_batch",
    "usual_precision",
]

GIB = 2**30
QUESTION = 384  # tokens of a question with its text
DOCUMENT = 2048  # tokens of a training sequence
CACHED = 1024  # tokens read before the one that is decoded
GATHERED = 16  # passes whose gradients are added up


@dataclass(frozen=True)
class Workload:
    """A kind of work; `run` gives how much of it a card does in a second."""

    name: str
    unit: str  # what is counted
    per_gib: float  # samples at once for each GiB of memory; 0 where it is always one
    run: Callable[[Accelerator, float, str], float]


def speed(workload: str, accelerator: Accelerator, batch: float, precision: str) -> float:
    """Estimate how much of a workload a card does in a second.

    Args:
        workload: A key of `WORKLOADS`. [1]
        accelerator: An entry of the catalogue. [1]
        batch: Samples at once; `usual_batch` gives one. [1]
        precision: Format of the products; `usual_precision` gives one. [1]

    Returns:
        Sequences, images or tokens in a second, as the workload counts. [1/s]

    Raises:
        ValueError: If the workload is unknown, batch is not a whole number of at least 1, or the
            card has no rate for the precision.

    References:
        The functions it calls.

    Examples:
        Fine-tuning BERT-large on an H100 against a V100; measured 5.4 times the speed:

        >>> from hwcalc import catalog
        >>> chips = catalog.accelerators()
        >>> new = speed("bert-large", chips["h100-sxm"], 112, "fp16")
        >>> 4.5 < new / speed("bert-large", chips["v100-sxm2-16gb"], 16, "fp16") < 6.5
        True
    """
    check_count(batch=batch)
    return _known(workload).run(accelerator, batch, precision)


def usual_batch(workload: str, accelerator: Accelerator) -> float:
    """Choose samples at once as the benchmarks do: as many as the memory takes.

    Args:
        workload: A key of `WORKLOADS`. [1]
        accelerator: An entry of the catalogue. [1]

    Returns:
        Samples, at least one. [1]

    Raises:
        ValueError: If the workload is unknown.

    References:
        lambdal/deeplearning-benchmark, scripts/config_v1, for 24, 40, 48 and 80 GB,
        https://github.com/lambdal/deeplearning-benchmark

    Examples:
        >>> from hwcalc import catalog
        >>> usual_batch("bert-large", catalog.accelerators()["rtx-3090"])
        28
    """
    return max(1, int(_known(workload).per_gib * accelerator.memory / GIB))


def usual_precision(accelerator: Accelerator) -> str:
    """Choose the format for training: 16 bits with matrix units, else the fastest wide one.

    Args:
        accelerator: An entry of the catalogue. [1]

    Returns:
        fp16, tf32 or fp32. [1]

    References:
        Micikevicius et al. 2017, "Mixed precision training",
        https://doi.org/10.48550/arXiv.1710.03740

    Examples:
        >>> from hwcalc import catalog
        >>> usual_precision(catalog.accelerators()["gtx-1080-ti"])
        'fp32'
    """
    if {"fp16", "bf16"} & set(accelerator.peak):
        return "fp16"
    return "tf32" if "tf32" in accelerator.peak else "fp32"


def channels_first(accelerator: Accelerator, batch: float, precision: str, cycles: float) -> float:
    r"""Estimate how many images PyTorch trains ResNet-50 on in a second, channels first.

    $$ R = N \Big/ \left( T + \frac{\kappa\, v\, N}{U f} \right) $$

    To the step $T$ of `cnn_time` come the cycles $\kappa$ that single kernels spend on each of $v$
    values between convolutions.

    Args:
        accelerator: An entry of the catalogue. [1]
        batch: Images at once, $N$. [1]
        precision: fp32, tf32, fp16 or bf16. [1]
        cycles: Cycles of a multiprocessor for a value, $\kappa$, a fit. [1]

    Returns:
        Images in a second. [1/s]

    Raises:
        ValueError: If batch is not a whole number of at least 1 or cycles is negative.

    References:
        tests/fit_encoder.py, on the tables named in data/fitted/encoder.toml

    Examples:
        An A100, of which 1,582 were measured with 1,280 images at once:

        >>> from hwcalc import catalog
        >>> a100 = catalog.accelerators()["a100-sxm-80gb"]
        >>> 1400 < channels_first(a100, 1280, "fp16", 0.2) < 1900
        True
    """
    check_non_negative(cycles=cycles)
    network = convnets()["resnet50"]
    chip = convolution_machine(accelerator)
    # The cycles are added here, with the constant of the framework's version that was ranked.
    constants = {**chip.constants, "cycles": 0.0}
    chip = replace(chip, peak=throttled(accelerator).peak, constants=constants)
    time = batch / training_throughput(network, chip, batch, precision, "nchw")
    values = batch * values_between(network, training=True)
    return batch / (time + cycles * values / issue_rate(accelerator))


def relative_errors(predicted: Sequence[float], observed: Sequence[float]) -> list[float]:
    r"""Compare relative speeds: what is left when a factor common to all cards is taken out.

    $$ e_i = \frac{p_i / m_i}{\sqrt[n]{\prod_j p_j / m_j}} - 1 $$

    Args:
        predicted: Speeds by a model. [any]
        observed: Speeds measured, in the same order. [any]

    Returns:
        Errors, of which a negative one means that the card is faster than predicted beside the
        others. [1]

    Raises:
        ValueError: If the lists differ in length or a speed is not positive.

    References:
        Fleming, Wallace 1986, "How not to lie with statistics: the correct way to summarize
        benchmark results", https://doi.org/10.1145/5666.5673

    Examples:
        A common factor is no error:

        >>> relative_errors([2.0, 4.0], [1.0, 2.0])
        [0.0, 0.0]
    """
    _check_pairs(predicted, observed)
    logs = [log(p / m) for p, m in zip(predicted, observed, strict=True)]
    mean = sum(logs) / len(logs)
    return [exp(each - mean) - 1 for each in logs]


def kendall_tau(predicted: Sequence[float], observed: Sequence[float]) -> float:
    r"""Measure how alike two rankings are: pairs in the same order less pairs in the other.

    $$ \tau = \frac{c - d}{c + d} $$

    Pairs that either list ties are not counted.

    Args:
        predicted: Speeds by a model. [any]
        observed: Speeds measured, in the same order. [any]

    Returns:
        1 for the same ranking, -1 for the opposite one, 0 where there is no pair. [1]

    Raises:
        ValueError: If the lists differ in length or a speed is not positive.

    References:
        Goodman, Kruskal 1954, "Measures of association for cross classifications",
        https://doi.org/10.1080/01621459.1954.10501231

    Examples:
        One of three pairs the wrong way round:

        >>> kendall_tau([1.0, 2.0, 3.0], [1.0, 3.0, 2.0])
        0.333
    """
    _check_pairs(predicted, observed)
    pairs = list(zip(predicted, observed, strict=True))
    alike = [(p - q) * (m - n) for i, (p, m) in enumerate(pairs) for q, n in pairs[:i]]
    same, other = sum(each > 0 for each in alike), sum(each < 0 for each in alike)
    return (same - other) / (same + other) if same + other else 0.0


def _check_pairs(predicted: Sequence[float], observed: Sequence[float]) -> None:
    """Raise ValueError unless two lists of positive speeds belong together."""
    if len(predicted) != len(observed) or not len(predicted):
        raise ValueError(
            f"predicted has {len(predicted)} speeds, observed {len(observed)}: "
            "there must be one for one"
        )
    check_positive(predicted=min(predicted), observed=min(observed))


def _known(workload: str) -> Workload:
    if workload not in WORKLOADS:
        raise ValueError(f"workload = {workload!r}: must be one of {', '.join(WORKLOADS)}")
    return WORKLOADS[workload]


def _bert(network: str) -> Callable[[Accelerator, float, str], float]:
    """Sequences in a second that an encoder is fine-tuned on, in PyTorch."""

    def run(accelerator: Accelerator, batch: float, precision: str) -> float:
        encoder, program = transformers()[network], programs()["pytorch"]
        step = step_times(accelerator, encoder, batch, QUESTION, 0, 1, precision, program)
        return batch / sum(step.values())

    return run


def _resnet(accelerator: Accelerator, batch: float, precision: str) -> float:
    """Images in a second, as the benchmark leaves PyTorch: channels first."""
    return channels_first(accelerator, batch, precision, _channels_first())


@functools.cache
def _channels_first() -> float:
    fitted = load(DATA / "fitted" / "encoder.toml")["programs"]
    return float(fitted["pytorch_channels_first"])


def _training(
    network: str, framework: str, recompute: int
) -> Callable[[Accelerator, float, str], float]:
    """Tokens in a second that all weights of a network are trained on, on one card."""

    def run(accelerator: Accelerator, batch: float, precision: str) -> float:
        # A card alone exchanges nothing, but the model of the step asks for its slot.
        slot = accelerator.pcie or "4.0 x16"
        bounded = replace(accelerator, peak=throttled(accelerator).peak, pcie=slot)
        form = "bf16" if precision == "fp16" and "bf16" in accelerator.peak else precision
        software = replace(FRAMEWORKS[framework], precision=form)
        layout = Layout(1, 1, 1, 1, 1, batch, GATHERED * batch, 1, 0, recompute, False)
        shape = blocks.shape(transformers()[network])
        step = step_time(Cluster(bounded, 1, 0.0, 0.0), shape, layout, DOCUMENT, software, 0.0)
        return GATHERED * batch * DOCUMENT / sum(step.values())

    return run


def _decode(accelerator: Accelerator, batch: float, precision: str) -> float:
    """Tokens in a second that Llama 3 8B gives to all its sequences."""
    form = usable_format(accelerator, "bf16" if precision == "fp16" else precision)
    served = deploy(accelerator, transformers()["llama3-8b"], 1, form, form, 2, False)
    return batch / sum(decode_step(served, batch, CACHED).values())


WORKLOADS: Mapping[str, Workload] = MappingProxyType(
    {
        "bert-large": Workload("Fine-tuning BERT-large", "sequences", 1.17, _bert("bert-large")),
        "resnet50": Workload("Training ResNet-50", "images", 18.7, _resnet),
        "llm-training": Workload(
            "Training a 1.1-billion Llama", "tokens", 0.17, _training("tinyllama-1.1b", "litgpt", 0)
        ),
        "llm-decode": Workload("Llama 3 8B, one token after another", "tokens", 0.0, _decode),
        "bert-base": Workload("Fine-tuning BERT-base", "sequences", 4.0, _bert("bert-base")),
        # Where memory is short, one sequence at a time and layers computed twice; whether even that
        # fits is another question (`card_memory`).
        "llm-tuning": Workload(
            "Fine-tuning Llama 3.1 8B", "tokens", 0.0, _training("llama3.1-8b", "torchtune", 2)
        ),
    }
)
