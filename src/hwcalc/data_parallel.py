r"""Time of a training step when every accelerator holds the whole network.

Each rank computes the gradients of its own samples, then waits for the slowest rank and for what
the backward pass could not hide of the exchange (`hwcalc.buckets`).

- the step and its efficiency: `step_parts`, `scaling_efficiency`, `slowest_rank_delay`
- the other way round: `hiding_bandwidth`, `compute_bound_batch`, `implied_exchange_time`
- without overlap, for compression: `speedup_unhidden`, `exchange_ratio`

Left out: data loading, the host, the optimizer's own time, and failures.
"""

from typing import Any

from hwcalc.numeric import (
    check_at_least,
    check_count,
    check_fraction,
    check_non_negative,
    check_positive,
)

__all__ = [
    "BACKWARD_SHARE",
    "compute_bound_batch",
    "exchange_ratio",
    "hiding_bandwidth",
    "implied_exchange_time",
    "scaling_efficiency",
    "slowest_rank_delay",
    "speedup_unhidden",
    "step_parts",
]

# Share of forward and backward pass that is backward: two matrix products for each of the forward
# pass, one for the gradient of the input and one for that of the weights.
BACKWARD_SHARE = 2 / 3


def slowest_rank_delay(ranks: float, spread: float) -> float:
    r"""Return by how much the slowest of many ranks is expected to lag behind the mean.

    All ranks wait for the last one. If their compute times are independent and normal with
    relative standard deviation $\sigma$, the expected maximum of $n$ lies at about the
    $p = (n - 3/8) / (n + 1/4)$ quantile. That quantile is taken from Tukey's lambda distribution
    with $\lambda = 0.135$, which follows the normal one within 2 % up to $n = 4096$. An estimate
    of the mechanism; the spread must come from measurement.

    $$\delta = \sigma\, \frac{p^{\lambda} - (1 - p)^{\lambda}}{0.1975}$$

    Args:
        ranks: Participants, $n$. [1]
        spread: Relative standard deviation of the ranks' compute times, $\sigma$. [1]

    Returns:
        Expected lag of the slowest rank as a share of the mean compute time; zero for one
        rank. [1]

    Raises:
        ValueError: If ranks is not a whole number of at least 1 or spread is negative.

    References:
        G. Blom, Statistical estimates and transformed beta-variables (1958);
        B. L. Joiner, J. R. Rosenblatt, Some properties of the range in samples from Tukey's
        symmetric lambda distributions (1971), doi:10.1080/01621459.1971.10482275

    Examples:
        With 2 % of spread the slowest of 8 ranks lags 3 %, the slowest of 512 lags 6 %:

        >>> slowest_rank_delay(8, 0.02), slowest_rank_delay(512, 0.02)
        (0.028, 0.060)
    """
    check_count(ranks=ranks)
    check_non_negative(spread=spread)
    quantile = (ranks - 0.375) / (ranks + 0.25)
    score: float = (quantile**0.135 - (1 - quantile) ** 0.135) / 0.1975
    return spread * score


def step_parts(compute: float, delay: float, exposed: float) -> dict[str, float]:
    """Return the parts of one training step, seen from an average rank.

    Args:
        compute: Mean time of forward and backward pass of one rank. [s]
        delay: Lag of the slowest rank, as a share of `compute`. [1]
        exposed: Exchange that the backward pass cannot hide. [s]

    Returns:
        Parts whose sum is the time of the step: `compute/forward`, `compute/backward`,
        `wait/slowest`, `wait/exchange`. [s]

    Raises:
        ValueError: If an argument is negative.

    References:
        Forward to backward as one to two: `BACKWARD_SHARE`.

    Examples:
        >>> sum(step_parts(0.3, 0.1, 0.02).values())
        0.35
    """
    check_non_negative(compute=compute, delay=delay, exposed=exposed)
    return {
        "compute/forward": compute * (1 - BACKWARD_SHARE),
        "compute/backward": compute * BACKWARD_SHARE,
        "wait/slowest": compute * delay,
        "wait/exchange": exposed,
    }


