r"""Serving under load: time to the first token, time between tokens, throughput.

Clients keep a number of requests in flight. The engine batches continuously: in every step each
running sequence gets a token, and prompts that have arrived are read in the same step, which all
wait for. So load costs twice: larger batches, and other people's prompts.

Steps are those of `serving_step`; what no kernel says is the host's part, in `engines`.

What it leaves out: prompts cut into chunks of more than one step, reuse of common beginnings,
bursts beyond those of independent or equal requests, and prefill on accelerators of its own.
"""

from typing import NamedTuple

from hwcalc.deployment import Deployment
from hwcalc.engines import AT_ONCE, Engine, Intake
from hwcalc.numeric import (
    check_at_least,
    check_non_negative,
    exp,
    maximum,
    minimum,
)
from hwcalc.serving_step import decode_step, mixed_step

__all__ = [
    "Service",
    "Steps",
    "service",
    "steady_steps",
    "under_load",
]


class Steps(NamedTuple):
    """What a steady load asks of the accelerators: kernels of the steps it is made of."""

    kernels: float  # [1] started in a step
    expert_layers: float  # [1]
    converted: float  # [1] products whose activations are converted
    running: float  # [1] sequences in the batch
    reading: float  # [1] share of the steps that read prompts
    waited: float  # [1] steps that a prompt waits before the engine turns to it
    decode: float  # [s] of a step without prompts
    mixed: float  # [s] of a step that reads prompts


class Service(NamedTuple):
    """What a client sees, and what the accelerators deliver."""

    first: float  # [s] to the first token, a mean
    between: float  # [s] between two tokens of a sequence, a mean
    request: float  # [s] of a whole request
    rate: float  # [tokens/s] written for all clients together
    prompt_rate: float  # [tokens/s] read
    running: float  # [1] sequences in the batch


def service(
    deployment: Deployment,
    host: Engine,
    clients: float,
    prompt: float,
    output: float,
    places: float,
    intake: Intake = AT_ONCE,
    alike: bool = False,
) -> Service:
    r"""Estimate what clients see in the steady state, each with one request in flight.

    Of $r = \min(c, m)$ running sequences, on average $\lambda = (r - b)/s_{out}$ others finish in a
    step and are replaced, $b$ at a time. If they come independently, $b = 1$, and an engine that
    looks every $n$ steps finds $g_0 = n \lambda / (1 - e^{-n \lambda / b})$ prompts where it finds
    any. It may hold them back for $w$ more steps, until others have come. So $g = g_0 + w \lambda$
    are read together, one's own among them, in a share $f = \lambda / g$ of the steps:

    $$ T_\text{between} = (1 - f)\, T_\text{decode} + f\, T_\text{mixed}(g), \qquad
    T_\text{first} = T_\text{request} + \frac{\overline{T^2}}{2\, \overline T}
    + u\, T_\text{between} + T_\text{mixed}(g) + \frac{c - r}{r}\, T_\text{served} $$

    $$ u = \frac{n - 1}{2} + w\, \frac{g_0 + w \lambda / 2}{g} $$

    A request waits for what is left of the step under way, for $u$ steps until the engine turns to
    it, then for its own; where memory has no place for all, it waits for one first, while $c - r$
    others are served. To each step comes the host's part.

    Sequences of equal length that were read in one step end in one step too, and their successors
    come together, but in two parts, since the first to come are not waited for: $b$ is half of what
    a step reads at most, or of all.

    Args:
        deployment: The network on its accelerators. [1]
        host: The engine. [1]
        clients: Requests in flight, $c$. [1]
        prompt: Length of a prompt. [tokens]
        output: Tokens written for it, $s_{out}$. [tokens]
        places: Sequences for which there is memory, $m$. [1]
        intake: When the engine reads prompts: $n$ and $w$. [1]
        alike: All prompts and all answers have the same length. [1]

    Returns:
        Times and rates. [Service]

    Raises:
        ValueError: If clients, prompt, output or places is below 1.

    References:
        Yu et al. 2022, "Orca", https://www.usenix.org/conference/osdi22/presentation/yu

    Examples:
        Llama 3.1 70B in FP8 on two H200, 64 requests of some 920 tokens in and out; measured were
        22.7 ms between two tokens:

        >>> from hwcalc import catalog, deployment
        >>> from hwcalc.engines import engine
        >>> placed = deployment.deploy(
        ...     catalog.accelerators()["h200-sxm"], catalog.transformers()["llama3.1-70b"],
        ...     2, "fp8", "fp8", 2, False,
        ... )
        >>> served = service(placed, engine("vllm"), 64, 922, 922, 1000)
        >>> served.between * 1e3
        23.
        >>> served.rate / 1e3
        2.7
    """
    steps = steady_steps(deployment, minimum(clients, places), prompt, output, intake, alike)
    return under_load(steps, host, clients, prompt, output)


