"""Configuration: what is written is read back; what is misspelt is named."""

import re
from pathlib import Path

import pytest

from geocore.config import config_from_dict, config_to_toml, load_config
from geocore.errors import ConfigError

CONFIGS = sorted((Path(__file__).parents[1] / "configs").glob("*.toml"))
PLANS = [
    path for path in CONFIGS if re.fullmatch("experiment_[a-d]", path.stem)
]  # tests/experiments
GRID = {"t_min": 2, "t_max": 20}


@pytest.mark.parametrize("path", sorted({*CONFIGS} - {*PLANS}), ids=lambda path: path.stem)
def test_every_config_survives_writing_and_reading(path, tmp_path):
    config = load_config(path)
    (tmp_path / "again.toml").write_text(config_to_toml(config), "utf-8")
    assert load_config(tmp_path / "again.toml") == config


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_config_is_headed_by_command_time_and_numbers(path):
    head = [line for line in path.read_text("utf-8").splitlines() if line.startswith("#")]
    for word in ("Thesis", "Command", "Time", "Numbers"):
        assert any(word in line for line in head), word


def test_what_is_usual_is_not_said_so_that_a_run_keeps_its_name():
    text = config_to_toml(config_from_dict({"grid": GRID, "photo_sets": [{"folder": "a"}]}))
    for word in ("evidence", "depths", "mirror", "n_axes", "density_km"):
        assert word not in text
    asked = {"grid": GRID, "backbone": {"mirror": True}, "evidence": {"is_used": True}}
    text = config_to_toml(config_from_dict(asked))
    assert "mirror = true" in text and "is_used = true" in text and "depths" not in text


def test_thesis_values_are_the_defaults():
    config = config_from_dict({"grid": GRID})
    assert (config.backbone.size_px, config.classifier.pooling) == (224, "max")
    assert (config.classifier.hidden_units, config.classifier.dropout) == (1280, 0.5)
    assert (config.training.batch_size, config.training.seed) == (32, 42)
    assert (config.heads.epsilon, config.heads.alpha) == (0.01, 0.9)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"grid": GRID, "gird": {}}, r"config: unknown key 'gird'. Known keys: augmentation"),
        ({"grid": GRID | {"tmin": 1}}, r"config: grid: unknown key 'tmin'"),
        ({}, "grid"),
        ({"grid": GRID, "training": {"epochs": "ten"}}, r"training: epochs must be int, rec"),
        ({"grid": GRID, "training": {"epochs": True}}, r"epochs must be int, received True"),
        ({"grid": GRID, "training": {"epochs": 0}}, "must be at least 1"),
        ({"grid": GRID, "heads": {"names": "MC"}}, "names must be a list, received 'MC'"),
        ({"grid": GRID, "heads": {"names": ["HCM"]}}, "Unknown head 'HCM'"),
        ({"grid": GRID, "heads": {"names": ["MC"]}}, "default head 'HMC-tree' is not among"),
        ({"grid": GRID, "backbone": {"name": "VGG16"}}, "Unknown backbone 'VGG16'"),
        ({"grid": GRID, "backbone": "VGG19"}, "backbone must be a table"),
        ({"grid": GRID, "backbone": {"further": ["VGG16"]}}, "Unknown backbone 'VGG16'"),
        ({"grid": GRID, "backbone": {"depths": ["top", "eighth"]}}, "Unknown depth 'eighth'"),
        ({"grid": GRID, "backbone": {"depths": ["narrow"]}}, "The first depth must be 'top'"),
        (
            {"grid": GRID, "backbone": {"fine_tune": True, "mirror": True}},
            "One backbone and its last feature map can be fine-tuned",
        ),
        ({"grid": GRID, "classifier": {"n_axes": -1}}, "n_axes must not be negative, received -1"),
        ({"grid": GRID, "evidence": {"ridge": 0.0}}, "point_sharpness must be above 0"),
        (
            {"grid": GRID, "photo_sets": [{"folder": "a", "evidence_weight": -1.0}]},
            "evidence_weight and density_km must not be negative",
        ),
        ({"grid": GRID, "augmentation": {"kind": "wild"}}, "Unknown augmentation 'wild'"),
        ({"grid": GRID, "augmentation": {"n_views": -1}}, "n_views must not be negative"),
        (
            {"grid": GRID, "photo_sets": [{"folder": "a", "place_km": -1.0}]},
            r"photo_sets: place_km must be 0 or at least 0.02 km, received -1",
        ),
        ({"grid": GRID, "classifier": {"pooling": "sum"}}, "pooling must be one of max, mean"),
        ({"grid": GRID, "classifier": {"dropout": 1.0}}, r"dropout must lie in \[0, 1\)"),
        ({"grid": GRID, "classifier": {"hidden_units": 0}}, "hidden_units must be at least 1"),
        ({"grid": GRID, "classifier": {"weight_decay": -1.0}}, "weight_decay must not be neg"),
    ],
)
def test_what_is_wrong_is_named(tables, message):
    with pytest.raises(ConfigError, match=message):
        config_from_dict(tables)


def test_a_file_that_is_no_toml(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("grid = [", "utf-8")
    with pytest.raises(ConfigError, match=r"broken.toml: not a readable TOML file"):
        load_config(path)
    with pytest.raises(ConfigError, match=r"absent.toml: not a readable TOML file"):
        load_config(tmp_path / "absent.toml")
