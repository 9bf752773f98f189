r"""From ranges of assumptions to the range of the answer: sums of products of uncertain numbers.

An estimate made of many guesses is a sum of terms, each a product of factors. A factor is given by
its range, and is either bell-shaped on a logarithmic axis, with one case in twenty beyond each end,
or equally likely at every point of that axis between the ends, and nowhere else.

The answer is computed at the points of a lattice that fills the cube of all combinations evenly.
Nothing is drawn by lot, so page and shell agree, and a few hundred points do the work of thousands:
percentiles are right to a fortieth of the answer's width on a logarithmic axis.

What it leaves out: factors that depend on each other, beyond their standing in several terms at
once; and ranges that are themselves wrong, which is what goes wrong in practice.
"""

import functools
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import add, mul

from hwcalc.distributions import normal_quantile
from hwcalc.numeric import check_positive

__all__ = [
    "SHAPES",
    "Outcomes",
    "Range",
    "parts_at_middle",
    "propagate",
    "swings",
]

SHAPES = {
    "lognormal": "Bell-shaped, one in twenty beyond each end",
    "uniform": "Equally likely from end to end",
}
# A lattice of Korobov's kind. tests/test_uncertainty.py holds it to its error; the generator is
# the best for sums of products such as those of hwcalc.brain.
POINTS, GENERATOR = 389, 121
BEYOND = 0.05  # [1] share of a bell-shaped factor beyond each end of its range


@dataclass(frozen=True)
class Range:
    """What a number may be: its ends, the same number twice where it is certain."""

    low: float
    high: float

    def __post_init__(self) -> None:
        """Refuse ends that are no range."""
        check_positive(low=self.low, high=self.high)
        if self.low > self.high:
            raise ValueError(
                f"low = {self.low:g} and high = {self.high:g}: the low end must not be above the "
                "high end"
            )

    @property
    def middle(self) -> float:
        """The point half-way on a logarithmic axis, and the median, in the number's unit [1]."""
        return math.sqrt(self.low) * math.sqrt(self.high)


@dataclass(frozen=True)
class Outcomes:
    """What the answer may be, each outcome equally likely, and where its spread comes from."""

    values: tuple[float, ...]  # rising
    shares: Mapping[str, float]  # [1] of the spread of the logarithm, by factor

    def quantile(self, share: float) -> float:
        """Return the value that a given share of the outcomes stays below, in their unit [1]."""
        place = min(max(share * len(self.values) - 0.5, 0.0), len(self.values) - 1.0)
        below = int(place)
        low, high = self.values[below], self.values[min(below + 1, len(self.values) - 1)]
        between: float = low * (high / low) ** (place - below)
        return between

    def share_below(self, value: float) -> float:
        """Return the share of the outcomes that a value is enough for [1]."""
        return bisect_right(self.values, value) / len(self.values)


def propagate(
    terms: Mapping[str, Sequence[str]], ranges: Mapping[str, Range], shape: str
) -> Outcomes:
    r"""Compute what a sum of products may be: an estimate.

    $$ R = \sum_k \prod_{j \in k} x_j $$

    Assumption: the factors are independent of each other.

    Args:
        terms: Names of the factors of each term, by the term's name. [1]
        ranges: Range of each factor by its name; one without extent is a constant. [any]
        shape: lognormal, with one case in twenty beyond each end, or uniform on the logarithm. [1]

    Returns:
        The outcomes, in the unit of the terms. [any]

    Raises:
        ValueError: If the shape is none of the two, or a term names a factor without a range.

    References:
        Sloan, Joe 1994, "Lattice methods for multiple integration", Oxford University Press,
        https://global.oup.com/academic/product/9780198534723

    Examples:
        A factor that is nine times in ten between a tenth and ten, doubled:

        >>> outcomes = propagate(
        ...     {"all": ("a", "b")}, {"a": Range(0.1, 10), "b": Range(2, 2)}, "lognormal"
        ... )
        >>> [round(outcomes.quantile(share), 1) for share in (0.05, 0.5, 0.95)]
        [0.2, 2.0, 20.0]
    """
    _check(terms, ranges, shape)
    uncertain = [name for name, each in ranges.items() if each.low < each.high]
    columns = dict(zip(uncertain, _lattice(len(uncertain), shape), strict=True))
    logarithms: dict[str, list[float]] = {}
    for name, places in columns.items():
        middle = math.log(ranges[name].middle)
        reach = math.log(ranges[name].high / ranges[name].low) / 2
        logarithms[name] = [middle + reach * place for place in places]
    totals = [0.0] * POINTS
    for factors in terms.values():
        known = sum(math.log(ranges[name].low) for name in factors if name not in columns)
        exponents = [known] * POINTS
        for name in factors:
            if name in columns:
                exponents = list(map(add, exponents, logarithms[name]))
        totals = list(map(add, totals, map(math.exp, exponents)))
    answers = list(map(math.log, totals))
    shares = {
        name: _correlation(columns[name], answers) ** 2 if name in columns else 0.0
        for name in ranges
    }
    return Outcomes(tuple(sorted(totals)), shares)


