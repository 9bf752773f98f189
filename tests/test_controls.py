"""What a reader may type, what the models then get, and what a wrong value is told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcalc import catalog
from hwcalc.controls import Choice, Number, Slider, Toggle

LINK = Slider(0.1, 900, start=25, scale="log", unit="GB/s")
GPUS = Slider(1, 4096, start=8, scale="log2", whole=True)
PRICE = Number(start=2.5, low=0, unit="$/h")


@dataclass(frozen=True)
class Chip:
    """The least an option of a choice needs: a name, and what it is grouped by."""

    name: str
    vendor: str


@pytest.mark.parametrize(
    ("control", "given_value", "read"),
    [
        (LINK, 25, 25),
        (LINK, "12.5", 12.5),
        (LINK, " 2e2 ", 200),
        (LINK, 900, 900),
        (GPUS, "64", 64),
        (GPUS, 64.0, 64),
        (Number(start=0), "\N{MINUS SIGN}3.5", -3.5),
        (Number(start=0), "-3.5", -3.5),
    ],
)
def test_numbers_are_read_from_numbers_and_from_text(
    control: Number, given_value: object, read: float
) -> None:
    """The page and the shell send text, Python sends numbers, typographers a true minus sign."""
    value = control.read(given_value)
    assert value == read
    assert isinstance(value, int) == float(read).is_integer()  # "8", never "8.0", on the page


@pytest.mark.parametrize(
    ("control", "given_value", "message"),
    [
        (LINK, "fast", "'fast' is not a number; expected 0.1 to 900 GB/s."),
        (LINK, "", "'' is not a number; expected 0.1 to 900 GB/s."),
        (LINK, "12,5", "'12,5' is not a number; expected 0.1 to 900 GB/s."),
        (LINK, None, "None is not a number; expected 0.1 to 900 GB/s."),
        (LINK, True, "True is not a number; expected 0.1 to 900 GB/s."),
        (LINK, [25], "[25] is not a number; expected 0.1 to 900 GB/s."),
        (LINK, "nan", "'nan' is not a number; expected 0.1 to 900 GB/s."),
        (LINK, 901, "901 is not in the range 0.1 to 900 GB/s."),
        (LINK, 0, "0 is not in the range 0.1 to 900 GB/s."),
        (GPUS, 2.5, "2.5 is not a whole number; expected 1 to 4,096."),
        (GPUS, "1e400", "'1e400' is not a number; expected 1 to 4,096."),
        (GPUS, 4097, "4,097 is not in the range 1 to 4,096."),
        (PRICE, "inf", "'inf' is not a number; expected 0 or more $/h."),
        (PRICE, -1, "-1 is not in the range 0 or more $/h."),
        (Number(start=0, high=7), 8, "8 is not in the range at most 7."),
        (Number(start=0), "x", "'x' is not a number; expected any number."),
        (Toggle(), "maybe", "'maybe' is not an option; expected true or false."),
        (Toggle(), 1, "1 is not an option; expected true or false."),
    ],
)
def test_a_refused_value_is_told_the_rule(
    control: Number | Toggle, given_value: object, message: str
) -> None:
    """Each message quotes what was given and says what would be right."""
    with pytest.raises(ValueError) as error:  # noqa: PT011  # the whole message is compared
        control.read(given_value)
    assert str(error.value) == message


def test_a_number_too_large_for_a_float_is_refused() -> None:
    """An integer of 400 digits is a wrong number, not a crash."""
    with pytest.raises(ValueError, match="is not a number"):
        PRICE.read(10**400)


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()))
def test_no_input_does_anything_but_fit_or_raise_value_error(anything: object) -> None:
    """Whatever an address or a script contains, the answer is a value in range or a message."""
    for control in (LINK, GPUS, PRICE):
        try:
            value = control.read(anything)
        except ValueError as error:
            assert control.rule() in str(error)  # noqa: PT017  # success is as good
        else:
            assert control.low <= value <= control.high


@pytest.mark.parametrize(
    ("control", "value", "base_value"),
    [
        (LINK, 25, 25e9),
        (PRICE, 3.6, 0.001),
        (Slider(0, 100, start=50, unit="%"), 50, 0.5),
        (Slider(0.1, 2000, start=7, unit="billion parameters"), 7, 7e9),
        (Slider(1, 64, start=25, unit="MiB", whole=True), 25, 25 * 2**20),
        (Number(start=0.12, unit="$/kWh"), 0.36, 1e-7),
    ],
)
def test_models_get_base_units(control: Number, value: float, base_value: float) -> None:
    """A control speaks the reader's units, a model bytes, seconds and fractions; whole or not."""
    assert control.base_value(value) == pytest.approx(base_value, rel=1e-12)


def test_whole_numbers_reach_the_model_as_int() -> None:
    """A count stays an int, so that `range` takes it."""
    assert isinstance(GPUS.base_value(GPUS.read(64.0)), int)


