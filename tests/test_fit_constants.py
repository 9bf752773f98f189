"""The committed constants are those that the committed tables give."""

import tomllib
from typing import Any

import numpy as np
import pytest

from tests import fit_constants
from tests.fit_constants import ATTENTION, FITTED, MATMUL, REACH, Group


def _committed(name: str) -> dict[str, Any]:
    return tomllib.loads((FITTED / f"{name}.toml").read_text(encoding="utf-8"))


def _entry(table: dict[str, Any], group: Group) -> dict[str, float]:
    (entry,) = [
        e
        for e in table["architecture"]
        if (tuple(e["families"]), e["kind"]) == (group.families, group.kind)
    ]
    assert tuple(entry["tables"]) == group.tables
    return {name: value for name, value in entry.items() if isinstance(value, float)}


def _equal(found: dict[str, float], committed: dict[str, float]) -> None:
    assert list(found) == list(committed)
    # Four digits are printed, and the last of them may round the other way on another processor.
    np.testing.assert_allclose(list(found.values()), list(committed.values()), rtol=1e-3)


@pytest.mark.parametrize("group", MATMUL, ids=lambda g: f"{g.families[0]}-{g.kind}")
def test_refitting_multiplications_gives_the_committed_constants(group: Group) -> None:
    """No constant is typed from intuition: each follows from its tables, to all printed digits."""
    table = _committed("matmul")
    _equal(fit_constants.fit_group(group, table["general"]), _entry(table, group))


@pytest.mark.parametrize("group", ATTENTION, ids=lambda g: g.families[0])
def test_refitting_attention_gives_the_committed_constants(group: Group) -> None:
    """As for multiplications, whose launch and share of the bandwidth are taken over."""
    own = next(g for g in MATMUL if (g.families, g.kind) == (group.families, group.kind))
    others = _entry(_committed("matmul"), own)
    _equal(fit_constants.fit_group(group, others), _entry(_committed("attention"), group))


def test_what_is_fitted_is_a_handful_for_each_architecture() -> None:
    """Far fewer constants than rows, or the fit would be a table of what was measured."""
    for group in (*MATMUL, *ATTENTION):
        rows = sum(
            len(measured)
            for name in group.tables
            for measured, _, _ in fit_constants.cases(name, "")
        )
        assert len(group.constants) <= 13
        assert rows >= 8 * len(group.constants), group.families


def test_tables_said_to_be_unseen_are_not_fitted_on() -> None:
    """An error on unseen rows is worth what this list is worth."""
    from tests.accuracy.all import ALL

    used = {
        (name, accelerator)
        for group in (*MATMUL, *ATTENTION, *REACH)
        for name in group.tables
        for accelerator in (group.only.split() or ["*"])
    }
    for regime in ALL:
        if not regime.fitted and not regime.name.endswith("-unmeasured"):
            for row in regime.rows:
                table = row.get("table", "")
                assert (table, "*") not in used, table
                assert (table, row.get("accelerator", "")) not in used, row
