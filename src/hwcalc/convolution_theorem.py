r"""The convolution theorem, computed both ways on small images.

A convolution adds up, for each pixel, its neighbours' products with a kernel. In the frequency
domain it is one product for each frequency:

$$ \mathcal F(f * g) = \mathcal F(f) \cdot \mathcal F(g) $$

for the discrete transform with sums that wrap around; where nothing lies beyond the border, zeros
are added first, so that nothing wraps onto the picture. Both routes are exact up to rounding, and
tests compare them with each other and with numpy. Images are lists of rows. Written for a page:
plain lists, sizes up to some hundred; a library is a thousand times faster.
"""

import cmath
import functools
import math
from collections.abc import Sequence

from hwcalc.convolution import MODES

__all__ = [
    "convolve",
    "convolve_by_frequency",
    "fourier",
    "gaussian_kernel",
    "largest_difference",
    "magnitudes",
    "padded_spectrum",
    "side_by_side",
    "transform",
]

Grid = Sequence[Sequence[float]]
Spectrum = list[list[complex]]
BORDERS = {"zero": "nothing beyond the border", "wrap": "the other side beyond the border"}


@functools.lru_cache(maxsize=64)
def _roots(size: int, sign: int) -> tuple[complex, ...]:
    """Return the powers of the root of unity, each computed anew so that errors do not add up."""
    return tuple(cmath.rect(1.0, sign * 2 * math.pi * i / size) for i in range(size))


def transform(values: Sequence[complex], sign: int) -> list[complex]:
    r"""Transform a sequence of any length, by its factors: exact.

    $$ \hat f_k = \sum_x f_x\, e^{\pm 2 \pi i k x / n} $$

    Args:
        values: The sequence, $f$. [1]
        sign: Of the exponent: -1 forth; 1 back, to be divided by the length $n$. [1]

    Returns:
        Complex amplitudes. [1]

    References:
        Cooley and Tukey 1965, "An algorithm for the machine calculation of complex Fourier
        series", https://doi.org/10.1090/S0025-5718-1965-0178586-1

    Examples:
        >>> abs(transform([1, 2, 3], -1)[0])
        6.0
    """
    size = len(values)
    if size <= 2:
        return list(values) if size == 1 else [values[0] + values[1], values[0] - values[1]]
    if size == 4:  # most of the calls of a page's sizes end here
        a, b, c, d = values
        even, odd, left, right = a + c, b + d, a - c, sign * 1j * (b - d)
        return [even + odd, left + right, even - odd, left - right]
    roots = _roots(size, sign)
    if size % 2 == 0:
        first, second = transform(values[::2], sign), transform(values[1::2], sign)
        turned = [root * value for root, value in zip(roots, second, strict=False)]
        return [a + b for a, b in zip(first, turned, strict=True)] + [
            a - b for a, b in zip(first, turned, strict=True)
        ]
    factor = next((p for p in range(3, math.isqrt(size) + 1, 2) if size % p == 0), size)
    if factor == size:
        return [
            sum(roots[i * k % size] * value for i, value in enumerate(values)) for k in range(size)
        ]
    parts = [transform(values[i::factor], sign) for i in range(factor)]
    length = size // factor
    return [
        sum(roots[i * k % size] * part[k % length] for i, part in enumerate(parts))
        for k in range(size)
    ]


def _transform_grid(grid: Sequence[Sequence[complex]], sign: int) -> Spectrum:
    """Transform rows, then columns."""
    zeros = [0j] * len(grid[0])
    rows = [transform(row, sign) if any(row) else zeros for row in grid]
    return [
        list(row)
        for row in zip(*(transform(c, sign) for c in zip(*rows, strict=True)), strict=True)
    ]


