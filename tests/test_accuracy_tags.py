"""The errors beside results are those that the tests compute."""

import csv
import io

import pytest

from hwcalc import accuracy, catalog
from tests.accuracy import contrast, report
from tests.accuracy.all import ALL
from tests.accuracy.regimes import summary
from tests.accuracy.tables import Row

RENEW = "python -m tests.accuracy.report --tags writes data/accuracy.csv anew"


def test_committed_errors_are_those_of_the_models_as_they_are() -> None:
    """A model or a constant that changes takes the figures that readers see with it."""
    found = {row["regime"]: row for row in csv.DictReader(io.StringIO(report.tags()))}
    assert list(found) == list(accuracy.regimes()), RENEW
    for name, row in found.items():
        kept = accuracy.regimes()[name]
        assert (int(row["rows"]), row["fitted"] == "yes") == (kept.rows, kept.fitted), RENEW
        assert frozenset(row["accelerators"].split()) == kept.accelerators, RENEW
        assert frozenset(row["formats"].split()) == kept.formats, RENEW
        for key in ("median", "ninth", "bias"):
            # Another processor may round the last printed digit otherwise.
            message = f"{name}: {RENEW}"
            assert float(row[key]) == pytest.approx(getattr(kept, key), abs=1.1e-4), message


def test_a_tag_says_error_rows_and_whether_they_were_seen() -> None:
    """A reader learns what the error is, of how many rows, and whether it is that of a fit."""
    regime = next(each for each in ALL if each.name == "matmul-lss-v0-h100-all")
    found = summary(regime)
    assert accuracy.tag(regime.name).replace("\N{NO-BREAK SPACE}", " ") == (
        f"± {100 * found['median']:.1f} %: median error over {found['rows']} measured "
        "multiplications, none fitted on"
    )
    assert "none fitted on" not in accuracy.tag("matmul-aic-h100-bf16-all")


def test_every_regime_has_a_tag_and_its_accelerators_are_in_the_catalogue() -> None:
    """No regime is of a topic for which there is no word, or of a card nobody knows."""
    for name, each in accuracy.regimes().items():
        assert each.tag.startswith("±")
        assert each.accelerators <= set(catalog.accelerators()), name
        assert 0 < each.median <= each.ninth


def test_what_was_not_measured_has_no_tag() -> None:
    """No error is claimed for a card, or a format of one, of which there is no measurement."""
    assert accuracy.covering("matmul", "tesla-k80", "fp32") == ""
    assert accuracy.covering("matmul", "h100-sxm", "int8") == ""
    assert accuracy.covering("matmul", "h100-sxm", "fp8") == accuracy.tag("matmul-aic-h100-fp8-all")


def test_the_error_of_predictions_without_an_architecture_is_not_that_of_the_package() -> None:
    """Tables predicted as if unmeasured are there to be read, not to speak for a result."""
    names = [name for name in accuracy.regimes() if name.endswith("-unmeasured")]
    assert names
    for name in names:
        each = accuracy.regimes()[name]
        for chip in each.accelerators:
            for dtype in each.formats:
                assert accuracy.covering("matmul", chip, dtype) not in ("", each.tag)


def test_a_mistyped_regime_is_answered_with_close_ones() -> None:
    """An author who errs in a name is told the right one."""
    with pytest.raises(ValueError, match="matmul-aic-h100-bf16-all"):
        accuracy.tag("matmul-h100-bf16-all")
    with pytest.raises(ValueError, match="must be one of matmul"):
        accuracy.covering("matmuls", "h100-sxm")


def test_contrast_finds_what_rows_have_in_common() -> None:
    """The condition that separates the worst rows is found, one that does not is not told."""
    rows: list[Row] = [
        {"m": float(m), "k": float(k), "source": "x"} for m in range(1, 33) for k in (8, 9)
    ]
    worst = [row for row in rows if row["m"] <= 4]
    others = [row for row in rows if row["m"] > 4]
    (found,) = contrast.contrasts(worst, others)
    assert (found["column"], found["sign"], found["value"]) == ("m", "≤", 4)
    assert (found["worst"], found["others"]) == (1.0, 0.0)


def test_sample_keeps_the_ends() -> None:
    """A drawing of a large table shows the whole range, and the same points every time."""
    points = report.sample(range(1000), 120)
    assert (len(points), points[0], points[-1]) == (120, 0, 999)
    assert report.sample(range(5), 120) == [0, 1, 2, 3, 4]
