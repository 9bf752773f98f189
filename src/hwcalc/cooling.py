r"""Heat: what a machine warms, and the air that carries it away.

All power from the wall becomes heat in the room.

- `air_flow`, what must pass through the case
- `BTU_PER_HOUR`, the unit in which room air conditioners are sold

Left out: the way of the air within the case, temperatures of chips, and noise. What cards lose when
they are stacked is measured, not modelled.
"""

from hwcalc.numeric import check_non_negative, check_positive

__all__ = ["AIR", "BTU_PER_HOUR", "air_flow"]

# Heat of a cubic metre of air for a kelvin, at 20 °C and sea level: density times specific heat.
AIR = 1.204 * 1005  # [J/(m³ K)]
# A British thermal unit is 1,055.06 J.
BTU_PER_HOUR = 1055.06 / 3600  # [W]


def air_flow(heat: float, rise: float) -> float:
    r"""Return the air that must pass through a case.

    $$ \dot V = \frac{W}{\rho c_p\, \Delta T} $$

    A bound: all of the air takes up the same heat.

    Args:
        heat: Heat to carry away, $W$. [W]
        rise: Air out over air in, $\Delta T$. [K]

    Returns:
        Flow, $\dot V$. [m³/s]

    Raises:
        ValueError: If heat is negative or rise is not positive.

    References:
        Density and specific heat of dry air:
        https://www.engineeringtoolbox.com/air-properties-d_156.html

    Examples:
        1,500 W and 10 K, in cubic feet a minute:

        >>> air_flow(1500, 10) * 60 / 0.3048**3
        262.7
    """
    check_non_negative(heat=heat)
    check_positive(rise=rise)
    return heat / (AIR * rise)
