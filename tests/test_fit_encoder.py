"""The committed constants of the encoder's model are those that the committed tables give."""

import tomllib
from typing import Any

import numpy as np

from tests import fit_encoder
from tests.accuracy.encoder import REGIMES
from tests.accuracy.tables import MEASUREMENTS


def test_refitting_gives_the_committed_constants() -> None:
    """No constant is typed from intuition: each follows from its tables."""
    committed = tomllib.loads(fit_encoder.FITTED.read_text(encoding="utf-8"))
    found = tomllib.loads(fit_encoder.text())
    assert found.keys() == committed.keys()
    for section in ("programs", "general"):
        _equal(found[section], committed[section])
    for family in committed["energy"]:
        _equal(found["energy"][family], committed["energy"][family])


def _equal(found: dict[str, Any], committed: dict[str, Any]) -> None:
    assert found.keys() == committed.keys()
    for name, value in committed.items():
        if isinstance(value, float):
            # Four digits are printed, and the last may round the other way elsewhere.
            np.testing.assert_allclose(found[name], value, rtol=2e-3)
        else:
            assert found[name] == value


def test_tables_said_to_be_unseen_are_not_fitted_on() -> None:
    """A regime is marked as fitted exactly when its table is named beside a constant."""
    committed = fit_encoder.FITTED.read_text(encoding="utf-8")
    for regime in REGIMES:
        names = {row["table"] for row in regime.rows}
        assert all((f'"{name}"' in committed) == regime.fitted for name in names), regime.name


def test_the_tables_named_exist() -> None:
    """A renamed table must not leave its name behind."""
    for name in (fit_encoder.PYTORCH, fit_encoder.IMAGES, fit_encoder.TENSORFLOW, fit_encoder.T4):
        assert (MEASUREMENTS / f"{name}.csv").exists()