def scaling_efficiency(compute: float, step: float) -> float:
    r"""Return the share of a step that is not spent waiting for other ranks.

    $$\eta = \frac{t_{compute}}{t_{step}}$$

    Each rank keeps its batch (weak scaling), so $\eta$ times the number of ranks is the speed-up
    over one of them.

    Args:
        compute: Time of the step on a single rank, $t_{compute}$. [s]
        step: Time of the step on all ranks, $t_{step}$. [s]

    Returns:
        Efficiency. [1]

    Raises:
        ValueError: If a time is not positive.

    References:
        A. Sergeev, M. Del Balso, Horovod (2018), https://arxiv.org/abs/1802.05799

    Examples:
        >>> scaling_efficiency(0.3, 0.32)
        0.9375
    """
    check_positive(compute=compute, step=step)
    return compute / step


def hiding_bandwidth(size: float, ranks: float, backward: float) -> float:
    r"""Return the bandwidth at which the exchange takes exactly as long as the backward pass.

    Below it the exchange cannot be hidden however well it overlaps. A bound: a bandwidth-optimal
    all-reduce without latency.

    $$B = \frac{2 (n - 1)}{n}\, \frac{S}{t_b}$$

    Args:
        size: Gradients of one rank, $S$. [B]
        ranks: Participants, $n$. [1]
        backward: Time of the backward pass, $t_b$. [s]

    Returns:
        Rate at which each rank must send, in one direction. [B/s]

    Raises:
        ValueError: If size is negative, ranks is not a whole number of at least 1, or backward is
            not positive.

    References:
        P. Goyal et al., Accurate, large minibatch SGD (2017), https://arxiv.org/abs/1706.02677

    Examples:
        100 MB of gradients of ResNet-50 behind 125 ms, on very many GPUs: 12.8 Gbit/s.

        >>> hiding_bandwidth(100e6, 10**9, 0.125) * 8
        12.8e9
    """
    check_non_negative(size=size)
    check_count(ranks=ranks)
    check_positive(backward=backward)
    return 2 * (ranks - 1) / ranks * size / backward


def implied_exchange_time(
    alone: float, together: float, ranks: float, batch: float, window: float
) -> float:
    r"""Return the exchange time that explains a measured speed-up.

    Solves the overlap model for the time of the whole exchange, for many small buckets: what is
    lost against perfect scaling, plus what the backward pass could have hidden. An upper estimate:
    everything lost is put down to the exchange. If nothing was lost, the exchange took at most the
    time that could be hidden.

    $$e = \frac{n\, b}{R_n} - \frac{b}{R_1} + w\, \frac{2}{3}\, \frac{b}{R_1}$$

    Args:
        alone: Measured throughput of one rank, $R_1$. [samples/s]
        together: Measured throughput of all ranks, $R_n$. [samples/s]
        ranks: Participants, $n$. [1]
        batch: Samples per rank and step, $b$. [samples]
        window: Share of the backward pass during which the exchange ran, $w$; 0 means no
            overlap. [1]

    Returns:
        Time of the whole exchange. [s]

    Raises:
        ValueError: If a rate or the batch is not positive, ranks is below 2 or not whole, window
            is not between 0 and 1, or the ranks together are faster than as many single ones.

    References:
        The inverse of `scaling_efficiency` and `exposed_time`.

    Examples:
        Two GPUs that reach 1.6 times the 50 sequences per second of one, 10 per step:

        >>> implied_exchange_time(50.0, 80.0, 2, 10.0, 0.0)
        0.05
    """
    check_positive(alone=alone, together=together, batch=batch)
    check_count(ranks=ranks)
    check_at_least(2, ranks=ranks)
    check_fraction(window=window)
    step, compute = ranks * batch / together, batch / alone
    if _any(step < compute):
        raise ValueError(
            f"together = {together!r} and alone = {alone!r}: {ranks} ranks cannot be faster than "
            "as many times one"
        )
    return step - compute + window * BACKWARD_SHARE * compute


def _any(condition: Any) -> bool:
    """Return whether a truth value, or one of an array of them, is true."""
    return bool(condition.any() if hasattr(condition, "any") else condition)


