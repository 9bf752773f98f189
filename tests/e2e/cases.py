"""Where the tests go in the blog, and what they enter there."""

import io
import json
import math
import random
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

from hwcalc import calculator, cli
from hwcalc.calculator import Chart, Choice, Slider
from tests.e2e.blog import articles

# Every calculator of every article.
PLACES = [(address, each) for address, found in articles().items() for each in found]
DRAWS = 25


def pages(site: Path) -> list[str]:
    """Return the addresses of all pages of the blog."""
    found = sorted(path.relative_to(site).parent.as_posix() for path in site.rglob("index.html"))
    return ["" if each == "." else f"{each}/" for each in found]


@cache
def place_of(kind: type, long: bool = False, playing: bool = False) -> tuple[str, str, str]:
    """Return article, calculator and control for the first control of a kind.

    A slider is one that changes a chart and can go both ways, or one that plays; a list is long or
    short.
    """
    for address, identifiers in articles().items():
        for identifier in identifiers:
            tool = calculator.load(identifier)
            charted = any(isinstance(each, Chart) for each in tool.run({}).results)
            for name, control in tool.controls.items():
                if not isinstance(control, kind):
                    continue
                if isinstance(control, Choice) and (len(control.options) > 20) != long:
                    continue
                if not isinstance(control, Slider):
                    return address, identifier, name
                if playing:
                    if control.play:
                        return address, identifier, name
                    continue
                free = control.low < control.start < control.high
                if free and charted and moves_a_chart(tool, name):
                    return address, identifier, name
    raise AssertionError(f"no article has a {kind.__name__}")


def moves_a_chart(tool: calculator.Calculator, name: str) -> bool:
    """Return whether the ends of a slider give different texts to some chart."""
    control = tool.controls[name]
    assert isinstance(control, Slider)
    low, high = (tool.run({name: end}).results for end in (control.low, control.high))
    return any(a.kind == "chart" and a.text != b.text for a, b in zip(low, high, strict=True))


def listed(identifier: str) -> list[dict[str, Any]]:
    """Return the controls of a calculator as `hwcalc list --json` prints them."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        cli.main(["list", "--json"])
    found = {each["calculator"]: each["controls"] for each in json.loads(printed.getvalue())}
    controls: list[dict[str, Any]] = found[identifier]
    return controls


def draws(identifier: str) -> list[dict[str, Any]]:
    """Return inputs a reader can make: all low, all high, then at random; always the same ones.

    Many random settings break a rule between controls. As many as are wanted have an answer.
    """
    chance = random.Random(identifier)
    controls = listed(identifier)
    found = [{c["name"]: end(c, which) for c in controls} for which in ("low", "high")]
    answered = refused = 0
    while answered < DRAWS:
        inputs = {c["name"]: drawn(c, chance) for c in controls}
        if accepted(identifier, inputs):
            answered += 1
        elif refused < DRAWS // 5:
            refused += 1
        else:
            continue
        found.append(inputs)
    return found


def accepted(identifier: str, inputs: dict[str, Any]) -> bool:
    """Return whether the calculator has an answer for these inputs."""
    try:
        calculator.load(identifier).run(inputs)
    except calculator.InputError:
        return False
    return True


def end(control: dict[str, Any], which: str) -> Any:
    """Return the first or last value of a control."""
    if control["options"]:
        return control["options"][0 if which == "low" else -1]
    if control["kind"] == "toggle":
        return which == "high"
    value = control[which]
    return f"{control['start'] if value is None else value:.12g}"


def drawn(control: dict[str, Any], chance: random.Random) -> Any:
    """Return a legal value of a control, as its field takes it."""
    if control["options"]:
        return chance.choice(control["options"])
    if control["kind"] == "toggle":
        return chance.random() < 0.5
    start = control["start"]
    low = 0.0 if control["low"] is None else control["low"]
    high = max(10 * start, 10.0) if control["high"] is None else control["high"]
    if control["scale"] in ("log", "log2"):
        value = math.exp(chance.uniform(math.log(low), math.log(high)))
    else:
        value = chance.uniform(low, high)
    if control["whole"]:
        return str(min(max(round(value), math.ceil(low)), math.floor(high)))
    # Few digits, many digits, an exponent: as readers type.
    text = format(value, chance.choice([".2g", ".4g", ".9g", ".3e"]))
    return text if low <= float(text) <= high else f"{value:.17g}"


def mistakes(identifier: str) -> list[dict[str, Any]]:
    """Return inputs with one field that breaks its rule, for every field."""
    found = []
    for control in listed(identifier):
        if control["kind"] not in ("slider", "number"):
            continue
        wrong = ["", "many", "1,5", "1e999", "nan", "−−1"]
        for limit, factor in ((control["low"], -1), (control["high"], 1)):
            if limit is not None:
                wrong.append(f"{limit + factor * max(1.0, abs(limit)):.12g}")
        if control["whole"]:
            wrong.append(f"{control['start'] + 0.5:.12g}")
        found += [{control["name"]: value} for value in wrong]
    return found
