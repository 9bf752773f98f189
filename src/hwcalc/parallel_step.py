"""One data-parallel training step on a cluster, put together from its parts.

The slowest rank sets the pace: its backward pass makes the buckets ready, the collective of the
cluster moves them one at a time, and the step ends when the last one has arrived. Everything is an
estimate, made of `hwcalc.buckets`, `hwcalc.all_reduce` and `hwcalc.data_parallel`.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hwcalc import cnn, transformer
from hwcalc.all_reduce import all_reduce
from hwcalc.buckets import even_buckets, exchange_schedule, last_exchange_end, layer_buckets
from hwcalc.convnets import ConvNet, convnets
from hwcalc.data_parallel import BACKWARD_SHARE, slowest_rank_delay, step_parts
from hwcalc.networks import Transformer
from hwcalc.numeric import check_fraction, check_positive

__all__ = [
    "Cluster",
    "Step",
    "backward_flops_per_parameter",
    "data_parallel_step",
    "data_parallel_time",
    "network_buckets",
    "network_parameters",
]


@dataclass(frozen=True)
class Cluster:
    """Ranks in nodes, and what joins them; bandwidths are of one direction."""

    ranks: int
    ranks_per_node: int
    network_bandwidth: float  # [B/s] of one node into the network
    local_bandwidth: float  # [B/s] of one rank inside its node
    network_latency: float  # [s] of a step of a collective between nodes
    local_latency: float  # [s] of a step of a collective inside a node


@dataclass(frozen=True)
class Step:
    """One step of the slowest rank; times count from the start of its forward pass."""

    parts: dict[str, float]  # [s] as `data_parallel.step_parts`
    forward_end: float  # [s]
    backward_end: float  # [s]
    exchanges: tuple[tuple[float, float], ...]  # [s] start and end of each bucket's exchange
    exchange_time: float  # [s] all exchanges together

    @property
    def time(self) -> float:
        """Time of the whole step [s]."""
        return sum(self.parts.values())

    @property
    def hidden(self) -> float:
        """Share of the exchange that runs during the backward pass [1]."""
        if self.exchange_time == 0:
            return 1.0
        # Summing many buckets rounds; nothing hidden is 0, not a hair below.
        return max(0.0, 1 - self.parts["wait/exchange"] / self.exchange_time)


def network_parameters(network: ConvNet | Transformer) -> float:
    """Return the number of parameters whose gradients are exchanged.

    Args:
        network: A network of the catalogue. [1]

    Returns:
        Parameters. [1]

    References:
        The source of each network is in its file of the catalogue.

    Examples:
        >>> network_parameters(convnets()["resnet50"])
        25557032.0
    """
    if isinstance(network, ConvNet):
        return _convolutional(network)
    return transformer.parameter_count(network, active=False)


@functools.cache
def _convolutional(network: ConvNet) -> float:
    """Count a network once: its layers are many, and a chart asks again and again."""
    return sum(cnn.parameters(network).values())


def backward_flops_per_parameter(network: ConvNet) -> float:
    r"""Return the work of the backward pass for one image, per parameter.

    $$c = \frac{2 F}{P}$$

    A token meets every weight of a dense transformer once, which makes 4. A convolution uses its
    weights at every position of the image, which makes hundreds.

    Args:
        network: A convolutional network of the catalogue, forward pass of $F$ FLOP and $P$
            parameters. [1]

    Returns:
        Work of the backward pass per parameter and image. [FLOP]

    References:
        Backward as twice forward: `data_parallel.BACKWARD_SHARE`.

    Examples:
        >>> backward_flops_per_parameter(convnets()["resnet50"])
        640.0
    """
    return 2 * cnn.forward_flops(network) / network_parameters(network)


def network_buckets(
    network: ConvNet | Transformer, gradient_bytes: float, capacity: float, first: float
) -> list[tuple[float, float]]:
    """Return the gradient buckets of a network of the catalogue.

    A convolutional network is walked layer by layer, time in proportion to multiply-adds. The
    blocks of a transformer are taken as alike, and its tables of tokens, positions and segments
    come last: they are the first layer, so their gradients are finished at the very end.

    Args:
        network: A network of the catalogue. [1]
        gradient_bytes: Bytes exchanged per parameter. [B]
        capacity: Size at which a bucket is closed. [B]
        first: The same for the first bucket of a convolutional network. [B]

    Returns:
        For each bucket the share of the backward pass after which it is ready, and its
        size. [(1, B)]

    Raises:
        ValueError: If a size is not positive.

    References:
        S. Li et al., PyTorch Distributed: experiences on accelerating data parallel training
        (2020), doi:10.14778/3415478.3415530

    Examples:
        Most gradients of VGG-16 are ready before a hundredth of its backward pass is over:

        >>> buckets = network_buckets(convnets()["vgg16"], 4, 25 * 2**20, 2**20)
        >>> sum(size for ready, size in buckets if ready < 0.01) / sum(size for _, size in buckets)
        0.89
    """
    check_positive(gradient_bytes=gradient_bytes, capacity=capacity, first=first)
    if isinstance(network, Transformer):
        tables = network.vocab * network.embedding_width
        tables += (network.positions + network.token_types) * network.hidden
        blocks = network_parameters(network) - tables
        return even_buckets(blocks * gradient_bytes, tables * gradient_bytes, 1.0, capacity)
    counts, work = _layer_counts(network.id)
    sizes = [count * gradient_bytes for count in counts]
    return layer_buckets(sizes, work, 1.0, capacity, first)


@functools.cache
def _layer_counts(network: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return parameters and multiply-adds of each layer; counting them for every curve is slow."""
    whole = convnets()[network]
    layers = [replace(whole, layers=(layer,)) for layer in whole.layers]
    counts = tuple(sum(cnn.parameters(layer).values()) for layer in layers)
    return counts, tuple(sum(cnn.macs(layer).values()) for layer in layers)


