r"""How fast an encoder such as BERT trains and answers on a chip, kernel by kernel.

Every product is asked of `hwcalc.kernels`; what lies between them moves bytes, as many as the
framework's code moves (`hwcalc.encoder_programs`); scores of the attention are written out, as the
frameworks of these networks do. A pass over one batch takes

$$ T = \sum_\text{products} T_i + \sum_\text{between} \left( T_0 + \frac{Q_j}{\beta B} +
\frac{\kappa\, v_j}{U f} \right) + n\, T_g $$

where a kernel between products moves $Q_j$ bytes and spends $\kappa$ cycles of one of $U$
multiprocessors with clock $f$ on each of $v_j$ values, and $T_g$ is the gap that a framework
leaves between two of $n$ kernels. Cards with little power for
their peak are slowed down by it (`hwcalc.throttle`). What it leaves out: padding that is skipped,
reading and tokenising text, and what a large cache keeps from one kernel to the next.
"""

from typing import Any, NamedTuple

from hwcalc.catalog import Accelerator
from hwcalc.collective_time import collective_time
from hwcalc.data_parallel import slowest_rank_delay
from hwcalc.elementwise import streamed
from hwcalc.encoder_programs import EAGER, LOGITS, TENSORS, Passes, Program
from hwcalc.kernels import matmul_time
from hwcalc.layout import Cluster
from hwcalc.machine import FORMATS, Machine
from hwcalc.networks import Transformer
from hwcalc.numeric import check_count, check_non_negative, check_positive, maximum, minimum, where
from hwcalc.throttle import issue_rate, throttled
from hwcalc.transformer import parameter_count

__all__ = ["answer_times", "gradient_wait", "step_times"]

PASSES_EMBEDDING, KERNELS_EMBEDDING = 6, 8  # three rows read and added, a norm, dropout
PLAIN = ("fp32", "tf32")  # formats in which a framework keeps everything in 32 bits


def answer_times(
    accelerator: Accelerator,
    network: Transformer,
    batch: float,
    sequence: float,
    precision: str,
    program: Program,
    chip: Machine | None = None,
) -> dict[str, float]:
    """Estimate the time until an encoder has read one batch, by what it is spent on.

    Args:
        accelerator: An entry of the catalogue. [1]
        network: An encoder of the catalogue. [1]
        batch: Sequences at once. [1]
        sequence: Length of each. [tokens]
        precision: fp32, tf32, fp16 or bf16. [1]
        program: What the framework runs, one of `encoder_programs.programs`. [1]
        chip: The machine to take instead of the accelerator's own, `throttle.throttled`. [1]

    Returns:
        Time by part: `layers/products`, `layers/attention`, `layers/memory`, `layers/gaps`,
        `ends/embedding`. [s]

    Raises:
        ValueError: If batch or sequence is not a whole number of at least 1, the network is no
            encoder, or the chip has no rate for the precision.

    References:
        tests/fit_encoder.py, on the tables named in data/fitted/encoder.toml

    Examples:
        BERT-large on a V100 in TensorFlow, one question of 384 tokens; 29.5 ms were measured:

        >>> from hwcalc import catalog
        >>> from hwcalc.encoder_programs import programs
        >>> times = answer_times(
        ...     catalog.accelerators()["v100-sxm2-32gb"], catalog.transformers()["bert-large"],
        ...     1, 384, "fp32", programs()["tensorflow"],
        ... )
        >>> 26 < sum(times.values()) * 1e3 < 33
        True
    """
    _check(network, batch, sequence)
    run = _Run(chip or throttled(accelerator), issue_rate(accelerator), network, precision, program)
    return _pass(run, batch, sequence, program.inference, 1)


