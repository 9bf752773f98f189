r"""Own or rent: what a machine of one's own costs, and when it has paid for itself.

An owner pays the price once and gets a part of it back at the sale; everything else is paid by the
hour. What is lost between purchase and sale is counted once, as capital, and never again in the
hourly costs: a comparison that also takes the price out of the rent it saves counts it twice.

What it leaves out: interest, tax, the time of whoever mounts and repairs it, spare parts, and that
a rented machine may be a newer one next year.
"""

import math

from hwcalc.numeric import (
    check_at_least,
    check_fraction,
    check_non_negative,
    check_positive,
    where,
)

__all__ = [
    "break_even_time",
    "break_even_use",
    "owner_costs",
    "owner_price",
    "resale_value",
    "running_cost",
    "yearly_loss",
]

YEAR = 365.25 * 86400  # [s]


def resale_value(price: float, age: float, loss: float) -> float:
    r"""Compute what a machine is worth after some time: an estimate.

    $$ R = P (1 - \ell)^{t} $$

    Assumption: it loses the same share each year. With a negative loss it gains, as cards did in
    2021 and in 2026.

    Args:
        price: Price when new, $P$. [$]
        age: Time since then, $t$. [s]
        loss: Share of its value lost in a year, $\ell$. [1]

    Returns:
        Value. [$]

    Raises:
        ValueError: If price or age is negative, or the loss above 1.

    References:
        data/prices/purchases.csv: a Tesla K80 was listed at $5,000 in 2014 and at $435 in 2022.

    Examples:
        >>> resale_value(5000, 7.7 * YEAR, 0.27)
        443.2
    """
    check_non_negative(price=price, age=age)
    check_non_negative(**{"1 - loss": 1 - loss})
    value: float = price * (1 - loss) ** (age / YEAR)
    return value


def yearly_loss(price: float, value: float, age: float) -> float:
    r"""Compute the share of its value that a machine lost in a year, on average.

    $$ \ell = 1 - (R / P)^{1 / t} $$

    Args:
        price: Price at first, $P$. [$]
        value: Price later, $R$. [$]
        age: Time between the two, $t$. [s]

    Returns:
        Share lost in a year, negative if it gained. [1]

    Raises:
        ValueError: If an argument is not positive.

    References:
        data/prices/purchases.csv

    Examples:
        A Tesla K80 from its launch to July 2022:

        >>> yearly_loss(5000, 435, 7.7 * YEAR)
        0.272
    """
    check_positive(price=price, value=value, age=age)
    kept: float = (value / price) ** (YEAR / age)
    return 1 - kept


def running_cost(
    power: float, idle_power: float, use: float, pue: float, tariff: float, hosting: float
) -> float:
    r"""Compute what a machine costs for each second it is owned, its price apart.

    $$ k = \left( u\,w + (1 - u)\, w_0 \right) \eta\, c + h $$

    Args:
        power: Power at work, $w$. [W]
        idle_power: Power while it waits, zero if it is switched off, $w_0$. [W]
        use: Share of the time it works, $u$. [1]
        pue: Power usage effectiveness of the building; cooling at home counts, too, $\eta$. [1]
        tariff: Price of electricity, $c$. [$/J]
        hosting: Rent of the rack or the room, insurance, $h$. [$/s]

    Returns:
        Cost of owning it. [$/s]

    Raises:
        ValueError: If an argument is negative, use above 1, or pue below 1.

    References:
        Patterson et al. 2021, section 2, https://doi.org/10.48550/arXiv.2104.10350

    Examples:
        350 W and 100 W for the computer around it, 15 % of a year at 0.12 $/kWh:

        >>> running_cost(450, 0, 0.15, 1, 0.12 / 3.6e6, 0) * 365 * 86400
        70.96
    """
    check_non_negative(power=power, idle_power=idle_power, tariff=tariff, hosting=hosting)
    check_fraction(use=use)
    check_at_least(1, pue=pue)
    return (use * power + (1 - use) * idle_power) * pue * tariff + hosting


def owner_costs(
    price: float,
    resale: float,
    lifetime: float,
    power: float,
    idle_power: float,
    use: float,
    pue: float,
    tariff: float,
    hosting: float,
) -> dict[str, float]:
    r"""Compute what owning a machine costs from purchase to sale, by part.

    $$ K = (P - R) + \left[ \left( u\,w + (1 - u)\, w_0 \right) \eta\, c + h \right] T $$

    Args:
        price: Price of the whole machine, $P$. [$]
        resale: What it is sold for at the end, $R$. [$]
        lifetime: Time it is owned, $T$. [s]
        power: Power at work, $w$. [W]
        idle_power: Power while it waits, $w_0$. [W]
        use: Share of the time it works, $u$. [1]
        pue: Power usage effectiveness, $\eta$. [1]
        tariff: Price of electricity, $c$. [$/J]
        hosting: Rent of the rack or the room, insurance, $h$. [$/s]

    Returns:
        Dollars by part: "capital", "electricity/work", "electricity/idle", "hosting". [$]

    Raises:
        ValueError: If an argument is negative, lifetime zero, use above 1, or pue below 1.

    References:
        Epoch AI 2024, "The rising costs of training frontier AI models", section 2,
        https://doi.org/10.48550/arXiv.2405.21015

    Examples:
        >>> costs = owner_costs(4000, 1000, 3 * YEAR, 800, 60, 0.3, 1, 0.17 / 3.6e6, 0)
        >>> {part: round(cost) for part, cost in costs.items()}
        {'capital': 3000, 'electricity/work': 1073, 'electricity/idle': 188, 'hosting': 0}
    """
    check_non_negative(price=price, resale=resale, idle_power=idle_power)
    check_positive(lifetime=lifetime)
    running_cost(power, idle_power, use, pue, tariff, hosting)  # refuses what is out of range
    per_watt = pue * tariff * lifetime
    return {
        "capital": price - resale,
        "electricity/work": use * power * per_watt,
        "electricity/idle": (1 - use) * idle_power * per_watt,
        "hosting": hosting * lifetime,
    }


