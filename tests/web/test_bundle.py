"""The browser's files: complete, reproducible to the byte, and made only when something changed."""

import gzip
import hashlib
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import hwcalc
from hwcalc import calculator
from hwcalc.web import bundle
from hwcalc.web.node import NodeError, run_node
from hwcalc.web.parts import ASSETS, npm_parts
from tests.e2e.blog import built_once

PACKAGE = Path(hwcalc.__file__).parent


def make_two(target: Path) -> None:
    """Make the bundle twice, in caches that share nothing."""
    # Of one moment: somebody may be editing the sources.
    packed, assets = bundle.wheel(), target / "assets"
    shutil.copytree(ASSETS, assets, ignore=shutil.ignore_patterns("node_modules", ".npm-*"))
    (assets / "node_modules").symlink_to(npm_parts())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "wheel", lambda: packed)
        patch.setattr(bundle, "ASSETS", assets)
        made = [bundle.make(target / name).name for name in ("first", "second")]
    assert made[0] == made[1]
    (target / "name").write_text(made[0], encoding="utf-8")


@pytest.fixture(scope="session")
def caches(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Path:
    """A folder with the caches `first` and `second`, made once for all processes of a run."""
    base = tmp_path_factory.getbasetemp()
    # pytest-xdist gives every worker a folder below the run's own.
    base = base.parent if base.name.startswith("popen-") else base
    return built_once(base / f"bundles-{testrun_uid[:8]}", make_two)


@pytest.fixture(scope="session")
def made(caches: Path) -> Path:
    """One bundle, as it is served."""
    return caches / "first" / (caches / "name").read_text(encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path in it."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def archive_of(made: Path, stem: str) -> zipfile.ZipFile:
    """The standard library, slim (`stdlib`) or full (`stdlib-full`), or our package (`hwcalc`)."""
    (path,) = made.glob(f"{stem}.*.data")
    return zipfile.ZipFile(io.BytesIO(gzip.decompress(path.read_bytes())))


def test_two_makes_give_the_same_bytes(caches: Path, made: Path) -> None:
    """A published bundle can be reproduced, and an unchanged file keeps its name for caches."""
    first, second = contents(caches / "first"), contents(caches / "second")
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    assert len(contents(made)) > 8


def test_every_file_is_referred_to_and_every_reference_exists(made: Path) -> None:
    """Pages name two files, and by these every other one is found; none is published in vain."""
    files = contents(made)
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest.keys() == {"script", "style", "offline"}
    # The service worker stands elsewhere, and names what it may keep: every other file.
    listed = re.search(r"\[\"calculator\.[^]]*\]", files.pop(manifest.pop("offline")).decode())
    assert listed is not None
    assert sorted(json.loads(listed[0])) == sorted(files)
    scripts = {
        name: files[name].decode() for name in files if re.fullmatch(r"[a-z]+\.\w+\.mjs", name)
    }
    named = set(manifest.values())
    for text in scripts.values():
        named |= set(re.findall(r'"(?:\./)?(pyodide-[^"/]+/[^"]+\.(?:mjs|wasm))"', text))
        named |= set(re.findall(r'"(?:\./)?([a-z-]+\.\w{8,12}\.(?:mjs|data|css))"', text))
    assert named == files.keys()


def test_names_change_with_the_content(made: Path) -> None:
    """A browser may keep every file for ever: names carry a hash, or Pyodide's version."""
    for name, body in contents(made).items():
        if name in ("manifest.json", "offline.js") or name.startswith("pyodide-"):
            continue
        digest = hashlib.sha256(body).hexdigest()[:12]
        hashed = digest in name or re.search(r"\.[A-Z0-9]{8}\.mjs$", name)  # esbuild's own hash
        assert hashed, name
    version = json.loads((ASSETS / "package.json").read_text())["dependencies"]["pyodide"]
    assert (made / f"pyodide-{version}" / "pyodide.asm.wasm").is_file()


def test_the_wheel_holds_models_data_and_calculators_and_nothing_of_the_web() -> None:
    """The browser gets what `calculate` needs: no generator of pages, no shell."""
    archive = zipfile.ZipFile(io.BytesIO(bundle.wheel()))
    names = archive.namelist()
    assert len(names) == len(set(names))
    for folder in ("hwcalc/web/", "hwcalc/cli.py", "hwcalc/__pycache__"):
        assert not [name for name in names if name.startswith(folder)], folder
    modules = {f"hwcalc/{path.name}" for path in PACKAGE.glob("*.py") if path.name != "cli.py"}
    assert modules <= set(names)
    data = {
        f"hwcalc/{path.relative_to(PACKAGE).as_posix()}"
        for path in (PACKAGE / "data").rglob("*")
        if path.suffix in (".toml", ".csv")
    }
    packed = {
        f"{name.removesuffix('.json')}/{entry}.toml"
        for name in names
        if name.endswith(".json")
        for entry in json.loads(archive.read(name))
    }
    assert len(packed) > 250
    assert data <= set(names) | packed
    assert not packed & set(names)
    assert {f"hwcalc/calculators/{name}.py" for name in calculator.ids()} <= set(names)
    assert {Path(name).suffix for name in names} <= {".py", ".json", ".toml", ".csv", ""}


@pytest.mark.process
def test_packed_data_say_what_the_files_say(tmp_path: Path) -> None:
    """An accelerator, a link or a network is the same to the last figure in page and checkout."""
    with zipfile.ZipFile(io.BytesIO(bundle.wheel())) as archive:
        archive.extractall(tmp_path)
    assert not (tmp_path / "hwcalc" / "data" / "accelerators").exists()
    told = """
from hwcalc import catalog
for entries in (catalog.accelerators, catalog.links, catalog.transformers, catalog.convnets):
    for name, entry in entries().items():
        print(name, entry)
"""
    outputs = [
        subprocess.run(
            [sys.executable, "-c", told],
            env={**os.environ, "PYTHONPATH": str(path), "PYTHONIOENCODING": "utf-8"},
            cwd=tmp_path,
            check=True,
            capture_output=True,
        ).stdout
        for path in (tmp_path, PACKAGE.parent)
    ]
    assert outputs[0].count(b"\n") > 250
    assert outputs[0] == outputs[1]


def test_the_wheel_is_one_that_installers_take() -> None:
    """Metadata and a complete record are inside, and the same sources give the same bytes."""
    packed = bundle.wheel()
    archive = zipfile.ZipFile(io.BytesIO(packed))
    about = f"hwcalc-{hwcalc.__version__}.dist-info"
    assert f"Version: {hwcalc.__version__}\n" in archive.read(f"{about}/METADATA").decode()
    record = archive.read(f"{about}/RECORD").decode().splitlines()
    assert sorted(line.split(",")[0] for line in record) == sorted(archive.namelist())
    assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert bundle.wheel() == packed


def test_the_browser_compiles_nothing(made: Path) -> None:
    """Library and package are bytecode that is never compared with a source."""
    for archive in (archive_of(made, stem) for stem in ("hwcalc", "stdlib", "stdlib-full")):
        names = archive.namelist()
        assert not [name for name in names if name.endswith(".py")]
        compiled = [name for name in names if name.endswith(".pyc")]
        assert len(compiled) > 30
        for name in compiled:
            # PEP 552: 1 says hash-based and unchecked.
            assert archive.read(name)[4:8] == b"\1\0\0\0", name


def test_calculators_keep_their_question(made: Path) -> None:
    """A title is a docstring: its first line is compiled in, and nothing else of it."""
    archive = archive_of(made, "hwcalc")
    found = [n for n in archive.namelist() if re.fullmatch(r"hwcalc/calculators/\w+\.pyc", n)]
    assert found
    for name in found:
        tool = calculator.load(Path(name).stem)
        assert tool.title.encode() in archive.read(name)
    for name in archive.namelist():
        assert b"References:" not in archive.read(name), name


def test_the_slim_library_lacks_what_nobody_imports(made: Path) -> None:
    """Readers download what calculators use; the full library stays as the fallback."""
    slim, full = (set(archive_of(made, stem).namelist()) for stem in ("stdlib", "stdlib-full"))
    assert slim < full
    tops = {name.split("/")[0].removesuffix(".pyc") for name in slim}
    assert {"json", "dataclasses", "typing", "difflib", "traceback", "importlib"} <= tops
    assert not {"unittest", "xml", "pydoc", "doctest", "sqlite3", "tkinter", "idlelib"} & tops
    (small,), (large,) = (list(made.glob(f"{stem}.*.data")) for stem in ("stdlib", "stdlib-full"))
    assert small.stat().st_size < large.stat().st_size / 2


def questions() -> list[tuple[str, str]]:
    """Every calculator at random inputs, and every kind of mistake."""
    draw = random.Random(7)
    asked: list[tuple[str, dict[str, object]]] = []
    for name in calculator.ids():
        controls = calculator.load(name).controls
        for _ in range(6):
            inputs: dict[str, object] = {}
            for control, kind in controls.items():
                if isinstance(kind, calculator.Choice):
                    inputs[control] = draw.choice(list(kind.options))
                elif isinstance(kind, calculator.Slider):
                    inputs[control] = draw.choice([kind.low, kind.start, kind.high])
                elif isinstance(kind, calculator.Toggle):
                    inputs[control] = draw.random() < 0.5
            asked.append((name, inputs))
        asked += [(name, {control: "?"}) for control in controls]
        asked.append((name, {"nothing": 1}))
    asked += [("nobody", {}), ("data_paralel_speedup", {})]
    return [(name, json.dumps(inputs)) for name, inputs in asked] + [(calculator.ids()[0], "{")]


def answered(bundle_folder: Path) -> list[str]:
    """What the bundle's Python says to the questions, in Node."""
    told: list[str] = json.loads(
        run_node(
            Path(__file__).with_name("slim.mjs"),
            bundle_folder,
            stdin=json.dumps(questions()),
            timeout=300,
        )
    )
    return told


def test_the_slim_library_is_enough(made: Path) -> None:
    """Random inputs, every mistake and a bug: no module is missing, all is told in full."""
    told = answered(made)
    *answers, bug = told
    assert len(answers) > 100
    assert [each for each in answers if each.startswith("bug")] == []
    assert len([each for each in answers if '"results"' in each]) > 50
    assert "Traceback" in bug
    assert "JSONDecodeError" in bug
    assert "ModuleNotFoundError" not in "".join(told)


def test_a_missing_module_would_be_noticed(made: Path, tmp_path: Path) -> None:
    """The test above can fail: without the module that finds close names, it does."""
    poorer = tmp_path / "poorer"
    shutil.copytree(made, poorer)
    with archive_of(poorer, "stdlib") as old:
        content = {name: old.read(name) for name in old.namelist() if name != "difflib.pyc"}
        assert len(content) == len(old.namelist()) - 1
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as new:
        for name, body in content.items():
            new.writestr(name, body)
    (path,) = poorer.glob("stdlib.*.data")
    path.write_bytes(gzip.compress(packed.getvalue()))
    assert "ModuleNotFoundError: No module named 'difflib'" in "".join(answered(poorer))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Path], Path]:
    """Makes a bundle whose only content is a text, without Node."""
    monkeypatch.setattr(bundle, "npm_parts", lambda: Path())

    def build(work: Path, made: Path, modules: Path, packed: bytes, cache: Path) -> None:
        del made, modules, cache
        if packed == b"broken":
            raise NodeError("Node says no")
        (work / "content").write_bytes(packed)
        (work / "manifest.json").write_text("{}")

    def make(content: str, cache: Path) -> Path:
        monkeypatch.setattr(bundle, "wheel", lambda: content.encode())
        return bundle.make(cache)

    monkeypatch.setattr(bundle, "_build", build)
    return make