def fourier(grid: Grid) -> Spectrum:
    r"""Transform an image: exact.

    $$ \hat f_{uv} = \sum_{x, y} f_{xy}\, e^{-2 \pi i (u x / w + v y / h)} $$

    Args:
        grid: Rows of pixels. [1]

    Returns:
        Rows of complex amplitudes; the mean's comes first. [1]

    References:
        Cooley and Tukey 1965, "An algorithm for the machine calculation of complex Fourier
        series", https://doi.org/10.1090/S0025-5718-1965-0178586-1

    Examples:
        A single point has all frequencies alike:

        >>> [[abs(value) for value in row] for row in fourier([[1, 0, 0], [0, 0, 0]])]
        [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    return _transform_grid([[complex(value) for value in row] for row in grid], -1)


def padded_spectrum(image: Grid, side: int) -> Spectrum:
    """Transform an image with zeros around it: between its frequencies stand interpolated ones.

    Args:
        image: Rows of pixels. [1]
        side: Rows and columns to transform, at least those of the image. [1]

    Returns:
        Rows of complex amplitudes; the mean's comes first. [1]

    References:
        Cooley and Tukey 1965, https://doi.org/10.1090/S0025-5718-1965-0178586-1

    Examples:
        >>> padded_spectrum([[1]], 2)
        [[(1+0j), (1+0j)], [(1+0j), (1+0j)]]
    """
    return _spectrum(tuple(map(tuple, image)), side, side)


def magnitudes(spectrum: Spectrum) -> list[list[float]]:
    r"""Show an image's frequencies: logarithms of amplitudes, the mean in the middle.

    $$ m = \log_{10}(1 + |\hat f|) $$

    Args:
        spectrum: Rows of complex amplitudes, the mean's first. [1]

    Returns:
        Rows of logarithms. [1]

    References:
        Cooley and Tukey 1965, https://doi.org/10.1090/S0025-5718-1965-0178586-1

    Examples:
        >>> magnitudes(fourier([[9, 0, 0]]))
        [[1.0, 1.0, 1.0]]
    """
    shown = [[math.log10(1 + abs(value)) for value in row] for row in spectrum]
    down, across = len(shown) - len(shown) // 2, len(shown[0]) - len(shown[0]) // 2
    return [row[across:] + row[:across] for row in shown[down:] + shown[:down]]


def convolve(image: Grid, kernel: Grid, mode: str, border: str, turn: bool) -> list[list[float]]:
    r"""Convolve an image with a kernel by sliding it: exact.

    $$ (I * K)_{ij} = \sum_{m, n} I_{i - m,\, j - n}\, K_{mn} $$

    Args:
        image: Rows of pixels. [1]
        kernel: Rows of weights, not larger than the image. [1]
        mode: full, same or valid; only same where the border wraps. [1]
        border: zero or wrap. [1]
        turn: Turn the kernel by half a circle as the definition says; without, the signs in the
            sum are plus, which is a cross-correlation and what frameworks call convolution. [1]

    Returns:
        Rows of pixels. [1]

    Raises:
        ValueError: If the rows differ in length, the kernel is larger than the image, or the mode
            or border is unknown or they do not go together.

    References:
        Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning",
        https://doi.org/10.48550/arXiv.1603.07285

    Examples:
        The difference to the left neighbour, and to the right one:

        >>> convolve([[1, 4, 9]], [[1, -1]], "valid", "zero", True)
        [[3.0, 5.0]]
        >>> convolve([[1, 4, 9]], [[1, -1]], "valid", "zero", False)
        [[-3.0, -5.0]]
    """
    _check(image, kernel, mode, border)
    # Sliding reads the kernel as it lies; the definition reads it from its end.
    weights = [list(row)[::-1] for row in kernel][::-1] if turn else [list(row) for row in kernel]
    high, wide = len(kernel), len(kernel[0])
    if border == "wrap":
        padded = _wrapped(image, high, wide)
    else:
        top, left = _before(mode, high), _before(mode, wide)
        bottom, right = _after(mode, high), _after(mode, wide)
        width = len(image[0]) + left + right
        padded = [[0.0] * width for _ in range(top)]
        padded += [[0.0] * left + [float(v) for v in row] + [0.0] * right for row in image]
        padded += [[0.0] * width for _ in range(bottom)]
    rows, columns = len(padded) - high + 1, len(padded[0]) - wide + 1
    result = [[0.0] * columns for _ in range(rows)]
    for down, line in enumerate(weights):
        for across, weight in enumerate(line):
            if weight:
                for i, row in enumerate(result):
                    source = padded[i + down]
                    result[i] = [
                        value + weight * pixel
                        for value, pixel in zip(row, source[across : across + columns], strict=True)
                    ]
    return result


def convolve_by_frequency(
    image: Grid, kernel: Grid, mode: str, border: str, turn: bool
) -> list[list[float]]:
    r"""Convolve an image with a kernel by their frequencies: exact.

    $$ I * K = \mathcal F^{-1}\big(\mathcal F(I) \cdot \mathcal F(K)\big) $$

    with both padded with zeros to the size of the full result, or a little more where that is
    faster to transform, if the border is zero. A kernel that is not turned has its conjugate
    spectrum: correlation is a product, too.

    Args:
        image: Rows of pixels. [1]
        kernel: Rows of weights, not larger than the image. [1]
        mode: full, same or valid; only same where the border wraps. [1]
        border: zero or wrap. [1]
        turn: Turn the kernel by half a circle as the definition says. [1]

    Returns:
        Rows of pixels. [1]

    Raises:
        ValueError: If the rows differ in length, the kernel is larger than the image, or the mode
            or border is unknown or they do not go together.

    References:
        Mathieu, Henaff, LeCun 2013, "Fast training of convolutional networks through FFTs",
        https://doi.org/10.48550/arXiv.1312.5851

    Examples:
        >>> convolve_by_frequency([[1, 4, 9]], [[1, -1]], "valid", "zero", True)
        [[3.0, 5.0]]
    """
    _check(image, kernel, mode, border)
    weights = kernel if turn else [row[::-1] for row in kernel[::-1]]
    high, wide = len(kernel), len(kernel[0])
    rows, columns = len(image), len(image[0])
    if border == "zero":
        rows, columns = _fast(rows + high - 1), _fast(columns + wide - 1)
    product = [
        [a * b for a, b in zip(*pair, strict=True)]
        for pair in zip(
            _spectrum(tuple(map(tuple, image)), rows, columns),
            _spectrum(tuple(map(tuple, weights)), rows, columns),
            strict=True,
        )
    ]
    scale = 1 / (rows * columns)
    full = [[value.real * scale for value in row] for row in _transform_grid(product, 1)]
    if border == "wrap":  # the kernel's middle, not its corner, belongs onto the pixel
        down, across = _after("same", high), _after("same", wide)
        turned = full[down:] + full[:down]
        return [row[across:] + row[:across] for row in turned]
    # The full result less what the mode leaves out, at the start and at the end.
    top, left = high - 1 - _before(mode, high), wide - 1 - _before(mode, wide)
    bottom, right = len(image) + _after(mode, high), len(image[0]) + _after(mode, wide)
    return [row[left:right] for row in full[top:bottom]]


def _fast(size: int) -> int:
    """Return the next power of two, which transforms fastest."""
    return int(1 << (size - 1).bit_length())


@functools.lru_cache(maxsize=16)
def _spectrum(grid: tuple[tuple[float, ...], ...], rows: int, columns: int) -> Spectrum:
    """Transform a grid with zeros behind it; an image stays while a reader changes the kernel."""
    padded = [[*map(complex, row), *[0j] * (columns - len(row))] for row in grid]
    return _transform_grid(padded + [[0j] * columns] * (rows - len(grid)), -1)


def gaussian_kernel(size: int, variance: float) -> list[list[float]]:
    r"""Compute a Gaussian blur that sums to one.

    $$ K_{mn} \propto e^{-(m^2 + n^2) / (2 \sigma^2)} $$

    Args:
        size: Side of the kernel, odd so that it has a middle. [1]
        variance: Of each direction, $\sigma^2$, in pixels squared. [1]

    Returns:
        Rows of weights. [1]

    Raises:
        ValueError: If the size is not odd or the variance not positive.

    References:
        Lindeberg 1990, "Scale-space for discrete signals", https://doi.org/10.1109/34.49051

    Examples:
        >>> gaussian_kernel(3, 0.5)[1][1]
        0.3319
    """
    if size < 1 or size % 2 == 0:
        raise ValueError(f"size = {size}: must be odd")
    if not variance > 0:
        raise ValueError(f"variance = {variance:g}: must be positive")
    line = [math.exp(-((i - size // 2) ** 2) / (2 * variance)) for i in range(size)]
    total = sum(line)
    return [[a * b / total**2 for b in line] for a in line]


def largest_difference(first: Grid, second: Grid) -> float:
    r"""Compare two images pixel by pixel: exact.

    $$ d = \max_{i, j} |a_{ij} - b_{ij}| $$

    Args:
        first: Rows of pixels. [1]
        second: Rows of pixels, of the same size. [1]

    Returns:
        The largest absolute difference. [1]

    Raises:
        ValueError: If the sizes differ.

    References:
        The theorem of `fourier` says that it is 0 but for rounding.

    Examples:
        >>> largest_difference([[1, 2]], [[1, 2.5]])
        0.5
    """
    return max(
        abs(a - b) for rows in zip(first, second, strict=True) for a, b in zip(*rows, strict=True)
    )


def side_by_side(images: Sequence[Grid], side: int) -> list[list[float]]:
    """Put images next to each other, each from its lowest value (0) to its highest (1).

    Args:
        images: Images of at most that side. [1]
        side: Pixels of the square that each is centred in. [1]

    Returns:
        Rows of one wide picture with values from 0 to 1, to a thousandth; a half around the
        images. [1]

    Raises:
        ValueError: If an image is larger than the square.

    References:
        A picture of what `convolve` returns.

    Examples:
        >>> side_by_side([[[5, 7]], [[1]]], 2)
        [[0.0, 1.0, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5]]
    """
    sheet = [[0.5] * (side * len(images)) for _ in range(side)]
    for place, image in enumerate(images):
        rows, columns = len(image), len(image[0])
        if max(rows, columns) > side:
            raise ValueError(f"image of {columns} x {rows}: must fit into side = {side}")
        top, left = (side - rows) // 2, place * side + (side - columns) // 2
        low, high = min(map(min, image)), max(map(max, image))
        span = high - low
        for i, row in enumerate(image):
            grey = [round((v - low) / span, 3) for v in row] if span else [0.5] * columns
            sheet[top + i][left : left + columns] = grey
    return sheet


def _check(image: Grid, kernel: Grid, mode: str, border: str) -> None:
    for name, grid in (("image", image), ("kernel", kernel)):
        if len({len(row) for row in grid}) != 1 or not grid[0]:
            raise ValueError(f"{name}: must have rows of one length")
    if mode not in MODES:
        raise ValueError(f"mode = {mode!r}: must be one of {', '.join(MODES)}")
    if border not in BORDERS:
        raise ValueError(f"border = {border!r}: must be one of {', '.join(BORDERS)}")
    if border == "wrap" and mode != "same":
        raise ValueError(f"mode = {mode!r}: must be same where the border wraps")
    if len(kernel) > len(image) or len(kernel[0]) > len(image[0]):
        raise ValueError("kernel: must not be larger than the image")


def _before(mode: str, size: int) -> int:
    """Return how many zeros a mode puts before the image."""
    return {"valid": 0, "same": (size - 1) - (size - 1) // 2, "full": size - 1}[mode]


def _after(mode: str, size: int) -> int:
    """Return how many zeros a mode puts behind the image."""
    return {"valid": 0, "same": (size - 1) // 2, "full": size - 1}[mode]


def _wrapped(image: Grid, high: int, wide: int) -> list[list[float]]:
    """Put the image's other side around it, as far as a kernel reaches."""
    rows, columns = len(image), len(image[0])
    lines = [i % rows for i in range(-_before("same", high), rows + _after("same", high))]
    places = [j % columns for j in range(-_before("same", wide), columns + _after("same", wide))]
    return [[float(image[i][j]) for j in places] for i in lines]
