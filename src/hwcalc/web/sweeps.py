"""First-order sweeps: what every result would be if one control alone were moved.

Computed natively when a page is made, from the values the article gives. Until Python is live in
the page, a moved control is answered from them, and each slider carries a curve of the main result
that shows where it matters. The page never shows a number that Python would not: a sweep holds
exact answers at certain places, and a control stands at one of them or waits.
"""

import gzip
import hashlib
import inspect
import json
import math
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from hwcalc.calculator import (
    Answer,
    Calculator,
    Choice,
    Quantity,
    Slider,
    Toggle,
    Verdict,
)

# Where sweeps are kept and the plugin finds them; without one, a page has none.
folder: ContextVar[Path | None] = ContextVar("folder", default=None)

PLACES = 64  # of a slider; a drag over its width passes one about every three pixels
LARGEST = 20_000  # [B] compressed: a sweep that is more would no longer be quick
OPTIONS = 160
UNUSED = 30 * 24 * 3600.0  # [s]
WIDTH, HEIGHT = 100.0, 12.0


@dataclass(frozen=True)
class Sweeps:
    """The sweeps of one calculator at one set of values."""

    file: str = ""  # its name, empty where it would be too large
    curves: dict[str, str] = field(default_factory=dict)  # slider -> path of its curve


def sweeps(tool: Calculator, answer: Answer) -> Sweeps:
    """The sweeps around an answer, from the folder where they are kept or computed now."""
    kept = folder.get()
    if kept is None or inspect.isgeneratorfunction(tool.function):
        return Sweeps()  # one that computes in slices takes too long to be run hundreds of times
    key = json.dumps([_models(), tool.id, answer.inputs], sort_keys=True)
    note = kept / f"{hashlib.sha256(key.encode()).hexdigest()[:20]}.made"
    try:
        made = Sweeps(**json.loads(note.read_text(encoding="utf-8")))
        if not made.file or (kept / made.file).is_file():
            for path in (note, kept / made.file):
                os.utime(path)  # it is in use
            return made
    except FileNotFoundError:
        pass
    kept.mkdir(parents=True, exist_ok=True)
    told, numbers = compute(tool, answer)
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    name = ""
    if len(gzip.compress(body, 6, mtime=0)) <= LARGEST:
        name = f"{tool.id}.{hashlib.sha256(body).hexdigest()[:12]}.json"
        _write(kept / name, body)
    made = Sweeps(name, curves(tool, numbers))
    _write(note, json.dumps({"file": made.file, "curves": made.curves}).encode())
    return made


def prune(kept: Path) -> None:
    """Deletes what no build has used for a month: each change of a model leaves all files anew."""
    for path in kept.iterdir():
        with suppress(FileNotFoundError):  # another build was quicker
            if time.time() - path.stat().st_mtime > UNUSED:
                path.unlink()


def compute(
    tool: Calculator, answer: Answer
) -> tuple[dict[str, Any], dict[str, list[tuple[float, float]]]]:
    """What the page reads, and the main result along each slider as (value, result)."""
    start = _told(answer)
    told: dict[str, Any] = {"start": start, "controls": {}}
    numbers: dict[str, list[tuple[float, float]]] = {}
    main = next((r.name for r in answer.results if isinstance(r, Quantity)), None)
    for name in tool.controls:
        swept: list[tuple[Any, Answer]] = []
        for value in places(tool, name, answer.inputs[name]):
            try:
                swept.append((value, tool.run(answer.inputs | {name: value})))
            except Exception:
                continue  # a rule between controls, or a bug: Python will tell the reader which
        same = [(value, _told(each), each) for value, each in swept]
        same = [each for each in same if each[1].keys() == start.keys()]
        columns: dict[str, list[Any]] = {key: [texts[key] for _, texts, _ in same] for key in start}
        told["controls"][name] = {
            "values": [value for value, _, _ in same],
            "spoken": [tool.controls[name].text(value) for value, _, _ in same],
            "changed": {
                key: column
                for key, column in columns.items()
                if any(v != start[key] for v in column)
            },
        }
        if isinstance(tool.controls[name], Slider) and main:
            numbers[name] = [(value, each[main].value) for value, _, each in same]
    return told, numbers


def _told(answer: Answer) -> dict[str, Any]:
    """What a reader sees of the quantities and verdicts: text, then note or colour."""
    told: dict[str, Any] = {}
    for result in answer.results:
        if isinstance(result, Quantity):
            note = " · ".join(filter(None, (result.accuracy, result.note)))
            told[result.name] = [result.text, note]
        elif isinstance(result, Verdict):
            told[result.name] = [result.text, result.good]
    return told


def places(tool: Calculator, name: str, start: Any) -> list[Any]:
    """The values at which a control is swept: its ends and its start are among them."""
    control = tool.controls[name]
    if isinstance(control, Toggle):
        return [False, True]
    if isinstance(control, Choice):
        return list(control.options) if len(control.options) <= OPTIONS else []
    if not isinstance(control, Slider):
        return []  # a number is typed: Python answers
    found = {control.low, control.high, start}
    found |= {value for value in _stops(control) if control.low <= value <= control.high}
    return sorted(control.read(value) for value in found)


def _stops(control: Slider) -> Iterator[float]:
    """Round values spread over a slider, evenly as it spreads them."""
    low, high = control.low, control.high
    if control.scale == "log2":
        powers = range(math.ceil(math.log2(low)), math.floor(math.log2(high)) + 1)
        yield from (2.0**power for power in powers)
        return
    for place in range(1, PLACES):
        share = place / PLACES
        if control.scale == "log":
            value = float(f"{low * (high / low) ** share:.3g}")
        else:
            step = control.step or 10.0 ** math.floor(math.log10((high - low) / PLACES))
            value = float(f"{round((low + (high - low) * share) / step) * step:.12g}")
        yield float(round(value)) if control.whole else value


def curves(tool: Calculator, numbers: dict[str, list[tuple[float, float]]]) -> dict[str, str]:
    """SVG paths of the main result along each slider, all to one scale: a level one matters little.

    The scale is logarithmic where all results are positive, as most of them span decades.
    """
    finite = [y for points in numbers.values() for _, y in points if math.isfinite(y)]
    if not finite or min(finite) == max(finite):
        return {}
    log = min(finite) > 0

    def height(y: float) -> float:
        return math.log(y) if log else y

    low, high = height(min(finite)), height(max(finite))
    made = {}
    for name, points in numbers.items():
        control = tool.controls[name]
        assert isinstance(control, Slider)
        path, pen = [], "M"
        for x, y in points:
            if not math.isfinite(y):
                pen = "M"
                continue
            right = WIDTH * along(control, x)
            down = HEIGHT - 1 - (HEIGHT - 2) * (height(y) - low) / (high - low)
            path.append(f"{pen}{right:.1f} {down:.1f}")
            pen = "L"
        if len(path) > 1:
            made[name] = "".join(path)
    return made


def along(control: Slider, value: float) -> float:
    """How far along its slider a value stands, from 0 to 1."""
    if control.scale == "linear":
        return (value - control.low) / (control.high - control.low)
    return math.log(value / control.low) / math.log(control.high / control.low)


@cache
def _models() -> str:
    """What sweeps depend on besides their inputs: models, data, calculators, and this file."""
    from hwcalc.web.bundle import wheel

    return hashlib.sha256(wheel() + Path(__file__).read_bytes()).hexdigest()


def _write(path: Path, body: bytes) -> None:
    # Moved into place in one step: builds at the same time never read half a file.
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(body)
    aside.replace(path)
