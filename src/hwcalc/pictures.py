"""Small grey pictures and kernels to convolve, drawn by rule so that they take no download.

Pictures are lists of rows with values from 0 (black) to 1 (white).
"""

import math
from collections.abc import Callable, Mapping, Sequence

from hwcalc.convolution_theorem import gaussian_kernel
from hwcalc.numeric import check_count

__all__ = ["KERNELS", "PICTURES", "enlarged", "picture", "row_of_digits"]

Grid = list[list[float]]


def _letter(x: float, y: float) -> float:
    """A capital A: two slanted strokes and a bar."""
    slant = abs(abs(x - 0.5) - 0.34 * (y - 0.1) / 0.8) < 0.055 and 0.1 < y < 0.9
    return float(slant or (0.56 < y < 0.66 and abs(x - 0.5) < 0.22))


def _face(x: float, y: float) -> float:
    """A face lit from the left, on a dark ground."""
    away = math.hypot(x - 0.5, y - 0.5)
    if away > 0.42:
        return 0.15
    eyes = min(math.hypot(x - side, y - 0.4) for side in (0.35, 0.65))
    smile = abs(math.hypot(x - 0.5, y - 0.48) - 0.24) < 0.03 and y > 0.58
    return 0.1 if eyes < 0.06 or smile else 0.95 - 0.5 * x


def _rings(x: float, y: float) -> float:
    """Rings that narrow outwards: every direction, slow and fast changes."""
    return 0.5 + 0.5 * math.cos(36 * ((x - 0.5) ** 2 + (y - 0.5) ** 2) * math.pi / 2)


# What is drawn at a place between 0 and 1 from the left and from the top.
PICTURES: Mapping[str, tuple[str, Callable[[float, float], float]]] = {
    "letter": ("A letter", _letter),
    "face": ("A face", _face),
    "rings": ("Rings", _rings),
    "edge": ("An edge", lambda x, y: float(x + 0.3 * y > 0.62)),
    "dot": ("A dot", lambda x, y: float(math.hypot(x - 0.5, y - 0.5) < 0.03)),
}

# Name, weights. The lists are read as they stand: the first row lies on top.
KERNELS: Mapping[str, tuple[str, Grid]] = {
    "blur": ("Blur, 5 × 5 Gaussian", gaussian_kernel(5, 1.0)),
    "wide": ("Wide blur, 9 × 9 Gaussian", gaussian_kernel(9, 4.0)),
    "edges": ("All edges", [[-1.0, -1.0, -1.0], [-1.0, 8.0, -1.0], [-1.0, -1.0, -1.0]]),
    "upright": ("Upright edges", [[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]),
    "sharpen": ("Sharpen", [[0.0, -1.0, 0.0], [-1.0, 5.0, -1.0], [0.0, -1.0, 0.0]]),
    "shift": ("Shift to the right", [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]),
    "motion": ("Motion blur", [[1 / 9.0] * 9]),
    "identity": ("Nothing", [[1.0]]),
}


def picture(name: str, size: int) -> Grid:
    """Draw one of the pictures.

    Args:
        name: A key of `PICTURES`. [1]
        size: Pixels of a side. [1]

    Returns:
        Rows of grey values. [1]

    Raises:
        ValueError: If there is no such picture or size is not a whole number of at least 1.

    References:
        The drawings of `PICTURES`, made for this package.

    Examples:
        >>> picture("edge", 4)[0]
        [0.0, 0.0, 1.0, 1.0]
    """
    check_count(size=size)
    if name not in PICTURES:
        raise ValueError(f"name = {name!r}: must be one of {', '.join(PICTURES)}")
    draw = PICTURES[name][1]
    middles = [(i + 0.5) / size for i in range(size)]
    return [[draw(x, y) for x in middles] for y in middles]


def row_of_digits(number: int, columns: int) -> list[float]:
    """Read a row of a drawing from the digits of a number: 1 is black, 9 is white.

    Args:
        number: One digit for each pixel; 0 is black, too, so leading zeros may be left out. [1]
        columns: Pixels of the row. [1]

    Returns:
        Grey values from 0 to 1. [1]

    Raises:
        ValueError: If the number is negative or has more digits than the row has pixels.

    References:
        The drawings of `PICTURES`, made for this package.

    Examples:
        >>> row_of_digits(9159, 4)
        [1.0, 0.0, 0.5, 1.0]
    """
    digits = f"{int(number):0{columns}d}"
    if number < 0 or len(digits) > columns:
        raise ValueError(f"number = {number}: must have at most {columns} digits")
    return [max(0, int(digit) - 1) / 8 for digit in digits]


def enlarged(grid: Sequence[Sequence[float]], side: int) -> Grid:
    """Enlarge a grid by a whole number, so that its cells can be seen beside a picture.

    Args:
        grid: Rows of values. [1]
        side: Pixels that the longer side may take. [1]

    Returns:
        Rows with every value repeated; the grid itself where it is not smaller. [1]

    References:
        The drawings of `PICTURES`, made for this package.

    Examples:
        >>> enlarged([[1.0, 2.0]], 5)
        [[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]
    """
    times = max(1, side // max(len(grid), len(grid[0])))
    return [[value for value in row for _ in range(times)] for row in grid for _ in range(times)]
