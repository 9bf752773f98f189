"""Serving: published sweeps over concurrency, whole batches, and first tokens.

A row's columns are the arguments of `deployment.deploy` and `serving.service`. `drawn` is the mean
length as a share of the nominal one: the clients of InferenceMAX draw lengths evenly from 80 to
100 %, and send ten requests each, the first all at once. `every`, `hold` and `step_tokens` are what
their published scripts start the engine with, https://github.com/InferenceMAX/InferenceMAX: steps
between two looks at what has come, steps for which a prompt is held, prompts' tokens of a step.
`most` sequences are held at a time. Left out of the tables are deployments whose ranks attend to
different sequences, and repetitions of a row.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import replace

from hwcalc import batches, blocks, catalog, serving
from hwcalc.deployment import Deployment, deploy, most_sequences
from hwcalc.engines import AT_ONCE, Engine, Intake, engine, memory_tokens
from hwcalc.numeric import maximum
from hwcalc.serving_step import prefill_step
from tests.accuracy.regimes import Regime
from tests.accuracy.tables import Row, table

Bound = tuple[float, float]

ROUNDS = 10  # requests of each client, the first of all at once
SHARE = 0.9  # of the memory that engines take
STORED = {"bf16": "bf16", "fp16": "bf16", "fp8": "fp8", "fp4": "nvfp4"}
MOST = 2048.0  # sequences of a batch, TensorRT-LLM's default
GPT_J = blocks.gpt(28, 4096, 16, 50400, 2048)


@functools.cache
def placed(
    accelerator: str, network: str, ranks: int, dtype: str, cache: float, whole: bool
) -> Deployment:
    """Return a row's deployment; GPT-J, which the catalogue lacks, takes another one's place."""
    chip = catalog.accelerators()[accelerator]
    known = catalog.transformers()[network or "llama1-7b"]
    made = deploy(chip, known, ranks, dtype, dtype, cache, whole)
    return made if network else replace(made, shape=GPT_J)


def deployment_of(row: Row) -> Deployment:
    """Return the deployment of a row."""
    return placed(
        row["accelerator"],
        row["network"],
        int(row["ranks"]),
        row["dtype"],
        row["cache_value"],
        bool(row.get("whole_experts", 0)),
    )


@functools.cache
def places(
    accelerator: str, network: str, dtype: str, tokens: float, cache: float, ranks: int
) -> float:
    """Return how many sequences of a length a row's engine holds at a time."""
    found = catalog.accelerators()[accelerator], catalog.transformers()[network]
    return max(1.0, most_sequences(*found, STORED[dtype], tokens, cache, ranks, SHARE))


def intake_of(row: Row) -> Intake:
    """Return when the engine of a row's sweep reads prompts, as its script starts it."""
    if "every" not in row:
        return AT_ONCE
    return Intake(row["every"], row["hold"], row["step_tokens"])


def places_of(row: Row) -> float:
    """Return how many sequences the engine of a row's sweep holds at a time."""
    prompt, output = (round(row["drawn"] * row[key]) for key in ("prompt", "output"))
    room = places(
        row["accelerator"],
        row["network"],
        row["dtype"],
        memory_tokens(row["engine"], prompt, output),
        row["cache_value"],
        int(row["ranks"]),
    )
    return min(room, row.get("most") or math.inf)


def served(row: Row, host: Engine) -> serving.Service:
    """Predict what the clients of a row's sweep see."""
    prompt, output = (round(row["drawn"] * row[key]) for key in ("prompt", "output"))
    clients = row["clients"], prompt, output
    when = intake_of(row), row["drawn"] == 1
    return serving.service(deployment_of(row), host, *clients, places_of(row), *when)


def between(row: Row) -> float:
    """Predict the time between two tokens."""
    return served(row, engine(row["engine"])).between


