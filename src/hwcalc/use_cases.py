"""What cards do for a kind of work: the memory that each needs, and their speed together.

The place where the models meet for one question, which card to get. Nothing is computed here that
is not computed elsewhere:

- training ResNet-50 and fine-tuning BERT-large: `card_speeds`, kernel by kernel beforehand
- fine-tuning a language model: `fine_tuning`, with the memory of `card_memory`
- running one for oneself: `llama_cpp`; serving users: `serving` with vLLM

Several cards are replicas when they train; if a card alone cannot hold everything they share it,
as FSDP does. They share the layers when they run a network, and every matrix when they serve one.

What it leaves out: what its parts leave out, and layers kept in the computer's memory (`offload`).
"""

from collections.abc import Mapping
from math import ceil
from types import MappingProxyType
from typing import NamedTuple

from hwcalc import cnn_work, engines, serving
from hwcalc.adapters import FROZEN, adapter_parameters
from hwcalc.blocks import shape
from hwcalc.card_memory import fine_tuning_memory, inference_memory
from hwcalc.card_speeds import speeds
from hwcalc.catalog import Accelerator, convnets, transformers
from hwcalc.cluster_step import replica_step_time
from hwcalc.deployment import BLOCK, deploy, most_sequences, usable_format
from hwcalc.deployment import STEP as STEP_TOKENS
from hwcalc.fabric import fabric
from hwcalc.fine_tuning import tuning_flops, tuning_rate
from hwcalc.layout import USUAL_SPREAD
from hwcalc.llama_cpp import generation_time
from hwcalc.networks import Transformer
from hwcalc.numeric import check_count, check_positive
from hwcalc.preflight import usual_path
from hwcalc.ranking import usual_batch
from hwcalc.serving_memory import serving_memory

__all__ = ["WORK", "Job", "Result", "Work", "result"]


class Work(NamedTuple):
    """A kind of work."""

    name: str
    unit: str  # what is counted
    network: bool  # whether the reader chooses the network


WORK: Mapping[str, Work] = MappingProxyType(
    {
        "cnn": Work("Train ResNet-50", "images", False),
        "bert": Work("Fine-tune BERT-large", "sequences", False),
        "qlora": Work("Fine-tune adapters, weights in 4 bits (QLoRA)", "tokens", True),
        "lora": Work("Fine-tune adapters, weights in 16 bits (LoRA)", "tokens", True),
        "full": Work("Fine-tune all weights", "tokens", True),
        "run": Work("Run a language model for yourself", "tokens", True),
        "serve": Work("Serve many users", "tokens", True),
    }
)


class Job(NamedTuple):
    """What is to be done, and with how many cards."""

    work: str  # a key of `WORK`
    network: str  # id of a transformer; the first two kinds of work have their own
    bits: int  # of weights that are run or served: 4, 8 or 16
    tokens: float  # of a sequence, read and written
    users: float  # at a time, when serving
    cards: int


class Result(NamedTuple):
    """What cards of one kind make of a job."""

    needed: float  # [B] of each card
    speed: float  # [1/s] of all cards together


RESERVE = 0.8e9  # [B] for the driver and a desktop
IMAGES, QUESTIONS, QUESTION = 32, 8, 384  # the least that is still worth training with
RANK = 16  # of adapters
OPTIMIZER = "bf16"  # adapters and weights alike, as torchtune's recipes for one card
BUCKET = 25 * 2.0**20  # [B] of gradients exchanged at a time, PyTorch's
STEP = 16  # sequences of a step on each card, between two exchanges of gradients
REFERENCE, LENGTH = "llama3.1-8b", 2048  # of ranking's workload llm-tuning
FROZEN_AS = {"qlora": "nf4-double", "lora": "bf16", "full": ""}
FILES = {4: "q4_k_m", 8: "q8_0", 16: "f16"}
SERVED = {4: ("int4_weights", "int4-128"), 8: ("fp8", "fp8"), 16: ("bf16", "bf16")}
SHARE, CACHE = 0.9, 2.0  # of the memory that an engine takes; bytes of a number in the cache
ENGINE = "vllm"


def result(accelerator: Accelerator, job: Job) -> Result:
    """Estimate what cards of one kind make of a job, whether it fits or not.

    Assumption: training computes layers twice to save memory, one sequence at a time and 16 before
    an exchange; a network is run with its cache full, and served to users with one request each,
    half of its tokens read and half written.

    Args:
        accelerator: An entry of the catalogue. [1]
        job: The work. [1]

    Returns:
        Memory needed of each card and speed of all. [Result]

    Raises:
        ValueError: If the work is unknown, a number is not positive, or no model covers this card
            or network for it.

    References:
        The functions it calls.

    Examples:
        Adapters of Llama 3.1 8B in four bits on an RTX 4090, and then on two:

        >>> from hwcalc import catalog
        >>> card = catalog.accelerators()["rtx-4090"]
        >>> one = result(card, Job("qlora", "llama3.1-8b", 4, 2048, 1, 1))
        >>> one.needed / 2**30, one.speed
        (7.81, 2158.)
        >>> result(card, Job("qlora", "llama3.1-8b", 4, 2048, 1, 2)).speed
        4278.
    """
    if job.work not in WORK:
        raise ValueError(f"work = {job.work!r}: must be one of {', '.join(WORK)}")
    check_positive(tokens=job.tokens, users=job.users)
    check_count(cards=job.cards)
    if job.work == "cnn":
        form = "fp16" if "fp16" in accelerator.peak else "fp32"
        needed = cnn_work.training_memory(convnets()["resnet50"], IMAGES, form) + RESERVE
        return Result(needed, _replicas(accelerator, "resnet50", 4 * 25.6e6, job.cards))
    if job.work == "bert":
        bert = transformers()["bert-large"]
        parts = fine_tuning_memory(
            bert, "", QUESTIONS, QUESTION, "mixed", RANK, 0, job.cards, 0, RESERVE
        )
        size = 4 * shape(bert).total
        return Result(sum(parts.values()), _replicas(accelerator, "bert-large", size, job.cards))
    network = transformers()[job.network]
    if job.work == "run":
        return _run(accelerator, network, job)
    if job.work == "serve":
        return _serve(accelerator, network, job)
    return _tune(accelerator, network, job)


