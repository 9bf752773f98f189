"""Every model gives for an array what it gives for each of its numbers."""

import inspect
from itertools import chain
from typing import Any

import numpy as np
import pytest

from tests.docstrings import Function, example_calls, functions

# A model is swept over its numbers. Counts and choices (int, bool, str) stay as they are.
NUMBER, FIXED = "float", ("int", "bool", "str")


def _is_model(name: str, function: Function) -> bool:
    kinds = [p.annotation for p in inspect.signature(function).parameters.values()]
    names = [kind if isinstance(kind, str) else getattr(kind, "__name__", "") for kind in kinds]
    return (
        not name.startswith("numeric.")  # tested on its own, element by element
        and NUMBER in names
        # The length of a list depends on the arguments, so no array can hold it.
        and not str(inspect.signature(function).return_annotation).startswith("list")
        and all(kind == NUMBER or kind in FIXED for kind in names)
    )


MODELS = {name: function for name, function in functions() if _is_model(name, function)}


def _works(function: Function, arguments: dict[str, Any]) -> bool:
    try:
        function(**arguments)
    except ValueError:
        return False
    return True


def _rows(name: str, function: Function) -> list[dict[str, Any]]:
    """Return valid argument sets: those of the examples, and each with one number changed.

    Doubling keeps whole numbers whole, halving keeps fractions fractions; what a rule of the model
    forbids is left out.
    """
    calls = example_calls(name, function)
    assert calls, f"{name} has no example that calls it"
    parameters = inspect.signature(function).parameters
    fixed = {key: calls[0][key] for key in parameters if not _number(parameters[key])}
    rows = [call for call in calls if all(call[key] == value for key, value in fixed.items())]
    changed = (
        {**rows[0], key: factor * rows[0][key]}
        for key in parameters
        if key not in fixed
        for factor in (2.0, 0.5)
    )
    return [row for row in chain(rows, changed) if _works(function, row)]


def _number(parameter: inspect.Parameter) -> bool:
    return parameter.annotation in (float, NUMBER)


def _parts(result: Any) -> dict[str, Any]:
    """Give every number of a result a name."""
    if isinstance(result, dict):
        return result
    if isinstance(result, tuple | list):
        return {str(place): value for place, value in enumerate(result)}
    return {"": result}


def test_models_are_found() -> None:
    """The test below must not pass because there is nothing to sweep."""
    assert len(MODELS) >= 40


@pytest.mark.parametrize("name", MODELS)
def test_vector_equals_scalar(name: str) -> None:
    """Sweeps over arrays are the same calculation: one code path for browser and numpy."""
    function = MODELS[name]
    rows = _rows(name, function)
    parameters = inspect.signature(function).parameters
    assert len(rows) >= 2, f"{name} cannot be varied from its examples"
    arrays = {
        key: np.array([float(row[key]) for row in rows]) if _number(parameters[key]) else value
        for key, value in rows[0].items()
    }
    swept = _parts(function(**arrays))
    single = [_parts(function(**row)) for row in rows]
    for part in single[0]:
        expected = [result[part] for result in single]
        actual = np.broadcast_to(swept[part], len(rows))
        np.testing.assert_allclose(actual, expected, rtol=1e-12, err_msg=f"{name} {part}")


@pytest.mark.parametrize("name", MODELS)
def test_one_swept_number_broadcasts_against_plain_ones(name: str) -> None:
    """A curve over one argument needs no array of the others."""
    function = MODELS[name]
    rows = _rows(name, function)
    for key, parameter in inspect.signature(function).parameters.items():
        values = [row[key] for row in rows if {**row, key: None} == {**rows[0], key: None}]
        if _number(parameter) and len(values) > 1:
            swept = _parts(function(**{**rows[0], key: np.array(values, dtype=float)}))
            for part, value in _parts(function(**{**rows[0], key: values[-1]})).items():
                last = np.broadcast_to(swept[part], len(values))[-1]
                np.testing.assert_allclose(last, value, rtol=1e-12, err_msg=f"{name} {key} {part}")
