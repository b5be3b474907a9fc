"""Coverage over random halves of photos, and what one calibration can be trusted for."""

import numpy as np
import pandas as pd
import pytest

from geocore.evaluation.conformal import APS, LEVELS, WHOLE_CELLS, label_scores
from geocore.evaluation.coverage import (
    ScoredPhotos,
    coverage_interval,
    coverage_table,
    measure_coverage,
)
from tests.evaluation.made import made_probs

Y_TRUE, Y_PROB = made_probs(600, 8)
KM2 = 4.0 ** np.arange(8)
AREAS = pd.DataFrame({"area_km2": KM2, "land_km2": KM2 / 2})


def photos(method=APS, **changes):
    scores = label_scores(method, Y_PROB, KM2)
    return ScoredPhotos(**{"scores": scores, "y_true": Y_TRUE, "areas": AREAS, **changes})


def test_what_is_promised_is_covered():
    table = measure_coverage(photos())
    assert table["level"].tolist() == list(LEVELS)
    assert (table["coverage"] - table["level"]).abs().max() < 0.02
    assert (table["coverage_lowest"] <= table["coverage"]).all()
    assert (table["coverage"] <= table["coverage_highest"]).all()
    assert table["coverage_sd"].between(0.001, 0.05).all()
    assert table["land_km2"].to_numpy() == pytest.approx(table["area_km2"] / 2)
    assert (table["n_cells"].diff()[1:] > 0).all()


def test_cells_by_probability_per_km2_make_smaller_areas():
    smallest, by_prob = (
        measure_coverage(photos(method), (0.9,)).iloc[0] for method in (WHOLE_CELLS, APS)
    )
    assert smallest["area_km2"] < 0.75 * by_prob["area_km2"]
    assert smallest["median_area_km2"] < by_prob["median_area_km2"]


def test_the_same_photos_give_the_same_figures():
    pd.testing.assert_frame_equal(measure_coverage(photos()), measure_coverage(photos()))


def test_photos_outside_all_cells_are_not_covered_and_enlarge_the_sets():
    outside = Y_TRUE.copy()
    outside[:30] = -1  # 5 %, fewer than 10 %
    parts = {"outside": outside < 0, "none": np.zeros(600, bool)}
    table = measure_coverage(photos(y_true=outside, parts=parts), (0.9,)).iloc[0]
    assert table["coverage"] == pytest.approx(0.9, abs=0.02)
    assert table["coverage:outside"] == 0
    assert np.isnan(table["coverage:none"])
    assert table["n_cells"] > measure_coverage(photos(), (0.9,)).iloc[0]["n_cells"]


def test_groups_that_calibrate_apart_are_each_covered():
    hard = Y_TRUE >= 4
    scores = label_scores(APS, Y_PROB, KM2)
    scores[:, 4:] += 0.3 * scores[:, 4:]  # leaves that the model never takes early
    groups = np.where(np.arange(8) >= 4, "hard", "easy")
    together = photos(scores=scores, parts={"hard": hard})
    apart = photos(
        scores=scores, parts={"hard": hard}, cell_groups=groups, photo_groups=groups[Y_TRUE]
    )
    assert measure_coverage(together, (0.8,)).iloc[0]["coverage:hard"] < 0.75
    assert measure_coverage(apart, (0.8,)).iloc[0]["coverage:hard"] == pytest.approx(0.8, abs=0.04)


def test_a_set_is_never_empty():
    scores = np.full((10, 3), 5.0)
    scores[:, 0] = 4.0
    found = measure_coverage(
        ScoredPhotos(scores=scores, y_true=np.zeros(10, int), areas=AREAS[:3]), (0.1,)
    )
    assert found.iloc[0]["n_cells"] == 1


@pytest.mark.parametrize(
    ("n", "level", "low", "high"), [(330, 0.9, 0.867, 0.931), (19, 0.95, 0.824, 0.999)]
)
def test_interval_of_one_calibration(n, level, low, high):
    assert coverage_interval(n, level) == pytest.approx((low, high), abs=0.002)


def test_too_few_photos_have_no_interval():
    with pytest.raises(
        ValueError, match=r"18 photos cannot promise a coverage of 0\.95, at least 19"
    ):
        coverage_interval(18, 0.95)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"y_true": Y_TRUE[:5]},
            r"y_true \(n_photos,\) with at least two photos, received \(600, 8\)",
        ),
        ({"scores": np.zeros((1, 8)), "y_true": Y_TRUE[:1]}, "at least two photos"),
        ({"areas": AREAS[:3]}, "one row for each of 8 cells, received 3"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        photos(**changes)


def test_the_table_says_what_was_promised_and_seen():
    record = {"together": measure_coverage(photos(), (0.5, 0.9)).to_dict("records")}
    table = coverage_table({"MC": {APS: record}})
    assert table["promised %"].tolist() == ["90"]  # other levels are the curve's
    assert table["head"].tolist() == ["MC"]
    assert float(table["seen %"][0]) == pytest.approx(90, abs=2)


def test_domains_that_calibrate_apart_are_each_covered():
    """Half of the photos say nothing: held against all, the sure half pays their promise."""
    vague = np.arange(600) % 2 == 1
    probs = np.where(vague[:, None], 0.15 * Y_PROB + 0.85 / 8, Y_PROB)
    scores = label_scores(WHOLE_CELLS, probs, KM2)
    domains = np.where(vague, "vague", "sure")
    parts = {"vague": vague, "sure": ~vague}
    together = measure_coverage(photos(scores=scores, parts=parts), (0.9,)).iloc[0]
    apart = measure_coverage(photos(scores=scores, parts=parts, domains=domains), (0.9,)).iloc[0]
    assert abs(together["coverage:vague"] - together["coverage:sure"]) > 0.05
    for part in parts:
        assert apart[f"coverage:{part}"] == pytest.approx(0.9, abs=0.03)


def test_a_domain_of_few_photos_is_held_against_all():
    domains = np.where(np.arange(600) < 30, "rare", "common")
    scores = label_scores(APS, Y_PROB, KM2)
    found = measure_coverage(photos(scores=scores, domains=domains), (0.9,)).iloc[0]
    assert found["coverage"] == pytest.approx(0.9, abs=0.03)
