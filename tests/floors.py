"""The least that physics allows for a measured row, by kind of table.

Each function returns floor over measurement, or what was measured over its ceiling: above 1 the
row is faster, smaller or hungrier than it can be. Floors leave out whatever is not certain:
norms, launches, the head, a cache that the row does not state.
"""

import math
from collections.abc import Callable

from hwcalc import attention, catalog, cnn, training_flops
from hwcalc.blocks import Shape
from hwcalc.convolution import convolution_flops, convolution_traffic, fft_flops, winograd_saving
from hwcalc.gguf import gguf_active_bytes
from hwcalc.machine import FORMATS
from tests.accuracy.convolution import layer_of, network_of
from tests.accuracy.encoder import BACKWARD
from tests.accuracy.inference import GPT_J
from tests.accuracy.ranking import CALLED, SEQUENCE
from tests.accuracy.tables import Row
from tests.accuracy.training import named, shape_of, software_of

CHIPS, NETWORKS = catalog.accelerators(), catalog.transformers()
WIDTH = {"fp32": 4.0, "tf32": 4.0, "bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0}
WIDTH |= {"nf4": 0.5, "fp4": 0.5}  # [B] of a number; what is stored beside blocks is left out
PCIE_5 = 64e9  # [B/s] of a slot, one direction: cards without links of their own have no faster
FORWARD = 1 - BACKWARD  # of the operations of training


def rate(accelerator: str, *forms: str) -> float:
    """Return the peak of the first format that the chip publishes [FLOP/s]."""
    peak = CHIPS[accelerator].peak
    return next(peak[form] for form in (*forms, "fp32") if form in peak)


def multiplication(row: Row) -> float:
    """Compare a multiplication with its operations, and with its matrices moved once."""
    chip, form = CHIPS[row["accelerator"]], FORMATS[row["dtype"]]
    m, k, n = row["m"], row["k"], row["n"]
    traffic = m * k * form.first + k * n * form.second + m * n * form.result
    peak = next(chip.peak[name] for name in form.rate if name in chip.peak)
    return _over(row["time_us"] * 1e-6, 2 * m * k * n / peak, traffic / chip.bandwidth)


def attended(row: Row) -> float:
    """Compare an attention kernel with its operations, and with keys, values and queries."""
    chip = CHIPS[row["accelerator"]]
    batch, heads, width = row["batch"], row["heads"], row["head_dim"]
    tokens, cached = row["tokens"], row["cached"]
    traffic = 2 * batch * width * (2 * heads * tokens + 2 * row["kv_heads"] * cached)
    flops = 4 * batch * heads * width * cached
    if tokens > 1:
        flops = attention.prefill_flops(batch, tokens, heads, width, tokens)
    return _over(row["time_us"] * 1e-6, flops / chip.peak["bf16"], traffic / chip.bandwidth)


def convolution(row: Row) -> float:
    """Compare a layer with its operations by the algorithm it names, and with its tensors.

    Where none is named, a layer that Winograd's algorithm can do (3 x 3, stride 1) may have been
    done by it; larger kernels may have been transformed. Other layers have no shorter way.
    """
    chip, layer = CHIPS[row["accelerator"]], layer_of(row)
    flops, algorithm = convolution_flops(layer), row["algorithm"]
    small = (*layer.kernel, *layer.stride) == (3, 3, 1, 1)
    if "winograd" in algorithm or (not algorithm and small):
        flops /= winograd_saving(4, 3)
    elif "fft" in algorithm or (not algorithm and max(layer.kernel) > 3):
        padded = max(layer.height, layer.width)
        channels = layer.in_channels, layer.out_channels
        flops = min(flops, fft_flops(padded, *channels, layer.batch))
    # A kernel narrower than its stride steps over pixels that nobody reads.
    read = math.prod(min(1, k / s) for k, s in zip(layer.kernel, layer.stride, strict=True))
    pixels = layer.batch * layer.in_channels * layer.height * layer.width
    width = WIDTH[row["dtype"]]
    traffic = convolution_traffic(layer, width) - width * (1 - read) * pixels
    peak = rate(row["accelerator"], row["dtype"])
    return _over(row["time_us"] * 1e-6, flops / peak, traffic / chip.bandwidth)


def network(row: Row) -> float:
    """Compare the step of a convolutional network with its operations, computed directly."""
    flops = cnn.forward_flops(network_of(row["network"], row["side"])) * row["batch"]
    flops *= 1 if row["phase"] == "inference" else 3
    peak = rate(row["accelerator"], row["dtype"])
    return _over(row["batch"] / row["images_per_s"], flops / peak)


def encoded(row: Row) -> float:
    """Compare BERT's rate with the operations of its layers."""
    flops = _layers(named(row["network"]), row["sequence"])
    flops *= 1 if row["task"] == "answer" else 1 / FORWARD
    peak = row["ranks"] * rate(row["accelerator"], row["precision"])
    return float(row["throughput"] * flops / peak)


def compared(row: Row) -> float:
    """Compare a rate of Lambda's benchmark with its operations.

    Networks whose layers the catalogue does not have (SSD, Transformer-XL) pass unseen.
    """
    forms = ("fp16",) if row["precision"] == "fp16" else ("tf32",)
    if row["workload"] not in CALLED:
        return 0.0
    if row["workload"] == "resnet50":
        flops = cnn.forward_flops(network_of("resnet50", 224))
    else:
        flops = _layers(named(CALLED[row["workload"]]), SEQUENCE)
    return float(row["throughput"] * flops / FORWARD / rate(row["accelerator"], *forms))


def exchanged(row: Row) -> float:
    """Compare a collective with what every rank must send over its links."""
    chip = CHIPS[row.get("accelerator", "a100-sxm-80gb")]
    ranks, operation = row.get("ranks") or row["num_ranks"], row.get("operation", "all_reduce")
    # Adding up in the switch, every rank sends its buffer once.
    part = {"all_reduce": 1.0, "send": 1.0}.get(operation, (ranks - 1) / ranks)
    link = chip.published.get("link_bandwidth", PCIE_5)
    return _over(row["time_us"] * 1e-6, part * row["size_bytes"] / link)


def trained(row: Row) -> float:
    """Compare a training step with the operations that its tokens need without recomputation."""
    shape = shape_of(row)
    each = _flops(shape, training_flops.attended(shape, row["sequence"]))
    flops = each * row["sequence"] * row["batch"] / row["ranks"] / FORWARD
    return _over(row["time"], flops / rate(row["accelerator"], software_of(row).precision))


def local(row: Row) -> float:
    """Compare llama.cpp's rate with the weights of a token, or with a prompt's operations."""
    chip, net = CHIPS[row["accelerator"]], NETWORKS[row["network"]]
    if row["phase"] == "decode":
        moved = sum(gguf_active_bytes(net, row["form"]).values())
        # Cards take turns at a sequence; several sequences may share one reading.
        return float(row["rate"] / row["sequences"] * moved / chip.bandwidth)
    shape = named(row["network"])
    # Which units multiply depends on its release; none is faster than the chip's fastest.
    peak = max(chip.peak.values())
    return float(row["rate"] * 2 * _active(shape) / (row["cards"] * peak))


def served(row: Row) -> float:
    """Compare a service with its weights read for each token, and with its prompts' operations."""
    shape = named(row["network"]) if row["network"] else GPT_J
    chip, form = CHIPS[row["accelerator"]], row["dtype"]
    peak = row["ranks"] * rate(row["accelerator"], form, "bf16", "fp16")
    work = 2 * _active(shape)
    reading = _active(shape) * WIDTH[form] / (row["ranks"] * chip.bandwidth)
    found = []
    if row.get("between"):
        found.append(_over(row["between"], reading))
    if row.get("first"):
        prompt = row["prompt"] * row.get("drawn", 1.0) * (row.get("batch") or 1.0)
        found.append(_over(row["first"], prompt * work / peak))
    if row.get("rate"):
        total = row["rate"] * (row["prompt"] + row["output"]) / row["output"]
        found.append(total * work / peak)
        if row["batch"]:
            found.append(row["rate"] / row["batch"] * reading)
    return max(found)


def held(row: Row) -> float:
    """Compare memory with what the weights alone need, and with what the card has."""
    shape = named(row["network"])
    form = row.get("frozen") or row.get("form") or "fp32"
    # Narrow formats keep tables and norms wide; at least the layers' matrices are as narrow.
    least = _active(shape) * WIDTH[form.removesuffix("-double")] / row.get("ranks", 1)
    if row.get("offload"):
        least = 0.0
    room = CHIPS[row["accelerator"]].memory
    return float(max(least / row["memory"], row["memory"] / room))


def stored(row: Row) -> float:
    """Compare a file with the weights at the fewest bits its format has for a block."""
    if "parameters" in row:
        least = row["parameters"] * row["weight"]
    else:
        bits = {"f16": 16, "q4_k_m": 4}[row["form"]]
        least = named(row["network"]).total * bits / 8
    return float(least / row["memory"])


def limited(row: Row) -> float:
    """Compare a card's mean draw with its limit."""
    return float(row["draw"] / row["limit"])


def _over(measured: float, *floors: float) -> float:
    return max(floors) / measured


def _active(shape: Shape) -> float:
    """Weights of the layers' matrices that one token meets."""
    return sum(training_flops.flops_per_token(shape, 0.0).values()) / 2 - shape.hidden * shape.vocab


def _flops(shape: Shape, context: float) -> float:
    return float(sum(training_flops.flops_per_token(shape, context).values()))


def _layers(shape: Shape, sequence: float) -> float:
    """Forward operations of a sequence in the layers, without the head."""
    each = _flops(shape, training_flops.attended(shape, sequence))
    return float((each - 2 * shape.hidden * shape.vocab) * sequence)


# The first letters of a table's name, and its floor.
FLOORS: dict[str, Callable[[Row], float]] = {
    "matmul_": multiplication,
    "attention_": attended,
    "convolution_": convolution,
    "cnn_": network,
    "bert_": encoded,
    "lambda_": compared,
    "all_reduce_": exchanged,
    "collectives_": exchanged,
    "training_memory_": held,
    "training_": trained,
    "llamacpp_": local,
    "inference_memory_": held,
    "inference_": served,
    "checkpoint_": stored,
    "gguf_": stored,
    "power_": limited,
}
