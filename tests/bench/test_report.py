"""The benchmark's report ends up where the README shows it."""

from pathlib import Path

import pytest

from tests.bench import __main__ as bench


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
        (folder / "index.html").write_text(bench.FORM * count, encoding="utf-8")
    assert bench.richest(tmp_path) == "posts/three/"


def test_blog_without_calculators_cannot_be_measured(tmp_path: Path) -> None:
    """No figures are better than figures of nothing."""
    with pytest.raises(SystemExit, match="nothing to measure"):
        bench.richest(tmp_path)
