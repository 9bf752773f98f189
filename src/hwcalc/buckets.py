r"""Buckets of gradients: when they are ready, when they travel, what is left to wait for.

Before the optimizer may run, the gradients of all ranks must be summed. The sum travels in
buckets: a bucket leaves when the backward pass has finished the gradients in it, one bucket at a
time, so most of the exchange hides behind the rest of the backward pass.

- buckets and when they are ready: `layer_buckets`, `even_buckets`
- how many gradients are ready when: `ready_share`
- when their exchange runs: `exchange_schedule`, and in closed form `exposed_time`

Left out: the exchange's own use of the accelerator (it takes multiprocessors and memory bandwidth
from the backward pass), and that several buckets may travel at a time.
"""

from collections.abc import Sequence

from hwcalc.numeric import (
    check_at_least,
    check_count,
    check_fraction,
    check_non_negative,
    check_positive,
    maximum,
    minimum,
)

__all__ = [
    "bucket_runs",
    "even_buckets",
    "exchange_schedule",
    "exposed_time",
    "last_exchange_end",
    "layer_buckets",
    "ready_share",
]


def layer_buckets(
    sizes: Sequence[float],
    work: Sequence[float],
    backward: float,
    capacity: float,
    first: float,
) -> list[tuple[float, float]]:
    """Return the gradient buckets of a network of known layers, in the order they leave.

    The backward pass walks the layers from last to first and spends time on each in proportion to
    its work (an estimate: layers that are bound by memory take longer than their work says). A
    bucket collects layers until it holds at least its capacity. A layer is never cut, so a bucket
    can be much larger than its capacity.

    Args:
        sizes: Gradient of each layer, in forward order. [B]
        work: Work of each layer, in forward order and any unit, for example multiply-adds. [any]
        backward: Time of the whole backward pass. [s]
        capacity: Size at which a bucket is closed; PyTorch's default is 25 MiB. [B]
        first: The same for the first bucket, smaller so that the exchange starts early; PyTorch's
            default is 1 MiB. [B]

    Returns:
        For each bucket the time from the start of the backward pass until it is ready, and its
        size. [(s, B)]

    Raises:
        ValueError: If sizes and work differ in length or have no positive sum, one of their values
            is negative, backward is negative, or a capacity is not positive.

    References:
        S. Li et al., PyTorch Distributed: experiences on accelerating data parallel training
        (2020), doi:10.14778/3415478.3415530

    Examples:
        A large last layer that costs little is ready early:

        >>> layer_buckets([10e6, 400e6], [9.0, 1.0], 0.1, 25e6, 1e6)
        [(0.01, 400000000.0), (0.1, 10000000.0)]
    """
    if len(sizes) != len(work):
        raise ValueError(f"sizes and work have {len(sizes)} and {len(work)} layers: must be equal")
    for size, effort in zip(sizes, work, strict=True):
        check_non_negative(sizes=size, work=effort)
    check_positive(sizes=sum(sizes), work=sum(work), capacity=capacity, first=first)
    check_non_negative(backward=backward)
    total = sum(work)
    buckets: list[tuple[float, float]] = []
    filled = done = 0.0
    for size, effort in zip(reversed(sizes), reversed(work), strict=True):
        filled += size
        done += effort
        if filled >= (capacity if buckets else first):
            buckets.append((backward * minimum(1.0, done / total), filled))
            filled = 0.0
    if filled > 0:
        buckets.append((backward, filled))
    return buckets


