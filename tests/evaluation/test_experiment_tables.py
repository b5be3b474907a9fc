import numpy as np
import pandas as pd
import pytest

from geocore.evaluation.experiment_tables import experiment_table, measure_of
from geocore.evaluation.store import COLUMNS
from tests.evaluation.test_store import run


def rows(setting, experiment="B", repeat=0, **values):
    """One run with a value per measure."""
    part = run(setting, repeat, f"{setting} {repeat}", experiment=experiment)
    parts = [
        part.iloc[:1].assign(measure=name, value=value, low=value / 2, high=value * 2)
        for name, value in values.items()
    ]
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def test_ours_with_both_intervals_and_the_thesis_in_its_own_columns():
    runs = [rows("1/4", repeat=i, loss=3.0 + i, top_1=0.1, ior=2.0) for i in range(3)]
    row = experiment_table(pd.concat(runs)).iloc[0]
    assert row.to_dict() == {
        "Share of the training photos": "1/4",
        "Training photos": "210",
        "Loss": "4.000 (1.516–6.484)",
        "Accuracy": "10.0 % (10.0–10.0)",
        "IoR": "2.00 (2.00–2.00)",
        "IoR, bootstrap interval": "1.00–4.00",
        "Thesis: training photos": "160,000",
        "Thesis: loss": "5.762",
        "Thesis: accuracy": "1.1 %",
        "Thesis: IoR": "0.935",
    }


def test_a_setting_without_weights_says_so_once():
    noted = rows("VGG19", "A", loss=np.nan).assign(note="weights not available", measure="")
    row = experiment_table(pd.concat([noted, rows("EfficientNet-Lite0", "A", loss=3.0)])).iloc[0]
    assert (row["Loss"], row["Accuracy"], row["IoR"]) == ("weights not available", "–", "–")
    assert row["Thesis: loss"] == "6.985"


def test_a_setting_the_thesis_has_not():
    row = experiment_table(rows("EfficientNet-Lite0", "A", loss=3.0)).iloc[0]
    assert row["Loss"] == "3.000"
    assert (row["Thesis: loss"], row["Thesis: IoR"]) == ("–", "–")


def test_our_settings_stand_beside_the_same_head_of_the_thesis():
    ours = rows("ours", "D", loss=3.0).assign(head="HMC")
    tree = rows("ours", "D", loss=3.0).assign(head="HMC-tree")
    table = experiment_table(pd.concat([ours, tree])).set_index("Head")
    assert table["Thesis: IoR"].to_dict() == {"HMC": "2.38", "HMC-tree": "–"}
    assert table.loc["HMC", "Thesis: time per epoch"] == "10,253 s"


def test_the_share_of_photos_is_the_same_in_every_repeat():
    runs = [rows("5,000 to 40,000", "C", repeat=i, loss=3.0) for i in range(3)]
    row = experiment_table(pd.concat(runs)).iloc[0]
    assert row["Photos inside the cells"] == "99.0 %"
    assert [name for name in row.index if name.startswith("Thesis")] == [
        "Thesis: classes", "Thesis: photos inside the cells", "Thesis: loss", "Thesis: accuracy",
        "Thesis: IoR",
    ]  # fmt: skip


def test_several_photo_sets_are_named():
    other = rows("1/4", loss=2.0).assign(photo_set="other", photo_set_sha256="cdefghi")
    table = experiment_table(pd.concat([rows("1/4", loss=3.0), other]))
    assert table["Photos"].tolist() == ["street (ab)", "other (cdefgh)"]


def test_nothing_run_yet_is_an_empty_table():
    assert experiment_table(run().iloc[:0]).empty


def test_one_experiment_at_a_time():
    with pytest.raises(ValueError, match="A table shows one experiment, received A, B"):
        experiment_table(pd.concat([rows("x", "A", loss=1.0), rows("x", "B", loss=1.0)]))


def test_an_unknown_measure_is_named():
    with pytest.raises(ValueError, match=r"Unknown measure 'topp'\. Known measures: top_1, top_5"):
        measure_of("topp")
