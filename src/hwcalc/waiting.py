r"""Buy now or wait: what a faster successor is worth while nothing is computed until it arrives.

Whoever waits trades certain months of work for uncertain speed. Two questions are kept apart: how
much gets computed before a date (`break_even_wait`), and how much money is left at that date when
work has a value, cards have prices that move, and old ones can be sold (`plans`).

What it leaves out: work that cannot wait or that nobody needs later, the time to port software to a
new machine, and all dates of arrival but one, with a chance.
"""

from hwcalc.numeric import (
    check_at_least,
    check_fraction,
    check_non_negative,
    check_positive,
    log2,
    maximum,
    minimum,
    where,
)

__all__ = [
    "break_even_probability",
    "break_even_wait",
    "done_by_waiting",
    "mixed_speedup",
    "plans",
    "shortest_work_to_delay",
    "start_of_long_work",
]

YEAR = 365.25 * 86400  # [s]
LN2 = 0.6931471805599453


def mixed_speedup(compute: float, bandwidth: float, share: float) -> float:
    r"""Compute how much faster work gets that waits for memory part of its time: an estimate.

    $$ s = \frac{1}{(1 - m) / s_c + m / s_b} $$

    Assumption: the new chip reaches the same shares of its peak rates as the old one.

    Args:
        compute: New over old rate of arithmetic, $s_c$. [1]
        bandwidth: New over old bandwidth of the memory, $s_b$. [1]
        share: Share of the present time that waits for the memory, $m$. [1]

    Returns:
        Speed-up, between the two ratios. [1]

    Raises:
        ValueError: If a ratio is not positive or the share is not between 0 and 1.

    References:
        Amdahl 1967, "Validity of the single processor approach to achieving large scale computing
        capabilities", https://doi.org/10.1145/1465482.1465560

    Examples:
        1.6 times the arithmetic and 2.75 times the bandwidth, a third of the time in memory:

        >>> mixed_speedup(1.6, 2.75, 1 / 3)
        1.859
    """
    check_positive(compute=compute, bandwidth=bandwidth)
    check_fraction(share=share)
    return 1 / ((1 - share) / compute + share / bandwidth)


def done_by_waiting(horizon: float, wait: float, speedup: float, probability: float) -> float:
    r"""Compute the work done by waiting over that done by buying at once: an expectation.

    $$ r = \frac{T - w}{T} \left( 1 + p\,(s - 1) \right) $$

    Assumption: nothing is computed while waiting, the machine is useless after the horizon, and if
    the successor has not arrived by then, today's machine is bought instead.

    Args:
        horizon: Time from now in which work counts, $T$. [s]
        wait: Time until the successor can be had, $w$; beyond the horizon nothing is done. [s]
        speedup: Its speed over that of today's machine at the same price, $s$. [1]
        probability: Chance that it arrives by then, $p$. [1]

    Returns:
        Ratio of work; above 1 waiting does more. [1]

    Raises:
        ValueError: If horizon or speedup is not positive, wait is negative, or the probability is
            not between 0 and 1.

    References:
        The chance-weighted case of the waiting in
        https://doi.org/10.48550/arXiv.astro-ph/9912202

    Examples:
        Six months of waiting for a card 1.7 times as fast, of three years:

        >>> done_by_waiting(3 * YEAR, 0.5 * YEAR, 1.7, 1)
        1.417
    """
    check_positive(horizon=horizon, speedup=speedup)
    check_non_negative(wait=wait)
    check_fraction(probability=probability)
    return maximum(horizon - wait, 0.0) / horizon * (1 + probability * (speedup - 1))