def step_times(
    accelerator: Accelerator,
    network: Transformer,
    batch: float,
    sequence: float,
    predicted: float,
    passes: float,
    precision: str,
    program: Program,
    chip: Machine | None = None,
) -> dict[str, float]:
    """Estimate the time of one training step of an encoder on one chip.

    Args:
        accelerator: An entry of the catalogue. [1]
        network: An encoder of the catalogue. [1]
        batch: Sequences in one pass. [1]
        sequence: Length of each. [tokens]
        predicted: Tokens of a sequence that the head predicts out of the vocabulary: 0 in
            fine-tuning for questions. [tokens]
        passes: Passes forward and backward whose gradients are added up before an update. [1]
        precision: fp32, tf32, fp16 or bf16; the latter two mixed, with weights in 32 bits. [1]
        program: What the framework runs, one of `encoder_programs.programs`. [1]
        chip: The machine to take instead of the accelerator's own, `throttle.throttled`. [1]

    Returns:
        Time of all passes and the update by part: products, attention, memory and gaps of the
        layers; embedding and head; adding gradients up; the update. [s]

    Raises:
        ValueError: If a size is not a whole number of at least 1 (predicted: not negative), the
            network is no encoder, or the chip has no rate for the precision.

    References:
        tests/fit_encoder.py, on the tables named in data/fitted/encoder.toml

    Examples:
        BERT-large learns to answer questions on an A100, 112 at once; 152 in a second were
        measured:

        >>> from hwcalc import catalog
        >>> from hwcalc.encoder_programs import programs
        >>> step = step_times(
        ...     catalog.accelerators()["a100-sxm-80gb"], catalog.transformers()["bert-large"],
        ...     112, 384, 0, 1, "fp16", programs()["pytorch"],
        ... )
        >>> 135 < 112 / sum(step.values()) < 165
        True
    """
    _check(network, batch, sequence)
    check_count(passes=passes)
    check_non_negative(predicted=predicted)
    chip = chip or throttled(accelerator)
    run = _Run(chip, issue_rate(accelerator), network, precision, program)
    parts = _pass(run, batch, sequence, program.forward, 1)
    back = _pass(run, batch, sequence, program.backward, 2)
    parts = {name: time + back[name] for name, time in parts.items()}
    width, weights = FORMATS[precision].second, parameter_count(network, active=False)
    parts["ends/head"] = (
        _head(chip, network, batch, predicted, precision) if _any(predicted > 0) else 0.0 * batch
    )
    # Gradients are read, summed and written in the format in which they arrive.
    parts["update/sum"] = streamed(chip, 3 * width * weights, 10)
    parts = {name: passes * time for name, time in parts.items()}
    plain = precision in PLAIN
    steps = program.steps[plain] * TENSORS * network.layers
    parts["update/optimizer"] = streamed(chip, program.update[plain] * weights, 0) + steps * (
        EAGER if program.host else program.gap
    )
    return parts


def gradient_wait(
    cluster: Cluster,
    network: Transformer,
    ranks: float,
    precision: str,
    program: Program,
    backward: float,
    busy: float,
) -> dict[str, float]:
    r"""Estimate what replicas of an encoder add to a step: gradients travel, the slowest is late.

    Buckets of gradients are all-reduced while the backward pass goes on; the last bucket, and what
    the pass cannot hide, is waited for:

    $$ T = \max\left( T_b,\; \frac{G}{g} T_b - T_\text{back} \right) + \delta\, T_\text{busy} $$

    Args:
        cluster: The machines. [1]
        network: An encoder of the catalogue. [1]
        ranks: Accelerators, each with a replica. [1]
        precision: Format of the products; gradients travel in it. [1]
        program: What the framework runs. [1]
        backward: Backward pass behind which gradients travel, $T_\text{back}$. [s]
        busy: Step of one rank alone, $T_\text{busy}$. [s]

    Returns:
        Time by part: `replicas/gradients`, `replicas/slowest`. [s]

    Raises:
        ValueError: If ranks is not a whole number of at least 1, a time is negative, or ranks are
            in several nodes but the cluster has no network.

    References:
        Li et al. 2020, "PyTorch distributed", section 3, https://doi.org/10.48550/arXiv.2006.15704

    Examples:
        >>> from hwcalc import catalog
        >>> from hwcalc.encoder_programs import programs
        >>> cluster = Cluster(catalog.accelerators()["a100-sxm-80gb"], 8, 25e9, 0.015)
        >>> large = catalog.transformers()["bert-large"]
        >>> wait = gradient_wait(cluster, large, 8, "fp16", programs()["pytorch"], 0.2, 0.3)
        >>> wait["replicas/gradients"] < 1e-3
        True
    """
    check_count(ranks=ranks)
    check_non_negative(backward=backward, busy=busy)
    gradients = FORMATS[precision].second * parameter_count(network, active=False)
    bucket = min(program.bucket, gradients)
    near = minimum(ranks, cluster.node)
    one = collective_time("all_reduce", bucket, ranks, near, cluster.fabric)
    waited = maximum(one, gradients / bucket * one - backward)
    return {
        "replicas/gradients": where(ranks > 1, waited, 0.0),
        "replicas/slowest": slowest_rank_delay(ranks, cluster.spread) * busy,
    }


