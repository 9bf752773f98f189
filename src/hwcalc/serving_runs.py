"""Published sweeps of serving: Llama 3.1 70B on H100, H200 and B200, by three numbers of ranks.

A client keeps so many requests in flight; lengths are drawn evenly from 80 to 100 % of the nominal
ones, so that the mean is 90 %. Figures are means over ten requests of each client, the first burst
among them. The same rows are in tests/measurements, where the models are held against them.
"""

import csv
import functools
from dataclasses import dataclass

from hwcalc.datafile import DATA

__all__ = ["SOURCE", "ServingRun", "matching_runs", "serving_runs"]

SOURCE = (
    "https://github.com/ai-dynamo/aiconfigurator (Apache-2.0) at 095f58a51c4c, "
    "aic-core/src/aiconfigurator_core/systems/silicon_sample.csv; checked 2026-11-20"
)
DRAWN = 0.9  # mean length over the nominal one


@dataclass(frozen=True)
class ServingRun:
    """One point of a sweep."""

    network: str
    accelerator: str
    ranks: int
    dtype: str  # of the weights
    engine: str
    clients: int
    prompt: int  # tokens, nominal
    output: int
    first: float  # [s] to the first token
    between: float  # [s] between two tokens

    @property
    def rate(self) -> float:
        """Tokens written per second for all clients together [tokens/s]."""
        output = DRAWN * self.output
        return self.clients * output / (self.first + (output - 1) * self.between)


@functools.cache
def serving_runs() -> tuple[ServingRun, ...]:
    """Return all runs in the order of the file.

    Returns:
        The runs. [1]

    References:
        The document named in `SOURCE`

    Examples:
        >>> len(serving_runs()) > 400
        True
    """
    with (DATA / "runs" / "serving.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            ServingRun(
                network=row["network"],
                accelerator=row["accelerator"],
                ranks=int(row["ranks"]),
                dtype=row["dtype"],
                engine=row["engine"],
                clients=int(row["clients"]),
                prompt=int(row["prompt"]),
                output=int(row["output"]),
                first=float(row["first"]),
                between=float(row["between"]),
            )
            for row in csv.DictReader(file)
        )


def matching_runs(
    accelerator: str, ranks: int, dtype: str, engine: str, prompt: int, output: int
) -> tuple[ServingRun, ...]:
    """Return the runs of one sweep, by number of clients.

    Args:
        accelerator: Id of an accelerator. [1]
        ranks: Accelerators that share every layer. [1]
        dtype: Format of the weights. [1]
        engine: A key of `engines.ENGINES`. [1]
        prompt: Nominal length of a prompt. [tokens]
        output: Nominal length of an answer. [tokens]

    Returns:
        The runs, none where nobody measured. [1]

    References:
        The document named in `SOURCE`

    Examples:
        >>> [r.clients for r in matching_runs("h100-sxm", 4, "fp8", "vllm", 1024, 1024)]
        [4, 8, 16, 32, 64]
    """
    asked = accelerator, ranks, dtype, engine, prompt, output
    return tuple(
        run
        for run in serving_runs()
        if (run.accelerator, run.ranks, run.dtype, run.engine, run.prompt, run.output) == asked
    )