def break_even_wait(horizon: float, speedup: float, probability: float) -> float:
    r"""Compute the longest wait after which more gets computed than by buying at once.

    $$ w = T \left( 1 - \frac{1}{1 + p\,(s - 1)} \right) $$

    Assumption: as in `done_by_waiting`, whose answer is 1 for this wait.

    Args:
        horizon: Time from now in which work counts, $T$. [s]
        speedup: The successor's speed over that of today's machine at the same price, $s$. [1]
        probability: Chance that it arrives, $p$. [1]

    Returns:
        Time; zero where the successor is no faster. [s]

    Raises:
        ValueError: If horizon or speedup is not positive, or the probability is not between 0
            and 1.

    References:
        `done_by_waiting`, solved for the wait.

    Examples:
        From RTX 3090 to RTX 4090, 1.79 times as fast in fine-tuning, in months of three years:

        >>> break_even_wait(3 * YEAR, 1.79, 1) / YEAR * 12
        15.89
    """
    check_positive(horizon=horizon, speedup=speedup)
    check_fraction(probability=probability)
    return maximum(horizon * (1 - 1 / (1 + probability * (speedup - 1))), 0.0)


def break_even_probability(horizon: float, wait: float, speedup: float) -> float:
    r"""Compute how sure one must be of a successor for waiting to do more work.

    $$ p = \frac{w}{(T - w)(s - 1)} $$

    Args:
        horizon: Time from now in which work counts, $T$. [s]
        wait: Time until the successor can be had, $w$, less than the horizon. [s]
        speedup: Its speed over that of today's machine at the same price, $s$, above 1. [1]

    Returns:
        Chance; above 1 where not even certainty suffices. [1]

    Raises:
        ValueError: If the horizon is not positive, the wait negative or not below the horizon, or
            the speedup not above 1.

    References:
        `break_even_wait`, solved for the chance.

    Examples:
        >>> break_even_probability(3 * YEAR, 0.5 * YEAR, 1.7)
        0.2857
    """
    check_positive(horizon=horizon)
    check_non_negative(wait=wait)
    check_positive(**{"speedup - 1": speedup - 1, "horizon - wait": horizon - wait})
    return wait / ((horizon - wait) * (speedup - 1))


def shortest_work_to_delay(doubling_time: float) -> float:
    r"""Compute how long work must take today for any wait to end it sooner.

    $$ C = \frac{D}{\ln 2} $$

    Assumption: as in `start_of_long_work`, whose answer is zero up to this work.

    Args:
        doubling_time: Time in which the speed for a given price doubles, $D$. [s]

    Returns:
        Time of the work on the machine of today. [s]

    Raises:
        ValueError: If the time is not positive.

    References:
        Gottbrath et al. 1999, https://doi.org/10.48550/arXiv.astro-ph/9912202

    Examples:
        The 26 months of that paper follow from its 18:

        >>> shortest_work_to_delay(1.5 * YEAR) / YEAR * 12
        25.97
    """
    check_positive(doubling_time=doubling_time)
    return doubling_time / LN2


def start_of_long_work(work: float, doubling_time: float) -> float:
    r"""Compute when to buy the machine for one long piece of work, if machines steadily improve.

    Work of time $C$ on today's machine is done at $w + C\,2^{-w/D}$ if one waits for $w$; this is
    earliest for

    $$ w = \max\!\left( 0,\; D \log_2 \frac{C \ln 2}{D} \right) . $$

    Assumption: machines of one price get faster at an even pace, and nothing else is to be done
    with one. Work that takes less than $D / \ln 2$ is never worth a wait.

    Args:
        work: Time the work takes on the machine of today, $C$. [s]
        doubling_time: Time in which the speed for a given price doubles, $D$. [s]

    Returns:
        Time to wait. [s]

    Raises:
        ValueError: If an argument is not positive.

    References:
        Gottbrath et al. 1999, "The effects of Moore's law and slacking on large computations",
        https://doi.org/10.48550/arXiv.astro-ph/9912202

    Examples:
        With a doubling in 18 months, as in that paper, 41 months of work should wait for a year:

        >>> start_of_long_work(41 / 12 * YEAR, 1.5 * YEAR) / YEAR * 12
        11.86
    """
    check_positive(work=work, doubling_time=doubling_time)
    return maximum(doubling_time * log2(work * LN2 / doubling_time), 0.0)


