"""The benchmark's figures end up where README and article read them, and mix with no others."""

from pathlib import Path
from typing import Any

import pytest

from hwcalc import boot_runs
from hwcalc.boot_runs import FULL_SPEED
from tests.bench import __main__ as bench
from tests.bench import answers, boots, building, report, sites


def visit(session: str, variant: str, kind: str, seconds: float, **more: Any) -> dict[str, Any]:
    """A row as the benchmark makes them."""
    row = {"session": session, "browser": "Chromium 1", "run": 1, "variant": variant}
    row |= {"visit": kind, "mbits": "", "seconds": seconds, "bytes": 5_000_000}
    return row | {"runtime": 0 if kind != "first" else 4_900_000, "load": 0.5, **more}


def session_tables(session: str, ours: float, stock: float, extra: str = "") -> dict[str, Any]:
    """All tables of a session in which everything took these times."""
    rows = [
        visit(session, variant, kind, seconds * (10 if mbits else 1), mbits=mbits)
        for variant, kind, seconds in (
            ("hwcalc", "first", ours),
            ("stock", "first", stock),
            ("stock", "later", stock / 2),
            ("hwcalc", "later", ours / 2),
            ("hwcalc", "kept", ours / 4),
        )
        for mbits in ("", 50, 10)
    ]
    rows.append(visit(session, "hwcalc", "reading", 0, bytes=200_000))
    if extra:
        rows += [visit(session, extra, kind, 3 * stock) for kind in ("first", "later")]
    timings = [
        {"session": session, "what": what, "seconds": 0.01}
        for what in ("live", "ahead", "build", "edit")
    ]
    about = {"session": session, "machine": "Test", "cores": 2, "python": "3", "versions": "p 1"}
    return {"sessions": [about], "boots": rows, "timings": timings}


def test_models_read_what_the_benchmark_wrote(tmp_path: Path) -> None:
    """Medians, ratios, bytes and verdicts are those of the rows, and the published return after."""
    published = boot_runs.boots()
    report.store(tmp_path, session_tables("2026-01-01T00:00Z", 0.5, 2.0), tmp_path)
    with report.reading(tmp_path):
        assert boot_runs.ratio("hwcalc", "first", FULL_SPEED) == pytest.approx(0.25)
        assert boot_runs.ratio("hwcalc", "kept", FULL_SPEED, other_visit="later") == 0.125
        assert boot_runs.sent("hwcalc", "first") == 4_900_000
        assert all(bound.met for bound in boot_runs.bounds())
        table = report.markdown("posts/one/")
    assert boot_runs.boots() == published
    table = table.replace("\N{NO-BREAK SPACE}", " ")
    assert "| First visit against stock at full speed | 0.250× | 0.250× | 0.400× | met |" in table
    slow = "20.0 s (20.0 s)"
    assert f"| Stock Pyodide, first visit | 2.00 s (2.00 s) | {slow} | {slow} | 4.90 MB |" in table
    assert "`posts/one/` on 2026-01-01: Chromium 1" in table


def test_every_browser_has_its_own_times(tmp_path: Path) -> None:
    """Firefox, where it is installed, stands beside Chromium and is never mixed with it."""
    tables = session_tables("2026-01-01T00:00Z", 0.5, 2.0)
    slower = [
        row | {"browser": "Firefox 1", "seconds": 3 * row["seconds"]} for row in tables["boots"]
    ]
    report.store(tmp_path, tables | {"boots": tables["boots"] + slower}, tmp_path)
    with report.reading(tmp_path):
        table = report.markdown("x/").replace("\N{NO-BREAK SPACE}", " ")
        assert boot_runs.quantile(boot_runs.seconds("stock", "first", FULL_SPEED), 0.5) == 2
    chromium, firefox = table.split("| Firefox 1, navigation")
    assert "| Chromium 1, navigation" in chromium
    assert "| Stock Pyodide, first visit | 2.00 s" in chromium
    assert "| Stock Pyodide, first visit | 6.00 s" in firefox


def test_a_bound_that_is_not_met_is_told(tmp_path: Path) -> None:
    """The table hides no failure."""
    report.store(tmp_path, session_tables("2026-01-01T00:00Z", 1.9, 2.0), tmp_path)
    with report.reading(tmp_path):
        assert not boot_runs.bounds()[0].met
        assert "| 0.400× | **not met** |" in report.markdown("x/")


