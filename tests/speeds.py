"""Compute the tables of speeds that pages show: `python -m tests.speeds` writes data/speeds.

predicted.csv has what `hwcalc.ranking.speed` gives for cards of the catalogue with the usual batch
and precision; a page that computed a hundred of them would keep its reader waiting. measured.csv
has the cards of Lambda's benchmark that the accuracy regimes compare with, at 16 bits.
"""

import csv
import io
from pathlib import Path

from hwcalc import catalog, ranking
from hwcalc.catalog import Accelerator
from tests.accuracy.ranking import CALLED, groups

FOLDER = Path(__file__).parent.parent / "src" / "hwcalc" / "data" / "speeds"
KINDS = ("consumer", "workstation", "datacenter")
OLDEST = "2016"  # no card before has a library that would run these networks today
SHOWN = ("bert-large", "resnet50")


def cards() -> list[Accelerator]:
    """Return the cards to be ranked, of which enough is published: a rate at 16 bits where there
    are matrix units, and how many multiprocessors share the work.
    """
    found = [
        each
        for each in catalog.accelerators().values()
        if each.kind in KINDS
        and each.release[:4] >= OLDEST
        and "sm_count" in each.published
        and ({"fp16", "bf16"} & set(each.peak) or each.family == "Pascal")
    ]
    return sorted(found, key=lambda each: each.id)


def predicted() -> str:
    """Return the table of predicted speeds."""
    rows = []
    for card in cards():
        form = ranking.usual_precision(card)
        speeds = (
            ranking.speed(workload, card, ranking.usual_batch(workload, card), form)
            for workload in ranking.WORKLOADS
        )
        rows.append([card.id, *(f"{speed:.4g}" for speed in speeds)])
    return _table(["accelerator", *ranking.WORKLOADS], rows)


def measured() -> str:
    """Return the table of measured speeds: of two cards with the same chip the first."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for (name, workload, precision), group in sorted(groups().items()):
        called = CALLED[workload]
        if precision != "fp16" or called not in SHOWN:
            continue
        year = "2022" if name == "lambda_2022" else "2024"
        for row in group:
            values = [called, row["accelerator"], row["gpu"]]
            figures = [f"{row['batch']:g}", f"{row['throughput']:g}", year, row["source"]]
            rows.setdefault((called, row["accelerator"], year), [*values, *figures])
    header = ["workload", "accelerator", "card", "batch", "speed", "year", "source"]
    return _table(header, sorted(rows.values()))


def _table(header: list[str], rows: list[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def main() -> None:
    """Write both tables."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "predicted.csv").write_text(predicted(), encoding="utf-8")
    (FOLDER / "measured.csv").write_text(measured(), encoding="utf-8")


if __name__ == "__main__":
    main()
