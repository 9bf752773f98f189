"""Loads a file of `calculators/` and runs it: the same for page, shell and Python.

A calculator is one function, `calculate`.
Its annotated parameters are the controls, its return value is the results, and the first line of
its module's docstring is the question it answers.

A calculator that takes long may be a generator: each list of results it yields is shown while it
goes on, the last one is its answer. It yields after every few milliseconds of work.
"""

import importlib.util
import inspect
import json
import math
import time
import typing
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from hwcalc import display
from hwcalc.charts import Axis, Band, Bars, Cells, Chart, Line, Points, Rule, Spans
from hwcalc.controls import Choice, Control, InputError, Number, Slider, Toggle
from hwcalc.results import Column, Image, Quantity, Table, Verdict

__all__ = [
    "Answer", "Axis", "Band", "Bars", "Calculator", "Cells", "Chart", "Choice",
    "Column", "Image", "InputError", "Line", "Number", "Points", "Quantity", "Results", "Rule",
    "Slider", "Spans", "Table", "Toggle", "Verdict", "answer_json", "answer_slices",
    "folder", "ids", "load", "run",
]  # fmt: skip

# Properties of a form and its elements that scripts use: one hides the control of that name.
HIDDEN = {"dataset", "elements", "id", "item", "length"}

Result = Quantity | Verdict | Table | Chart | Image
Results = Sequence[Result]


@dataclass(frozen=True)
class Answer:
    """The results of one run and the inputs they belong to; answer["time"] is one result."""

    calculator: str
    inputs: dict[str, Any]
    results: tuple[Result, ...]

    def __getitem__(self, name: str) -> Any:
        for result in self.results:
            if result.name == name:
                return result
        known = ", ".join(result.name for result in self.results)
        raise KeyError(f"calculator {self.calculator} has no result {name!r}; it has {known}")

    def as_dict(self) -> dict[str, Any]:
        """Inputs and results as the page takes them; `hwcalc run --json` prints a part."""
        results = [
            {"name": r.name, "label": r.label, "text": r.text, "kind": r.kind} | r.fields()
            for r in self.results
        ]
        return {"calculator": self.calculator, "inputs": self.inputs, "results": results}


@dataclass(frozen=True)
class Calculator:
    """A loaded calculator: its question, its controls in order, and how to run it."""

    id: str
    title: str
    path: Path
    controls: dict[str, Control]
    function: Callable[..., Results | Iterator[Results]]

    def starts(self) -> dict[str, Any]:
        """The value every control has before anybody moved it."""
        return {name: control.start for name, control in self.controls.items()}

    def read(self, given: Mapping[str, object]) -> dict[str, Any]:
        """Given values over starting ones; InputError names the control whose rule is broken."""
        values = self.starts()
        for name, value in given.items():
            if name not in self.controls:
                known = ", ".join(self.controls)
                message = f"calculator {self.id} has no control {name!r}; it has {known}"
                raise InputError(name, message)
            try:
                values[name] = self.controls[name].read(value)
            except ValueError as error:
                raise InputError(name, f"{self.label(name)}: {error}") from None
        return values

    def run(self, given: Mapping[str, object]) -> Answer:
        """Runs the calculator; InputError for a value that breaks a control's or a model's rule."""
        answer = None
        for each in self.steps(given):
            answer = each
        if answer is None:
            raise TypeError(f"calculator {self.id} has answered nothing")
        return answer

    def steps(self, given: Mapping[str, object]) -> Iterator[Answer]:
        """Every answer of a run, the last one complete; most calculators give no other."""
        inputs = self.read(given)
        arguments = {n: c.base_value(inputs[n]) for n, c in self.controls.items()}
        try:
            found = self.function(**arguments)
            for results in found if isinstance(found, Iterator) else (found,):
                yield self._answer(inputs, tuple(results))
        except InputError:
            raise
        except ValueError as error:
            raise InputError(None, str(error)) from error

    def _answer(self, inputs: dict[str, Any], results: tuple[Result, ...]) -> Answer:
        names = [result.name for result in results]
        if len(set(names)) != len(names) or set(names) & set(self.controls):
            raise TypeError(f"calculator {self.id}: names of results and controls must differ")
        for result in results:
            if isinstance(result, Quantity) and math.isnan(result.value):
                raise TypeError(f"calculator {self.id}: result {result.name} is not a number")
        return Answer(self.id, inputs, results)

    def label(self, control: str) -> str:
        """The label of a control: its own, or its name in words."""
        return self.controls[control].label or control.replace("_", " ").capitalize()