def test_peers_of_an_older_session_stay_with_their_own_stock(tmp_path: Path) -> None:
    """What this run left out is compared with what was measured beside it, not with today's."""
    report.store(tmp_path, session_tables("2026-01-01T00:00Z", 1.0, 4.0, "marimo"), tmp_path)
    report.store(tmp_path, session_tables("2026-02-01T00:00Z", 0.5, 1.0), tmp_path)
    with report.reading(tmp_path):
        assert set(boot_runs.sessions()) == {"2026-01-01T00:00Z", "2026-02-01T00:00Z"}
        assert boot_runs.ratio("marimo", "first", FULL_SPEED) == pytest.approx(3)
        assert boot_runs.ratio("hwcalc", "first", FULL_SPEED) == pytest.approx(0.5)
        assert "| marimo (2026-01-01) | 12" in report.markdown("x/")
    report.store(tmp_path, session_tables("2026-03-01T00:00Z", 0.5, 1.0, "marimo"), tmp_path)
    with report.reading(tmp_path):
        assert set(boot_runs.sessions()) == {"2026-03-01T00:00Z"}, "nobody needs the older ones"


def test_figures_replace_the_old_ones_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the README as it is, only what stands between the marks changes, however often."""
    before = (bench.ROOT / "README.md").read_text(encoding="utf-8")
    (tmp_path / "README.md").write_text(before, encoding="utf-8")
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    bench.write("old figures")
    bench.write("new figures")
    after = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "old figures" not in after
    begin, end = "<!-- make bench -->", "<!-- end of make bench -->"
    assert after.split(begin)[0] == before.split(begin)[0]
    assert after.split(end)[1] == before.split(end)[1]
    assert after.split(begin)[1].split(end)[0].strip() == "new figures"


def test_page_measured_is_the_one_with_most_calculators(tmp_path: Path) -> None:
    """Without a choice of page the heaviest article is measured, so the figures flatter nobody."""
    for name, count in (("one", 1), ("three", 3), ("none", 0)):
        folder = tmp_path / "posts" / name
        folder.mkdir(parents=True)
        (folder / "index.html").write_text(sites.FORM * count, encoding="utf-8")
    assert sites.richest(tmp_path) == "posts/three/"


def test_blog_without_calculators_cannot_be_measured(tmp_path: Path) -> None:
    """No figures are better than figures of nothing."""
    with pytest.raises(SystemExit, match="nothing to measure"):
        sites.richest(tmp_path)


def test_everybody_answers_the_page_first_question(tmp_path: Path) -> None:
    """Peers run the calculator that the article shows first, and no other."""
    page = tmp_path / "index.html"
    page.write_text(
        '<form class="hwcalc" data-calculator="one"><form class="hwcalc" data-calculator="two">'
    )
    assert sites.first_calculator(page) == "one"


def test_plain_wheel_holds_source() -> None:
    """The peers' package is what everybody would ship: Python source, and all of it."""
    import io
    import zipfile

    names = zipfile.ZipFile(io.BytesIO(sites.plain_wheel())).namelist()
    assert "hwcalc/roofline.py" in names
    assert not [name for name in names if name.endswith(".pyc")]


def test_edited_article_is_found_by_its_address() -> None:
    """The article that is changed while it is served is the one that was measured."""
    assert building.source(sites.ROOT, "posts/tpus-vs-gpus-bert/").name == "tpus-vs-gpus.md"
    with pytest.raises(SystemExit, match="slug no-such"):
        building.source(sites.ROOT, "posts/no-such/")


def test_every_visit_counts_python_of_its_own_site() -> None:
    """Patterns of what counts as Python name the site that is visited."""
    for each in [*boots.visits("posts/x/"), *boots.peer("pyscript")]:
        site = each.address.partition("/")[0]
        assert all(pattern.startswith(f"{site}/") for pattern in each.runtime)


def test_no_moves_are_no_figure() -> None:
    """A slider that changes nothing is not a fast one."""
    with pytest.raises(SystemExit, match="No slider"):
        answers.checked([])
