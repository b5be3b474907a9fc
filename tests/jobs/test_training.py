"""What is checked before a training, and the command that is started; nothing is trained here."""

import shutil
import tomllib
from collections import namedtuple
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from geocore.errors import JobError, PhotoTableError
from geocore.jobs import training
from geocore.jobs.recipes import Recipe
from geocore.jobs.training import (
    Choice,
    Found,
    check_training,
    find_photos,
    start_training,
    suggested_thresholds,
)
from scripts import train

TABLES = {"grid": {"t_min": 2, "t_max": 12}, "augmentation": {"n_views": 2}, "split_seed": 3}
RECIPE = Recipe(name="made", summary="Made.", notes={}, tables=TABLES)


def with_sets(*entries):
    return replace(RECIPE, tables=TABLES | {"photo_sets": list(entries)})


@pytest.fixture
def choice(tiny_photo_folder):
    return Choice(
        name="first-try", photos=tiny_photo_folder, recipe=RECIPE, heads=("MC",), epochs=3,
        t_min=2, t_max=12,
    )  # fmt: skip


@pytest.fixture
def found(tiny_photo_folder):
    return find_photos(RECIPE, tiny_photo_folder)


@pytest.fixture
def started(monkeypatch, tmp_path):
    """Every job that would have been started: title, command, further arguments."""
    calls = []
    monkeypatch.setenv("GEOCORE_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setattr(training, "start_job", lambda *args, **more: calls.append((*args, more)))
    return calls


def kinds(findings):
    return [finding.kind for finding in findings]


def test_photos_are_split_as_the_training_will(tiny_photo_folder, found):
    from geocore.config import config_from_dict
    from geocore.preparation import load_photo_sets, make_grid

    real = load_photo_sets(config_from_dict(TABLES), tiny_photo_folder, lambda _: None)
    assert found.photos["split"].tolist() == real["split"].tolist()
    assert found.photos["shapes_cells"].tolist() == (real["split"] != "test").tolist()
    grid = make_grid(config_from_dict(TABLES), real[real["split"] != "test"])
    assert grid.n_leaves == 4  # as the check says below
    assert found.sentences == ("photos.csv: 40 of 40 photos can be used.",)
    assert found.photo_sets == ({"folder": "."},)


def test_the_sets_that_a_configuration_names_are_found_below(tiny_photo_folder, make_photo_folder):
    root = make_photo_folder(20, name="a").parent
    make_photo_folder(10, name="b")
    recipe = with_sets({"folder": "a"}, {"folder": "b", "test_share": 0.0})
    found = find_photos(recipe, root)
    assert list(found.photo_sets) == recipe.photo_sets and len(found.sentences) == 2
    assert found.photos["split"].value_counts().to_dict() == {
        "train": 24,
        "test": 4,
        "validation": 2,
    }
    assert found.photos["shapes_cells"].sum() == 16  # the set that only trains shapes no cells


def test_one_photo_set_is_enough_for_a_configuration_that_names_several(tiny_photo_folder):
    recipe = with_sets({"folder": "street"}, {"folder": "scenes"})
    assert find_photos(recipe, tiny_photo_folder).photo_sets == ({"folder": "."},)


def test_the_only_set_named_lends_its_settings_to_any_photos(tiny_photo_folder):
    from geocore.config import config_from_dict
    from geocore.preparation import load_photo_sets

    tables = TABLES | {"photo_sets": [{"folder": "made", "test_share": 0.5, "group": "CITY"}]}
    found = find_photos(replace(RECIPE, tables=tables), tiny_photo_folder)
    assert found.photo_sets == ({"folder": ".", "test_share": 0.5, "group": "CITY"},)
    real = load_photo_sets(config_from_dict(tables), tiny_photo_folder, lambda _: None)
    assert found.photos["split"].tolist() == real["split"].tolist()


def test_a_column_that_these_photos_lack_is_named(tiny_photo_folder):
    recipe = with_sets({"folder": "made", "group": "AUTHOR"})
    with pytest.raises(PhotoTableError, match=r"'AUTHOR'.* or another configuration\."):
        find_photos(recipe, tiny_photo_folder)


def test_too_few_photos_to_divide(make_photo_folder):
    with pytest.raises(PhotoTableError, match="2 photos cannot be divided into photos to learn"):
        find_photos(RECIPE, make_photo_folder(2))


def test_a_folder_without_photos_is_named(tmp_path):
    with pytest.raises(PhotoTableError):
        find_photos(RECIPE, tmp_path)


def test_the_check_says_what_will_be(choice, found, tmp_path):
    findings = check_training(choice, found, tmp_path / "not" / "yet")
    assert kinds(findings) == ["good", "good", "good", "warning"]
    cells = findings[1].sentence
    assert cells == (
        "4 cells to choose from, made of 32 photos: 6 to 11 photos in each, 0% of the photos "
        "outside all cells."
    )
    assert "on disk" in findings[2].sentence
    assert findings[3].sentence.startswith("Only 8 photos are kept for testing")


def test_many_photos_to_test_with_need_no_warning(choice):
    rng = np.random.default_rng(0)
    lat, lng = rng.uniform(-60, 60, 1000), rng.uniform(-180, 180, 1000)
    split = ["test"] * 200 + ["train"] * 800
    table = pd.DataFrame({"lat": lat, "lng": lng, "split": split})
    found = Found(
        photos=table.assign(shapes_cells=table["split"] == "train"), sentences=("x",),
        photo_sets=(),
    )  # fmt: skip
    t_min, t_max = suggested_thresholds(found)
    assert (t_min, t_max) == (4, 53)
    findings = check_training(replace(choice, t_min=t_min, t_max=t_max), found, choice.photos)
    assert kinds(findings) == ["good"] * 3
    assert int(findings[1].sentence.split()[0]) >= 20


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"heads": ()}, "Choose at least one head."),
        ({"t_min": 5, "t_max": 1000}, "32 photos make 1 cell; a model needs at least 2"),
        ({"t_min": 30, "t_max": 30}, "No cells can be made of these photos"),
        ({"t_min": 13, "t_max": 12}, "No cells can be made of these photos: t_min must not be"),
    ],
)
def test_what_cannot_work_stops(choice, found, changes, words, tmp_path):
    if "t_max" in changes and changes["t_max"] == 1000:
        found = replace(found, photos=found.photos.assign(lat=41.9, lng=12.5))
    findings = check_training(replace(choice, **changes), found, tmp_path)
    assert [x for x in findings if x.kind == "stop" and words in x.sentence]


