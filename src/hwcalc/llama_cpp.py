r"""How fast llama.cpp reads a prompt and writes tokens, on any GPU or Apple chip of the catalogue.

Writing a token with one sequence is four things one after another: launches of some twenty small
kernels in each layer, the weights of the token, the cache, and with several cards a handover from
each to the next, because llama.cpp gives every card some of the layers and lets them work in turn.
The weights come at the rate of the memory or of what a multiprocessor can unpack, whichever is
lower: that is why an A100 with twice the bandwidth of an RTX 3090 is hardly faster with four bits.
Launches cost clock cycles, not seconds: a faster clock shortens them, more bandwidth does not.

Reading a prompt runs in batches of 512 tokens. The version of May 2024 unpacked four-bit weights to
16 bits and called the vendor's library; a year later its own kernels multiplied packed weights, at
so many operations for a multiprocessor and clock, far below the matrix units' peak. On Apple chips
products reach a share of the FP32 rate.

What it leaves out: several sequences at a time, flash attention (off by default in these
measurements), memory with error correction (a card of GDDR6 with it is 5 to 10 % slower), and the
matrix units that Apple added with the M5.
"""

import functools
from collections.abc import Mapping
from dataclasses import replace

from hwcalc.blocks import Matrix, Shape, matrices, shape
from hwcalc.catalog import Accelerator
from hwcalc.datafile import DATA, load
from hwcalc.gguf import gguf_active_bytes, gguf_bytes
from hwcalc.kernels import matmul_time
from hwcalc.kv_cache import cache_bytes
from hwcalc.machine import Machine, machine
from hwcalc.networks import Transformer
from hwcalc.numeric import ceil, check_at_least, check_count
from hwcalc.transformer import active_parameters

__all__ = ["RELEASES", "fitted_constants", "generation_time", "prompt_time"]

RELEASES = {"2025": "from 2025", "2024": "May 2024"}

# Kernels of a layer that wait for each other: two norms with their scale, seven products, two
# rotations, two writes to the cache, scores, softmax, values, their gathering, an activation with
# its product, two sums; experts are chosen by eight more.
KERNELS, EXPERT_KERNELS = 22, 8
CONVERSIONS = 14  # kernels that bring a prompt's activations into 16 bits and back, for 7 products
BATCH = 512  # tokens of a prompt in one pass, llama.cpp's n_ubatch
QUEUED = 2048  # tokens handed over before the first results are awaited, its n_batch
# Bytes moved for a score of attention without flash attention: written in 16 bits (2), widened
# (2 + 4), softmax (4 + 4), narrowed (4 + 2), read (2).
SCORE = 24
# Bytes moved for an element that enters or leaves a product: activations are in 32 bits between
# the kernels, in 16 inside.
PASS = 6
TILE = 16  # rows that a multiplication of few tokens is padded to, for each expert
USUAL_CLOCK = 1.5e9  # [Hz] where neither a clock nor an FP32 rate is published
PLAIN = ("f32", "f16", "bf16")


@functools.cache
def fitted_constants() -> Mapping[str, float]:
    """Read the constants that tests/fit_llama_cpp.py computed, in seconds, bytes, clock cycles.

    Returns:
        Constants by name. [any]

    Examples:
        >>> 0.8 < fitted_constants()["stream"] < 1
        True
    """
    groups = load(DATA / "fitted/llama_cpp.toml")
    return {name: value for group in groups.values() for name, value in group.items()}


