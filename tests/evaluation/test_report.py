import numpy as np
import pandas as pd
import pytest

from geocore.evaluation import measures
from geocore.evaluation import report as reports
from geocore.evaluation.evaluator import evaluate_probs
from geocore.evaluation.thesis import THESIS_TABLE_6_8
from tests.evaluation.made import made_probs


def made_predictions(seed=0, sharpness=1.0, n_photos=150):
    """One head's rows as predictions.parquet has them; a larger sharpness knows more."""
    y_true, y_prob = made_probs(n_photos, 12, n_unassigned=3, seed=7)
    noise = np.random.default_rng(seed).uniform(0.5, 1.5, y_prob.shape)
    y_prob = y_prob**sharpness * noise
    y_prob = (y_prob / y_prob.sum(axis=1, keepdims=True)).astype(np.float32)
    rng = np.random.default_rng(7)
    lat, lng = rng.uniform(-60, 60, n_photos), rng.uniform(-180, 180, n_photos)
    return pd.DataFrame(
        {"photo_id": [f"{i}.jpg" for i in range(n_photos)],
         "photo_set": np.where(np.arange(n_photos) < 100, "street_photos", "scenes"),
         "lat": lat, "lng": lng, "class_index": y_true, "point_lat": lat + 5.0 / sharpness,
         "point_lng": lng, "probs": list(y_prob)}
    )  # fmt: skip


def evaluate(rows):
    places = (rows[name].to_numpy() for name in ("lat", "lng", "point_lat", "point_lng"))
    probs = np.stack(list(rows["probs"]))
    return evaluate_probs(probs, rows["class_index"].to_numpy(), *places, n_bootstrap=100)


@pytest.fixture(scope="module")
def predictions():
    return {"MC": made_predictions(1, 0.2), "HMC": made_predictions(2, 1.5)}


@pytest.fixture(scope="module")
def report(predictions):
    heads = {
        head: {"all": evaluate(rows)}
        | {name: evaluate(part) for name, part in rows.groupby("photo_set")}
        for head, rows in predictions.items()
    }
    return {"heads": heads, "training": {"HMC": {"seconds_per_epoch": 1.25}}}


def test_photo_sets_are_those_every_head_has_the_whole_first(report):
    assert reports.photo_sets(report) == ["all", "scenes", "street_photos"]
    assert reports.photo_sets({"heads": {}}) == []
    short = {"heads": {"MC": report["heads"]["MC"], "HMC": {"all": {}}}}
    assert reports.photo_sets(short) == ["all"]


def test_figures_as_text():
    shares = measures.MEASURES["top_1"]
    assert shares.text({"value": 0.2414, "ci95": [0.1971, 0.2879]}) == "24.1 % (19.7–28.8)"
    distance = measures.MEASURES["median_km"]
    assert distance.text({"value": 3816.4, "ci95": [3300, 4100]}) == "3,816 km (3,300–4,100)"
    assert distance.text(measures.NOT_KNOWN) == "not known"


def test_numbers_have_a_true_minus_and_no_minus_zero():
    assert measures.number_text(-1234.56, 1) == "−1,234.6"
    assert measures.number_text(-0.04, 1) == "0.0"


def test_tidy_figures_hold_every_figure_once(report):
    table = reports.tidy_figures(report)
    assert len(table) == 2 * 3 * len(measures.MEASURES)
    assert not table.duplicated(["head", "photo_set", "measure"]).any()
    row = table.set_index(["head", "photo_set", "measure"]).loc["HMC", "scenes", "within_200"]
    figure = report["heads"]["HMC"]["scenes"]["within_km"]["200"]
    assert [row["value"], row["low"], row["high"]] == [figure["value"], *figure["ci95"]]
    assert (row["n_photos"], table["value"].dtype) == (50, float)


def test_a_report_that_lacks_figures_is_still_readable():
    figure = {"value": 0.5, "ci95": [0.4, 0.6]}
    table = reports.head_table({"heads": {"MC": {"all": {"n_photos": 9, "top_1": figure}}}})
    assert table["MC"].tolist()[:2] == ["**50.0\xa0% (40.0\u2060–\u206060.0)**", "not\xa0known"]
    assert reports.tidy_figures({"heads": {"MC": {"all": {"n_photos": 9}}}})["value"].isna().all()


def test_head_table_has_one_column_per_head_and_marks_the_best(report):
    table = reports.head_table(report, "scenes")
    assert list(table.columns) == ["MC", "HMC"]
    for name in (
        "Right cell first\xa0↑",
        "Median error\xa0↓",
        "GeoScore of the best point\xa0↑",
    ):
        assert table.loc[name, "HMC"].startswith("**")
        assert not table.loc[name, "MC"].startswith("**")
    assert table.loc["Training time per epoch\xa0↓"].tolist() == ["not known", "1.2 s"]
    with pytest.raises(ValueError, match=r"Unknown photo set 'sea'.*all, scenes, street_photos"):
        reports.head_table(report, "sea")


@pytest.mark.parametrize("measure", ["top_1", "loss", "median_km", "geoscore"])
def test_the_better_head_is_ranked_first(report, measure):
    rows = reports.ranked(reports.tidy_figures(report), measure)
    assert rows["head"].tolist() == ["HMC", "MC"]


