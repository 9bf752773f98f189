"""What the models are measured against: one regime for each kind of number, with its bound.

The tests hold each regime to `median` and `ninth`; the accuracy page shows the same rows. A topic
has a module here that makes its regimes; `all.py` joins them. Nothing here needs pytest or numpy.
"""

import functools
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.accuracy.tables import Row


@dataclass(frozen=True, eq=False)
class Regime:
    """Rows of measured tables that one model predicts, and how well it must."""

    name: str  # topic-what, lower case
    title: str
    rows: Sequence[Row]
    measured: Callable[[Row], float]  # in base units
    predicted: Callable[[Row], float]
    unit: str
    fitted: bool  # constants of the model were fitted on these rows
    median: float  # [1] the absolute error must not exceed it in the median,
    ninth: float  # [1] nor this in nine of ten rows
    aim: tuple[float, float] | None  # what was set out for; None where nothing was
    remark: str  # what the worst rows have in common, and why an aim is missed

    @property
    def short(self) -> bool:
        """Tell whether the bound that holds is wider than the one that was set out for."""
        return self.aim is not None and (self.median > self.aim[0] or self.ninth > self.aim[1])


@functools.cache
def errors(regime: Regime) -> tuple[float, ...]:
    """Return predicted over measured, less one, for each row [1]."""
    return tuple(regime.predicted(row) / regime.measured(row) - 1 for row in regime.rows)


def summary(regime: Regime) -> dict[str, float]:
    """Return rows, median and 90th percentile of the absolute error, and the median error."""
    signed = errors(regime)
    absolute = [abs(error) for error in signed]
    return {
        "rows": len(signed),
        "median": statistics.median(absolute),
        "ninth": statistics.quantiles(absolute, n=10, method="inclusive")[8],
        "bias": statistics.median(signed),
    }


def worst(regime: Regime, count: int) -> list[tuple[float, Row]]:
    """Return the rows that are furthest off, with their errors."""
    pairs = zip(errors(regime), regime.rows, strict=True)
    return sorted(pairs, key=lambda pair: -abs(pair[0]))[:count]
