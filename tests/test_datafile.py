"""Files of facts: exact keys, errors that name the remedy, nothing read before it is needed."""

from pathlib import Path

import pytest

from hwcalc import datafile

REST = 'source = ["https://example.org, table 1"]\nchecked = 2026-11-20\n'


def _file(folder: Path, text: str) -> Path:
    path = folder / "thing.toml"
    path.write_text(text + REST, encoding="utf-8")
    return path


def test_reads_nested_keys_and_whole_numbers_as_float(tmp_path: Path) -> None:
    """A rate may be written 700 or 700.0; both are the same fact."""
    path = tmp_path / "thing.toml"
    path.write_text(REST + "power = 700\n[peak]\nfp32 = 66.9e12\n", encoding="utf-8")
    values = datafile.read(path, {"power": float}, {"peak.fp32": float})
    assert values["power"] == 700.0
    assert type(values["power"]) is float
    assert values["peak.fp32"] == 66.9e12


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("power = 1\ntpd = 2\n", r"thing.toml: unknown key 'tpd'; did you mean 'tdp'"),
        ("power = 1\nzzzz = 2\n", r"thing.toml: unknown key 'zzzz'; allowed are power"),
        ("", r"thing.toml: missing key 'power'; add a float"),
        ('power = "1"\n', r"thing.toml: power = '1' is a str; write a float"),
        ("power = true\n", r"thing.toml: power = True is a bool; write a float"),
        ("power = 1\ncount = 1.5\n", r"thing.toml: count = 1.5 is a float; write a int"),
        ("power = 1\npower = 2\n", r"thing.toml: not valid TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_file_key_and_remedy(
    tmp_path: Path, text: str, message: str
) -> None:
    """An author's mistake stops the build and says what to do."""
    with pytest.raises(ValueError, match=message):
        datafile.read(_file(tmp_path, text), {"power": float}, {"tdp": float, "count": int})


@pytest.mark.parametrize("missing", ["source", "checked"])
def test_every_file_needs_its_source_and_the_day_it_was_checked(
    tmp_path: Path, missing: str
) -> None:
    """A figure without origin is no fact."""
    path = tmp_path / "thing.toml"
    lines = [line for line in REST.splitlines() if not line.startswith(missing)]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ValueError, match=f"missing key '{missing}'"):
        datafile.read(path, {})


@pytest.mark.parametrize("text", ["80", "80GiB", "80 GIB", "-1 GiB", "1e3 B", "0.3 B", ""])
def test_a_size_without_a_known_unit_is_refused(text: str) -> None:
    """GB and GiB differ by 7 %, so the unit is never guessed."""
    with pytest.raises(ValueError, match="must be a"):
        datafile.size(text)


def test_decimal_and_binary_units_differ() -> None:
    """GB is 10^9 bytes, GiB 2^30."""
    assert datafile.size("1 GB") == 10**9
    assert datafile.size("1 GiB") == 2**30


@pytest.fixture
def counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[datafile.Folder[str], list[str]]:
    """Make a folder of three files and a list of the names that were parsed."""
    (tmp_path / "things").mkdir()
    for name in ("x16", "x4", "y"):
        (tmp_path / "things" / f"{name}.toml").touch()
    monkeypatch.setattr(datafile, "DATA", tmp_path)
    parsed: list[str] = []

    def parse(path: Path) -> str:
        parsed.append(path.stem)
        return path.stem.upper()

    return datafile.Folder("things", parse), parsed


def test_names_are_known_without_parsing(
    counted: tuple[datafile.Folder[str], list[str]],
) -> None:
    """In the browser only the chosen entry may cost time; names sort as a reader expects."""
    folder, parsed = counted
    assert list(folder) == ["x4", "x16", "y"]
    assert len(folder) == 3
    assert "x4" in folder
    assert "X4" not in folder
    assert parsed == []


def test_an_entry_is_parsed_once(counted: tuple[datafile.Folder[str], list[str]]) -> None:
    """The second look-up returns the same object."""
    folder, parsed = counted
    assert folder["y"] is folder["y"]
    assert parsed == ["y"]


def test_an_unknown_name_gets_close_ones(
    counted: tuple[datafile.Folder[str], list[str]],
) -> None:
    """The author reads what was probably meant."""
    folder, _ = counted
    with pytest.raises(KeyError, match=r"no 'x1' in data/things; close names: .*x16"):
        folder["x1"]


def test_the_mapping_cannot_be_changed(
    counted: tuple[datafile.Folder[str], list[str]],
) -> None:
    """One calculator must not alter the facts of another."""
    folder, _ = counted
    with pytest.raises(TypeError):
        folder["z"] = "Z"  # type: ignore[index]