def first(row: Row) -> float:
    """Predict the mean time to the first token, with the burst at the benchmark's beginning."""
    host = engine(row["engine"])
    prompt = round(row["drawn"] * row["prompt"])
    running = min(row["clients"], places_of(row))
    opening = batches.opening_steps(deployment_of(row), running, prompt, intake_of(row))
    return mean_first(served(row, host).first, batches.opening_time(opening, host))


def mean_first(steady: float, opening: float) -> float:
    """Mix the first request of each client, sent together with all others, and the later ones."""
    return steady + maximum(0.0, opening - steady) / ROUNDS


def batch_rate(row: Row) -> float:
    """Predict tokens per second of a batch that begins and ends together."""
    host = engine(row["engine"])
    sizes = row["batch"], row["prompt"], row["output"]
    return float(row["batch"] * row["output"]) / sum(
        batches.batch_time(deployment_of(row), host, *sizes).values()
    )


def most_rate(row: Row) -> float:
    """Predict tokens per second with as many sequences as there is memory for."""
    tokens = memory_tokens(row["engine"], row["prompt"], row["output"])
    most = places(
        row["accelerator"], row["network"], row["dtype"], tokens, row["cache_value"],
        int(row["ranks"]),
    )  # fmt: skip
    most = min(most, MOST)
    host = engine(row["engine"])
    found = serving.service(deployment_of(row), host, most, row["prompt"], row["output"], most)
    return found.rate


def single(row: Row) -> float:
    """Predict the time of one prompt's step, without an engine's host."""
    return sum(prefill_step(deployment_of(row), row["batch"], row["prompt"]).values())


def _regime(
    name: str,
    title: str,
    rows: tuple[Row, ...],
    kind: tuple[str, Callable[[Row], float], str],
    bound: tuple[float, float],
    aim: tuple[float, float] | None,
    remark: str,
    fitted: bool = False,
) -> Regime:
    column, predicted, unit = kind
    return Regime(
        name=f"inference-{name}",
        title=title,
        rows=rows,
        measured=lambda row: float(row[column]),
        predicted=predicted,
        unit=unit,
        fitted=fitted,
        median=bound[0],
        ninth=bound[1],
        aim=aim,
        remark=remark,
    )


BETWEEN = ("between", between, "s")
FIRST = ("first", first, "s")
RATE = "rate"
AIM = (0.15, math.inf)

