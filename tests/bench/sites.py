"""The sites that are compared: this blog, and the same first answer as others would give it.

Every peer gets the same Pyodide, served from the same place, and the package as a plain wheel.
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from hwcalc.web import bundle
from hwcalc.web.node import run_npm
from hwcalc.web.parts import npm_parts

ROOT = Path(__file__).parents[2]
PEERS = Path(__file__).parent / "peers"
CACHE = ROOT / ".cache" / "bench"
FORM = '<form class="hwcalc"'
WHEEL = "hwcalc-0-py3-none-any.whl"
PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip",
           "pyodide-lock.json")  # fmt: skip


def project(target: Path) -> Path:
    """Copy what the site is built from: builds here start from nothing and disturb nobody."""
    modules = npm_parts()
    target.mkdir()
    unneeded = shutil.ignore_patterns("__pycache__", "node_modules", ".npm-*")
    for name in ("docs", "calculators", "src", "tests"):  # a page is made of the tests' data
        shutil.copytree(ROOT / name, target / name, ignore=unneeded)
    shutil.copy(ROOT / "mkdocs.yml", target)
    (target / modules.relative_to(ROOT)).symlink_to(modules)
    return target


def environment(folder: Path) -> dict[str, str]:
    """Return the environment in which Python uses the copy."""
    return {**os.environ, "PYTHONPATH": str(folder / "src"), "NO_MKDOCS_2_WARNING": "1"}


def build(folder: Path, target: Path) -> None:
    """Build the blog of a copy."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(target)]
    subprocess.run(command, cwd=folder, env=environment(folder), check=True)


def richest(site: Path) -> str:
    """Return the address of the article with most calculators, below the site's."""
    counts = {
        page.parent.relative_to(site).as_posix() + "/": page.read_text("utf-8").count(FORM)
        for page in site.glob("posts/**/index.html")
    }
    best = max(counts, key=counts.__getitem__, default="")
    if not best or counts[best] == 0:
        raise SystemExit("No article of the blog has a calculator: there is nothing to measure.")
    return best


def first_calculator(page: Path) -> str:
    """Return the calculator that the page shows first: the one everybody has to answer."""
    found = re.search(rf'{FORM}[^>]* data-calculator="(\w+)"', page.read_text("utf-8"))
    if found is None:
        raise SystemExit(f"{page} has no calculator: there is nothing to measure.")
    return found[1]


def plain_wheel() -> bytes:
    """Return the package as `pip wheel` would pack it: source, compressed, without the site."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(bundle.wheel())) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return out.getvalue()


def stock(ours: Path, target: Path) -> None:
    """Make the same blog with Pyodide as its makers publish it, and without a service worker."""
    shutil.copytree(ours, target)
    files = target / "assets" / "hwcalc"
    (worker,) = files.glob("worker.*.mjs")
    worker.write_text(filled("stock.mjs"), encoding="utf-8")
    (files / WHEEL).write_bytes(plain_wheel())
    _pyodide(files / "pyodide")
    (target / "offline.js").unlink()
    named = re.compile(r'(<meta name="hwcalc-offline" content=")[^"]*')
    for page in target.rglob("*.html"):
        page.write_text(named.sub(r"\1", page.read_text("utf-8")), encoding="utf-8")


def pyscript(target: Path, calculator: str, address: str) -> None:
    """Make a page that asks the calculator through PyScript, on the main thread as by default."""
    del address  # its page finds its parts by itself
    target.mkdir()
    text = filled("pyscript.html", CALCULATOR=calculator)
    (target / "index.html").write_text(text, encoding="utf-8")
    (target / WHEEL).write_bytes(plain_wheel())
    shutil.copytree(_peer_parts() / "@pyscript" / "core" / "dist", target / "core")
    _pyodide(target / "pyodide")


def versions() -> str:
    """Return the versions of what is compared."""
    pyodide = json.loads((npm_parts() / "pyodide" / "package.json").read_text())["version"]
    wanted = json.loads((PEERS / "package.json").read_text())["devDependencies"]
    return "; ".join([f"pyodide {pyodide}", *(f"{name} {v}" for name, v in wanted.items())])


def _pyodide(target: Path) -> None:
    target.mkdir()
    for name in PYODIDE:
        shutil.copy(npm_parts() / "pyodide" / name, target)


def filled(name: str, **words: str) -> str:
    """Return a peer's source with the names it asks for filled in."""
    text = (PEERS / name).read_text(encoding="utf-8")
    for word, value in {"WHEEL": WHEEL, **words}.items():
        text = text.replace(word, value)
    return text


def _peer_parts() -> Path:
    """Return the peers' node_modules, fetched when the lock file changed."""
    lock = (PEERS / "package-lock.json").read_bytes()
    modules, stamp = CACHE / "npm" / "node_modules", CACHE / "npm" / "package-lock.json"
    if modules.is_dir() and stamp.read_bytes() == lock:
        return modules
    print("Fetching what is compared with …", file=sys.stderr)
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        aside = Path(name) / "npm"
        shutil.copytree(PEERS, aside)
        run_npm("ci", cwd=aside)
        shutil.rmtree(CACHE / "npm", ignore_errors=True)
        aside.rename(CACHE / "npm")
    return modules
