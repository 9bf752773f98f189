"""Measure an answer of each calculator in a browser's Python: `python -m tests.bench.calculators`.

Run in Node, with the files a reader gets. Nothing here passes or fails: these are measurements,
not tests.
"""

import json
import statistics
from pathlib import Path

from hwcalc.web import bundle
from hwcalc.web.node import run_node

RUNS = 40
SCRIPT = Path(__file__).with_suffix(".mjs")


def main() -> None:
    """Print the median and the 95th percentile of each calculator's answers."""
    made = bundle.make().resolve()
    times: dict[str, list[float]] = json.loads(run_node(SCRIPT, made, str(RUNS)))
    print("| calculator | median | 95 % within |\n|---|---:|---:|")
    for name, spent in sorted(times.items(), key=lambda item: -statistics.median(item[1])):
        high = statistics.quantiles(spent, n=20)[-1]
        print(f"| {name} | {statistics.median(spent):.1f} ms | {high:.1f} ms |")


if __name__ == "__main__":
    main()
