"""Results as text, as JSON and as pictures."""

import json
import math
import struct
import zlib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hwcalc.results import Column, Image, Quantity, Table, Verdict


def decoded(png: bytes) -> list[list[int]]:
    """Grey values of a PNG, read chunk by chunk with every checksum compared."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(png):
        length, tag = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", png[at + 8 + length : at + 12 + length])
        assert checksum == zlib.crc32(tag + body)
        chunks[tag] = body
        at += 12 + length
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, *kind = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert kind == [8, 0, 0, 0, 0]
    lines = zlib.decompress(chunks[b"IDAT"])
    assert len(lines) == height * (width + 1)
    rows = [lines[i * (width + 1) : (i + 1) * (width + 1)] for i in range(height)]
    assert all(row[0] == 0 for row in rows)  # no filter
    return [list(row[1:]) for row in rows]


def test_a_quantity_has_text_for_readers_and_the_number_for_programs() -> None:
    """Text is rounded with a prefix; the value stays unrounded, in the unit that belongs to it."""
    time = Quantity("time", "At least", 0.0123456, "s", note="bound by memory", accuracy="± 9 %")
    assert time.text.replace("\N{NO-BREAK SPACE}", " ") == "12.3 ms"
    assert time.fields() == {
        "value": 0.0123456,
        "unit": "s",
        "note": "bound by memory",
        "accuracy": "± 9 %",
    }


@pytest.mark.parametrize(
    ("shown", "of_value"),
    [("%", "1"), ("x", "1"), ("", "1"), ("iB", "B"), ("GB/s", "B/s"), ("$/h", "$/s"), ("Wh", "J")],
)
def test_programs_get_the_unit_of_the_value_not_that_of_the_text(shown: str, of_value: str) -> None:
    """0.5 shown as 50 % is a pure number, and bytes stay bytes whatever their prefix."""
    assert Quantity("q", "Q", 0.5, shown).fields()["unit"] == of_value
    assert Table("t", "T", [Column("C", shown)], [[0.5]]).fields()["unit"] == [of_value]


def test_results_with_unknown_units_are_refused() -> None:
    """A prefix nobody knows would otherwise be printed behind the unscaled number."""
    with pytest.raises(LookupError, match="unknown unit 'GB/token'"):
        Quantity("q", "Q", 1.0, "GB/token")
    with pytest.raises(LookupError, match="unknown unit 'KB'"):
        Column("C", "KB")


def test_infinity_is_shown_and_kept_out_of_json() -> None:
    """JSON has no infinity: readers see the sign, programs get null."""
    endless = Quantity("q", "Q", math.inf, "s")
    table = Table("t", "T", [Column("C", "s")], [[math.inf], [-math.inf], [1.0]])
    assert endless.text == "∞"
    assert endless.fields()["value"] is None
    assert table.fields()["value"] == [[None], [None], [1.0]]
    assert table.fields()["cells"][:2] == [["∞"], ["−∞"]]
    json.dumps([endless.fields(), table.fields()], allow_nan=False)


def test_a_verdict_carries_its_colour() -> None:
    """The answer in words says whether it is good news, bad news or neither."""
    assert Verdict("fits", "Memory", "fits", good=True).fields() == {"value": True, "unit": None}
    assert Verdict("limit", "Limited by", "memory").fields()["value"] is None


def test_a_table_shows_text_numbers_and_gaps() -> None:
    """Numbers take their column's unit, text stays, an absent number is an empty cell."""
    table = Table(
        "parts",
        "Parts",
        [Column("Part"), Column("Time", "s"), Column("Share", "%", digits=2)],
        [["compute", 0.00123, 0.8], ["wait", None, 0.2049]],
        highlight=1,
    )
    fields = table.fields()
    plain = [[cell.replace("\N{NO-BREAK SPACE}", " ") for cell in row] for row in fields["cells"]]
    assert plain == [["compute", "1.23 ms", "80 %"], ["wait", "", "20 %"]]
    assert fields["numeric"] == [False, True, True]
    assert fields["columns"] == ["Part", "Time", "Share"]
    assert fields["highlight"] == 1
    assert table.text.split("\n")[0] == "Part\tTime\tShare"
    assert [line.count("\t") for line in table.text.split("\n")] == [2, 2, 2]


@pytest.mark.parametrize("row", [[], ["a"], ["a", 1.0, 2.0]])
def test_a_row_with_missing_or_surplus_cells_is_refused(row: list[Any]) -> None:
    """A shifted row would put numbers under the wrong heading."""
    with pytest.raises(TypeError, match=f"table t: {len(row)} cells, 2 columns"):
        Table("t", "T", [Column("A"), Column("B")], [["x", 1.0], row])


def test_an_image_is_a_picture_any_viewer_reads() -> None:
    """Black at `low`, white at `high`, clipped beyond; the address in the page holds the file."""
    image = Image("i", "I", [[0.0, 0.5, 1.0], [-3.0, 9.0, 0.25]], alt="six squares")
    assert decoded(image.png()) == [[0, 128, 255], [0, 255, 64]]
    assert image.fields()["source"].startswith("data:image/png;base64,iVBOR")
    assert (image.fields()["width"], image.fields()["height"]) == (3, 2)
    assert image.text == "six squares"
    assert Image("i", "I", [[1.0, 2.0]]).text == "2 × 1 grid"


@given(
    st.integers(1, 6).flatmap(
        lambda width: st.lists(
            st.lists(st.floats(-1e6, 1e6), min_size=width, max_size=width), min_size=1, max_size=6
        )
    ),
    st.floats(-10, 10),
    st.floats(0, 10),
)
@example([[1.0]], 0.0, 2.2250738585072014e-308)
def test_every_grid_becomes_its_grey_values(
    values: list[list[float]], low: float, span: float
) -> None:
    """Size and brightness survive encoding, also where low equals high."""
    grey = decoded(Image("i", "I", values, low, low + span).png())
    assert [len(row) for row in grey] == [len(row) for row in values]
    order = sorted((v, g) for row, greys in zip(values, grey, strict=True)
                   for v, g in zip(row, greys, strict=True))  # fmt: skip
    assert [g for _, g in order] == sorted(g for _, g in order)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "rows must be of one length, and not empty"),
        ([[]], "rows must be of one length, and not empty"),
        ([[1.0, 2.0], [1.0]], "rows must be of one length, and not empty"),
        ([[1.0, math.nan]], "every value must be a finite number"),
    ],
)
def test_a_grid_that_is_no_picture_is_refused(values: list[list[float]], message: str) -> None:
    """A ragged grid would be a file no viewer reads."""
    with pytest.raises(TypeError, match=f"image i: {message}"):
        Image("i", "I", values)
