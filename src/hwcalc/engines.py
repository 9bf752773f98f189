"""What a serving engine's host costs beside the kernels.

Four constants for an engine, fitted on whole tables of measured sweeps (data/fitted/inference.toml;
two of them are the same for all engines):

- `step`: between two steps nothing runs on the accelerator
- `sequence`: bookkeeping for every running sequence, in every step
- `layer`: a step that reads prompts is not replayed from a recorded graph, since its shape is new;
  its kernels are started one by one, and a short one waits for that
- `request`: from the client to the queue and back

What it leaves out: versions, which differ by more than engines do, and options.
"""

import functools
from dataclasses import dataclass

from hwcalc.datafile import DATA, load

__all__ = ["ENGINES", "Engine", "engine"]

# Engines whose sweeps were measured, with the names shown to readers.
ENGINES = {"vllm": "vLLM", "sglang": "SGLang", "trtllm": "TensorRT-LLM"}


@dataclass(frozen=True)
class Engine:
    """What a serving engine's host costs."""

    name: str
    step: float  # [s] between two steps
    sequence: float  # [s] for a running sequence, in each step
    layer: float  # [s] to start a layer's kernels one by one
    request: float  # [s] of a request before and after the engine


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
        >>> engine("vllm").step < 0.01
        True
    """
    if name not in ENGINES:
        raise ValueError(f"name = {name!r}: must be one of {', '.join(ENGINES)}")
    found = load(DATA / "fitted" / "inference.toml")
    return Engine(ENGINES[name], **{**found["general"], **found[name]})
