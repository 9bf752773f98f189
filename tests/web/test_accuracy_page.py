"""The accuracy page shows what the tests compute, for every regime, and nothing else."""

import re
import shutil
import statistics
from pathlib import Path

import pytest
from markdown import Markdown

from hwcalc.web import accuracy
from hwcalc.web.fence import AuthorError
from hwcalc.web.scatter import limits, scatter, ticks
from tests.accuracy.all import ALL
from tests.accuracy.regimes import errors, summary
from tests.web.pages import Page

DOCS = Path(__file__).parents[2] / "docs"
BY_NAME = {regime.name: regime for regime in ALL}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The page's tables and drawings, converted as the site does."""
    path = tmp_path_factory.mktemp("page") / "index.html"
    source = (DOCS / "reference" / "accuracy.md").read_text(encoding="utf-8")
    path.write_text(Markdown(extensions=["hwcalc.web.reference"]).convert(source), encoding="utf-8")
    return Page(path)


def test_every_regime_has_a_drawing_and_a_line(page: Page) -> None:
    """None is left out because it looks bad: the page has the registry's regimes, each once."""
    shown = [figure.attributes["id"] for figure in page.find("figure")]
    assert sorted(shown) == sorted(BY_NAME)
    linked = [a.attributes["href"] for a in page.find("a") if a.attributes["href"][0] == "#"]
    assert sorted(linked) == sorted(f"#{name}" for name in BY_NAME)


def test_figures_are_those_of_the_tests() -> None:
    """Median, nine of ten, bias and rows are computed over all rows, as the tests do."""
    for found in accuracy.reports():
        regime = BY_NAME[found["name"]]
        for key, value in summary(regime).items():
            assert found[key] == pytest.approx(value), (regime.name, key)
        absolute = [abs(error) for error in errors(regime)]
        assert found["mean"] == pytest.approx(statistics.fmean(absolute))
        assert found["furthest"] == pytest.approx(max(absolute))
        assert found["fitted"] is regime.fitted


def test_a_line_says_the_figures(page: Page) -> None:
    """What the table prints of a regime is its report, rounded."""
    reports = {found["name"]: found for found in accuracy.reports()}
    for row in page.find("tr"):
        heads = page.inside(row, "a")
        if not heads:
            continue
        found = reports[heads[0].attributes["href"][1:]]
        cells = [cell.text for cell in page.inside(row, "td")]
        assert cells[0] == f"{found['rows']:,}"
        assert cells[1] == accuracy.percent(found["median"]).replace("\N{NO-BREAK SPACE}", " ")
        assert cells[2] == accuracy.percent(found["ninth"]).replace("\N{NO-BREAK SPACE}", " ")
        assert cells[4] == ("fitted" if found["fitted"] else "unseen")


def test_a_missed_aim_is_said_with_how_much_and_why(page: Page) -> None:
    """Short of a bound the line says by how much, and the notes give the reason."""
    reports = {found["name"]: found for found in accuracy.reports()}
    short = [name for name, found in reports.items() if accuracy.missed(found) not in ("", "yes")]
    assert short, "if every aim is reached this test has nothing to say"
    for name in short:
        regime, found = BY_NAME[name], reports[name]
        assert regime.aim is not None
        over = [
            f"{100 * (value - aim):.1f} points over"
            for value, aim in zip((found["median"], found["ninth"]), regime.aim, strict=True)
            if value > aim
        ]
        assert over
        assert re.findall(r"[\d.]+ points over", accuracy.missed(found)) == over
        (figure,) = page.find("figure", id=name)
        assert " ".join(regime.remark.split()) in figure.text, f"{name} does not say why"
        assert regime.remark, f"{name} misses its aim and its regime says nothing about it"


def test_a_reached_aim_is_said_so() -> None:
    """An aim without a limit for nine rows in ten is reached by its median alone."""
    reached = {"median": 0.05, "ninth": 0.9, "aim": [0.06, None]}
    assert accuracy.missed(reached) == "yes"
    assert accuracy.missed(reached | {"aim": []}) == ""
    assert accuracy.missed(reached | {"aim": [0.04, 0.5]}) == (
        "median 1.0 points over; nine of ten 40.0 points over"
    )


def test_all_documents_of_a_regime_are_listed(page: Page) -> None:
    """Every source of every row is named below its drawing."""
    for name, regime in BY_NAME.items():
        (figure,) = page.find("figure", id=name)
        items = page.inside(figure, "li")
        assert len(items) == len({row["source"] for row in regime.rows})


