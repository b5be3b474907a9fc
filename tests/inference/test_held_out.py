"""Answers beside the predictions: the same with and without their file."""

import numpy as np
import pandas as pd
import pytest

from geocore.errors import BundleError
from geocore.inference.answers_file import ANSWERS_FILE, write_answers
from geocore.inference.bundle import load_bundle, save_bundle
from geocore.inference.held_out import held_out_answers
from tests.inference.tiny_bundle import bundle_parts, signed_again


@pytest.fixture(scope="module")
def parts():
    parts = bundle_parts()
    return {**parts, "report": {**parts["report"], "temperatures": {"MC": 1.5}}}


def without_answers(folder):
    """The bundle as an earlier version had saved it."""
    (folder / ANSWERS_FILE).unlink()
    return signed_again(folder)


def test_the_file_says_what_the_probs_say(tmp_path, parts):
    new = load_bundle(save_bundle(tmp_path / "new", **parts))
    old = load_bundle(without_answers(save_bundle(tmp_path / "old", **parts)))
    assert (new.folder / ANSWERS_FILE).exists() and not (old.folder / ANSWERS_FILE).exists()
    for head in new.heads:
        answers = held_out_answers(new, head)
        pd.testing.assert_frame_equal(answers, held_out_answers(old, head))
        np.testing.assert_allclose(answers["confidence"], new.probs(head).max(axis=1), rtol=1e-6)
        assert answers["photo_id"].tolist() == new.predictions(head)["photo_id"].tolist()
        assert (answers["error_km"] > 0).all()
    answers = held_out_answers(new, "MC")
    assert (answers["raw_confidence"] > answers["confidence"]).all(), "a temperature above 1"


def test_reading_them_leaves_the_probs_alone(tmp_path, parts, monkeypatch):
    bundle = load_bundle(save_bundle(tmp_path / "a", **parts))
    monkeypatch.setattr(type(bundle), "predictions", pytest.fail)
    assert len(held_out_answers(bundle, "MC"))


def test_no_predictions_are_no_answers(tmp_path, parts):
    none = {**parts, "predictions": parts["predictions"].iloc[:0]}
    assert held_out_answers(load_bundle(save_bundle(tmp_path / "a", **none)), "MC").empty


def test_probs_that_do_not_sum_to_one_are_a_sentence(tmp_path, parts):
    bad = parts["predictions"].assign(probs=[row / 2 for row in parts["predictions"]["probs"]])
    bundle = load_bundle(save_bundle(tmp_path / "a", **{**parts, "predictions": bad}))
    with pytest.raises(BundleError, match=r"of MC cannot be used. .* sum to 1 .*make this one"):
        held_out_answers(bundle, "MC")


def test_answers_of_other_predictions_are_refused(tmp_path, parts):
    bundle = load_bundle(save_bundle(tmp_path / "a", **parts))
    few = parts["predictions"].iloc[1:]
    write_answers(bundle.folder / ANSWERS_FILE, few, bundle.hierarchy, {})
    with pytest.raises(BundleError, match=r"predictions have .* rows of answers"):
        for head in bundle.heads:
            held_out_answers(bundle, head)


def test_unknown_heads_name_the_known_ones(tmp_path, parts):
    with pytest.raises(ValueError, match="Unknown head 'HCM'"):
        held_out_answers(load_bundle(save_bundle(tmp_path / "a", **parts)), "HCM")
