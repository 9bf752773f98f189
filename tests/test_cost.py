"""Cost of a run: the reference point, conservation, and what is refused."""

import pytest

from hwcalc import cost

HOUR, KWH = 3600, 3.6e6


def test_reference_run_on_256_a100() -> None:
    """256 devices for 1.2 h: 307 device-hours, $753 at $2.45, 123 kWh at 400 W."""
    assert cost.device_time(256, 1.2 * HOUR) / HOUR == pytest.approx(307, rel=1e-3)
    assert cost.rent(256, 1.2 * HOUR, 2.45 / HOUR) == pytest.approx(753, rel=1e-3)
    assert cost.energy(256, 1.2 * HOUR, 400, 1) / KWH == pytest.approx(123, rel=2e-3)


def test_only_device_hours_matter() -> None:
    """Twice the devices for half the time cost the same and draw the same energy."""
    assert cost.rent(8, 10 * HOUR, 0.001) == cost.rent(16, 5 * HOUR, 0.001)
    assert cost.energy(8, 10 * HOUR, 300, 1.2) == cost.energy(16, 5 * HOUR, 300, 1.2)


def test_energy_never_exceeds_power_times_time_in_a_perfect_building() -> None:
    """With a PUE of 1 the energy is power times device-time; the building only adds to it."""
    assert cost.energy(1, 10, 400, 1) == 4000
    assert cost.energy(1, 10, 400, 1.5) == 6000


def test_a_run_of_no_time_is_free() -> None:
    """Nothing is charged before the clock starts."""
    assert cost.rent(64, 0, 1.0) == 0
    assert cost.electricity(cost.energy(64, 0, 400, 1.1), 1.0) == 0


def test_refusals_name_the_argument() -> None:
    """A building that needs less power than its machines, and negative money, are refused."""
    with pytest.raises(ValueError, match=r"pue = 0\.9"):
        cost.energy(1, 1, 1, 0.9)
    with pytest.raises(ValueError, match="price = -1"):
        cost.rent(1, 1, -1)
    with pytest.raises(ValueError, match="devices = 0"):
        cost.device_time(0, 1)
    with pytest.raises(ValueError, match="tariff = -1"):
        cost.electricity(1, -1)
