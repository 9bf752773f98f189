"""marimo's page with the same first answer: exported, and pointed at a Pyodide of our own server.

marimo asks a CDN and its own servers for Python and packages. Here these are fetched from the
package registries and served beside the page, which spares it the wait for strangers' servers.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

from hwcalc.web.node import run_npm
from tests.bench.sites import CACHE, PEERS, PYODIDE, WHEEL, filled, plain_wheel

Command = list[str | Path]

VERSION = "0.25.2"
PACKAGES = (
    f"marimo-base=={VERSION}", "micropip", "markdown", "pymdown-extensions", "narwhals",
    "packaging", "docutils", "pygments", "jedi", "parso", "pyodide-http", "itsdangerous",
    "tomlkit", "python-multipart", "typing-extensions",
)  # fmt: skip
# Not pure Python; the registry has it for WebAssembly.
COMPILED = "msgspec"
ABI = ("--only-binary", ":all:", "--python-version", "3.14", "--implementation", "cp", "--abi",
       "cp314", "--platform", "pyemscripten_2026_0_wasm32")  # fmt: skip
# What the exported page asks other servers for, and what it asks ours for instead.
ELSEWHERE = {
    r"https://cdn\.jsdelivr\.net/pyodide/[^/`]+/full/": "",
    r"https://wasm\.marimo\.app/pyodide-lock\.json\?": "marimo-lock.json?",
}


def make(target: Path, calculator: str, address: str) -> None:
    """Make the page; `address` is where its folder will be served.

    Raises:
        subprocess.CalledProcessError: if a registry lacks a part.
    """
    root = CACHE / "marimo"
    python = root / "venv" / "bin" / "python"
    if not (root / "wheels").is_dir():
        shutil.rmtree(root, ignore_errors=True)
        _install(root, python)
    notebook = target.with_suffix(".py")
    notebook.write_text(filled("marimo.txt", CALCULATOR=calculator), encoding="utf-8")
    export: Command = [python, "-m", "marimo", "export", "html-wasm", notebook, "-o", target,
              "--mode", "run", "--no-sandbox", "-f"]  # fmt: skip
    # The export looks for uv by name.
    path = os.pathsep.join([str(python.parent), os.environ.get("PATH", "")])
    subprocess.run(
        export,
        check=True,
        stdout=sys.stderr,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PATH": path},
    )
    runtime = target / "pyodide"
    shutil.copytree(root / "wheels", runtime)
    (runtime / WHEEL).write_bytes(plain_wheel())
    for name in PYODIDE:
        shutil.copy(root / "node_modules" / "pyodide" / name, runtime)
    (runtime / "marimo-lock.json").write_text(json.dumps(_lock(runtime)), encoding="utf-8")
    for script in (target / "assets").glob("*.js"):
        text = script.read_text(encoding="utf-8")
        changed = text
        for pattern, name in ELSEWHERE.items():
            changed = re.sub(pattern, f"{address}pyodide/{name}", changed)
        if changed != text:
            script.write_text(changed, encoding="utf-8")


def _install(root: Path, python: Path) -> None:
    venv.create(python.parents[1], with_pip=True)
    pip: Command = [python, "-m", "pip"]
    _run([*pip, "install", "--quiet", f"marimo=={VERSION}", "uv"])
    wheels = root / "making"
    download: Command = [*pip, "download", "--quiet", "--no-deps", "-d", wheels]
    _run([*download, *PACKAGES])
    _run([*download, *ABI, COMPILED])
    (yaml,) = root.glob("venv/lib/python*/site-packages/yaml")
    # The registry has no WebAssembly build of it; its Python part alone serves marimo.
    with zipfile.ZipFile(wheels / "PyYAML-6.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as made:
        for path in sorted(yaml.glob("*.py")):
            made.write(path, f"yaml/{path.name}")
        about = "PyYAML-6.0.dist-info"
        made.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: PyYAML\nVersion: 6.0\n")
        made.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
    # The Pyodide that this marimo was made for.
    (root / "package.json").write_text('{"private": true, "dependencies": {"pyodide": "314.0.0"}}')
    shutil.copy(PEERS / ".npmrc", root)
    run_npm("install", cwd=root)
    wheels.rename(root / "wheels")


def _run(command: Command) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)


def _lock(folder: Path) -> dict[str, object]:
    """Return the list of packages in the form Pyodide reads."""
    info = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))["info"]
    packages: dict[str, dict[str, object]] = {}
    for wheel in sorted(folder.glob("*.whl")):
        name, version = wheel.name.split("-")[:2]
        key = name.lower().replace("_", "-")
        with zipfile.ZipFile(wheel) as archive:
            tops = {path.split("/")[0].removesuffix(".py") for path in archive.namelist()}
        packages[key] = {
            "name": key,
            "version": version,
            "file_name": wheel.name,
            "install_dir": "site",
            "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
            "package_type": "package",
            "imports": sorted(top for top in tops if top.isidentifier()),
            "depends": [],
            "unvendored_tests": False,
        }
    # marimo names some of what it imports; the rest comes with it.
    others = sorted(packages.keys() - {"marimo-base", "hwcalc"})
    packages["marimo-base"]["depends"] = others
    return {"info": info, "packages": packages}
