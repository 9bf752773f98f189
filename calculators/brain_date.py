"""When does the fastest machine reach a given number of operations per second?"""

import functools
import math
from typing import Annotated

from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Column,
    Line,
    Points,
    Quantity,
    Results,
    Rule,
    Slider,
    Table,
    Verdict,
)
from hwcalc.charts import Band
from hwcalc.display import text
from hwcalc.growth import YEAR, date_reached, doubling_time, doublings, grown
from hwcalc.random_walk import Walk, backtest, fit_walk, forecast, reach_dates, reach_probability
from hwcalc.supercomputers import YARDSTICKS, records, series

SHARE = 0.9
AHEAD = 20  # half-years for the backtest
LAST = 2100  # end of the chart
SAMPLES = 16
TODAY = 2026
START_2015, DOUBLINGS_2015 = 2015.0, 21
PACES_2015 = (1.05, 1.8, 3.0)  # years; the first is what its date of 2037 takes


@functools.cache
def fitted(yardstick: str, known: int) -> Walk:
    """The walk of a record, which a move of the target leaves as it is."""
    walk = fit_walk(*series(yardstick, float(known)))
    if walk.growth <= 0:
        raise ValueError(
            f"forecast of {known}: must have seen the record grow; choose a later year"
        )
    return walk


def calculate(
    target: Annotated[
        float,
        Slider(
            1e-6, 1e9, start=1075, scale="log", unit="EFLOP/s", label="Operations to reach",
            help="1,075 EFLOP/s is the count of 2015; 0.001 is Carlsmith's 1e15",
        ),
    ],
    yardstick: Annotated[str, Choice(YARDSTICKS, start="hpcg", label="Yardstick")],
    known: Annotated[
        int,
        Slider(
            1998,
            TODAY,
            start=TODAY,
            label="Forecast made at the start of",
            help="Nothing that came later is known to the forecast",
        ),
    ],
) -> Results:  # fmt: skip
    dates, rates = series(yardstick, float(known))
    walk = fitted(yardstick, known)
    early, middle, late = reach_dates(walk, target, SHARE)
    whole = series("hpl")
    past = backtest(*whole, AHEAD, SHARE)
    every = {key: fitted(key, TODAY) for key in YARDSTICKS}
    end = min(max(2040.0, 10 * math.ceil(min(late, middle + 20) / 10)), LAST)
    ahead = [walk.date + (end - walk.date) * n / SAMPLES for n in range(SAMPLES + 1)]
    low, mid, high = (
        [forecast(walk, date, share) for date in ahead]
        for share in (0.5 - SHARE / 2, 0.5, 0.5 + SHARE / 2)
    )
    middles = {key: reach_dates(each, target, SHARE)[1] for key, each in every.items()}
    newest = records("hpl")[-1]
    machines = records(yardstick)
    later = [machine for machine in machines if machine.date > known]
    sparse = records("hpcg")
    first, last = sparse[0], sparse[-1]
    return [
        Verdict("when", "Reached in", _date(middle)),
        Verdict("band", "Nine in ten", _span(early, late)),
        Quantity("doubling", "One doubling took", walk.doubling_time, "years"),
        Quantity("by_2050", "Chance by 2050", reach_probability(walk, 2050, target), "%", digits=2),
        Quantity("record", f"{machines[-1].name}, {machines[-1].month}", machines[-1].rate,
                 "FLOP/s"),
        Quantity("missing", "Doublings to go", max(doublings(walk.value, target), 0.0)),
        *(
            Verdict(f"when_{key}", f"{YARDSTICKS[key]}, from today", _date(soon))
            for key, soon in middles.items()
        ),
        Quantity(
            "needed_2037", "A doubling, to be there in 2037",
            doubling_time(1, 2**DOUBLINGS_2015, (2037 - START_2015) * YEAR), "years",
        ),
        Quantity(
            "dense_2013", "A doubling on dense equations until 2013",
            fitted("hpl", 2014).doubling_time, "years",
        ),
        Quantity(
            "missed_2014", "Its forecast of 2014 over what came",
            forecast(fitted("hpl", 2014), newest.date, 0.5) / newest.rate, "x", digits=2,
        ),
        Quantity(
            "past_factor", "Forecasts for ten years were off by", past.median, "x", digits=2,
            note=f"in the median of {past.forecasts} on the TOP500's record",
        ),
        Quantity("past_inside", "Outcomes within the band", past.inside, "%", digits=2),
        Chart(
            "course",
            "The record, the forecast, and what came",
            x=Axis("Year", "year", low=math.floor(dates[0]), high=end),
            y=Axis(f"{YARDSTICKS[yardstick]}, FLOP/s", scale="log", low=rates[0], high=1e30
                   if target > 1e24 else 1e24),
            marks=[
                Band("Nine in ten", ahead, low, high),
                Line("Record known", dates, rates),
                Line("Middle of the forecast", ahead, mid, dash=True),
                *(
                    [Points("What came", [m.date for m in later], [m.rate for m in later])]
                    if later
                    else []
                ),
                Rule(y=target, label=text(target, "FLOP/s")),
            ],
            alt=f"Known until {_date(walk.date)}, the record doubles every "
            f"{walk.doubling_time / YEAR:.2g} years and reaches {text(target, 'FLOP/s')} in "
            f"{_date(middle)}, nine times in ten {_span(early, late)}.",
        ),
        Table(
            "yardsticks",
            "The same level by each yardstick, from all that is known today",
            [
                Column("Yardstick"),
                Column("Record", "FLOP/s"),
                Column("Doubling in years"),
                Column("Early"),
                Column("Middle"),
                Column("Late"),
                Column("By 2050", "%", 2),
            ],
            [
                [
                    YARDSTICKS[key], each.value, each.doubling_time / YEAR,
                    *map(_date, reach_dates(each, target, SHARE)),
                    reach_probability(each, 2050, target),
                ]
                for key, each in every.items()
            ],
            highlight=list(YARDSTICKS).index(yardstick),
        ),
        Table(
            "paces",
            f"The paces of 2015, from {text(first.rate, 'FLOP/s', 2)} on sparse equations",
            [
                Column("Years for a doubling"),
                Column("Level reached in"),
                Column(f"Promised for {last.month}", "FLOP/s", 2),
                Column("Came", "FLOP/s", 2),
            ],
            [
                [
                    pace, _date(date_reached(START_2015, first.rate, target, pace * YEAR)),
                    grown(first.rate, (last.date - START_2015) * YEAR, pace * YEAR), last.rate,
                ]
                for pace in PACES_2015
            ],
        ),
    ]  # fmt: skip


def _date(year: float) -> str:
    """A year in words."""
    if math.isinf(year):
        return "open"
    return f"{math.floor(year):,}" if year >= 10_000 else f"{math.floor(year)}"


def _span(early: float, late: float) -> str:
    """From when to when, where there is an end."""
    end = " on, without an end" if math.isinf(late) else f" to {_date(late)}"
    return f"from {_date(early)}{end}"
