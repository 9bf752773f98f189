"""The convolution theorem and diffusion, against numpy and against each other."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwcalc.convolution_theorem import (
    convolve,
    convolve_by_frequency,
    fourier,
    gaussian_kernel,
    largest_difference,
    magnitudes,
    padded_spectrum,
    side_by_side,
    transform,
)

np: Any = pytest.importorskip("numpy", reason="Python in WebAssembly has none")

LIMIT = 1e-9  # of double precision on such images, with a wide margin
Way = Callable[..., list[list[float]]]
WAYS = pytest.mark.parametrize("way", [convolve, convolve_by_frequency])


def image(rows: int, columns: int, seed: int = 1) -> list[list[float]]:
    """Return noise, which has all frequencies."""
    values: list[list[float]] = np.random.default_rng(seed).normal(size=(rows, columns)).tolist()
    return values


def by_definition(picture: Any, kernel: Any) -> Any:
    """Add up the full convolution pixel by pixel."""
    rows, columns = picture.shape
    high, wide = kernel.shape
    full = np.zeros((rows + high - 1, columns + wide - 1))
    for i in range(high):
        for j in range(wide):
            full[i : i + rows, j : j + columns] += kernel[i, j] * picture
    return full


def distance(first: Any, second: Any) -> float:
    """Return the largest difference of two grids of one shape."""
    first, second = np.array(first), np.array(second)
    assert first.shape == second.shape
    return float(np.abs(first - second).max())


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 12, 17, 30, 32, 60, 64, 97, 128])
def test_the_transform_is_numpys(size: int) -> None:
    """Any length: powers of two, products and primes."""
    values = image(1, size)[0]
    assert distance([transform(values, -1)], [np.fft.fft(values)]) < LIMIT
    assert distance([transform(values, 1)], [np.fft.ifft(values) * size]) < LIMIT


@pytest.mark.parametrize("shape", [(8, 8), (7, 11), (32, 32), (1, 9), (20, 3)])
def test_the_transform_of_an_image_is_numpys(shape: tuple[int, int]) -> None:
    """Rows and columns are not mixed up."""
    assert distance(fourier(image(*shape)), np.fft.fft2(image(*shape))) < LIMIT


def test_the_mean_is_shown_in_the_middle() -> None:
    """As numpy's fftshift orders it, for even and odd sides."""
    for shape in ((8, 8), (7, 9)):
        expected = np.log10(1 + np.abs(np.fft.fftshift(np.fft.fft2(image(*shape)))))
        assert distance(magnitudes(fourier(image(*shape))), expected) < LIMIT


def test_a_padded_spectrum_is_numpys() -> None:
    """Zeros are added below and to the right."""
    found = padded_spectrum(image(5, 7), 16)
    assert distance(found, np.fft.fft2(image(5, 7), (16, 16))) < LIMIT


def test_pictures_are_drawn_from_their_lowest_to_their_highest_value() -> None:
    """Side by side and centred; a constant one is grey."""
    sheet = side_by_side([[[2.0, 4.0]], [[-1.0]], [[0.0, 1.0], [2.0, 3.0]]], 2)
    third = [[0.0, 0.333], [0.667, 1.0]]
    assert sheet == [[0.0, 1.0, 0.5, 0.5, *third[0]], [0.5, 0.5, 0.5, 0.5, *third[1]]]
    with pytest.raises(ValueError, match="image of 2 x 1: must fit into side = 1"):
        side_by_side([[[2.0, 4.0]]], 1)


def test_the_largest_difference_is_found() -> None:
    """Anywhere, and whatever its sign."""
    assert largest_difference([[1, 2], [3, 4]], [[1, 2], [6, 4]]) == 3
    with pytest.raises(ValueError, match="zip"):
        largest_difference([[1, 2]], [[1, 2, 3]])