def generation_time(
    accelerator: Accelerator,
    network: Transformer,
    form: str,
    cached: float,
    cards: float,
    release: str,
    constants: Mapping[str, float] | None = None,
) -> dict[str, float]:
    r"""Estimate the time of one token that llama.cpp writes, fitted on measured rates.

    With $L$ layers of $k$ kernels, clock $f$, $U$ multiprocessors, weights of $Q$ bytes and $w$
    numbers, and a cache of $C$ bytes and $s$ tokens:

    $$ T = \frac{L k c}{f} + \left[ \left( \frac{Q}{\beta B} \right)^4 + \left( \frac{w}{a U f}
    \right)^4 \right]^{1/4} + \frac{C}{\beta B} + \frac{L s d}{f} + (g - 1) h $$

    The fourth power joins two times that overlap. Weights of 16 bits need no unpacking; there
    a CUDA multiprocessor is limited to $b$ bytes in a clock instead, by the loads it has in flight.

    Assumption: one sequence, all weights in the cards' memory, cards of one kind that share the
    layers. Kernels for AMD and others are built from those for CUDA and take their constants.

    Args:
        accelerator: A GPU or Apple chip of the catalogue. [1]
        network: A network of the catalogue. [1]
        form: Format of the weights, a key of `gguf.FORMS`. [1]
        cached: Tokens before this one. [tokens]
        cards: Cards that share the layers, $g$. [1]
        release: A key of `RELEASES`. [1]
        constants: Constants to take instead of the fitted ones. [any]

    Returns:
        Time by part: launches, weights, cache, handover. [s]

    Raises:
        ValueError: If llama.cpp does not run on the accelerator, a size is out of range, a choice
            is unknown, or the network is not modelled.

    References:
        tests/fit_llama_cpp.py, on the tables named in data/fitted/llama_cpp.toml

        Dai et al., "GPU benchmarks on LLM inference",
        https://github.com/XiongjieDai/GPU-Benchmarks-on-LLM-Inference

    Examples:
        Llama 3 8B in four bits, tokens/s after 512 of them; measured 130.6 and 140.6:

        >>> from hwcalc import catalog
        >>> llama = catalog.transformers()["llama3-8b"]
        >>> for card in ("rtx-4090", "a100-pcie-80gb"):
        ...     chip = catalog.accelerators()[card]
        ...     1 / sum(generation_time(chip, llama, "q4_k_m", 256, 1, "2024").values())
        137.
        127.
    """
    check_at_least(0, cached=cached)
    check_count(cards=cards)
    known = fitted_constants() if constants is None else constants
    clock, units, metal = _chip(accelerator, release)
    rate = known["stream"] * accelerator.bandwidth
    moved, numbers, launched = _token(network, form)
    memory = moved / rate
    if form in PLAIN:
        busy = 0.0 if metal else moved / (known["loads"] * units * clock)
    else:
        busy = numbers / (known["unpacked"] * units * clock)
    cycles = known["launch.metal" if metal else f"launch.{release}"]
    # The cache is in 16 bits unless somebody asks for less.
    waited = known["attention"] * network.layers * cached / clock
    return {
        "launches": launched * cycles / clock,
        "weights": (memory**4 + busy**4) ** 0.25,
        "cache": cache_bytes(network, cached, 2) / rate + waited,
        "handover": (cards - 1) * known["handover"],
    }