def test_a_full_disk_stops(choice, found, tmp_path, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(5_000_000))
    stop = [x for x in check_training(choice, found, tmp_path) if x.kind == "stop"]
    assert [x.sentence for x in stop] == ["It needs up to 202 MB on disk; 5 MB are free."]


def test_the_suggestion_makes_cells_of_few_photos(choice, found, tmp_path):
    t_min, t_max = suggested_thresholds(found)
    findings = check_training(replace(choice, t_min=t_min, t_max=t_max), found, tmp_path)
    assert "stop" not in kinds(findings)


def test_the_command_is_one_that_the_script_understands(
    choice, found, started, tmp_path, monkeypatch
):
    start_training(choice, found, tmp_path / "cache")
    title, command, more = started[0]
    assert title == "first-try"
    assert command[1].endswith("scripts/train.py")
    assert command[2:4] == ["--config", "{folder}/config.toml"]
    options = dict(zip(command[2::2], command[3::2], strict=True))
    assert options["--photos"] == str(choice.photos)
    assert options["--out"] == more["result"] == str(tmp_path / "bundles" / "first-try")
    config = tomllib.loads(more["files"]["config.toml"])
    assert config["training"] == {"epochs": 3} and config["grid"]["t_max"] == 12
    assert more["about"]["heads"] == ["MC"] and more["about"]["n_photos"] == 40
    asked = []

    def run(*arguments, **_):
        asked.append(arguments)
        raise PhotoTableError("Nothing is trained here.")

    monkeypatch.setattr(train, "run_experiment", run)
    (tmp_path / "config.toml").write_text(more["files"]["config.toml"])
    train.main([x.replace("{folder}", str(tmp_path)) for x in command[2:]])
    config, photos, out, cache = asked[0]
    assert (config.training.epochs, config.heads.names) == (3, ("MC",))
    assert (photos, str(out), cache) == (choice.photos, more["result"], tmp_path / "cache")


@pytest.mark.parametrize("name", ["", "../x", "a b", ".hidden", "x" * 61, "ä", "a/b", "-x"])
def test_a_name_that_is_no_folder_name_is_refused(choice, found, started, name, tmp_path):
    with pytest.raises(JobError, match="A bundle's name must be 1 to 60 letters"):
        start_training(replace(choice, name=name), found, tmp_path)
    assert started == []
