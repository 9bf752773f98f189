"""The text of the articles: where its numbers come from, and where its links lead."""

import re
import tomllib
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from hwcalc import calculator

POSTS = sorted(Path("docs/posts").glob("*.md"))

BASE = ("bit/s", "B/s", "B", "FLOP/s", "FLOPS", "FLOP", "Hz", "Wh", "W", "J")
PREFIXES = ("k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti")
PREFIXED = "|".join(prefix + unit for unit in BASE for prefix in PREFIXES)
# Without a prefix only after a space: 70B is the size of a network.
PLAIN = "|".join(BASE)
SPACE = "(?:[ \u00a0\u202f-]|&nbsp;)"
# A cross before a digit separates dimensions.
UNITS = (
    rf"{SPACE}?(?:%|[×x](?! ?\d)|°C|(?:{PREFIXED}|[nµm]s)\b)"
    rf"|{SPACE}(?:{PLAIN}|s|min|h|days?|hours?|minutes?|seconds?|years?|percent)\b"
)
NUMBER = re.compile(rf"\d[\d,.]*(?:e[+-]?\d+)?(?:{UNITS})|\\?\$\s?\d")
# What may hold a number: values that move, code, formulas, quotations, footnoted sentences, and
# numbers that the author marks as given.
HOMES = (
    r"\{\{.*?\}\}",
    r"`[^`]+`",
    r"(?<!\\)\$[^$]+(?<!\\)\$",
    r'<span class="given">.*?</span>',
    r'"[^"]*"',
    r"“[^”]*”",
    r"\]\([^)]*\)",
    r"<[^>]*>",
)


def sentences(path: Path) -> list[tuple[int, str]]:
    """Return the numbered lines of prose: no front matter, fences, formulas, drawings, quotes."""
    text = path.read_text(encoding="utf-8")
    hidden = (
        r"\A---\n.*?\n---\n",
        r"^(`{3,})[^\n]*\n.*?^\1",
        r"^\$\$.*?\$\$",
        r"<(figure|svg|script|style)\b.*?</\1>",
    )
    for pattern in hidden:
        text = re.sub(
            pattern,
            lambda found: "\n" * found[0].count("\n"),
            text,
            flags=re.DOTALL | re.MULTILINE,
        )
    numbered = enumerate(text.split("\n"), 1)
    return [(n, line) for n, line in numbered if not line.startswith((">", "[^", "    "))]


def homeless(line: str) -> list[str]:
    """Return the numbers with units of a line that nothing vouches for."""
    if re.search(r"\[\^[^\]]+\]", line):
        return []
    for home in HOMES:
        line = re.sub(home, " ", line)
    return [found[0] for found in NUMBER.finditer(line)]


@pytest.mark.parametrize("path", POSTS, ids=lambda path: path.stem)
def test_no_number_is_typed_that_a_model_could_compute(path: Path) -> None:
    """A number with a unit is an inline value, has a footnote, or is marked as given."""
    found = {f"{path}:{n}": numbers for n, line in sentences(path) if (numbers := homeless(line))}
    assert not found, "\n".join(f"{place} {numbers}" for place, numbers in found.items())


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("It moves 25 GB/s.", ["25 GB/s"]),
        ("A card for \\$1,999 that draws 575 W.", ["\\$1", "575 W"]),
        ("It is 3.5x or 12% faster, 4×.", ["3.5x", "12%", "4×"]),
        ("After 3 days and 5 s on 80GB.", ["3 days", "5 s", "80GB"]),
        ("It moves 25 GB/s.[^link]", []),
        ("It moves {{ link.rate }} or `25 GB/s`, and $B = 25\\,\\text{GB/s}$.", []),
        ('With <span class="given">25 GB/s</span>, "25 GB/s" and [it](?a.b=25GB) too.', []),
        ("Figure 3 shows 8 GPUs of the H100 in 2024, 16-bit tiles of 128 × 96, 70B, 1F1B.", []),
    ],
)
def test_the_search_finds_numbers_with_units(line: str, numbers: list[str]) -> None:
    """A search that finds nothing in anything would pass every article."""
    assert homeless(line) == numbers


LINK = re.compile(r"\]\((\w+:[^)\s]*)|<(\w+://[^>\s]*)>|(?<![(<\w])(https?://[^\s)>,;]+)")
READ = r"\b(?:read|recorded|snapshot|commit|tried)\b[^.]*\d"
READ_ALL = r"^The pages linked here were read in [A-Z][a-z]+ 20\d\d\b"


@pytest.mark.parametrize("path", POSTS, ids=lambda path: path.stem)
def test_links_to_elsewhere_are_secure_and_dated(path: Path) -> None:
    """A page changes after it was read: its line or one line for all links says when that was."""
    text = path.read_text(encoding="utf-8")
    dated = re.search(READ_ALL, text, re.MULTILINE)
    wrong = []
    for n, line in enumerate(text.split("\n"), 1):
        addresses = [next(filter(None, found)) for found in LINK.findall(line)]
        wrong += [f"{path}:{n} {a} is not https" for a in addresses if not a.startswith("https://")]
        if addresses and not (dated or re.search(READ, line, re.IGNORECASE)):
            wrong.append(f"{path}:{n} does not say when it was read")
    assert not wrong, "\n".join(wrong)


FENCE = re.compile(r"^`{3}calculator (\w+)\n(.*?)^`{3}", re.MULTILINE | re.DOTALL)
STATE = re.compile(r"\]\(([^)?\s]*)\?([\w.]+\.\w+=[^)\s#]*)(#[^)\s]*)?\)")
PAGES = [*POSTS, Path("docs/index.md"), *sorted(Path("docs/category").glob("*.md"))]


def states(path: Path) -> list[tuple[Path, str, str]]:
    """Return the links that move calculators: the file they lead to, its query, its place."""
    found = STATE.findall(path.read_text(encoding="utf-8"))
    return [(path.parent / file if file else path, query, place) for file, query, place in found]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_that_move_a_calculator_can(path: Path) -> None:
    """The calculator stands on that page, has the controls, takes the values, and answers."""
    for file, query, place in states(path):
        fences = dict(FENCE.findall(file.read_text(encoding="utf-8")))
        asked: dict[str, dict[str, str]] = {}
        for key, value in parse_qsl(query, strict_parsing=True):
            identifier, _, name = key.partition(".")
            asked.setdefault(identifier, {})[name] = value
        for identifier, values in asked.items():
            assert identifier in fences, f"{path}: {query} names no calculator of {file}"
            tool = calculator.load(identifier)
            given = tool.run(tomllib.loads(fences[identifier])).inputs
            moved = tool.run(given | values).inputs
            assert moved != given, f"{path}: {query} moves nothing"
        assert place.removeprefix("#hwcalc-") in ("", *asked), f"{path}: {query} leads to {place}"


def test_articles_have_links_that_move_calculators() -> None:
    """A search that finds no link would pass every article."""
    assert sum(len(states(path)) for path in POSTS) > 20
