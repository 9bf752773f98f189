"""Measure how many layouts a second the planner evaluates: `python -m tests.bench.planner`.

Nothing here passes or fails: these are measurements, not tests.
"""

import time

from hwcalc import blocks, catalog
from hwcalc.frameworks import FRAMEWORKS
from hwcalc.layout import USUAL_SPREAD, Cluster, Layout
from hwcalc.planner import evaluate, layouts
from hwcalc.states import States
from hwcalc.training_step import step_time

RUNS = 5
SEQUENCE = 8192
SOFTWARE = FRAMEWORKS["megatron-core"]


def main() -> None:
    """Print the best of a few runs, for many layouts at once and for one."""
    shape = blocks.shape(catalog.transformers()["llama3-70b"])
    cluster = Cluster(catalog.accelerators()["h100-sxm"], 8, 50e9, USUAL_SPREAD)
    start = time.perf_counter()
    rows = [
        row
        for ranks, batch in ((256, 1024), (512, 2048), (1024, 2048))
        for row in layouts(shape, ranks, 8, batch, SEQUENCE)
    ]
    spent = time.perf_counter() - start
    print(f"enumerate {len(rows)} layouts: {spent / len(rows) * 1e6:.1f} µs each")

    states = States(2, 4, 4, "adam")
    some = rows[:10_000]
    columns = [list(column) for column in zip(*some, strict=True)]
    import numpy

    layout = Layout(*(numpy.array(column) for column in columns))  # type: ignore[arg-type]
    measure(
        f"time of {len(some)} steps at once",
        len(some),
        lambda: step_time(cluster, shape, layout, SEQUENCE, SOFTWARE, 0.0),
    )
    measure(
        f"time and memory of {len(rows)} layouts at once",
        len(rows),
        lambda: evaluate(cluster, shape, rows, SEQUENCE, SOFTWARE, states, 0.0, 1e9),
    )
    one = Layout(*rows[len(rows) // 2])
    measure("time of one step", 1, lambda: step_time(cluster, shape, one, SEQUENCE, SOFTWARE, 0.0))


def measure(what: str, count: int, run: object) -> None:
    """Print the shortest time of several runs, divided among what they computed."""
    assert callable(run)
    best = float("inf")
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    print(f"{what}: {best / count * 1e6:.1f} µs each")


if __name__ == "__main__":
    main()
