import copy

import pytest

from geocore.evaluation.folds_text import (
    GOALS,
    areas_table,
    goals_table,
    hierarchy_verdict,
    is_sure,
    paired_table,
    results_section,
    search_section,
)
from geocore.evaluation.results_text import NOT_RUN
from tests.evaluation.test_folded import made_report


@pytest.fixture(scope="module")
def report():
    return made_report()


def test_the_section_says_how_and_how_well(report):
    text = " ".join(results_section(report).split())
    assert "5 folds, repeated 2 times with other draws, over 100 street_photos and 50" in text
    assert "7 street_places only train" in text
    assert "12 cells; 3 photos lie outside all of them" in text
    assert text.index("**street_photos**") < text.index("**scenes**")
    assert "| Measure | MC | HMC | Uniform |" in text and "Training time" not in text
    best = report["heads"]["HMC"]["street_photos"]["geoscore"]["value"]
    assert f"**{best:,.0f}" in text


def test_no_results_are_no_section():
    assert results_section(None) == search_section(None) == NOT_RUN


def test_the_verdict_follows_the_test(report):
    assert "On street_photos: **Yes:** HMC beat MC in log-loss." in hierarchy_verdict(report)
    other = hierarchy_verdict(made_report(mc=1.5, hmc=0.2))
    assert "**No** hierarchical head has a significantly better log-loss than MC; HMC is" in other


def test_several_comparisons_need_more_certainty():
    assert is_sure({"p": 0.03}, 1) and not is_sure({"p": 0.03}, 4) and not is_sure({"p": None}, 1)


def test_differences_come_with_their_p(report):
    row = paired_table(report).iloc[0]
    assert row["Less MC"] == "HMC" and row["Photos"] == "street_photos"
    p = report["paired"]["HMC"]["street_photos"]["loss"]["p"]
    assert row["Loss on held-out photos"].endswith(f", p = {p:.3f}")


def test_a_goal_is_reached_by_whom_the_figures_say(report):
    figures = copy.deepcopy(report)
    for head, value in (("MC", 1800), ("HMC", 1600)):
        figures["heads"][head]["street_photos"]["geoscore"]["value"] = value
        figures["heads"][head]["street_photos"]["ece"]["value"] = value / 50000
    table = goals_table(figures).set_index("Goal")["Reached by"]
    assert table["GeoScore of the best point, street_photos: at least 1,700"] == "MC"
    assert table["Calibration error (ECE), street_photos: at most 4.0 %"] == "MC, HMC"
    assert not any("country_scenes" in goal for goal in table.index)  # not among these photos
    assert len(table) == len(GOALS) - 1


def test_areas_stand_beside_their_promise(report):
    row = areas_table(report).iloc[1]
    assert (row["Promised"], row["Held"], row["scenes"]) == ("90 %", "85.0 %", "not known")
    text = " ".join(search_section(report).split())
    assert "held 85.0 % of the true places (scenes not known, street_photos 85.0 %) in 10" in text


def test_the_promise_on_one_kind_of_photos_is_told_where_it_was_measured(report):
    rows = [{"level": x, "coverage": x + 0.001, "area_km2": x * 1e8} for x in (0.8, 0.9, 0.95)]
    heads = {"HMC": {"least-area": rows, "APS": [row | {"area_km2": 3e8} for row in rows]}}
    one = {"photo_set": "street_photos", "n_photos": 1202, "heads": heads}
    text = " ".join(search_section(report | {"areas_of_set": one}).split())
    assert "of the 1,202 street_photos alone" in text
    assert "areas of 80 / 90 / 95 % held 80.1 / 90.1 / 95.1 % in 80 / 90 / 95 million km²" in text
    assert text.endswith("by probability 300 / 300 / 300 million.")


def test_how_often_photo_sets_are_told_right_is_said(report):
    assert "told right" not in results_section(report)
    told = report | {"domains": {"scenes": 0.5, "street_photos": 1.0}}
    assert "told right: 50.0 % of scenes, 100.0 % of street_photos. That they are" in " ".join(
        results_section(told).split()
    )
