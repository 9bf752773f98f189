"""LaTeX to MathML with Temml, in Node.

Of the converters tried it is the only one that sets aligned equations right and refuses a command
it does not know.
"""

import json

from hwcalc.web.node import run_node
from hwcalc.web.parts import ASSETS, npm_parts

# Converted once per process: excerpts repeat formulas, `mkdocs serve` rebuilds every page.
_done: dict[tuple[str, bool], str] = {}


class FormulaError(ValueError):
    """A formula cannot be shown; `latex` is what it says."""

    def __init__(self, message: str, latex: str) -> None:
        super().__init__(message)
        self.latex = latex


def to_mathml(formulas: list[tuple[str, bool]]) -> list[str]:
    """Return the MathML of each formula.

    Args:
        formulas: LaTeX without delimiters, and whether it stands on a line of its own.

    Raises:
        FormulaError: if a formula is wrong; the message has the reason and the formula.
        hwcalc.web.node.NodeError: if Node is missing or cannot run.
    """
    missing = list(dict.fromkeys(formula for formula in formulas if formula not in _done))
    if missing:
        npm_parts()
        request = json.dumps([{"latex": latex, "block": block} for latex, block in missing])
        answers = json.loads(run_node(ASSETS / "math.mjs", stdin=request, timeout=60))
        for formula, answer in zip(missing, answers, strict=True):
            if "error" in answer:
                latex = formula[0]
                raise FormulaError(f"{answer['error']} in the formula {latex}", latex)
            _done[formula] = answer["mathml"]
    return [_done[formula] for formula in formulas]
