"""How a training run is laid out: the machine, the split of the network, the software.

The order of ranks is Megatron-LM's: tensor-parallel ranks are neighbours, then context, then data,
and the stages of a pipeline are furthest apart. A field of `Layout` may be an array; then
everything computed from it is one as well.
"""

import functools
from dataclasses import dataclass
from typing import Any

from hwcalc.catalog import Accelerator
from hwcalc.fabric import Fabric, fabric
from hwcalc.machine import Machine, machine
from hwcalc.numeric import check_count, check_positive, floor, maximum, minimum

__all__ = ["USUAL_SPREAD", "Cluster", "Layout", "Software", "ranks_per_node"]


# GPUs of one kind differ: over five clusters their speed ranged over 8 % on average without
# outliers, in a box plot whose whiskers of a normal distribution lie 5.4 standard deviations apart.
# Sinha et al. 2022, "Not all GPUs are created equal", https://doi.org/10.48550/arXiv.2208.11035
# Chips whose clock does not follow their power, as TPUs, have none of it.
USUAL_SPREAD = 0.08 / 5.4
# Multiprocessors that a collective of NCCL occupies: one for each of its channels.
# https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html, NCCL_MAX_CTAS
CHANNELS = 24
USUAL_UNITS = 148  # where the number of multiprocessors is not published, a B200's


@dataclass(frozen=True)
class Cluster:
    """Machines that train together."""

    accelerator: Accelerator
    node: float  # accelerators joined by the fast link
    network: float  # [B/s] of one accelerator to other nodes, one direction
    spread: float  # [1] relative standard deviation of the accelerators' speed

    @functools.cached_property
    def chip(self) -> Machine:
        """The accelerator as the kernel models see it."""
        return machine(self.accelerator)

    @functools.cached_property
    def fabric(self) -> Fabric:
        """The links of an accelerator; without links of its own it has its PCIe slot."""
        path = "link" if "link_bandwidth" in self.accelerator.published else "peer"
        return fabric(self.accelerator, path, self.network)

    def wide(self, precision: str) -> str:
        """Give the format of products that frameworks do not narrow below 16 bits."""
        if precision in ("fp32", "tf32", "fp16", "bf16"):
            return precision
        return "bf16" if "bf16" in self.accelerator.peak else "fp16"

    @property
    def taken(self) -> float:
        """Share of the multiprocessors that a collective occupies while it runs [1]."""
        # TPUs and their like move data between chips with engines of their own.
        known = self.accelerator.published.get("sm_count", USUAL_UNITS)
        own_engines = self.accelerator.kind in ("tpu", "asic")
        return 0.0 if own_engines else min(1.0, CHANNELS / known)


@dataclass(frozen=True)
class Layout:
    """How a step's work is split."""

    tensor: float  # ranks that share each matrix
    pipeline: float  # stages
    data: float  # replicas that see different samples
    context: float  # ranks that share each sequence
    expert: float  # ranks that share the experts of a layer; it divides tensor x data x context
    micro_batch: float  # sequences in one pass
    batch: float  # sequences in a step, over all replicas
    interleave: float  # parts of the network that each stage holds
    zero: float  # 0 nothing is sharded among replicas, 1 optimizer, 2 and gradients, 3 and weights
    recompute: float  # 0 nothing, 1 attention (selective), 2 whole layers (full)
    sequence_parallel: Any  # bool: what tensor parallelism leaves whole is split by tokens

    @property
    def ranks(self) -> float:
        """Accelerators used [1]."""
        return self.tensor * self.pipeline * self.data * self.context

    @property
    def replicas(self) -> float:
        """Ranks that hold the same weights [1]."""
        return self.data * self.context

    @property
    def expert_cut(self) -> float:
        """Parts into which each expert is cut: tensor parallelism beyond the experts' ranks [1]."""
        return maximum(1.0, self.tensor / self.expert)

    @property
    def expert_replicas(self) -> float:
        """Ranks that hold the same part of the same experts [1]."""
        return self.tensor * self.replicas / maximum(self.expert, self.tensor)

    @property
    def micro_batches(self) -> float:
        """Passes of a replica in one step [1]."""
        return self.batch / (self.data * self.micro_batch)

    def tokens(self, sequence: float) -> float:
        """Tokens of one pass on one rank, of sequences of a length [tokens]."""
        return self.micro_batch * sequence / self.context

    def check(self) -> None:
        """Raise ValueError unless all degrees are whole and the batch divides evenly."""
        check_count(
            tensor=self.tensor,
            pipeline=self.pipeline,
            data=self.data,
            context=self.context,
            expert=self.expert,
            micro_batch=self.micro_batch,
            interleave=self.interleave,
            micro_batches=self.micro_batches,
            expert_replicas=self.expert_replicas,
        )


@dataclass(frozen=True)
class Software:
    """What a training framework does with a layer; facts about its code, not fitted numbers."""

    precision: str  # of the matrix products, a format of `machine.FORMATS`
    attention: str  # "scores" writes them all; "flash-1", "flash-2", "native": one kernel
    fused: bool  # dropout, bias and residual are one kernel; so are gate and activation
    dropout: bool
    copies: float  # queries, keys, values, results only rearranged, in widths, each way
    accumulate: float  # [B] moved for a weight to add its gradient to the sum, each pass
    gradient: float  # [B] of a gradient as exchanged between replicas
    bucket: float  # [B] of gradients or weights that travel in one exchange, infinite for all
    loss: float  # [B] moved for a logit, forward and backward, beyond its products
    logit: float  # [B] alive at once for a logit
    gathered: bool  # inputs gathered from tensor-parallel ranks are kept, not gathered again
    rearranged: bool  # attention's result is kept twice, as its kernel and the next product want it
    wide_norms: bool  # norms keep their input in 32 bits
    update: float  # [B] moved for a parameter in the optimizer's step
    overlap_data: bool  # gradients and weights travel while layers are computed
    overlap_tensor: int  # 0 no, 1 behind the gradient of weights, 2 in pieces behind all products
    overlap_pipeline: bool  # activations travel between stages while others are computed
    balanced: bool  # layers are dealt to stages by their work, the head's included
    scatter: bool  # each tensor-parallel rank sends its share of a boundary's activations
    operators: float  # calls into the framework for a layer's forward pass
    host: float  # [s] of the host for one of them


def ranks_per_node(group: float, stride: float, node: float) -> float:
    """Return how many ranks of a group share a node, when members are so many ranks apart.

    Args:
        group: Ranks in the group. [1]
        stride: Distance between neighbours of the group, in ranks. [1]
        node: Accelerators of a node. [1]

    Returns:
        Ranks of the group in one node, at least 1. [1]

    Raises:
        ValueError: If group, stride or node is not positive.

    References:
        Narayanan et al. 2021, section 3, https://doi.org/10.48550/arXiv.2104.04473

    Examples:
        Replicas of a network that two tensor-parallel ranks share: four in a node of eight.

        >>> ranks_per_node(32, 2, 8)
        4.0
    """
    check_positive(group=group, stride=stride, node=node)
    return minimum(group, maximum(1.0, floor(node / stride)))
