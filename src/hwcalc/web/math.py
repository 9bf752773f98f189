"""Turns the formulas that `pymdownx.arithmatex` finds into MathML, so pages need no script to show them.

Loaded as the Markdown extension `hwcalc.web.math`, after arithmatex in its `generic` mode.
"""

import html
from typing import Any
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert
from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor


class _Formulas(Treeprocessor):
    def run(self, root: Element) -> None:
        for element in root.iter():
            if element.get("class") == "arithmatex" and element.text:
                latex = html.unescape(element.text)[2:-2].strip()
                block = element.tag == "div"
                mathml = convert(latex, display="block" if block else "inline")
                element.text = self.md.htmlStash.store(mathml)


class MathExtension(Extension):
    """Registers the conversion."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Runs after the inline patterns (priority 20), which is when formulas inside a line exist."""
        md.treeprocessors.register(_Formulas(md), "hwcalc-math", 15)


def makeExtension(**options: Any) -> MathExtension:
    """Entry point of Markdown."""
    return MathExtension(**options)