@pytest.mark.parametrize(
    ("control", "value", "expected"),
    [
        (LINK, 25, "25 GB/s"),
        (Slider(0, 100, start=7, unit="%"), 7, "7 %"),
        (GPUS, 4096, "4,096"),
        (PRICE, 2.5, "$2.50/h"),
        (Toggle(), True, "on"),
        (Toggle(), False, "off"),
        (Choice({"ring": "Ring"}, start="ring"), "ring", "Ring"),
        (Choice({"h100": Chip("H100", "NVIDIA")}, start="h100"), "h100", "H100"),
    ],
)
def test_a_sentence_names_the_value_with_its_unit(
    control: Any, value: object, expected: str
) -> None:
    """An inline value of a control reads like one of a result."""
    assert control.text(value).replace("\N{NO-BREAK SPACE}", " ") == expected


@pytest.mark.parametrize(
    ("low", "high", "scale", "message"),
    [
        (5, 5, "linear", "a slider needs low < high, got 5 and 5"),
        (5, 1, "linear", "a slider needs low < high, got 5 and 1"),
        (0, float("inf"), "linear", "a slider needs low < high, got 0 and inf"),
        (0, 10, "log", "a log slider needs low > 0, got 0"),
        (-1, 10, "log2", "a log2 slider needs low > 0, got -1"),
    ],
)
def test_a_slider_with_impossible_ends_is_refused(
    low: float, high: float, scale: Any, message: str
) -> None:
    """An author learns of an impossible slider when the file is loaded."""
    with pytest.raises(ValueError) as error:  # noqa: PT011  # the whole message is compared
        Slider(low, high, start=5, scale=scale)
    assert str(error.value) == message


def test_a_choice_returns_objects_and_keeps_labels_as_ids() -> None:
    """`calculate` gets the chosen object; where options are only labels it gets the id."""
    chip = Chip("H100", "NVIDIA")
    assert Choice({"h100": chip}, start="h100").base_value("h100") is chip
    assert Choice({"ring": "Ring"}, start="ring").base_value("ring") == "ring"


def test_a_wrong_choice_is_told_close_options_or_all_of_few() -> None:
    """A typing mistake is answered with what was probably meant, else with the options."""
    few = Choice({"ring": "Ring", "tree": "Tree"}, start="ring")
    many = Choice(catalog.accelerators(), start="h100-sxm")
    with pytest.raises(ValueError, match=r"^'h100-smx' is not an option; did you mean h100-sxm"):
        many.read("h100-smx")
    with pytest.raises(ValueError, match=r"^'zzzzz' is not an option; expected ring, tree\.$"):
        few.read("zzzzz")
    with pytest.raises(ValueError, match=r"expected \S+(, \S+){7}, … \(\d{3} in all\)\.$"):
        many.read("?")
    with pytest.raises(ValueError, match=r"^5 is not an option"):
        few.read(5)
    with pytest.raises(ValueError, match=r"^\['ring'\] is not an option"):
        few.read(["ring"])


class Watched(Mapping[str, Chip]):
    """A mapping that, like the catalogue, makes its objects on look-up, and counts them."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __getitem__(self, key: str) -> Chip:
        self.made.append(key)
        return Chip(key.upper(), "vendor " + key[0])

    def __contains__(self, key: object) -> bool:
        return key in ("a1", "a2", "b1")

    def __iter__(self) -> Iterator[str]:
        return iter(("a1", "b1", "a2"))

    def __len__(self) -> int:
        return 3


def test_reading_a_choice_makes_only_the_chosen_object() -> None:
    """A page that needs one accelerator of a hundred does not wait for all their files."""
    options = Watched()
    control = Choice(options, start="a1")
    control.read("a2")
    with pytest.raises(ValueError, match="a3"):
        control.read("a3")
    assert options.made == []
    assert control.base_value("b1").name == "B1"
    assert options.made == ["b1"]


def test_groups_keep_the_order_of_the_options() -> None:
    """Options are listed under their group, groups in the order of their first option."""
    by_attribute = Choice(Watched(), start="a1", group="vendor")
    by_function = Choice(Watched(), start="a1", group=lambda chip: chip.vendor)
    expected = [("vendor a", [("a1", "A1"), ("a2", "A2")]), ("vendor b", [("b1", "B1")])]
    assert list(by_attribute.groups()) == list(by_function.groups()) == expected
    assert list(Choice({"x": "X"}, start="x").groups()) == [("", [("x", "X")])]


@pytest.mark.parametrize("word", ["true", "on", "Yes", "1", True])
def test_toggles_understand_the_usual_words_for_on(word: object) -> None:
    """The shell, an address and TOML may say on in their own way."""
    assert Toggle().read(word) is True


@pytest.mark.parametrize("word", ["false", "OFF", "no", "0", False])
def test_toggles_understand_the_usual_words_for_off(word: object) -> None:
    """The shell, an address and TOML may say off in their own way."""
    assert Toggle().read(word) is False
