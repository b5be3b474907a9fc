import numpy as np
import pandas as pd
import pytest
from scipy import stats

from geocore.evaluation.repeats import OF_RUN, summarise_repeats, t_interval
from tests.evaluation.test_store import run


def test_the_interval_of_three_repeats_by_hand():
    """Mean 2, deviation 1, t(0.975; 2 degrees) = 4.302653, divided by the root of 3."""
    assert t_interval(np.array([1.0, 2.0, 3.0])) == pytest.approx((2, 2 - 2.484138, 2 + 2.484138))


def test_the_interval_agrees_with_scipy():
    values = np.random.default_rng(0).normal(size=7)
    low, high = stats.t.interval(0.95, 6, values.mean(), stats.sem(values))
    assert t_interval(values) == pytest.approx((values.mean(), low, high))


def test_one_repeat_has_no_interval():
    mean, low, high = t_interval(np.array([4.0]))
    assert mean == 4 and np.isnan([low, high]).all()


def test_no_repeat_is_refused():
    with pytest.raises(ValueError, match=r"at least one value, received \(0,\)"):
        t_interval(np.array([]))


def test_repeats_become_one_row():
    runs = [run(repeat=i, run_id=str(i), value=i + 5.0, low=i, n_epochs=i) for i in range(3)]
    noted = run(setting="all", run_id="n", note="no weights", value=np.nan).iloc[:1]
    table = summarise_repeats(pd.concat([*runs, noted], ignore_index=True))
    assert table["setting"].drop_duplicates().tolist() == ["1/4", "all"]
    rows = table.set_index(["setting", "measure"])
    row = rows.loc["1/4", "top_1"]
    assert row["value"] == 6 and row["low"] == pytest.approx(6 - 2.484138)
    assert (row["bootstrap_low"], row["n_repeats"], row["n_leaves"]) == (1, 3, 104)
    assert rows.loc[("1/4", "n_epochs"), "value"] == 1
    assert set(rows.loc["1/4"].index) == {"top_1", "loss", *OF_RUN}
    assert np.isnan(rows.loc[("all", "top_1"), "value"])
    assert rows.loc[("all", "top_1"), "note"] == "no weights"


def test_an_interval_ends_at_nought_and_a_single_repeat_has_none():
    table = summarise_repeats(pd.concat([run(value=0.0), run(repeat=1, run_id="b", value=0.5)]))
    assert table["low"].iloc[0] == 0 and table["high"].iloc[0] > 1
    assert summarise_repeats(run())[["low", "high"]].isna().all(axis=None)


def test_photo_sets_are_never_averaged():
    other = run(run_id="b", value=0.9, photo_set_sha256="cd")
    table = summarise_repeats(pd.concat([run(), other]))
    assert table[table["measure"] == "top_1"]["value"].tolist() == [0.5, 0.9]


def test_nothing_run_yet_is_an_empty_table():
    assert summarise_repeats(run().iloc[:0]).empty
