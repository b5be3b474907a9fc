"""Configurations to train from: what they say, and the same with small changes."""

import tomllib

import pytest

from geocore.errors import ConfigError
from geocore.jobs.recipes import DEFAULT_HEAD, EPOCHS, HEADS, changed_recipe, load_recipes

HEADER = """# All heads on made photos:
# a first try.
# Thesis:   experiment D,
#           roughly.
# Command:  python scripts/train.py --config configs/made.toml --photos DIR --out BUNDLE
# Time:     a minute.

# not the header any more
"""
TABLES = """
split_seed = 7
photo_sets = [{ folder = "a" }]
[grid]
t_min = 5
t_max = 70
level_end = 12
"""


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "made.toml").write_text(HEADER + TABLES)
    return load_recipes(tmp_path)[0]


def test_a_recipe_says_what_it_is(recipe):
    assert recipe.name == "made"
    assert recipe.summary == "All heads on made photos: a first try."
    assert recipe.notes["Thesis"] == "experiment D, roughly."
    assert recipe.notes["Time"] == "a minute."
    assert (recipe.t_min, recipe.t_max, recipe.photo_sets) == (5, 70, [{"folder": "a"}])


def test_what_a_recipe_leaves_out_is_as_in_training(recipe):
    from geocore.config import HeadsConfig
    from geocore.training import TrainingConfig

    assert recipe.heads == HEADS == HeadsConfig().names
    assert HeadsConfig().default == DEFAULT_HEAD
    assert recipe.epochs == EPOCHS == TrainingConfig().epochs


def test_every_shipped_recipe_is_a_configuration_that_can_be_changed(tmp_path):
    from geocore.config import load_config

    recipes = load_recipes()
    assert "street_world" in {recipe.name for recipe in recipes}
    assert not any(recipe.name.startswith("experiment") for recipe in recipes)
    for recipe in recipes:
        assert recipe.summary and recipe.notes["Time"]
        sets = [{"folder": "."}]
        text = changed_recipe(recipe, heads=["MC"], epochs=3, t_min=2, t_max=9, photo_sets=sets)
        (tmp_path / "config.toml").write_text(text)
        config = load_config(tmp_path / "config.toml")
        assert (config.heads.names, config.heads.default) == (("MC",), "MC")
        assert (config.training.epochs, config.grid.t_min, config.grid.t_max) == (3, 2, 9)
        assert [entry.folder for entry in config.photo_sets] == ["."]


def test_only_what_was_changed_is_changed(recipe):
    changes = {"heads": ["HMC-tree", "MC"], "epochs": 2, "t_min": 1, "t_max": 1}
    text = changed_recipe(recipe, **changes, photo_sets=[{"folder": "b", "group": "X"}])
    assert text.startswith("# All heads on made photos: a first try.\n# Changed from configs/made")
    assert tomllib.loads(text) == {
        "split_seed": 7,
        "photo_sets": [{"folder": "b", "group": "X"}],
        "grid": {"t_min": 1, "t_max": 1, "level_end": 12},
        "heads": {"names": ["HMC-tree", "MC"], "default": "HMC-tree"},
        "training": {"epochs": 2},
    }
    assert recipe.photo_sets == [{"folder": "a"}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"heads": []}, "At least one head must be trained, received none."),
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"t_min": 10, "t_max": 9}, "t_min between 1 and t_max, received 1, 10, 9"),
    ],
)
def test_impossible_changes_are_refused(recipe, changes, words):
    known = {"heads": ["MC"], "epochs": 1, "t_min": 1, "t_max": 2, "photo_sets": []}
    with pytest.raises(ValueError, match=words):
        changed_recipe(recipe, **known | changes)


def test_a_configuration_that_nothing_is_trained_from_is_left_out(tmp_path):
    (tmp_path / "folds.toml").write_text(
        "# X.\n# Command: scripts/run_experiment.py street\n" + TABLES
    )
    (tmp_path / "bare.toml").write_text(TABLES)
    with pytest.raises(ConfigError, match=r"a configuration whose header names the command script"):
        load_recipes(tmp_path)
    (tmp_path / "made.toml").write_text(HEADER + TABLES)
    assert [recipe.name for recipe in load_recipes(tmp_path)] == ["made"]


@pytest.mark.parametrize("tables", ["[grid", "", "[grid]\nt_min = 3", "[grid]\nt_max = 'x'"])
def test_a_broken_configuration_is_named(tmp_path, tables):
    (tmp_path / "made.toml").write_text(HEADER + tables)
    with pytest.raises(ConfigError, match=r"made.toml: a configuration for training must be TOML"):
        load_recipes(tmp_path)
