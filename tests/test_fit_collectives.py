"""The constants of the collectives follow from the tables, and from nothing else."""

import copy

import numpy as np

from hwcalc.fabric import fitted_constants
from tests.fit_collectives import FITTED, STAGES, USUAL, fit, loss, text


def test_a_refit_gives_the_committed_constants() -> None:
    """Whoever doubts a constant can compute it: the file is what the search finds, digit by digit.

    The search only compares sums of logarithms, so another processor's rounding could turn one of
    its last steps; half a percent is less than any of the constants is known.
    """
    found = fit()
    assert set(found) == set(fitted_constants())
    for group, values in fitted_constants().items():
        assert set(found[group]) == set(values)
        for name, value in values.items():
            message = f"{group} {name}"
            np.testing.assert_allclose(found[group][name], value, rtol=0.005, err_msg=message)


def test_the_file_names_its_tables() -> None:
    """The constants stand in the file as it is written, below the tables they come from."""
    constants = {group: dict(values) for group, values in fitted_constants().items()}
    assert FITTED.read_text(encoding="utf-8") == text(constants)


def test_no_unseen_table_is_fitted_on() -> None:
    """A100 within a node, GB300, bridges, the cards of 2016 and two engines' GPUs stay unseen."""
    fitted = {"/".join(map(str, name)) for _, tables in STAGES.values() for name in tables}
    assert fitted == {
        "collectives_aic_h100",
        "collectives_aic_b200",
        "collectives_aic_l40s",
        "collectives_aic_rtxpro6000",
        "collectives_engines_h100",
        "collectives_vidur_a100_dgx/send/2",
    }


def test_every_constant_matters() -> None:
    """A constant that could be anything would not be fitted but typed: a fifth off is worse."""
    for groups, tables in STAGES.values():
        value = loss(tables)
        best = {group: dict(values) for group, values in fitted_constants().items()}
        least = value(best)
        for group in groups:
            for name in USUAL[group]:
                for factor in (0.8, 1.25):
                    moved = copy.deepcopy(best)
                    moved[group][name] *= factor
                    assert value(moved) > least * 1.0005, (group, name, factor)
