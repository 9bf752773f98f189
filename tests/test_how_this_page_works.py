"""The article "How this page works": what its words claim beside its computed numbers holds.

Its figures renew themselves with `make bench`, so nothing here asserts a time of this machine;
what is tested are statements that would have to be rewritten if they stopped being true.
"""

import re
from pathlib import Path

import pytest

import hwcalc
from hwcalc import boot_runs
from hwcalc.boot_runs import FULL_SPEED, OURS, STOCK
from hwcalc.calculator import Points

ARTICLE = Path(__file__).parents[1] / "docs" / "posts" / "how-this-page-works.md"
LINKS = {"full": FULL_SPEED, "fast": 50e6 / 8, "slow": 10e6 / 8}


@pytest.mark.parametrize("link", LINKS)
def test_this_page_is_faster_than_published_files(link: str) -> None:
    """The short answer: compiled ahead and cut down, the same page answers sooner."""
    assert hwcalc.run("boot_measured", link=link)["ratio"].value < 1


def test_chart_shows_what_was_measured() -> None:
    """The bars are the medians of the rows in data/bench, one for each variant of that visit."""
    answer = hwcalc.run("boot_measured")
    (bars,) = answer["variants"].marks
    assert bars.values[0] == boot_runs.quantile(boot_runs.seconds(OURS, "first", FULL_SPEED), 0.5)
    assert answer["ours"].value / answer["stock"].value == pytest.approx(answer["ratio"].value)
    later = hwcalc.run("boot_measured", visit="later")
    kept = boot_runs.quantile(boot_runs.seconds(OURS, "kept", FULL_SPEED), 0.5)
    assert later["ours"].value == kept, "later visits are the service worker's"


def test_less_python_is_sent_than_published_and_none_later() -> None:
    """The slim library weighs less than the stock one, and a kept one is not sent again."""
    answer = hwcalc.run("boot_measured")
    assert answer["runtime"].value < answer["stock_runtime"].value
    assert answer["kept"].value == 0


@pytest.mark.parametrize(("name", "variant"), [("ours", OURS), ("stock", STOCK)])
def test_model_agrees_with_the_measurements_it_was_made_of(name: str, variant: str) -> None:
    """At 10 Mbit/s a curve passes through its point, unless no split of the work allows that."""
    answer = hwcalc.run("page_boot", link=10, latency=40, slowness=1, runtime=variant)
    seen = {
        link: boot_runs.quantile(boot_runs.seconds(variant, "first", rate), 0.5)
        for link, rate in LINKS.items()
    }
    start = answer["parts"].rows[-1][1]
    assert 0 <= start <= seen["full"]
    if 0 < start < seen["full"]:
        assert answer[name].value == pytest.approx(seen["slow"])


def test_measured_dots_stand_where_the_table_has_them() -> None:
    """The chart's points are medians at 10 and 50 Mbit/s, in the colour of their curve."""
    points = [mark for mark in hwcalc.run("page_boot")["links"].marks if isinstance(mark, Points)]
    assert [mark.series for mark in points] == ["Pyodide as published", "This page"]
    for mark, variant in zip(points, (STOCK, OURS), strict=True):
        rates = [LINKS["slow"], LINKS["fast"]]
        assert mark.x == [8 * rate for rate in rates]
        assert mark.y == [
            boot_runs.quantile(boot_runs.seconds(variant, "first", rate), 0.5) for rate in rates
        ]


def test_slow_link_waits_for_bytes_and_fast_one_for_work() -> None:
    """The heading of the second section: the two pages differ in work more than in bytes."""
    for runtime in (OURS, STOCK):
        assert hwcalc.run("page_boot", link=1, runtime=runtime)["limit"].text == "the link"
    slow, fast = (hwcalc.run("page_boot", link=link, latency=1) for link in (1, 500))
    assert slow["ratio"].value > fast["ratio"].value
    full, limited = (hwcalc.run("boot_measured", link=k)["ratio"].value for k in ("full", "slow"))
    assert limited > full, "over a slow link the ratio moves towards one"


def test_slower_processor_takes_longer() -> None:
    """On a phone nearly all of the wait is work: four times the work, much more than twice."""
    desk, phone = (hwcalc.run("page_boot", link=500, latency=1, slowness=s) for s in (1, 4))
    assert phone["ours"].value > 2 * desk["ours"].value


def test_each_step_did_what_the_text_says() -> None:
    """Compiling saves time and costs bytes, cutting saves bytes, a snapshot saves and costs."""
    answer = hwcalc.run("boot_steps")
    assert answer["bytecode"].value < 0.5
    assert answer["bytes_more"].value > 0
    assert answer["slim_bytes"].value > answer["bytes_more"].value, "smaller than published"
    assert answer["snapshot_gain"].value > 0
    assert answer["snapshot_bytes"].value > 4e6
    tried = boot_runs.prototypes()
    assert tried["snapshot"].slow is not None
    assert tried["stock"].slow is not None
    assert tried["snapshot"].slow > tried["stock"].slow, "slower even than doing nothing"
    assert 0 < answer["later"].value < 0.3


@pytest.mark.parametrize("link", LINKS)
def test_slim_library_wins_wherever_bytes_cost(link: str) -> None:
    """Over both slow links the slim library answers first; locally the snapshot does."""
    best = hwcalc.run("boot_steps", link=link)["best"].text
    tried = boot_runs.prototypes()
    assert best == tried["snapshot" if link == "full" else "slim"].name


def test_every_figure_of_the_article_has_a_result() -> None:
    """Inline values name results of the three calculators that stand in it."""
    words = ARTICLE.read_text(encoding="utf-8")
    shown = re.findall(r"^```calculator (\w+)", words, re.MULTILINE)
    assert shown == ["page_boot", "boot_steps", "boot_measured"]
    for calculator, name in re.findall(r"\{\{ (\w+)\.(\w+) \}\}", words):
        loaded = hwcalc.calculator.load(calculator)
        known = {result.name for result in loaded.run({}).results} | set(loaded.controls)
        assert name in known, f"{calculator}.{name}"
        assert calculator in shown
