"""A network on the accelerators that serve it: what runs on each of them, and in which formats.

Tensor parallelism divides every matrix, the heads and the cache; every rank works on all tokens.
Experts are divided in the same way, each a slice of every expert, or by whole experts. Where there
are fewer heads of keys and values than ranks, engines repeat them, and a latent cache is kept by
every rank in full.

What it leaves out: stages of a pipeline, and ranks that differ in the sequences they attend to.
"""

import functools
from dataclasses import dataclass

from hwcalc import blocks
from hwcalc.blocks import Shape
from hwcalc.catalog import Accelerator
from hwcalc.experts import ROUTING_KERNELS
from hwcalc.fabric import Fabric, fabric
from hwcalc.machine import FORMATS, Machine, machine
from hwcalc.networks import Transformer
from hwcalc.numeric import ceil, check_count, check_fraction, check_positive
from hwcalc.serving_memory import serving_memory

__all__ = ["Deployment", "deploy", "most_sequences", "usable_format"]

WIDE = ("bf16", "fp16", "fp32")  # of what is never narrowed, first choice first
BLOCK = 16.0  # tokens of a block of the cache, vLLM's default
STEP = 8192.0  # tokens of a step, as engines are usually started


@dataclass(frozen=True)
class Deployment:
    """A network on its accelerators; `deploy` makes one and checks it."""

    accelerator: Accelerator
    shape: Shape
    norms: int  # of a layer, those of queries and keys not counted
    ranks: int  # accelerators that share every layer
    whole_experts: bool  # a rank has some of the experts, instead of a slice of each
    products: str  # format of the layers' products, a key of `machine.FORMATS`
    experts: str  # format of the experts' products
    cache_value: float  # [B] of a key's or value's number

    @functools.cached_property
    def chip(self) -> Machine:
        """One accelerator as the kernel models see it."""
        return machine(self.accelerator)

    @functools.cached_property
    def fabric(self) -> Fabric:
        """What joins the accelerators: their links, or their slots where they have none."""
        path = "link" if "link_bandwidth" in self.accelerator.published else "peer"
        return fabric(self.accelerator, path, 0.0)

    @functools.cached_property
    def wide(self) -> str:
        """Format of what is never narrowed: the head, the router, attention."""
        return (
            "bf16" if "bf16" in self.accelerator.peak else usable_format(self.accelerator, "fp16")
        )

    @property
    def converted(self) -> float:
        """Activations of a step that come in 16 bits and are multiplied in FP8, over all layers.

        Once for all products that read them: the layer's input, the compressed query, attention's
        result; the MLP's input and inner activations, of shared experts and routed ones each.
        What rebuilds keys and values is absorbed into attention.
        """
        shape, experts = self.shape, self.shape.expert_share
        attention = 2 + (shape.query_rank > 0)
        alone = attention + 2 * (1 - experts) + experts * (shape.shared > 0)
        return shape.layers * (
            alone * (self.products == "fp8") + 2 * experts * (self.experts == "fp8")
        )

    @property
    def kernels(self) -> float:
        """Kernels that a step starts, over all layers.

        Every product is one, and norms, the activation, rotation with the cache's filling,
        attention, sums over ranks, conversions. Latent attention has two more norms and puts its
        heads' parts together; experts are chosen and sorted first, with an activation of their own.
        """
        shape, experts = self.shape, self.shape.expert_share
        products = sum(m.times for m in blocks.matrices(shape) if m.part != "experts")
        routed = experts * (ROUTING_KERNELS + 2 + (shape.shared > 0))
        around = self.norms + 1 + 2 + 3 * (shape.kv_rank > 0) + 2 * (self.ranks > 1)
        return shape.layers * (products + routed + around) + self.converted

    @property
    def expert_layers(self) -> float:
        """Layers that send their tokens to experts."""
        return self.shape.layers * self.shape.expert_share

    @property
    def heads(self) -> float:
        """Heads of queries on a rank; where ranks do not divide them, some ranks have one more."""
        return ceil(self.shape.heads / self.ranks)

    @property
    def kv_heads(self) -> float:
        """Heads of keys and values on a rank; at least one."""
        return ceil(self.shape.kv_heads / self.ranks)


