"""The list of measured tables says where each of them comes from, and under which licence."""

import fnmatch
import re

import pytest

from tests.accuracy.tables import MEASUREMENTS, table

TABLES = sorted(path.stem for path in MEASUREMENTS.glob("*.csv"))
README = (MEASUREMENTS / "README.md").read_text(encoding="utf-8")
# A repository, a paper, or a name that the sources of its rows repeat.
ORIGIN = re.compile(
    r"[\w.-]+/[\w.-]+|arXiv:[\d.]+|aiconfigurator-core|Hugging Face transformers documentation"
)


def lines() -> list[tuple[list[str], str, str]]:
    """Return patterns of names, origin and licence of each line of the list."""
    rows = [row.strip("| ").split(" | ") for row in README.splitlines() if row.startswith("| `")]
    return [(re.findall(r"`([^`]+)`", names), origin, licence) for names, origin, licence in rows]


def matching(name: str) -> list[tuple[str, str]]:
    """Return origin and licence of the lines that list a table."""
    return [
        (origin, licence)
        for patterns, origin, licence in lines()
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
    ]


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_listed_with_its_origin(name: str) -> None:
    """Each row's source is among the origins that the list names for its table."""
    found = matching(name)
    assert found, "no line of tests/measurements/README.md lists it"
    named = [each for origin, _ in found for each in ORIGIN.findall(origin)]
    for source in {row["source"] for row in table(name)}:
        assert any(each in source for each in named), (source, named)


def test_every_line_lists_tables_that_exist_and_says_a_licence() -> None:
    """A line that outlived its table, or says nothing of the licence, is noticed."""
    for patterns, origin, licence in lines():
        assert ORIGIN.search(origin), origin
        assert licence in {
            *("Apache-2.0", "MIT", "BSD-3-Clause", "CC-BY-SA-4.0"),
            *("papers, cited", "not read"),
        }
        for pattern in patterns:
            assert fnmatch.filter(TABLES, pattern), pattern


def test_share_alike_tables_are_single_figures() -> None:
    """Of a source whose licence passes on to what is made of it, a handful of facts is cited."""
    shared = [name for name in TABLES if any("SA" in licence for _, licence in matching(name))]
    assert shared
    assert all(len(table(name)) < 10 for name in shared)
