r"""Power limits: speed, draw and energy of an accelerator that may not have all it asks for.

A chip under load draws what its memory, regulators and leakage take whatever it does, and what its
clocked logic takes. The second part goes with clock times voltage squared. A limit below the
demand makes the chip lower its clock: first with the voltage, which is cheap, then at the lowest
voltage, where speed is lost in proportion.

- one kernel: `clock_under_limit`
- a step made of many kernels: `limited_speed`, `limited_draw`, `energy_of_work`
- what to enter for a card: `static_power`, and `demand_of_draw` from a reading of its meter

Left out: temperature, chips that differ, clocks of the memory set by hand, and how fast the
regulation is; a limit is enforced on averages over tens of milliseconds, spikes are in
`hwcalc.power_supply`.
"""

import functools

from hwcalc.catalog import Accelerator
from hwcalc.datafile import DATA, load
from hwcalc.numeric import (
    check_fraction,
    check_non_negative,
    check_positive,
    maximum,
    minimum,
    where,
)

__all__ = [
    "LOWEST_CLOCK",
    "clock_under_limit",
    "constants",
    "demand_of_draw",
    "energy_of_work",
    "limited_draw",
    "limited_speed",
    "static_power",
    "time_and_energy",
]

# Kernels of a step as shares of time at full clock, from the least to the most demanding; the
# spread of their demands is fitted, that it is even is assumed.
PLACES = tuple((2 * i + 1) / 8 - 1 for i in range(8))
# Halvings of the interval in which a demand is searched: to a billionth of it.
HALVINGS = 30
# Clocks are not lowered for ever: an RTX 3090 held at 100 and 125 W decodes at 17 and 19 % of its
# full speed (jankyai.droidgram.com, "Power limiting RTX 3090 GPU", as quoted in search results).
LOWEST_CLOCK = 0.15


@functools.cache
def constants() -> dict[str, float]:
    """Return the constants that were fitted on measured sweeps of power limits.

    Returns:
        `static.stacked` and `static.other`, share of the rated power that a card draws whatever its
        clock, by kind of memory; `knee`, clock below which the voltage no longer falls; `spread`
        of the kernels' demands. [1]

    Examples:
        >>> 0.5 < constants()["knee"] < 1
        True
    """
    return dict(load(DATA / "fitted" / "power.toml"))


def static_power(accelerator: Accelerator) -> float:
    r"""Estimate what a card draws under load whatever its clock: memory, regulators, leakage.

    $$ W_0 = \sigma\, W_{rated} $$

    Assumption: the share $\sigma$ is the same for all cards with stacked memory and for all with
    other memory. The shares are fitted.

    Args:
        accelerator: An entry of the catalogue. [1]

    Returns:
        Power that does not depend on the clock. [W]

    Raises:
        ValueError: If the vendor publishes no power.

    References:
        data/fitted/power.toml, which names its tables

    Examples:
        >>> from hwcalc import catalog
        >>> static_power(catalog.accelerators()["rtx-3090"]) < 0.3 * 350
        True
    """
    kind = "stacked" if accelerator.memory_type.startswith("HBM") else "other"
    return constants()[f"static.{kind}"] * accelerator.tdp


def clock_under_limit(limit: float, demand: float, static: float) -> float:
    r"""Estimate the clock, as a share of the highest, at which a kernel draws no more than allowed.

    $$ \frac{W - W_0}{D - W_0} = \begin{cases} \varphi^3 & \varphi \ge \varphi_k \\
    \varphi\, \varphi_k^2 & \varphi < \varphi_k \end{cases} $$

    The logic's power is proportional to $\varphi V^2$. The voltage follows the clock down to the
    knee $\varphi_k$, where it has reached the lowest at which the chip works; below, power and
    clock fall together. The knee is fitted.

    Args:
        limit: Power limit, $W$. [W]
        demand: Power the kernel would draw at the highest clock, $D$. [W]
        static: Power that does not depend on the clock, $W_0$. [W]

    Returns:
        Clock over the highest clock, $\varphi$. [1]

    Raises:
        ValueError: If limit or demand is not positive, or static is negative.

    References:
        A. P. Chandrakasan, S. Sheng, R. W. Brodersen, Low-power CMOS digital design (1992),
        doi:10.1109/4.126534, for clock times voltage squared; data/fitted/power.toml for the knee

    Examples:
        A kernel that would draw 400 W, 60 of them whatever the clock, on a card limited to 300 W:

        >>> clock_under_limit(300, 400, 60)
        0.89
    """
    check_positive(limit=limit, demand=demand)
    check_non_negative(static=static)
    return _clock(limit, demand, static, constants()["knee"])


def time_and_energy(limit: float, demand: float, static: float, core: float) -> tuple[float, float]:
    r"""Estimate time and energy of a step that takes a second at the highest clock.

    The eight kernels of `limited_speed` and `limited_draw`, gone through once for both:

    $$ t = \frac{1}{8} \sum_i \tau_i, \qquad E = \frac{1}{8} \sum_i \tau_i \min(W, D_i) $$

    Args:
        limit: Power limit, $W$. [W]
        demand: Mean power at the highest clock. [W]
        static: Power that does not depend on the clock. [W]
        core: Share of the time at the highest clock that follows the clock. [1]

    Returns:
        Time, and energy. [(s, J)]

    Raises:
        ValueError: If limit or demand is not positive, static is negative or core is not a
            fraction.

    References:
        `limited_speed`, `limited_draw`

    Examples:
        >>> time_and_energy(700, 330, 60, 0.9)
        (1.0, 330.0)
    """
    check_positive(limit=limit, demand=demand)
    check_non_negative(static=static)
    check_fraction(core=core)
    knee, spread = constants()["knee"], constants()["spread"]
    floor, above = minimum(demand, static), maximum(demand - static, 0.0)
    time = energy = 0.0
    for place in PLACES:
        asked = floor + above * (1 + spread * place)
        own = (1 - core + core / _clock(limit, asked, static, knee)) / len(PLACES)
        time = time + own
        energy = energy + own * minimum(limit, asked)
    return time, energy


