"""How numbers become text: short, never wrong by a prefix, the same everywhere."""

import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hwcalc import calculator, display
from hwcalc.calculator import Chart, Quantity, Table
from hwcalc.display import NBSP, axis_scale, base, factor, text


def spaced(value: float, unit: str = "", digits: int = 3) -> str:
    """The text with ordinary spaces, to compare it with what a keyboard writes."""
    return text(value, unit, digits).replace(NBSP, " ")


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.0123, "s", "12.3 ms"),
        (1.5e9, "B", "1.50 GB"),
        (3.35e12, "B/s", "3.35 TB/s"),
        (989.4e12, "FLOP/s", "989 TFLOP/s"),
        (3.14e23, "FLOP", "314 ZFLOP"),
        (700, "W", "700 W"),
        (1.7551e9, "Hz", "1.76 GHz"),
        (295.3, "FLOP/B", "295 FLOP/B"),
        (4.2e-7, "s", "420 ns"),
        (2.5, "B", "2.50 B"),
        (0.25, "B", "0.250 B"),  # nobody reads a millibyte
    ],
)
def test_prefixes_leave_one_to_three_digits_before_the_point(
    value: float, unit: str, expected: str
) -> None:
    """A base value gets the prefix under which it is a number from 1 to 999."""
    assert spaced(value, unit) == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (999.4e9, "B/s", "999 GB/s"),
        (999.6e9, "B/s", "1.00 TB/s"),
        (0.9996e-3, "s", "1.00 ms"),
        (119.4, "s", "119 s"),
        (119.6, "s", "1.99 min"),
        (119.6 * 60, "s", "1.99 h"),
        (47.96 * 3600, "s", "2.00 days"),
        (999_999.5, "tokens", "1.00 million tokens"),
        (999.6e6, "tokens", "1.00 billion tokens"),
        (1023.4 * 2**30, "iB", "1,023 GiB"),
        (1023.6 * 2**30, "iB", "1.00 TiB"),
        (9.996, "x", "10.0×"),
    ],
)
def test_rounding_carries_into_the_next_prefix(value: float, unit: str, expected: str) -> None:
    """A value that rounds up to the next prefix is written with it: never 1000 GB/s, 1024 GiB."""
    assert spaced(value, unit) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0 s"),
        (59, "59.0 s"),
        (150, "2.50 min"),
        (7200, "2.00 h"),
        (3 * 86_400, "3.00 days"),
        (1000 * 86_400, "2.74 years"),
        (1e13, "316,881 years"),
    ],
)
def test_long_times_are_told_by_the_clock(value: float, expected: str) -> None:
    """Above two minutes seconds give way to minutes, hours, days and years."""
    assert spaced(value, "s") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0 B"), (512, "512 B"), (80 * 2**30, "80.0 GiB"), (2**30 - 1, "1.00 GiB")],
)
def test_memory_as_built_takes_binary_prefixes(value: float, expected: str) -> None:
    """Memory comes in powers of two: an "80 GB" accelerator reads 80.0 GiB."""
    assert spaced(value, "iB") == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0, "$", "$0"),
        (753.2, "$", "$753"),
        (12.5, "$", "$12.50"),
        (12_345.6, "$", "$12,346"),
        (0.0123, "$", "$0.0123"),
        (4.6e6, "$", "$4.60 million"),
        (2.5 / 3600, "$/h", "$2.50/h"),
        (3 / 3600, "$/h", "$3/h"),
        (0.12 / 3.6e6, "$/kWh", "$0.12/kWh"),
        (-5.5, "$", "−$5.50"),
    ],
)
def test_money_has_cents_where_they_matter(value: float, unit: str, expected: str) -> None:
    """Dollars stand in front, cents appear below a hundred, and rates convert from base units."""
    assert spaced(value, unit) == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.932, "%", "93.2 %"),
        (0.07, "%", "7 %"),  # 0.07 / 0.01 is 7.000000000000001
        (0.29, "%", "29 %"),  # 0.29 / 0.01 is 28.999999999999996
        (1.0, "%", "100 %"),
        (7.44, "x", "7.44×"),
        (1234, "tokens", "1,234 tokens"),
        (1234.5, "tokens", "1,234 tokens"),
        (70.5537e9, "parameters", "70.6 billion parameters"),
        (2e16, "tokens", "2.00 × 10¹⁶ tokens"),
        (1.25e-6, "", "1.25 × 10⁻⁶"),
        (30e9, "billion tokens", "30 billion tokens"),
        (15e12, "billion tokens", "15,000 billion tokens"),
        (1e12, "million parameters", "1.00 trillion parameters"),
        (25 * 2**20, "MiB", "25 MiB"),
        (25e9, "GB/s", "25 GB/s"),
        (3.6e9, "Wh", "1.00 MWh"),
        (0, "tokens", "0 tokens"),
    ],
)
def test_shares_factors_and_counts(value: float, unit: str, expected: str) -> None:
    """Whole numbers stay whole, fractions become percent, millions and more are named."""
    assert spaced(value, unit) == expected


