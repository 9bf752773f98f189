"""What a serving engine's host costs beside the kernels.

Constants fitted on whole tables of measured sweeps (data/fitted/inference.toml), the same for all
engines:

- `step`: between two steps nothing runs on the accelerator
- `sequence`: bookkeeping for every running sequence, in every step
- `request`: from the client to the queue and back
- `kernel`: a step that reads prompts is not replayed from a recorded graph, since its shape is
  new; its kernels are started one by one, and a short one waits for that
- `routing`: in such a step the host sends the tokens to their experts, layer by layer
- `convert`: activations are scaled and converted to FP8 by a kernel before each product; zero for
  TensorRT-LLM, which does it in the kernel before. Products in FP4 were measured so much slower
  than their bytes that nothing is left to add.

How an engine was started decides when it reads a prompt (`Intake`).

What it leaves out: versions, which differ by more than engines do, and other options.
"""

import functools
from dataclasses import dataclass
from typing import NamedTuple

from hwcalc.datafile import DATA, load
from hwcalc.numeric import check_non_negative

__all__ = ["AT_ONCE", "ENGINES", "Engine", "Intake", "engine", "memory_tokens"]

# Engines whose sweeps were measured, with the names shown to readers.
ENGINES = {"vllm": "vLLM", "sglang": "SGLang", "trtllm": "TensorRT-LLM"}
FUSED = ("trtllm",)  # converts activations in the kernel before
# Part of an answer for which memory is held on average. Two engines hand it out as a sequence grows
# and interrupt one when it runs out; the third sets the whole answer aside before it begins.
RESERVED = {"vllm": 0.5, "sglang": 0.5, "trtllm": 1.0}


@dataclass(frozen=True)
class Engine:
    """What a serving engine's host costs."""

    name: str
    step: float  # [s] between two steps
    sequence: float  # [s] for a running sequence, in each step
    request: float  # [s] of a request before and after the engine
    kernel: float  # [s] to start a kernel that no graph recorded
    routing: float  # [s] to send tokens to experts in a layer, likewise
    convert: float  # [s] to convert the activations of a product

    def starting(self, kernels: float, expert_layers: float) -> float:
        """Add up what the host needs to start a step that reads prompts [s]."""
        return self.kernel * kernels + self.routing * expert_layers

    def beside(self, running: float, converted: float) -> float:
        """Add up what comes to each step: sequences in it, and products in FP8 [s]."""
        return self.step + self.sequence * running + self.convert * converted


class Intake(NamedTuple):
    """When an engine reads the prompts that arrive; options with which it is started."""

    every: float  # [1] steps between two looks at what has arrived
    hold: float  # [1] steps for which the first prompt waits for company
    tokens: float  # [tokens] of prompts that one step reads at most


AT_ONCE = Intake(every=1.0, hold=0.0, tokens=8192.0)  # as all three are usually started


@functools.cache
def engine(name: str) -> Engine:
    """Return an engine with its fitted constants.

    Args:
        name: A key of `ENGINES`. [1]

    Returns:
        The engine. [Engine]

    Raises:
        ValueError: If the name is unknown.

    References:
        data/fitted/inference.toml names the tables; tests/fit_serving.py computes them again

    Examples:
        >>> engine("vllm").convert < 1e-5
        True
    """
    if name not in ENGINES:
        raise ValueError(f"name = {name!r}: must be one of {', '.join(ENGINES)}")
    found = load(DATA / "fitted" / "inference.toml")
    spared = {"convert": 0.0} if name in FUSED else {}
    return Engine(ENGINES[name], **{**found, **spared})


def memory_tokens(name: str, prompt: float, output: float) -> float:
    r"""Estimate the tokens for which an engine holds memory, a mean over a sequence's life.

    $$ s = s_{in} + \varrho\, s_{out} $$

    with $\varrho = 1$ where the whole answer is set aside at once, one half where memory is handed
    out as the sequence grows.

    Args:
        name: A key of `ENGINES`. [1]
        prompt: Length of a prompt. [tokens]
        output: Tokens written for it. [tokens]

    Returns:
        Tokens in the cache. [tokens]

    Raises:
        ValueError: If the name is unknown or a length is negative.

    References:
        Kwon et al. 2023, "PagedAttention", https://doi.org/10.48550/arXiv.2309.06180

        TensorRT-LLM, capacity scheduler policy, GUARANTEED_NO_EVICT,
        https://nvidia.github.io/TensorRT-LLM/performance/performance-tuning-guide/useful-runtime-flags.html

    Examples:
        >>> memory_tokens("vllm", 1024, 8192), memory_tokens("trtllm", 1024, 8192)
        (5120.0, 9216.0)
    """
    if name not in ENGINES:
        raise ValueError(f"name = {name!r}: must be one of {', '.join(ENGINES)}")
    check_non_negative(prompt=prompt, output=output)
    return prompt + RESERVED[name] * output