def test_a_made_bundle_is_taken_from_the_cache(
    quick: Callable[[str, Path], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The first build says that it prepares something; the second finds it, without a word."""
    first = quick("one", tmp_path)
    assert "Preparing Python for the browser" in capsys.readouterr().err

    def forbidden(*_: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(bundle, "_build", forbidden)
    assert bundle.make(tmp_path) == first
    assert capsys.readouterr() == ("", "")


def test_every_change_makes_a_bundle_of_its_own(
    quick: Callable[[str, Path], Path], tmp_path: Path
) -> None:
    """Content decides the folder's name, so two versions never mix."""
    one, other = quick("one", tmp_path), quick("other", tmp_path)
    assert one != other
    assert (one / "content").read_text() == "one"
    assert (other / "content").read_text() == "other"
    assert quick("one", tmp_path) == one


def test_three_bundles_are_kept(quick: Callable[[str, Path], Path], tmp_path: Path) -> None:
    """A change taken back finds its bundle; the cache does not grow with every edit."""
    (tmp_path / "python_stdlib-1.zip").write_text("the library, compiled")
    made = []
    for age, content in enumerate(["one", "two", "three", "four", "five"]):
        made.append(quick(content, tmp_path))
        os.utime(made[-1], (age, age))
    assert [path.is_dir() for path in made] == [False, False, True, True, True]
    assert {path.name for path in tmp_path.iterdir()} == {
        "python_stdlib-1.zip",
        *(path.name for path in made[2:]),
    }


def test_a_failed_make_leaves_nothing_behind(
    quick: Callable[[str, Path], Path], tmp_path: Path
) -> None:
    """After an error the next build starts afresh instead of serving half a bundle."""
    with pytest.raises(NodeError, match="Node says no"):
        quick("broken", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_command_copies_a_bundle(caches: Path, tmp_path: Path) -> None:
    """`python -m hwcalc.web.bundle FOLDER` serves generators that have no plugins."""
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "hwcalc").symlink_to(caches / "second")
    command = [sys.executable, "-m", "hwcalc.web.bundle", "served"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    manifest = json.loads((tmp_path / "served" / "manifest.json").read_text())
    for name in manifest.values():
        assert (tmp_path / "served" / name).is_file()
