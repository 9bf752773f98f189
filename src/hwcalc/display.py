"""Numbers as text: the only place where a value gets a prefix, a unit or a rounding.

Models compute in base units (B, B/s, FLOP, s, W, J, $, …); readers see prefixes.
Text is made here for the page, the shell and Python alike, so the three cannot disagree.
A control converts in the other direction, with `factor`: 25 in a control of unit "GB/s" is 25e9.
"""

import math
from functools import cache

SI = {-7: "z", -6: "a", -5: "f", -4: "p", -3: "n", -2: "µ", -1: "m", 0: ""}
SI |= {1: "k", 2: "M", 3: "G", 4: "T", 5: "P", 6: "E", 7: "Z", 8: "Y", 9: "R", 10: "Q"}
IEC = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
WORDS = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}

# What a prefix may stand before; IEC prefixes before bytes only.
PREFIXED = {"B", "B/s", "bit", "bit/s", "FLOP", "FLOP/s", "FLOP/B", "s", "W", "J", "Hz", "OP/s"}
PREFIXED |= {"FLOP/J", "FLOP/s/W", "B/$", "B/s/$", "FLOP/$", "FLOP/s/$"}
# Units that are not base units, as (base unit, factor).
DERIVED = {
    "%": ("1", 0.01),
    "min": ("s", 60.0),
    "h": ("s", 3600.0),
    "days": ("s", 86_400.0),
    "months": ("s", 86_400 * 365.25 / 12),
    "years": ("s", 86_400 * 365.25),
    "Wh": ("J", 3600.0),
    "kWh": ("J", 3.6e6),
    "MWh": ("J", 3.6e9),
    "$/h": ("$/s", 1 / 3600),
    "$/month": ("$/s", 12 / (86_400 * 365.25)),
    "$/kWh": ("$/J", 1 / 3.6e6),
    "iB": ("B", 1.0),
}
# Capitals are for symbols; these words have them, too.
ABBREVIATIONS = {"CPU", "CPUs", "GPU", "GPUs", "TPU", "TPUs"}
# Above two minutes seconds stop being readable: (upper limit in this unit, unit).
CLOCK = ((120, "s"), (120, "min"), (48, "h"), (730, "days"), (math.inf, "years"))
NBSP = "\N{NO-BREAK SPACE}"
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@cache
def factor(unit: str) -> float:
    """Base units per one `unit` of a control: factor("GB/s") is 1e9, factor("%") is 0.01.

    Raises:
        LookupError: the unit is none that can be converted. Without this, "KB" or "ms/step" would
            pass as a word, and every number in it would be wrong by its prefix.
    """
    if unit in DERIVED:
        return DERIVED[unit][1]
    if unit in PREFIXED:
        return 1.0
    for power, prefix in enumerate(IEC):
        if prefix and unit.removeprefix(prefix) in ("B", "B/s"):
            return 1024.0**power
    for power, prefix in SI.items():
        if prefix and unit.startswith(prefix) and unit.removeprefix(prefix) in PREFIXED:
            return 10.0 ** (3 * power)
    word, _, counted = unit.partition(" ")
    if not _is_plain(counted if word in WORDS else unit):
        raise LookupError(
            f"unknown unit {unit!r}: write a prefix and one of {', '.join(sorted(PREFIXED))}; or "
            f"one of {', '.join(DERIVED)}; or lower-case words such as tokens, million tokens, "
            "tokens/s"
        )
    return WORDS.get(word, 1.0)


def base(unit: str) -> str:
    """The base unit in which a value shown in `unit` is stored."""
    if unit in DERIVED:
        return DERIVED[unit][0]
    if unit in PREFIXED or factor(unit) == 1.0:
        return unit
    for word in (*SI.values(), *IEC):
        if word and unit.removeprefix(word) in PREFIXED:
            return unit.removeprefix(word)
    return unit.partition(" ")[2]


def _is_plain(unit: str) -> bool:
    """Whether a unit is words and base units only, so that nothing needs converting."""
    return all(
        part in PREFIXED
        or part in ABBREVIATIONS
        or part in ("$", "x")
        or (len(part) > 2 and part.islower() and part not in DERIVED)
        for part in unit.replace("/", " ").split()
    )


