"""The fastest machine of each time, by three yardsticks, as published.

HPL solves dense equations in double precision and decides the TOP500 list; HPCG solves sparse ones
and shows what a memory-bound program gets; the third is no measurement but a count, the chips of
the largest cluster known times their dense 16-bit peak. Tables are in data/history; no model is in
here.
"""

import csv
import functools
from dataclasses import dataclass

from hwcalc.catalog import accelerators
from hwcalc.datafile import DATA
from hwcalc.roofline import peak_rate

__all__ = ["YARDSTICKS", "Machine", "records", "series", "year"]

YARDSTICKS = {
    "hpl": "Dense equations, 64 bits (HPL)",
    "hpcg": "Sparse equations, 64 bits (HPCG)",
    "dense16": "Peak of an AI cluster, 16 bits",
}
STEP = 0.5  # years between two TOP500 lists


@dataclass(frozen=True)
class Machine:
    """A machine that was the fastest by a yardstick."""

    name: str
    month: str  # year and month from which on
    yardstick: str  # a key of YARDSTICKS
    rate: float  # [FLOP/s]
    power: float | None  # [W], None where not seen in a document
    source: str

    @property
    def date(self) -> float:
        """The same as a calendar year with its fraction [1]."""
        return year(self.month)


def year(month: str) -> float:
    """Turn a year and month into a calendar year with its fraction.

    Args:
        month: Year and month, as in 2013-06. [1]

    Returns:
        The middle of the month. [1]

    Raises:
        ValueError: If the text has another form.

    References:
        `Machine`.

    Examples:
        >>> year("2013-06")
        2013.458
    """
    whole, _, part = month.partition("-")
    if not (whole.isdigit() and part.isdigit()):
        raise ValueError(f"month = {month!r}: must be a year and a month, as in 2013-06")
    return int(whole) + (int(part) - 0.5) / 12


@functools.cache
def records(yardstick: str) -> tuple[Machine, ...]:
    """Return the machines that broke the record by a yardstick, oldest first.

    Args:
        yardstick: hpl, hpcg or dense16. [1]

    Returns:
        The machines. [1]

    Raises:
        ValueError: If there is no such yardstick.

    References:
        `DATA`, history/supercomputers.csv.

    Examples:
        >>> last = records("hpl")[-1]
        >>> last.name, last.rate
        ('El Capitan', 1.809e+18)
    """
    if yardstick not in YARDSTICKS:
        raise ValueError(f"yardstick = {yardstick!r}: must be one of {', '.join(YARDSTICKS)}")
    with (DATA / "history" / "supercomputers.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(
            Machine(
                name=row["name"],
                month=row["date"],
                yardstick=yardstick,
                rate=float(row["rate"]) if row["rate"] else _peak(row["chips"]),
                power=float(row["power"]) if row["power"] else None,
                source=row["source"],
            )
            for row in csv.DictReader(lines)
            if row["measure"] == yardstick
        )


def _peak(chips: str) -> float:
    """The dense 16-bit peak of chips written as id:count, with spaces between."""
    kinds = (kind.split(":") for kind in chips.split())
    return sum(peak_rate(accelerators()[key].peak, 16) * int(count) for key, count in kinds)


@functools.cache
def series(
    yardstick: str, until: float | None = None
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the record in equal steps of half a year, as a forecast needs it.

    A list that names the old record again is a step without growth; to leave such steps out would
    count the leaps and forget the years between them.

    Args:
        yardstick: hpl, hpcg or dense16. [1]
        until: Calendar year with its fraction after which nothing is known yet, if
            not the newest record is the end. [1]

    Returns:
        Calendar years and the record at each, in FLOP/s. [1]

    Raises:
        ValueError: If there is no such yardstick, or no record before the date.

    References:
        `records`.

    Examples:
        >>> dates, rates = series("hpl", 1995)
        >>> [round(date, 2) for date in dates], [f"{rate:.3g}" for rate in rates]
        ([1993.46, 1993.96, 1994.46, 1994.96], ['5.97e+10', '1.24e+11', '1.43e+11', '1.7e+11'])
    """
    known = records(yardstick)
    end = known[-1].date if until is None else min(until, known[-1].date)
    machines = [machine for machine in known if machine.date <= end]
    if not machines:
        first = known[0].month
        raise ValueError(f"until = {end:g}: must not be before the first record, of {first}")
    begin = machines[0].date
    # The list of November comes five months after that of June, so steps are a month off at most.
    dates = [begin + STEP * n for n in range(int((end - begin) / STEP + 0.2) + 1)]
    reached = (
        max(machine.rate for machine in machines if machine.date <= date + 0.05) for date in dates
    )
    return tuple(dates), tuple(reached)
