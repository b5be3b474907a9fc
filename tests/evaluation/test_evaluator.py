import json

import numpy as np
import pytest

from geocore.cells.geodesy import distance_km
from geocore.evaluation import bootstrap, calibration, metrics
from geocore.evaluation.evaluator import evaluate_probs
from tests.evaluation.made import made_probs

SHARES = ("top_1", "top_5", "top_10", "ior", "ior_majority", "ior_gini", "loss", "brier", "ece")
FIGURES = (*SHARES, "median_km", "geoscore", "uniform_loss")


def made_case(n_photos=200, n_unassigned=0, seed=0):
    y_true, y_prob = made_probs(n_photos, 12, n_unassigned, seed)
    rng = np.random.default_rng(seed)
    lat, lng = rng.uniform(-60, 60, n_photos), rng.uniform(-180, 180, n_photos)
    return y_prob, y_true, lat, lng, lat + rng.exponential(5, n_photos), lng


def flat(report):
    within = {f"within_{km}": figure for km, figure in report["within_km"].items()}
    return {name: report[name] for name in FIGURES} | within


def test_values_are_those_of_the_metrics():
    y_prob, y_true, *places = case = made_case(n_unassigned=11)
    report = evaluate_probs(*case)
    error_km = distance_km(*places)
    prior = np.bincount(y_true[y_true >= 0], minlength=12) / 189
    top_1 = metrics.top_k_accuracy(y_true, y_prob, 1)
    expected = {
        "top_1": top_1,
        "top_5": metrics.top_k_accuracy(y_true, y_prob, 5),
        "top_10": metrics.top_k_accuracy(y_true, y_prob, 10),
        "ior": metrics.improvement_over_random(top_1, 12),
        "ior_majority": top_1 / metrics.majority_accuracy(y_true, prior),
        "ior_gini": top_1 / metrics.gini_accuracy(y_true, prior),
        "loss": metrics.log_loss(y_true, y_prob),
        "brier": metrics.brier_score(y_true, y_prob),
        "ece": calibration.ece(y_true, y_prob),
        "median_km": metrics.median_km(error_km),
        "geoscore": metrics.geoscore(error_km),
        "uniform_loss": metrics.uniform_log_loss(12),
    }
    for km in (1, 25, 200, 750, 2500):
        expected[f"within_{km}"] = metrics.share_within_km(error_km, km)
    for name, figure in flat(report).items():
        assert figure["value"] == pytest.approx(expected[name], abs=1e-9), name
    assert (report["n_photos"], report["n_unassigned"], report["n_leaves"]) == (200, 11, 12)
    assert json.loads(json.dumps(report)) == report


def test_values_lie_in_their_intervals():
    for seed in range(5):
        for name, figure in flat(evaluate_probs(*made_case(seed=seed))).items():
            low, high = figure["ci95"]
            assert low - 1e-9 <= figure["value"] <= high + 1e-9, name


def test_intervals_are_those_of_a_plain_loop():
    case = made_case(60)
    y_prob, y_true, *places = case
    report = evaluate_probs(*case, n_bootstrap=200, seed=3)
    error_km = distance_km(*places)
    loop = {"loss": [], "top_1": [], "median_km": []}
    for draw in np.concatenate(list(bootstrap.resamples(60, 200, 3))):
        loop["loss"].append(metrics.log_loss(y_true[draw], y_prob[draw]))
        loop["top_1"].append(metrics.top_k_accuracy(y_true[draw], y_prob[draw], 1))
        loop["median_km"].append(metrics.median_km(error_km[draw]))
    for name, values in loop.items():
        assert report[name]["ci95"] == pytest.approx(np.percentile(values, [2.5, 97.5]).tolist())


def test_memory_is_bounded_without_changing_a_figure(monkeypatch):
    case = made_case(50)
    whole = evaluate_probs(*case, n_bootstrap=40)
    monkeypatch.setattr(bootstrap, "CHUNK_SIZE", 150)
    chunked = evaluate_probs(*case, n_bootstrap=40)
    for name, figure in flat(chunked).items():
        assert figure["ci95"] == pytest.approx(flat(whole)[name]["ci95"]), name


