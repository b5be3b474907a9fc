"""How often true and false claims are doubted."""

import numpy as np
import pandas as pd
import pytest

from geocore.analysis import claim_power as power
from geocore.analysis.claim_text import power_text
from geocore.analysis.claims import check_claim
from geocore.evaluation.conformal import p_values
from geocore.inference.search_calibration import load_calibration
from tests.inference.calibrated_bundle import calibrated_bundle, held_out_prediction


@pytest.fixture(scope="module")
def bundle():
    return calibrated_bundle()


@pytest.fixture(scope="module")
def table(bundle):
    return power.claim_power(bundle, "MC")


def share(table, claim, doubt):
    return table.set_index(["claim", "doubt"])["share"].astype(float)[claim, doubt]


def test_false_claims_are_doubted_more_often_than_true_ones(table):
    assert list(table) == list(power.POWER_COLUMNS)
    assert len(table) == 9
    for doubt in (power.LOOK, power.AREA):
        assert share(table, power.TRUE, doubt) <= 0.05
        assert share(table, power.FAR_OTHER, doubt) > share(table, power.TRUE, doubt)
    either = share(table, power.FAR_OTHER, power.EITHER)
    assert either >= share(table, power.FAR_OTHER, power.LOOK)


def test_intervals_hold_the_shares_and_counts_are_those_of_the_claims(table):
    known = table.dropna()
    assert (known["low"] <= known["share"]).all() and (known["share"] <= known["high"]).all()
    counts = table.drop_duplicates("claim").set_index("claim")["n_claims"]
    assert counts[power.TRUE] == 86
    assert counts[power.ANY_OTHER] == 86 * 85
    assert 0 < counts[power.FAR_OTHER] < counts[power.ANY_OTHER]


def test_a_left_out_photo_is_held_against_all_others_alone():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(12, 5))
    own = scores[np.arange(12), rng.integers(5, size=12)]
    own[3] = np.inf
    found = power.leave_one_out_p_values(scores, own)
    for photo in range(12):
        others = np.delete(own, photo)
        np.testing.assert_allclose(found[photo], p_values(scores[photo], others))


def test_the_doubts_are_those_of_the_check(bundle, table):
    """With the photo itself among those it is measured by, which for 86 photos hardly matters."""
    rows = bundle.predictions("MC")
    doubted = []
    for row in range(0, 86, 4):
        prediction, photo = held_out_prediction(bundle, row)
        check = check_claim(prediction, bundle, photo["lat"], photo["lng"])
        doubted.append((check.is_alarm, not check.is_inside))
    assert len(rows) == 86
    assert np.mean(doubted, axis=0) == pytest.approx(
        [share(table, power.TRUE, power.LOOK), share(table, power.TRUE, power.AREA)], abs=0.1
    )


def test_probs_that_know_nothing_have_no_power(bundle):
    flat = bundle.predictions("MC").assign(
        probs=lambda rows: [np.full(bundle.grid.n_leaves, 1 / bundle.grid.n_leaves)] * len(rows)
    )
    table = power.measure_power(flat, bundle.grid.leaves, load_calibration(bundle))
    assert share(table, power.ANY_OTHER, power.LOOK) <= 0.15


def test_photos_all_of_one_place_leave_no_false_claim_far_away(bundle):
    rows = bundle.predictions("MC")
    one = rows[rows["class_index"] == rows["class_index"].mode()[0]].iloc[:5]
    same = one.assign(lat=one["lat"].iloc[0], lng=one["lng"].iloc[0])
    table = power.measure_power(same, bundle.grid.leaves, load_calibration(bundle))
    assert table.set_index(["claim", "doubt"])["share"].isna()[power.FAR_OTHER].all()
    assert "no such claim" in power_text(table)


def test_a_part_of_very_many_photos_is_drawn(bundle, monkeypatch):
    monkeypatch.setattr(power, "MOST_PHOTOS", 20)
    counts = power.claim_power(bundle, "MC").set_index("claim")["n_photos"]
    assert set(counts[power.TRUE]) == {20}


def test_an_unknown_head_is_refused(bundle):
    with pytest.raises(ValueError, match="Unknown head 'other'"):
        power.claim_power(bundle, "other")


def test_the_sentences_name_photos_claims_and_intervals(table):
    text = power_text(table)
    assert text.startswith("Of 86 photos that were not trained on")
    assert f"where {power.TRUE} is claimed (86 claims)" in text
    row = table.iloc[0]
    assert f"{row['share']:.1%} ({row['low']:.1%}-{row['high']:.1%})" in text


def test_the_shipped_bundle_finds_every_fifth_false_claim_from_far_away():
    from geocore.inference.bundle import load_bundle

    table = power.claim_power(load_bundle(), "HMC-tree")
    assert share(table, power.TRUE, power.LOOK) <= 0.05
    assert share(table, power.FAR_OTHER, power.LOOK) > 0.2
    assert isinstance(table, pd.DataFrame)


def test_photos_of_a_domain_are_held_against_their_own(bundle):
    """Of a domain whose photos all fit badly, true places are doubted no oftener than of others."""
    rows = bundle.predictions("MC")
    bad = np.arange(len(rows)) % 2 == 1
    leaf = rows["class_index"].to_numpy()
    probs = [
        np.where(np.arange(len(x)) == leaf[i], 1e-3, x) if bad[i] else x
        for i, x in enumerate(rows["probs"])
    ]
    rows = rows.assign(probs=[x / x.sum() for x in probs])
    known = load_calibration(bundle)
    together = power.measure_power(rows, bundle.grid.leaves, known)
    apart = power.measure_power(
        rows.assign(domain=np.where(bad, "bad", "good")), bundle.grid.leaves, known
    )
    for table in (together, apart):
        assert share(table, power.TRUE, power.AREA) <= 0.07
    parts = power._parts(rows.assign(domain=np.where(bad, "bad", "good")))
    assert [(asked.sum(), known.sum()) for asked, known in parts] == [(43, 43), (43, 43)]
    assert share(apart, power.FAR_OTHER, power.AREA) != share(together, power.FAR_OTHER, power.AREA)
