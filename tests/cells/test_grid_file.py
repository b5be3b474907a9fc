"""cells.csv: out, in again, and everything that can be wrong with it."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from geocore.cells import build_hierarchy, generate_cells, load_grid
from geocore.errors import GridError
from tests.cells.test_grid import clustered_points, worlds

COLUMNS = ["token", "level", "parent", "class_index", "n_photos", "lat", "lng", "place"]


@pytest.fixture
def grid():
    return generate_cells(*clustered_points(), t_min=5, t_max=20)


@pytest.fixture
def path(tmp_path, grid):
    grid.save_csv(tmp_path / "cells.csv")
    return tmp_path / "cells.csv"


def test_columns_are_those_of_the_contract(path, grid):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert table.columns.tolist() == COLUMNS
    is_inner = grid.cells["class_index"] < 0
    assert (table["class_index"][is_inner] == "").all()
    assert (table["parent"][grid.cells["level"] == 0] == "").all()


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds())
def test_a_saved_grid_comes_back_exactly(tmp_path, world):
    lat, lng, _, grid = world
    grid.save_csv(tmp_path / "cells.csv")
    again = load_grid(tmp_path / "cells.csv")
    pd.testing.assert_frame_equal(again.cells, grid.cells, check_exact=True)
    assert again.assign(lat, lng).tolist() == grid.assign(lat, lng).tolist()


def test_places_that_look_like_missing_values_or_numbers_stay_text(tmp_path, grid):
    class Namer:
        def names(self, lat, lng):
            return ["NA", "", 'near "Null", NaN (1 km)', "1", *["ü"] * (len(lat) - 4)]

    grid.with_places(Namer()).save_csv(tmp_path / "cells.csv")
    found = load_grid(tmp_path / "cells.csv").cells["place"].tolist()
    assert found == Namer().names(grid.cells["lat"], None)


def test_rows_in_any_order_and_further_columns_are_welcome(path, grid):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.iloc[::-1].assign(cell_id="5", note="x").to_csv(path, index=False)
    pd.testing.assert_frame_equal(load_grid(path).cells, grid.cells)
    assert build_hierarchy(load_grid(path)).n_leaves == grid.n_leaves


def change(column, value, where="class_index != ''"):
    def changed(table):
        table.loc[table.query(where).index[0], column] = value
        return table

    return changed


def row_of(path, where):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return table.query(where).index[0] + 2


LEAF, INNER, ROOT, CHILD = "class_index != ''", "class_index == ''", "parent == ''", "level == '1'"


@pytest.mark.parametrize(
    ("column", "value", "where", "message"),
    [
        ("token", "4z", LEAF, r"must be the token of an S2 cell, such as '47c1'; 1 of \d+ rows"),
        ("level", "31", LEAF, r"must be the level of its token"),
        ("level", "1.5", LEAF, r"must be a whole number"),
        ("level", "", LEAF, r"must be a whole number"),
        ("parent", "47c", CHILD, r"must be the token of the cell one level above"),
        ("parent", "", CHILD, r"must be the token of the cell one level above"),
        ("parent", "5", ROOT, r"empty for roots only"),
        ("class_index", "", LEAF, r"must be given for a cell without children"),
        ("class_index", "3", INNER, r"must be empty for a cell that has children"),
        ("class_index", "999", LEAF, r"must be 0, 1, 2, \.\.\. in the order of the cells' ids"),
        ("class_index", "first", LEAF, r"must be a whole number"),
        ("n_photos", "-1", LEAF, r"must be 0 or more"),
        ("n_photos", "many", LEAF, r"must be a whole number"),
        ("lat", "90.5", LEAF, r"must be in \[-90, 90\] degrees"),
        ("lng", "-181", LEAF, r"must be in \[-180, 180\] degrees"),
        ("lat", "nan", LEAF, r"must be a number"),
        ("lng", "inf", LEAF, r"must be a number"),
    ],
)
def test_a_wrong_value_is_named_with_file_column_and_row(path, column, value, where, message):
    row = row_of(path, where)
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    change(column, value, where)(table).to_csv(path, index=False)
    with pytest.raises(GridError, match=message) as refused:
        load_grid(path)
    sentence = str(refused.value)
    assert sentence.startswith(f"cells.csv: column {column!r}")
    assert f"first row {row} ({value!r}). Correct the file, or write it anew" in sentence


def test_a_token_there_twice_is_refused(path):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    pd.concat([table, table.tail(1)]).to_csv(path, index=False)
    with pytest.raises(GridError, match=r"column 'token' must be in the table once only"):
        load_grid(path)


def test_a_missing_parent_is_refused(path):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    token = table.query("parent != '' and class_index == ''")["token"].iloc[0]
    table[table["token"] != token].to_csv(path, index=False)
    with pytest.raises(GridError, match=r"column 'parent' must be a cell of this table"):
        load_grid(path)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(path, column):
    pd.read_csv(path, dtype=str).drop(columns=column).to_csv(path, index=False)
    with pytest.raises(GridError, match=rf"cells\.csv: column '{column}' is missing; a grid has"):
        load_grid(path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00bad", b'"', b"a,b\n1,2,3\n1,2,3,4\n"])
def test_what_is_no_table_is_refused(tmp_path, content):
    (tmp_path / "cells.csv").write_bytes(content)
    with pytest.raises(GridError, match=r"cells\.csv: (not a readable CSV|column 'token' is miss)"):
        load_grid(tmp_path / "cells.csv")


def test_a_table_without_rows_and_a_missing_file_are_refused(tmp_path):
    (tmp_path / "cells.csv").write_text(",".join(COLUMNS) + "\n")
    with pytest.raises(GridError, match=r"cells\.csv: a grid needs at least one cell, received no"):
        load_grid(tmp_path / "cells.csv")
    with pytest.raises(GridError, match=r"none\.csv: there is no such file; a grid of cells"):
        load_grid(tmp_path / "none.csv")
    with pytest.raises(GridError, match=r"not a readable CSV table"):
        load_grid(tmp_path)
