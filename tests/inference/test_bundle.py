"""Bundles: what is saved comes back, what was altered is refused with a sentence."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geocore.errors import BundleError
from geocore.inference import bundle_files, bundle_limits
from geocore.inference.bundle import PREDICTION_COLUMNS, list_bundles, load_bundle, save_bundle
from tests.inference.tiny_bundle import bundle_parts, save_tiny_bundle, signed_again


@pytest.fixture(scope="module")
def parts():
    return bundle_parts()


@pytest.fixture
def folder(tmp_path, parts):
    return save_bundle(tmp_path / "tiny", **parts)


def test_what_is_saved_comes_back(folder, parts):
    bundle = load_bundle(folder)
    assert bundle.heads == ("HMC-tree", "MC") and bundle.default_head == "HMC-tree"
    assert bundle.name == "tiny" and bundle.card == parts["model_card"]
    assert bundle.config["model"]["backbone"] == "EfficientNet-Lite0"
    assert bundle.report == parts["report"]
    np.testing.assert_array_equal(bundle.grid.leaves["token"], parts["grid"].leaves["token"])
    assert bundle.hierarchy.n_leaves == bundle.grid.n_leaves
    pd.testing.assert_frame_equal(bundle.photos, parts["photos"], check_dtype=False)
    for head, arrays in parts["head_weights"].items():
        for loaded, saved in zip(bundle.head_weights(head), arrays, strict=True):
            assert loaded.dtype == np.float32
            np.testing.assert_array_equal(loaded, saved.astype(np.float32))


def test_made_images_among_the_photos_are_named(tmp_path, folder, parts):
    photos = parts["photos"].assign(MADE=["made image"] * 7 + [""] * (len(parts["photos"]) - 7))
    warned = load_bundle(save_bundle(tmp_path / "made", **{**parts, "photos": photos}))
    assert warned.warning.startswith(f"7 of the {len(photos):,} photos behind this model are made")
    assert "answers about real photos mean nothing" in warned.warning
    assert load_bundle(folder).warning == ""


def test_predictions_of_one_head_keep_their_probs(folder, parts):
    bundle = load_bundle(folder)
    expected = parts["predictions"].query("head == 'MC'")
    assert set(bundle.predictions("MC").columns) == set(PREDICTION_COLUMNS)
    probs = bundle.probs("MC")
    assert probs.shape == (len(expected), bundle.grid.n_leaves) and probs.dtype == np.float32
    np.testing.assert_array_equal(probs, np.stack(list(expected["probs"])))


def test_no_predictions_give_an_empty_array(tmp_path, parts):
    empty = {**parts, "predictions": parts["predictions"].iloc[:0]}
    bundle = load_bundle(save_bundle(tmp_path / "empty", **empty))
    assert bundle.probs("MC").shape == (0, bundle.grid.n_leaves)


def test_a_head_without_a_temperature_has_one(tmp_path, parts):
    report = {**parts["report"], "temperatures": {"MC": 1.8}}
    bundle = load_bundle(save_bundle(tmp_path / "a", **{**parts, "report": report}))
    assert bundle.temperature("MC") == 1.8
    assert bundle.temperature("HMC-tree") == 1.0


@pytest.mark.parametrize("temperatures", [{"MC": 0}, {"MC": "hot"}, {"MC": None}, [1.0]])
def test_a_temperature_that_is_none_is_refused(folder, parts, temperatures):
    report = {**parts["report"], "temperatures": temperatures}
    (folder / "report.json").write_text(json.dumps(report), "utf-8")
    with pytest.raises(BundleError, match=r"the content cannot be read .*Make the bundle anew"):
        load_bundle(signed_again(folder))


def test_backbone_weights_only_where_fine_tuned(folder, tmp_path, parts):
    assert load_bundle(folder).backbone_weights() is None
    weights = [np.ones((2, 2), np.float32), np.arange(3, dtype=np.float32)]
    tuned = save_bundle(tmp_path / "tuned", **parts, backbone_weights=weights)
    for loaded, saved in zip(load_bundle(tuned).backbone_weights(), weights, strict=True):
        np.testing.assert_array_equal(loaded, saved)


def test_more_than_a_hundred_arrays_keep_their_order(tmp_path, parts):
    weights = [np.full((1,), i, np.float32) for i in range(120)]
    many = save_bundle(tmp_path / "many", **parts, backbone_weights=weights)
    assert [int(w[0]) for w in load_bundle(many).backbone_weights()] == list(range(120))


def test_manifest_tells_versions_photo_set_and_provenance(tmp_path, parts):
    folder = save_bundle(tmp_path / "a", **parts, provenance={"backbone_sha256": "abc"})
    manifest = load_bundle(folder).manifest
    assert manifest["format_version"] == 2 and manifest["backbone_sha256"] == "abc"
    assert manifest["packages"]["numpy"] == np.__version__
    assert manifest["photo_set_sha256"] == bundle_files.photo_set_sha256(parts["photos"][::-1])


def test_report_takes_numpy_numbers_and_writes_nan_as_null(tmp_path, parts):
    report = {**parts["report"], "x": {"a": np.float32(0.5), "b": float("nan"), "c": np.arange(2)}}
    bundle = load_bundle(save_tiny_bundle(tmp_path / "a", report=report))
    assert bundle.report["x"] == {"a": 0.5, "b": None, "c": [0, 1]}


def test_an_existing_bundle_is_replaced_and_nothing_else_stays(folder, parts):
    save_bundle(folder, **{**parts, "model_card": "second"})
    assert load_bundle(folder).card == "second"
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_a_failed_save_leaves_the_old_bundle(folder, parts, monkeypatch):
    monkeypatch.setattr(bundle_files, "write_manifest", _raise_oserror)
    with pytest.raises(OSError, match="disk full"):
        save_bundle(folder, **{**parts, "model_card": "second"})
    assert load_bundle(folder).card == parts["model_card"]
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_a_failed_swap_brings_the_old_bundle_back(folder, tmp_path):
    with pytest.raises(OSError, match=r"nowhere"):
        bundle_files.replace_folder(tmp_path / "nowhere", folder)
    assert load_bundle(folder).name == "tiny"


def _raise_oserror(*_):
    raise OSError("disk full")


def test_a_folder_with_something_else_is_not_replaced(tmp_path, parts):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(BundleError, match=r"this holds something else. Choose another folder"):
        save_bundle(tmp_path, **parts)
    assert (tmp_path / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize(
    "name", ["heads/MC.npz", "cells.csv", "predictions.parquet", "config.toml"]
)
def test_a_changed_byte_is_found(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(
        BundleError, match=rf"{name} was changed after the bundle was made \(SHA-256"
    ):
        load_bundle(folder)


def test_a_changed_byte_anywhere_in_the_manifest_is_found(folder):
    path = folder / "manifest.json"
    original = path.read_bytes()
    for position in range(0, len(original), 97):
        changed = bytearray(original)
        changed[position] ^= 1
        path.write_bytes(changed)
        with pytest.raises(BundleError, match=r"manifest|format|lacks"):
            load_bundle(folder)


def test_a_newer_format_asks_for_an_update(folder):
    _edit_manifest(folder, format_version=3)
    with pytest.raises(
        BundleError, match=r"format 3, this version .* reads formats 1 to 2. Update geocore"
    ):
        load_bundle(folder)


def test_an_edited_manifest_is_refused(folder):
    _edit_manifest(folder, n_photos=7)
    with pytest.raises(BundleError, match="the manifest was changed after the bundle was made"):
        load_bundle(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format_version": "1", "files": {}}', "\x00"])
def test_a_manifest_that_is_none_is_refused(folder, text):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(BundleError, match="the manifest cannot be read"):
        load_bundle(folder)


def _edit_manifest(folder: Path, **entries):
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **entries}), "utf-8")


def test_a_missing_file_is_named(folder):
    (folder / "report.json").unlink()
    with pytest.raises(BundleError, match=r"lacks report.json. Restore the bundle"):
        load_bundle(folder)


def test_an_additional_file_is_named_but_hidden_ones_are_ignored(folder):
    (folder / ".DS_Store").write_text("x")
    assert load_bundle(folder).name == "tiny"
    (folder / "heads" / "HMC.npz").write_text("x")
    with pytest.raises(BundleError, match=r"heads/HMC.npz is not part .* Move it out"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["nothing", "."])
def test_a_folder_without_manifest_is_no_bundle(tmp_path, name):
    with pytest.raises(
        BundleError, match=r"this is not a bundle, it has no manifest.json. Give the"
    ):
        load_bundle(tmp_path / name)


def test_a_default_head_that_is_not_there_is_refused(tmp_path, parts):
    folder = save_tiny_bundle(tmp_path / "a", report={**parts["report"], "default_head": "HMC"})
    with pytest.raises(
        BundleError, match=r"names the head 'HMC', but the bundle holds HMC-tree, MC"
    ):
        load_bundle(folder)


def test_content_that_cannot_be_read_is_a_bundle_error(tmp_path):
    folder = save_tiny_bundle(tmp_path / "a", config_toml="= no toml")
    with pytest.raises(BundleError, match="the content cannot be read"):
        load_bundle(folder)


def test_a_bundle_without_heads_is_refused(tmp_path):
    with pytest.raises(BundleError, match="holds no head"):
        load_bundle(save_tiny_bundle(tmp_path / "a", head_weights={}))


def test_unknown_head_names_the_known_ones(folder):
    bundle = load_bundle(folder)
    for question in (bundle.predictions, bundle.head_weights, bundle.probs, bundle.temperature):
        with pytest.raises(
            ValueError, match=r"Unknown head 'HCM'. Heads of bundle 'tiny': HMC-tree, MC"
        ):
            question("HCM")


def test_object_arrays_are_never_unpickled(tmp_path):
    path = tmp_path / "MC.npz"
    np.savez(path, w00=np.array([{"a": 1}], dtype=object))
    with pytest.raises(BundleError, match=r"MC.npz: the weights cannot be read .*allow_pickle"):
        bundle_files.read_arrays(path)


@pytest.mark.parametrize(
    "array", [np.array([np.nan], np.float32), np.array([1.0]), np.array([1], np.int32)]
)
def test_weights_that_are_not_finite_floats_are_not_saved(tmp_path, array):
    with pytest.raises(ValueError, match="weights must be finite float16 or float32, received"):
        save_tiny_bundle(tmp_path / "a", head_weights={"MC": [array]})
    assert list(tmp_path.iterdir()) == []


def test_infinite_weights_in_a_file_are_refused(tmp_path):
    np.savez(tmp_path / "MC.npz", w00=np.array([np.inf], np.float32))
    with pytest.raises(BundleError, match="the weights must be finite numbers"):
        bundle_files.read_arrays(tmp_path / "MC.npz")


def test_no_weights_and_bad_head_names_are_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one array of weights"):
        save_tiny_bundle(tmp_path / "a", head_weights={"MC": []})
    with pytest.raises(ValueError, match=r"A head's name must be .* received '../x'"):
        save_tiny_bundle(tmp_path / "a", head_weights={"../x": [np.ones(1, np.float32)]})


@pytest.mark.parametrize(("table", "column"), [("predictions", "probs"), ("photos", "sha256")])
def test_a_missing_column_is_named(tmp_path, parts, table, column):
    with pytest.raises(ValueError, match=rf"{table}: the columns .* missing: {column}"):
        save_tiny_bundle(tmp_path / "a", **{table: parts[table].drop(columns=column)})


def test_list_bundles_finds_bundles_and_nothing_else(tmp_path, parts):
    for name in ("b", "a", ".hidden"):
        save_bundle(tmp_path / name, **parts)
    (tmp_path / "other").mkdir()
    assert [path.name for path in list_bundles(tmp_path)] == ["a", "b"]
    assert list_bundles(tmp_path / "a") == [tmp_path / "a"]
    assert list_bundles(tmp_path / "nowhere") == []


def test_reading_a_bundle_does_not_load_tensorflow(folder):
    code = (
        "import sys; from geocore.inference import load_bundle;"
        "load_bundle(sys.argv[1]).predictions('MC');"
        "sys.exit(any(m in sys.modules for m in ('tensorflow', 'keras')))"
    )
    assert subprocess.run([sys.executable, "-c", code, str(folder)], check=False).returncode == 0


# Bundles whose hashes fit and that mean harm


def test_a_link_out_of_the_bundle_is_refused(tmp_path):
    folder = save_tiny_bundle(tmp_path / "a")
    card = folder / "MODEL_CARD.md"
    card.rename(tmp_path / "elsewhere.md")
    card.symlink_to(tmp_path / "elsewhere.md")
    with pytest.raises(BundleError, match=r"MODEL_CARD.md: .*hold its files itself.*trust"):
        load_bundle(folder)


def test_a_file_outside_the_folder_is_never_read(folder, tmp_path):
    (tmp_path / "secret").write_text("x")
    with pytest.raises(BundleError, match=r"lacks \.\./secret"):
        bundle_files.check_files(folder, {"../secret": "0" * 64})


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("MAX_TEXT_BYTES", 10, "must hold at most 0 MB"),
        ("MAX_UNPACKED_BYTES", 10, "must hold at most 0 MB"),
        ("MAX_ROWS", 10, r"answers\.parquet: a table must have at most 10 rows"),
    ],
)
def test_parts_that_unpack_to_too_much_are_refused(tmp_path, monkeypatch, limit, value, words):
    folder = save_tiny_bundle(tmp_path / "a")
    monkeypatch.setattr(bundle_limits, limit, value)
    with pytest.raises(BundleError, match=words):
        load_bundle(folder)


def test_an_array_that_claims_to_be_huge_is_refused(tmp_path):
    path = tmp_path / "MC.npz"
    stream = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (25_000_000_000_000,)}
    np.lib.format.write_array_header_1_0(stream, header)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("w00.npy", stream.getvalue())
    with pytest.raises(BundleError, match="the weights cannot be read"):
        bundle_files.read_arrays(path)


def test_a_manifest_nested_without_end_is_refused(folder, tmp_path):
    (tmp_path / "manifest.json").write_text("[" * 200_000)
    with pytest.raises(BundleError, match="the manifest cannot be read"):
        load_bundle(tmp_path)