def _known(accelerator: Accelerator, workload: str) -> float:
    """The speed of one card at one of ranking's workloads."""
    found = speeds()[workload].get(accelerator.id)
    if found is None:
        raise ValueError(f"{accelerator.name}: no model for its training; choose another card")
    return found


def _replicas(accelerator: Accelerator, workload: str, size: float, cards: int) -> float:
    """Speed of replicas that exchange gradients of a size after each batch."""
    speed = _known(accelerator, workload)
    batch = usual_batch(workload, accelerator)
    return _together(accelerator, batch, speed, size, cards, sharded=False)


def _together(
    accelerator: Accelerator, work: float, speed: float, size: float, cards: int, sharded: bool
) -> float:
    """Speed of several cards that exchange gradients, or shared weights, after some work each."""
    if cards == 1:
        return speed
    buckets = ceil(size / BUCKET)
    runs = [(1 / buckets, 1.0, buckets, size / buckets)]
    joined = fabric(accelerator, usual_path(accelerator, cards), 0.0)
    time = replica_step_time(work / speed, runs, sharded, cards, cards, joined, USUAL_SPREAD)
    return cards * work / time


def _tune(accelerator: Accelerator, network: Transformer, job: Job) -> Result:
    """Fine-tune; cards share weights only where one cannot hold them."""
    sizes, frozen = shape(network), FROZEN_AS[job.work]
    if sizes.experts:
        raise ValueError(f"{network.name}: no model for tuning experts; choose a dense network")

    def needed(zero: int) -> float:
        parts = fine_tuning_memory(
            network, frozen, 1, job.tokens, OPTIMIZER, RANK, 2, job.cards, zero, RESERVE
        )
        return sum(parts.values())

    reference = shape(transformers()[REFERENCE])
    achieved = _known(accelerator, "llm-tuning") * tuning_flops(reference, LENGTH, False, 2)
    in_layers = sizes.layers * (sizes.dense - sizes.vectors)
    moved = in_layers * (FROZEN[frozen] + 2) if job.work == "qlora" else 0.0
    flops = tuning_flops(sizes, job.tokens, bool(frozen), 2)
    speed = tuning_rate(flops, achieved, moved, 3, job.tokens, accelerator.bandwidth)
    whole = needed(0)
    if job.cards == 1 or whole <= accelerator.memory:
        trained = adapter_parameters(sizes, RANK, "all") if frozen else sizes.total
        work = STEP * job.tokens
        return Result(
            whole, _together(accelerator, work, speed, 2 * trained, job.cards, sharded=False)
        )
    # Shared weights travel for each pass, frozen ones as narrow as they are stored.
    size = in_layers * FROZEN[frozen] if frozen else 2 * sizes.total
    return Result(
        needed(3), _together(accelerator, job.tokens, speed, size, job.cards, sharded=True)
    )


def _run(accelerator: Accelerator, network: Transformer, job: Job) -> Result:
    """Write one token after another, with the cache full."""
    form = "mxfp4" if network.family == "gpt-oss" and job.bits == 4 else FILES[job.bits]
    parts = inference_memory(network, form, 1, job.tokens, CACHE, job.cards, RESERVE)
    time = generation_time(accelerator, network, form, job.tokens, job.cards, "2025")
    return Result(sum(parts.values()), 1 / sum(time.values()))


def _serve(accelerator: Accelerator, network: Transformer, job: Job) -> Result:
    """Serve users with a request each; those that memory has no room for wait."""
    products, stored = SERVED[job.bits]
    form = usable_format(accelerator, products)
    host, half = engines.engine(ENGINE), max(1.0, job.tokens / 2)
    held = engines.memory_tokens(ENGINE, half, half)
    room = most_sequences(accelerator, network, stored, held, CACHE, job.cards, SHARE)
    running = max(1.0, min(job.users, room))
    parts = serving_memory(
        network, stored, running, held, CACHE, BLOCK, STEP_TOKENS, float(job.cards), 0.0
    )
    placed = deploy(accelerator, network, job.cards, form, form, CACHE, False)
    steps = serving.steady_steps(placed, running, half, half)
    served = serving.under_load(steps, host, max(job.users, running), half, half)
    return Result(sum(parts.values()) / SHARE, served.rate)
