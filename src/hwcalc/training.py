r"""How long a training run takes, and how well a published run used its chips.

Everything rests on one identity: operations divided by time, devices and peak is the utilisation
of the run, often called MFU. Read one way it turns an assumed utilisation into days, read the
other way it turns published days into the utilisation that somebody reached.

What it leaves out: the utilisation itself. It depends on kernels, batch, network between devices
and input pipeline, falls as devices are added, and here is the reader's number. Evaluation,
checkpoints, restarts and failed runs take their share of the clock too.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from hwcalc.networks import Transformer
from hwcalc.numeric import check_fraction, check_positive
from hwcalc.transformer import active_parameters, parameter_count, training_flops_per_token


class Phase(NamedTuple):
    """A part of a training run in which batch and sequence length stay the same."""

    steps: float
    batch: float  # sequences in one step, over all devices
    sequence: float  # tokens in one sequence


# Recipes of published pre-training runs of BERT.
RECIPES: Mapping[str, tuple[Phase, ...]] = MappingProxyType(
    {
        # Devlin et al. 2018, appendix A.2: a million steps of 256 sequences, nine tenths of them
        # at 128 tokens. https://doi.org/10.48550/arXiv.1810.04805
        "bert-2018": (Phase(900_000, 256, 128), Phase(100_000, 256, 512)),
        # The first release of Megatron-LM: its published script runs a million steps at 512 tokens,
        # 4 sequences on each of 64 GPUs. https://github.com/NVIDIA/Megatron-LM
        "bert-512": (Phase(1_000_000, 256, 512),),
        # NVIDIA's two phases with the LAMB optimiser of You et al. 2019
        # (https://doi.org/10.48550/arXiv.1904.00962), steps and batches as in the README of
        # https://github.com/NVIDIA/DeepLearningExamples/tree/master/PyTorch/LanguageModeling/BERT
        "bert-lamb": (Phase(7_038, 65_536, 128), Phase(1_563, 32_768, 512)),
    }
)


def working_parameters(network: Transformer) -> float:
    """Count the weights that one token is multiplied with, the $P$ of training FLOP.

    Embedding tables are looked up and norms are no matrices: neither counts. A decoder predicts
    from every token, so its output matrix counts even where it is the embedding used again. An
    encoder predicts about one token in seven, and its output matrix is left out, which is 1.5 % of
    BERT-large. Where the catalogue cannot count parts, all parameters a token meets are taken.

    Args:
        network: A network of the catalogue. [1]

    Returns:
        Weights at work for one token. [1]

    Raises:
        ValueError: If the network is an encoder with a decoder: no token meets all its weights.

    References:
        Kaplan et al. 2020, "Scaling laws for neural language models", section 2.1,
        https://doi.org/10.48550/arXiv.2001.08361

    Examples:
        >>> from hwcalc.networks import transformers
        >>> working_parameters(transformers()["bert-large"]) / 1e6
        302.2
    """
    if network.kind == "encoder-decoder":
        raise ValueError(
            f"{network.name}: an encoder with a decoder is not modelled; choose another"
        )
    if not network.computable:
        return parameter_count(network, active=True)
    parts = active_parameters(network)
    at_work = sum(
        count
        for part, count in parts.items()
        if part.startswith(("attention/", "mlp/", "experts/")) or part == "head/unembedding"
    )
    if network.tied_embeddings and network.kind == "decoder":
        at_work += network.vocab * network.hidden
    return float(at_work)


def recipe_tokens(phases: Sequence[Phase]) -> float:
    r"""Count the tokens a recipe passes through the network.

    $$ D = \sum_i n_i\, b_i\, s_i $$

    Args:
        phases: Steps $n$, sequences per step $b$ and tokens per sequence $s$ of each part. [1]

    Returns:
        Tokens processed, repetitions included. [tokens]

    Raises:
        ValueError: If there is no phase, or one of its numbers is not positive.

    References:
        Devlin et al. 2018, appendix A.2, https://doi.org/10.48550/arXiv.1810.04805

    Examples:
        >>> recipe_tokens(RECIPES["bert-2018"]) / 1e9
        42.6
        >>> recipe_tokens(RECIPES["bert-lamb"]) / 1e9
        85.3
    """
    _check_phases(phases)
    return sum(phase.steps * phase.batch * phase.sequence for phase in phases)


def recipe_flops(phases: Sequence[Phase], parameters: float, layers: float, hidden: float) -> float:
    r"""Estimate the operations of a recipe: its tokens, each phase at its own sequence length.

    $$ F = \sum_i n_i\, b_i\, s_i \,(6P + 12 L h s_i) $$

    Assumption: as for `transformer.training_flops_per_token`; nothing is recomputed.

    Args:
        phases: Steps $n$, sequences per step $b$ and tokens per sequence $s$ of each part. [1]
        parameters: Weights that take part in one token's forward pass, $P$. [1]
        layers: Layers with attention, $L$. [1]
        hidden: Width of the attention, heads times head size, $h$. [1]

    Returns:
        Operations of the whole run. [FLOP]

    Raises:
        ValueError: If there is no phase, one of its numbers or parameters is not positive, or
            another argument is negative.

    References:
        Chowdhery et al. 2022, "PaLM: scaling language modeling with Pathways", appendix B,
        https://doi.org/10.48550/arXiv.2204.02311

    Examples:
        BERT-large has 302 million weights in the matrices of its 24 layers:

        >>> recipe_flops(RECIPES["bert-lamb"], 302e6, 24, 1024) / 1e20
        1.607
    """
    _check_phases(phases)
    return sum(
        recipe_tokens([phase])
        * training_flops_per_token(parameters, layers, hidden, phase.sequence)
        for phase in phases
    )


def recipe_time(phases: Sequence[Phase], rates: Sequence[float]) -> float:
    r"""Compute the time of a recipe from measured rates, one for each phase.

    $$ T = \sum_i n_i\, b_i / r_i $$

    Assumption: the rate of a short measurement holds for the whole run.

    Args:
        phases: Steps $n$ and sequences per step $b$ of each part. [1]
        rates: Sequences per second of all devices together in each part, $r$. [1/s]

    Returns:
        Time of the run. [s]

    Raises:
        ValueError: If the numbers of phases and rates differ, there is none, or one of their
            numbers is not positive.

    References:
        NVIDIA, DeepLearningExamples, README of BERT for PyTorch, training performance,
        https://github.com/NVIDIA/DeepLearningExamples/tree/master/PyTorch/LanguageModeling/BERT

    Examples:
        One server with 8 V100, measured at 1,746 and 586 sequences per second, in days:

        >>> recipe_time(RECIPES["bert-lamb"], [1746, 586]) / 86400
        4.07
    """
    _check_phases(phases)
    if len(phases) != len(rates):
        raise ValueError(
            f"{len(phases)} phases and {len(rates)} rates: there must be one rate for each phase"
        )
    for rate in rates:
        check_positive(rate=rate)
    return sum(phase.steps * phase.batch / rate for phase, rate in zip(phases, rates, strict=True))


def training_time(flops: float, devices: float, peak_flops: float, utilisation: float) -> float:
    r"""Estimate the time of a training run from the utilisation it will reach.

    $$ T = \frac{F}{N\, \pi\, u} $$

    Assumption: the devices share the work evenly, and the utilisation given holds at this number
    of devices.

    Args:
        flops: Operations of the run, without any done twice, $F$. [FLOP]
        devices: Accelerators, $N$. [1]
        peak_flops: Dense peak rate of one of them at the precision used, $\pi$. [FLOP/s]
        utilisation: Share of the peak turned into useful operations, $u$. [1]

    Returns:
        Time of the run. [s]

    Raises:
        ValueError: If an argument is not positive, or utilisation is above 1.

    References:
        Chowdhery et al. 2022, appendix B, https://doi.org/10.48550/arXiv.2204.02311

    Examples:
        1.6e20 operations on 8 V100 at 46 % of 125 TFLOP/s, in hours:

        >>> training_time(1.6e20, 8, 125e12, 0.46) / 3600
        96.6
    """
    check_positive(flops=flops, devices=devices, peak_flops=peak_flops, utilisation=utilisation)
    check_fraction(utilisation=utilisation)
    return flops / (devices * peak_flops * utilisation)


def utilisation(flops: float, devices: float, peak_flops: float, time: float) -> float:
    r"""Compute the share of the peak a run reached, from how long it took.

    $$ u = \frac{F}{N\, \pi\, T} $$

    A value above 1 means that operations, peak or time were counted wrongly; it is returned, so
    that a check can see it.

    Args:
        flops: Operations of the run, without any done twice, $F$. [FLOP]
        devices: Accelerators, $N$. [1]
        peak_flops: Dense peak rate of one of them at the precision used, $\pi$. [FLOP/s]
        time: Time of the run, $T$. [s]

    Returns:
        Share of the peak turned into useful operations. [1]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Chowdhery et al. 2022, appendix B, https://doi.org/10.48550/arXiv.2204.02311

    Examples:
        1.6e20 operations in 53 minutes on 1,472 V100:

        >>> utilisation(1.6e20, 1472, 125e12, 53 * 60)
        0.273
    """
    check_positive(flops=flops, devices=devices, peak_flops=peak_flops, time=time)
    return flops / (devices * peak_flops * time)


def _check_phases(phases: Sequence[Phase]) -> None:
    """Refuse a recipe without phases, or with one whose numbers are not positive."""
    if not phases:
        raise ValueError("phases = []: there must be at least one phase")
    for phase in phases:
        check_positive(**phase._asdict())