# What was measured, its rows, whether constants were fitted on it, the bounds of the time between
# tokens and of the time to the first, and what the worst rows have in common.
SWEEPS: tuple[tuple[str, str, str, str, bool, Bound, Bound, str, str], ...] = (
    (
        "llama8b-h100",
        "Llama 3.1 8B, BF16, one to eight H100, TensorRT-LLM",
        "inference_llama8b_h100",
        "trtllm",
        True,
        (0.042, 0.182),
        (0.152, 0.778),
        "Eight ranks with 128 tokens out, too fast; 128 clients on four, of whom fewer ran.",
        "128 clients on two ranks and more wait up to two seconds for a place. That one of the "
        "clients always waits for a whole request, as if its place were taken, was concluded from "
        "these rows.",
    ),
    (
        "llama8b-h200",
        "Llama 3.1 8B, FP8, one to eight H200, SGLang, 20 to 512 clients",
        "inference_llama8b_h200",
        "sglang",
        True,
        (0.056, 0.12),
        (0.624, 0.895),
        "512 clients with 2,000 tokens out, and few clients with 100 out.",
        "Hundreds of clients wait for places in a batch whose size the table does not state.",
    ),
    (
        "llama70b-h100",
        "Llama 3.1 70B, FP8, two to eight H100, vLLM",
        "inference_llama70b_h100",
        "vllm",
        True,
        (0.031, 0.061),
        (0.082, 0.217),
        "64 clients on two ranks: memory is full, and sequences are interrupted and read again.",
        "Clients that memory has no place for: they were let in and interrupted later.",
    ),
    (
        "llama70b-h200-vllm",
        "Llama 3.1 70B, FP8, one to eight H200, vLLM",
        "inference_llama70b_h200",
        "vllm",
        False,
        (0.049, 0.092),
        (0.161, 0.265),
        "One rank with 32 and 64 clients: memory is full, and sequences are interrupted.",
        "One rank with long texts: clients are let in and interrupted later instead of waiting.",
    ),
    (
        "llama70b-h200-trtllm",
        "Llama 3.1 70B, FP8, one to eight H200, TensorRT-LLM",
        "inference_llama70b_h200",
        "trtllm",
        False,
        (0.051, 0.089),
        (0.122, 0.25),
        "64 and 128 clients on eight ranks, too fast.",
        "Many clients with prompts of 1,024 tokens, too fast.",
    ),
    (
        "llama70b-b200-vllm",
        "Llama 3.1 70B, FP8 and FP4, one to eight B200, vLLM",
        "inference_llama70b_b200",
        "vllm",
        False,
        (0.037, 0.094),
        (0.313, 0.477),
        "64 clients, too fast with long prompts and on eight ranks.",
        "Prompts of 8,192 tokens in FP8, too fast by a third: this engine reads them more slowly "
        "on B200 than another one does.",
    ),
    (
        "llama70b-b200-trtllm",
        "Llama 3.1 70B, FP8 and FP4, one to eight B200, TensorRT-LLM",
        "inference_llama70b_b200",
        "trtllm",
        False,
        (0.062, 0.124),
        (0.1, 0.222),
        "128 clients with 1,024 tokens each way, too slow.",
        "64 clients and more with prompts of 1,024 tokens, too fast.",
    ),
    (
        "qwen235b-h100",
        "Qwen3 235B-A22B, FP8, four and eight H100, TensorRT-LLM",
        "inference_qwen235b_h100",
        "trtllm",
        True,
        (0.066, 0.135),
        (0.115, 0.32),
        "Eight ranks with few clients and with 128, too fast.",
        "Many clients, too fast: they come in bursts.",
    ),
    (
        "qwen235b-h200-sglang",
        "Qwen3 235B-A22B, FP8, two and four H200, SGLang",
        "inference_qwen235b_h200",
        "sglang",
        False,
        (0.147, 0.26),
        (0.569, 0.835),
        "4,000 tokens in, too fast: its kernels read such prompts slowly.",
        "As for the time between tokens.",
    ),
    (
        "qwen235b-h200-vllm",
        "Qwen3 235B-A22B, FP8, two and four H200, vLLM 0.12",
        "inference_qwen235b_h200",
        "vllm",
        False,
        (0.468, 0.572),
        (0.434, 0.603),
        "52 ms a step for 4 clients as for 20, three times another engine's on the same machine: "
        "kernels nobody tuned for these experts, or no recorded graphs.",
        "As for the time between tokens.",
    ),
    (
        "llama8b-fp8-h200",
        "Llama 3.1 8B, FP8, one to eight H200, vLLM 0.12",
        "inference_llama8b_fp8_h200",
        "vllm",
        False,
        (0.975, 1.681),
        (0.545, 2.093),
        "Measured are times of steps that read no prompts: the engine keeps what it has read, and "
        "prompts seem to have been repeated.",
        "As for the time between tokens.",
    ),
    (
        "deepseek-h200-sglang",
        "DeepSeek V3 and R1, FP8, eight H200, SGLang",
        "inference_deepseek_h200",
        "sglang",
        False,
        (0.042, 0.089),
        (0.321, 0.383),
        "16 clients and fewer, too slow: conversions are counted one by one that its engine fuses.",
        "A prompt takes 80 to 150 ms longer than its kernels and the host of another engine.",
    ),
    (
        "deepseek-h200-trtllm",
        "DeepSeek V3 and R1, FP8, eight H200, TensorRT-LLM",
        "inference_deepseek_h200",
        "trtllm",
        False,
        (0.235, 0.371),
        (0.427, 0.626),
        "Few clients, slices of experts: too fast; runs that draft tokens may be among the others.",
        "Whole experts, too fast, most of all runs with the shorter times between tokens.",
    ),
    (
        "deepseek-b200-sglang",
        "DeepSeek V3 and R1, FP8 and FP4, four and eight B200, SGLang",
        "inference_deepseek_b200",
        "sglang",
        False,
        (0.093, 0.301),
        (0.454, 0.936),
        "FP8 with few clients, too slow: one setting was measured twice, 30 % apart, so that some "
        "runs may draft tokens, and the table does not say which.",
        "FP4 from 32 clients on: seven to nine seconds, however many tokens are read or written.",
    ),
    (
        "deepseek-b200-trtllm",
        "DeepSeek V3 and R1, FP8 and FP4, four and eight B200, TensorRT-LLM",
        "inference_deepseek_b200",
        "trtllm",
        False,
        (0.245, 0.772),
        (0.323, 0.623),
        "One setting was measured at two times a factor of two apart: some runs draft tokens, and "
        "the table does not say which.",
        "256 clients, and prompts of 8,192 tokens, too fast: longer queues than predicted.",
    ),
)