def data_parallel_step(
    compute: float,
    buckets: Sequence[tuple[float, float]],
    cluster: Cluster,
    method: str,
    window: float,
    spread: float,
) -> Step:
    """Return one training step on a cluster of ranks that compute alike.

    Args:
        compute: Mean time of forward and backward pass of one rank. [s]
        buckets: For each bucket the share of the backward pass after which it is ready, not
            decreasing, and its size. [(1, B)]
        cluster: The ranks and what joins them. [1]
        method: How gradients are summed, a key of `all_reduce.ALL_REDUCE_METHODS`. [1]
        window: Share of the backward pass, counted from its end, during which the exchange may
            run; 0 means no overlap. [1]
        spread: Relative standard deviation of the ranks' compute times. [1]

    Returns:
        The step, with its parts and its time line. [Step]

    Raises:
        ValueError: If compute is not positive, window is not between 0 and 1, or a function that
            makes up the step refuses its arguments.

    References:
        The functions it calls.

    Examples:
        A gigabyte in ten buckets behind 200 ms of backward pass, on 16 GPUs at 25 GB/s:

        >>> cluster = Cluster(16, 8, 25e9, 300e9, 0.0, 0.0)
        >>> even = [((k + 1) / 10, 1e8) for k in range(10)]
        >>> step = data_parallel_step(0.3, even, cluster, "ring", 1.0, 0.0)
        >>> step.parts["wait/exchange"], step.hidden
        (0.0075, 0.9)
    """
    check_positive(compute=compute)
    check_fraction(window=window)
    delay = slowest_rank_delay(cluster.ranks, spread)
    forward = compute * (1 - BACKWARD_SHARE) * (1 + delay)
    backward = compute * BACKWARD_SHARE * (1 + delay)
    # Buckets of one size are many; their time is worked out once.
    times = {size: _exchange(method, size, cluster) for size in {size for _, size in buckets}}
    durations = [times[size] for _, size in buckets]
    spans = exchange_schedule(
        [share * backward for share, _ in buckets], durations, (1 - window) * backward
    )
    exposed = max(0.0, spans[-1][1] - backward) if spans else 0.0
    return Step(
        parts=step_parts(compute, delay, exposed),
        forward_end=forward,
        backward_end=forward + backward,
        exchanges=tuple((forward + start, forward + end) for start, end in spans),
        exchange_time=sum(durations),
    )


def data_parallel_time(
    compute: float,
    runs: Sequence[tuple[float, float, int, float]],
    cluster: Cluster,
    method: str,
    window: float,
    spread: float,
) -> float:
    """Return the time of `data_parallel_step`, without its parts and its time line.

    A chart of many clusters asks for nothing else, and a network can have hundreds of buckets.

    Args:
        compute: Mean time of forward and backward pass of one rank. [s]
        runs: The buckets as `buckets.bucket_runs`, ready after shares of the backward
            pass. [(1, 1, 1, B)]
        cluster: The ranks and what joins them. [1]
        method: How gradients are summed, a key of `all_reduce.ALL_REDUCE_METHODS`. [1]
        window: Share of the backward pass, counted from its end, during which the exchange may
            run; 0 means no overlap. [1]
        spread: Relative standard deviation of the ranks' compute times. [1]

    Returns:
        Time of the step. [s]

    Raises:
        ValueError: If compute is not positive, window is not between 0 and 1, or a function that
            makes up the step refuses its arguments.

    References:
        The functions it calls.

    Examples:
        >>> cluster = Cluster(16, 8, 25e9, 300e9, 0.0, 0.0)
        >>> data_parallel_time(0.3, [(0.1, 1.0, 10, 1e8)], cluster, "ring", 1.0, 0.0)
        0.3075
    """
    check_positive(compute=compute)
    check_fraction(window=window)
    pace = 1 + slowest_rank_delay(cluster.ranks, spread)
    backward = compute * BACKWARD_SHARE * pace
    times = {size: _exchange(method, size, cluster) for size in {size for *_, size in runs}}
    ends = [(first * backward, last * backward, count) for first, last, count, _ in runs]
    durations = [times[size] for *_, size in runs]
    end = last_exchange_end(ends, durations, (1 - window) * backward)
    return compute * pace + max(0.0, end - backward)


def _exchange(method: str, size: float, cluster: Cluster) -> float:
    return all_reduce(
        method,
        size,
        cluster.ranks,
        cluster.ranks_per_node,
        cluster.network_bandwidth,
        cluster.local_bandwidth,
        cluster.network_latency,
        cluster.local_latency,
    )
