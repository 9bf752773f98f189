"""The constants of convolutions follow from the tables, and from nothing else."""

import copy

import numpy as np
import pytest

from hwcalc.datafile import load
from tests.fit_collectives import Constants
from tests.fit_convolution import FITTED, STAGES, USUAL, by_architecture, fit, loss, text


def committed() -> Constants:
    """Return the constants of the file in the groups of the search."""
    known = load(FITTED)
    values = {**known["general"], "vector.launch": known["general"]["vector.launch"]}
    groups = {
        group: {name: values[name] for name in names}
        for group, names in USUAL.items()
        if group != "Maxwell"
    }
    return {**groups, "Maxwell": known["Maxwell"]}


def test_a_refit_gives_the_committed_constants() -> None:
    """Whoever doubts a constant can compute it: the file is what the search finds.

    The search only compares sums of logarithms, so another processor's rounding could turn one of
    its last steps; half a percent is less than any of the constants is known.
    """
    found = by_architecture(fit())
    for group, values in by_architecture(committed()).items():
        assert set(found[group]) == set(values)
        for name, value in values.items():
            message = f"{group} {name}"
            np.testing.assert_allclose(found[group][name], value, rtol=0.005, err_msg=message)


def test_the_file_is_as_it_is_written() -> None:
    """The constants stand below the tables they come from, and nothing else does."""
    assert FITTED.read_text(encoding="utf-8") == text(committed())


def test_no_unseen_table_is_fitted_on() -> None:
    """The RTX 4090, the A100, training on V100 and three cards of 2015 to 2017 stay unseen."""
    assert {name for _, tables in STAGES.values() for name in tables} == {
        "convolution_deepbench_titan_xp_fp32",
        "convolution_deepbench_tesla_m40_fp32",
        "convolution_deepbench_v100_sxm2_16gb_fp32",
        "convolution_deepbench_v100_sxm2_16gb_fp16",
        "cnn_timm_infer_3090_nhwc",
        "cnn_timm_train_3090_nhwc",
        "cnn_dle_resnet50_inference",
        "cnn_timm_infer_3090_nchw",
        "lambda_v1_resnet50_fp16",
    }


@pytest.mark.parametrize("stage", STAGES)
def test_every_constant_matters(stage: str) -> None:
    """A constant that could be anything would not be fitted but typed: a fifth off is worse."""
    groups, tables = STAGES[stage]
    value, best = loss(tables), committed()
    least = value(best)
    for group in groups:
        for name in USUAL[group]:
            for factor in (0.8, 1.25):
                moved = copy.deepcopy(best)
                moved[group][name] *= factor
                assert value(moved) > least * 1.0005, (group, name, factor)
