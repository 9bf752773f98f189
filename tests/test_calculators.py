"""Every calculator of the blog, wherever its controls are: an answer, or a sentence that helps."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hwcalc
from hwcalc import calculator
from hwcalc.calculator import (
    Calculator,
    Chart,
    Choice,
    InputError,
    Number,
    Quantity,
    Slider,
    Table,
    Toggle,
)
from hwcalc.cli import main
from hwcalc.controls import Control

IDS = calculator.ids()
# Properties of a form that the page reads; a control of that name would stand in their place.
CLOBBERED = {"children", "dataset", "elements", "id"}
SHORT = 12  # of longer lists the ends and some between are tried


def options(control: Choice) -> list[str]:
    """All options of a short list, every n-th of a long one."""
    known = list(control.options)
    step = max(1, len(known) // SHORT)
    return list(dict.fromkeys([*known[::step], known[-1]]))


def ends(control: Control) -> list[Any]:
    """Both ends of a control, every option."""
    match control:
        case Choice():
            return options(control)
        case Toggle():
            return [False, True]
    return [limit for limit in (control.low, control.high) if math.isfinite(limit)]


def values(control: Control) -> st.SearchStrategy[Any]:
    """Random values of a control, spread as its slider spreads them."""
    match control:
        case Choice():
            return st.sampled_from(list(control.options))
        case Toggle():
            return st.booleans()
    low = control.low if math.isfinite(control.low) else -1e6
    high = control.high if math.isfinite(control.high) else max(1e6, 100 * abs(control.start))
    if isinstance(control, Slider) and control.scale != "linear":
        spread = st.floats(math.log(low), math.log(high)).map(math.exp)
        drawn = spread.map(lambda value: min(max(value, low), high))
    else:
        # Nobody types a price of 1e-300 dollars.
        drawn = st.floats(low, high).map(lambda value: max(low, round(value, 4)))
    if control.whole:
        return drawn.map(lambda value: min(max(round(value), math.ceil(low)), math.floor(high)))
    return drawn


def check(tool: Calculator, given_values: dict[str, Any]) -> bool:
    """Runs a calculator and looks at its whole answer; False where it tells why it cannot."""
    try:
        answer = tool.run(given_values)
    except InputError as error:
        message = str(error)
        # A value within its control's range: only a model may object, with a sentence in two parts,
        # what is wrong and by what rule, and not in the words of Python's own errors.
        assert error.control is None, message  # noqa: PT017  # an answer is as good
        assert re.fullmatch(r".{8,}[:;] .{8,}", message), message
        assert not re.search(r"math domain|convert float|unpack|argument \d|zip\(\)", message)
        return False
    told = json.dumps(answer.as_dict(), allow_nan=False)
    assert "not a number" not in told
    assert len(told) < 200_000, "the page would have to read all of it at each move"
    for result in answer.results:
        assert result.name.isidentifier(), result.name
        assert result.name == result.name.lower(), result.name
        assert result.label, result.name
        assert result.text.strip(), result.name
        if isinstance(result, Quantity):
            assert math.isfinite(result.value), f"{result.name} is {result.value}"
        if isinstance(result, Table):
            assert result.rows, result.name
            numbers = [c for row in result.rows for c in row if isinstance(c, float | int)]
            assert all(map(math.isfinite, numbers)), result.name
        if isinstance(result, Chart):
            assert re.search(r"\d", result.alt), f"{result.name}: {result.alt!r} has no number"
            assert result.alt.strip().endswith("."), f"{result.name}: a sentence ends with a point"
            assert "\n" not in result.alt, result.name
    return True


def one_by_one(tool: Calculator) -> Iterator[dict[str, Any]]:
    """The starting values, then each control at each of its ends."""
    yield {}
    for name, control in tool.controls.items():
        for value in ends(control):
            yield {name: value}


@pytest.mark.parametrize("identifier", IDS)
def test_every_control_works_at_both_ends(identifier: str) -> None:
    """A reader who pushes one slider to its end gets an answer, or a sentence that helps."""
    tool = calculator.load(identifier)
    assert check(tool, {}), "the starting values must have an answer"
    answered = [check(tool, inputs) for inputs in one_by_one(tool)]
    assert sum(answered) > len(answered) / 2, "a range should mostly be usable"


@pytest.mark.parametrize("identifier", IDS)
def test_random_inputs_are_answered(identifier: str) -> None:
    """No combination of values within their ranges leads to a crash, infinity or nan."""
    tool = calculator.load(identifier)
    drawn = st.fixed_dictionaries({name: values(c) for name, c in tool.controls.items()})

    @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(drawn)
    def answered(inputs: dict[str, Any]) -> None:
        check(tool, inputs)

    answered()


@pytest.mark.parametrize("identifier", IDS)
def test_names_hold_what_addresses_and_articles_rely_on(identifier: str) -> None:
    """Names of controls and results are the same for all inputs and serve in an address."""
    tool = calculator.load(identifier)
    expected = [(r.name, r.kind) for r in tool.run({}).results]
    assert len(expected) == len(dict(expected))
    assert all(name.isidentifier() and name == name.lower() for name in tool.controls)
    assert not CLOBBERED & tool.controls.keys(), "a control of this name hides the form's own"
    for inputs in one_by_one(tool):
        try:
            results = tool.run(inputs).results
        except InputError:
            continue
        assert [(r.name, r.kind) for r in results] == expected, inputs


@pytest.mark.parametrize("identifier", IDS)
def test_titles_labels_and_units_are_for_readers(identifier: str) -> None:
    """The heading is a question, every control has words to it, and a unit where it measures."""
    tool = calculator.load(identifier)
    assert re.fullmatch(r"[A-Z].{10,110}\?", tool.title), tool.title
    assert identifier == identifier.lower()
    for name, control in tool.controls.items():
        assert control.label, f"{name} has no label"
        assert not control.label.endswith((".", ":")), control.label
        assert not control.help.endswith("."), control.help
        if isinstance(control, Number):
            # Without a unit it counts things, which come in whole numbers; a ratio has "x".
            assert control.unit or control.whole, f"{name} measures something: in what unit?"
        if isinstance(control, Choice):
            assert len(control.options) > 1, name
            labels = [control.text(key) for key in control.options]
            assert len(set(labels)) == len(labels), f"{name} has two options of one label"


@pytest.mark.parametrize("identifier", IDS)
def test_shell_python_and_page_say_the_same(
    identifier: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text is equal to the last character, whoever asks."""
    tool = calculator.load(identifier)
    texts = [result.text for result in hwcalc.run(identifier).results]
    assert main(["run", identifier, "--json"]) == 0
    assert [r["text"] for r in json.loads(capsys.readouterr().out)["results"]] == texts
    asked = json.dumps({name: str(value) for name, value in tool.starts().items()})
    page = json.loads(calculator.answer_json(identifier, asked))
    assert [result["text"] for result in page["results"]] == texts
    assert page["inputs"] == tool.starts()
    assert page["spoken"].keys() == tool.controls.keys()


def test_list_tells_programs_every_calculator(capsys: pytest.CaptureFixture[str]) -> None:
    """`hwcalc list --json` has what is needed to draw inputs for each, as DESIGN 7 promises."""
    assert main(["list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [entry["calculator"] for entry in told] == IDS
    for entry in told:
        tool = calculator.load(entry["calculator"])
        assert entry["title"] == tool.title
        assert [control["name"] for control in entry["controls"]] == list(tool.controls)
        for control in entry["controls"]:
            assert {"name", "kind", "low", "high", "start", "options"} <= control.keys()
            kind = control["kind"]
            assert kind in ("slider", "number", "choice", "toggle")
            assert (control["options"] is not None) == (kind == "choice")
            assert kind != "slider" or control["low"] <= control["start"] <= control["high"]
            assert kind != "choice" or control["start"] in control["options"]