def _any(condition: Any) -> bool:
    """Tell whether a condition holds, in an array for any element."""
    return condition if isinstance(condition, bool) else bool(condition.any())


def _head(
    chip: Machine, network: Transformer, batch: float, predicted: float, precision: str
) -> float:
    """Time the layer that predicts tokens and its loss, both directions."""
    rows = maximum(1.0, batch * predicted)
    h, vocab = network.hidden, network.vocab
    products = sum(
        matmul_time(chip, rows, h, n, precision)
        + matmul_time(chip, rows, n, h, precision)
        + matmul_time(chip, n, rows, h, precision)
        for n in (vocab, h)
    )
    return where(predicted > 0, products + streamed(chip, rows * vocab * LOGITS, 10), 0.0)


def _check(network: Transformer, batch: float, sequence: float) -> None:
    """Raise ValueError unless the network is an encoder and sizes are counts."""
    check_count(batch=batch, sequence=sequence)
    check_positive(heads=network.heads)
    if network.kind != "encoder" or not network.vocab:
        raise ValueError(f"{network.name} is no encoder of text; choose BERT or its like")


class _Run(NamedTuple):
    """What stays the same for all passes."""

    chip: Machine
    issue: float  # [1/s] cycles of all multiprocessors
    network: Transformer
    precision: str
    program: Program


def _pass(
    run: _Run, batch: float, sequence: float, passes: Passes, factor: float
) -> dict[str, float]:
    """Time one direction; backward each product is two, for its input and for its weight."""
    chip, issue, network, precision, program = run
    h, inner, dim = network.hidden, network.ffn_hidden, network.head_dim
    tokens = batch * sequence
    rows = tokens * network.heads
    matrices = [(h, h)] * 3 if program.apart else [(h, 3 * h)]
    matrices += [(h, h), (h, inner), (inner, h)]
    if factor == 1:
        products = sum(matmul_time(chip, tokens, k, n, precision) for k, n in matrices)
    else:
        products = sum(
            matmul_time(chip, tokens, n, k, precision) + matmul_time(chip, n, tokens, k, precision)
            for k, n in matrices
        )
    attention = factor * (
        matmul_time(chip, rows, dim, sequence, precision)
        + matmul_time(chip, rows, sequence, dim, precision)
    )
    size = 4.0 if precision in PLAIN else program.value
    scores = rows * sequence
    values = passes.wide * tokens * h + passes.inner * tokens * inner + passes.scores * scores
    moved = size * values + passes.masks * (scores + 2 * tokens * h)
    between = streamed(chip, moved, passes.kernels) + program.cycles * values / issue
    kernels = passes.kernels + factor * (len(matrices) + 2)
    looked_up = streamed(chip, PASSES_EMBEDDING * tokens * h * size, KERNELS_EMBEDDING)
    return {
        "layers/products": network.layers * products,
        "layers/attention": network.layers * attention,
        "layers/memory": network.layers * between,
        "layers/gaps": network.layers * kernels * program.gap + 0 * batch,
        "ends/embedding": looked_up,
    }
