"""The files the browser needs: Pyodide, our byte-compiled wheel, and the page's own scripts.

`make()` returns a folder ready to be served, and makes it only when something in it would change.
Every name carries a hash of its content or Pyodide's version, so a browser may keep it for ever.
It knows files and nothing of MkDocs: `python -m hwcalc.web.bundle FOLDER` does the same by hand.
"""

import datetime
import hashlib
import io
import json
import shutil
import sys
import tempfile
import tomllib
import zipfile
from base64 import b64encode
from pathlib import Path

import hwcalc
from hwcalc import calculator
from hwcalc.web.node import run_node
from hwcalc.web.parts import ASSETS, npm_parts

CACHE = Path(".cache/hwcalc")
# Fewer than this many files of a folder stay as they are. The constants of the kernel models are
# three files: reading them must not bring the TOML reader into the page.
MANY = 3


def make(cache: Path = CACHE) -> Path:
    """The folder with all files, taken from the cache when nothing changed.

    It holds `manifest.json`: {"script": …, "style": …}, names of what a page refers to, and
    {"offline": …}, the service worker, whose place is the root of the site.

    Raises:
        hwcalc.web.node.NodeError: npm or Node is missing or failed; the message names the fix.
    """
    modules = npm_parts()
    packed = wheel()
    own = sorted([*ASSETS.glob("*.mjs"), *ASSETS.glob("*.css"), ASSETS / "package-lock.json"])
    own.append(Path(__file__))
    digest = hashlib.sha256(packed)
    for path in own:
        digest.update(path.name.encode() + path.read_bytes())
    target = cache / digest.hexdigest()[:16]
    if (target / "manifest.json").is_file():
        return target
    print("Preparing Python for the browser …", file=sys.stderr)
    cache.mkdir(parents=True, exist_ok=True)
    # Made aside and moved in one step: builds at the same time never see each other's halves.
    with tempfile.TemporaryDirectory(prefix=".making-", dir=cache) as aside:
        work, made = Path(aside) / "served", Path(aside) / "made"
        work.mkdir()
        made.mkdir()
        _build(work, made, modules, packed, cache)
        if not target.is_dir():
            work.rename(target)
    _forget(cache, target)
    return target


def wheel() -> bytes:
    """The package as a wheel for the browser: models, data and calculators, nothing of web/."""
    package = Path(hwcalc.__file__).parent
    files = {f"hwcalc/{path.relative_to(package).as_posix()}": path for path in _sources(package)}
    folder = calculator.folder()
    files |= {f"hwcalc/calculators/{name}.py": folder / f"{name}.py" for name in calculator.ids()}
    about = f"hwcalc-{hwcalc.__version__}.dist-info"
    head = f"Metadata-Version: 2.1\nName: hwcalc\nVersion: {hwcalc.__version__}\n"
    tags = "Wheel-Version: 1.0\nGenerator: hwcalc\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    content = {name: path.read_bytes() for name, path in sorted(files.items())}
    content = _packed(content)
    content |= {f"{about}/METADATA": head.encode(), f"{about}/WHEEL": tags.encode()}
    content[f"{about}/RECORD"] = "".join(f"{n},,\n" for n in [*content, f"{about}/RECORD"]).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in content.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), body)
    return out.getvalue()


def _sources(package: Path) -> list[Path]:
    kept = {".py", ".toml", ".csv"}
    outside = {package / "web", package / "calculators"}
    return sorted(
        path
        for path in package.rglob("*")
        if path.suffix in kept and not outside & set(path.parents) and path.name != "cli.py"
    )


def _packed(content: dict[str, bytes]) -> dict[str, bytes]:
    """Every folder of many TOML files as one JSON file, which `hwcalc.datafile` prefers.

    Unpacking hundreds of small files and parsing TOML in Python took a tenth of the start.
    """
    folders: dict[str, list[str]] = {}
    for name in content:
        if name.endswith(".toml"):
            folders.setdefault(name.rpartition("/")[0], []).append(name)
    made = dict(content)
    for folder, names in folders.items():
        if len(names) >= MANY:
            files = {Path(name).stem: tomllib.loads(made.pop(name).decode()) for name in names}
            text = json.dumps(files, ensure_ascii=False, separators=(",", ":"), default=_iso)
            made[f"{folder}.json"] = text.encode()
    return dict(sorted(made.items()))


def _iso(value: object) -> str:
    if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
        raise TypeError(f"{value!r} in a data file cannot be packed as JSON")
    return value.isoformat()


def _build(work: Path, made: Path, modules: Path, packed: bytes, cache: Path) -> None:
    plain = made / f"hwcalc-{hwcalc.__version__}-py3-none-any.whl"
    plain.write_bytes(packed)
    pyodide = modules / "pyodide"
    run_node(ASSETS / "compile.mjs", pyodide, plain, made, cache)
    version = json.loads((pyodide / "package.json").read_text())["version"]
    runtime = work / f"pyodide-{version}"
    runtime.mkdir()
    for name in ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm"):
        shutil.copy(pyodide / name, runtime)
    # No server takes .data for something that it should compress, or a browser unpack.
    stems = {"library": "stdlib", "everything": "stdlib-full", "wheel": "hwcalc"}
    archives = {
        what: _hashed(work, stem, ".data", (made / f"{stem}.gz").read_bytes())
        for what, stem in stems.items()
    }
    names = {
        "pyodide": f"{runtime.name}/pyodide.mjs",
        "asm": f"{runtime.name}/pyodide.asm.mjs",
        "wasm": f"{runtime.name}/pyodide.asm.wasm",
        **archives,
        "lock": json.loads((made / "lock.json").read_text()),
        "integrity": {name: _integrity(work / name) for name in archives.values()},
    }
    style = _hashed(work, "calculator", ".css", (ASSETS / "calculator.css").read_bytes())
    script = run_node(ASSETS / "pack.mjs", work, stdin=json.dumps(names)).strip()
    manifest = {"script": script, "style": style, "offline": "offline.js"}
    (work / "manifest.json").write_text(json.dumps(manifest))


def _hashed(work: Path, stem: str, suffix: str, body: bytes) -> str:
    name = f"{stem}.{hashlib.sha256(body).hexdigest()[:12]}{suffix}"
    (work / name).write_bytes(body)
    return name


def _integrity(path: Path) -> str:
    return f"sha256-{b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()}"


def _forget(cache: Path, newest: Path) -> None:
    """Keeps the last three bundles: a change taken back finds its own again."""
    bundles = [path.parent for path in cache.glob("*/manifest.json") if path.parent != newest]
    for old in sorted(bundles, key=lambda path: path.stat().st_mtime)[:-2]:
        shutil.rmtree(old, ignore_errors=True)


if __name__ == "__main__":
    shutil.copytree(make(), sys.argv[1], dirs_exist_ok=True)
