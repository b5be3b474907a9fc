"""scripts/audit.py: the list is written; what could not be looked up is no clean bill."""

import json
import subprocess

import pytest

from scripts import audit

GOOD = {"name": "good", "vulns": []}
WEAK = {"name": "numpy", "vulns": [{"id": "PYSEC-1"}]}
UNKNOWN = {"name": "own", "skip_reason": "Dependency not found"}


def said(*packages):
    return json.dumps({"dependencies": packages})


@pytest.mark.parametrize(
    ("stdout", "expected", "words"),
    [
        (said(GOOD), 0, "looked up 1 of 1 packages.\nKnown weaknesses among those looked up: none"),
        (said(GOOD, WEAK), 1, "among those looked up: numpy PYSEC-1."),
        (said(WEAK, UNKNOWN), 1, "looked up 1 of 2 packages."),
        (said(UNKNOWN, UNKNOWN), 3, "looked up 0 of 2 packages."),
        ("", 3, "not asked, the index cannot be reached from here"),
    ],
)
def test_what_the_index_says(stdout, expected, words, monkeypatch, tmp_path, capsys):
    def run(arguments):
        is_list = arguments[1] == "cyclonedx_py"
        return subprocess.CompletedProcess(arguments, 0, "" if is_list else stdout, "")

    monkeypatch.setattr(audit, "_run", run)
    assert audit.main(["--out", str(tmp_path / "sbom.json")]) == expected
    assert words in capsys.readouterr().out


def test_the_list_is_one_of_what_is_installed(monkeypatch, tmp_path):
    real = audit._run
    offline = subprocess.CompletedProcess([], 1, "", "no network")
    monkeypatch.setattr(audit, "_run", lambda x: real(x) if x[1] == "cyclonedx_py" else offline)
    assert audit.main(["--out", str(tmp_path / "sbom.json")]) == 3
    listed = json.loads((tmp_path / "sbom.json").read_text("utf-8"))
    assert listed["bomFormat"] == "CycloneDX"
    assert {"numpy", "streamlit"} <= {part["name"] for part in listed["components"]}


def test_a_list_that_cannot_be_written(monkeypatch, capsys):
    failed = subprocess.CompletedProcess([], 1, "", "no room")
    monkeypatch.setattr(audit, "_run", lambda _: failed)
    assert audit.main([]) == 2
    assert "could not be written" in capsys.readouterr().err
