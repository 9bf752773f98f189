"""One code path for floats and for numpy arrays, and the checks of a model's arguments.

In the browser there is no numpy: there a model gets plain floats and these functions use `math`.
Natively the same model broadcasts over arrays, because each function here looks at its arguments
and hands arrays to numpy. numpy is imported only when somebody already passed something that is
not a plain number, so importing the models stays fast. Annotations say ``float``; an array of
floats is meant as well.

Conditions on arrays: write ``where(a > b, x, y)`` instead of ``x if a > b else y``; both branches
are computed. Python's own ``+ - * / ** abs sum`` already work on both kinds.
"""

import math
from collections.abc import Callable
from typing import Any

__all__ = [
    "ceil",
    "check_at_least",
    "check_count",
    "check_fraction",
    "check_non_negative",
    "check_positive",
    "distinct",
    "erfc",
    "exp",
    "floor",
    "log",
    "log2",
    "maximum",
    "minimum",
    "sqrt",
    "where",
]


PLAIN = {int, float}


def _numpy(*values: Any) -> Any:
    """Return numpy if one of the values needs it, else None."""
    # np.float64 is a float and np.bool_ is not a bool; both take the path that suits them.
    for value in values:
        # A loop and a tuple: models ask this a thousand times for one answer.
        if not isinstance(value, (int, float)):
            import numpy  # here, because most users never pass an array

            return numpy
    return None


def maximum(first: float, *others: float) -> float:
    """Return the largest of the arguments, element by element for arrays.

    Args:
        first: A number or an array. [any]
        *others: More of them, broadcast against each other. [any]

    Returns:
        The largest value, in the unit of the arguments. [any]

    Examples:
        >>> maximum(2.0, 3.0, 1.0)
        3.0
    """
    numpy = _numpy(first, *others)
    for other in others:
        first = max(first, other) if numpy is None else numpy.maximum(first, other)
    return first


def minimum(first: float, *others: float) -> float:
    """Return the smallest of the arguments, element by element for arrays.

    Args:
        first: A number or an array. [any]
        *others: More of them, broadcast against each other. [any]

    Returns:
        The smallest value, in the unit of the arguments. [any]

    Examples:
        >>> minimum(2.0, 3.0, 1.0)
        1.0
    """
    numpy = _numpy(first, *others)
    for other in others:
        first = min(first, other) if numpy is None else numpy.minimum(first, other)
    return first


def where(condition: bool, yes: float, no: float) -> float:
    """Return one value where a condition holds and another where it does not.

    Args:
        condition: A truth value or an array of them. [1]
        yes: Value where the condition holds. [any]
        no: Value elsewhere. [any]

    Returns:
        The chosen value, in the unit of the arguments. [any]

    Examples:
        >>> where(1 > 2, 10.0, 20.0)
        20.0
    """
    numpy = _numpy(condition, yes, no)
    if numpy is None:
        return yes if condition else no
    chosen: float = numpy.where(condition, yes, no)
    return chosen


def _elementwise(name: str, scalar: Callable[[float], float], value: float) -> float:
    """Apply a function of math to a number, its namesake of numpy to an array."""
    numpy = _numpy(value)
    result: float = scalar(value) if numpy is None else getattr(numpy, name)(value)
    return result


def ceil(value: float) -> float:
    """Round up to a whole number.

    Args:
        value: A number or an array. [any]

    Returns:
        The smallest whole number not below the value, as a float. [any]

    Examples:
        >>> ceil(7 / 2)
        4.0
    """
    # math.ceil refuses infinity and returns an int; numpy does neither.
    return _elementwise("ceil", lambda x: float(math.ceil(x)) if math.isfinite(x) else x, value)


def floor(value: float) -> float:
    """Round down to a whole number.

    Args:
        value: A number or an array. [any]

    Returns:
        The largest whole number not above the value, as a float. [any]

    Examples:
        >>> floor(7 / 2)
        3.0
    """
    return _elementwise("floor", lambda x: float(math.floor(x)) if math.isfinite(x) else x, value)


def sqrt(value: float) -> float:
    """Take the square root.

    Args:
        value: A number or an array, not negative. [any]

    Returns:
        The square root. [any]

    Examples:
        >>> sqrt(9.0)
        3.0
    """
    return _elementwise("sqrt", math.sqrt, value)


def erfc(value: float) -> float:
    """Compute the complementary error function, twice the normal distribution's tail.

    Args:
        value: A number or an array. [1]

    Returns:
        A number between 0 and 2. [1]

    Examples:
        >>> erfc(1.0)
        0.1573
    """
    numpy = _numpy(value)
    # numpy has none of its own.
    result: float = math.erfc(value) if numpy is None else numpy.vectorize(math.erfc)(value)
    return result


def log(value: float) -> float:
    """Take the natural logarithm.

    Args:
        value: A number or an array, positive. [1]

    Returns:
        The natural logarithm. [1]

    Examples:
        >>> log(math.e)
        1.0
    """
    return _elementwise("log", math.log, value)


