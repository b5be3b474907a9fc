"""scripts/export_case.py: files written whole, noted in the log, errors in a sentence."""

import sys
from types import SimpleNamespace

import pytest

from geocore.analysis.canonical import sha256_hex
from geocore.analysis.case_file import open_case
from scripts import export_case
from tests.analysis.exporting.small_case import entries
from tests.inference.calibrated_bundle import calibrated_bundle


@pytest.fixture
def case_path(tmp_path):
    path = tmp_path / "flood.case"
    with open_case(path, create=True) as case:
        case.append_many(entries(), analyst="Ada")
    return path


def run(case_path, *arguments) -> int:
    bundle = str(calibrated_bundle().folder)
    return export_case.main([str(case_path), *map(str, arguments), "--bundle", bundle])


def test_files_are_written_and_noted_in_the_log(case_path, tmp_path):
    files = [tmp_path / "table.csv", tmp_path / "map.geojson"]
    assert run(case_path, *files, "--analyst", "Ada") == 0
    with open_case(case_path, read_only=True) as case:
        noted = case.entries(kinds=["export"])
        assert case.verify().ok
    assert [x.body["sha256"] for x in noted] == [sha256_hex(x.read_bytes()) for x in files]
    assert noted[0].body["head_hash"] == noted[1].body["head_hash"] == noted[0].previous_hash
    assert {x.analyst for x in noted} == {"Ada"}


def test_an_event_is_exported_alone(case_path, tmp_path):
    assert run(case_path, tmp_path / "event.csv", "--event", "e1") == 0
    assert (tmp_path / "event.csv").read_text("utf-8").count("\nphoto,") == 2


def test_photos_are_looked_for_where_asked(case_path, tmp_path, monkeypatch):
    asked = []
    stand_in = SimpleNamespace(photo_source=lambda case, folders: asked.append(folders) or str)
    monkeypatch.setitem(sys.modules, "geocore.casework.replay", stand_in)  # without TensorFlow
    assert run(case_path, tmp_path / "table.csv", "--photos", tmp_path) == 0
    assert asked == [[tmp_path]]


def test_what_cannot_be_done_is_a_sentence(case_path, tmp_path, capsys):
    assert run(case_path, tmp_path / "report.doc") == 2
    assert run(case_path, tmp_path / "none" / "table.csv") == 2
    assert run(tmp_path / "no.case", tmp_path / "table.csv") == 2
    assert run(case_path, tmp_path / "table.csv", "--event", "e9") == 2
    lines = capsys.readouterr().err.splitlines()
    assert "must end in one of .html" in lines[0]
    assert "the export must be written here" in lines[1]
    assert "there is no such case file" in lines[2]
    assert "no event 'e9'" in lines[3]
    with open_case(case_path, read_only=True) as case:
        assert case.entries(kinds=["export"]) == []
