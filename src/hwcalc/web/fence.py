"""A Markdown extension: fences become calculators with results, `{{ id.name }}` becomes a value.

It knows Markdown and nothing of MkDocs, so any generator that runs Python-Markdown extensions and
SuperFences custom fences can use it.
An author's mistake raises `AuthorError`, which names the line and the fix and stops the build.
"""

import json
import math
import re
import tomllib
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, NoReturn
from xml.etree.ElementTree import Element

import jinja2
from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.preprocessors import Preprocessor
from markdown.util import AtomicString
from pymdownx.superfences import SuperFencesException  # type: ignore[import-untyped]

from hwcalc import calculator as calculators
from hwcalc import vegalite
from hwcalc.calculator import Answer, Calculator, Chart, Choice, InputError, Number, Slider, Toggle
from hwcalc.web.drawing import svg
from hwcalc.web.sweeps import Sweeps, along, sweeps
from hwcalc.web.sweeps import folder as sweeps_folder

# The file being converted, where somebody knows it; the MkDocs plugin does.
source_file: ContextVar[Path | None] = ContextVar("source_file", default=None)
# Where errors beside results are explained, as seen from that file's page; without it, no link.
accuracy_page: ContextVar[str] = ContextVar("accuracy_page", default="")

VALUE = r"\{\{([^{}\n]*)\}\}"
FENCE = r"^\s*(?:`{3,}|~{3,})\s*\{?\s*\.?calculator\b"
WRONG_FENCE = re.compile(FENCE + r"(?!\s+\w+\s*$)")
ONE_ID = "write ```calculator followed by the id of one calculator"
LONG_LIST = 20


class AuthorError(SuperFencesException):  # type: ignore[misc]  # SuperFences has no types
    """A mistake in an article or a calculator; the message has file, line and fix."""


def validate(
    language: str, inputs: dict[str, str], options: dict[str, Any], attrs: Any, md: Markdown
) -> bool:
    """SuperFences' question whether the fence's first line is right: the id alone follows."""
    del language, attrs
    options["ids"] = list(inputs)
    state = _state(md)
    if len(inputs) != 1:
        state.fail(WRONG_FENCE, ONE_ID)
    return True


def render(
    source: str, language: str, css_class: str, options: dict[str, Any], md: Markdown, **_: Any
) -> str:
    """SuperFences' formatter: the calculator as HTML, run with the fence's starting values."""
    del language, css_class
    identifier = options["ids"][0]
    state = _state(md)
    place = re.compile(rf"{FENCE}\s+{identifier}\s*$")
    if identifier in state.answers:
        message = f"calculator {identifier} appears twice; its address can name only one"
        state.fail(place, message, occurrence=1)
    try:
        given = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        offset = int(found[1]) if found else len(source.splitlines())
        state.fail(place, f"the values are not TOML: {error}", offset)
    tool, answer = state.run(identifier, given, place)
    state.answers[identifier] = answer
    try:
        return _form(tool, answer)
    except Exception as error:
        state.fail(place, f"calculator {identifier} cannot be drawn: {_where(error)}")


# An article's calculators are drawn once for its own page and again for every listing's excerpt.
_drawn: dict[tuple[str, str, object, str], tuple[Calculator, Answer, str]] = {}


def _form(tool: Calculator, answer: Answer) -> str:
    """The form as drawn before in this build, if it was for the same answer, or drawn now."""
    key = (tool.id, json.dumps(answer.inputs), sweeps_folder.get(), accuracy_page.get())
    before = _drawn.get(key)
    if before is None or before[0] is not tool or before[1] != answer:
        _drawn[key] = (tool, answer, page_form(tool, answer, sweeps(tool, answer)))
    return _drawn[key][2]


