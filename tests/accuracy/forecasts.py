"""Forecasts of the fastest supercomputer: each that could have been made, against what came."""

import functools

from hwcalc.random_walk import fit_walk, forecast
from hwcalc.supercomputers import records, series
from tests.accuracy.regimes import Regime
from tests.accuracy.tables import Row

LEAST = 10  # half-years to learn from, as many as the shorter forecast looks ahead
REMARK = (
    "Forecasts made around 2013 promised most: the record had doubled every 1.05 years until then, "
    "and every 2.2 years since. No rate learned from the past can know of such a change; the band "
    "for nine in ten outcomes held all of them."
)


@functools.cache
def rows(ahead: int) -> tuple[Row, ...]:
    """Return the dates at which a forecast could be made, with the rate that came later."""
    dates, rates = series("hpl")
    sources = {machine.rate: machine.source for machine in records("hpl")}
    return tuple(
        {
            "table": "supercomputers",
            "accelerator": "",
            "known": last + 1,
            "ahead": ahead,
            "rate": rates[last + ahead],
            "source": sources[rates[last + ahead]],
        }
        for last in range(max(LEAST, ahead), len(dates) - ahead)
    )


def came(row: Row) -> float:
    """Return the record at the date that was forecast."""
    return float(row["rate"])


def expected(row: Row) -> float:
    """Forecast the record from what was known then."""
    dates, rates = series("hpl")
    known = int(row["known"])
    due = dates[known - 1 + int(row["ahead"])]
    return forecast(fit_walk(dates[:known], rates[:known]), due, 0.5)


REGIMES = tuple(
    Regime(
        name=f"forecast-{years}-years",
        title=f"Record of the TOP500, {word} years ahead",
        rows=rows(2 * years),
        measured=came,
        predicted=expected,
        unit="FLOP/s",
        fitted=False,
        median=median,
        ninth=ninth,
        aim=None,
        remark=REMARK,
    )
    for years, word, median, ninth in ((5, "five", 0.65, 3.76), (10, "ten", 3.98, 14.9))
)
