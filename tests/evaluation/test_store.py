import pandas as pd
import pytest

from geocore.errors import ResultsError
from geocore.evaluation.store import (
    COLUMNS,
    FOLDS_PARTS,
    append_run,
    is_finished,
    load_folds,
    load_results,
    save_folds,
)


def run(setting="1/4", repeat=0, run_id="a", value=0.5, **other):
    """Two rows of one run."""
    row = {
        "experiment": "B", "row": 2, "setting": setting, "x": 210.0, "head": "MC", "repeat": repeat,
        "seed": 42 + repeat, "measure": "top_1", "value": value, "low": 0.4, "high": 0.6,
        "n_photos": 240, "n_train": 210, "n_leaves": 104, "share_kept": 0.99, "n_epochs": 7,
        "seconds_per_epoch": 0.5, "photo_set": "street", "photo_set_sha256": "ab",
        "run_id": run_id, "note": "",
    } | other  # fmt: skip
    return pd.DataFrame([row, row | {"measure": "loss"}])[list(COLUMNS)]


def test_runs_come_back_as_they_were_stored(tmp_path):
    append_run(run(), tmp_path / "new")
    append_run(run(repeat=1, run_id="b"), tmp_path / "new")
    both = pd.concat([run(), run(repeat=1, run_id="b")], ignore_index=True).astype(COLUMNS)
    pd.testing.assert_frame_equal(load_results("B", tmp_path / "new"), both)
    pd.testing.assert_frame_equal(load_results(folder=tmp_path / "new"), both)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["experiment_b.parquet"]


def test_a_run_made_again_replaces_the_earlier_one(tmp_path):
    append_run(run(run_id="a", value=0.1), tmp_path)
    append_run(run(run_id="b", value=0.2), tmp_path)
    append_run(run(run_id="c", value=0.3, photo_set_sha256="other"), tmp_path)
    stored = load_results("B", tmp_path)
    assert stored["run_id"].tolist() == ["b", "b", "c", "c"]
    assert stored["value"].tolist() == [0.2, 0.2, 0.3, 0.3]


def test_rows_come_in_the_order_of_the_table(tmp_path):
    for row, repeat in ((3, 0), (1, 1), (1, 0)):
        append_run(run(row=row, setting=f"row {row}", repeat=repeat), tmp_path)
    stored = load_results("B", tmp_path).drop_duplicates(["row", "repeat"])
    assert stored[["row", "repeat"]].values.tolist() == [[1, 0], [1, 1], [3, 0]]


def test_a_note_is_not_a_finished_run(tmp_path):
    append_run(run(run_id="a", note="weights are not available", value=None), tmp_path)
    append_run(run(repeat=1, run_id="b"), tmp_path)
    stored = load_results("B", tmp_path)
    assert not is_finished(stored, "a")
    assert is_finished(stored, "b")
    assert not is_finished(stored, "c")


def test_a_store_that_is_not_there_is_empty(tmp_path):
    empty = load_results(folder=tmp_path / "absent")
    assert (list(empty), len(empty)) == (list(COLUMNS), 0)
    assert not is_finished(empty, "a")


def test_a_kill_while_writing_leaves_the_store_as_it_was(tmp_path, monkeypatch):
    append_run(run(), tmp_path)
    before = load_results("B", tmp_path)

    def half(self, path, **_):
        path.write_bytes(b"PAR1")
        raise KeyboardInterrupt

    monkeypatch.setattr(pd.DataFrame, "to_parquet", half)
    with pytest.raises(KeyboardInterrupt):
        append_run(run(repeat=1, run_id="b"), tmp_path)
    pd.testing.assert_frame_equal(load_results("B", tmp_path), before)


def test_an_unknown_experiment_is_named():
    with pytest.raises(ValueError, match=r"Unknown experiment 'E'. Known experiments: A, B, C, D"):
        load_results("E")


def test_only_whole_runs_are_taken(tmp_path):
    with pytest.raises(ValueError, match=r"A run is one or more rows of one .*; received 4 rows"):
        append_run(pd.concat([run(), run(repeat=1)]), tmp_path)
    with pytest.raises(ValueError, match="received 2 rows with experiment, x"):
        append_run(run()[["experiment", "x"]], tmp_path)


def test_a_file_that_is_no_table(tmp_path):
    (tmp_path / "experiment_a.parquet").write_text("no table")
    with pytest.raises(ResultsError, match=r"experiment_a\.parquet: not a readable Parquet file"):
        load_results("A", tmp_path)
    run().drop(columns="note").to_parquet(tmp_path / "experiment_b.parquet")
    with pytest.raises(ResultsError, match=r"column 'note' is missing. Delete the file and run"):
        load_results("B", tmp_path)


def test_the_report_of_a_cross_validation(tmp_path):
    assert load_folds(tmp_path) is None
    report = {"heads": {"MC": {"all": {"n_photos": 1}}}} | dict.fromkeys(FOLDS_PARTS)
    path = save_folds(report, tmp_path)
    assert load_folds(tmp_path) == report
    assert [x.name for x in tmp_path.iterdir()] == [path.name]


OLD = '{"heads": {"MC": {"all": {"n_photos": 1}}}}'  # as stored before heads were compared


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"heads": 3}', '{"heads": {"MC": {}}}', OLD])
def test_another_file_is_no_report(tmp_path, text):
    (tmp_path / "street_folds.json").write_text(text)
    with pytest.raises(
        ResultsError, match=r"street_folds\.json: not a report of experiment street"
    ):
        load_folds(tmp_path)