def usable_format(accelerator: Accelerator, form: str) -> str:
    """Choose the format in which a chip multiplies weights that are stored in another one.

    A chip without a rate for FP8 or FP4 widens such weights on their way to its 16-bit units and
    saves memory traffic only.

    Args:
        accelerator: An entry of the catalogue. [1]
        form: How the weights are stored, a key of `machine.FORMATS`. [1]

    Returns:
        A key of `machine.FORMATS` for which the chip has a rate. [1]

    Raises:
        ValueError: If the format is unknown or the chip has none that would do.

    References:
        Frantar et al. 2024, "MARLIN", https://doi.org/10.48550/arXiv.2408.11743

    Examples:
        >>> from hwcalc import catalog
        >>> chips = catalog.accelerators()
        >>> usable_format(chips["h100-sxm"], "fp8"), usable_format(chips["a100-sxm-80gb"], "fp8")
        ('fp8', 'int8_weights')
    """
    if form not in FORMATS:
        raise ValueError(f"form = {form!r}: must be one of {', '.join(FORMATS)}")
    instead = {
        "fp8": ("int8_weights",),
        "int8": ("int8_weights",),
        "fp4": ("int4_weights",),
        "bf16": ("fp16", "fp32"),
        "fp16": ("bf16", "fp32"),
    }
    for tried in (form, *instead.get(form, ())):
        if any(rate in accelerator.peak for rate in FORMATS[tried].rate):
            return tried
    has = ", ".join(accelerator.peak) or "none at all"
    raise ValueError(f"{accelerator.name} has no rate for {form}; published: {has}")


def deploy(
    accelerator: Accelerator,
    network: Transformer,
    ranks: int,
    products: str,
    experts: str,
    cache_value: float,
    whole_experts: bool,
) -> Deployment:
    """Put a network on accelerators that share its layers.

    Args:
        accelerator: An entry of the catalogue. [1]
        network: A network of the catalogue. [1]
        ranks: Accelerators that share every layer by tensor parallelism. [1]
        products: Format of the layers' products, a key of `machine.FORMATS`. [1]
        experts: Format of the experts' products, likewise; of no effect without experts. [1]
        cache_value: Bytes of a number in the cache of keys and values. [B]
        whole_experts: Ranks divide the experts among them instead of slicing each. [1]

    Returns:
        The deployment. [Deployment]

    Raises:
        ValueError: If ranks is not a whole number of at least 1, the chip has no rate for a format,
            or the network has a part that is not modelled.

    References:
        Shoeybi et al. 2019, "Megatron-LM", section 3, https://doi.org/10.48550/arXiv.1909.08053

    Examples:
        >>> from hwcalc import catalog
        >>> llama = catalog.transformers()["llama3.1-70b"]
        >>> placed = deploy(
        ...     catalog.accelerators()["h100-sxm"], llama, 4, "fp8", "fp8", 2, False
        ... )
        >>> placed.kv_heads
        2.0
    """
    check_count(ranks=ranks)
    check_positive(cache_value=cache_value)
    if network.kind != "decoder":
        raise ValueError(f"{network.name} generates no text by itself; choose a decoder")
    chip = machine(accelerator)
    if network.linear or network.indexer:
        raise ValueError(
            f"{network.name}: serving is modelled for layers of one kind of attention; "
            "choose a network without linear attention and indexer"
        )
    if not any(form in accelerator.peak for form in WIDE):
        raise ValueError(f"{accelerator.name} has no rate for any of {', '.join(WIDE)}")
    for form in (products, experts):
        if form not in FORMATS:
            raise ValueError(f"format = {form!r}: must be one of {', '.join(FORMATS)}")
        chip.rate(form)
    return Deployment(
        accelerator=accelerator,
        shape=blocks.shape(network),
        norms=network.norms_per_layer,
        ranks=ranks,
        whole_experts=whole_experts,
        products=products,
        experts=experts,
        cache_value=cache_value,
    )


def most_sequences(
    accelerator: Accelerator,
    network: Transformer,
    form: str,
    tokens: float,
    cache_value: float,
    ranks: int,
    share: float,
) -> float:
    r"""Estimate how many sequences of a length fit into the memory of a deployment.

    What `serving_memory.serving_memory` counts grows in proportion to the sequences:

    $$ m = \frac{\varsigma M - Q_0}{Q_1} $$

    Args:
        accelerator: An entry of the catalogue. [1]
        network: A network of the catalogue. [1]
        form: Format of the weights, a key of `serving_memory.WEIGHTS`. [1]
        tokens: Length of a sequence, read and written. [tokens]
        cache_value: Bytes of a number in the cache. [B]
        ranks: Accelerators that share every layer. [1]
        share: Part of the memory that the engine takes, $\varsigma$. [1]

    Returns:
        Sequences; below 1 the network does not fit. [1]

    Raises:
        ValueError: If a size is not positive, share is not between 0 and 1, or the format is
            unknown.

    References:
        Kwon et al. 2023, "PagedAttention", https://doi.org/10.48550/arXiv.2309.06180

    Examples:
        Llama 3.1 70B in FP8 on two H100, 9,216 tokens each:

        >>> from hwcalc import catalog
        >>> most_sequences(
        ...     catalog.accelerators()["h100-sxm"], catalog.transformers()["llama3.1-70b"],
        ...     "fp8", 9216, 2, 2, 0.9,
        ... )
        26.
    """
    check_fraction(share=share)

    def used(sequences: float) -> float:
        parts = serving_memory(
            network, form, sequences, tokens, cache_value, BLOCK, STEP, float(ranks), 0.0
        )
        return sum(parts.values())

    each = used(2.0) - used(1.0)
    return (share * accelerator.memory - used(1.0)) / each + 1