def prompt_time(
    accelerator: Accelerator,
    network: Transformer,
    form: str,
    tokens: float,
    cards: float,
    release: str,
    constants: Mapping[str, float] | None = None,
) -> dict[str, float]:
    r"""Estimate the time in which llama.cpp reads a prompt.

    The prompt goes through in batches of 512 tokens. Products take, with $F$ operations for a
    batch: in 2024, and for weights of 16 bits, the time of the library's kernels (`matmul_time`)
    after unpacking; from 2025 for packed weights $F / (o U f)$; on Apple chips $F / (\eta \pi)$
    with the FP32 rate $\pi$. Attention writes its scores to memory. Each of $g$ cards has a part of
    the layers and works on another batch, four batches at a time.

    Assumption: accumulation in 16 bits, as llama.cpp asks of the library, and flash attention off.

    Args:
        accelerator: A GPU or Apple chip of the catalogue. [1]
        network: A network of the catalogue. [1]
        form: Format of the weights, a key of `gguf.FORMS`. [1]
        tokens: Length of the prompt. [tokens]
        cards: Cards that share the layers, $g$. [1]
        release: A key of `RELEASES`. [1]
        constants: Constants to take instead of the fitted ones. [any]

    Returns:
        Time by part: launches, products, unpacking, attention, streams, waiting. [s]

    Raises:
        ValueError: If llama.cpp does not run on the accelerator, a size is out of range, a choice
            is unknown, or the network is not modelled.

    References:
        tests/fit_llama_cpp.py, on the tables named in data/fitted/llama_cpp.toml

        Dai et al., "GPU benchmarks on LLM inference",
        https://github.com/XiongjieDai/GPU-Benchmarks-on-LLM-Inference

    Examples:
        Llama 3 8B in 16 bits on an RTX 4090, 512 tokens, thousand tokens/s; measured
        9.4:

        >>> from hwcalc import catalog
        >>> llama = catalog.transformers()["llama3-8b"]
        >>> chip = catalog.accelerators()["rtx-4090"]
        >>> 512 / sum(prompt_time(chip, llama, "f16", 512, 1, "2024").values()) / 1e3
        7.5
    """
    check_at_least(1, tokens=tokens)
    check_count(cards=cards)
    known = fitted_constants() if constants is None else constants
    clock, _, metal = _chip(accelerator, release)
    rate = known["stream"] * accelerator.bandwidth
    sizes, inside = _layers(network, form)
    batches = ceil(tokens / BATCH)
    rows = ceil(tokens / batches)  # llama.cpp's last batch is short; equal ones take as long
    packed = form not in PLAIN
    unpacks = packed and release == "2024" and not metal
    own = metal or (packed and not unpacks)
    weights = sizes.layers * (sizes.dense - sizes.vectors + sizes.routed)
    cycles = known["launch.metal" if metal else f"launch.{release}"]
    launches = (_token(network, form)[2] + CONVERSIONS * sizes.layers) * cycles
    inner = sizes.ffn_hidden * (1 - sizes.expert_share)
    inner += sizes.expert_share * sizes.expert_hidden * (sizes.shared + sizes.per_token)
    width = 8 * sizes.hidden + (3 if sizes.gated else 2) * inner
    # Half of the scores of all batches together lie before the diagonal.
    scores = sizes.heads * rows * (tokens + rows) / 2
    scored = 2 * scores * (sizes.head_dim + sizes.value_dim)
    one = {
        "launches": launches / clock,
        "products": sizes.layers * _products(accelerator, sizes, rows, own, release, known),
        "unpacking": (inside + 2 * weights) / rate if unpacks else 0.0,
        "attention": sizes.layers * (SCORE * scores / rate + scored / _wide(accelerator)),
        # The library's time has its weights in it; llama.cpp's own kernels hide little of them.
        "streams": sizes.layers * PASS * rows * width / rate + (inside / rate if own else 0.0),
    }
    # A batch occupies a card for its share of the layers. Results are awaited every few batches,
    # and then the first card waits until the last one is done.
    rounds = ceil(tokens / QUEUED)
    turns = (batches + rounds * (cards - 1)) / cards
    parts = {name: turns * time for name, time in one.items()}
    return parts | {"waiting": batches * (cards - 1) * known["handover"] / cards}


def _chip(accelerator: Accelerator, release: str) -> tuple[float, float, bool]:
    """Give clock, multiprocessors, and whether the kernels are Metal's."""
    if release not in RELEASES:
        raise ValueError(f"release = {release!r}: must be one of {', '.join(RELEASES)}")
    if accelerator.kind in ("tpu", "asic"):
        raise ValueError(f"llama.cpp does not run on {accelerator.name}; choose a GPU or a Mac")
    facts, vector = accelerator.published, accelerator.peak.get("fp32", 0.0)
    # 128 lanes that multiply and add, where one of the two numbers is not published.
    clock = facts.get("clock", 0.0)
    if not clock:
        units = facts.get("sm_count", 0.0)
        clock = vector / (256 * units) if units and vector else USUAL_CLOCK
    units = facts.get("sm_count", vector / (256 * clock))
    return clock, units, accelerator.kind == "apple"


