"""Plans: what a row may change, and what is refused."""

from pathlib import Path

import pytest

from geocore.errors import ConfigError
from geocore.evaluation.thesis import thesis_results
from geocore.experiments.plan import load_plan, plan_from_dict

CONFIGS = Path(__file__).parents[2] / "configs"
TABLES = {
    "experiment": "C",
    "validation_share": 0.2,
    "grid": {"t_min": 3000, "t_max": 30000},
    "training": {"learning_rate": 0.01, "epochs": 2},
    "rows": [
        {"setting": "few", "grid": {"t_max": 90000}},
        {"setting": "few", "head": "HMC", "training": {"epochs": 5}, "divisor": 4},
    ],
}


def changed(**tables):
    return TABLES | tables


def test_a_row_changes_what_it_names_and_keeps_the_rest():
    first, second = plan_from_dict(TABLES).rows
    assert (first.config.grid.t_min, first.config.grid.t_max) == (3000, 90000)
    assert (second.config.grid.t_max, second.config.training.epochs) == (30000, 5)
    assert second.config.training.learning_rate == first.config.training.learning_rate == 0.01
    assert (first.head, first.divisor, second.head, second.divisor) == ("MC", 1, "HMC", 4)
    assert second.config.heads.names == ("HMC",) and second.config.validation_share == 0.2


@pytest.mark.parametrize("name", "ABCD")
def test_the_shipped_plans_have_a_row_for_every_row_of_the_thesis(name):
    plan = load_plan(CONFIGS / f"experiment_{name.lower()}.toml")
    assert plan.experiment == name
    printed = thesis_results().query("experiment == @name")[["setting", "head"]]
    rows = {(row.setting, row.head) for row in plan.rows}
    assert set(printed.itertuples(index=False, name=None)) <= rows


def test_the_thesis_settings_of_table_6_7():
    rows = load_plan(CONFIGS / "experiment_d.toml").rows
    settings = {
        row.head: (row.config.training.learning_rate, row.config.training.epochs)
        for row in rows
        if row.setting == "table 6.7"
    }
    assert settings == {
        "MC": (1e-4, 4), "HMC": (1e-2, 5), "HMC-sol": (1e-4, 10), "HMC-smooth": (1e-6, 4),
    }  # fmt: skip
    assert {row.config.heads.mode for row in rows if row.setting == "table 6.7"} == {"literal"}
    assert {row.head for row in rows if row.setting == "ours"} == {*settings, "HMC-tree"}


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        (changed(experiment="Z"), "Unknown experiment 'Z'. Known experiments: A, B, C"),
        (changed(rows={}), r"\[\[rows\]\] must hold one table per row"),
        (changed(rows=[]), "needs rows that differ in setting or head, received none"),
        (changed(rows=[{"setting": "a"}] * 2), "received a with MC, a with MC"),
        (changed(rows=[{"head": "MC"}]), "row 1 must have a setting, received None"),
        (changed(rows=[{"setting": "a", "divisor": 0.5}]), "divisor must be int, received 0.5"),
        (changed(rows=[{"setting": "a", "divisor": 0}]), "divisor must be at least 1, received 0"),
        (changed(rows=[{"setting": "a", "grid": {"tmax": 1}}]), "row 1: grid: unknown key 'tmax'"),
        (changed(rows=[{"setting": "a", "head": "HCM"}]), "row 1: heads: Unknown head 'HCM'"),
        (changed(trainings={}), "unknown key 'trainings'"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said(tables, message):
    with pytest.raises(ConfigError, match=message):
        plan_from_dict(tables)


def test_a_file_that_is_no_plan(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.toml: not a readable TOML file"):
        load_plan(tmp_path / "absent.toml")
    (tmp_path / "bad.toml").write_text("a = = 1")
    with pytest.raises(ConfigError, match=r"bad\.toml: not a readable TOML file"):
        load_plan(tmp_path / "bad.toml")