@pytest.mark.parametrize("unit", ["", "s", "B", "iB", "%", "x", "$", "Wh", "tokens", "GB/s"])
def test_signs_zero_and_what_is_no_number(unit: str) -> None:
    """Every unit can show zero, a negative number by a true minus sign, infinity and nan."""
    assert text(0.0, unit).strip("$").startswith("0")
    assert text(-3.25, unit) == "−" + text(3.25, unit)
    assert text(math.inf, unit) == "∞"
    assert text(-math.inf, unit) == "−∞"
    assert text(math.nan, unit) == "not a number"


def test_digits_can_be_chosen() -> None:
    """A result may ask for more digits than three, or fewer."""
    assert spaced(0.0123456, "s", 5) == "12.346 ms"
    assert spaced(0.0123456, "s", 2) == "12 ms"
    assert spaced(1023.99 * 2**30, "iB", 6) == "1,023.99 GiB"


@pytest.mark.parametrize(
    ("unit", "of_base", "in_base"),
    [
        ("", 1, ""),
        ("GB/s", 1e9, "B/s"),
        ("GiB/s", 2**30, "B/s"),
        ("MiB", 2**20, "B"),
        ("iB", 1, "B"),
        ("Gbit/s", 1e9, "bit/s"),
        ("TFLOP/s", 1e12, "FLOP/s"),
        ("µs", 1e-6, "s"),
        ("min", 60, "s"),
        ("days", 86_400, "s"),
        ("kW", 1e3, "W"),
        ("kWh", 3.6e6, "J"),
        ("MHz", 1e6, "Hz"),
        ("%", 0.01, "1"),
        ("$/h", 1 / 3600, "$/s"),
        ("$/kWh", 1 / 3.6e6, "$/J"),
        ("billion parameters", 1e9, "parameters"),
        ("thousand", 1e3, ""),
        ("tokens/s", 1, "tokens/s"),
        ("FLOP/token", 1, "FLOP/token"),
        ("$/million tokens", 1, "$/million tokens"),
        ("GPUs", 1, "GPUs"),
    ],
)
def test_units_convert_to_base_units(unit: str, of_base: float, in_base: str) -> None:
    """What a reader types in a control's unit reaches the model in the base unit."""
    assert factor(unit) == pytest.approx(of_base, rel=1e-15)
    assert base(unit) == in_base


@pytest.mark.parametrize(
    "unit", ["KB", "Gb/s", "TFLOPS", "us", "GWatt", "ms/step", "GB/token", "tokens/min", "kTokens"]
)
def test_unknown_units_are_refused(unit: str) -> None:
    """A unit that looks like a prefix and is none would be a factor of 1, wrong by thousands."""
    with pytest.raises(LookupError, match="unknown unit"):
        factor(unit)


def test_every_unit_in_use_has_a_factor() -> None:
    """No control, quantity, column or axis of any calculator has a unit that cannot convert."""
    seen: set[str] = set()
    for identifier in calculator.ids():
        tool = calculator.load(identifier)
        seen |= {control.unit for control in tool.controls.values()}
        for result in tool.run({}).results:
            match result:
                case Quantity():
                    seen.add(result.unit)
                case Table():
                    seen |= {column.unit for column in result.columns}
                case Chart():
                    seen |= {result.x.unit, result.y.unit}
    assert {"s", "%", "GB/s"} <= seen
    for unit in seen:
        assert factor(unit) > 0


