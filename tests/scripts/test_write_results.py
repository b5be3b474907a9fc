"""scripts/write_results.py as an outsider runs it, and the README that came of it."""

from pathlib import Path

import pytest

from geocore.evaluation.store import RESULTS, append_run
from scripts import write_results
from tests.evaluation.test_store import run

README = Path(__file__).parents[2] / "README.md"
EMPTY = "# x\n<!-- results:start -->\n<!-- results:end -->\n<!-- experiments:start -->\n"
EMPTY += "<!-- experiments:end -->\n<!-- search:start -->\n<!-- search:end -->\n"


def test_the_readme_says_what_is_stored():
    """Fails when a number was typed, or when results were stored and not written."""
    text = README.read_text("utf-8")
    assert write_results.written(text, RESULTS) == text


def test_sections_are_filled_and_stay(capsys, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(EMPTY, "utf-8")
    append_run(run(), tmp_path / "results")
    arguments = ["--readme", str(readme), "--results", str(tmp_path / "results")]
    assert write_results.main(arguments) == 0
    text = readme.read_text("utf-8")
    assert "### B. How many training photos" in text and "| 1/4 | 210 |" in text
    assert write_results.main(arguments) == 0
    assert readme.read_text("utf-8") == text
    assert "Results written into" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "file", "message"),
    [
        ("no markers", None, "must hold <!-- results:start -->"),
        (EMPTY, "experiment_a.parquet", "experiment_a.parquet: not a readable Parquet file"),
        (EMPTY, "street_folds.json", "street_folds.json: not a report of experiment street"),
    ],
)
def test_what_cannot_be_written_is_said(capsys, tmp_path, text, file, message):
    readme = tmp_path / "README.md"
    readme.write_text(text, "utf-8")
    if file is not None:
        (tmp_path / file).write_text("nothing of use")
    assert write_results.main(["--readme", str(readme), "--results", str(tmp_path)]) == 1
    assert message in capsys.readouterr().err
    assert readme.read_text("utf-8") == text


def test_a_readme_that_is_not_there(capsys, tmp_path):
    assert write_results.main(["--readme", str(tmp_path / "absent.md")]) == 1
    assert "absent.md" in capsys.readouterr().err
