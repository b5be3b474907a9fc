"""When no answer is given, and what that would have meant for held-out photos."""

import shutil

import numpy as np
import pytest

from geocore.analysis.abstention import (
    DRAWING,
    FLAT,
    SHARES,
    UNFAMILIAR,
    abstention_rule,
    flatness,
)
from geocore.errors import BundleError
from geocore.evaluation.familiarity import fit_familiarity
from geocore.inference import bundle_files
from geocore.inference.bundle import load_bundle
from geocore.inference.familiarity_file import (
    FAMILIARITY_FILE,
    load_familiarity,
    write_familiarity,
)
from geocore.inference.photo_look import PhotoLook
from tests.evaluation.test_familiarity import made_features
from tests.inference.calibrated_bundle import calibrated_bundle
from tests.inference.tiny_bundle import signed_again

SURE = np.eye(13)[0]


def look(features, even=0.05, colours=0.1):
    return PhotoLook(features=features, even_share=even, colours_share=colours)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    plain = calibrated_bundle()
    folder = shutil.copytree(plain.folder, tmp_path_factory.mktemp("familiar") / "familiar")
    n_held_out = int((plain.photos["split"] == "test").sum())
    familiarity = fit_familiarity(made_features(300), made_features(n_held_out, seed=1), n_axes=3)
    with bundle_files.reworked(folder) as copy:
        write_familiarity(copy, familiarity)
    return load_bundle(folder)


@pytest.fixture(scope="module")
def rule(bundle):
    return abstention_rule(bundle, "MC")


def test_a_familiar_photo_with_a_sure_answer_is_answered(rule):
    assert rule.judge(look(made_features(1, seed=2)[0]), SURE) is None


def test_a_drawing_is_told_by_its_even_colours(rule):
    familiar = made_features(1, seed=2)[0]
    found = rule.judge(look(familiar, even=0.6, colours=0.8), SURE)
    assert found.reason == DRAWING
    assert found.sentence == (
        "This looks like a drawing, a screenshot or a document: 60 % of it is of exactly even "
        "colour, and five colours make up 80 % of it."
    )
    assert (found.value, found.limit) == (0.6, 0.4)
    assert rule.judge(look(familiar, even=0.6), SURE) is None
    assert rule.judge(look(familiar, colours=0.8), SURE) is None


def test_a_photo_unlike_all_others_is_unfamiliar(rule):
    found = rule.judge(look(100 * np.random.default_rng(0).normal(size=24)), SURE)
    assert found.reason == UNFAMILIAR
    assert "unlike the photos that the model learned from: of 86 photos that it had not seen, none "
    assert found.value == pytest.approx(1 / 87)
    assert found.limit == SHARES[UNFAMILIAR]


def test_an_answer_flatter_than_nearly_all_is_withheld(rule):
    flat = np.full(13, 1 / 13)
    found = rule.judge(look(made_features(1, seed=2)[0]), flat)
    assert found.reason == FLAT
    assert "spread as if over 13 of 13 areas alike; of 86 photos that it had not seen, none " in (
        found.sentence
    )
    assert rule.judge(None, flat).reason == FLAT


def test_without_the_photo_only_the_answer_is_judged(rule):
    assert rule.judge(None, SURE) is None


def test_a_bundle_of_before_cannot_tell_unfamiliar_photos():
    bundle = calibrated_bundle()
    assert load_familiarity(bundle) is None
    rule = abstention_rule(bundle, "MC")
    assert set(rule.extremes) == {FLAT}
    assert rule.judge(look(1e6 * np.ones(24)), SURE) is None
    assert rule.table()["reason"].tolist() == [FLAT, "answered"]


def test_few_held_out_photos_turn_away_only_what_exceeds_them_all(rule):
    from dataclasses import replace

    few = replace(rule, extremes={key: x[:9] for key, x in rule.extremes.items()})
    assert few.judge(look(100 * np.ones(24)), SURE).reason == UNFAMILIAR
    nobody = replace(rule, extremes={key: x[:0] for key, x in rule.extremes.items()})
    assert nobody.judge(look(100 * np.ones(24)), np.full(13, 1 / 13)) is None


def test_held_out_photos_are_turned_away_as_seldom_as_promised(rule):
    table = rule.table().set_index("reason")
    n = len(rule.is_near)
    for reason, share in SHARES.items():
        assert table.loc[reason, "n_photos"] == int(share * n)
    turned_away = n - table.loc["answered", "n_photos"]
    assert turned_away <= sum(int(share * n) for share in SHARES.values())
    assert (table["low"] <= table["share_near"]).all()
    assert (table["share_near"] <= table["high"]).all()


def test_the_curve_answers_the_least_extreme_first(rule):
    for reason in (UNFAMILIAR, FLAT):
        curve = rule.curve(reason)
        assert curve["coverage"].iloc[-1] == 1
        assert curve["risk"].iloc[-1] == pytest.approx(1 - rule.is_near.mean())
        first = rule.extremes[reason].argmin()
        assert curve["risk"].iloc[0] == 1 - rule.is_near[first]
    with pytest.raises(ValueError, match="reason must be one of unfamiliar, flat, received 'x'"):
        rule.curve("x")


def test_flatness_counts_areas():
    assert flatness(np.full((2, 5), 0.2)) == pytest.approx([5, 5])
    assert flatness(SURE) == 1
    assert flatness(np.array([0.5, 0.5, 0, 0])) == 2


def test_an_unknown_head_is_refused(bundle):
    with pytest.raises(ValueError, match="Unknown head 'HCM'"):
        abstention_rule(bundle, "HCM")


def test_a_file_that_cannot_be_used_is_refused(bundle, tmp_path):
    folder = shutil.copytree(bundle.folder, tmp_path / "bad")
    bundle_files.write_arrays(folder / FAMILIARITY_FILE, [np.ones(3, np.float32)])
    with pytest.raises(BundleError, match=r"Four arrays.*calibrate\.py --bundle .* --photos DIR"):
        load_familiarity(load_bundle(signed_again(folder)))
