r"""Diffusion as repeated convolution: dye in a square tank of still water.

In a short time a share of each cell's dye goes to its neighbours. That is a convolution with a
kernel that sums to one, and the tank's future is the same convolution again and again:

$$ u_{t+1} = u_t * K, \qquad u_n = u_0 * \underbrace{K * \cdots * K}_{n} \approx u_0 * G(2 D t) $$

By the convolution theorem $n$ steps are one product for each frequency, with $\hat K^n$. Walls
mirror the dye, so none is lost. A step along both axes is a step along each, so a tank whose dye
begins as the product of two profiles stays one: only profiles are computed, and the picture is
exact for all its cells.

What it leaves out: flow. Water that moves carries the dye along and stirs it, and that is no
convolution (the equations of Navier and Stokes multiply the unknown by itself).
"""

import functools
import math
from collections.abc import Iterable, Sequence

from hwcalc.convolution_theorem import transform
from hwcalc.numeric import check_at_least, check_non_negative, check_positive

__all__ = ["blur", "diffuse", "diffuse_step_by_step", "outer", "share_of_step", "variance_of"]

MOST = 0.5  # share beyond which a cell would give away more than it has


def share_of_step(diffusivity: float, step: float, cell: float) -> float:
    r"""Compute which share of a cell's dye goes to each of two neighbours in a step.

    $$ a = D\, \Delta t / \Delta x^2 $$

    Args:
        diffusivity: How fast the substance spreads, $D$. [m²/s]
        step: Time of a step, $\Delta t$. [s]
        cell: Side of a cell, $\Delta x$. [m]

    Returns:
        The share, at most a half. [1]

    Raises:
        ValueError: If an argument is not positive, or the step is so long that a cell would give
            away more dye than it has.

    References:
        Einstein 1905, "On the movement of small particles suspended in stationary liquids",
        https://doi.org/10.1002/andp.19053220806

    Examples:
        >>> share_of_step(1e-9, 100, 1e-3)
        0.1
    """
    check_positive(diffusivity=diffusivity, step=step, cell=cell)
    share = diffusivity * step / cell**2
    check_at_least(0, **{"1/2 - diffusivity step / cell^2": MOST - share})
    return share


def diffuse_step_by_step(profile: Sequence[float], share: float, steps: int) -> list[float]:
    r"""Spread a profile between walls by one convolution after the other: exact for the cells.

    $$ u'_i = u_i + a (u_{i-1} - 2 u_i + u_{i+1}) $$

    Args:
        profile: Dye in the cells. [1]
        share: Share that goes to each neighbour in a step, $a$. [1]
        steps: Number of steps. [1]

    Returns:
        Dye in the cells afterwards. [1]

    Raises:
        ValueError: If the share is not positive or above a half, or steps is negative.

    References:
        Einstein 1905, https://doi.org/10.1002/andp.19053220806

    Examples:
        >>> diffuse_step_by_step([0, 0, 8, 0, 0], 0.25, 2)
        [0.5, 2.0, 3.0, 2.0, 0.5]
    """
    _check(share, steps)
    line = [float(value) for value in profile]
    for _ in range(steps):
        walls = [line[0], *line, line[-1]]
        line = [
            here + share * (before - 2 * here + after)
            for before, here, after in zip(walls, line, walls[2:], strict=False)
        ]
    return line


def diffuse(profile: Sequence[float], share: float, steps: int) -> list[float]:
    r"""Spread a profile between walls by all steps at once, frequency by frequency: exact.

    $$ \hat u^{(n)}_k = \hat u_k \left( 1 - 4 a \sin^2 \frac{\pi k}{2 L} \right)^n $$

    on the profile of $L$ cells and its mirror image.

    Args:
        profile: Dye in the cells. [1]
        share: Share that goes to each neighbour in a step, $a$. [1]
        steps: Number of steps, $n$. [1]

    Returns:
        Dye in the cells afterwards. [1]

    Raises:
        ValueError: If the share is not positive or above a half, or steps is negative.

    References:
        Einstein 1905, https://doi.org/10.1002/andp.19053220806

    Examples:
        >>> diffuse([0, 0, 8, 0, 0], 0.25, 2)
        [0.5, 2.0, 3.0, 2.0, 0.5]
    """
    _check(share, steps)
    size = 2 * len(profile)
    kept = ((1 - 4 * share * math.sin(math.pi * k / size) ** 2) ** steps for k in range(size))
    return _filtered(profile, kept)