def parts_at_middle(
    terms: Mapping[str, Sequence[str]], ranges: Mapping[str, Range]
) -> dict[str, float]:
    r"""Compute each term with every factor at the middle of its range.

    Args:
        terms: Names of the factors of each term, by the term's name. [1]
        ranges: Range of each factor by its name. [any]

    Returns:
        The terms by name, in their common unit. [any]

    Raises:
        ValueError: If a term names a factor without a range.

    References:
        `propagate`, whose terms they are.

    Examples:
        >>> parts_at_middle({"all": ("a", "b")}, {"a": Range(1, 100), "b": Range(2, 2)})
        {'all': 20.0}
    """
    _check(terms, ranges, "lognormal")
    return {
        term: math.prod(ranges[name].middle for name in factors) for term, factors in terms.items()
    }


def swings(
    terms: Mapping[str, Sequence[str]], ranges: Mapping[str, Range]
) -> dict[str, tuple[float, float]]:
    r"""Compute how far each factor alone moves the sum, the others at their middle.

    Drawn as bars, longest first, they make the chart that is called a tornado.

    Args:
        terms: Names of the factors of each term, by the term's name. [1]
        ranges: Range of each factor by its name. [any]

    Returns:
        The sum with the factor at its low and at its high end, by the factor's name, the largest
        swing first. [any]

    Raises:
        ValueError: If a term names a factor without a range.

    References:
        `propagate`, whose factors they are.

    Examples:
        >>> swings({"all": ("a", "b")}, {"a": Range(1, 4), "b": Range(1, 100)})
        {'b': (2.0, 200.0), 'a': (10.0, 40.0)}
    """
    parts = parts_at_middle(terms, ranges)
    found: dict[str, tuple[float, float]] = {}
    for name, each in ranges.items():
        moved = sum(part for term, part in parts.items() if name in terms[term])
        fixed = sum(parts.values()) - moved
        found[name] = (
            fixed + moved * (each.low / each.middle),
            fixed + moved * (each.high / each.middle),
        )
    return dict(sorted(found.items(), key=lambda item: item[1][0] / item[1][1]))


def _check(terms: Mapping[str, Sequence[str]], ranges: Mapping[str, Range], shape: str) -> None:
    if shape not in SHAPES:
        raise ValueError(f"shape = {shape!r}: must be one of {', '.join(SHAPES)}")
    missing = {name for factors in terms.values() for name in factors} - set(ranges)
    if missing or not terms:
        raise ValueError(f"terms = {list(terms)}: must be some, with a range for each of {missing}")


@functools.cache
def _lattice(dimensions: int, shape: str) -> tuple[tuple[float, ...], ...]:
    """The points by dimension, from -1 at the low end of a range to 1 at its high end."""
    scale = normal_quantile(1 - BEYOND)
    columns = []
    for dimension in range(dimensions):
        step = pow(GENERATOR, dimension, POINTS)
        shares = [(n * step % POINTS + 0.5) / POINTS for n in range(POINTS)]
        columns.append(
            tuple(
                normal_quantile(share) / scale if shape == "lognormal" else 2 * share - 1
                for share in shares
            )
        )
    return tuple(columns)


def _correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Pearson's, of a column of the lattice, which is not constant, and of any other."""
    count = len(first)
    a, b = sum(first) / count, sum(second) / count
    product = sum(map(mul, first, second)) / count - a * b
    one = sum(map(mul, first, first)) / count - a * a
    other = sum(map(mul, second, second)) / count - b * b
    # Without spread, a rounding error is all that is left of it.
    return product / math.sqrt(one * other) if other > 1e-12 * b * b else 0.0
