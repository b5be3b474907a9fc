"""scripts/run_experiment.py as an outsider runs it, on a tiny made world."""

import pytest

from geocore.evaluation.store import load_results
from scripts import run_experiment
from tests.evaluation.test_folded import made_report

PLAN = """
experiment = "C"
grid = { t_min = 3000, t_max = 30000 }
backbone = { name = "EfficientNet-Lite0", size_px = 64 }
augmentation = { n_views = 0 }
classifier = { hidden_units = 8 }
training = { epochs = 1 }
rows = [{ setting = "few", grid = { t_min = 80000, t_max = 350000 } }]
"""


@pytest.fixture
def run(capsys, tmp_path, tiny_photo_folder):
    """Runs the command with a small plan; returns exit code, output and errors."""
    (tmp_path / "plan.toml").write_text(PLAN, "utf-8")

    def run(*arguments, config=tmp_path / "plan.toml", photos=tiny_photo_folder):
        paths = {"photos": photos, "config": config, "out": tmp_path, "cache": tmp_path / "cache"}
        options = [str(x) for name, path in paths.items() for x in (f"--{name}", path)]
        code = run_experiment.main([*arguments, *options])
        return code, *capsys.readouterr()

    return run


def test_an_experiment_is_run_stored_and_shown(run, tmp_path):
    code, out, _ = run("C", "--repeats", "1")
    assert code == 0
    assert "Thesis: classes" in out and f"Stored in {tmp_path}" in out
    assert load_results("C", tmp_path)["setting"].unique().tolist() == ["few"]
    assert "already in the store" in run("C", "--repeats", "1")[1]


def test_a_plan_of_another_experiment_is_refused(run):
    code, _, err = run("A")
    assert code == 1
    assert "describes experiment C, not A. Name the other one, or leave out --config." in err


def test_a_missing_photo_set_is_one_sentence(run, tmp_path):
    code, _, err = run("C", photos=tmp_path / "absent")
    assert code == 1
    assert err.startswith("Error: ") and "absent" in err and "Traceback" not in err


def test_the_heads_are_cross_validated_and_told(run, tmp_path, monkeypatch):
    asked = []

    def repeat_folds(config, photos, cache, store, *, n_repeats):
        asked.append((config.heads.default, store, n_repeats))
        return made_report()

    monkeypatch.setattr("geocore.experiments.results.repeat_folds", repeat_folds)
    config = run_experiment.CONFIGS / "experiment_street.toml"
    code, out, _ = run("street", "--repeats", "2", config=config)
    assert code == 0 and asked == [("MC", tmp_path, 2)]
    assert "**Does the hierarchy help?**" in out and f"Stored in {tmp_path}" in out


def test_an_unknown_experiment_is_refused(run):
    with pytest.raises(SystemExit):
        run("E")