@functools.cache
def _token(network: Transformer, form: str) -> tuple[float, float, float]:
    """Give bytes and numbers of the weights a token meets, and the kernels it takes."""
    moved = sum(gguf_active_bytes(network, form).values())
    numbers = sum(
        count
        for part, count in active_parameters(network).items()
        if not part.startswith("embedding") or network.tied_embeddings
    )
    kernels = KERNELS + (EXPERT_KERNELS if network.experts else 0)
    return moved, float(numbers), float(network.layers * kernels)


@functools.cache
def _layers(network: Transformer, form: str) -> tuple[Shape, float]:
    """Give the sizes of a network and the bytes of its layers' weights."""
    whole = gguf_bytes(network, form)
    return shape(network), whole["attention"] + whole["mlp"] + whole["experts"]


def _wide(accelerator: Accelerator) -> float:
    """Rate of products of 16-bit matrices, or what stands in for it [FLOP/s]."""
    peak = accelerator.peak
    clock, units, _ = _chip(accelerator, "2025")
    vector = peak.get("fp32", 256 * units * clock)
    return max(peak.get("fp16_acc16", 0.0), peak.get("fp16", 0.0), peak.get("bf16", 0.0), vector)


def _products(
    accelerator: Accelerator,
    sizes: Shape,
    rows: float,
    own: bool,
    release: str,
    known: Mapping[str, float],
) -> float:
    """Time of the products of one layer for a batch, a mean over the layers."""
    clock, units, metal = _chip(accelerator, release)
    peak = accelerator.peak
    vector = peak.get("fp32", 256 * units * clock)
    library = _library(accelerator)
    rate = known["metal"] * vector
    if not metal:
        rate = known["packed"] * units * clock
        if not _has_matrix_units(accelerator):
            rate = min(rate, vector)
    time = 0.0
    for matrix in matrices(sizes):
        count, tokens = matrix.times, rows
        if matrix.part == "experts":
            # Each expert has its own rows, padded to whole tiles.
            count = sizes.expert_share * sizes.experts
            tokens = ceil(rows * sizes.per_token / sizes.experts / TILE) * TILE
        if own or library is None:
            flops = 2 * tokens * matrix.inputs * matrix.outputs
            time = time + count * flops / rate
        else:
            chip, form = library
            # Queries, keys and values are products of their own, so are gate and up.
            for share in _apart(sizes, matrix):
                outputs = ceil(matrix.outputs * share)
                one = matmul_time(chip, ceil(tokens), ceil(matrix.inputs), outputs, form)
                time = time + count * one / known["library"]
    return time


def _apart(sizes: Shape, matrix: Matrix) -> tuple[float, ...]:
    """Shares of a joint matrix's outputs that llama.cpp multiplies one by one."""
    if matrix.part == "attention" and matrix.split == "outputs" and not sizes.kv_rank:
        keys, values = sizes.kv_heads * sizes.head_dim, sizes.kv_heads * sizes.value_dim
        joint = matrix.outputs
        return ((joint - keys - values) / joint, keys / joint, values / joint)
    return (0.5, 0.5) if sizes.gated and matrix.split == "outputs" else (1.0,)


def _has_matrix_units(accelerator: Accelerator) -> bool:
    """Tell matrix units from lanes that do two 16-bit or four 8-bit operations in one."""
    peak = accelerator.peak
    lanes = {"fp16": 2, "fp16_acc16": 2, "bf16": 2, "fp8": 4, "int8": 4, "fp4": 8}
    beyond = [peak[name] / factor for name, factor in lanes.items() if name in peak]
    # Only matrix units have a mode for sparse operands, however their rate is published.
    return accelerator.sparsity or max(beyond, default=0.0) > 1.1 * peak.get("fp32", 0.0)


def _library(accelerator: Accelerator) -> tuple[Machine, str] | None:
    """Give the machine and the format of the vendor's library, accumulating in 16 bits."""
    peak = accelerator.peak
    vector = peak.get("fp32", 0.0)
    fast = max(peak.get("fp16_acc16", 0.0), peak.get("fp16", 0.0), peak.get("bf16", 0.0))
    chip = machine(accelerator)
    if fast >= vector and fast:
        return replace(chip, peak={**peak, "fp16": fast}), "fp16"
    return (chip, "fp32") if vector else None
