"""The printed numbers, and that they agree with each other as far as they do in print."""

import pytest

from geocore.evaluation.thesis import SOURCES, THESIS_TABLE_6_8, thesis_results

N_CLASSES = {"A": 99, "B": 89, "D": 72}


def test_every_printed_number_is_there_once():
    table = thesis_results()
    assert table.groupby("experiment").size().to_dict() == {"A": 12, "B": 12, "C": 16, "D": 16}
    assert not table.duplicated(["experiment", "setting", "head", "measure"]).any()
    assert table["value"].notna().all()
    assert set(SOURCES) == set(table["experiment"])


@pytest.mark.parametrize(
    ("experiment", "setting", "head", "measure", "value"),
    [
        ("A", "EfficientNetB1", "MC", "ior", 2.574),
        ("B", "1/64", "MC", "loss", 12.429),
        ("C", "25,000 to 100,000", "MC", "share_kept", 0.874),
        ("D", "table 6.7", "HMC-smooth", "seconds_per_epoch", 19253),
    ],
)
def test_a_number_is_found_by_name(experiment, setting, head, measure, value):
    rows = thesis_results().set_index(["experiment", "setting", "head", "measure"])
    assert rows.loc[(experiment, setting, head, measure), "value"] == value


def test_ior_is_accuracy_times_classes_up_to_the_rounding_in_print():
    """Accuracies have three decimals in print, so IoR is known to half a thousandth of classes.

    One row does not agree with itself in print: HMC-sol, 0.032 times 72 is 2.30, not 2.23.
    """
    table = thesis_results().pivot(
        index=["experiment", "setting", "head", "x"], columns="measure", values="value"
    )
    apart = []
    for (experiment, _, head, x), row in table.iterrows():
        n_classes = N_CLASSES.get(experiment, x)
        if row["ior"] != pytest.approx(row["top_1"] * n_classes, abs=0.0006 * n_classes):
            apart.append(head)
    assert apart == ["HMC-sol"]


def test_thesis_table_6_8_is_the_printed_one():
    table = THESIS_TABLE_6_8.set_index("head")
    assert table.loc["HMC-smooth"].tolist() == [3.98, 0.031, 2.23, 19253]
    assert table["top_1"].idxmax() == "HMC"
