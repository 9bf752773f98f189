"""Loading and running a calculator: the same for page, shell and Python."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

import hwcalc
from hwcalc import calculator
from hwcalc.calculator import Answer, Choice, InputError, Quantity, Slider
from hwcalc.controls import Control

HEAD = '''"""How much is twice as much?

Only the first line is the question.
"""
from typing import Annotated
from hwcalc.calculator import *
'''
DOUBLING = (
    HEAD
    + """
def calculate(
    amount: Annotated[float, Slider(0, 10, start=2, unit="%")],
    times: Annotated[int, Number(start=2.0, low=1)],
) -> Results:
    if times == 13:
        raise ValueError("times = 13: must not be unlucky")
    if times == 666:
        return [Quantity("product", "Product", 1 / 0)]
    return [Quantity("product", "Product", amount * times, "%"), Verdict("kind", "Kind", "even")]
"""
)


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only calculators there are: `doubling`, and what a test adds."""
    monkeypatch.setattr(calculator, "folder", lambda: tmp_path)
    (tmp_path / "doubling.py").write_text(DOUBLING, encoding="utf-8")
    (tmp_path / "_helper.py").write_text("", encoding="utf-8")
    (tmp_path / "notes.md").write_text("", encoding="utf-8")
    for left_by_editor in (".doubling.py.swp", "doubling.py~", ".#doubling.py", "#doubling.py#"):
        (tmp_path / left_by_editor).write_text("", encoding="utf-8")
    return tmp_path


def write(folder: Path, body: str, name: str = "tried") -> Path:
    """Another calculator in the folder."""
    path = folder / f"{name}.py"
    path.write_text(HEAD + body, encoding="utf-8")
    return path


@pytest.mark.usefixtures("workshop")
def test_a_file_is_a_calculator_with_its_question_and_controls() -> None:
    """File name, docstring and parameters say everything; helpers and notes are none."""
    assert calculator.ids() == ["doubling"]
    tool = calculator.load("doubling")
    assert (tool.id, tool.title) == ("doubling", "How much is twice as much?")
    assert list(tool.controls) == ["amount", "times"]
    assert tool.label("amount") == "Amount"
    # `int` in the annotation makes a control whole, and 2.0 becomes 2.
    assert tool.controls["times"].read("3") == 3
    assert tool.starts() == {"amount": 2, "times": 2}
    assert isinstance(tool.starts()["times"], int)


@pytest.mark.usefixtures("workshop")
def test_values_are_given_in_the_units_of_the_controls() -> None:
    """Python callers write what a reader would: 5 for 5 %, and get results by name."""
    answer = hwcalc.run("doubling", amount=5)
    assert answer.inputs == {"amount": 5, "times": 2}
    assert answer["product"].value == pytest.approx(0.1)
    assert answer["product"].text == "10\N{NO-BREAK SPACE}%"
    with pytest.raises(
        KeyError, match="calculator doubling has no result 'sum'; it has product, kind"
    ):
        answer["sum"]


@pytest.mark.usefixtures("workshop")
def test_a_readers_mistake_names_its_control() -> None:
    """The message appears beside the control that has the wrong value."""
    for values, control, message in (
        ({"amount": 11}, "amount", "Amount: 11 is not in the range 0 to 10 %."),
        ({"times": "x"}, "times", "Times: 'x' is not a number; expected 1 or more."),
        ({"speed": 1}, "speed", "calculator doubling has no control 'speed'; it has amount, times"),
        ({"times": 13}, None, "times = 13: must not be unlucky"),
    ):
        with pytest.raises(InputError) as error:
            calculator.run("doubling", **values)
        assert (error.value.control, str(error.value)) == (control, message)


@pytest.mark.usefixtures("workshop")
def test_an_unknown_calculator_is_told_close_ones() -> None:
    """A typing mistake is answered with what was probably meant, and never leaves the folder."""
    for identifier in ("dubling", "../doubling", "", "doubling.py", "_"):  # codespell:ignore
        with pytest.raises(InputError, match=r"^there is no calculator .*; there is doubling$"):
            calculator.load(identifier)


