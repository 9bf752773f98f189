"""What the README and the configuration promise about setting up is true."""

import doctest
import re
import tomllib
from pathlib import Path

import pytest

from hwcalc import calculator, cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, flags=re.MULTILINE))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TEXTS = [README, *(path.read_text(encoding="utf-8") for path in (ROOT / ".github").rglob("*.md"))]


def fence(language: str) -> str:
    """Return the only fenced block of the README in this language."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) == 1, f"{len(blocks)} blocks of {language}"
    return str(blocks[0])


class Spaces(doctest.OutputChecker):
    """Takes the space that keeps number and unit on one line for any other space."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        """Compare what the example prints with what the README says."""
        return super().check_output(want, got.replace("\N{NO-BREAK SPACE}", " "), optionflags)


@pytest.fixture
def one_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The README's calculator, in the only file of calculators there is."""
    (tmp_path / "one_layer.py").write_text(fence("python"), encoding="utf-8")
    monkeypatch.setattr(calculator, "folder", lambda: tmp_path)
    return "one_layer"


def test_every_command_of_make_that_is_named_exists() -> None:
    """Whoever types what the documentation says gets no "No rule to make target"."""
    named = {name for text in TEXTS for name in re.findall(r"\bmake ([a-z][a-z-]*)", text)}
    named -= {"it"}  # "before you make it pass"
    assert {"serve", "test", "build", "check", "bench"} <= named <= TARGETS


def test_readme_calculator_answers_at_every_end_of_its_controls(one_layer: str) -> None:
    """The example a newcomer copies works as it stands, wherever its sliders are."""
    for batch in (1, 8192):
        for width in (256, 16384):
            answer = calculator.run(one_layer, batch=batch, width=width)
            assert answer["time"].value > 0
            assert answer["limit"].text in ("arithmetic", "memory")
    # One token multiplies each weight once: memory decides. Thousands of tokens share a load.
    assert calculator.run(one_layer, batch=1)["limit"].text == "memory"
    assert calculator.run(one_layer, batch=8192)["limit"].text == "arithmetic"


@pytest.mark.usefixtures("one_layer")
def test_readme_python_session_prints_what_it_says() -> None:
    """The results typed into the README are the results."""
    session = doctest.DocTestParser().get_doctest(fence("pycon"), {}, "README.md", "README.md", 0)
    assert len(session.examples) > 2
    outcome = doctest.DocTestRunner(Spaces(), optionflags=doctest.ELLIPSIS).run(session)
    assert outcome.failed == 0


def test_readme_shell_session_prints_what_it_says(
    one_layer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each `$ hwcalc …` of the README works, and prints what stands below it, if anything does."""
    sessions = [part.split("\n", 1) for part in fence("console").split("$ hwcalc ")[1:]]
    assert any(one_layer in command for command, _ in sessions)
    for command, shown in sessions:
        assert cli.main(command.split()) == 0
        printed = capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ")
        assert printed
        assert shown.strip() in ("", printed.strip())


def test_readme_article_uses_what_the_calculator_has(one_layer: str) -> None:
    """The fence and the inline value of the README name a control and a result that exist."""
    tool = calculator.load(one_layer)
    starts = re.search(rf"```calculator {one_layer}\n(.*?)```", README, flags=re.DOTALL)
    assert starts is not None
    answer = tool.run(tomllib.loads(starts[1]))
    inline = re.search(r"\{\{ (\w+)\.(\w+) \}\}", README)
    assert inline is not None
    assert inline[1] == one_layer
    assert answer[inline[2]].text


def test_files_the_readme_links_to_exist() -> None:
    """No link of the README to a file of the repository is dead."""
    links = [link for link in re.findall(r"\]\(([^)#]+)", README) if "://" not in link]
    assert links
    missing = [link for link in links if not (ROOT / link).exists()]
    assert missing == []


def test_every_dependency_is_pinned() -> None:
    """A package that pyproject.toml asks for has one version per Python in constraints.txt."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {
        re.split(r"[\[>=<~! ]", requirement)[0].lower()
        for group in extras["optional-dependencies"].values()
        for requirement in group
    } - {"hwcalc"}
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[^\s;]+( ; .+)?", pin) for pin in pins)
    assert wanted - {pin.split("==")[0] for pin in pins} == set()


def test_actions_are_pinned_by_commit_with_their_version_beside() -> None:
    """A tag can be moved to other code; a commit cannot."""
    uses = [
        line.strip()
        for path in WORKFLOWS
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.match(r"\s*(- )?uses: (?!\./)", line)
    ]
    assert uses
    for line in uses:
        assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_workflow_runs_the_commands_a_developer_types() -> None:
    """CI runs targets of make, or their very line where make may be missing."""
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"run: make ([a-z-]+)", text)) == {"check", "test"}
    ignored = set(re.findall(r"--ignore=\S+", MAKEFILE))
    line = next(line for line in text.splitlines() if "pytest -n auto" in line)
    assert set(re.findall(r"--ignore=\S+", line)) == ignored
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
