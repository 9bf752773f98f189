"""Turns formulas into MathML while the site is built, so pages need no script to show them.

Loaded as the Markdown extension `hwcalc.web.math`, together with `pymdownx.arithmatex` in its
`generic` mode, which finds the formulas. Temml converts them: of the converters tried it is the
only one that sets aligned equations right and refuses a command it does not know.
"""

import html
import json
from typing import Any
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor

from hwcalc.web.node import run_node
from hwcalc.web.parts import ASSETS, npm_parts

# Converted once per process: excerpts repeat formulas, `mkdocs serve` rebuilds every page.
_done: dict[tuple[str, bool], str] = {}


class FormulaError(ValueError):
    """A formula is not LaTeX that can be shown; the message repeats it."""


def to_mathml(formulas: list[tuple[str, bool]]) -> list[str]:
    r"""Return the MathML of each formula.

    Args:
        formulas: LaTeX without delimiters, and whether it stands in a line of its own.

    Raises:
        FormulaError: if a formula is wrong, with the formula and the reason.
        hwcalc.web.node.NodeError: if Node is missing or cannot run.
    """
    missing = list(dict.fromkeys(formula for formula in formulas if formula not in _done))
    if missing:
        npm_parts()
        request = json.dumps([{"latex": latex, "block": block} for latex, block in missing])
        answers = json.loads(run_node(ASSETS / "math.mjs", stdin=request, timeout=60))
        for formula, answer in zip(missing, answers, strict=True):
            if "error" in answer:
                raise FormulaError(f"{answer['error']} in the formula\n    {formula[0]}")
            _done[formula] = answer["mathml"]
    return [_done[formula] for formula in formulas]


class _Formulas(Treeprocessor):
    def run(self, root: Element) -> None:
        elements = [e for e in root.iter() if e.get("class") == "arithmatex" and e.text]
        # arithmatex wraps formulas in \(…\) and \[…\], and escapes the second kind.
        formulas = [(html.unescape((e.text or "")[2:-2]).strip(), e.tag == "div") for e in elements]
        for element, mathml in zip(elements, to_mathml(formulas), strict=True):
            element.set("class", "hwcalc-math")
            if element.tag == "div":
                # A wide formula scrolls by itself; the keyboard must reach it, too.
                element.attrib |= {"tabindex": "0", "role": "group", "aria-label": "Formula"}
            element.text = self.md.htmlStash.store(mathml)


class MathExtension(Extension):
    """Puts MathML where `pymdownx.arithmatex` left LaTeX."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Register the conversion after the inline patterns, which find formulas inside a line."""
        md.treeprocessors.register(_Formulas(md), "hwcalc-math", 15)


def makeExtension(**options: Any) -> MathExtension:
    """Return the extension; Markdown calls this."""
    return MathExtension(**options)