@pytest.mark.usefixtures("workshop")
def test_a_bug_in_a_calculator_is_not_told_as_a_readers_mistake() -> None:
    """Only ValueError speaks to the reader; everything else is raised as it is."""
    with pytest.raises(ZeroDivisionError):
        calculator.run("doubling", times=666)
    with pytest.raises(ZeroDivisionError):
        calculator.answer_json("doubling", '{"times": 666}')


@pytest.mark.usefixtures("workshop")
def test_the_page_asks_and_is_answered_in_json() -> None:
    """The answer has the contract's keys, and each control's value in words."""
    answer = json.loads(calculator.answer_json("doubling", '{"amount": "4"}'))
    assert answer["calculator"] == "doubling"
    assert answer["inputs"] == {"amount": 4, "times": 2}
    assert answer["spoken"] == {"amount": "4\N{NO-BREAK SPACE}%", "times": "2"}
    product, kind = answer["results"]
    assert product == {
        "name": "product",
        "label": "Product",
        "text": "8\N{NO-BREAK SPACE}%",
        "kind": "quantity",
        "value": 0.08,
        "unit": "1",
        "note": "",
        "accuracy": "",
    }
    assert (kind["kind"], kind["text"], kind["value"]) == ("verdict", "even", None)


@pytest.mark.usefixtures("workshop")
def test_the_page_is_told_a_mistake_in_json() -> None:
    """A wrong value is an answer, too, with the control it belongs to."""
    wrong = json.loads(calculator.answer_json("doubling", '{"amount": "1e999"}'))
    assert wrong == {
        "error": {
            "control": "amount",
            "message": "Amount: '1e999' is not a number; expected 0 to 10 %.",
        }
    }
    assert json.loads(calculator.answer_json("nowhere", "{}"))["error"]["control"] is None


def test_a_changed_file_is_read_again(workshop: Path) -> None:
    """An author sees an edit without a restart; an unchanged file is loaded once."""
    path = workshop / "doubling.py"
    first = calculator.load("doubling")
    assert calculator.load("doubling") is first
    path.write_text(DOUBLING.replace("twice", "thrice"), encoding="utf-8")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 10**9))
    assert calculator.load("doubling").title == "How much is thrice as much?"


def test_a_byte_compiled_calculator_is_found(workshop: Path) -> None:
    """The browser's wheel has no sources."""
    import py_compile

    compiled = workshop / "doubling.pyc"
    py_compile.compile(str(workshop / "doubling.py"), cfile=str(compiled), doraise=True)
    (workshop / "doubling.py").unlink()
    assert calculator.ids() == ["doubling"]
    assert calculator.run("doubling", amount=5)["product"].value == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("x = 1", "a calculator has a docstring and a function named calculate"),
        ("def calculate(a): return []", "annotate a as Annotated"),
        ("def calculate(a: float): return []", "annotate a as Annotated"),
        ("def calculate(a: Annotated[float, 5]): return []", "annotate a as Annotated"),
        (
            "def calculate(dataset: Annotated[bool, Toggle(start=True)]): return []",
            "call dataset otherwise",
        ),
        (
            "def calculate(a: Annotated[float, Slider(1, 9, start=10)]): return []",
            r"the start of a: 10 is not in the range 1 to 9\.",
        ),
        (
            "def calculate(a: Annotated[int, Slider(1, 9, start=1.5)]): return []",
            r"the start of a: 1\.5 is not a whole number; expected 1 to 9\.",
        ),
        (
            'def calculate(a: Annotated[str, Choice({"x": "X"}, start="y")]): return []',
            r"the start of a: 'y' is not an option; expected x\.",
        ),
        (
            'def calculate(a: Annotated[float, Slider(1, 9, start=2, unit="KB/s")]): return []',
            "a: unknown unit 'KB/s'",
        ),
    ],
)
def test_a_wrong_calculator_is_refused_when_loaded(body: str, message: str, workshop: Path) -> None:
    """An author learns of the mistake before any reader, with the file's name and the fix."""
    path = write(workshop, body)
    with pytest.raises(TypeError, match=message) as error:
        calculator.load("tried")
    assert str(error.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ("[Quantity('a', 'A', 1.0), Verdict('a', 'A', 'x')]", "names of results and controls"),
        ("[Quantity('amount', 'A', 1.0)]", "names of results and controls must differ"),
        ("[Quantity('a', 'A', float('nan'))]", "result a is not a number"),
        ("[Table('a', 'A', [Column('x')], [[1, 2]])]", "table a: 2 cells, 1 columns"),
    ],
)
def test_wrong_results_are_an_authors_mistake(results: str, message: str, workshop: Path) -> None:
    """A name that means two things, or a number that is none, never reaches a page."""
    control = "amount: Annotated[float, Slider(0, 10, start=2)]"
    write(workshop, f"def calculate({control}):\n    return {results}")
    with pytest.raises(TypeError, match=message):
        calculator.run("tried")


