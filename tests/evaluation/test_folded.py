import json

import numpy as np
import pandas as pd
import pytest

from geocore.evaluation.folded import folds_report, mean_areas, paired_with
from geocore.evaluation.report import paired_difference, photo_figures
from tests.evaluation.test_report import made_predictions

PROTOCOL = {
    "n_repeats": 2, "n_folds": 5, "place_km": 25.0, "tested": {"street_photos": 100, "scenes": 50},
    "only_trains": {"street_places": 7}, "photo_sets_sha256": "a", "run_id": "b",
}  # fmt: skip


def answers(head, sharpness, **fitted):
    """Two repeats of a head's answers, as the folds give them."""
    known = {"temperature": 1.5, "evidence_share": 0.4, "point_sharpness": 4.0, "epochs": 9.0}
    return pd.concat(
        made_predictions(seed, sharpness).assign(
            head=head, repeat=seed, fold=np.arange(150) % 5, **known | fitted
        )
        for seed in range(2)
    )


def areas(coverage):
    rows = [
        {"level": level, "coverage": coverage, "area_km2": 1e7, "coverage:photo_set=scenes": None}
        | {"coverage:photo_set=street_photos": coverage}
        for level in (0.8, 0.9, 0.95)
    ]
    record = {"n_photos": 30, "together": rows}
    return {head: {"least-area": record, "APS": record} for head in ("MC", "HMC")}


def made_report(mc=0.2, hmc=1.5):
    none = dict.fromkeys(("temperature", "evidence_share", "point_sharpness", "epochs"), np.nan)
    rows = [answers("MC", mc), answers("HMC", hmc), answers("Uniform", 0.1, **none)]
    return folds_report(pd.concat(rows), [areas(0.8), areas(0.9)], PROTOCOL, "HMC")


@pytest.fixture(scope="module")
def report():
    return made_report()


def test_a_report_holds_every_head_and_photo_set_and_is_plain(report):
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert list(report["heads"]) == ["MC", "HMC", "Uniform"]
    counts = {name: x["n_photos"] for name, x in report["heads"]["HMC"].items()}
    assert counts == {"all": 150, "street_photos": 100, "scenes": 50}
    assert list(report["paired"]) == ["HMC"]  # a baseline is not tested, nor MC against itself
    assert report["fitted"]["HMC"]["temperature"] == {"mean": 1.5, "min": 1.5, "max": 1.5}


def test_a_head_that_knows_more_is_told_from_chance(report):
    loss = report["paired"]["HMC"]["street_photos"]["loss"]
    assert loss["value"] < 0 and loss["ci95"][1] < 0 and loss["p"] < 0.01
    assert report["paired"]["HMC"]["street_photos"]["geoscore"]["value"] > 0


def test_heads_that_differ_by_noise_are_not():
    first, second = answers("MC", 1.0), answers("HMC", 1.0)
    second["probs"] = list(second["probs"].sample(frac=1, random_state=0))
    third = second.assign(probs=list(second["probs"].sample(frac=1, random_state=1)))
    assert paired_with(second, third)["all"]["loss"]["p"] > 0.05
    assert paired_with(first, second)["all"]["loss"]["p"] < 0.001


def test_the_difference_of_one_repeat_is_the_plain_paired_one():
    first, second = (answers(head, x).query("repeat == 0") for head, x in (("A", 1), ("B", 0.5)))
    found = paired_with(first, second)["all"]["loss"]
    plain = paired_difference(photo_figures(first), photo_figures(second), "loss")
    assert found["value"] == pytest.approx(plain["value"])


def test_equal_answers_have_no_difference_and_no_p():
    rows = answers("MC", 1.0)
    assert paired_with(rows, rows)["all"]["loss"] == {"value": 0, "ci95": [0, 0], "p": None}


def test_other_photos_are_refused():
    rows = answers("MC", 1.0)
    with pytest.raises(ValueError, match="same photos, received 150 and 149"):
        paired_with(rows, rows[rows["photo_id"] != "7.jpg"])


def test_a_photo_that_lacks_a_repeat_is_refused():
    rows = answers("MC", 1.0).iloc[:-1]
    with pytest.raises(ValueError, match="answered in each of 2 repeats"):
        folds_report(rows, [], PROTOCOL, "MC")


def test_search_areas_are_the_mean_over_the_folds():
    mean = mean_areas([areas(0.8), areas(0.9)])["MC"]["APS"]
    assert mean["n_photos"] == 60
    assert mean["together"][0]["coverage"] == pytest.approx(0.85)
    assert mean["together"][0]["coverage:photo_set=scenes"] is None
    assert mean_areas([]) == {}


def test_how_often_photo_sets_are_told_right():
    rows = answers("MC", 1.0)
    assert folds_report(rows, [areas(0.8)], PROTOCOL, "MC")["domains"] == {}
    wrong = (rows["photo_set"] == "scenes") & (rows["repeat"] == 0)
    told = rows.assign(domain=rows["photo_set"].mask(wrong, "street_photos"))
    report = folds_report(told, [areas(0.8)], PROTOCOL, "MC")
    assert report["domains"] == {"scenes": 0.5, "street_photos": 1.0}