UNITS = ["", "B", "B/s", "iB", "FLOP/s", "s", "W", "Wh", "%", "x", "$", "$/h", "tokens", "MiB"]
PREFIXES = {prefix: 10.0 ** (3 * power) for power, prefix in display.SI.items()}
PREFIXES |= {prefix: 1024.0**power for power, prefix in enumerate(display.IEC)}
CLOCK = {"min": 60.0, "h": 3600.0, "days": 86_400.0, "years": 86_400 * 365.25}


def read_back(shown: str, unit: str) -> float:
    """The value in base units that a reader understands from a text."""
    found = re.fullmatch(
        r"(−?)\$?([\d,.]+)(?: × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?(?: (million|billion|trillion))?[ ×]?(.*)",
        shown.replace(NBSP, " "),
    )
    assert found, shown
    sign, digits, exponent, word, rest = found.groups()
    value = float(digits.replace(",", "")) * display.WORDS.get(word or "", 1.0)
    if exponent:
        value *= 10.0 ** int(exponent.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
    if unit == "s" and rest in CLOCK:
        value *= CLOCK[rest]
    elif unit in display.PREFIXED | {"Wh", "iB"}:
        plain = unit.removeprefix("i")
        assert rest.endswith(plain), shown
        value *= PREFIXES[rest.removesuffix(plain)] * (3600 if unit == "Wh" else 1)
    else:
        value *= factor(unit)
    return -value if sign else value


@given(
    value=st.one_of(
        st.floats(min_value=1e-9, max_value=1e20),
        st.integers(min_value=0, max_value=10**18).map(float),
    ),
    negative=st.booleans(),
    unit=st.sampled_from(UNITS),
)
@example(999.5, False, "B").via("carry")
@example(1023.5 * 1024, False, "iB").via("carry")
def test_text_reads_back_as_the_value(value: float, negative: bool, unit: str) -> None:
    """Whatever the value, a reader of its text is at most half a percent off."""
    value = -value if negative else value
    # Half a unit in the third digit of 1.00 is 0.5 %; cents below a dollar are one in a hundred.
    cents = 0.005 * factor(unit) if unit.startswith("$") and abs(value) >= 0.1 * factor(unit) else 0
    assert read_back(text(value, unit), unit) == pytest.approx(value, rel=0.005001, abs=cents)


@given(st.floats(min_value=1e-12, max_value=9.99e32), st.sampled_from(["B/s", "FLOP", "W", "Wh"]))
def test_prefixed_numbers_are_from_1_to_999(value: float, unit: str) -> None:
    """Wherever a prefix exists, three digits suffice: never 0.05 GB/s, 1000 MB/s or 12,345 W."""
    number = text(value * 3600 if unit == "Wh" else value, unit).split(NBSP)[0]
    assert 1 <= float(number) <= 999
    assert len(number.replace(".", "")) == 3


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        ([0.001, 0.02], "s", (1e-3, "ms")),
        ([30.0, 7200.0], "s", (60.0, "min")),
        ([1e6], "s", (86_400.0, "days")),
        ([1e9, 3.35e12], "B/s", (1e12, "TB/s")),
        ([2.0**33], "iB", (2.0**30, "GiB")),
        ([0.2, 0.9], "%", (0.01, "%")),
        ([5e9], "GB/s", (1e9, "GB/s")),
        ([5e9], "billion tokens", (1e9, "billion tokens")),
        ([1, 4], "x", (1.0, "×")),
        ([], "s", (1.0, "s")),
        ([0.0, math.inf, math.nan], "B", (1.0, "B")),
    ],
)
def test_axes_take_the_prefix_of_their_largest_value(
    values: list[float], unit: str, expected: tuple[float, str]
) -> None:
    """Ticks along an axis are short numbers, whatever the data."""
    divisor, shown = axis_scale(values, unit)
    assert divisor == pytest.approx(expected[0])
    assert shown == expected[1]