def limited_speed(limit: float, demand: float, static: float, core: float) -> float:
    r"""Estimate the speed of a step under a power limit over its speed without one.

    $$ s = \left( 1 - c + \frac{c}{8} \sum_{i=1}^{8} \frac{1}{\varphi(W, D_i)} \right)^{-1},
    \quad D_i = W_0 + (D - W_0)(1 + \delta\, q_i) $$

    A step is a mixture of kernels; eight of equal length stand for it, their demands spread evenly
    around the mean ($q_i$ from -7/8 to 7/8). So a limit begins to cost before the mean demand
    reaches it. The spread $\delta$ is fitted.

    Args:
        limit: Power limit, $W$. [W]
        demand: Mean power at the highest clock, $D$. [W]
        static: Power that does not depend on the clock, $W_0$. [W]
        core: Share of the time at the highest clock that follows the clock, $c$; waiting for the
            host or a saturated memory does not. [1]

    Returns:
        Speed over the speed without limit, $s$. [1]

    Raises:
        ValueError: If limit or demand is not positive, static is negative or core is not a
            fraction.

    References:
        `clock_under_limit`; data/fitted/power.toml for the spread

    Examples:
        >>> limited_speed(300, 330, 60, 0.9) > limited_speed(200, 330, 60, 0.9) > 0.6
        True
        >>> limited_speed(700, 330, 60, 0.9)
        1.0
    """
    return 1 / time_and_energy(limit, demand, static, core)[0]


def limited_draw(limit: float, demand: float, static: float, core: float) -> float:
    r"""Estimate the power a step draws in the mean under a power limit.

    $$ \bar W = \frac{\sum_i \tau_i \min(W, D_i)}{\sum_i \tau_i}, \qquad
    \tau_i = 1 - c + \frac{c}{\varphi(W, D_i)} $$

    A slowed kernel draws the limit for longer, so it weighs more.

    Args:
        limit: Power limit, $W$. [W]
        demand: Mean power at the highest clock. [W]
        static: Power that does not depend on the clock. [W]
        core: Share of the time at the highest clock that follows the clock, $c$. [1]

    Returns:
        Mean power, $\bar W$. [W]

    Raises:
        ValueError: If limit or demand is not positive, static is negative or core is not a
            fraction.

    References:
        `limited_speed`

    Examples:
        >>> limited_draw(700, 330, 60, 0.9)
        330.0
        >>> 180 < limited_draw(200, 330, 60, 0.9) <= 200
        True
    """
    time, energy = time_and_energy(limit, demand, static, core)
    return energy / time


def energy_of_work(limit: float, demand: float, static: float, core: float, time: float) -> float:
    r"""Estimate the energy of a piece of work under a power limit.

    $$ E = \bar W\, \frac{t}{s} $$

    Args:
        limit: Power limit. [W]
        demand: Mean power at the highest clock. [W]
        static: Power that does not depend on the clock. [W]
        core: Share of the time at the highest clock that follows the clock. [1]
        time: Time of the work without limit, $t$. [s]

    Returns:
        Energy, $E$. [J]

    Raises:
        ValueError: If limit, demand or time is not positive, static is negative or core is not a
            fraction.

    References:
        `limited_speed`, `limited_draw`

    Examples:
        A tenth less power than asked for saves energy, because speed falls more slowly:

        >>> energy_of_work(297, 330, 60, 0.9, 1) < energy_of_work(660, 330, 60, 0.9, 1)
        True
    """
    check_positive(time=time)
    return time * time_and_energy(limit, demand, static, core)[1]


def demand_of_draw(draw: float, limit: float, static: float, core: float) -> float:
    r"""Estimate what a step would draw without limit from what it draws under one.

    The inverse of `limited_draw`, by halving an interval. A meter that shows the limit itself says
    only that the demand is high; then the result is ten times the limit's part above the static
    power.

    Args:
        draw: Mean power read from the card's meter. [W]
        limit: Power limit at that time. [W]
        static: Power that does not depend on the clock. [W]
        core: Share of the time at the highest clock that follows the clock. [1]

    Returns:
        Mean power at the highest clock. [W]

    Raises:
        ValueError: If draw or limit is not positive, static is negative or core is not a fraction.

    References:
        `limited_draw`

    Examples:
        >>> demand_of_draw(220, 250, 40, 0.9) > 220
        True
        >>> demand_of_draw(120, 250, 40, 0.9)
        120.0
    """
    check_positive(draw=draw, limit=limit)
    # Outside the interval the answer is at its ends: nothing is drawn below the static power.
    low, high = static + 0 * draw, static + 10 * maximum(limit - static, 0.0) + 0 * draw
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        less = limited_draw(limit, maximum(middle, 1e-9), static, core) < draw
        low, high = where(less, middle, low), where(less, high, middle)
    return where(draw <= static, draw, (low + high) / 2)


def _clock(limit: float, demand: float, static: float, knee: float) -> float:
    # A kernel that asks for no more than the static part is not slowed by any limit.
    share = minimum(1.0, maximum(1e-9, limit - static) / maximum(1e-9, demand - static))
    clock = where(share >= knee**3, share ** (1 / 3), share / knee**2)
    return where(demand <= limit, 1.0, maximum(LOWEST_CLOCK, clock))
