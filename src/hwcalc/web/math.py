"""Puts MathML where `pymdownx.arithmatex` found a formula, so pages need no script to show it.

Loaded as the Markdown extension `hwcalc.web.math`, with arithmatex in its `generic` mode.
"""

import html
import re
from typing import Any, NoReturn
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor

from hwcalc.web.mathml import FormulaError, to_mathml


class _Formulas(Treeprocessor):
    def run(self, root: Element) -> None:
        elements = [e for e in root.iter() if e.get("class") == "arithmatex" and e.text]
        # arithmatex wraps formulas in \(…\) and \[…\], and escapes the second kind.
        formulas = [(html.unescape((e.text or "")[2:-2]).strip(), e.tag == "div") for e in elements]
        for element, (latex, _) in zip(elements, formulas, strict=True):
            if (element.tail or "")[:1].isdigit():
                self._fail(latex, f"a price reads as the formula {latex}: write \\$ for a dollar")
        try:
            converted = to_mathml(formulas)
        except FormulaError as error:
            self._fail(error.latex, str(error))
        for element, mathml in zip(elements, converted, strict=True):
            element.set("class", "hwcalc-math")
            if element.tag == "div":
                # A wide formula scrolls by itself; the keyboard must reach it, too.
                element.attrib |= {"tabindex": "0", "role": "group", "aria-label": "Formula"}
                # Without its layout it would be noise in the search's excerpts.
                element.set("data-search-exclude", "")
            element.text = self.md.htmlStash.store(mathml)

    def _fail(self, latex: str, message: str) -> NoReturn:
        # With hwcalc.web.fence loaded, the message names the file and the line, too.
        if state := getattr(self.md, "hwcalc", None):
            state.fail(re.compile(re.escape(latex.splitlines()[0])), message)
        raise FormulaError(message, latex)


class MathExtension(Extension):
    """Converts the formulas of a page, all in one go."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Register after the inline patterns (20), which find formulas inside a line."""
        md.treeprocessors.register(_Formulas(md), "hwcalc-math", 15)


def makeExtension(**options: Any) -> MathExtension:
    """Return the extension; Markdown calls this."""
    return MathExtension(**options)
