"""The reference pages say what the docstrings say."""

import ast
from pathlib import Path
from textwrap import dedent

import pytest
from markdown import Markdown

import hwcalc.matmul
from hwcalc.web import reference

MODULE = dedent('''
    r"""What a slice costs.

    Left out: crumbs.
    """

    def slices(size, knife):
        r"""Count the slices of a loaf, a bound.

        $$ n = S / k $$

        Args:
            size: Length of the loaf,
                $S$. [B]
            knife: Width of a cut, $k$. [1]

        Returns:
            Slices. [1]

        Raises:
            ValueError: If the knife is not
                positive.

        References:
            A. Baker, Bread
            (2026), doi:10.1000/182.
            B. Baker, https://example.org/bread

        Examples:
            A loaf of ten:

            >>> slices(10, 2)
            5
        """

    def helper(size):
        """Return nothing of interest."""

    def _hidden(size):
        """Hide.

        Args:
            size: Anything. [1]

        References:
            Nobody.
        """
''')


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The models of a package with one module."""
    (tmp_path / "bread.py").write_text(MODULE)
    monkeypatch.setattr(reference, "PACKAGE", tmp_path)
    return reference.models_page()


def test_modules_are_found_by_topic(page: str) -> None:
    """Topics stand above with links to their modules; a module of no topic is not lost."""
    assert page.startswith("Further\n:   [What a slice costs](#bread)\n\n## What a slice costs {")


def test_topics_name_modules_that_there_are() -> None:
    """A module that was renamed, listed twice, or is below no topic, is noticed."""
    named = " ".join(reference.GROUPS.values()).split()
    assert len(set(named)) == len(named)
    assert set(named) == {module for module, _, _ in reference._models()}


def test_models_are_public_functions_with_a_source(page: str) -> None:
    """Functions without a source, and private ones, are helpers and are not listed."""
    assert "### slices { #bread.slices }" in page
    assert "helper" not in page
    assert "_hidden" not in page


def test_argument_has_its_unit_beside_its_name(page: str) -> None:
    """The unit moves from the end of the text, which may run over lines, to the name."""
    assert '`size`<span class="hw-unit">B</span>\n:   Length of the loaf, $S$.' in page
    assert '*returns*<span class="hw-unit">1</span>\n:   Slices.' in page
    assert "*raises* `ValueError`\n:   If the knife is not positive." in page


def test_references_are_whole_and_linked(page: str) -> None:
    """A reference over two lines stays one; DOI and address become links."""
    doi = "[doi:10.1000/182](https://doi.org/10.1000/182)"
    assert f"Source: A. Baker, Bread (2026), {doi}; B. Baker, <https://example.org/bread>." in page


def test_examples_show_input_and_output(page: str) -> None:
    """Prose stays prose, the doctest is one block of code."""
    assert "A loaf of ten:\n\n```pycon\n>>> slices(10, 2)\n5\n```" in page


def test_every_name_is_listed_with_the_models_that_use_it(page: str) -> None:
    """The nomenclature links each argument to its definition."""
    assert page
    listed = reference.arguments_page()
    assert '`knife`<span class="hw-unit">1</span>' in listed
    assert ":   Width of a cut, $k$: [`slices`](models.md#bread.slices)" in listed


def test_directive_is_replaced_and_other_lines_are_not() -> None:
    """`[models]` becomes the list where it stands alone; inside a sentence it is text."""
    convert = Markdown(extensions=["attr_list", "hwcalc.web.reference"]).convert
    assert f'id="matmul.{hwcalc.matmul.flops.__name__}"' in convert("[models]")
    assert convert("The [models] here") == "<p>The [models] here</p>"


def test_each_argument_of_each_model_is_on_the_page() -> None:
    """Nothing documented is lost on the way: every argument of every model has its entry."""
    listed = reference.models_page()
    for path in reference.PACKAGE.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and f"{{ #{path.stem}.{node.name} }}" in listed:
                part = listed.split(f"{{ #{path.stem}.{node.name} }}")[1].split("\n### ")[0]
                for argument in node.args.args:
                    assert f"`{argument.arg}`" in part, f"{path.stem}.{node.name}"