def test_photo_figures_average_to_the_report(predictions, report):
    figures = reports.photo_figures(predictions["HMC"])
    for measure in ("top_1", "top_5", "loss", "brier", "geoscore", "within_200"):
        expected = measures.figure_of(report["heads"]["HMC"]["all"], measure)["value"]
        assert figures[measure].mean() == pytest.approx(expected), measure


def test_a_paired_difference_is_surer_than_the_two_intervals(predictions):
    first, second = (reports.photo_figures(predictions[head]) for head in ("HMC", "MC"))
    figure = reports.paired_difference(first, second, "geoscore")
    assert figure["value"] == pytest.approx(first["geoscore"].mean() - second["geoscore"].mean())
    assert figure["ci95"][0] > 0
    shuffled = second.sample(frac=1, random_state=0)
    assert reports.paired_difference(first, shuffled, "geoscore") == figure
    same = reports.paired_difference(first, first, "top_1", "scenes")
    assert same == {"value": 0.0, "ci95": [0.0, 0.0]}


def test_heads_measured_on_other_photos_are_not_compared(predictions):
    first, second = (reports.photo_figures(predictions[head]) for head in ("HMC", "MC"))
    with pytest.raises(ValueError, match="received 150 and 149 photos of which 149 are shared"):
        reports.paired_difference(first, second.iloc[1:], "top_1")


def test_thesis_table_is_the_printed_one():
    table = THESIS_TABLE_6_8.set_index("head")
    assert table.loc["HMC-smooth"].tolist() == [3.98, 0.031, 2.23, 19253]
    assert table["top_1"].idxmax() == "HMC"


def verdict_rows(low, high):
    values = {"measure": "top_1", "photo_set": "all", "n_photos": 330, "n_unassigned": 0}
    return pd.DataFrame(
        [{"head": "HMC", "value": 0.3, "low": low, "high": 0.35} | values,
         {"head": "MC", "value": 0.2, "low": 0.15, "high": high} | values]
    )  # fmt: skip


def test_the_verdict_in_words():
    sure = {"value": 0.1, "ci95": [0.05, 0.15]}
    words = reports.verdict(verdict_rows(low=0.26, high=0.25), sure)
    assert words == (
        "Right cell first: HMC is ahead with 30.0 % (26.0–35.0), measured on 330 photos. "
        "Next is MC with 20.0 % (15.0–25.0). The 95 % intervals do not overlap. On the very "
        "same photos the first is better by 10.0 points (95 % interval 5.0 to 15.0), more than "
        "chance explains."
    )
    unsure = {"value": 0.1, "ci95": [-0.05, 0.15]}
    words = reports.verdict(verdict_rows(low=0.24, high=0.25), unsure)
    assert "intervals overlap" in words
    assert words.endswith("(95 % interval −5.0 to 15.0), which may be chance with so few photos.")


def test_where_less_is_better_the_difference_is_still_how_much_better():
    rows = verdict_rows(0.2, 0.3).assign(measure="loss").sort_values("value")
    words = reports.verdict(rows, {"value": -0.1, "ci95": [-0.15, -0.05]})
    assert "MC is ahead with 0.200" in words
    assert "better by 0.100 (95 % interval 0.050 to 0.150), more than chance" in words


def test_heads_that_are_level_share_the_verdict():
    rows = verdict_rows(0.26, 0.25)
    twin = rows.head(1).assign(head="HMC-sol")
    three = pd.concat([rows.head(1), twin, rows.tail(1)], ignore_index=True)
    assert reports.rivals(three) == ("HMC", "MC")
    assert "HMC and HMC-sol are both ahead with 30.0 %" in reports.verdict(three, None)
    assert "Next is MC with 20.0 %" in reports.verdict(three, None)
    twins = three.head(2)
    assert reports.rivals(twins) is None
    assert "HMC and HMC-sol are both at 30.0 %" in reports.verdict(twins, None)
    assert reports.rivals(rows.assign(value=np.nan)) is None


def test_the_verdict_on_few_heads():
    rows = verdict_rows(0.2, 0.3)
    one = reports.verdict(rows.head(1), None)
    assert one == "Right cell first: HMC is at 30.0 % (20.0–35.0), measured on 330 photos."
    assert reports.verdict(rows, None).endswith("The 95 % intervals overlap.")
    assert "not measured for any head" in reports.verdict(rows.assign(value=np.nan), None)


def test_chance_levels_are_those_of_equal_probs():
    y_true, y_prob = np.arange(20) % 20, np.full((20, 20), 1 / 20)
    report = evaluate_probs(y_prob, y_true, *np.zeros((4, 20)), n_bootstrap=2)
    for measure in ("top_1", "top_5", "top_10", "ior", "loss", "brier"):
        expected = report[measure]["value"]
        assert measures.chance_level(measure, 20) == pytest.approx(expected), measure
    assert measures.chance_level("top_10", 4) == 1
    assert measures.chance_level("median_km", 20) is None


def test_only_means_over_photos_are_paired(predictions):
    columns = reports.photo_figures(predictions["MC"]).columns
    assert {m for m in measures.MEASURES if measures.is_paired(m)} <= set(columns)
    assert {"ior", "median_km", "ece"}.isdisjoint(columns)