def compute_bound_batch(
    peak_flops: float,
    bandwidth: float,
    ranks: float,
    gradient_bytes: float,
    backward_flops: float,
) -> float:
    r"""Return the smallest batch per rank whose backward pass hides the whole exchange.

    A ring all-reduce of $k$ bytes per parameter must take no longer than the backward pass, which
    does $c$ FLOP per parameter and sample: 4 for a token that meets every weight once, more for an
    image whose weights are used at many positions. A bound: latency is left out and both sides run
    at their full rate.

    $$b \ge \frac{2 (n - 1)}{n}\, \frac{k}{c}\, \frac{C}{B}$$

    With two bytes and tokens it is $C / B$ for many ranks.

    Args:
        peak_flops: Rate at which a rank computes, $C$. [FLOP/s]
        bandwidth: Rate at which a rank sends, all its links together, one direction each,
            $B$. [B/s]
        ranks: Participants, $n$. [1]
        gradient_bytes: Bytes exchanged per parameter, $k$. [B]
        backward_flops: Work of the backward pass per parameter and sample, $c$. [FLOP]

    Returns:
        Samples, or tokens, per rank and step. [samples]

    Raises:
        ValueError: If ranks is not a whole number of at least 1 or another argument is not
            positive.

    References:
        J. Austin et al., How to scale your model (2025), training chapter,
        https://jax-ml.github.io/scaling-book/training

    Examples:
        A TPU v5p sends at 90 GB/s both ways round a ring along one axis of its torus:

        >>> compute_bound_batch(459e12, 2 * 90e9, 10**6, 2, 4)
        2550.0
    """
    check_positive(
        peak_flops=peak_flops,
        bandwidth=bandwidth,
        gradient_bytes=gradient_bytes,
        backward_flops=backward_flops,
    )
    check_count(ranks=ranks)
    factor = 2 * (ranks - 1) / ranks
    return factor * gradient_bytes / backward_flops * peak_flops / bandwidth


def speedup_unhidden(ranks: float, ratio: float, volume: float, overhead: float) -> float:
    r"""Return the speed-up when the exchange follows the computation, without overlap.

    $$s = \frac{n}{1 + \rho\, v\, \frac{n - 1}{n} + h}$$

    An estimate without latency; the exchange is one that is bound by bandwidth and optimal.

    Args:
        ranks: Participants, $n$. [1]
        ratio: Time of the exchange on very many ranks over time of computation, at full precision,
            $\rho$. [1]
        volume: Bytes sent as a share of those at full precision, $v$. [1]
        overhead: Time for packing and unpacking over time of computation, $h$. [1]

    Returns:
        Speed-up over one rank. [1]

    Raises:
        ValueError: If ranks is not a whole number of at least 1 or another argument is negative.

    References:
        T. Dettmers, 8-bit approximations for parallelism in deep learning (2016),
        https://arxiv.org/abs/1511.04561 gives measured and modelled speed-ups of this kind

    Examples:
        >>> speedup_unhidden(96, 3.2, 1.0, 0.0), speedup_unhidden(96, 3.2, 0.25, 0.0)
        (23.0, 53.6)
    """
    check_count(ranks=ranks)
    check_non_negative(ratio=ratio, volume=volume, overhead=overhead)
    return ranks / (1 + ratio * volume * (ranks - 1) / ranks + overhead)


def exchange_ratio(ranks: float, speedup: float) -> float:
    r"""Return the ratio of exchange to computation that a speed-up without overlap implies.

    The inverse of `speedup_unhidden` at full precision and without overhead: a fit of the one free
    parameter to one point.

    $$\rho = \left(\frac{n}{s} - 1\right) \frac{n}{n - 1}$$

    Args:
        ranks: Participants, $n$. [1]
        speedup: Speed-up over one rank, $s$. [1]

    Returns:
        Time of the exchange on very many ranks over time of computation. [1]

    Raises:
        ValueError: If ranks is below 2 or not whole, or speedup is not above zero and at most
            `ranks`.

    References:
        The inverse of `speedup_unhidden`.

    Examples:
        >>> exchange_ratio(96, 23.0)
        3.207
    """
    check_count(ranks=ranks)
    check_at_least(2, ranks=ranks)
    check_positive(speedup=speedup)
    if _any(speedup > ranks):
        raise ValueError(f"speedup = {speedup!r} and ranks = {ranks!r}: speedup must not be larger")
    return (ranks / speedup - 1) * ranks / (ranks - 1)