def text(value: float, unit: str = "", digits: int = 3) -> str:
    """A value in base units as a reader sees it, rounded to `digits` significant digits.

    Examples:
        >>> [text(*given).replace(NBSP, " ") for given in ((0.0123, "s"), (2**34, "iB"))]
        ['12.3 ms', '16.0 GiB']
        >>> [text(*given).replace(NBSP, " ") for given in ((0.932, "%"), (7e10, "parameters"))]
        ['93.2 %', '70.0 billion parameters']
        >>> text(753.2, "$"), text(2.5 / 3600, "$/h"), text(7.44, "x")
        ('$753', '$2.50/h', '7.44×')
    """
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value < 0:
        return "−" + text(-value, unit, digits)
    if unit.startswith("$"):
        per = unit[1:]
        return f"${_words(value / factor(unit), digits, money=True)}{per}"
    if unit == "x":
        return f"{_words(value, digits)}×"
    if unit == "s":
        return _clock(value, digits)
    if unit == "iB":
        power = 0
        # As printed: 1,023.6 would be written 1,024.
        while power < len(IEC) - 1 and _printed(value / 1024**power, digits) >= 1024:
            power += 1
        return f"{_plain(value / 1024**power, digits)}{NBSP}{IEC[power]}B"
    if unit == "Wh":
        return _prefixed(value / 3600, "Wh", digits)
    if unit in PREFIXED:
        return _prefixed(value, unit, digits)
    if unit.split(" ")[0] in WORDS and value >= 1e6 * factor(unit):
        return text(value, base(unit), digits)  # a trillion, not a million million
    number = _words(value / factor(unit), digits)
    # A number keeps its unit on its line, unless the line has a word to break after.
    gap = " " if NBSP in number else NBSP
    return f"{number}{gap}{unit}" if unit else number


def axis_scale(values: list[float], unit: str) -> tuple[float, str]:
    """The divisor and the unit to print along an axis so that ticks are short numbers.

    Examples:
        >>> axis_scale([0.001, 0.02], "s"), axis_scale([0.2, 0.9], "%")
        ((0.001, 'ms'), (0.01, '%'))
    """
    finite = [abs(v) for v in values if v and math.isfinite(v)]
    largest = max(finite, default=1.0)
    if unit in DERIVED and unit != "iB":
        return factor(unit), unit
    if unit == "s" and largest > 120:
        for limit, name in CLOCK:
            if largest / factor(name) <= limit:
                return factor(name), name
    if unit == "iB":
        power = min(int(math.log(max(largest, 1), 1024)), len(IEC) - 1)
        return 1024.0**power, f"{IEC[power]}B"
    if unit in PREFIXED:
        power = min(max(math.floor(math.log10(largest) / 3), min(SI)), max(SI))
        return 10.0 ** (3 * power), SI[power] + unit
    return factor(unit), {"x": "×"}.get(unit, unit)


def _round(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}")


def _printed(value: float, digits: int) -> float:
    return float(_plain(value, digits).replace(",", ""))


def _plain(value: float, digits: int, shift: int = 0) -> str:
    """`value` / 10**`shift` without an exponent, thousands separated.

    The digits come from the value itself and the point is moved in the text: dividing first would
    round 1.075e21 to 1.07 with one prefix and to 1.08 with another.
    """
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    point = int(exponent) - shift
    if point >= digits:
        return f"{round(value / 10.0**shift):,}"
    decimals = digits - 1 - point
    number = mantissa.replace(".", "").rjust(decimals + 1, "0")
    whole = f"{int(number[: len(number) - decimals]):,}"
    return f"{whole}.{number[len(number) - decimals :]}" if decimals else whole


def _words(value: float, digits: int, *, money: bool = False) -> str:
    """A count: whole numbers stay whole, millions and more are named."""
    if value == 0:
        return "0"
    value = _round(value, 12)  # 7 % is stored as 0.07, and 0.07 / 0.01 is 7.000000000000001
    rounded = _round(value, digits)
    if rounded >= 1e15 or rounded < 1e-4:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        power = str(int(exponent)).translate(RAISED)
        return f"{mantissa}{NBSP}×{NBSP}10{power}"
    for word, shift in (("trillion", 12), ("billion", 9), ("million", 6)):
        if rounded >= 10**shift:
            return f"{_plain(value, digits, shift)}{NBSP}{word}"
    if value == int(value):
        return f"{int(value):,}"
    if money and rounded >= 10 ** (digits - 1):
        return f"{round(value):,}"
    if money and value >= 0.1:
        return f"{value:,.2f}"
    return _plain(value, digits)


def _prefixed(value: float, unit: str, digits: int) -> str:
    if value == 0:
        return f"0{NBSP}{unit}"
    exponent = int(f"{value:.{digits - 1}e}".split("e")[1])
    power = min(max(exponent // 3, min(SI)), max(SI))
    if unit == "B" and power < 0:
        power = 0
    return f"{_plain(value, digits, 3 * power)}{NBSP}{SI[power]}{unit}"


def _clock(value: float, digits: int) -> str:
    for limit, name in CLOCK:
        amount = value if name == "s" else value / factor(name)
        if _round(amount, digits) < limit:
            break
    if name == "s":
        return _prefixed(value, "s", digits)
    return f"{_plain(amount, digits)}{NBSP}{name}"
