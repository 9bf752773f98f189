r"""Speed of a network that does not fit on the card: the rest in the computer's memory.

Three ways are in use. Some layers stay on the processor, which computes them from its own memory
(llama.cpp's default); only the routed experts stay there, while attention and what every token
meets is on the card; or the card fetches the missing weights over PCIe for every pass.
All are sums over two memories, and the slow one decides long before half of the weights are in it.

Estimates, not fitted on measurements: a processor reads its memory at the rate given and keeps up
with the arithmetic of one sequence, which holds for current desktop and server processors.

What it leaves out: prompts, which the processor reads much more slowly than this suggests, several
sequences, and experts that are kept on the card because they are often chosen.
"""

from hwcalc.catalog import Accelerator
from hwcalc.gguf import gguf_active_bytes, gguf_bytes
from hwcalc.kv_cache import cache_bytes
from hwcalc.llama_cpp import fitted_constants, generation_time
from hwcalc.networks import Transformer
from hwcalc.numeric import (
    check_fraction,
    check_non_negative,
    check_positive,
    floor,
    maximum,
    minimum,
    where,
)

__all__ = [
    "layers_on_card",
    "offloaded_experts_time",
    "offloaded_layers_time",
    "streamed_pass_time",
]


def layers_on_card(
    network: Transformer, form: str, cached: float, memory: float, reserve: float
) -> float:
    r"""Count the layers whose weights and cache fit into a card's memory.

    $$ n = \min\left( L, \left\lfloor \frac{M - R}{(Q + C) / L} \right\rfloor \right) $$

    with the weights $Q$ of the layers and the cache $C$. If all layers fit, embedding and head are
    counted as well: then all of the network must fit.

    Assumption: layers are alike.

    Args:
        network: A network of the catalogue. [1]
        form: Format of the weights, a key of `gguf.FORMS`. [1]
        cached: Tokens for which the cache has room. [tokens]
        memory: Memory of the card, $M$. [B]
        reserve: What the card's context and the buffers take of it, $R$. [B]

    Returns:
        Layers, from 0 to those of the network. [1]

    Raises:
        ValueError: If memory is not positive, cached or reserve is negative, the format is unknown
            or the network is not modelled.

    References:
        llama.cpp's option --n-gpu-layers,
        https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md

    Examples:
        Llama 3 70B in four bits on 24 GiB:

        >>> from hwcalc import catalog
        >>> llama = catalog.transformers()["llama3-70b"]
        >>> layers_on_card(llama, "q4_k_m", 4096, 24 * 2**30, 1e9)
        46.0
    """
    check_positive(memory=memory)
    check_non_negative(cached=cached, reserve=reserve)
    sizes = gguf_bytes(network, form)
    ends = sizes["head"]  # the embedding stays in the computer's memory in any case
    cache = cache_bytes(network, cached, 2)
    inner = sum(sizes.values()) - sizes["head"] - sizes["embedding"]
    room = maximum(0.0, memory - reserve)
    count = minimum(network.layers - 1.0, floor(room / ((inner + cache) / network.layers)))
    return where(room >= inner + cache + ends, float(network.layers), count)


def offloaded_layers_time(
    accelerator: Accelerator,
    network: Transformer,
    form: str,
    cached: float,
    on_card: float,
    host_bandwidth: float,
    release: str,
) -> dict[str, float]:
    r"""Estimate the time of a token when some layers are computed by the processor.

    With the share $s$ of the layers on the card, and weights and cache of $Q$ bytes:

    $$ T = s\, T_\text{card} + \frac{(1 - s) Q + Q_\text{head}}{B_\text{host}} + h $$

    The head is on the card only if all layers are, as in llama.cpp.

    Assumption: card and processor work in turns, each waiting for the other.

    Args:
        accelerator: A GPU of the catalogue. [1]
        network: A network of the catalogue. [1]
        form: Format of the weights, a key of `gguf.FORMS`. [1]
        cached: Tokens before this one. [tokens]
        on_card: Layers on the card. [1]
        host_bandwidth: Rate at which the processor reads its memory, as reached. [B/s]
        release: A key of `llama_cpp.RELEASES`. [1]

    Returns:
        Time by part: card, host, handover. [s]

    Raises:
        ValueError: If a size is out of range, a choice is unknown, or the network is not modelled.

    References:
        llama.cpp's option --n-gpu-layers,
        https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md

    Examples:
        Llama 3 70B with 46 of 80 layers on an RTX 4090 and 80 GB/s for the rest, tokens/s:

        >>> from hwcalc import catalog
        >>> chip = catalog.accelerators()["rtx-4090"]
        >>> llama = catalog.transformers()["llama3-70b"]
        >>> 1 / sum(offloaded_layers_time(chip, llama, "q4_k_m", 512, 46, 80e9, "2025").values())
        3.9
    """
    check_positive(host_bandwidth=host_bandwidth)
    share = on_card / network.layers
    check_fraction(share_of_layers_on_card=share)
    parts = generation_time(accelerator, network, form, cached, 1, release)
    sizes = gguf_active_bytes(network, form)
    moved = sum(sizes.values())
    inner = moved - sizes["head"]
    rest = 1 - share
    head_on_host = where(rest > 0, 1.0, 0.0)
    on_this = share * inner + (1 - head_on_host) * sizes["head"]
    card = share * (parts["launches"] + parts["cache"]) + parts["weights"] * on_this / moved
    left = rest * (inner + cache_bytes(network, cached, 2)) + head_on_host * sizes["head"]
    # There and back, unless one of the two has nothing to do.
    turns = head_on_host * where(on_card > 0, 1.0, 0.0)
    return {
        "card": card,
        "host": left / host_bandwidth,
        "handover": turns * fitted_constants()["handover"],
    }


