r"""What an operation costs a brain and a machine, and what machine a brain would need.

A brain of 20 W leaves each operation a budget, the smaller the more operations are claimed for it.
Below $k T \ln 2$ no irreversible operation can go, whoever does it: an estimate that comes near is
refuted, or counts something a brain does not do. On the other side stand chips, which need watts
for arithmetic, and must hold the state of every synapse somewhere as well.

What it leaves out: memory traffic inside a chip's caches, networks between chips, hosts and cooling
of the machine; the brain's upkeep, which uses power whether it thinks or not.
"""

from hwcalc.numeric import check_non_negative, check_positive, log, maximum

__all__ = [
    "chips_needed",
    "energy_per_operation",
    "landauer_energy",
    "landauer_rate",
    "machine_power",
    "synapse_memory",
    "synapse_traffic",
]

BOLTZMANN = 1.380649e-23  # [J/K], exact


def landauer_energy(temperature: float) -> float:
    r"""Compute the least energy that erasing a bit costs: a bound.

    $$ E = k T \ln 2 $$

    Args:
        temperature: Absolute temperature in kelvin, $T$; 310 for a body. [1]

    Returns:
        Energy of an erasure. [J/bit]

    Raises:
        ValueError: If the temperature is not positive.

    References:
        Landauer 1961, "Irreversibility and heat generation in the computing process",
        https://doi.org/10.1147/rd.53.0183

    Examples:
        >>> landauer_energy(310) * 1e21
        2.967
    """
    check_positive(temperature=temperature)
    return BOLTZMANN * temperature * log(2)


def landauer_rate(power: float, temperature: float) -> float:
    r"""Compute how many bits a second can be erased with a power: a bound.

    $$ n = \frac{P}{k T \ln 2} $$

    Args:
        power: Power, $P$. [W]
        temperature: Absolute temperature in kelvin, $T$. [1]

    Returns:
        Erasures. [bit/s]

    Raises:
        ValueError: If the power is negative or the temperature not positive.

    References:
        Landauer 1961, https://doi.org/10.1147/rd.53.0183

    Examples:
        20 W at the temperature of a body:

        >>> landauer_rate(20, 310)
        6.741e21
    """
    check_non_negative(power=power)
    return power / landauer_energy(temperature)


def energy_per_operation(power: float, rate: float) -> float:
    r"""Divide a power by the operations it pays for.

    $$ e = P / R $$

    Args:
        power: Power, $P$. [W]
        rate: Operations per second, $R$. [FLOP/s]

    Returns:
        Energy of an operation. [J/FLOP]

    Raises:
        ValueError: If the power is negative or the rate not positive.

    References:
        Merkle 1989, "Energy limits to the computational power of the human brain",
        https://www.ralphmerkle.com/brainLimits.html

    Examples:
        El Capitan on HPL in June 2025, in operations per joule:

        >>> 1 / energy_per_operation(28.9e6, 1.742e18) / 1e9
        60.28
    """
    check_non_negative(power=power)
    check_positive(rate=rate)
    return power / rate


def synapse_memory(synapses: float, bits: float) -> float:
    r"""Compute the memory that the strengths of all synapses take: an upper bound.

    $$ M = S\, b / 8 $$

    Assumption: every strength is stored by itself. Which neurons are connected is not counted, nor
    what synapses have in common.

    Args:
        synapses: Synapses, $S$. [1]
        bits: Information in the strength of a synapse, $b$. [bit]

    Returns:
        Memory. [B]

    Raises:
        ValueError: If an argument is negative.

    References:
        Bartol et al. 2015, "Nanoconnectomic upper bound on the variability of synaptic plasticity",
        https://doi.org/10.7554/eLife.10778

    Examples:
        The neocortex at the 4.7 bits measured in a rat's hippocampus, in terabytes:

        >>> synapse_memory(1.5e14, 4.7) / 1e12
        88.1
    """
    check_non_negative(synapses=synapses, bits=bits)
    return synapses * bits / 8


def synapse_traffic(events: float, bits: float) -> float:
    r"""Compute the bytes that events move to and from memory: a bound.

    $$ Q = E\, b / 8 $$

    Assumption: an event reads the strength of its synapse once and nothing else. Real memory
    returns 32 bytes or more for any one of them.

    Args:
        events: Spikes that arrive at synapses, $E$. [1/s]
        bits: Information in the strength of a synapse, $b$. [bit]

    Returns:
        Traffic. [B/s]

    Raises:
        ValueError: If an argument is negative.

    References:
        Williams, Waterman, Patterson 2009, https://doi.org/10.1145/1498765.1498785

    Examples:
        >>> synapse_traffic(1e14, 4.7) / 1e12
        58.75
    """
    check_non_negative(events=events, bits=bits)
    return events * bits / 8


def chips_needed(
    rate: float,
    memory: float,
    traffic: float,
    peak_flops: float,
    chip_memory: float,
    bandwidth: float,
) -> dict[str, float]:
    r"""Compute how many chips the arithmetic, the state and its traffic need: a bound.

    $$ n = \left( \frac{R}{\pi},\; \frac{M}{m},\; \frac{Q}{\beta} \right) $$

    The largest of the three decides. Assumption: peak rates, and work that splits without loss.

    Args:
        rate: Operations per second, $R$. [FLOP/s]
        memory: State that must be held, $M$. [B]
        traffic: Bytes that must move each second, $Q$. [B/s]
        peak_flops: Dense peak rate of a chip, $\pi$. [FLOP/s]
        chip_memory: Memory of a chip, $m$. [B]
        bandwidth: Bandwidth of this memory, $\beta$. [B/s]

    Returns:
        Chips, not rounded, for arithmetic, memory and bandwidth. [1]

    Raises:
        ValueError: If a need is negative or what a chip has is not positive.

    References:
        Williams, Waterman, Patterson 2009, https://doi.org/10.1145/1498765.1498785

    Examples:
        A petaflop per second on H100, and the strengths of the synapses of a neocortex:

        >>> chips_needed(1e15, 88e12, 59e12, 989.4e12, 80 * 2**30, 3.35e12)
        {'arithmetic': 1.01, 'memory': 1024.5, 'bandwidth': 17.6}
    """
    check_non_negative(rate=rate, memory=memory, traffic=traffic)
    check_positive(peak_flops=peak_flops, chip_memory=chip_memory, bandwidth=bandwidth)
    return {
        "arithmetic": rate / peak_flops,
        "memory": memory / chip_memory,
        "bandwidth": traffic / bandwidth,
    }


def machine_power(chips: float, arithmetic: float, tdp: float, idle: float) -> float:
    r"""Compute the power of chips of which some compute and the others hold state: an estimate.

    $$ P = w \left( a + i\,(\max(n, a) - a) \right) $$

    Assumption: work is spread so that the arithmetic of $a$ chips is done at full power, and the
    rest of the time every chip idles.

    Args:
        chips: Chips that are there, $n$. [1]
        arithmetic: Chips' worth of arithmetic, $a$. [1]
        tdp: Rated power of a chip, $w$. [W]
        idle: Share of it that an idle chip draws, $i$. [1]

    Returns:
        Power. [W]

    Raises:
        ValueError: If an argument is negative.

    References:
        Barroso, Hölzle 2007, "The case for energy-proportional computing",
        https://doi.org/10.1109/MC.2007.443

    Examples:
        >>> machine_power(1000, 1, 700, 0.1)
        70630.0
    """
    check_non_negative(chips=chips, arithmetic=arithmetic, tdp=tdp, idle=idle)
    return tdp * (arithmetic + idle * (maximum(chips, arithmetic) - arithmetic))
