"""The roofline: bounds whose answers are known, their limits, and what they refuse."""

import numpy as np
import pytest

from hwcalc import roofline
from hwcalc.catalog import accelerators


def test_bandwidth_is_decimal() -> None:
    """3.35 TB at 3.35 TB/s take one second exactly: GB is never read as GiB."""
    assert roofline.memory_time(3.35e12, 3.35e12) == 1.0


@pytest.mark.parametrize(
    ("device", "precision", "ridge"),
    [
        ("tpu-v5e", "bf16", 240),  # "How to scale your model", chapter on rooflines
        ("h100-sxm", "bf16", 295),
        ("b200", "bf16", 281),
        ("v100-sxm2-32gb", "fp16", 139),
    ],
)
def test_ridge_points_of_the_catalogue(device: str, precision: str, ridge: float) -> None:
    """The catalogue's dense peaks and bandwidths give the ridge points published for them."""
    chip = accelerators()[device]
    assert roofline.ridge_point(chip.peak[precision], chip.bandwidth) == pytest.approx(
        ridge, rel=0.01
    )


def test_the_roof_bends_at_the_ridge() -> None:
    """Below the ridge the rate is intensity times bandwidth, at and above it the peak."""
    peak, bandwidth = 100.0, 10.0
    ridge = roofline.ridge_point(peak, bandwidth)
    assert roofline.attainable_rate(ridge / 2, peak, bandwidth) == peak / 2
    assert roofline.attainable_rate(ridge, peak, bandwidth) == peak
    assert roofline.attainable_rate(ridge * 2, peak, bandwidth) == peak


def test_time_and_rate_agree() -> None:
    """Operations over time is the attainable rate, on both sides of the ridge."""
    for traffic in (1.0, 7.0, 300.0):
        time = roofline.kernel_time(1000.0, traffic, 100.0, 10.0)
        intensity = roofline.arithmetic_intensity(1000.0, traffic)
        assert 1000.0 / time == pytest.approx(roofline.attainable_rate(intensity, 100.0, 10.0))


def test_time_is_the_later_of_the_two() -> None:
    """No kernel beats its arithmetic or its traffic, and one without traffic is all arithmetic."""
    assert roofline.kernel_time(1000.0, 300.0, 100.0, 10.0) == 30.0
    assert roofline.kernel_time(1000.0, 0.0, 100.0, 10.0) == 10.0
    assert roofline.kernel_time(0.0, 300.0, 100.0, 10.0) == 30.0


def test_arrays_equal_scalars() -> None:
    """An array of traffic gives the times of its elements."""
    traffic = np.array([1.0, 100.0, 1e4])
    times = roofline.kernel_time(1000.0, traffic, 100.0, 10.0)  # type: ignore[arg-type]
    expected = [roofline.kernel_time(1000.0, q, 100.0, 10.0) for q in traffic]
    np.testing.assert_array_equal(times, expected)


def test_refusals_name_the_argument() -> None:
    """A rate of zero is refused by name, not divided by."""
    with pytest.raises(ValueError, match="peak_flops = 0"):
        roofline.kernel_time(1.0, 1.0, 0.0, 1.0)
    with pytest.raises(ValueError, match="bandwidth = -1"):
        roofline.ridge_point(1.0, -1.0)
    with pytest.raises(ValueError, match="traffic = 0"):
        roofline.arithmetic_intensity(1.0, 0.0)
    with pytest.raises(ValueError, match="intensity = -1"):
        roofline.attainable_rate(-1.0, 1.0, 1.0)