def offloaded_experts_time(
    accelerator: Accelerator,
    network: Transformer,
    form: str,
    cached: float,
    share: float,
    host_bandwidth: float,
    release: str,
) -> dict[str, float]:
    r"""Estimate the time of a token when routed experts are computed by the processor.

    Attention, norms, shared experts and the head stay on the card; of the routed experts that a
    token meets the share $s$ comes from the computer's memory:

    $$ T = T_\text{card} \text{ without them} + \frac{s\, Q_\text{experts}}{B_\text{host}}
    + s L h $$

    Assumption: the card waits in each layer for the processor; leaving it and coming back takes as
    long as llama.cpp's handover from card to card.

    Args:
        accelerator: A GPU of the catalogue. [1]
        network: A network of the catalogue with experts. [1]
        form: Format of the weights, a key of `gguf.FORMS`. [1]
        cached: Tokens before this one. [tokens]
        share: Layers whose routed experts are in the computer's memory, of all. [1]
        host_bandwidth: Rate at which the processor reads its memory, as reached. [B/s]
        release: A key of `llama_cpp.RELEASES`. [1]

    Returns:
        Time by part: card, host, handover. [s]

    Raises:
        ValueError: If a size is out of range, a choice is unknown, the network is not modelled or
            has no experts.

    References:
        llama.cpp's option --n-cpu-moe,
        https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md

    Examples:
        gpt-oss-120b with all experts in memory of 80 GB/s, tokens/s; the card alone decides little:

        >>> from hwcalc import catalog
        >>> network = catalog.transformers()["gpt-oss-120b"]
        >>> for card in ("rtx-4090", "rtx-5060-ti-16gb"):
        ...     chip = catalog.accelerators()[card]
        ...     times = offloaded_experts_time(chip, network, "mxfp4", 512, 1, 80e9, "2025")
        ...     1 / sum(times.values())
        25.
        24.
    """
    check_positive(host_bandwidth=host_bandwidth)
    check_fraction(share=share)
    if not network.experts:
        raise ValueError(f"{network.name} has no experts; choose a mixture of experts")
    parts = generation_time(accelerator, network, form, cached, 1, release)
    sizes = gguf_active_bytes(network, form)
    left = share * sizes["experts"]
    kept = 1 - left / sum(sizes.values())
    return {
        "card": parts["launches"] + parts["cache"] + parts["weights"] * kept,
        "host": left / host_bandwidth,
        "handover": share * network.layers * fitted_constants()["handover"],
    }


def streamed_pass_time(
    weights: float, resident: float, link_bandwidth: float, compute: float
) -> float:
    r"""Estimate the time of a pass that fetches the weights a card has no room for.

    $$ T = \max\left( T_\text{compute}, \frac{Q - Q_\text{resident}}{B_\text{link}} \right) $$

    A lower bound: fetching overlaps with computing completely. The pass may serve one token or a
    large batch, which is what streaming is for.

    Args:
        weights: Bytes of all weights of a pass, $Q$. [B]
        resident: Bytes of them that stay on the card. [B]
        link_bandwidth: Rate of the link to the computer's memory, as reached. [B/s]
        compute: Time of the pass with all weights on the card. [s]

    Returns:
        Time of the pass. [s]

    Raises:
        ValueError: If weights or link_bandwidth is not positive, or another argument is negative.

    References:
        Sheng et al. 2023, "FlexGen", https://doi.org/10.48550/arXiv.2303.06865

    Examples:
        30 GB of 42 over PCIe 4.0 at 25 GB/s, whatever the card can do:

        >>> streamed_pass_time(42e9, 12e9, 25e9, 0.05)
        1.2
    """
    check_positive(weights=weights, link_bandwidth=link_bandwidth)
    check_non_negative(resident=resident, compute=compute)
    return maximum(compute, maximum(0.0, weights - resident) / link_bandwidth)