def _filtered(profile: Sequence[float], kept: Iterable[float]) -> list[float]:
    """Keep a share of each frequency of a profile and its mirror image."""
    spectrum = _spectrum(tuple(profile))
    later = [value.conjugate() * share for value, share in zip(spectrum, kept, strict=True)]
    # Transforming the conjugate back and forth is the same, but for its size.
    return [value.real / len(later) for value in transform(later, -1)[: len(profile)]]


@functools.lru_cache(maxsize=16)
def _spectrum(profile: tuple[float, ...]) -> list[complex]:
    """Transform a profile with its mirror image behind it, which repeats without a jump."""
    return transform([complex(value) for value in (*profile, *reversed(profile))], -1)


def blur(profile: Sequence[float], variance: float) -> list[float]:
    r"""Convolve a profile between walls with one Gaussian: the limit of many small steps.

    $$ \hat u'_k = \hat u_k\, e^{-\sigma^2 \omega_k^2 / 2}, \qquad \omega_k = \pi k / L $$

    on the profile of $L$ cells and its mirror image: a Gaussian's transform is a Gaussian.

    Args:
        profile: Dye in the cells. [1]
        variance: Of the Gaussian, $\sigma^2$, in cells squared. [1]

    Returns:
        Dye in the cells afterwards. [1]

    Raises:
        ValueError: If the variance is negative.

    References:
        Einstein 1905, https://doi.org/10.1002/andp.19053220806

    Examples:
        >>> blur([0, 0, 1, 0, 0], 0.5)
        [0.0074, 0.2166, 0.552, 0.2166, 0.0074]
    """
    check_non_negative(variance=variance)
    size = 2 * len(profile)
    kept = (math.exp(-variance / 2 * (2 * math.pi * min(k, size - k) / size) ** 2)
            for k in range(size))  # fmt: skip
    return _filtered(profile, kept)


def outer(down: Sequence[float], across: Sequence[float]) -> list[list[float]]:
    """Multiply two profiles into the tank whose dye they describe: exact.

    Args:
        down: Dye from top to bottom. [1]
        across: Dye from left to right. [1]

    Returns:
        Rows of cells. [1]

    References:
        What `diffuse` does along one axis leaves the other as it is.

    Examples:
        >>> outer([1, 2], [3, 4])
        [[3, 4], [6, 8]]
    """
    return [[a * b for b in across] for a in down]


def variance_of(profile: Sequence[float]) -> float:
    r"""Compute the variance of a profile about its own mean: exact.

    $$ \sigma^2 = \frac{\sum_i u_i (i - \bar i)^2}{\sum_i u_i} $$

    Args:
        profile: Dye in the cells. [1]

    Returns:
        Variance in cells squared. [1]

    Raises:
        ValueError: If there is no dye.

    References:
        Einstein 1905, https://doi.org/10.1002/andp.19053220806

    Examples:
        >>> variance_of([0.5, 2.0, 3.0, 2.0, 0.5])
        1.0
    """
    total = sum(profile)
    check_positive(total=total)
    mean = sum(i * value for i, value in enumerate(profile)) / total
    return sum(value * (i - mean) ** 2 for i, value in enumerate(profile)) / total


def _check(share: float, steps: int) -> None:
    check_positive(share=share)
    check_non_negative(steps=steps)
    if share > MOST:
        raise ValueError(f"share = {share:g}: must be at most {MOST:g}")
