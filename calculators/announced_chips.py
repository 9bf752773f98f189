"""How long does an announced chip take to arrive?"""

from typing import Annotated

from hwcalc.calculator import (
    Axis,
    Chart,
    Choice,
    Column,
    Quantity,
    Results,
    Rule,
    Spans,
    Table,
    Toggle,
    Verdict,
)
from hwcalc.display import text
from hwcalc.history import Announcement, announcements, arrival_times, came
from hwcalc.prices import READ, calendar_year

VENDORS = {
    "all": "All of them",
    "NVIDIA": "NVIDIA",
    "AMD": "AMD",
    "Intel": "Intel, Nervana, Habana",
    "Google": "Google",
}
WORDS = {
    "shipped": "Arrived",
    "sampled": "Samples only",
    "cancelled": "Cancelled",
    "announced": "Not yet here",
}


def calculate(
    vendor: Annotated[str, Choice(VENDORS, start="all", label="Vendor")],
    ahead: Annotated[
        bool,
        Toggle(start=True, label="Only what was announced at least a month ahead"),
    ],
) -> Results:
    chosen = [chip for chip in announcements() if vendor in ("all", chip.vendor)]
    maker = "" if vendor == "all" else vendor
    times = [time for time in arrival_times(maker) if not ahead or time > 30 * 86400]
    share = came(maker)
    middle = text(times[len(times) // 2], "months") if times else "unknown"
    longest = text(times[-1], "months") if times else "unknown"
    drawn = sorted(
        (chip for chip in chosen if _shown(chip, ahead)),
        key=lambda chip: chip.announced,
    )
    kinds = {
        word: [chip for chip in drawn if chip.status == status] for status, word in WORDS.items()
    }
    return [
        Verdict("median", "Half of them took at most", middle),
        Verdict("longest", "The longest", longest),
        Quantity("count", "Of chips that came, with known dates", len(times)),
        Quantity("share", "Came at all", share, "%", note="of those that came or were cancelled"),
        Quantity("pending", "Still awaited", sum(chip.status == "announced" for chip in chosen),
                 "chips"),
        Chart(
            "course",
            "From announcement to arrival",
            x=Axis("Date", "year", low=2016, high=2027),
            y=Axis(""),
            marks=[
                *(
                    Spans(word, [chip.product for chip in some],
                          [calendar_year(chip.announced) for chip in some],
                          [_end(chip) for chip in some])
                    for word, some in kinds.items() if some
                ),
                Rule(x=calendar_year(READ), label="today"),
            ],
            alt=f"Time until half of the chips that came were there: {middle}. "
            f"{text(share, '%')} came at all.",
        ),
        Table(
            "chips",
            "Every chip whose dates a document confirms",
            [Column("Chip"), Column("Vendor"), Column("Announced"), Column("Promised"),
             Column("Arrived")],
            [[chip.product, chip.vendor, chip.announced,
              "" if "promised" in chip.unverified else chip.promised,
              chip.shipped if chip.status == "shipped" else WORDS[chip.status].lower()]
             for chip in chosen if chip.dated or not chip.announced],
        ),
    ]  # fmt: skip


def _shown(chip: Announcement, ahead: bool) -> bool:
    """Whether both ends of its bar are known, and it was announced ahead if that is asked for."""
    if not chip.dated or (chip.status == "cancelled" and not chip.ended):
        return False
    return not (ahead and chip.shipped) or _end(chip) - calendar_year(chip.announced) > 1 / 12


def _end(chip: Announcement) -> float:
    """Cancellation, arrival, or today for what has not come."""
    return calendar_year(chip.ended or chip.shipped or READ)
