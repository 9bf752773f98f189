r"""What a run costs: rent, energy and the electricity bill.

Rent is a matter of device-hours. Energy is the power drawn by the accelerators, raised by the
power usage effectiveness of the building for cooling and conversion.

What it leaves out: the host's own power (give watts for the device's share of its server to count
it), storage, traffic, people, and the runs that failed before the one that counted.
"""

from hwcalc.numeric import check_at_least, check_non_negative, check_positive


def device_time(devices: float, time: float) -> float:
    r"""Count the device-seconds of a run, the unit in which accelerators are rented.

    $$ \tau = N T $$

    Args:
        devices: Accelerators held, $N$. [1]
        time: Time they are held, $T$. [s]

    Returns:
        Device-seconds. [s]

    Raises:
        ValueError: If devices is not positive or time is negative.

    References:
        Epoch AI 2024, "The rising costs of training frontier AI models", section 2,
        https://doi.org/10.48550/arXiv.2405.21015

    Examples:
        256 devices for 1.2 hours, in device-hours:

        >>> device_time(256, 1.2 * 3600) / 3600
        307.2
    """
    check_positive(devices=devices)
    check_non_negative(time=time)
    return devices * time


def rent(devices: float, time: float, price: float) -> float:
    r"""Compute the rent of a run.

    $$ K = N T p $$

    Assumption: the price covers the device with its share of the host, and the meter stops when
    the run does.

    Args:
        devices: Accelerators rented, $N$. [1]
        time: Time they are rented, $T$. [s]
        price: Rent of one of them, $p$. [$/s]

    Returns:
        Rent. [$]

    Raises:
        ValueError: If devices is not positive, or another argument is negative.

    References:
        Epoch AI 2024, section 2, https://doi.org/10.48550/arXiv.2405.21015

    Examples:
        256 devices for 1.2 hours at 2.45 $ an hour each:

        >>> rent(256, 1.2 * 3600, 2.45 / 3600)
        752.6
    """
    check_non_negative(price=price)
    return device_time(devices, time) * price


def energy(devices: float, time: float, power: float, pue: float) -> float:
    r"""Compute the energy a run draws from the grid.

    $$ E = N T w\, \eta $$

    Assumption: the power is drawn for the whole time. The rated power of the board is an upper
    bound of what it draws on average.

    Args:
        devices: Accelerators running, $N$. [1]
        time: Time they run, $T$. [s]
        power: Power of one of them, $w$. [W]
        pue: Power usage effectiveness, power of the building over that of its machines, $\eta$.
            [1]

    Returns:
        Energy. [J]

    Raises:
        ValueError: If devices is not positive, time or power is negative, or pue is below 1.

    References:
        Patterson et al. 2021, "Carbon emissions and large neural network training", section 2,
        https://doi.org/10.48550/arXiv.2104.10350

    Examples:
        256 devices of 400 W for 1.2 hours, without the building, in kWh:

        >>> energy(256, 1.2 * 3600, 400, 1) / 3.6e6
        122.9
    """
    check_non_negative(power=power)
    check_at_least(1, pue=pue)
    return device_time(devices, time) * power * pue


def electricity(energy: float, tariff: float) -> float:
    r"""Compute the price of energy.

    $$ K = E\, c $$

    Args:
        energy: Energy drawn from the grid, $E$. [J]
        tariff: Price of electricity, $c$. [$/J]

    Returns:
        Bill. [$]

    Raises:
        ValueError: If an argument is negative.

    References:
        Epoch AI 2024, section 2, https://doi.org/10.48550/arXiv.2405.21015

    Examples:
        123 kWh at 0.10 $ each:

        >>> electricity(123 * 3.6e6, 0.10 / 3.6e6)
        12.3
    """
    check_non_negative(energy=energy, tariff=tariff)
    return energy * tariff
