"""Read the facts below data/: TOML files, one thing each, checked key by key.

`Folder` is a read-only mapping from file name to object. It lists names without opening a file and
parses a file when its entry is first looked up, because a page needs one accelerator of the
hundred and parsing all of them would keep the reader waiting. For the browser a folder of many
files is packed into one JSON file beside it (`hwcalc.web.bundle`), which is found here by itself.
"""

import datetime
import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

__all__ = ["DATA", "Folder", "load", "read", "size"]

T = TypeVar("T")

# Beside this module in a checkout, in a wheel and in a byte-compiled copy alike.
DATA = Path(__file__).parent / "data"

_BYTES = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}


class Folder(Mapping[str, T], Generic[T]):
    """Read-only mapping from the names of the TOML files of a folder to what they describe."""

    def __init__(self, folder: str, parse: Callable[[Path], T]) -> None:
        """Remember where the files are and how to read one; open none.

        Args:
            folder: Name of the folder below data/. [1]
            parse: Makes the object from the path of its file. [1]
        """
        self._folder = DATA / folder
        self._parse = parse
        names = _packed(self._folder) or (path.stem for path in self._folder.glob("*.toml"))
        self._names = dict.fromkeys(sorted(names, key=_natural))
        self._parsed: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        """Parse the file on the first look-up, then keep the object."""
        if name not in self._parsed:
            if name not in self._names:
                raise _NoEntryError(name, self._folder.name, list(self._names))
            self._parsed[name] = self._parse(self._folder / f"{name}.toml")
        return self._parsed[name]

    def __contains__(self, name: object) -> bool:
        """Answer from the file names, without parsing."""
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        """Go through the names in order, x4 before x16, without parsing."""
        return iter(self._names)

    def __len__(self) -> int:
        """Count the files, without parsing."""
        return len(self._names)

    def __repr__(self) -> str:
        """Name the folder and the number of files."""
        return f"<{self._folder.name}: {len(self)} entries>"


class _NoEntryError(KeyError):
    """What a folder does not hold.

    Close names are looked for when somebody reads the message: a `ChainMap` asks one mapping after
    the other and drops every error but the last.
    """

    def __str__(self) -> str:
        import difflib  # costs an import, so only when it is needed

        name, folder, names = self.args
        close = difflib.get_close_matches(str(name), names, n=3, cutoff=0.4)
        hint = f"; close names: {', '.join(close)}" if close else ""
        return f"no {name!r} in data/{folder}{hint}"


def _natural(name: str) -> list[tuple[int, str]]:
    """Make a sorting key that compares runs of digits as numbers."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


def size(text: str) -> int:
    """Read a size written with its unit.

    Memory comes in powers of two, which nobody can read as a plain number of bytes; therefore sizes
    are the one quantity written as text in data files.

    Args:
        text: A number and one of B, kB, MB, GB, TB, KiB, MiB, GiB, TiB. [1]

    Returns:
        The size, exactly. [B]

    Raises:
        ValueError: If the text has another form, or is not a whole number of bytes.

    Examples:
        >>> size("80 GiB")
        85899345920
        >>> size("0.75 MiB")
        786432
    """
    number, _, unit = text.partition(" ")
    if unit not in _BYTES or not re.fullmatch(r"\d+(\.\d+)?", number):
        raise ValueError(f"size {text!r}: must be a number, a space and one of {', '.join(_BYTES)}")
    bytes_ = float(number) * _BYTES[unit]
    if not bytes_.is_integer():
        raise ValueError(f"size {text!r}: must be a whole number of bytes")
    return int(bytes_)


def load(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file, as written or as packed for the browser.

    Args:
        path: The file; packed, it stands in its folder's JSON file only. [1]

    Returns:
        The tables by key; packed dates are text. [1]

    Raises:
        ValueError: If the file is not TOML; the message names it.

    Examples:
        >>> load(DATA / "accelerators" / "h100-sxm.toml")["vendor"]
        'NVIDIA'
    """
    packed = _packed(path.parent)
    if path.stem in packed:
        return packed[path.stem]
    import tomllib  # costs the browser's Python an import that packed files do not need

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        message = f"{path.parent.name}/{path.name}: not valid TOML: {error}"
        raise ValueError(message) from None


@functools.cache
def _packed(folder: Path) -> dict[str, dict[str, Any]]:
    """Read the files of a packed folder by name; a folder that is not packed has none."""
    try:
        text = folder.with_suffix(".json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    files: dict[str, dict[str, Any]] = json.loads(text)
    return files


def read(
    path: Path, required: Mapping[str, type], optional: Mapping[str, type] | None = None
) -> dict[str, Any]:
    """Read a TOML file whose keys must be exactly the expected ones.

    Keys of a nested table are written with a dot. Every file must also carry `source`, a list of
    documents, and `checked`, the day somebody compared the file with them.

    Args:
        path: The file. [1]
        required: Key to type of what must be there; `float` accepts whole numbers too. [1]
        optional: Key to type of what may be there; an absent key means not published. [1]

    Returns:
        The values by flat key, whole numbers as float where a float is expected. [1]

    Raises:
        ValueError: If the file is not TOML, or a key is unknown, missing or of the wrong type;
            the message names file, key and remedy.
    """
    file = f"{path.parent.name}/{path.name}"
    values = dict(_flat(load(path)))
    required = {**required, "source": list, "checked": datetime.date}
    types = {**required, **(optional or {})}
    for key, value in values.items():
        if key not in types:
            import difflib

            close = difflib.get_close_matches(key, types, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"allowed are {', '.join(types)}"
            raise ValueError(f"{file}: unknown key {key!r}; {hint}")
        if types[key] is float and type(value) is int:
            values[key] = float(value)
        elif types[key] is datetime.date and path.stem in _packed(path.parent):
            values[key] = datetime.date.fromisoformat(value)  # JSON has no dates
        elif type(value) is not types[key]:
            raise ValueError(
                f"{file}: {key} = {value!r} is a {type(value).__name__}; "
                f"write a {types[key].__name__}"
            )
    for key, kind in required.items():
        if key not in values:
            raise ValueError(f"{file}: missing key {key!r}; add a {kind.__name__}")
    return values


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested tables with their dotted keys."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
