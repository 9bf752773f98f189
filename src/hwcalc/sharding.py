r"""Bytes that a replica sends in a step, by what replicas shard.

ZeRO numbers the stages: 1 shards the optimizer's numbers among the replicas, 2 gradients as well,
3 weights as well, which PyTorch calls FSDP. What they keep is in `hwcalc.memory`, how long the
exchange takes and how much of it is waited for in `hwcalc.replicas`.

What it leaves out: groups that shard inside and copy outside, quantized exchanges, and frameworks
that send gradients after every micro-batch with stage 2 as well.
"""

from hwcalc.numeric import check_count, check_positive, where

__all__ = ["replica_bytes"]


def replica_bytes(
    stage: float,
    parameters: float,
    replicas: float,
    weight: float,
    gradient: float,
    micro_batches: float,
) -> float:
    r"""Return the bytes that one replica sends in a training step.

    A count for exchanges that send as little as possible. With $\rho = (n - 1) / n$

    $$ Q_0 = 2 \rho P g, \qquad Q_{1,2} = \rho P (g + w), \qquad
       Q_3 = \rho P m (2 w + g) $$

    Stages 1 and 2 split the sum of gradients into its two halves, and send new weights in the
    second. Stage 3 gathers weights for the forward and for the backward pass of every micro-batch
    and scatters gradients after each.

    Args:
        stage: What is sharded, 0 to 3. [1]
        parameters: Parameters of the network, $P$. [1]
        replicas: Ranks that see different samples, $n$. [1]
        weight: Bytes of a weight as gathered, $w$. [B]
        gradient: Bytes of a gradient as exchanged, $g$. [B]
        micro_batches: Passes of a replica in one step, $m$. [1]

    Returns:
        Bytes sent, zero for one replica. [B]

    Raises:
        ValueError: If replicas or micro_batches is not a whole number of at least 1, another
            argument is not positive, or there is no such stage.

    References:
        Rajbhandari et al. 2019, "ZeRO", section 7, https://doi.org/10.48550/arXiv.1910.02054

    Examples:
        Eight billion parameters in 16 bits on many GPUs, in GB: stage 3 sends half as much again.

        >>> replica_bytes(0, 8e9, 1024, 2, 2, 1) / 1e9
        32.0
        >>> replica_bytes(3, 8e9, 1024, 2, 2, 1) / 1e9
        48.0
    """
    check_positive(parameters=parameters, weight=weight, gradient=gradient)
    check_count(replicas=replicas, micro_batches=micro_batches, **{"stage + 1": stage + 1})
    check_count(**{"4 - stage": 4 - stage})
    share = (replicas - 1) / replicas * parameters
    halves = where(stage >= 1, gradient + weight, 2 * gradient)
    return share * where(stage >= 3, micro_batches * (2 * weight + gradient), halves)
