"""Quantiles against independent tables."""

import statistics

import pytest

from hwcalc.distributions import normal_quantile, student_quantile


@pytest.mark.parametrize("share", [1e-9, 1e-6, 0.001, 0.05, 0.3, 0.5, 0.7, 0.975, 0.99999])
def test_the_normal_quantile_is_that_of_the_standard_library(share: float) -> None:
    """The browser's answer must be the one that everybody else's Python gives."""
    assert normal_quantile(share) == pytest.approx(statistics.NormalDist().inv_cdf(share), abs=1e-9)


@pytest.mark.parametrize(
    ("share", "freedom", "table"),
    [  # printed tables, e.g. Abramowitz and Stegun 1964, table 26.10
        (0.95, 4, 2.132),
        (0.975, 4, 2.776),
        (0.99, 4, 3.747),
        (0.9, 5, 1.476),
        (0.95, 10, 1.812),
        (0.975, 15, 2.131),
        (0.95, 30, 1.697),
        (0.95, 120, 1.658),
    ],
)
def test_students_quantile_is_that_of_the_tables(
    share: float, freedom: float, table: float
) -> None:
    """The expansion is used from 4 degrees of freedom on, and is right to 0.1 % there."""
    assert student_quantile(share, freedom) == pytest.approx(table, rel=1.2e-3)
    assert student_quantile(1 - share, freedom) == pytest.approx(-table, rel=1.2e-3)


def test_student_becomes_normal() -> None:
    """With many degrees of freedom the scatter is known and only luck is left."""
    assert student_quantile(0.95, 1e9) == pytest.approx(normal_quantile(0.95), rel=1e-8)


def test_refusals() -> None:
    """Certainty has no quantile, and three steps give no scatter to speak of."""
    with pytest.raises(ValueError, match="share and 1 - share = 0: must be positive"):
        normal_quantile(1.0)
    with pytest.raises(ValueError, match="freedom = 3: must be at least 4"):
        student_quantile(0.9, 3)
