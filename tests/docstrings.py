"""Read the docstrings of the package: sections, documented parameters, units, worked examples."""

import ast
import doctest
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hwcalc

PACKAGE = Path(hwcalc.__file__).parent

# Modules that make pages and commands out of models. Their functions are documented in prose;
# DESIGN's form, with units and a worked number, is for those whose content is formulas or facts.
MACHINERY = {
    "__main__",
    "accuracy",
    "boot_runs",  # looks up measurements of this site, computes nothing of hardware
    "calculator",
    "charts",
    "cli",
    "controls",
    "display",
    "results",
    "vegalite",
}

Function = Callable[..., Any]


def modules() -> list[str]:
    """Return the names of all modules of the inner rings, without the package's own."""
    return sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")


def functions() -> Iterator[tuple[str, Function]]:
    """Yield name and object of every public function of the model and catalogue modules."""
    for module in modules():
        if module not in MACHINERY:
            space = vars(importlib.import_module(f"hwcalc.{module}"))
            for name, value in space.items():
                function = inspect.unwrap(value) if callable(value) else None
                if (
                    inspect.isfunction(function)
                    and function.__module__ == f"hwcalc.{module}"
                    and not name.startswith("_")
                ):
                    yield f"{module}.{name}", function


def sections(function: Function) -> dict[str, str]:
    """Split a docstring into its sections; what comes before the first one is under ""."""
    parts = re.split(r"^(Args|Returns|Raises|References|Examples):\n", _doc(function), flags=re.M)
    names = parts[1::2]
    assert len(set(names)) == len(names), f"{function.__name__} repeats a section"
    return {"": parts[0], **dict(zip(names, map(textwrap.dedent, parts[2::2]), strict=True))}


def _doc(function: Function) -> str:
    return inspect.cleandoc(function.__doc__ or "")


def entries(section: str) -> dict[str, str]:
    """Split a section of `name: text` entries, whose further lines are indented."""
    found: dict[str, str] = {}
    for line in section.splitlines():
        if match := re.match(r"(\*{0,2}\w+): (.+)", line):
            name = match[1]
            assert name not in found, f"{name} is documented twice"
            found[name] = match[2]
        elif line.strip():
            assert line.startswith(" "), f"neither an entry nor its continuation: {line!r}"
            name = next(reversed(found))
            found[name] += " " + line.strip()
    return found


def unit(text: str) -> str:
    """Return what stands in brackets at the end of a description, or an empty text."""
    match = re.search(r"\[([^][]+)\]$", text.strip())
    return match[1] if match else ""


def tree(function: Function) -> ast.FunctionDef:
    """Parse a function's source."""
    node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(node, ast.FunctionDef)
    return node


def example_calls(name: str, function: Function) -> list[dict[str, Any]]:
    """Return the arguments of every call of a function in its own examples, by parameter."""
    space: dict[str, Any] = dict(vars(importlib.import_module(f"hwcalc.{name.split('.')[0]}")))
    calls: list[dict[str, Any]] = []
    for example in doctest.DocTestParser().get_examples(function.__doc__ or ""):
        for node in ast.walk(ast.parse(example.source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == function.__name__:
                arguments = [ast.unparse(argument) for argument in node.args]
                keywords = {str(word.arg): ast.unparse(word.value) for word in node.keywords}
                try:
                    bound = inspect.signature(function).bind(
                        *(eval(text, space) for text in arguments),
                        **{key: eval(text, space) for key, text in keywords.items()},
                    )
                except TypeError:
                    continue  # an example of a refused call
                calls.append(bound.arguments)
        if not example.exc_msg:
            exec(example.source, space)
    return calls
