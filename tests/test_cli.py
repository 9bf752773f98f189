"""The shell: what is printed for people, what is promised to programs, what a mistake is told."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from hwcalc import calculator
from hwcalc.cli import main

TOOL = '''"""How long does a copy take?"""
from typing import Annotated
from hwcalc.calculator import *

def calculate(
    size: Annotated[float, Slider(1, 1024, start=64, unit="GB", scale="log", label="Size")],
    copies: Annotated[int, Slider(1, 8, start=1)],
    offset: Annotated[float, Number(start=0, unit="s")],
    link: Annotated[str, Choice({"fast": "Fast", "slow": "Slow"}, start="fast")],
    h: Annotated[bool, Toggle(start=False, label="Hot")],
    dry_run: Annotated[bool, Toggle(start=False)],
) -> Results:
    time = copies * size / (450e9 if link == "fast" else 5e9) + offset
    return [
        Quantity("time", "Time", time, "s", note="at least"),
        Verdict("hot", "Hot", "yes" if h else "no", good=not h),
        Table("parts", "Parts", [Column("Part"), Column("Time", "s")],
              [["all", time], ["none", None]]),
        Chart("sizes", "Sizes", x=Axis("Size", "B"), y=Axis("Time", "s"),
              marks=[Line("copy", [0, size], [0, time])], alt="One line."),
    ]
'''


@pytest.fixture(autouse=True)
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The only calculator there is."""
    monkeypatch.setattr(calculator, "folder", lambda: tmp_path)
    (tmp_path / "copying.py").write_text(TOOL, encoding="utf-8")


def shell(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, output and error output of `hwcalc words…`."""
    try:
        code = main(words)
    except SystemExit as left:
        code = int(str(left.code))
    told = capsys.readouterr()
    return code, told.out.replace("\N{NO-BREAK SPACE}", " "), told.err


def test_run_prints_question_inputs_and_results(capsys: pytest.CaptureFixture[str]) -> None:
    """A person sees which question was answered, for which values, with aligned tables."""
    code, out, err = shell(capsys, "run", "copying", "--size", "128", "--copies=2")
    assert (code, err) == (0, "")
    assert out == (
        "How long does a copy take?\n"
        "  --size 128 GB\n"
        "  --copies 2\n"
        "  --offset 0 s\n"
        "  --link fast\n"
        "  --h False\n"
        "  --dry_run False\n"
        "\n"
        "Time: 569 ms\n"
        "Hot: no\n"
        "Parts\n"
        "  Part  Time\n"
        "  all   569 ms\n"
        "  none\n"
        "Sizes: One line.\n"
    )


def test_json_is_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    """Programs get text as on the page, and the unrounded number in base units."""
    code, out, _ = shell(capsys, "run", "copying", "--json", "--size", "128")
    told = json.loads(out)
    assert code == 0
    assert list(told) == ["calculator", "inputs", "results"]
    assert told["calculator"] == "copying"
    assert told["inputs"]["size"] == 128
    time, hot, parts, sizes = told["results"]
    assert time == {
        "name": "time",
        "label": "Time",
        "kind": "quantity",
        "text": "284 ms",
        "value": 128e9 / 450e9,
        "unit": "s",
    }
    assert (hot["text"], hot["value"], hot["unit"]) == ("no", True, None)
    assert parts["value"] == [["all", 128e9 / 450e9], ["none", None]]
    assert (sizes["text"], sizes["value"]) == ("One line.", None)
    assert {frozenset(result) for result in told["results"]} == {frozenset(time)}


def test_json_repeats_the_page_to_the_last_character(capsys: pytest.CaptureFixture[str]) -> None:
    """`text` is what `hwcalc.run` and the page show, no-break spaces included."""
    main(["run", "copying", "--json"])
    told = json.loads(capsys.readouterr().out)
    answer = calculator.run("copying")
    assert [r["text"] for r in told["results"]] == [r.text for r in answer.results]


def test_a_file_in_any_encoding_of_the_system_gets_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redirected output on Windows has a code page without the signs that numbers need."""
    file = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(file, encoding="ascii"))
    assert main(["run", "copying", "--offset", "-60"]) == 0
    sys.stdout.flush()
    assert "Time: −59.9\N{NO-BREAK SPACE}s" in file.getvalue().decode("utf-8")


@pytest.mark.parametrize(
    ("words", "inputs"),
    [
        (["--size", "1e2"], {"size": 100}),
        (["--size=1e2", "--copies", "3"], {"size": 100, "copies": 3}),
        (["--offset", "-5"], {"offset": -5}),
        (["--offset=-5"], {"offset": -5}),
        (["--h"], {"h": True}),  # not --help
        (["--h", "off"], {"h": False}),
        (["--dry-run", "--size", "2"], {"dry_run": True, "size": 2}),
        (["--link", "slow", "--dry_run"], {"link": "slow", "dry_run": True}),
    ],
)
def test_values_are_given_by_name(
    words: list[str], inputs: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """`--name value`, `--name=value`, a toggle alone, hyphens for underscores, negative numbers."""
    code, out, err = shell(capsys, "run", "copying", *words, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["inputs"].items() >= inputs.items()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "copyng"], "hwcalc: there is no calculator 'copyng'; there is copying"),
        (
            ["run", "copying", "--speed", "3"],
            "hwcalc: calculator copying has no control 'speed'; it has size, copies, offset, link,",
        ),
        (["run", "copying", "--size", "0"], "hwcalc: Size: 0 is not in the range 1 to 1,024 GB."),
        (
            ["run", "copying", "--copies", "1.5"],
            "hwcalc: Copies: 1.5 is not a whole number; expected",
        ),
        (["run", "copying", "--size"], "hwcalc: --size needs a value"),
        (["run", "copying", "--size", "--h"], "hwcalc: --size needs a value"),
        (["run", "copying", "128"], "hwcalc: expected --name value, found '128'"),
        (["list", "--all"], "hwcalc: error: unknown arguments: --all"),
        (["walk"], "invalid choice: 'walk'"),
        ([], "the following arguments are required: command"),
    ],
)
def test_mistakes_end_with_two_and_a_message(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scripts see the failure, people see what would be right, and nothing looks like an answer."""
    code, out, err = shell(capsys, *words)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_list_prints_ids_and_questions(capsys: pytest.CaptureFixture[str]) -> None:
    """One line per calculator."""
    assert shell(capsys, "list") == (0, "copying  How long does a copy take?\n", "")


def test_list_as_json_tells_every_control(capsys: pytest.CaptureFixture[str]) -> None:
    """Names, kinds, limits, starts and options suffice to draw random inputs."""
    code, out, _ = shell(capsys, "list", "--json")
    assert code == 0
    (told,) = json.loads(out)
    assert (told["calculator"], told["title"]) == ("copying", "How long does a copy take?")
    size, copies, offset, link, hot, _dry = told["controls"]
    assert size == {
        "name": "size",
        "kind": "slider",
        "label": "Size",
        "unit": "GB",
        "low": 1,
        "high": 1024,
        "start": 64,
        "scale": "log",
        "whole": False,
        "options": None,
    }
    assert (copies["whole"], copies["scale"]) == (True, "linear")
    assert (offset["kind"], offset["low"], offset["high"]) == ("number", None, None)
    assert (link["kind"], link["options"]) == ("choice", ["fast", "slow"])
    assert (hot["kind"], hot["start"]) == ("toggle", False)
