"""What the accuracy page and the tags of results need of every regime: `python -m` prints it.

Statistics are over all rows; a drawing shows at most so many points as a reader can tell apart.
The same rows give the same report in every process.
"""

import csv
import io
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.accuracy.all import ALL
from tests.accuracy.contrast import contrasts
from tests.accuracy.regimes import Regime, errors, summary

TAGS = Path(__file__).parents[2] / "src" / "hwcalc" / "data" / "accuracy.csv"
KINDS = {"accelerator": "accelerators", "dtype": "formats"}  # column here, and of all rows there
DRAWN = 120  # points of one regime
AGAIN = ("-large", "-unmeasured", "-node")  # regimes whose rows are among those of another one
FEW = 20  # rows below which a tenth is one or two of them

# The best figures of others, as far as somebody published or measured any.
PEERS = (
    (
        "matmul",
        "-all",
        "AIConfigurator: 64 to 341 % without tables of the same card, by its own notes",
    ),
    ("matmul", "-large", "only tables measured on the same card"),
    ("collectives", "", "one rate and one latency, wrong at both ends"),
    ("training-korthikanti", "", "Calculon: 3.65 % in the mean, 8.87 % at most, fitted there"),
    ("training-ptdp", "", "Calculon: 0.3 to 12 %"),
    *(
        (f"training-{name}", "", "llm-cluster-simulator: 7.1 % in the mean, fitted there")
        for name in ("llm-foundry", "nemo-dense", "maxtext", "bloom")
    ),
    ("ranking-bert-large", "", "bandwidth alone: 17 %; a curve fitted to the cards: 13 %"),
    ("memory", "", "SimuMax: 1.4 % on eight GPUs of one kind"),
)


def report(regime: Regime) -> dict[str, Any]:
    """Return a regime as plain data."""
    times = [regime.measured(row) for row in regime.rows]
    points = sorted(
        (time, time * (1 + error)) for time, error in zip(times, errors(regime), strict=True)
    )
    return {
        "name": regime.name,
        "title": regime.title,
        "unit": regime.unit,
        "fitted": regime.fitted,
        "bound": [regime.median, regime.ninth],
        "aim": [None if limit == float("inf") else limit for limit in regime.aim or ()],
        "short": regime.short,
        "remark": regime.remark,
        "peer": next(
            (said for start, end, said in PEERS
             if regime.name.startswith(start) and regime.name.endswith(end)), "",
        ),
        **summary(regime),
        "mean": statistics.fmean(abs(error) for error in errors(regime)),
        "again": regime.name.endswith(AGAIN),
        "furthest": max(abs(error) for error in errors(regime)),
        "sources": sorted({str(row["source"]) for row in regime.rows}),
        "points": [[float(f"{value:.4g}") for value in point] for point in sample(points, DRAWN)],
        "worst": worst_tenth(regime),
    }  # fmt: skip


def sample(points: Sequence[Any], most: int) -> list[Any]:
    """Return every so many of the points, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    return [points[round(i * (len(points) - 1) / (most - 1))] for i in range(most)]


def worst_tenth(regime: Regime) -> dict[str, Any]:
    """Return what the tenth of the rows with the largest errors has that the others have not."""
    found = errors(regime)
    order = sorted(range(len(found)), key=lambda i: -abs(found[i]))
    count = len(found) // 10 if len(found) >= FEW else 1
    worst = order[:count]
    times = [{**row, "measured": regime.measured(row)} for row in regime.rows]
    return {
        "rows": count,
        "least": abs(found[worst[-1]]),
        "below": sum(found[i] < 0 for i in worst),
        "common": contrasts([times[i] for i in worst], [times[i] for i in order[count:]])
        if len(found) >= FEW
        else [],
    }


def tags() -> str:
    """Return the table of errors from which results take their tags."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*("regime", "rows", "median", "ninth", "bias"), *("fitted", *KINDS.values())])
    for regime in sorted(ALL, key=lambda each: each.name):
        found = summary(regime)
        shares = [f"{found[key]:.4f}" for key in ("median", "ninth", "bias")]
        kinds = [" ".join(sorted({str(row.get(key, "")) for row in regime.rows})) for key in KINDS]
        fitted = "yes" if regime.fitted else "no"
        writer.writerow([regime.name, found["rows"], *shares, fitted, *kinds])
    return out.getvalue()


def main() -> None:
    """Print all regimes as JSON, or write the table of tags where `--tags` asks for it."""
    if "--tags" in sys.argv:
        TAGS.write_text(tags(), encoding="utf-8")
    else:
        json.dump([report(regime) for regime in ALL], sys.stdout)


if __name__ == "__main__":
    main()