def page_form(tool: Calculator, answer: Answer, swept: Sweeps | None = None) -> str:
    """A calculator as the HTML form of the page contract, with all its results readable."""
    return _template().render(
        tool=tool,
        inputs=answer.inputs,
        results=answer.results,
        kinds={name: type(control).__name__.lower() for name, control in tool.controls.items()},
        defaults=json.dumps(answer.inputs),
        position=position,
        slider_step=slider_step,
        swept=swept or Sweeps(),
        along=along,
        drawing=drawing,
        long_list=LONG_LIST,
        accuracy_page=accuracy_page.get(),
    )


def position(control: Slider, value: float) -> float:
    """Where a value stands on its slider: the value itself, or its logarithm."""
    return value if control.scale == "linear" else round(math.log2(value), 4)


def slider_step(control: Slider) -> float:
    """The slider's step in its own positions: about 100 of them where the author names none."""
    if control.scale == "log2":
        return 1
    if control.scale == "log":
        return round(math.log2(control.high / control.low) / 200, 4)
    if control.step:
        return control.step
    span = control.high - control.low
    rough = 10.0 ** math.floor(math.log10(span / 50))
    step = next(rough * m for m in (1, 2, 5, 10) if rough * m >= span / 150)
    return max(1.0, step) if control.whole else float(f"{step:.6g}")


def drawing(chart: Chart, width: int) -> str:
    """A chart as SVG that takes its colours from the page."""
    spec = vegalite.spec(chart, width)
    spec["layer"] = [layer for layer in spec["layer"] if "name" not in layer]
    spec["config"] = spec["config"] | {"aria": False}  # the chart's sentence is read instead
    key = json.dumps(spec, sort_keys=True)
    return svg(key).replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


class Fences(Extension):
    """Inline values, and the place of every fence for messages."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Registers both with Python-Markdown."""
        md.hwcalc = _State()  # type: ignore[attr-defined]
        # Before every other preprocessor, SuperFences included.
        md.preprocessors.register(_Lines(md), "hwcalc-lines", 200)
        # After SuperFences (25), which leaves as text what it does not take for a fence, and after
        # HTML blocks (20), which are published as they are.
        md.preprocessors.register(_Leftovers(md), "hwcalc-leftovers", 15)
        # After code spans (190) and escapes (180), before everything else.
        md.inlinePatterns.register(_Value(VALUE, md), "hwcalc-value", 175)


def makeExtension(**options: Any) -> Fences:
    """Markdown's entry point."""
    return Fences(**options)


class _State:
    """What is known of the page being converted."""

    def __init__(self, lines: list[str] | None = None) -> None:
        self.lines = lines or []
        self.answers: dict[str, Answer] = {}

    def run(
        self, identifier: str, given: Mapping[str, object], place: re.Pattern[str]
    ) -> tuple[Calculator, Answer]:
        """Runs a calculator; every way in which an author can be wrong becomes an AuthorError."""
        try:
            tool = calculators.load(identifier)
        except InputError as error:
            self.fail(place, f"{error}; calculators are files in {calculators.folder().name}/")
        except Exception as error:
            self.fail(place, f"calculator {identifier} does not load: {_where(error)}")
        try:
            return tool, tool.run(given)
        except InputError as error:
            self.fail(place, str(error), self._offset(place, error.control))
        except Exception as error:
            self.fail(place, f"calculator {identifier} failed: {_where(error)}")

    def _offset(self, place: re.Pattern[str], control: str | None) -> int:
        """How far below its fence's first line a control is set, 0 where it is not."""
        below = iter(self.lines)
        any(place.search(line) for line in below)
        for offset, line in enumerate(below, 1):
            if line.strip().startswith(("```", "~~~")):
                break
            if line.partition("=")[0].strip().strip("\"'") == control:
                return offset
        return 0

    def fail(
        self, place: re.Pattern[str], message: str, offset: int = 0, occurrence: int = 0
    ) -> NoReturn:
        """Raises AuthorError with the file and the line, `offset` below a match of `place`."""
        path = source_file.get()
        # The converted text lacks the front matter: the file itself has the right numbers.
        lines = path.read_text(encoding="utf-8").splitlines() if path else self.lines
        found = [number for number, line in enumerate(lines, 1) if place.search(line)] or [1]
        number = found[min(occurrence, len(found) - 1)] + offset
        raise AuthorError(f"{path}:{number}: {message}" if path else f"line {number}: {message}")