def _sweeps() -> tuple[Regime, ...]:
    """Make two regimes of each sweep."""
    found = []
    for name, title, file, of, fitted, tokens, start, remark, other in SWEEPS:
        rows = tuple(row for row in table(file) if row["engine"] == of)
        found += [
            _regime(
                f"{name}-between", f"Time between tokens, {title}", rows, BETWEEN,
                tokens, AIM, remark, fitted,
            ),
            _regime(
                f"{name}-first", f"Time to the first token, {title}", rows, FIRST,
                start, AIM, other, fitted,
            ),
        ]  # fmt: skip
    return tuple(found)


def _shared_cache(row: Row) -> bool:
    """Tell the networks whose queries share keys and values in groups."""
    return row["model"] in ("LLaMA 70B", "Falcon 180B")


REGIMES = (
    *_sweeps(),
    _regime(
        "trtllm-batches",
        "Throughput of whole batches, TensorRT-LLM 0.5 and 0.6.1 of 2023, FP8, one H100, "
        "GPT-J 6B and Llama 7B",
        tuple(row for row in table("inference_trtllm_batches") if not _shared_cache(row)),
        (RATE, batch_rate, "tokens/s"),
        (0.067, 0.148),
        AIM,
        "1,024 sequences of GPT-J, whose sampling the host did.",
    ),
    _regime(
        "trtllm-batches-shared",
        "Throughput of whole batches, TensorRT-LLM 0.5 and 0.6.1 of 2023, FP8, two to eight H100, "
        "Llama 70B and Falcon 180B",
        tuple(row for row in table("inference_trtllm_batches") if _shared_cache(row)),
        (RATE, batch_rate, "tokens/s"),
        (0.495, 1.052),
        AIM,
        "Long outputs at half the predicted rate: kernels that read shared keys and values once "
        "for a group of queries came later.",
    ),
    _regime(
        "trtllm-most",
        "Largest throughput, Llama 3.3 70B, FP4, one to eight B200, TensorRT-LLM 0.19",
        table("inference_trtllm_b200"),
        (RATE, most_rate, "tokens/s"),
        (0.144, 0.349),
        AIM,
        "128 tokens in and out, too low: more than 2,048 sequences may have run.",
    ),
    _regime(
        "trtllm-prompt",
        "Time of one prompt, TensorRT-LLM 0.5 of 2023, H100, L40S and A100, 6 to 180 billion",
        table("inference_trtllm_first"),
        ("first", single, "s"),
        (0.199, 0.409),
        AIM,
        "128 tokens on H100, too fast: no engine's host is counted here.",
    ),
)
