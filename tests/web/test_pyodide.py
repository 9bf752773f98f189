"""The models, their doctests and their tests hold in the Python that readers' browsers run."""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hwcalc.web.node import NodeError, run_node
from hwcalc.web.parts import npm_parts

ROOT = Path(__file__).parents[2]
# pytest and what it stands on; the last but one is compiled, and published for Pyodide.
PACKAGES = [
    "pytest",
    "pluggy",
    "iniconfig",
    "packaging",
    "pygments",
    "hypothesis",
    "sortedcontainers",
]
PLATFORM = (
    "--platform pyemscripten_2026_0_wasm32 --python-version 3.14 --implementation cp --abi cp314"
)
ELSEWHERE = ("src/hwcalc/web", "tests/web", "tests/e2e", "tests/bench", "tests/test_setup.py")


@pytest.fixture
def packages() -> Path:
    """pytest for Pyodide, at the pinned versions, kept until a pin changes."""
    pins = ROOT / "constraints.txt"
    digest = hashlib.sha256(pins.read_bytes() + PLATFORM.encode()).hexdigest()[:12]
    folder = ROOT / ".cache" / f"pyodide-{digest}"
    if not folder.exists():
        aside = folder.with_suffix(".part")
        shutil.rmtree(aside, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(aside)]
        options = [*PLATFORM.split(), "--only-binary", ":all:", "--no-deps", "-c", str(pins)]
        subprocess.run([*command, *options, *PACKAGES], check=True)
        aside.rename(folder)
    return folder


def needs_numpy(test: Path) -> bool:
    """Return whether a file of tests stands on numpy, which no registry has for Pyodide."""
    imported = r"^\s*(import|from) (numpy|tests\.accuracy\.search|tests\.fit_)"
    return bool(re.search(imported, test.read_text(encoding="utf-8"), re.MULTILINE))


def test_models_pass_under_pyodide(packages: Path) -> None:
    """Python 3.14 in WebAssembly, without numpy, agrees with every test and every doctest."""
    vectors = [t.relative_to(ROOT) for t in ROOT.glob("tests/**/*.py") if needs_numpy(t)]
    ignored = [f"--ignore={path}" for path in (*ELSEWHERE, *vectors)]
    try:
        printed = run_node(
            Path(__file__).with_name("pyodide.mjs"),
            *(npm_parts() / "pyodide", ROOT, packages),
            *("-q", "-p", "no:cacheprovider", "-m", "not process", *ignored),
            timeout=600,
        )
    except NodeError as error:
        pytest.fail(str(error), pytrace=False)
    passed = re.search(r"(\d+) passed", printed)
    assert passed is not None, printed
    assert int(passed[1]) > 100, printed
