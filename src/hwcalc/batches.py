r"""Requests that arrive together: the first moments of a benchmark, and batches of a fixed size.

Steps are those of `serving_step`, and an engine's host costs what `engines` says.

What it leaves out: sequences of different lengths, which leave places of a fixed batch idle.
"""

from typing import NamedTuple

from hwcalc.deployment import Deployment
from hwcalc.engines import AT_ONCE, Engine, Intake
from hwcalc.numeric import check_at_least, check_count, maximum, minimum
from hwcalc.serving_step import decode_step, prefill_step

__all__ = ["Opening", "batch_time", "opening_steps", "opening_time"]


class Opening(NamedTuple):
    """What it takes until clients that begin at once all have their first token."""

    kernels: float  # [1] started in a step
    expert_layers: float  # [1]
    converted: float  # [1] products whose activations are converted
    clients: float  # [1]
    together: float  # [1] prompts in a step
    prefill: float  # [s] of such a step


def opening_steps(
    deployment: Deployment, clients: float, prompt: float, intake: Intake = AT_ONCE
) -> Opening:
    """Estimate the steps that read the prompts of clients that begin at once.

    Args:
        deployment: The network on its accelerators. [1]
        clients: Requests that arrive together. [1]
        prompt: Length of a prompt. [tokens]
        intake: A step reads at most so many tokens, or one prompt. [1]

    Returns:
        Time of a step without the host's part. [Opening]

    Raises:
        ValueError: If clients or prompt is below 1.

    References:
        The functions it calls.

    Examples:
        >>> from hwcalc import catalog, deployment
        >>> placed = deployment.deploy(
        ...     catalog.accelerators()["h200-sxm"], catalog.transformers()["llama3.1-70b"],
        ...     2, "fp8", "fp8", 2, False,
        ... )
        >>> opening_steps(placed, 64, 1024).together
        8.0
    """
    check_at_least(1, clients=clients, prompt=prompt)
    together = minimum(clients, maximum(1.0, intake.tokens / prompt))
    prefill = sum(prefill_step(deployment, together, prompt).values())
    return Opening(
        deployment.kernels,
        deployment.expert_layers,
        deployment.converted,
        clients,
        together,
        prefill,
    )


def opening_time(opening: Opening, host: Engine) -> float:
    r"""Estimate the mean time to the first token when all clients begin at once.

    Benchmarks begin so, and it stays in their mean: with ten requests of each client the first
    tenth waits for half of all prompts, $m$ of them to a step.

    $$ T = T_\text{request} + \frac{c/m + 1}{2}\, T_\text{prefill}(m) $$

    Args:
        opening: Kernels, from `opening_steps`. [s]
        host: The engine. [1]

    Returns:
        Mean time to the first token. [s]

    References:
        InferenceMAX, settings of its client, https://github.com/InferenceMAX/InferenceMAX

    Examples:
        64 prompts, eight of them in a step of 0.4 s:

        >>> from hwcalc.engines import Engine
        >>> free = Engine("none", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        >>> opening_time(Opening(80, 0, 0, 64, 8, 0.4), free)
        1.8
    """
    step = maximum(opening.prefill, host.starting(opening.kernels, opening.expert_layers))
    step = step + host.beside(opening.clients, opening.converted)
    return host.request + (opening.clients / opening.together + 1) / 2 * step


def batch_time(
    deployment: Deployment, host: Engine, batch: float, prompt: float, output: float
) -> dict[str, float]:
    """Estimate the time of a batch that begins and ends together, as engines ran before 2023.

    Assumption: all prompts are read in one step, and the cache grows evenly, so that the step at
    half the output is the mean one.

    Args:
        deployment: The network on its accelerators. [1]
        host: The engine. [1]
        batch: Sequences. [1]
        prompt: Length of each prompt. [tokens]
        output: Tokens written for each. [tokens]

    Returns:
        Time by part: `prefill`, `decode`. [s]

    Raises:
        ValueError: If batch is not a whole number of at least 1, or a length is below 1.

    References:
        Pope et al. 2022, "Efficiently scaling transformer inference",
        https://doi.org/10.48550/arXiv.2211.05102

    Examples:
        Llama 7B in FP8 on an H100, 64 sequences of 128 tokens in and out, in thousand
        tokens/s; TensorRT-LLM 0.5 wrote 9.2:

        >>> from hwcalc import catalog, deployment
        >>> from hwcalc.engines import engine
        >>> placed = deployment.deploy(
        ...     catalog.accelerators()["h100-sxm"], catalog.transformers()["llama1-7b"],
        ...     1, "fp8", "fp8", 1, False,
        ... )
        >>> 64 * 128 / sum(batch_time(placed, engine("trtllm"), 64, 128, 128).values()) / 1e3
        9.0
    """
    check_count(batch=batch)
    check_at_least(1, prompt=prompt, output=output)
    beside = host.beside(batch, deployment.converted)
    prefill = sum(prefill_step(deployment, batch, prompt).values())
    decode = sum(decode_step(deployment, batch, prompt + output / 2).values()) + beside
    started = host.starting(deployment.kernels, deployment.expert_layers)
    return {
        "prefill": maximum(prefill, started) + beside,
        "decode": (output - 1) * decode,
    }
