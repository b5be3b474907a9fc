"""What a bundle keeps for its search areas: made, written, read, refused."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from geocore.cells import s2
from geocore.cells.place_names import load_place_namer
from geocore.errors import BundleError
from geocore.evaluation.conformal import LEAST_AREA, LEVELS, METHODS
from geocore.inference import calibrating
from geocore.inference.bundle import load_bundle
from geocore.inference.calibrating import calibrate_bundle
from geocore.inference.search_calibration import (
    CALIBRATION_FILE,
    UNITS_FILE,
    load_calibration,
)
from geocore.inference.search_units import PIECE_LEVEL, UNIT_COLUMNS
from tests.inference.calibrated_bundle import calibrated_bundle
from tests.inference.tiny_bundle import bundle_parts, save_tiny_bundle, signed_again


@pytest.fixture(scope="module")
def bundle():
    return calibrated_bundle()


@pytest.fixture
def copied(bundle, tmp_path):
    return shutil.copytree(bundle.folder, tmp_path / "copy")


def units_of(bundle):
    calibration = load_calibration(bundle)
    return pd.concat([calibration.leaves, calibration.pieces], ignore_index=True)


def test_the_test_photos_calibrate(bundle):
    calibration = load_calibration(bundle)
    held_out = bundle.photos[bundle.photos["split"] == "test"]
    assert set(calibration.photos["photo_id"]) == set(held_out["photo_id"])
    assert (calibration.photos["is_outside"] == (held_out["class_index"] < 0).to_numpy()).all()
    for head in bundle.heads:
        for method in METHODS:
            scores = calibration.true_scores(head, method)
            assert (np.isinf(scores) == calibration.photos["is_outside"]).all()


def test_heads_lie_in_other_parts_of_a_large_file_of_predictions(bundle, monkeypatch):
    """A part that holds only other heads stopped the calibration of 1,959 held-out photos."""
    monkeypatch.setattr(calibrating, "_BATCH_ROWS", 3)
    for head in bundle.heads:
        rows = bundle.predictions(head)
        probs = calibrating._probs_of(bundle, head, rows["photo_id"])
        assert (probs == np.stack(list(rows["probs"]))).all()


def test_the_kept_scores_are_those_of_the_kept_probs(bundle):
    calibration = load_calibration(bundle)
    rows, probs = bundle.predictions("MC"), bundle.probs("MC")
    inside = np.flatnonzero(rows["class_index"] >= 0)
    for method in METHODS:
        scores = calibration.label_scores(method, probs)
        if method == LEAST_AREA:
            points = s2.cell_ids(rows["lat"].to_numpy(), rows["lng"].to_numpy())
            first, last = s2.id_range(calibration.pieces["cell_id"])
            own = [np.flatnonzero((first <= x) & (x <= last))[0] for x in points[inside]]
        else:
            own = rows["class_index"].to_numpy()[inside]
        kept = calibration.true_scores("MC", method)[inside]
        assert kept == pytest.approx(scores[inside, own], rel=1e-6)


def test_units_are_the_leaves_and_pieces_that_fill_them(bundle):
    calibration = load_calibration(bundle)
    leaves, pieces = calibration.leaves, calibration.pieces
    assert list(leaves) == list(UNIT_COLUMNS)
    assert (leaves["cell_id"] == bundle.grid.leaves["cell_id"]).all()
    by_leaf = pieces.groupby("class_index")
    assert by_leaf["share"].sum().to_numpy() == pytest.approx(np.ones(bundle.grid.n_leaves))
    assert by_leaf["area_km2"].sum().to_numpy() == pytest.approx(leaves["area_km2"])
    assert by_leaf["land_km2"].sum().to_numpy() == pytest.approx(
        leaves["land_km2"], rel=0.03, abs=2e3
    )
    assert (s2.level_of(pieces["cell_id"]) >= PIECE_LEVEL).all()
    assert pieces["share"].min() > 0
    assert leaves["photo_share"].sum() == pytest.approx(1)


def test_pieces_with_towns_have_more_of_their_leaf_than_the_sea(bundle):
    pieces = load_calibration(bundle).pieces
    own = pieces[pieces["class_index"] == bundle.grid.assign([45.0], [9.0])[0]]
    density = own["share"] / own["area_km2"]
    first, last = s2.id_range(own["cell_id"])
    milan = s2.cell_ids([45.46], [9.19])
    is_milan = (first <= milan) & (milan <= last)
    assert density[is_milan].iloc[0] > 20 * density[own["land_km2"] == 0].max()


def test_continents_are_those_of_the_photos(bundle):
    leaves = load_calibration(bundle).leaves
    italy = bundle.grid.assign([45.0], [9.0])[0]
    sydney = bundle.grid.assign([-33.0], [151.0])[0]
    assert leaves["continent"][italy] == "Europe"
    assert leaves["continent"][sydney] == "Oceania"


def test_what_was_measured_covers_what_was_promised(bundle):
    seen = load_calibration(bundle).measured["MC"][LEAST_AREA]
    rows = {row["level"]: row for row in seen["together"]}
    for level in LEVELS:
        assert rows[level]["coverage"] == pytest.approx(level, abs=0.05)
    assert {"coverage:photo_set=street", "coverage:continent=Europe"} <= set(rows[0.9])
    assert [row["level"] for row in seen["by_continent"]] == list(LEVELS)


def test_calibrating_changes_nothing_else_and_twice_is_the_same(bundle, copied):
    before = {path.name: path.read_bytes() for path in copied.iterdir() if path.is_file()}
    calibrate_bundle(copied, load_place_namer())
    after = {path.name: path.read_bytes() for path in copied.iterdir() if path.is_file()}
    assert after == before
    again = load_bundle(copied).manifest
    assert again["created"] == bundle.manifest["created"]


def test_more_photos_than_needed_are_drawn(monkeypatch, tmp_path, bundle):
    monkeypatch.setattr(calibrating, "MAX_PHOTOS", 40)
    monkeypatch.setattr(calibrating, "MAX_SCORES", 30 * len(load_calibration(bundle).pieces))
    monkeypatch.setattr(calibrating, "build_units", lambda *_: units_of(bundle))
    drawn = calibrating.calibrate(bundle, load_place_namer())
    assert len(drawn.photos) == 40
    assert drawn.measured["MC"][LEAST_AREA]["n_photos"] == 30
    full = load_calibration(bundle)
    kept = full.photos["photo_id"].isin(drawn.photos["photo_id"]).to_numpy()
    assert drawn.true_scores("MC", LEAST_AREA) == pytest.approx(
        full.true_scores("MC", LEAST_AREA)[kept], rel=1e-6
    )


def test_a_bundle_without_test_photos_promises_nothing(monkeypatch, tmp_path, bundle):
    monkeypatch.setattr(calibrating, "build_units", lambda *_: units_of(bundle))
    parts = bundle_parts()
    folder = save_tiny_bundle(tmp_path / "b", predictions=parts["predictions"].iloc[:0])
    calibration = calibrate_bundle(folder, load_place_namer())
    assert calibration.photos.empty
    assert load_calibration(load_bundle(folder)).p_outside == 1


def test_a_bundle_of_before_says_how_to_add_it(tmp_path):
    folder = save_tiny_bundle(tmp_path / "old")
    with pytest.raises(
        BundleError, match=f"promises no search areas.*calibrate.py --bundle {folder}"
    ):
        load_calibration(load_bundle(folder))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (CALIBRATION_FILE, lambda text: text[:-40], "cannot be used"),
        (CALIBRATION_FILE, lambda text: "[]", "cannot be used"),
        (CALIBRATION_FILE, lambda text: text.replace("least-area", "least"), "'least-area'"),
        (CALIBRATION_FILE, lambda text: _shorter(text), "there must be 86 scores each, found"),
        (UNITS_FILE, lambda text: "no table", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused(copied, name, change, message):
    path = copied / name
    text = path.read_text("utf-8") if name == CALIBRATION_FILE else ""
    path.write_text(change(text), "utf-8")
    with pytest.raises(BundleError, match=message):
        load_calibration(load_bundle(signed_again(copied)))


def _shorter(text):
    content = json.loads(text)
    content["scores"]["MC"]["APS"].pop()
    return json.dumps(content)


def test_units_of_other_cells_are_refused(copied, bundle):
    units = pd.read_parquet(copied / UNITS_FILE)
    units.iloc[1:].to_parquet(copied / UNITS_FILE)
    with pytest.raises(BundleError, match=f"there must be {bundle.grid.n_leaves} leaves, found"):
        load_calibration(load_bundle(signed_again(copied)))


def test_unknown_heads_and_methods_are_named(bundle):
    calibration = load_calibration(bundle)
    with pytest.raises(
        ValueError, match=r"Unknown head 'HCM'\. Heads with a calibration: HMC-tree, MC"
    ):
        calibration.true_scores("HCM", LEAST_AREA)
    with pytest.raises(ValueError, match="Unknown method 'x'"):
        calibration.units("x")


def test_the_outside_has_the_share_of_photos_outside(bundle):
    calibration = load_calibration(bundle)
    n_outside = int(calibration.photos["is_outside"].sum())
    assert n_outside > 0
    assert calibration.p_outside == (n_outside + 1) / (len(calibration.photos) + 1)