def test_a_source_at_a_commit_is_a_link_to_it() -> None:
    """A reader opens the very file that was read."""
    made = str(accuracy.document("arXiv:1; code: github:o/r.x@0123456789ab:a/b.csv (table 2)"))
    assert made == (
        'arXiv:1; code: <a href="https://github.com/o/r.x/blob/0123456789ab/a/b.csv">'
        "o/r.x, a/b.csv</a> (table 2)"
    )
    assert "tree/0123456" in str(accuracy.document("o/r@0123456"))


def test_drawing_places_points_by_their_logarithm() -> None:
    """A perfect prediction lies on the diagonal, one that is too long above it."""
    made = str(scatter([(1e-3, 1e-3), (1.0, 1.0), (0.1, 0.2)], "s", "red", "alt"))
    dots = re.findall(r"M([\d.-]+) ([\d.-]+)h0", made)
    side = float(re.search(r'<svg x="54" y="6" width="(\d+)"', made)[1])  # type: ignore[index]
    (a, b, c) = [(float(x), side - float(y)) for x, y in dots]
    assert a[0] == pytest.approx(a[1], abs=0.11)
    assert b[0] == pytest.approx(b[1], abs=0.11)
    assert c[1] > c[0]
    # Both ends of the data are inside, and the bands are there.
    assert 0 < a[0] < b[0] < side
    assert made.count('class="band"') == 2


def test_drawing_escapes_its_text_alternative() -> None:
    """A title may hold quotes."""
    assert 'aria-label="a &#34;b&#34; &lt;c&gt;"' in str(scatter([(1, 1)], "s", "red", 'a "b" <c>'))


@pytest.mark.parametrize("high", [1.001, 1.5, 3.0, 12.0, 400.0, 1e5, 1e9])
def test_axis_has_few_round_ticks(high: float) -> None:
    """Whatever the range, two to four ticks, inside it and round."""
    ends = limits([1.0, high])
    found = ticks(*ends)
    assert 1 <= len(found) <= 4
    assert all(ends[0] <= tick <= ends[1] for tick in found)
    assert all(float(f"{tick:.0e}") == tick for tick in found)
    assert ends[1] / ends[0] > 2


def test_every_topic_is_on_the_page_and_every_regime_has_a_topic() -> None:
    """A new topic of the registry cannot be forgotten on the page."""
    source = (DOCS / "reference" / "accuracy.md").read_text(encoding="utf-8")
    for topic in ("overview", *accuracy.TOPICS):
        assert f"[accuracy {topic}]" in source
    assert {name.partition("-")[0] for name in BY_NAME} == set(accuracy.TOPICS)


def test_an_unknown_topic_is_an_author_s_mistake() -> None:
    """A typing error stops the build with the names there are."""
    with pytest.raises(AuthorError, match="choose overview or one of matmul"):
        accuracy.section("matmuls")


def test_without_the_tests_the_message_names_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed wheel has no measurements: who builds the site from it is told what to do."""
    monkeypatch.setattr(accuracy, "ROOT", tmp_path)
    with pytest.raises(AuthorError, match="build the blog from a checkout, with `make build`"):
        accuracy.section("matmul")


def test_the_report_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is computed again until a file changes; then it is, and old reports go."""
    tests = tmp_path / "tests" / "accuracy"
    tests.mkdir(parents=True)
    made: list[int] = []

    def run() -> str:
        made.append(1)
        return "[]"

    monkeypatch.setattr(accuracy, "ROOT", tmp_path)
    monkeypatch.setattr(accuracy, "_run", run)
    for number in range(6):
        (tests / "regimes.py").write_text(f"BOUND = {number}")
        accuracy.reports()
        accuracy._reports.cache_clear()
        accuracy.reports()
    accuracy._reports.cache_clear()
    assert len(made) == 6
    assert len(list((tmp_path / ".cache" / "hwcalc").iterdir())) == accuracy.KEPT


def test_a_report_that_fails_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A regime in the middle of an edit stops the build with its own error."""
    folder = tmp_path / "tests" / "accuracy"
    folder.mkdir(parents=True)
    (folder / "report.py").write_text("raise ValueError('half an edit')")
    monkeypatch.setattr(accuracy, "ROOT", tmp_path)
    with pytest.raises(AuthorError, match="ValueError: half an edit"):
        accuracy._run()
    shutil.rmtree(folder)
