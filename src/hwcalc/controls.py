"""What a reader can move: each control declares its values, reads one, and says what is wrong.

A control speaks the reader's units (25 GB/s, 50 %); `base_value` hands the models base units
(25e9 B/s, 0.5). The reader's value is what the address, the shell and `hwcalc.run` carry.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hwcalc import display


class InputError(ValueError):
    """A control was given a value that breaks its rule; `control` names it (None: all of them)."""

    def __init__(self, control: str | None, message: str) -> None:
        super().__init__(message)
        self.control = control


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number typed into a field; `int` in the annotation makes it a whole one."""

    start: float
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""
    label: str = ""
    help: str = ""
    whole: bool = False

    def read(self, given: Any) -> float:
        """The value in the control's unit, from a number of any kind or its text.

        Raises:
            ValueError: it is no finite number, or breaks the rule, which the message states.
        """
        if isinstance(given, str):
            given = given.strip().replace("\N{MINUS SIGN}", "-")
        try:
            value = math.nan if isinstance(given, bool) else float(given)
        except (TypeError, ValueError, OverflowError):
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(f"{given!r} is not a number; expected {self.rule()}.")
        if self.whole and value != int(value):
            raise ValueError(f"{self._say(value)} is not a whole number; expected {self.rule()}.")
        if not self.low <= value <= self.high:
            raise ValueError(f"{self._say(value)} is not in the range {self.rule()}.")
        return int(value) if value == int(value) else value

    def rule(self) -> str:
        """The allowed range in words."""
        unit = f" {self.unit}" if self.unit else ""
        match math.isfinite(self.low), math.isfinite(self.high):
            case True, True:
                return f"{self._say(self.low)} to {self._say(self.high)}{unit}"
            case True, False:
                return f"{self._say(self.low)} or more{unit}"
            case False, True:
                return f"at most {self._say(self.high)}{unit}"
        return "any number"

    def base_value(self, value: float) -> float:
        """The value in base units, as a model takes it."""
        factor = display.factor(self.unit)
        # Without a factor a whole number stays an int.
        return value if factor == 1 else value * factor

    def text(self, value: float) -> str:
        """The value with its unit, for running text."""
        return display.text(self.base_value(value), self.unit)

    @staticmethod
    def _say(value: float) -> str:
        return f"{value:,.12g}"


@dataclass(frozen=True)
class Slider(Number):
    """A number with both ends known; a log slider steps evenly in ratio, log2 in doublings.

    With `play` a button runs it from its low to its high end.
    """

    low: float
    high: float
    start: float = field(kw_only=True)
    scale: Literal["linear", "log", "log2"] = field(default="linear", kw_only=True)
    step: float | None = field(default=None, kw_only=True)
    play: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if not -math.inf < self.low < self.high < math.inf:
            raise ValueError(f"a slider needs low < high, got {self.low} and {self.high}")
        if self.scale != "linear" and self.low <= 0:
            raise ValueError(f"a {self.scale} slider needs low > 0, got {self.low}")


@dataclass(frozen=True)
class Choice:
    """One of a mapping's entries: text values are labels, other values are what calculate gets."""

    options: Mapping[str, Any]
    start: str = field(kw_only=True)
    group: str | Callable[[Any], str] = field(default="", kw_only=True)
    label: str = field(default="", kw_only=True)
    help: str = field(default="", kw_only=True)
    unit: str = field(default="", init=False)

    def read(self, given: object) -> str:
        """The option's id; ValueError names close ones."""
        if isinstance(given, str) and given in self.options:
            return given
        from difflib import get_close_matches  # costs an import, so only when it is needed

        known = list(self.options)
        if close := get_close_matches(str(given), known, n=3, cutoff=0.5):
            raise ValueError(f"{given!r} is not an option; did you mean {', '.join(close)}?")
        more = f", … ({len(known)} in all)" if len(known) > 8 else ""
        raise ValueError(f"{given!r} is not an option; expected {', '.join(known[:8])}{more}.")

    def base_value(self, value: str) -> Any:
        """The chosen object, or the id itself where the options are labels."""
        option = self.options[value]
        return value if isinstance(option, str) else option

    def text(self, value: str) -> str:
        """The label of an option."""
        option = self.options[value]
        return option if isinstance(option, str) else str(option.name)

    def groups(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """(group, [(id, label), …]) in order of first appearance."""
        grouped: dict[str, list[tuple[str, str]]] = {}
        for key in self.options:
            option = self.options[key]
            name = self.group(option) if callable(self.group) else getattr(option, self.group, "")
            grouped.setdefault(str(name), []).append((key, self.text(key)))
        yield from grouped.items()


@dataclass(frozen=True, kw_only=True)
class Toggle:
    """On or off."""

    start: bool = False
    label: str = ""
    help: str = ""
    unit: str = field(default="", init=False)

    def read(self, given: object) -> bool:
        """True or False from a boolean or its usual spellings."""
        if isinstance(given, bool):
            return given
        if isinstance(given, str) and given.lower() in ("true", "on", "yes", "1"):
            return True
        if isinstance(given, str) and given.lower() in ("false", "off", "no", "0"):
            return False
        raise ValueError(f"{given!r} is not an option; expected true or false.")

    def base_value(self, value: bool) -> bool:
        """The value itself."""
        return value

    def text(self, value: bool) -> str:
        """The state in a word."""
        return "on" if value else "off"


Control = Slider | Number | Choice | Toggle
