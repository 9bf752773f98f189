"""What is tested: the blog as built, its articles and calculators, and a workshop of failures.

Tests run in several processes. Whoever needs a site first builds it, the others wait.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORKSHOP = Path(__file__).parent / "workshop"
FENCE = re.compile(r"^```calculator (\w+)", re.MULTILINE)
BUILD_LIMIT_S = 600.0
# Built for this address; the servers of the tests put their own in its place.
PUBLISHED = "https://hwcalc.test/repo/"


def articles() -> dict[str, list[str]]:
    """Return the calculators of every article that has any, and of the first page, by address."""
    found = {}
    for path in sorted((ROOT / "docs" / "posts").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        slug = re.search(r"^slug: *(\S+)$", text, re.MULTILINE)
        calculators = FENCE.findall(text)
        if slug is None:
            raise ValueError(f"{path}: an article names its slug, so that its address stays")
        if calculators:
            found[f"posts/{slug[1]}/"] = calculators
    return found | {"": FENCE.findall((ROOT / "docs" / "index.md").read_text(encoding="utf-8"))}


def build_blog(target: Path) -> None:
    """Build the blog as it is published."""
    _mkdocs(ROOT, target, {"HWCALC_SITE_URL": PUBLISHED})


def build_workshop(target: Path) -> None:
    """Build the workshop with the package as it is and calculators of its own."""
    project = target.with_name(f"{target.name}.project")
    shutil.copytree(WORKSHOP, project)
    unneeded = shutil.ignore_patterns("__pycache__", "node_modules", ".npm-*")
    shutil.copytree(ROOT / "src", project / "src", ignore=unneeded)
    assets = Path("src/hwcalc/web/assets")
    # The site's own build has fetched them: builds at the same time share them.
    (project / assets / "node_modules").symlink_to(ROOT / assets / "node_modules")
    styles = project / "docs" / "assets"
    styles.mkdir()
    shutil.copy(ROOT / "src/hwcalc/web/theme/assets/site.css", styles)
    (project / ".cache" / "hwcalc").mkdir(parents=True)
    for library in (ROOT / ".cache" / "hwcalc").glob("python_stdlib-*"):
        shutil.copy(library, project / ".cache" / "hwcalc")
    _mkdocs(project, target, {"PYTHONPATH": str(project / "src")})


def built_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """Return the folder, built by the first process that asks.

    Raises:
        RuntimeError: if the build failed, here or in the process that tried.
    """
    claim, failure = folder.with_suffix(".claim"), folder.with_suffix(".failure")
    try:
        claim.mkdir()
    except FileExistsError:
        _wait_for(folder, failure)
        return folder
    aside = folder.with_suffix(".part")
    try:
        build(aside)
    except Exception as error:
        failure.write_text(str(error), encoding="utf-8")
        raise
    aside.rename(folder)
    return folder


def _wait_for(folder: Path, failure: Path) -> None:
    end = time.monotonic() + BUILD_LIMIT_S
    while not folder.exists():
        if failure.exists():
            raise RuntimeError(f"Another process could not build this:\n{failure.read_text()}")
        if time.monotonic() > end:
            raise RuntimeError(f"{folder} was not built within {BUILD_LIMIT_S:g} s")
        time.sleep(0.2)


def _mkdocs(project: Path, target: Path, extra: dict[str, str]) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(target)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", **extra}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"mkdocs build in {project} failed:\n{done.stderr}{done.stdout}")