def plans(
    horizon: float,
    wait: float,
    speedup: float,
    probability: float,
    value: float,
    price: float,
    successor_price: float,
    drift: float,
    loss: float,
    discount: float,
    rent: float,
) -> dict[str, float]:
    r"""Compute the money left at the horizon by four plans: an expectation.

    With work on today's machine worth $v$ a second, and each machine sold for a share $1 - d$ of
    its price,

    $$ \begin{aligned}
       P(t) &= P (1 + g)^{\min(t, w)} (1 - \ell)^{\max(t - w, 0)} \\
       N &= v s (T - w) - P_1 + (1 - d) P_1 (1 - \ell)^{T - w} \\
       \text{buy} &= v T - P + (1 - d) P(T) \\
       \text{wait} &= p\, N + (1 - p) \left[ v (T - w) - P(w) + (1 - d) P(T) \right] \\
       \text{swap} &= p \left[ v w - P + (1 - d) P(w) + N \right] + (1 - p)\,\text{buy} \\
       \text{rent} &= (v - r) w + \text{wait}
       \end{aligned} $$

    where $P$ is the price of today's machine and $N$ what the successor leaves.

    Assumption: each machine is sold at the horizon, work is worth in proportion to its amount, and
    if the successor does not come by then, whoever waits buys today's machine.

    Args:
        horizon: Time from now in which work counts, $T$. [s]
        wait: Time until the successor can be had, $w$, taken as the horizon where it is later. [s]
        speedup: Its speed over that of today's machine, $s$. [1]
        probability: Chance that it arrives by then, $p$. [1]
        value: Worth of the work of today's machine, its electricity paid, $v$. [$/s]
        price: Price of today's machine, $P$. [$]
        successor_price: Price of the successor when it arrives, $P_1$. [$]
        drift: Change of the price of today's machine in a year until then, $g$. [1]
        loss: Share of its value any machine loses in a year afterwards, $\ell$. [1]
        discount: Share of the price that a seller does not get, $d$. [1]
        rent: Rent of today's machine for the hours it works, averaged over all hours, $r$. [$/s]

    Returns:
        Dollars by plan: "buy", "wait", "swap", "rent". [$]

    Raises:
        ValueError: If a time, price, value or rent is negative, the horizon or speedup not
            positive, drift below -1, or a share not between 0 and 1.

    References:
        `break_even_wait` with money: sums of payments and proceeds, each counted once.

    Examples:
        A card of $2,000 and its successor in half a year for the same, work worth $200 a month:

        >>> month = YEAR / 12
        >>> left = plans(36 * month, 6 * month, 1.7, 1, 200 / month, 2000, 2000, 0, 0.2, 0.15,
        ...              100 / month)
        >>> {plan: round(dollars) for plan, dollars in left.items()}
        {'buy': 6173, 'wait': 9173, 'swap': 10073, 'rent': 9773}
    """
    check_positive(horizon=horizon, speedup=speedup)
    check_non_negative(
        wait=wait, value=value, price=price, successor_price=successor_price, rent=rent
    )
    check_fraction(probability=probability, loss=loss, discount=discount)
    check_at_least(-1, drift=drift)
    wait = minimum(wait, horizon)
    left = horizon - wait
    kept = (1 - loss) ** (left / YEAR)
    then = price * (1 + drift) ** (wait / YEAR)  # of today's machine when the successor arrives
    sold = (1 - discount) * then * kept
    buy = value * horizon - price + sold
    # At the horizon itself nobody buys a machine.
    late = where(left > 0, value * left - then + sold, 0.0)
    new = where(
        left > 0,
        value * speedup * left - successor_price + (1 - discount) * successor_price * kept,
        0.0,
    )
    waited = probability * new + (1 - probability) * late
    swapped = value * wait - price + (1 - discount) * then + new
    return {
        "buy": buy,
        "wait": waited,
        "swap": probability * swapped + (1 - probability) * buy,
        "rent": (value - rent) * wait + waited,
    }
