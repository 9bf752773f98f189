"""Sweeps say what Python says, at places a control can stand at, and stay small."""

import gzip
import json
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hwcalc import calculator
from hwcalc.calculator import Choice, Number, Quantity, Slider, Toggle, Verdict
from hwcalc.web import sweeps

IDS = calculator.ids()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Path]:
    """The folder of sweeps, for one test."""
    token = sweeps.folder.set(tmp_path / "sweeps")
    yield tmp_path / "sweeps"
    sweeps.folder.reset(token)


def told(identifier: str) -> tuple[calculator.Calculator, dict[str, Any]]:
    """A calculator and its sweeps around its own start, as the page reads them."""
    tool = calculator.load(identifier)
    return tool, json.loads(json.dumps(sweeps.compute(tool, tool.run({}))[0]))


@pytest.mark.parametrize("identifier", IDS)
def test_every_place_holds_what_python_answers(identifier: str) -> None:
    """Texts, notes, colours and spoken values, each from a run of its own, from a field's text."""
    tool, found = told(identifier)
    assert found["controls"].keys() == tool.controls.keys()
    for name, swept in found["controls"].items():
        for place in sorted({0, len(swept["values"]) // 3, len(swept["values"]) - 1}):
            if not swept["values"]:
                continue
            value = swept["values"][place]
            # The page sends what stands in the field.
            sent = f"{value:.12g}" if type(value) in (int, float) else value
            answer = tool.run({name: sent})
            assert swept["spoken"][place] == tool.controls[name].text(answer.inputs[name])
            for result in answer.results:
                if not isinstance(result, Quantity | Verdict):
                    continue
                column = swept["changed"].get(result.name)
                shown = column[place] if column else found["start"][result.name]
                assert shown[0] == result.text, (name, value)
                if isinstance(result, Verdict):
                    assert shown[1] == result.good
                else:
                    assert shown[1] == " · ".join(filter(None, (result.accuracy, result.note)))


@pytest.mark.parametrize("identifier", IDS)
def test_places_are_where_a_control_can_stand(identifier: str) -> None:
    """Both ends, the start and places between, in order; every option; no typed number."""
    tool = calculator.load(identifier)
    for name, control in tool.controls.items():
        found = sweeps.places(tool, name, control.start)
        if isinstance(control, Slider):
            assert found == sorted(set(found))
            assert {control.low, control.high, control.start} <= set(found)
            assert all(control.read(value) == value for value in found)
            assert len(found) <= sweeps.PLACES + 4
            shares = [sweeps.along(control, value) for value in found]
            assert shares[0] == 0
            assert shares[-1] == pytest.approx(1)
            assert shares == sorted(shares)
        elif isinstance(control, Choice):
            assert found in (list(control.options), [])
        elif isinstance(control, Toggle):
            assert found == [False, True]
        else:
            assert isinstance(control, Number)
            assert found == []


@pytest.mark.parametrize("identifier", IDS)
def test_a_file_of_sweeps_is_small(identifier: str, kept: Path) -> None:
    """It is there before a reader moves anything, or it is not made."""
    tool = calculator.load(identifier)
    made = sweeps.sweeps(tool, tool.run({}))
    if made.file:
        body = (kept / made.file).read_bytes()
        assert len(gzip.compress(body, 6)) <= sweeps.LARGEST
        assert json.loads(body)["start"].keys() <= {r.name for r in tool.run({}).results}


def test_too_large_a_file_is_not_made(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The curves under the sliders stay: they are in the page."""
    monkeypatch.setattr(sweeps, "LARGEST", 100)
    tool = calculator.load("tile_traffic")
    made = sweeps.sweeps(tool, tool.run({}))
    assert made.file == ""
    assert made.curves
    assert not list(kept.glob("*.json"))


def test_sweeps_are_computed_once(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next build finds them; other values of an article have their own."""
    tool = calculator.load("tile_traffic")
    answer = tool.run({})
    first = sweeps.sweeps(tool, answer)
    other = sweeps.sweeps(tool, tool.run({"m": 32}))
    assert first.file != other.file
    assert len(list(kept.glob("*.json"))) == 2

    def forbidden(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(sweeps, "compute", forbidden)
    assert sweeps.sweeps(tool, answer) == first


def test_without_a_folder_there_are_none() -> None:
    """Markdown converted without the plugin has calculators that wait for Python."""
    tool = calculator.load("tile_traffic")
    assert sweeps.sweeps(tool, tool.run({})) == sweeps.Sweeps()


def test_what_no_build_has_used_for_a_month_goes(kept: Path) -> None:
    """Files in use stay, however old they are; the cache does not grow with every change."""
    tool = calculator.load("tile_traffic")
    made = sweeps.sweeps(tool, tool.run({}))
    (kept / "left.made").write_text("{}")
    used = sorted(path for path in kept.iterdir() if path.name != "left.made")
    month = time.time() - 31 * 24 * 3600
    for path in kept.iterdir():
        os.utime(path, (month, month))
    assert sweeps.sweeps(tool, tool.run({})) == made
    sweeps.prune(kept)
    assert sorted(kept.iterdir()) == used


def test_curves_share_one_scale() -> None:
    """A control that changes the result tenfold is drawn twice as high as one that does by √10."""

    tool = calculator.load("tile_traffic")
    names = [name for name, control in tool.controls.items() if isinstance(control, Slider)][:3]
    ends = {n: (float(tool.controls[n].low), float(tool.controls[n].high)) for n in names}  # type: ignore[union-attr]
    results = {names[0]: (1.0, 10.0), names[1]: (1.0, math.sqrt(10)), names[2]: (1.0, 1.0)}
    numbers = {n: list(zip(ends[n], results[n], strict=True)) for n in names}
    paths = sweeps.curves(tool, numbers)
    drawn = {n: [p.split(" ") for p in paths[n][1:].split("L")] for n in names}
    rise = [float(drawn[n][0][1]) - float(drawn[n][1][1]) for n in names]
    assert rise == pytest.approx([sweeps.HEIGHT - 2, (sweeps.HEIGHT - 2) / 2, 0])
    assert [float(point[0]) for point in drawn[names[0]]] == [0, sweeps.WIDTH]


def test_a_result_that_nothing_moves_has_no_curve() -> None:
    """A level line under every slider would say nothing."""
    tool = calculator.load("tile_traffic")
    assert sweeps.curves(tool, {"m": [(1.0, 5.0), (2.0, 5.0)]}) == {}
    assert sweeps.curves(tool, {"m": [(1.0, math.inf)]}) == {}