def test_permuting_the_photos_keeps_every_value():
    case = made_case(n_unassigned=4)
    order = np.random.default_rng(0).permutation(200)
    shuffled = evaluate_probs(*(array[order] for array in case), n_bootstrap=2)
    for name, figure in flat(evaluate_probs(*case, n_bootstrap=2)).items():
        assert flat(shuffled)[name]["value"] == pytest.approx(figure["value"]), name


def test_the_training_shares_are_the_baseline_where_given():
    case = made_case()
    prior = np.full(12, 0.0)
    prior[3] = 1.0
    report = evaluate_probs(*case, class_prior=prior)
    expected = report["top_1"]["value"] / np.mean(case[1] == 3)
    assert report["ior_majority"]["value"] == pytest.approx(expected)
    assert report["ior_gini"]["value"] == pytest.approx(expected)


def test_several_answers_of_a_photo_count_as_their_mean():
    y_prob, y_true, *places = made_case(60)
    other = made_case(60, seed=5)
    both = [
        np.stack([a, b], axis=1)
        for a, b in zip((y_prob, *places), (other[0], *other[2:]), strict=True)
    ]
    rows = [x.reshape(120, *x.shape[2:]) for x in both]
    rows[1:3] = np.repeat(places[0], 2), np.repeat(places[1], 2)  # both answer the same photos
    report = evaluate_probs(rows[0], np.repeat(y_true, 2), *rows[1:], n_answers=2)
    single = [evaluate_probs(rows[0][i::2], y_true, *(x[i::2] for x in rows[1:])) for i in range(2)]
    assert (report["n_photos"], report["n_unassigned"]) == (60, single[0]["n_unassigned"])
    for name in ("loss", "top_1", "geoscore", "brier", "ior", "ece"):
        mean = np.mean([x[name]["value"] for x in single])
        assert report[name]["value"] == pytest.approx(mean), name
    twice = evaluate_probs(
        np.repeat(y_prob, 2, axis=0), *(np.repeat(x, 2) for x in (y_true, *places)), n_answers=2
    )
    for name, figure in flat(evaluate_probs(y_prob, y_true, *places)).items():
        assert flat(twice)[name]["ci95"] == pytest.approx(figure["ci95"]), name


def test_answers_that_do_not_go_evenly_into_photos_are_refused():
    with pytest.raises(ValueError, match="n_answers rows, at least 1, received n_answers 7 for 60"):
        evaluate_probs(*made_case(60), n_answers=7)


def test_without_an_assigned_photo_only_distances_remain():
    y_prob, y_true, *places = made_case(20)
    report = evaluate_probs(y_prob, np.full_like(y_true, -1), *places)
    assert report["top_1"]["value"] == 0
    assert report["geoscore"]["value"] > 0
    for name in ("loss", "brier", "ece", "ior_majority", "ior_gini"):
        assert report[name] == {"value": None, "ci95": [None, None]}


def test_one_photo_and_one_leaf():
    report = evaluate_probs(np.ones((1, 1)), np.array([0]), *np.zeros((4, 1)))
    assert report["top_1"]["value"] == 1
    assert report["uniform_loss"]["value"] == 0
    assert report["median_km"]["ci95"] == [0, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_prob": np.full((200, 12), 0.5)}, "sum to 1"),
        ({"point_lat": np.zeros(3)}, r"must be \(200,\).*\(3,\)"),
        ({"true_lat": np.full(200, np.nan)}, "error_km must be finite"),
        ({"class_prior": np.ones(12)}, r"class_prior must be \(12,\).*sum 12"),
        ({"n_bootstrap": 0}, "n_bootstrap 0"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(change, message):
    names = ("y_prob", "class_index", "true_lat", "true_lng", "point_lat", "point_lng")
    with pytest.raises(ValueError, match=message):
        evaluate_probs(**{**dict(zip(names, made_case(), strict=True)), **change})
