"""The npm parts of the site, installed beside their lock file when first needed."""

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

from hwcalc.web.node import run_npm

ASSETS = Path(__file__).parent / "assets"
_FILES = ("package.json", "package-lock.json", ".npmrc")


def npm_parts(folder: Path | None = None) -> Path:
    """Return the folder `node_modules`, made by `npm ci` when missing or older than the lock file.

    Args:
        folder: where the lock file is, by default with the page's own scripts.

    Raises:
        hwcalc.web.node.NodeError: if Node is missing or npm cannot fetch a part.
    """
    folder = folder or ASSETS
    modules = folder / "node_modules"
    stamp = modules / ".hwcalc-lock"
    lock = hashlib.sha256(b"".join((folder / name).read_bytes() for name in _FILES)).hexdigest()
    if stamp.is_file() and stamp.read_text() == lock:
        return modules
    print("Fetching npm parts (once per change of the lock file) …", file=sys.stderr)
    # Installed aside and moved in one step: builds that run at the same time, as tests do, and an
    # interrupted download never leave half a folder behind.
    with tempfile.TemporaryDirectory(prefix=".npm-", dir=folder) as name:
        aside = Path(name)
        for file in _FILES:
            shutil.copy(folder / file, aside)
        run_npm("ci", cwd=aside)
        (aside / "node_modules" / stamp.name).write_text(lock)
        if not (stamp.is_file() and stamp.read_text() == lock):
            if modules.exists():
                modules.rename(aside / "old")
            (aside / "node_modules").rename(modules)
    return modules
