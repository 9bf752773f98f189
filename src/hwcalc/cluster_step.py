r"""A training step of replicas on a real fabric, to compare one machine with several.

`hwcalc.parallel_step` takes links as given rates and a method as chosen, to show what each does.
Here the exchange takes as long as a library was measured to need, `hwcalc.collective_time`, and the
weights may be sharded. The time of the arithmetic is an input.

What it leaves out: tensor and pipeline parallelism, for which `hwcalc.training_step` is the model,
whether the network fits the memory, and a network that others use as well.
"""

from collections.abc import Sequence

from hwcalc.buckets import last_exchange_end
from hwcalc.collective_time import collective_time
from hwcalc.data_parallel import BACKWARD_SHARE, slowest_rank_delay
from hwcalc.fabric import Fabric
from hwcalc.numeric import check_positive

__all__ = ["replica_step_time"]


def replica_step_time(
    compute: float,
    runs: Sequence[tuple[float, float, int, float]],
    sharded: bool,
    ranks: float,
    per_node: float,
    joined: Fabric,
    spread: float,
) -> float:
    r"""Return the time of a step of replicas, each with its own slice of the batch.

    Copied weights: buckets of gradients are summed while the backward pass makes the next ones.
    Sharded weights (ZeRO-3, FSDP): weights are gathered in time for the forward and again for the
    backward pass, and gradients scattered, half as much again in bytes:

    $$ t = \max(t_f, g) + \max(t_b, e), \qquad g = \sum_i t_{gather}(s_i) $$

    with $e$ the end of the last exchange of the backward pass. Without sharding $g = 0$.

    Estimate: exchange and arithmetic don't slow each other down, and nothing but the first bucket
    of a pass is waited for as long as the exchange keeps up.

    Args:
        compute: Forward and backward pass of one rank. [s]
        runs: Buckets as `buckets.bucket_runs` gives them, ready after shares of the backward
            pass. [(1, 1, 1, B)]
        sharded: Whether weights are sharded among all ranks. [1]
        ranks: Replicas. [1]
        per_node: Replicas in one machine. [1]
        joined: What joins them. [1]
        spread: Relative standard deviation of the ranks' compute times. [1]

    Returns:
        Time of the step. [s]

    Raises:
        ValueError: If compute is not positive or the fabric refuses the ranks.

    References:
        S. Li et al., PyTorch Distributed (2020), doi:10.14778/3415478.3415530;
        S. Rajbhandari et al., ZeRO (2020), https://doi.org/10.48550/arXiv.1910.02054

    Examples:
        A gigabyte in ten buckets behind 200 ms of backward pass, 16 H100 in two machines:

        >>> from hwcalc.catalog import accelerators
        >>> from hwcalc.fabric import fabric
        >>> pair = fabric(accelerators()["h100-sxm"], "link", 50e9)
        >>> replica_step_time(0.3, [(0.1, 1.0, 10, 1e8)], False, 16, 8, pair, 0.0)
        0.3007
    """
    check_positive(compute=compute)
    pace = 1 + slowest_rank_delay(ranks, spread)
    backward = compute * BACKWARD_SHARE * pace
    forward = compute * pace - backward
    times = {size: _exchange(size, sharded, ranks, per_node, joined) for *_, size in runs}
    ends = [(first * backward, last * backward, count) for first, last, count, _ in runs]
    end = last_exchange_end(ends, [sum(times[size]) for *_, size in runs], 0.0)
    gathered = sum(count * times[size][0] for *_, count, size in runs)
    return max(forward, gathered) + max(backward, end)


def _exchange(
    size: float, sharded: bool, ranks: float, per_node: float, joined: Fabric
) -> tuple[float, float]:
    """Give the time to gather the weights of a bucket, and to add its gradients up."""
    if not sharded:
        return 0.0, collective_time("all_reduce", size, ranks, per_node, joined)
    gather = collective_time("all_gather", size, ranks, per_node, joined)
    return gather, collective_time("reduce_scatter", size, ranks, per_node, joined)
