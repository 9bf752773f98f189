"""Diffusion as repeated convolution, against its limit and its conservation laws."""

import math

import pytest

from hwcalc import diffusion
from hwcalc.convolution_theorem import convolve

DROP = [0.0] * 128 + [1.0] + [0.0] * 127


@pytest.mark.parametrize("share", [0.01, 0.2, 0.25, 0.5])
@pytest.mark.parametrize("profile", [DROP, [1.0, 0.0, 0.0, 2.0], [3.0] * 7])
def test_all_steps_at_once_are_the_steps_one_by_one(share: float, profile: list[float]) -> None:
    """The convolution theorem's short cut changes nothing, walls included."""
    for steps in (0, 1, 7, 300):
        at_once = diffusion.diffuse(profile, share, steps)
        one_by_one = diffusion.diffuse_step_by_step(profile, share, steps)
        assert at_once == pytest.approx(one_by_one, abs=1e-12)


def test_no_dye_is_lost() -> None:
    """To a billionth, after ten thousand steps that reached every wall."""
    assert sum(diffusion.diffuse(DROP, 0.25, 10_000)) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("steps", [10, 100, 1000])
def test_the_variance_grows_as_twice_the_diffusivity_times_the_time(steps: int) -> None:
    """2 D t within 1 %, here 2 a n in cells, as long as no wall is near."""
    found = diffusion.variance_of(diffusion.diffuse(DROP, 0.2, steps))
    assert found == pytest.approx(2 * 0.2 * steps, rel=0.01)


def test_many_steps_are_one_gaussian() -> None:
    """What the central limit theorem says, to a thousandth of the peak after 2,000 steps."""
    found = diffusion.diffuse(DROP, 0.2, 2000)
    limit = diffusion.blur(DROP, 2 * 0.2 * 2000)
    assert max(abs(a - b) for a, b in zip(found, limit, strict=True)) < 1e-3 * max(limit)


def test_one_blur_is_the_bell_of_the_textbook() -> None:
    """Far from walls: the density of a normal distribution at each cell."""
    variance = 40.0
    bell = [
        math.exp(-((i - 128) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)
        for i in range(256)
    ]
    assert diffusion.blur(DROP, variance) == pytest.approx(bell, abs=1e-12)


def test_walls_mirror_the_bell() -> None:
    """A drop at a wall is twice as high there as in the middle, and nothing is lost."""
    wall = diffusion.blur([1.0] + [0.0] * 255, 40.0)
    middle = diffusion.blur(DROP, 40.0)
    assert wall[0] == pytest.approx(middle[128] + middle[129])
    assert sum(wall) == pytest.approx(1)


def test_blurs_add_up() -> None:
    """The Gaussians' semigroup: two blurs are one of both variances."""
    twice = diffusion.blur(diffusion.blur(DROP, 3.0), 5.0)
    assert twice == pytest.approx(diffusion.blur(DROP, 8.0), abs=1e-12)


def test_a_step_of_a_profile_is_a_convolution() -> None:
    """Away from walls with the kernel (a, 1 - 2a, a)."""
    profile = [0.0, 0.0, 1.0, 5.0, 2.0, 0.0, 0.0]
    expected = convolve([profile], [[0.2, 0.6, 0.2]], "same", "zero", True)[0]
    assert diffusion.diffuse_step_by_step(profile, 0.2, 1) == pytest.approx(expected)


def test_a_step_along_both_axes_is_a_step_along_each() -> None:
    """What allows a page to draw a tank of 65,536 cells from two profiles."""
    down, across = [1.0, 4.0, 2.0, 0.0], [0.0, 3.0, 1.0, 0.0, 0.0]
    tank = diffusion.outer(down, across)
    kernel = [[a * b for b in (0.1, 0.8, 0.1)] for a in (0.1, 0.8, 0.1)]
    # Walls: the mirror image of each border, one cell wide.
    framed = [[row[0], *row, row[-1]] for row in (tank[0], *tank, tank[-1])]
    later = convolve(framed, kernel, "valid", "zero", True)
    profiles = (diffusion.diffuse_step_by_step(line, 0.1, 1) for line in (down, across))
    high, wide = profiles
    for row, a in zip(later, high, strict=True):
        assert row == pytest.approx([a * b for b in wide])


def test_a_step_must_not_empty_a_cell() -> None:
    """Beyond a share of a half the picture would oscillate instead of spreading."""
    with pytest.raises(ValueError, match=r"share = 0\.6: must be at most 0\.5"):
        diffusion.diffuse([1.0, 0.0], 0.6, 1)
    with pytest.raises(ValueError, match="1/2 - diffusivity step / cell"):
        diffusion.share_of_step(1e-9, 1000, 1e-3)
    with pytest.raises(ValueError, match="variance = -1: must be zero or positive"):
        diffusion.blur([1.0], -1.0)