def owner_price(costs: float, lifetime: float, use: float) -> float:
    r"""Compute what a used hour of an owned machine costs, to be set against a rent.

    $$ p = \frac{K}{u\,T} $$

    Args:
        costs: All costs from purchase to sale, $K$. [$]
        lifetime: Time it is owned, $T$. [s]
        use: Share of the time it works, $u$. [1]

    Returns:
        Cost of the time it works. [$/s]

    Raises:
        ValueError: If lifetime or use is not positive.

    References:
        The sum of `owner_costs` over the seconds worked; a definition.

    Examples:
        $4,261 over three years at 30 % of the time, for an hour:

        >>> owner_price(4261, 3 * YEAR, 0.3) * 3600
        0.540
    """
    check_positive(lifetime=lifetime, use=use)
    return costs / (use * lifetime)


def break_even_time(
    price: float,
    resale: float,
    power: float,
    idle_power: float,
    use: float,
    pue: float,
    tariff: float,
    hosting: float,
    rent: float,
) -> float:
    r"""Compute how long a machine must be owned until it is cheaper than renting its like.

    $$ T = \frac{P - R}{u\,p - k}, \qquad k = \left( u\,w + (1 - u)\, w_0 \right) \eta\, c + h $$

    Assumption: the rent is paid for the hours of work only, and stays what it is; the resale value
    is that of the day of the sale, whenever it is.

    Args:
        price: Price of the whole machine, $P$. [$]
        resale: What it is sold for at the end, $R$. [$]
        power: Power at work, $w$. [W]
        idle_power: Power while it waits, $w_0$. [W]
        use: Share of the time it works, $u$. [1]
        pue: Power usage effectiveness, $\eta$. [1]
        tariff: Price of electricity, $c$. [$/J]
        hosting: Rent of the rack or the room, insurance, $h$. [$/s]
        rent: Rent of a like machine, $p$. [$/s]

    Returns:
        Time; zero if it sells for what it cost, infinite if renting costs less than running. [s]

    Raises:
        ValueError: If an argument is negative, use above 1, or pue below 1.

    References:
        `owner_costs` set equal to the rent; solved for the time.

    Examples:
        A desktop of $2,200 with 450 W at 15 % of the time, against 2.14 $/h, in days:

        >>> break_even_time(2200, 0, 450, 0, 0.15, 1, 0.12 / 3.6e6, 0, 2.14 / 3600) / 86400
        293.0

        A node of eight GPUs for $300,000 with 8 kW at 80 %, against 23.60 $/h:

        >>> break_even_time(300e3, 0, 8000, 0, 0.8, 1, 0.10 / 3.6e6, 0, 23.60 / 3600) / 86400
        685.3
    """
    check_non_negative(price=price, resale=resale, rent=rent)
    saved = use * rent - running_cost(power, idle_power, use, pue, tariff, hosting)
    lost = price - resale
    # Both branches are computed, so the one that is not taken must not divide by zero.
    time = lost / where(saved > 0, saved, 1.0)
    return where(lost <= 0, 0.0 * time, where(saved > 0, time, math.inf))


def break_even_use(
    price: float,
    resale: float,
    lifetime: float,
    power: float,
    idle_power: float,
    pue: float,
    tariff: float,
    hosting: float,
    rent: float,
) -> float:
    r"""Compute the share of the time a machine must work to be cheaper than renting its like.

    $$ u = \frac{(P - R) / T + h + w_0\, \eta\, c}{p - (w - w_0)\, \eta\, c} $$

    Args:
        price: Price of the whole machine, $P$. [$]
        resale: What it is sold for at the end, $R$. [$]
        lifetime: Time it is owned, $T$. [s]
        power: Power at work, $w$. [W]
        idle_power: Power while it waits, $w_0$. [W]
        pue: Power usage effectiveness, $\eta$. [1]
        tariff: Price of electricity, $c$. [$/J]
        hosting: Rent of the rack or the room, insurance, $h$. [$/s]
        rent: Rent of a like machine, paid for the hours of work only, $p$. [$/s]

    Returns:
        Share of the time; above 1 if even work day and night does not pay, infinite if the rent is
        below the price of the electricity, zero if it sells for more than it costs. [1]

    Raises:
        ValueError: If an argument is negative, lifetime zero, or pue below 1.

    References:
        `break_even_time`, solved for the use.

    Examples:
        >>> break_even_use(4000, 1000, 3 * YEAR, 800, 60, 1, 0.17 / 3.6e6, 0, 0.60 / 3600)
        0.2621
    """
    check_non_negative(price=price, resale=resale, rent=rent, power=power)
    check_positive(lifetime=lifetime)
    waiting = running_cost(power, idle_power, 0.0, pue, tariff, hosting)
    owed = (price - resale) / lifetime + waiting
    saved = rent - (power - idle_power) * pue * tariff
    share = owed / where(saved > 0, saved, 1.0)
    return where(owed <= 0, 0.0 * share, where(saved > 0, share, math.inf))
