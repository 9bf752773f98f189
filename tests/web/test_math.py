"""Formulas become MathML, and wrong ones stop the build."""

from pathlib import Path

import pytest
from markdown import Markdown

from hwcalc.web import fence
from hwcalc.web.mathml import FormulaError, to_mathml


def converted(text: str, *more: str) -> str:
    """Convert Markdown as mkdocs.yml does."""
    extensions = ["pymdownx.arithmatex", *more, "hwcalc.web.math"]
    options = {"pymdownx.arithmatex": {"generic": True}}
    return Markdown(extensions=extensions, extension_configs=options).convert(text)


def test_formula_in_a_line_is_inline_mathml() -> None:
    """A formula between dollars becomes MathML in its sentence, without LaTeX left over."""
    page = converted(r"Moves $2\,\frac{n-1}{n}\,G$ bytes.")
    assert "<mfrac>" in page
    assert 'display="block"' not in page
    assert "$" not in page
    assert "frac{" not in page


def test_display_formula_scrolls_by_keyboard_and_stays_out_of_search() -> None:
    """A formula wider than the screen can be reached; its letters are no words to search."""
    page = converted("$$\nt \\ge \\max\\left\\{\\frac{F}{P}, \\frac{Q}{B}\\right\\}\n$$")
    opening = page[: page.index("<math")]
    assert 'tabindex="0"' in opening
    assert "data-search-exclude" in opening
    assert 'display="block"' in page


def test_aligned_equations_are_rows_of_a_table() -> None:
    """The ampersands of an alignment are columns, never signs on the page."""
    (mathml,) = to_mathml([(r"\begin{aligned} t &= 2a \\ &\approx 3 \end{aligned}", True)])
    assert mathml.count("<mtr>") == 2
    assert "&" not in mathml


@pytest.mark.parametrize(
    "latex", [r"\foo{x}", r"\frac{a}", "{a", "a}", r"\left( x", "x^", "a_b_c", r"\text{ab"]
)
def test_wrong_latex_is_an_error_that_repeats_it(latex: str) -> None:
    """What cannot be set is refused, never shown as source, and the message has the formula."""
    with pytest.raises(FormulaError) as caught:
        to_mathml([(latex, False)])
    assert latex in str(caught.value)


def test_error_names_file_and_line(tmp_path: Path) -> None:
    """The author is told where the wrong formula stands, front matter counted."""
    article = tmp_path / "article.md"
    article.write_text("---\ntitle: x\n---\n\nFine.\n\nWrong $\\foo$ here.\n")
    token = fence.source_file.set(article)
    try:
        with pytest.raises(fence.AuthorError, match=r"article\.md:7: .*\\foo"):
            converted("Fine.\n\nWrong $\\foo$ here.\n", "hwcalc.web.fence")
    finally:
        fence.source_file.reset(token)


@pytest.mark.parametrize("price", ["costs $2.50 or $3 per hour", r"costs \$2–\$3 per hour"])
def test_prices_are_not_formulas(price: str) -> None:
    """Dollars before amounts stay dollars."""
    page = converted(price)
    assert "<math" not in page
    assert page.count("$") == 2


def test_a_price_that_reads_as_formula_is_refused() -> None:
    """`$2–$3` would silently become mathematics; the message says how to write it."""
    with pytest.raises(FormulaError, match=r"write \\\$"):
        converted("costs $2–$3 per hour")
