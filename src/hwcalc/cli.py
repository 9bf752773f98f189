"""The shell: `hwcalc list` names the calculators, `hwcalc run ID --name value` runs one.

`--json` prints the contract that tests and other people's scripts rely on.
"""

import argparse
import io
import json
import math
import sys
from collections.abc import Sequence
from typing import Any

from hwcalc import calculator
from hwcalc.calculator import Answer, Calculator, Choice, InputError, Number, Slider


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0 for an answer, 2 for a mistake in what was asked (on standard error)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # code pages of Windows lack − and ⁻
    parser = argparse.ArgumentParser(
        prog="hwcalc", description="Calculators of deep-learning hardware."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="every calculator and its question")
    listing.add_argument("--json", action="store_true", help="with all controls, as JSON")
    # Abbreviations would take a control named h for --help.
    running = commands.add_parser(
        "run", help="run one: hwcalc run ID --name value …", allow_abbrev=False
    )
    running.add_argument("calculator", help="an id of `hwcalc list`")
    running.add_argument("--json", action="store_true", help="results as JSON")
    options, rest = parser.parse_known_args(given)
    if options.command == "list":
        if rest:
            parser.error(f"unknown arguments: {' '.join(rest)}")
        return _list(options.json)
    try:
        tool = calculator.load(options.calculator)
        answer = tool.run(_values(rest, tool))
    except InputError as error:
        print(f"hwcalc: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(_contract(answer), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        _print(tool, answer)
    return 0


def _contract(answer: Answer) -> dict[str, Any]:
    """What `--json` promises, without what the page needs to draw it."""
    told = answer.as_dict()
    keys = ("name", "label", "kind", "text", "value", "unit")
    return told | {"results": [{key: result[key] for key in keys} for result in told["results"]]}


def _values(rest: Sequence[str], tool: Calculator) -> dict[str, str]:
    """`--name value` and `--name=value`; a toggle's value may be left out."""
    values: dict[str, str] = {}
    words = list(rest)
    while words:
        word = words.pop(0)
        if not word.startswith("--"):
            raise InputError(None, f"expected --name value, found {word!r}")
        name, equals, value = word[2:].partition("=")
        name = name.replace("-", "_")
        if not equals:
            alone = not words or words[0].startswith("--")
            if alone and isinstance(tool.controls.get(name), calculator.Toggle):
                value = "true"
            elif alone:
                raise InputError(name, f"--{name} needs a value")
            else:
                value = words.pop(0)
        values[name] = value
    return values


def _list(as_json: bool) -> int:
    tools = [calculator.load(identifier) for identifier in calculator.ids()]
    if as_json:
        found = [{"calculator": t.id, "title": t.title, "controls": _controls(t)} for t in tools]
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    width = max((len(tool.id) for tool in tools), default=0)
    for tool in tools:
        print(f"{tool.id:{width}}  {tool.title}")
    return 0


def _controls(tool: Calculator) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "kind": type(control).__name__.lower(),
            "label": tool.label(name),
            "unit": control.unit,
            "low": _finite(control.low) if isinstance(control, Number) else None,
            "high": _finite(control.high) if isinstance(control, Number) else None,
            "start": control.start,
            "scale": control.scale if isinstance(control, Slider) else None,
            "whole": control.whole if isinstance(control, Number) else None,
            "options": list(control.options) if isinstance(control, Choice) else None,
        }
        for name, control in tool.controls.items()
    ]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None  # JSON has no infinity


def _print(tool: Calculator, answer: Answer) -> None:
    print(tool.title)
    for name, control in tool.controls.items():
        print(f"  --{name} {answer.inputs[name]}{' ' + control.unit if control.unit else ''}")
    print()
    for result in answer.results:
        if result.kind == "table":
            print(f"{result.label}\n{_aligned(result.text)}")
        else:
            print(f"{result.label}: {result.text}")


def _aligned(table: str) -> str:
    lines = [line.split("\t") for line in table.split("\n")]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  " + "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