def even_buckets(
    size: float, tail: float, backward: float, capacity: float
) -> list[tuple[float, float]]:
    r"""Return the gradient buckets of a network whose layers are all alike.

    The gradients appear at an even rate through the backward pass, in as many equal buckets as the
    capacity asks for. The tail comes on top, at the very end: the embedding of a transformer is
    the first layer, so its gradient is finished last.

    Args:
        size: Gradient of the layers that are alike. [B]
        tail: Gradient of the first layer, ready when the backward pass ends. [B]
        backward: Time of the whole backward pass. [s]
        capacity: Largest bucket. [B]

    Returns:
        For each bucket the time from the start of the backward pass until it is ready, and its
        size. [(s, B)]

    Raises:
        ValueError: If size or capacity is not positive, or tail or backward is negative.

    References:
        S. Li et al., PyTorch Distributed: experiences on accelerating data parallel training
        (2020), doi:10.14778/3415478.3415530

    Examples:
        >>> even_buckets(50e6, 10e6, 0.1, 25e6)
        [(0.05, 25000000.0), (0.1, 25000000.0), (0.1, 10000000.0)]
    """
    check_positive(size=size, capacity=capacity)
    check_non_negative(tail=tail, backward=backward)

    def count(volume: float) -> int:
        return int(-(-volume // capacity))

    layers, last = count(size), count(tail)
    return [(backward * ((k + 1) / layers), size / layers) for k in range(layers)] + [
        (backward, tail / last) for _ in range(last)
    ]


def ready_share(buckets: Sequence[tuple[float, float]], moment: float) -> float:
    """Return the share of all gradients that is ready at a moment of the backward pass.

    Args:
        buckets: For each bucket the time until it is ready, and its size. [(s, B)]
        moment: Time from the start of the backward pass, in the unit of the buckets. [s]

    Returns:
        Share of the bytes. [1]

    Raises:
        ValueError: If the buckets hold nothing.

    References:
        A sum over `layer_buckets` or `even_buckets`.

    Examples:
        >>> ready_share([(0.01, 400e6), (0.1, 100e6)], 0.05)
        0.8
    """
    total = sum(size for _, size in buckets)
    check_positive(buckets=total)
    return sum(size for ready, size in buckets if ready <= moment) / total


def exchange_schedule(
    ready: Sequence[float], durations: Sequence[float], earliest: float
) -> list[tuple[float, float]]:
    r"""Return when each bucket's exchange starts and ends.

    One exchange runs at a time and they run in order. Each starts as soon as its bucket is ready,
    the one before it is done, and exchanging is allowed at all.

    $$s_k = \max(r_k, e_{k-1}, t_0), \qquad e_k = s_k + d_k$$

    Args:
        ready: Time at which each bucket is ready, not decreasing, $r_k$. [s]
        durations: Time each exchange takes, $d_k$. [s]
        earliest: Time before which no exchange may start, $t_0$; the end of the backward pass
            means no overlap. [s]

    Returns:
        Start and end of each exchange. [(s, s)]

    Raises:
        ValueError: If ready and durations differ in length, a duration is negative, or ready
            decreases.

    References:
        S. Li et al., PyTorch Distributed: experiences on accelerating data parallel training
        (2020), doi:10.14778/3415478.3415530

    Examples:
        The second exchange waits for the first, the third for its bucket:

        >>> exchange_schedule([1.0, 2.0, 9.0], [3.0, 2.0, 1.0], 0.0)
        [(1.0, 4.0), (4.0, 6.0), (9.0, 10.0)]
    """
    if len(ready) != len(durations):
        raise ValueError(
            f"ready and durations have {len(ready)} and {len(durations)} buckets: must be equal"
        )
    spans: list[tuple[float, float]] = []
    end = earliest
    previous = ready[0] if ready else 0.0
    for moment, duration in zip(ready, durations, strict=True):
        # Compared here first: the checks alone would take most of the time of a long schedule.
        if not duration >= 0:
            check_non_negative(durations=duration)
        if not moment >= previous:
            check_at_least(previous, ready=moment)
        previous = moment
        start = max(moment, end)
        end = start + duration
        spans.append((start, end))
    return spans


def bucket_runs(buckets: Sequence[tuple[float, float]]) -> list[tuple[float, float, int, float]]:
    """Return buckets as runs of equal ones that become ready at equal distances.

    A transformer has hundreds of alike buckets; `last_exchange_end` needs one look at each run.

    Args:
        buckets: For each bucket the time until it is ready, not decreasing, and its
            size. [(s, B)]

    Returns:
        For each run the time until its first and its last bucket are ready, their number and the
        size of one. [(s, s, 1, B)]

    References:
        Run-length encoding of `even_buckets` and `layer_buckets`.

    Examples:
        >>> bucket_runs([(1.0, 25.0), (2.0, 25.0), (3.0, 25.0), (3.0, 10.0)])
        [(1.0, 3.0, 3, 25.0), (3.0, 3.0, 1, 10.0)]
    """
    runs: list[tuple[float, float, int, float]] = []
    for ready, size in buckets:
        if runs and runs[-1][3] == size:
            first, last, count, _ = runs[-1]
            step = (last - first) / (count - 1) if count > 1 else ready - last
            if abs(ready - last - step) <= 1e-9 * ready:
                runs[-1] = (first, ready, count + 1, size)
                continue
        runs.append((ready, ready, 1, size))
    return runs


def last_exchange_end(
    runs: Sequence[tuple[float, float, int]], durations: Sequence[float], earliest: float
) -> float:
    r"""Return when the last exchange of `exchange_schedule` ends, one look at each run of buckets.

    Within a run of $m$ buckets the exchange ends at the latest of: the one before the run is done
    and all $m$ follow; the first bucket is ready and all $m$ follow; the last is ready and it alone
    follows. What lies between is never later, because ready times rise evenly.

    $$e = \max(e_0 + m d,\; r_1 + m d,\; r_m + d)$$

    Args:
        runs: For each run the time at which its first and its last bucket are ready, and their
            number. [(s, s, 1)]
        durations: Time of one exchange in each run, $d$. [s]
        earliest: Time before which no exchange may start, $e_0$ at first. [s]

    Returns:
        End of the last exchange; `earliest` without buckets. [s]

    References:
        S. Li et al., PyTorch Distributed: experiences on accelerating data parallel training
        (2020), doi:10.14778/3415478.3415530

    Examples:
        The case of `exchange_schedule`'s example, as three runs of one:

        >>> runs = [(1.0, 1.0, 1), (2.0, 2.0, 1), (9.0, 9.0, 1)]
        >>> last_exchange_end(runs, [3.0, 2.0, 1.0], 0.0)
        10.0
    """
    end = earliest
    for (first, last, count), duration in zip(runs, durations, strict=True):
        end = max(end + count * duration, first + count * duration, last + duration)
    return end


def exposed_time(backward: float, exchange: float, buckets: float, window: float) -> float:
    r"""Return the part of an exchange that the backward pass cannot hide.

    Closed form of `exchange_schedule` for $m$ equal buckets that become ready at equal distances.
    The first bucket is ready after $1/m$ of the backward pass, the last one at its end, so the
    exchange of one bucket is always exposed.

    $$t = \max\left(\frac{e}{m},\; e - b \min\left(w, 1 - \frac{1}{m}\right)\right)$$

    Args:
        backward: Time of the backward pass, $b$. [s]
        exchange: Time of the exchange of all buckets together, $e$. [s]
        buckets: Number of buckets, $m$. [1]
        window: Share of the backward pass, counted from its end, during which the exchange may
            run, $w$; 0 means no overlap. [1]

    Returns:
        Time between the end of the backward pass and the end of the exchange. [s]

    Raises:
        ValueError: If a time is negative, buckets is not a whole number of at least 1, or window
            is not between 0 and 1.

    References:
        Derived here; the mechanism is that of doi:10.14778/3415478.3415530

    Examples:
        80 ms behind a backward pass of 100 ms: all hidden but the last of eight buckets.

        >>> exposed_time(0.1, 0.08, 8, 1.0)
        0.01
    """
    check_non_negative(backward=backward, exchange=exchange)
    check_count(buckets=buckets)
    check_fraction(window=window)
    hidden = backward * minimum(window, 1 - 1 / buckets)
    return maximum(exchange / buckets, exchange - hidden)