def steady_steps(
    deployment: Deployment,
    running: float,
    prompt: float,
    output: float,
    intake: Intake = AT_ONCE,
    alike: bool = False,
) -> Steps:
    """Estimate the kernels of the steps that a steady load is made of; see `service`.

    Args:
        deployment: The network on its accelerators. [1]
        running: Sequences in the batch. [1]
        prompt: Length of a prompt. [tokens]
        output: Tokens written for it. [tokens]
        intake: When the engine reads prompts. [1]
        alike: All prompts and all answers have the same length. [1]

    Returns:
        Times of steps without the host's part. [Steps]

    Raises:
        ValueError: If running, prompt or output is below 1.

    References:
        The functions it calls.

    Examples:
        >>> from hwcalc import catalog, deployment
        >>> placed = deployment.deploy(
        ...     catalog.accelerators()["h200-sxm"], catalog.transformers()["llama3.1-70b"],
        ...     2, "fp8", "fp8", 2, False,
        ... )
        >>> steps = steady_steps(placed, 64, 922, 922)
        >>> steps.decode * 1e3, steps.mixed * 1e3
        (17., 72.)
    """
    check_at_least(1, running=running, prompt=prompt, output=output)
    cached = prompt + output / 2
    most = minimum(running, intake.tokens / prompt)
    mates = maximum(1.0, most / 2) if alike else 1.0
    # One client alone meets no other's prompt; the smallest number keeps the quotient defined.
    others = maximum((running - mates) / output, 1e-9)
    found = intake.every * others / (1 - exp(-intake.every * others / mates))
    prompts = found + intake.hold * others
    held = intake.hold * (found + intake.hold * others / 2) / prompts
    return Steps(
        kernels=deployment.kernels,
        expert_layers=deployment.expert_layers,
        converted=deployment.converted,
        running=running,
        reading=others / prompts,
        waited=(intake.every - 1) / 2 + held,
        decode=sum(decode_step(deployment, running, cached).values()),
        mixed=sum(mixed_step(deployment, prompts, prompt, running, cached).values()),
    )


def under_load(steps: Steps, host: Engine, clients: float, prompt: float, output: float) -> Service:
    """Add the host's part to the steps of a steady load; see `service`.

    Args:
        steps: Kernels, from `steady_steps`. [s]
        host: The engine. [1]
        clients: Requests in flight. [1]
        prompt: Length of a prompt. [tokens]
        output: Tokens written for it. [tokens]

    Returns:
        Times and rates. [Service]

    Raises:
        ValueError: If clients is below the sequences of the steps.

    References:
        Yu et al. 2022, "Orca", https://www.usenix.org/conference/osdi22/presentation/yu

    Examples:
        An engine without a host would write at the rate of its kernels:

        >>> steps = Steps(320, 0, 0, 8, 0.01, 0.0, 0.01, 0.03)
        >>> free = Engine("none", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        >>> under_load(steps, free, 8, 1000, 700).between
        0.0102
    """
    running = steps.running
    check_non_negative(waiting=clients - running)
    share = steps.reading
    started = host.starting(steps.kernels, steps.expert_layers)
    beside = host.beside(running, steps.converted)
    decode = steps.decode + beside
    reading = maximum(steps.mixed, started) + beside
    between = (1 - share) * decode + share * reading
    rest = ((1 - share) * decode**2 + share * reading**2) / (2 * between)
    own = host.request + rest + steps.waited * between + reading
    # All but the first token come in steps of their own.
    served = own + (output - 1) * between
    queue = (clients - running) / running * served
    rate = running * output / served
    return Service(
        first=own + queue,
        between=between,
        request=served + queue,
        rate=rate,
        prompt_rate=rate * prompt / output,
        running=running,
    )
