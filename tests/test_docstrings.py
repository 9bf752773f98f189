"""The form of a model's documentation, so that units and sources can be relied on."""

import ast
import importlib
import inspect
import re

import pytest

from tests.docstrings import (
    MACHINERY,
    PACKAGE,
    Function,
    entries,
    functions,
    modules,
    sections,
    tree,
    unit,
)

FUNCTIONS = dict(functions())
# Base units, and what is counted. A prefix (GB, ms) or a percent sign is not among them.
UNITS = {"1", "any", "B", "s", "FLOP", "W", "J", "$", "Hz", "bit", "pixels"} | {
    *("V", "A", "K", "m", "m²", "m³"),
    *("token", "tokens", "sample", "samples", "image", "images"),
}

# The order of activations that matrix units want, and an engine that reads prompts at once.
CHOICES = {"layout", "intake"}


def _given(function: Function) -> list[str]:
    """Return the parameters as a docstring writes them."""
    stars: dict[object, str] = {
        inspect.Parameter.VAR_POSITIONAL: "*",
        inspect.Parameter.VAR_KEYWORD: "**",
    }
    parameters = inspect.signature(function).parameters.values()
    return [stars.get(parameter.kind, "") + parameter.name for parameter in parameters]


def _check_unit(text: str, what: str) -> None:
    """Units are products and quotients of base units; a tuple has one for each place."""
    found = unit(text)
    assert found, f"{what} ends without a unit in brackets: {text!r}"
    unknown = set(re.split(r"[/*]|, ", found.removeprefix("(").removesuffix(")"))) - UNITS
    assert not unknown, f"{what}: {found!r} is not made of base units: {', '.join(unknown)}"


def test_modules_and_functions_are_found() -> None:
    """The tests below must not pass because there is nothing to look at."""
    assert {"catalog", "cnn", "kv_cache", "numeric", "transformer", "weights"} <= set(modules())
    assert len(FUNCTIONS) >= 80


@pytest.mark.parametrize("module", modules())
def test_every_public_name_is_documented(module: str) -> None:
    """A reader of help() meets no silence: module, classes, functions, methods, properties."""
    space = importlib.import_module(f"hwcalc.{module}")
    assert inspect.getdoc(space), f"{module} has no docstring"
    for name, value in vars(space).items():
        if name.startswith("_") or getattr(value, "__module__", None) != space.__name__:
            continue
        if inspect.isfunction(inspect.unwrap(value)) or inspect.isclass(value):
            assert value.__doc__, f"{module}.{name} has no docstring"
        if inspect.isclass(value):
            for key, member in vars(value).items():
                if not key.startswith("_") and (
                    inspect.isfunction(member) or isinstance(member, property)
                ):
                    assert member.__doc__, f"{module}.{name}.{key} has no docstring"


@pytest.mark.parametrize("module", sorted(set(modules()) - MACHINERY))
def test_what_a_module_exports_is_what_it_defines(module: str) -> None:
    """Where there is `__all__` it is complete and has no strangers."""
    space = importlib.import_module(f"hwcalc.{module}")
    public = {name.split(".")[1] for name in FUNCTIONS if name.split(".")[0] == module}
    exported = getattr(space, "__all__", public)
    assert len(set(exported)) == len(exported)
    for name in exported:
        assert hasattr(space, name), f"{module}.__all__ names {name}, which does not exist"
    assert public <= set(exported), f"{module}.__all__ lacks {public - set(exported)}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_summary_is_one_sentence(name: str) -> None:
    """The first line says what the number is; tables of contents show nothing else."""
    first = sections(FUNCTIONS[name])[""].splitlines()[0]
    assert re.fullmatch(r"[A-Z].*\.", first), first


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_is_documented_in_order_with_a_base_unit(name: str) -> None:
    """A number without unit is a mistake waiting for its reader."""
    function = FUNCTIONS[name]
    documented = entries(sections(function).get("Args", ""))
    assert list(documented) == _given(function)
    for parameter, text in documented.items():
        _check_unit(text, f"{name}({parameter})")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_physical_input_has_a_default(name: str) -> None:
    """PEERS 6, row 21: a default nobody asked for answers a question nobody asked.

    What may be left out is off, or is the package's own constants, or is a choice named here.
    """
    for parameter in inspect.signature(FUNCTIONS[name]).parameters.values():
        assert (
            parameter.default in (inspect.Parameter.empty, None, False) or parameter.name in CHOICES
        ), f"{name}({parameter.name}) = {parameter.default!r}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_result_has_a_unit(name: str) -> None:
    """What comes out is as documented as what goes in; a check returns nothing."""
    function = FUNCTIONS[name]
    result = inspect.signature(function).return_annotation
    nothing = result in (None, "None")
    assert ("Returns" in sections(function)) != nothing
    if nothing:
        return
    text = sections(function)["Returns"]
    # The units of an object's fields stand in its class.
    if not (inspect.isclass(result) and unit(text) == result.__name__):
        _check_unit(text, f"{name} returns")


def _raises(node: ast.AST, private: dict[str, ast.FunctionDef], seen: frozenset[str]) -> bool:
    """Tell whether code raises ValueError itself, in a check, or in a helper of its module."""
    for part in ast.walk(node):
        if isinstance(part, ast.Raise) and part.exc and "ValueError" in ast.unparse(part.exc):
            return True
        if isinstance(part, ast.Call):
            called = ast.unparse(part.func).split(".")[-1]
            if called.startswith("check_"):
                return True
            helper = private.get(called)
            if (
                helper is not None
                and called not in seen
                and _raises(helper, private, seen | {called})
            ):
                return True
    return False


@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_errors_are_documented_when_raised(name: str) -> None:
    """The page shows a ValueError to its reader, so it belongs to what a function promises."""
    function = FUNCTIONS[name]
    source = inspect.getsource(importlib.import_module(function.__module__))
    helpers = {
        node.name: node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("_")
    }
    documented = entries(sections(function).get("Raises", ""))
    if _raises(tree(function), helpers, frozenset()):
        assert "ValueError" in documented
    for error, text in documented.items():
        assert error.endswith("Error")
        assert text.endswith(".")


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if not name.startswith("datafile.")])
def test_a_worked_example_is_given(name: str) -> None:
    """The first test of a formula is a number that a reader can check; doctest runs it."""
    examples = sections(FUNCTIONS[name]).get("Examples", "")
    assert ">>>" in examples
    assert f"{name.split('.')[1]}(" in examples


MODELS = [
    name
    for name, function in FUNCTIONS.items()
    if name.split(".")[0] not in ("numeric", "datafile") and inspect.signature(function).parameters
]


def _is_source(text: str, module: str) -> bool:
    """An address, a file of the package's data, or names of the package that have their own."""
    if re.search(r"https://|\bdoi:10\.", text) or text.strip() == "The functions it calls.":
        return True
    if paths := re.findall(r"\bdata/[\w./-]+\w", text):
        return all((PACKAGE / path).exists() for path in paths)
    if "of the catalogue" in text:
        return True
    known = {*vars(importlib.import_module(f"hwcalc.{module}")), *modules()}
    known |= {name.split(".")[1] for name in FUNCTIONS}
    names = re.findall(r"`([\w.]+)`", text)
    return bool(names) and all(name.split(".")[0] in known for name in names)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_names_its_source(name: str) -> None:
    """A formula without reference is an opinion."""
    references = sections(FUNCTIONS[name]).get("References", "")
    assert _is_source(references, name.split(".")[0]), references or "no References"