class _Lines(Preprocessor):
    """Starts the page's state with its lines as written."""

    def run(self, lines: list[str]) -> list[str]:
        self.md.hwcalc = _State(list(lines))  # type: ignore[attr-defined]
        return lines


class _Leftovers(Preprocessor):
    """Refuses what would appear on the page as it is written: a fence, a value in HTML."""

    def run(self, lines: list[str]) -> list[str]:
        for block in self.md.htmlStash.rawHtmlBlocks:
            html = re.sub(r"<(code|pre)\b.*?</\1>", "", str(block), flags=re.DOTALL)
            if found := re.search(VALUE, html):
                message = f"{found[0]} stands in HTML; give its element the attribute markdown"
                _state(self.md).fail(re.compile(re.escape(found[0])), message)
        for line in lines:
            if WRONG_FENCE.match(line):
                _state(self.md).fail(re.compile(re.escape(line)), ONE_ID)
            if re.match(FENCE, line):
                message = "this fence is not closed; end it as it starts, equally indented"
                _state(self.md).fail(re.compile(re.escape(line)), message)
        return lines


class _Value(InlineProcessor):
    """`{{ id.name }}`: a result or a control's value inside a sentence."""

    def handleMatch(  # type: ignore[override]
        self, m: re.Match[str], data: str
    ) -> tuple[Element, int, int]:
        del data
        state = _state(self.md)
        place = re.compile(re.escape(m[0]))
        identifier, _, name = m[1].strip().partition(".")
        if not (identifier.isidentifier() and name.isidentifier()):
            state.fail(place, f"{m[0]} is no value; write {{{{ calculator.result }}}}")
        if identifier not in state.answers:
            _, state.answers[identifier] = state.run(identifier, {}, place)
        answer = state.answers[identifier]
        tool = calculators.load(identifier)
        element = Element("output", {"class": "hwcalc-value", "data-calculator": identifier})
        element.set("name", name)
        element.set("aria-live", "off")
        if name in tool.controls:
            element.text = AtomicString(tool.controls[name].text(answer.inputs[name]))
            return element, m.start(0), m.end(0)
        try:
            result = answer[name]
        except KeyError as error:
            controls = ", ".join(tool.controls)
            state.fail(place, f"{error.args[0]}, and the controls {controls}")
        if result.kind not in ("quantity", "verdict"):
            message = f"{name} is of kind {result.kind}; a sentence takes a quantity or verdict"
            state.fail(place, message)
        # Atomic: no later pattern may turn its quotes or stars into something else.
        element.text = AtomicString(result.text)
        return element, m.start(0), m.end(0)


def _state(md: Markdown) -> _State:
    state: _State = md.hwcalc  # type: ignore[attr-defined]
    return state


def _where(error: Exception) -> str:
    """The message of an exception and the last line of the calculator that it passed."""
    if isinstance(error, SyntaxError):  # whose traceback ends in Python's importer
        return f"{type(error).__name__}: {error.msg} ({error.filename}:{error.lineno})"
    frames = traceback.extract_tb(error.__traceback__)
    frame = next(
        (f for f in reversed(frames) if "calculators" in Path(f.filename).parts), frames[-1]
    )
    return f"{type(error).__name__}: {error} ({frame.filename}:{frame.lineno})"


def _template() -> jinja2.Template:
    return _environment().get_template("calculator.html.j2")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("hwcalc.web"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.tests |= {
        "slider": lambda c: isinstance(c, Slider),
        "field": lambda c: isinstance(c, Number),
        "choice": lambda c: isinstance(c, Choice),
        "toggle": lambda c: isinstance(c, Toggle),
    }
    return environment
