"""Search constants that make an error small: the simplex method, and a weak pull."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = Any  # numpy's, of floats

PULL = 0.001


def simplex(
    function: Callable[[Array], float], start: Array, step: float, steps: int
) -> tuple[Array, float]:
    """Search a minimum with the simplex method of Nelder and Mead (1965)."""
    points = [start, *(start + step * axis for axis in np.eye(len(start)))]
    values = [function(point) for point in points]
    for _ in range(steps):
        order = np.argsort(values, kind="stable")
        points, values = [points[i] for i in order], [values[i] for i in order]
        if values[-1] - values[0] < 1e-8:
            break
        centre = np.mean(points[:-1], axis=0)
        away = centre - points[-1]
        point = centre + away
        value = function(point)
        if value < values[0]:
            further = centre + 2 * away
            reached = function(further)
            if reached < value:
                point, value = further, reached
        elif value >= values[-2]:
            point = centre - 0.5 * away
            value = function(point)
            if value >= values[-1]:  # shrink towards the best
                points = [points[0], *((points[0] + p) / 2 for p in points[1:])]
                values = [values[0], *(function(p) for p in points[1:])]
                continue
        points[-1], values[-1] = point, value
    best = int(np.argmin(values))
    return points[best], values[best]


def fit(
    objective: Callable[[Mapping[str, float]], float],
    usual: Mapping[str, float],
    shares: tuple[str, ...],
) -> dict[str, float]:
    """Find the constants that make the objective smallest, to four digits.

    Constants are positive, those named as shares also below one. A weak pull towards their usual
    values keeps what the objective does not determine from drifting.
    """
    names = tuple(usual)
    start = np.array([_inward(usual[name], name in shares) for name in names])

    def constants(point: Array) -> dict[str, float]:
        return {n: _outward(x, n in shares) for n, x in zip(names, point, strict=True)}

    def pulled(point: Array) -> float:
        return objective(constants(point)) + PULL * float(np.sum((point - start) ** 2))

    point = start
    for step in (0.3, 0.2, 0.1, 0.1):  # a simplex may collapse early; begin again where it ended
        point, _ = simplex(pulled, point, step, 150 * len(names))
    return {name: float(f"{value:.4g}") for name, value in constants(point).items()}


def _inward(value: float, share: bool) -> float:
    """Map a constant to the whole line."""
    return float(np.log(value / (1 - value)) if share else np.log(value))


def _outward(value: float, share: bool) -> float:
    return float(1 / (1 + np.exp(-value)) if share else np.exp(value))