def log2(value: float) -> float:
    """Take the logarithm to the base 2.

    Args:
        value: A number or an array, positive. [1]

    Returns:
        The logarithm to the base 2. [1]

    Examples:
        >>> log2(1024)
        10.0
    """
    return _elementwise("log2", math.log2, value)


def exp(value: float) -> float:
    """Raise Euler's number to a power.

    Args:
        value: The exponent, a number or an array. [1]

    Returns:
        The power. [1]

    Examples:
        >>> exp(0.0)
        1.0
    """
    return _elementwise("exp", math.exp, value)


def distinct(*values: float) -> tuple[list[float], Any]:
    """Leave out what repeats among broadcast arguments, so that it is computed once.

    A sweep over many arguments repeats a costly part that depends on a few of them.

    Args:
        *values: Numbers or arrays, broadcast against each other. [any]

    Returns:
        The arguments without repeated combinations, and where each combination has gone: results
        indexed with it are in the old order. For plain numbers both are unchanged, the second is
        None. [(any, 1)]

    Examples:
        >>> distinct(2.0, 3.0)
        ([2.0, 3.0], None)
    """
    numpy = _numpy(*values)
    if numpy is None:
        return list(values), None
    columns = numpy.broadcast_arrays(*values)
    # One whole number for each combination; rows of several numbers are slow to sort.
    key: Any = 0
    for column in columns:
        kinds, place = numpy.unique(column, return_inverse=True)
        key = key * len(kinds) + place.reshape(column.shape)
    _, first, back = numpy.unique(key, return_index=True, return_inverse=True)
    few = [column.reshape(-1)[first].astype(float) for column in columns]
    return few, back.reshape(columns[0].shape)


def _check(values: dict[str, float], holds: Callable[[Any], Any], rule: str) -> None:
    """Raise ValueError with every name whose value breaks the rule; NaN breaks every rule."""
    # Plain numbers that obey are nearly all there ever is, and a chart asks for thousands.
    for value in values.values():
        if type(value) not in PLAIN or not holds(value):
            break
    else:
        return
    wrong = []
    for name, value in values.items():
        numpy = _numpy(value)
        if numpy is None:
            if not holds(value):
                wrong.append(f"{name} = {value:g}")
        else:
            array = numpy.asarray(value)
            bad = ~numpy.asarray(holds(array), dtype=bool)
            if bad.any():
                wrong.append(f"{name} = {float(array[bad].flat[0]):g}")
    if wrong:
        raise ValueError(f"{' and '.join(wrong)}: must be {rule}")


def check_positive(**values: float) -> None:
    """Refuse arguments that are not greater than zero.

    Args:
        **values: The arguments by name. [any]

    Raises:
        ValueError: If a value is zero, negative or not a number; the message names all of them.

    Examples:
        >>> check_positive(bandwidth=1e9, latency=-1.0)
        Traceback (most recent call last):
        ValueError: latency = -1: must be positive
    """
    _check(values, lambda value: value > 0, "positive")


def check_non_negative(**values: float) -> None:
    """Refuse arguments below zero.

    Args:
        **values: The arguments by name. [any]

    Raises:
        ValueError: If a value is negative or not a number; the message names all of them.

    Examples:
        >>> check_non_negative(latency=-1.0)
        Traceback (most recent call last):
        ValueError: latency = -1: must be zero or positive
    """
    _check(values, lambda value: value >= 0, "zero or positive")


def check_fraction(**values: float) -> None:
    """Refuse arguments outside the range from 0 to 1, both included.

    Args:
        **values: The arguments by name. [1]

    Raises:
        ValueError: If a value is outside the range or not a number; the message names all of them.

    Examples:
        >>> check_fraction(utilisation=1.2)
        Traceback (most recent call last):
        ValueError: utilisation = 1.2: must be between 0 and 1
    """
    _check(values, lambda value: (value >= 0) & (value <= 1), "between 0 and 1")


def check_at_least(low: float, **values: float) -> None:
    """Refuse arguments below a bound.

    Args:
        low: The smallest value allowed. [any]
        **values: The arguments by name. [any]

    Raises:
        ValueError: If a value is below the bound or not a number; the message names all of them.

    Examples:
        >>> check_at_least(2, ranks=1)
        Traceback (most recent call last):
        ValueError: ranks = 1: must be at least 2
    """
    _check(values, lambda value: value >= low, f"at least {low:g}")


def check_count(**values: float) -> None:
    """Refuse arguments that are not whole numbers of at least 1.

    Args:
        **values: The arguments by name. [1]

    Raises:
        ValueError: If a value is not whole or below 1; the message names all of them.

    Examples:
        >>> check_count(gpus=2.5)
        Traceback (most recent call last):
        ValueError: gpus = 2.5: must be a whole number of at least 1
    """
    _check(values, _counts, "a whole number of at least 1")


def _counts(value: Any) -> Any:
    if type(value) is int:
        return value >= 1
    if type(value) is float:
        return value >= 1 and value.is_integer()
    return (value >= 1) & (value < math.inf) & (floor(value) == value)