@cache
def folder() -> Path:
    """Where the calculators are: in the wheel beside this file, in a checkout at its root."""
    packed = Path(__file__).parent / "calculators"
    return packed if packed.is_dir() else Path(__file__).parents[2] / "calculators"


def ids() -> list[str]:
    """Every calculator there is."""
    # Editors leave files such as .name.py.swp beside the one that is open.
    found = {p.stem for p in folder().iterdir() if p.suffix in (".py", ".pyc")}
    return sorted(name for name in found if name.isidentifier() and not name.startswith("_"))


def load(calculator: str) -> Calculator:
    """A calculator by its id, read again when its file has changed.

    Raises:
        InputError: there is no such calculator; the message names close ones.
    """
    for suffix in (".py", ".pyc"):
        path = folder() / f"{calculator}{suffix}"
        if calculator.isidentifier() and path.is_file():
            return _load(path, path.stat().st_mtime_ns)
    from difflib import get_close_matches

    close = get_close_matches(calculator, ids(), n=3, cutoff=0.4) or ids()
    raise InputError(None, f"there is no calculator {calculator!r}; there is {', '.join(close)}")


def run(calculator: str, **values: object) -> Answer:
    """Runs a calculator with values as its controls show them: run("id", gpus=64, link=25).

    Raises:
        InputError: no such calculator or control, or a value that breaks a rule (a ValueError).
    """
    return load(calculator).run(values)


def answer_json(calculator: str, inputs: str) -> str:
    """The page's question and answer in JSON; a reader's mistake is answered, a bug is raised."""
    steps = answer_slices(calculator, inputs, math.inf)
    try:
        next(steps)
    except StopIteration as end:
        return str(end.value)
    raise AssertionError("an answer without a limit of time has one slice")


def answer_slices(calculator: str, inputs: str, seconds: float) -> Generator[str, None, str]:
    """The same in slices of about `seconds`: yields what is known so far, returns the answer.

    Between two slices the page's worker hears whether a newer question has made this one idle.
    """
    try:
        tool = load(calculator)
        latest, end = None, time.perf_counter() + seconds
        for answer in tool.steps(json.loads(inputs)):
            if latest and time.perf_counter() >= end:
                yield _as_json(tool, latest)
                end = time.perf_counter() + seconds
            latest = answer
        if latest is None:
            raise TypeError(f"calculator {calculator} has answered nothing")
        return _as_json(tool, latest)
    except InputError as error:
        return json.dumps({"error": {"control": error.control, "message": str(error)}})


def _as_json(tool: Calculator, answer: Answer) -> str:
    spoken = {name: tool.controls[name].text(v) for name, v in answer.inputs.items()}
    return json.dumps(answer.as_dict() | {"spoken": spoken}, allow_nan=False)


@cache
def _load(path: Path, _changed: int) -> Calculator:
    spec = importlib.util.spec_from_file_location(f"hwcalc_calculators.{path.stem}", path)
    assert spec, path
    assert spec.loader, path
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    title = (inspect.getdoc(module) or "").split("\n")[0]
    if not title or not callable(getattr(module, "calculate", None)):
        raise TypeError(f"{path}: a calculator has a docstring and a function named calculate")
    hints = typing.get_type_hints(module.calculate, include_extras=True)
    controls = {
        name: _control(path, name, hints.get(name))
        for name in inspect.signature(module.calculate).parameters
    }
    return Calculator(path.stem, title, path, controls, module.calculate)


def _control(path: Path, name: str, hint: Any) -> Control:
    found = get_args(hint) if get_origin(hint) is Annotated else ()
    if len(found) != 2 or not isinstance(found[1], Control):
        raise TypeError(f"{path}: annotate {name} as Annotated[type, Slider(…) | Choice(…) | …]")
    if name in HIDDEN:
        raise TypeError(f"{path}: call {name} otherwise: it would hide the form's own property")
    kind, control = found
    try:
        display.factor(control.unit)
        if isinstance(control, Number):
            control = replace(control, whole=kind is int)
            control = replace(control, start=control.read(control.start))
        else:
            control.read(control.start)
    except LookupError as error:
        raise TypeError(f"{path}: {name}: {error.args[0]}") from None
    except ValueError as error:
        raise TypeError(f"{path}: the start of {name}: {error}") from None
    return typing.cast(Control, control)
