r"""Time of a collective operation on a torus, the way TPUs are joined.

Every chip has two links on each axis, one to either side. The ranks of a group fill $d$ axes of the
same length $a = n^{1/d}$, and their links together carry $B$ in one direction. Estimates: each axis
is a ring in both directions, data move on all axes at once, and nothing else uses the links.

Not fitted: no table of measured collectives on a torus is public. Left out: axes that do not close
into rings, which have half the rate, axes of different lengths, and twisted tori.
"""

from hwcalc.numeric import ceil, check_count, check_non_negative, check_positive, maximum, minimum

__all__ = ["largest_group", "torus_time"]

_PASSES = {"all_reduce": 2.0, "all_gather": 1.0, "reduce_scatter": 1.0}


def torus_time(
    operation: str, size: float, ranks: float, axes: float, bandwidth: float, step: float
) -> float:
    r"""Return the time of a collective operation on a torus.

    All-gather and reduce-scatter use every link of a chip and go half way round each axis, an
    all-reduce is one after the other; a broadcast brings all of $S$ to every chip:

    $$ t = p \left( \frac{n - 1}{n} \frac{S}{B} + d \frac{a - 1}{2} \alpha \right),
       \qquad t_{broadcast} = \frac{S}{B} + d \frac{a - 1}{2} \alpha $$

    In an all-to-all half of all data cross the middle of an axis, over $2 n / a$ links of
    $B / 2 d$ each way:

    $$ t = \frac{a d}{4} \frac{S}{B} + d \frac{a - 1}{2} \alpha $$

    but never less than what leaves a chip, $(n - 1) S / n B$.

    Args:
        operation: `all_reduce`, `all_gather`, `reduce_scatter`, `all_to_all` or `broadcast`. [1]
        size: Whole buffer of a rank, $S$; for all-gather after, for reduce-scatter before it. [B]
        ranks: Participants, $n$. [1]
        axes: Axes of the torus, $d$. [1]
        bandwidth: Rate of all links of a chip on these axes, one direction, $B$. [B/s]
        step: Time from a chip to its neighbour, $\alpha$. [s]

    Returns:
        Time of the operation; zero for one rank. [s]

    Raises:
        ValueError: If the operation is unknown, ranks or axes is not a whole number of at least 1,
            bandwidth is not positive, or size or step is negative.

    References:
        J. Austin et al., How to Scale Your Model, Sharded matrices and how to multiply them,
        https://jax-ml.github.io/scaling-book/sharding/

    Examples:
        A gigabyte gathered on one axis of 16 TPU v5e, 50 GB/s to either side:

        >>> torus_time("all_gather", 1e9, 16, 1, 100e9, 1e-6)
        0.00938
        >>> torus_time("all_to_all", 1e9, 16, 1, 100e9, 1e-6)
        0.0400
    """
    check_non_negative(size=size, step=step)
    check_positive(bandwidth=bandwidth)
    check_count(ranks=ranks, axes=axes)
    length: float = ranks ** (1 / axes)
    hops = axes * (length - 1) / 2 * step
    out = (ranks - 1) / ranks * size / bandwidth
    if operation == "all_to_all":
        # One rank has no other half to send to.
        middle = minimum(1, ranks - 1) * axes * length / 4 * size / bandwidth
        return maximum(out, middle) + hops
    if operation == "broadcast":
        return minimum(1, ranks - 1) * size / bandwidth + hops
    if operation not in _PASSES:
        raise ValueError(
            f"operation = {operation!r}: must be one of {', '.join(_PASSES)}, all_to_all, broadcast"
        )
    return _PASSES[operation] * (out + hops)


def largest_group(pod: float, axes: float, used: float) -> float:
    r"""Return how many chips a group can have that fills some axes of a pod.

    $$ n = \left\lceil p^{1/d} \right\rceil^{u} $$

    Assumption: a pod whose axes differ counts as one with equal axes, so its longest axis is a
    little longer than this says. The whole pod is exact.

    Args:
        pod: Chips of the pod, $p$. [1]
        axes: Its axes, $d$. [1]
        used: Axes that the group fills, $u$. [1]

    Returns:
        Chips. [1]

    Raises:
        ValueError: If an argument is not a whole number of at least 1 or more axes are used than
            there are.

    References:
        J. Austin et al., How to Scale Your Model, How to think about TPUs,
        https://jax-ml.github.io/scaling-book/tpus/

    Examples:
        A TPU v4, 16 x 16 x 16:

        >>> largest_group(4096.0, 3, 1)
        16.0
        >>> largest_group(4096.0, 3, 2)
        256.0
    """
    check_count(pod=pod, axes=axes, used=used)
    check_non_negative(**{"axes - used": axes - used})
    # The third root of 4096 is a hair above 16.
    edge = ceil(pod ** (1 / axes) - 1e-9)
    return minimum(pod, edge**used)
