"""p-values of cells at every level, and of the cells that hold a claimed place."""

import numpy as np
import pytest

from geocore.analysis.cell_p_values import OUTSIDE, P_COLUMNS, cell_p_values, place_p_values
from geocore.analysis.search_area import leaf_p_values, search_area
from geocore.cells import s2
from geocore.evaluation.conformal import LEAST_AREA, LIKELIHOOD, METHODS
from geocore.inference.prediction import roll_up
from geocore.inference.search_calibration import load_calibration
from tests.inference.calibrated_bundle import calibrated_bundle, held_out_prediction


@pytest.fixture(scope="module")
def bundle():
    return calibrated_bundle()


@pytest.fixture(scope="module")
def prediction(bundle):
    return held_out_prediction(bundle, 3)[0]


@pytest.mark.parametrize("method", METHODS)
def test_an_inner_cell_has_the_largest_p_value_of_its_leaves(bundle, prediction, method):
    cells = cell_p_values(prediction, bundle, method=method)
    assert list(cells) == list(P_COLUMNS)
    assert len(cells) == len(bundle.grid.cells)
    leaves = leaf_p_values(prediction, load_calibration(bundle), method)
    leaf_ids = bundle.grid.leaves["cell_id"].to_numpy()
    first, last = s2.id_range(s2.from_token(cells["token"]))
    for row, p in enumerate(cells["p_value"]):
        is_inside = (first[row] <= leaf_ids) & (leaf_ids <= last[row])
        assert p == leaves[is_inside].max()


def test_probs_and_ranks_are_those_of_the_merged_cells(bundle, prediction):
    cells = cell_p_values(prediction, bundle)
    for level, own in cells.groupby("level"):
        ids, probs = roll_up(prediction.probs, bundle.hierarchy, level)
        by_id = dict(zip(ids.tolist(), probs, strict=True))
        assert (own["n_cells"] == len(ids)).all()
        for row in own.itertuples():
            prob = by_id[int(s2.from_token([row.token])[0])]
            assert row.prob == pytest.approx(prob)
            assert row.rank == 1 + (probs > prob).sum()


def test_a_place_has_the_p_values_of_its_branch(bundle, prediction):
    branch = place_p_values(45.0, 9.0, prediction, bundle)
    assert branch["level"].is_monotonic_increasing
    leaf = bundle.grid.assign([45.0], [9.0])[0]
    assert branch["class_index"].iloc[-1] == leaf
    expected = leaf_p_values(prediction, load_calibration(bundle), LIKELIHOOD)[leaf]
    assert branch["p_value"].iloc[-1] == expected
    assert branch["p_value"].is_monotonic_decreasing


def test_a_leaf_has_a_piece_in_the_area_exactly_if_its_p_value_is_large(bundle, prediction):
    cells = cell_p_values(prediction, bundle, method=LEAST_AREA)
    leaves = cells[cells["class_index"] >= 0]
    inside = set(search_area(prediction, bundle, level=0.6).cells["class_index"])
    assert inside == set(leaves[leaves["p_value"] > 0.4 + 1e-9]["class_index"])


def test_a_place_outside_all_cells_has_the_p_value_of_the_outside(bundle, prediction):
    branch = place_p_values(-80.0, 0.0, prediction, bundle)
    last = branch.iloc[-1]
    assert (last["token"], last["place"], last["class_index"]) == ("", OUTSIDE, -1)
    assert last["p_value"] == load_calibration(bundle).p_outside


@pytest.mark.parametrize("lat", [-90.0, 90.0])
@pytest.mark.parametrize("lng", [-180.0, 0.0, 180.0])
def test_poles_and_the_antimeridian_are_places(bundle, prediction, lat, lng):
    assert not place_p_values(lat, lng, prediction, bundle).empty


@pytest.mark.parametrize(("lat", "lng"), [(91.0, 0.0), (0.0, 181.0), (np.nan, 0.0)])
def test_what_is_no_place_is_refused(bundle, prediction, lat, lng):
    with pytest.raises(ValueError, match="must"):
        place_p_values(lat, lng, prediction, bundle)
