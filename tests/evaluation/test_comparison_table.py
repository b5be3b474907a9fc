import numpy as np
import pandas as pd
import pytest

from geocore.evaluation.comparison_table import comparison_table, shared_entry
from geocore.evaluation.paired import McNemar


def entry(**figures):
    return {name: {"value": value, "ci95": [value / 2, value]} for name, value in figures.items()}


@pytest.fixture
def table():
    differences = {
        "top_1": {"value": 0.1, "ci95": [-0.01, 0.2]},
        "loss": {"value": -0.5, "ci95": [-0.7, -0.3]},
    }
    test = McNemar(n_first=12, n_second=3, p_exact=0.035, p_mid=0.021)
    entries = entry(top_1=0.4, loss=3.0, ior=8.0), entry(top_1=0.3, loss=3.5, ior=6.0)
    made = comparison_table(
        ("HMC", "Uniform"), entries, differences, test, ("HMC", "Uniform"), (1.5, None)
    )
    made = made.replace({"\xa0": " ", "\u2060": ""}, regex=True)
    return made.set_index(made["Measure"].str[:-2].where(made["Measure"].str[-1].isin(["↑", "↓"])))


def test_one_row_per_measure_that_is_known(table):
    assert list(table.index) == [
        "Right cell first", "IoR: times a random cell", "Loss on held-out photos",
        "Training time per epoch",
    ]  # fmt: skip


def test_differences_and_tests_stand_beside_the_figures(table):
    row = table.loc["Right cell first"]
    assert row["HMC"] == "40.0 % (20.0–40.0)"
    assert row["Difference"] == "+10.0 points (\N{MINUS SIGN}1.0 to +20.0)"
    assert row["More than chance?"] == "yes (p = 0.021)"
    assert table.loc["Loss on held-out photos", "More than chance?"] == "yes"
    assert table.loc["IoR: times a random cell", "Difference"] == "–"


def test_the_thesis_has_a_column_of_its_own_for_heads_it_knew(table):
    thesis = table["Thesis: HMC, other photos"]
    assert thesis["Right cell first"] == "3.3 %"
    assert thesis["Loss on held-out photos"] == "4.301"
    assert thesis["Training time per epoch"] == "10,253 s"
    assert not any("Uniform" in column for column in table if column.startswith("Thesis"))


def test_time_is_known_of_what_was_trained(table):
    row = table.loc["Training time per epoch"]
    assert (row["HMC"], row["Uniform"]) == ("1.50 s", "–")


def test_figures_of_shared_photos_by_hand():
    photos = pd.DataFrame(
        {"error_km": [0.0, 100.0, 3000.0], "right": [True, False, False], "loss": [1, np.nan, 3]}
    )
    found = shared_entry(photos)
    assert found["top_1"]["value"] == pytest.approx(1 / 3)
    assert found["loss"]["value"] == 2
    assert found["median_km"]["value"] == 100
    assert found["within_km"]["200"]["value"] == pytest.approx(2 / 3)
    assert set(shared_entry(photos[["error_km"]])) == {
        "geoscore", "median_km", "within_km", "n_photos",
    }  # fmt: skip
