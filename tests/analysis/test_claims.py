"""Claimed places held against photos: figures, verdicts, words, records."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from geocore.analysis.canonical import canonical_json
from geocore.analysis.cell_p_values import place_p_values
from geocore.analysis.claim_test import blur, load_claim_calibration
from geocore.analysis.claim_verdict import COMPATIBLE, OUTSIDE_AREA, UNLIKELY, VERDICTS
from geocore.analysis.claimed_place import TYPED, read_claim
from geocore.analysis.claims import NEAREST_COLUMNS, check_claim, claim_record
from geocore.analysis.search_area import search_area
from geocore.cells.geodesy import distance_km
from geocore.evaluation.conformal import LIKELIHOOD
from geocore.inference.search_calibration import load_calibration
from tests.inference.calibrated_bundle import calibrated_bundle, held_out_prediction, prediction_of

MILAN = (45.46, 9.19)


@pytest.fixture(scope="module")
def bundle():
    return calibrated_bundle()


@pytest.fixture(scope="module")
def prediction(bundle):
    return held_out_prediction(bundle, 3)[0]


@pytest.fixture(scope="module")
def sure_of_milan(bundle):
    probs = np.full(bundle.grid.n_leaves, 1e-6)
    probs[bundle.grid.assign([MILAN[0]], [MILAN[1]])[0]] = 1
    return prediction_of(bundle, probs / probs.sum())


def test_figures_are_those_of_the_branch_and_the_area(bundle, prediction):
    check = check_claim(prediction, bundle, *MILAN)
    branch = place_p_values(*MILAN, prediction, bundle)
    same = [column for column in branch if column != "p_value"]
    pd.testing.assert_frame_equal(check.branch[same], branch[same])
    assert check.p_value == check.branch["p_value"].iloc[-1]
    assert check.prob == branch["prob"].iloc[-1]
    leaf = bundle.grid.assign([MILAN[0]], [MILAN[1]])[0]
    assert check.rank == 1 + (prediction.probs > prediction.probs[leaf]).sum()
    assert check.n_cells == bundle.grid.n_leaves
    assert check.is_inside == search_area(prediction, bundle, level=0.95).contains(*MILAN)
    assert (check.distance_to_area_km == 0) == check.is_inside
    assert check.n_calibration == len(load_calibration(bundle).photos)
    assert "Milan" in check.place or "Italy" in check.place


def test_the_p_value_counts_the_known_photos_that_fit_as_badly_when_blurred(bundle, prediction):
    calibration = load_claim_calibration(bundle, "MC")
    known = bundle.predictions("MC")
    shares = blur(load_calibration(bundle).leaves["photo_share"], bundle.grid.leaves)
    probs = blur(np.stack(list(known["probs"])), bundle.grid.leaves)
    leaf = known["class_index"].to_numpy()
    fit = probs[np.arange(len(leaf)), leaf] / shares[leaf]
    fit[leaf < 0] = 0
    np.testing.assert_allclose(
        calibration.true_scores("MC", LIKELIHOOD)[leaf >= 0], -np.log(fit[leaf >= 0]), rtol=1e-5
    )
    own = bundle.grid.assign([MILAN[0]], [MILAN[1]])[0]
    claimed = blur(prediction.probs, bundle.grid.leaves)[own] / shares[own]
    expected = (1 + (fit <= claimed * (1 + 1e-6)).sum()) / (1 + len(fit))
    assert check_claim(prediction, bundle, *MILAN).p_value == pytest.approx(expected)


def test_a_calibration_of_ones_own_is_used_as_it_is(bundle, prediction):
    calibration = load_calibration(bundle)
    check = check_claim(prediction, bundle, *MILAN, calibration=calibration)
    pd.testing.assert_frame_equal(check.branch, place_p_values(*MILAN, prediction, bundle))


def test_blurring_loses_no_prob_and_keeps_near_cells_together(bundle):
    leaves = bundle.grid.leaves
    probs = np.eye(bundle.grid.n_leaves)
    blurred = blur(probs, leaves)
    np.testing.assert_allclose(blurred.sum(axis=1), 1)
    km = distance_km(leaves["lat"].iloc[0], leaves["lng"].iloc[0], leaves["lat"], leaves["lng"])
    assert (np.argsort(-blurred[0], kind="stable") == np.argsort(km, kind="stable")).all()


def test_a_head_without_calibration_is_refused(bundle, prediction):
    with pytest.raises(ValueError, match="Unknown head 'other'"):
        check_claim(replace(prediction, head="other"), bundle, *MILAN)


def test_verdicts_of_a_sure_answer(bundle, sure_of_milan):
    near = check_claim(sure_of_milan, bundle, *MILAN, name="Milan, Italy")
    assert near.verdict == COMPATIBLE and near.rank == 1
    assert near.sentence.startswith(
        "Compatible: the check found nothing that speaks against Milan, Italy."
    )
    assert "no proof either" in near.sentence
    far = check_claim(sure_of_milan, bundle, -33.87, 151.21, name="Sydney")
    assert far.verdict == OUTSIDE_AREA and far.is_alarm
    assert far.distance_to_area_km > 1_000
    assert "speaks against the place" in far.sentence and "no proof" in far.sentence
    assert f"{far.distance_to_area_km:,.0f} km from the area" in far.sentence


def test_every_verdict_has_its_sentence(bundle, prediction):
    check = check_claim(prediction, bundle, *MILAN, name="X")
    inside = replace(check, is_inside=True, is_everywhere=False, is_outside_cells=False)
    unlikely = replace(inside, p_value=0.03)
    assert unlikely.verdict == UNLIKELY
    assert "Of 86 photos of known places, 3.0% fit their true place as badly" in unlikely.sentence
    assert "inside the 95 % search area all the same" in unlikely.sentence
    everywhere = replace(unlikely, is_everywhere=True)
    assert "the whole Earth" in everywhere.sentence
    outside = replace(inside, is_inside=False, p_value=0.3, distance_to_area_km=1234.5)
    assert outside.verdict == OUTSIDE_AREA
    assert "1,234 km" in outside.sentence and "by itself does not speak" in outside.sentence
    assert replace(inside, p_value=0.0501).verdict == COMPATIBLE
    assert {check.verdict for check in (inside, unlikely, outside)} <= set(VERDICTS)


@pytest.mark.parametrize(
    ("lat", "lng"),
    [(90, 0), (90, 135), (-90, 0), (-90, -135), (0, 180), (0, -180), (0, -30), (-60, 100)],
)
def test_poles_antimeridian_and_sea_are_answered(bundle, prediction, lat, lng):
    check = check_claim(prediction, bundle, lat, lng)
    assert check.verdict in VERDICTS
    assert 0 < check.p_value <= 1
    assert check.is_outside_cells == (bundle.grid.assign([lat], [lng])[0] < 0)
    assert (check.rank == -1) == check.is_outside_cells
    assert check.place and check.sentence


@pytest.mark.parametrize("points", [((10, -180), (10, 180)), ((90, 0), (90, 77))])
def test_one_place_has_one_answer(bundle, prediction, points):
    first, second = (check_claim(prediction, bundle, *point) for point in points)
    assert first.sentence == second.sentence


def test_a_place_outside_all_cells_says_that_hardly_any_photo_is_from_there(bundle, prediction):
    check = check_claim(prediction, bundle, -80, 0)
    assert check.is_outside_cells
    assert check.p_value == load_calibration(bundle).p_outside
    if not check.is_inside:
        assert "No cell holds the place. Hardly any photo is taken there" in check.sentence
        assert "look" not in check.sentence


def test_a_wider_claim_is_never_less_compatible(bundle, prediction):
    p_values, distances = [], []
    for radius_km in (0, 100, 1000, 20_000):
        check = check_claim(prediction, bundle, 0, -30, radius_km=radius_km)
        p_values.append(check.p_value)
        distances.append(check.distance_to_area_km)
    assert p_values[1:] == sorted(p_values[1:])
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] == 0
    assert check.p_value == check_best(bundle, prediction)


def check_best(bundle, prediction):
    leaves = bundle.grid.leaves
    return max(
        check_claim(prediction, bundle, lat, lng).p_value
        for lat, lng in zip(leaves["lat"], leaves["lng"], strict=True)
    )


def test_a_country_is_as_compatible_as_its_best_cell(bundle, sure_of_milan):
    country = check_claim(sure_of_milan, bundle, 41.9, 12.5, code="IT")
    assert (country.place, country.verdict) == ("Italy", COMPATIBLE)
    assert country.p_value == check_claim(sure_of_milan, bundle, *MILAN).p_value
    assert country.distance_to_area_km == 0
    far = check_claim(sure_of_milan, bundle, -33.9, 151.2, code="AU")
    assert far.verdict == OUTSIDE_AREA


def test_a_region_is_as_compatible_as_the_best_cell_of_its_towns(bundle, sure_of_milan):
    region = check_claim(sure_of_milan, bundle, 45, 9, code="IT", region="Lombardy")
    assert (region.place, region.verdict) == ("Lombardy, Italy", COMPATIBLE)
    assert region.p_value == check_claim(sure_of_milan, bundle, *MILAN).p_value


def test_the_nearest_compatible_cells_come_nearest_first(bundle, sure_of_milan):
    check = check_claim(sure_of_milan, bundle, -33.87, 151.21)
    assert list(check.nearest) == list(NEAREST_COLUMNS)
    assert 1 <= len(check.nearest) <= 3
    assert check.nearest["distance_km"].is_monotonic_increasing
    assert (check.nearest["p_value"] > 0.05).all()
    own = check_claim(sure_of_milan, bundle, *MILAN)
    assert own.branch["token"].iloc[-1] not in set(own.nearest["token"])
    assert (
        check_claim(sure_of_milan, bundle, 41.9, 12.5, code="IT").nearest["distance_km"] > 0
    ).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lat": 91, "lng": 0}, "lat must lie in"),
        ({"lat": 0, "lng": 181}, "lng must lie in"),
        ({"lat": float("nan"), "lng": 0}, "lat must be a number"),
        ({"lat": 0, "lng": 0, "radius_km": -1}, "radius_km must lie between 0 and 20,000"),
        ({"lat": 0, "lng": 0, "radius_km": float("nan")}, "radius_km must lie"),
        ({"lat": 0, "lng": 0, "region": "Texas"}, "code must be the ISO 3166 code"),
        ({"lat": 0, "lng": 0, "code": "IT", "region": "Texas"}, "a region of Italy, received"),
        ({"lat": 0, "lng": 0, "code": "Italy"}, "code must be the ISO 3166 code of a country"),
    ],
)
def test_what_is_no_claim_is_refused(bundle, prediction, arguments, message):
    with pytest.raises(ValueError, match=message):
        check_claim(prediction, bundle, **arguments)


def test_the_record_is_plain_rounded_and_the_same_every_time(bundle, prediction):
    claim = read_claim("45,4642; 9,1900")[0]
    bundle_of = {"name": "tiny", "sha256": "ab"}
    records = [
        claim_record(
            check_claim(prediction, bundle, **claim.arguments()),
            claim,
            photo_sha256="cd",
            bundle=bundle_of,
        )
        for _ in range(2)
    ]
    assert canonical_json(records[0]) == canonical_json(records[1])
    record = records[0]
    assert record["claimed"] == {
        "text": "45,4642; 9,1900",
        "label": "45.4642° N, 9.1900° E",
        "lat": 45.4642,
        "lng": 9.19,
        "source": TYPED,
        "code": "",
        "region": "",
        "radius_km": 0.0,
    }
    assert record["verdict"] in VERDICTS
    assert type(record["rank"]) is int and type(record["distance_to_area_km"]) is int
    assert record["prior"] is None