def test_an_unset_label_is_made_from_the_name() -> None:
    """A control always has words to it."""

    def nothing(**_: Any) -> list[Quantity]:
        return []

    controls: dict[str, Control] = {
        "gpus_per_node": Slider(1, 8, start=8),
        "net": Choice({"a": "A"}, start="a", label="N"),
    }
    tool = calculator.Calculator("x", "X?", Path("x.py"), controls, nothing)
    assert [tool.label(name) for name in controls] == ["Gpus per node", "N"]
    assert tool.run({}) == Answer("x", {"gpus_per_node": 8, "net": "a"}, ())


def test_calculators_of_a_checkout_are_found_at_its_root() -> None:
    """An editable install runs the calculators that the author edits."""
    packed = Path(calculator.__file__).parent / "calculators"
    expected = packed if packed.is_dir() else Path(calculator.__file__).parents[2] / "calculators"
    assert calculator.folder() == expected
    assert calculator.ids()


GRADUAL = """
def calculate(
    steps: Annotated[int, Slider(0, 1000, start=3)],
) -> Iterator[Results]:
    for step in range(1, steps + 1):
        yield [Quantity("done", "Done", step)]
        if step == 500:
            raise ValueError("steps = 500 are too many.")
"""


def test_a_generator_answers_with_its_last_results(workshop: Path) -> None:
    """Page, shell and Python agree: what is shown on the way is no answer."""
    write(workshop, "from collections.abc import Iterator" + GRADUAL)
    tool = calculator.load("tried")
    assert [answer["done"].value for answer in tool.steps({})] == [1, 2, 3]
    assert calculator.run("tried")["done"].value == 3
    told = json.loads(calculator.answer_json("tried", "{}"))
    assert [result["value"] for result in told["results"]] == [3]
    with pytest.raises(InputError, match="too many"):
        calculator.run("tried", steps=600)
    with pytest.raises(TypeError, match="answered nothing"):
        calculator.run("tried", steps=0)


def test_slices_tell_what_is_known_so_far(workshop: Path) -> None:
    """Every slice ends in time, the last one is the answer; a mistake ends them."""
    write(workshop, "from collections.abc import Iterator" + GRADUAL)
    slices = calculator.answer_slices("tried", "{}", seconds=0)
    known = []
    while True:
        try:
            known.append(next(slices))
        except StopIteration as end:
            known.append(end.value)
            break
    assert [json.loads(told)["results"][0]["value"] for told in known] == [1, 2, 3]
    assert known[-1] == calculator.answer_json("tried", "{}")
    wrong = calculator.answer_json("tried", '{"steps": 600}')
    assert json.loads(wrong) == {"error": {"control": None, "message": "steps = 500 are too many."}}
