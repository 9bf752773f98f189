"""The accuracy page: what the tests measured of every regime, as tables and drawings.

The tests own data and regimes; the page runs their report in a process of its own and keeps it
until a model, a regime or a table changes.
"""

import functools
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

import hwcalc
from hwcalc import catalog, display
from hwcalc.web.fence import AuthorError
from hwcalc.web.hardware import linked
from hwcalc.web.scatter import scatter

PACKAGE = Path(hwcalc.__file__).parent
ROOT = PACKAGE.parents[1]
KEPT = 3
TOPICS = {
    "matmul": "Matrix multiplications",
    "attention": "Attention kernels",
    "collectives": "Collectives",
    "training": "Training steps",
    "encoder": "BERT and its like",
    "convolution": "Convolutional layers",
    "cnn": "Convolutional networks",
    "ranking": "Cards beside each other",
    "memory": "Memory",
    "generation": "Writing on one's own card",
    "prompt": "Reading on one's own card",
    "inference": "Serving language models",
    "power": "Power limits",
    "forecast": "Forecasts of supercomputers",
}
_COLOURS = {True: "var(--hwcalc-series-1)", False: "var(--hwcalc-series-2)"}
# Columns of the tables of measurements, as they are written; the others are plain words.
_COLUMNS = {
    "measured": "the measured value",
    "size_bytes": "size of the message",
    "cached": "cached tokens",
    "sequence": "tokens of a sequence",
    "tensor": "ranks that share tensors",
    "pipeline": "pipeline stages",
    "data": "replicas",
    "batch": "batch",
    "micro_batch": "micro-batch",
    "ranks": "ranks",
    "kv_heads": "heads of keys and values",
    "clients": "requests in flight",
    "passes": "passes before an update",
    "predicted": "predicted tokens",
    "throughput": "measured in a second",
    "machines": "machines measured",
    "price_usd": "US dollars then",
    "prompt": "tokens of a prompt",
    "output": "tokens of an answer",
    "whole_experts": "whole experts on a rank",
    "cache_value": "bytes of a number in the cache",
    "known": "lists known",
    "network_rate": "network rate",
}
_UNITS = {"size_bytes": "B", "network_rate": "B/s"}
_REPOSITORY = re.compile(r"(?:github:)?([\w.-]+/[\w.-]+)@([0-9a-f]{7,40})(?:[ :]+([\w./-]+))?")


def section(topic: str) -> str:
    """Return the part of the page about one topic, or the overview of all."""
    if topic == "overview":
        return _template("overview").render(topics=[_overview(name) for name in TOPICS])
    if topic not in TOPICS:
        raise AuthorError(f"no topic {topic!r}; choose overview or one of {', '.join(TOPICS)}")
    shown = [_shown(regime) for regime in of(topic)]
    return _template("accuracy").render(label=TOPICS[topic], regimes=shown)


def of(topic: str) -> list[dict[str, Any]]:
    """Return the reports of a topic's regimes; their names begin with it."""
    return [each for each in reports() if each["name"].startswith(f"{topic}-")]


def reports() -> list[dict[str, Any]]:
    """Return the tests' report of every regime, made anew when something in it may differ."""
    return _reports(_digest())


@functools.cache
def _reports(digest: str) -> list[dict[str, Any]]:
    cache = ROOT / ".cache" / "hwcalc"
    kept = cache / f"accuracy-{digest}.json"
    if not kept.is_file():
        text = _run()
        cache.mkdir(parents=True, exist_ok=True)
        aside = kept.with_suffix(f".{os.getpid()}")
        aside.write_text(text, encoding="utf-8")
        aside.replace(kept)
        older = sorted(cache.glob("accuracy-*.json"), key=lambda path: path.stat().st_mtime)
        for path in older[:-KEPT]:
            path.unlink(missing_ok=True)
    found: list[dict[str, Any]] = json.loads(kept.read_text(encoding="utf-8"))
    return found