@WAYS
@pytest.mark.parametrize("turn", [True, False])
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("sizes", [(8, 8, 3, 3), (7, 11, 4, 2), (31, 17, 5, 1), (6, 6, 6, 6)])
def test_both_routes_follow_the_definition(
    way: Way, turn: bool, mode: str, sizes: tuple[int, int, int, int]
) -> None:
    """Sizes, order and signs; the modes are parts of the full result, as numpy cuts them."""
    picture, kernel = image(*sizes[:2]), image(*sizes[2:], seed=2)
    weights = np.array(kernel) if turn else np.array(kernel)[::-1, ::-1]
    full = by_definition(np.array(picture), weights)
    high, wide = sizes[2:]
    if mode == "same":
        top, left = (high - 1) // 2, (wide - 1) // 2
        full = full[top : top + sizes[0], left : left + sizes[1]]
    elif mode == "valid":
        full = full[high - 1 : sizes[0], wide - 1 : sizes[1]]
    assert distance(way(picture, kernel, mode, "zero", turn), full) < LIMIT


@WAYS
def test_a_wrapping_border_is_the_product_of_the_bare_spectra(way: Way) -> None:
    """The theorem in its plainest form: nothing is padded."""
    picture, kernel = image(12, 10), image(3, 5, seed=2)
    padded = np.zeros((12, 10))
    padded[:3, :5] = kernel
    product = np.fft.ifft2(np.fft.fft2(picture) * np.fft.fft2(padded)).real
    expected = np.roll(product, (-1, -2), (0, 1))  # the kernel's middle onto the pixel
    assert distance(way(picture, kernel, "same", "wrap", True), expected) < LIMIT


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 20),
    columns=st.integers(1, 20),
    high=st.integers(1, 9),
    wide=st.integers(1, 9),
    mode=st.sampled_from(["full", "same", "valid"]),
    turn=st.booleans(),
)
def test_the_theorem_holds(
    rows: int, columns: int, high: int, wide: int, mode: str, turn: bool
) -> None:
    """Space and frequency agree for any image and kernel that fits."""
    picture = image(rows, columns)
    kernel = image(min(high, rows), min(wide, columns), seed=2)
    way = convolve(picture, kernel, mode, "zero", turn)
    other = convolve_by_frequency(picture, kernel, mode, "zero", turn)
    assert distance(way, other) < LIMIT


@WAYS
def test_a_lone_one_changes_nothing_and_elsewhere_shifts(way: Way) -> None:
    """The identity and the shift are the simplest kernels."""
    picture = image(9, 9)
    assert (
        distance(way(picture, [[0, 0, 0], [0, 1, 0], [0, 0, 0]], "same", "zero", True), picture)
        < LIMIT
    )
    shifted = way(picture, [[0, 0, 0], [0, 0, 1], [0, 0, 0]], "same", "wrap", True)
    assert distance(shifted, np.roll(np.array(picture), 1, 1)) < LIMIT


def test_two_blurs_are_one_of_both_variances() -> None:
    """The Gaussians form a semigroup; sampled on pixels to within the sampling's error."""
    once = convolve(gaussian_kernel(21, 1.5), gaussian_kernel(21, 2.5), "same", "zero", True)
    assert distance(once, gaussian_kernel(21, 4.0)) < 2e-4
    assert sum(map(sum, once)) == pytest.approx(1, abs=1e-3)


def test_one_hundred_pixels_and_a_kernel_of_three_leave_98() -> None:
    """The size of a valid result."""
    result = convolve(image(100, 100), image(3, 3), "valid", "zero", True)
    assert (len(result), len(result[0])) == (98, 98)


def test_what_does_not_fit_is_refused() -> None:
    """Both routes name the rule."""
    for way in (convolve, convolve_by_frequency):
        with pytest.raises(ValueError, match="kernel: must not be larger"):
            way(image(3, 3), image(4, 4), "same", "zero", True)
        with pytest.raises(ValueError, match="mode = 'full': must be same where the border wraps"):
            way(image(5, 5), image(3, 3), "full", "wrap", True)
        with pytest.raises(ValueError, match="image: must have rows of one length"):
            way([[1, 2], [3]], [[1]], "same", "zero", True)
    with pytest.raises(ValueError, match="size = 4: must be odd"):
        gaussian_kernel(4, 1.0)
