"""The MkDocs plugin, run as authors run it: `mkdocs build`, `mkdocs serve`, and their mistakes.

A project is a copy of the package with calculators of its own, so that tests may edit everything.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hwcalc.web.parts import npm_parts

ROOT = Path(__file__).parents[2]
CONFIG = """
site_name: A workshop
theme: {name: mkdocs}
plugins: [hwcalc]
markdown_extensions:
  - pymdownx.superfences:
      custom_fences:
        - name: calculator
          class: calculator
          format: !!python/name:hwcalc.web.fence.render
          validator: !!python/name:hwcalc.web.fence.validate
  - hwcalc.web.fence
"""
MODEL = '"""A model."""\n\n\ndef scaled(value: float) -> float:\n    return 3 * value\n'
CALCULATOR = '''"""How much is a multiple?"""
from typing import Annotated
from hwcalc.calculator import Quantity, Results, Slider
from hwcalc.scaling_model import scaled

def calculate(amount: Annotated[float, Slider(0, 10, start=7, label="Amount")]) -> Results:
    return [Quantity("multiple", "Multiple", scaled(amount))]
'''
ARTICLE = """---
title: Multiples
---

It is {{ scaling.multiple }}.

```calculator scaling
```
"""
# Two cores may be shared by browsers and other tests.
LIMIT_S = 120.0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A blog of one article with one calculator of one model."""
    unneeded = shutil.ignore_patterns("__pycache__", "node_modules", ".npm-*")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=unneeded)
    assets = Path("src/hwcalc/web/assets")
    (tmp_path / assets / "node_modules").symlink_to(npm_parts())
    (tmp_path / ".cache" / "hwcalc").mkdir(parents=True)
    for library in (ROOT / ".cache" / "hwcalc").glob("python_stdlib-*"):
        shutil.copy(library, tmp_path / ".cache" / "hwcalc")
    for path, text in {
        "mkdocs.yml": CONFIG,
        "docs/index.md": ARTICLE,
        "calculators/scaling.py": CALCULATOR,
        "src/hwcalc/scaling_model.py": MODEL,
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def environment(project: Path) -> dict[str, str]:
    """The project's package comes before the installed one."""
    return {**os.environ, "PYTHONPATH": str(project / "src"), "NO_MKDOCS_2_WARNING": "1",
            "PYTHONUNBUFFERED": "1"}  # fmt: skip


def mkdocs_build(project: Path) -> subprocess.CompletedProcess[str]:
    """Run `mkdocs build --strict` and return what it printed."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    return subprocess.run(
        command, cwd=project, env=environment(project), capture_output=True, text=True
    )


def test_a_build_publishes_pages_and_the_browsers_files(project: Path) -> None:
    """Pages at any depth refer to script and style by relative addresses that exist."""
    (project / "docs" / "deep").mkdir()
    shutil.copy(project / "docs" / "index.md", project / "docs" / "deep" / "er.md")
    done = mkdocs_build(project)
    assert done.returncode == 0, done.stderr
    for page in (project / "site" / "index.html", project / "site" / "deep" / "er" / "index.html"):
        html = page.read_text(encoding="utf-8")
        assert re.search(r"It is <output [^>]*>21</output>", html)
        (script,) = re.findall(r'<script src="([^"]*assets/hwcalc/[^"]+)" type="module"', html)
        (style,) = re.findall(r'<link href="([^"]*assets/hwcalc/[^"]+\.css)" rel="styles', html)
        for address in (script, style):
            assert not address.startswith(("/", "http"))
            assert (page.parent / address).is_file(), address
    published = project / "site" / "assets" / "hwcalc"
    assert not (published / "manifest.json").exists()
    assert list(published.glob("pyodide-*/pyodide.asm.wasm"))


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        (
            "docs/index.md",
            ARTICLE.replace("calculator scaling", "calculator scalling"),
            "{docs}/index.md:7: there is no calculator 'scalling'; there is scaling; calculators "
            "are files in calculators/",
        ),
        (
            "docs/index.md",
            ARTICLE.replace("```calculator scaling", "```calculator scaling\namount = 11"),
            "{docs}/index.md:8: Amount: 11 is not in the range 0 to 10.",
        ),
        (
            "src/hwcalc/scaling_model.py",
            MODEL.replace("3 * value", "3 / 0"),
            "{docs}/index.md:7: calculator scaling failed: ZeroDivisionError: division by zero "
            "({project}/calculators/scaling.py:7)",
        ),
        (
            "calculators/scaling.py",
            CALCULATOR.replace("Quantity,", "Quality,"),
            "{docs}/index.md:7: calculator scaling does not load: ImportError: cannot import name "
            "'Quality'",
        ),
        (
            "src/hwcalc/web/assets/package-lock.json",
            "no JSON",
            "npm-cli.js ci` failed with code 1:\n",
        ),
    ],
    ids=["calculator", "value", "model", "import", "npm"],
)
def test_a_mistake_ends_the_build_with_its_message_alone(
    path: str, text: str, message: str, project: Path
) -> None:
    """The author reads file, line and fix, and no traceback; scripts see that the build failed."""
    if path.endswith(".json"):
        (project / "src/hwcalc/web/assets/node_modules").unlink()
    (project / path).write_text(text, encoding="utf-8")
    done = mkdocs_build(project)
    assert done.returncode != 0
    printed = done.stderr + done.stdout
    assert message.format(docs=project / "docs", project=project) in printed
    assert "Traceback" not in printed


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(project: Path) -> Iterator[tuple[str, Callable[[], str]]]:
    """The address of `mkdocs serve`, and what it has printed so far."""
    address = f"127.0.0.1:{free_port()}"
    log = project / "log"
    command = [sys.executable, "-m", "mkdocs", "serve", "--dev-addr", address]
    with log.open("w") as out:
        running = subprocess.Popen(
            command, cwd=project, env=environment(project), stdout=out, stderr=out
        )
    try:
        yield f"http://{address}/", lambda: log.read_text(encoding="utf-8")
    finally:
        running.terminate()
        running.wait(10)


def test_every_edit_shows_without_a_restart(project: Path) -> None:
    """While `mkdocs serve` runs, an author edits article, calculator, model, style and template."""
    with served(project) as (address, printed):

        def shows(pattern: str) -> str:
            """The page, once it has what is looked for."""
            end = time.monotonic() + LIMIT_S
            html = ""
            while time.monotonic() < end:
                try:
                    with urllib.request.urlopen(address, timeout=LIMIT_S) as answer:
                        html = answer.read().decode()
                except (urllib.error.URLError, ConnectionError):
                    html = "no answer"
                if re.search(pattern, html):
                    return html
                time.sleep(0.1)
            raise AssertionError(f"{pattern!r} never appeared:\n{html[-500:]}\n{printed()}")

        def edit(path: str, old: str, new: str) -> None:
            before = (project / path).read_text(encoding="utf-8")
            assert old in before
            (project / path).write_text(before.replace(old, new), encoding="utf-8")

        first = shows(r"It is <output [^>]*>21<")
        edit("docs/index.md", "It is", "It was")
        shows(r"It was <output [^>]*>21<")
        edit("src/hwcalc/scaling_model.py", "3 * value", "4 * value")
        shows(r"It was <output [^>]*>28<")
        edit("calculators/scaling.py", "How much is", "How big is")
        shows("How big is a multiple")
        edit("src/hwcalc/web/templates/calculator.html.j2", ">Reset<", ">Start again<")
        shows(">Start again<")
        edit("src/hwcalc/web/assets/calculator.css", ".hwcalc", "/* mine */ .hwcalc")
        style = r"assets/hwcalc/(calculator\.\w+\.css)"
        old_style = re.findall(style, first)[0]
        shows(rf"assets/hwcalc/(?!{re.escape(old_style)})calculator\.\w+\.css")
        # A mistake is told and the server lives on.
        edit("docs/index.md", "{{ scaling.multiple }}", "{{ scaling.multiples }}")
        end = time.monotonic() + LIMIT_S
        message = f"{project / 'docs' / 'index.md'}:5: calculator scaling has no result 'multiples'"
        while message not in printed() and time.monotonic() < end:
            time.sleep(0.1)
        assert message in printed()
        edit("docs/index.md", "It was {{ scaling.multiples }}", "Again {{ scaling.multiple }}")
        shows(r"Again <output [^>]*>28<")
        assert "Traceback" not in printed()