def _digest() -> str:
    tests = ROOT / "tests"
    paths = [
        *sorted((tests / "accuracy").glob("*.py")),
        *sorted((tests / "measurements").glob("*.csv")),
        *sorted(PACKAGE.glob("*.py")),
        *sorted((PACKAGE / "data").rglob("*.*")),
    ]
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _run() -> str:
    """Run the tests' report with this Python and this package."""
    if not (ROOT / "tests" / "accuracy" / "report.py").is_file():
        raise AuthorError(
            "the accuracy page is made of the measurements below tests/, and the installed hwcalc "
            "has none beside it; build the blog from a checkout, with `make build`"
        )
    done = subprocess.run(
        [sys.executable, "-m", "tests.accuracy.report"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise AuthorError(f"`python -m tests.accuracy.report` failed: {last}")
    return done.stdout


def percent(share: float) -> str:
    """Write a share with two digits, as errors deserve."""
    return display.text(share, "%", 2)


def missed(regime: dict[str, Any]) -> str:
    """Say whether what was set out for is reached, and by how much it is not."""
    pairs = zip(
        regime["aim"], (regime["median"], regime["ninth"]), ("median", "nine of ten"), strict=False
    )
    over = [(found - aim, what) for aim, found, what in pairs if aim is not None and found > aim]
    if not regime["aim"]:
        return ""
    return "; ".join(f"{what} {100 * by:.1f} points over" for by, what in over) or "yes"


def _shown(regime: dict[str, Any]) -> dict[str, Any]:
    """Return a report with its numbers as text."""
    low, high = (display.text(regime["points"][end][0], regime["unit"], 2) for end in (0, -1))
    alt = (
        f"Predicted against measured, {regime['rows']} rows from {low} to {high}: half within "
        f"{percent(regime['median'])}, nine of ten within {percent(regime['ninth'])}."
    )
    # One of 1.0 or more excludes nothing.
    aim = [percent(limit) for limit in regime["aim"] if limit is not None and limit < 1]
    return regime | {
        "drawing": scatter(regime["points"], regime["unit"], _COLOURS[regime["fitted"]], alt),
        "short_title": regime["title"].partition(", ")[2] or regime["title"],
        "aimed": " and ".join(aim),
        "met": missed(regime),
        "held": " and ".join(percent(limit) for limit in regime["bound"] if limit < 1e9),
        "documents": [document(source) for source in regime["sources"]],
        "worst_rows": _worst(regime),
        "percent": {key: percent(regime[key]) for key in ("median", "ninth", "mean", "furthest")}
        | {"bias": bias(regime["bias"])},
    }


def bias(share: float) -> str:
    """Write a bias with its sign."""
    if abs(share) < 0.0005:
        return "0\N{NO-BREAK SPACE}%"
    return ("+" if share > 0 else "") + percent(share)


def _worst(regime: dict[str, Any]) -> str:
    """Say in words what the worst rows have in common."""
    worst, rows = regime["worst"], regime["worst"]["rows"]
    if rows == 1:
        side = "below" if worst["below"] else "above"
        return f"The furthest row is predicted {percent(worst['least'])} {side} its measurement."
    sides = {0: "all predicted above", rows: "all predicted below"}
    side = sides.get(worst["below"], f"{worst['below']} of them predicted below")
    said = (
        f"The worst {rows} rows are off by {percent(worst['least'])} or more, "
        f"{side} what was measured."
    )
    for common in worst["common"]:
        own, others = (percent(round(common[key], 2)) for key in ("worst", "others"))
        condition = _condition(common, regime["unit"])
        said += f" {condition} in {own} of them, and in {others} of the others."
    return said


def _condition(common: dict[str, Any], unit: str) -> str:
    column, value = common["column"], common["value"]
    name = _COLUMNS.get(column, column.replace("_", " "))
    if column == "accelerator":
        value = catalog.accelerators()[value].name
    elif isinstance(value, float):
        value = display.text(value, unit if column == "measured" else _UNITS.get(column, ""))
    name = name if len(name) == 1 else name[0].upper() + name[1:]
    return f"{name} {common['sign']} {value}"


def document(source: str) -> Markup:
    """Return a source as HTML; a file of a repository at a commit becomes a link to it."""
    found = _REPOSITORY.search(source)
    if not found:
        return linked(source)
    repository, commit, path = found.groups()
    kind = "blob" if path else "tree"
    address = "/".join(filter(None, ("https://github.com", repository, kind, commit, path)))
    link = Markup('<a href="{}">{}</a>').format(
        address, ", ".join(filter(None, (repository, path)))
    )
    return Markup("{}{}{}").format(
        escape(source[: found.start()]), link, escape(source[found.end() :])
    )


def _overview(topic: str) -> dict[str, Any]:
    regimes = of(topic)

    def span(fitted: bool) -> str:
        medians = [each["median"] for each in regimes if each["fitted"] is fitted]
        if not medians:
            return ""
        ends = [percent(end) for end in (min(medians), max(medians))]
        return " to ".join(dict.fromkeys(ends))

    aimed = [each for each in regimes if each["aim"]]
    return {
        "label": TOPICS[topic],
        "regimes": len(regimes),
        # Large multiplications are among all, and left out are the same rows again.
        "rows": sum(each["rows"] for each in regimes if not each["again"]),
        "fitted": span(True),
        "unseen": span(False),
        "met": sum(missed(each) == "yes" for each in aimed),
        "aimed": len(aimed),
    }


def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("hwcalc.web"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(f"{name}.html.j2")
