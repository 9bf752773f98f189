"""Numbers and arrays take the same road, and bad arguments are named."""

import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hwcalc import numeric


@pytest.mark.process
def test_importing_the_models_leaves_numpy_alone() -> None:
    """Browser and command line must not pay for numpy; there it may not even exist."""
    code = (
        "import sys; import hwcalc.catalog, hwcalc.numeric as n;"
        "n.maximum(1.0, 2); n.check_positive(x=1.0); n.where(True, 1, 2); n.ceil(1.5);"
        "sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("function", "values"),
    [
        (numeric.ceil, [0.0, 0.2, 1.0, -1.5, math.inf]),
        (numeric.floor, [0.0, 0.2, 1.0, -1.5, math.inf]),
        (numeric.sqrt, [0.0, 2.0, 9.0]),
        (numeric.log, [0.5, 1.0, 10.0]),
        (numeric.log2, [0.5, 1.0, 1024.0]),
        (numeric.exp, [-1.0, 0.0, 2.0]),
    ],
)
def test_a_function_of_one_argument_gives_the_same_for_arrays(
    function: Callable[[Any], Any], values: list[float]
) -> None:
    """Vector equals scalar, for infinities too, and a scalar stays a plain float."""
    scalars = [function(value) for value in values]
    assert all(type(value) is float for value in scalars)
    assert function(np.array(values)) == pytest.approx(scalars, rel=1e-15)


@pytest.mark.parametrize("function", [numeric.maximum, numeric.minimum])
def test_extremes_broadcast(function: Callable[..., Any]) -> None:
    """Arrays, numpy's numbers and plain numbers may be mixed."""
    array = np.array([1.0, 5.0, 3.0])
    expected = [function(value, 2.0, 4) for value in array.tolist()]
    assert function(array, 2.0, np.int64(4)).tolist() == expected
    assert function(2.0, array, 4).tolist() == expected


def test_one_argument_is_its_own_extreme() -> None:
    """With nothing to compare to, the value comes back."""
    assert numeric.maximum(3.0) == numeric.minimum(3.0) == 3.0


def test_where_chooses_element_by_element() -> None:
    """An array in any place makes the result an array."""
    array: Any = np.array([1.0, 5.0])
    assert numeric.where(array > 2, 10.0, array).tolist() == [1.0, 10.0]  # type: ignore[attr-defined]
    assert numeric.where(True, array, 0.0).tolist() == [1.0, 5.0]  # type: ignore[attr-defined]
    no: Any = np.bool_(False)
    assert numeric.where(no, 1.0, 2.0) == 2.0


CHECKS: list[tuple[Callable[..., None], list[float], list[float]]] = [
    (numeric.check_positive, [1e-300, 1, math.inf], [0.0, -1, -math.inf]),
    (numeric.check_non_negative, [0, 0.0, math.inf], [-1e-300, -1]),
    (numeric.check_fraction, [0, 0.5, 1], [-0.01, 1.01, 100]),
    (numeric.check_count, [1, 2.0, 10**6], [0, 0.5, 2.5, -1, math.inf]),
    (lambda **values: numeric.check_at_least(2, **values), [2, 3.5], [1.99, -2]),
]


@pytest.mark.parametrize(("check", "good", "bad"), CHECKS)
def test_checks_accept_and_refuse_alike_for_numbers_and_arrays(
    check: Callable[..., None], good: list[float], bad: list[float]
) -> None:
    """What is refused alone is refused in an array, and NaN is refused by every rule."""
    for value in good:
        check(value=value)
    check(value=np.array(good))
    for value in [*bad, math.nan]:
        with pytest.raises(ValueError, match=r"value = .*: must be"):
            check(value=value)
        with pytest.raises(ValueError, match=r"value = .*: must be"):
            check(value=np.array([good[0], value]))


def test_a_message_names_every_wrong_argument_its_value_and_the_rule() -> None:
    """The reader of a page corrects everything at once."""
    array: Any = np.array([1.0, -2.5])
    with pytest.raises(ValueError, match=r"^a = -1 and c = -2.5: must be zero or positive$"):
        numeric.check_non_negative(a=-1, b=0.0, c=array)
