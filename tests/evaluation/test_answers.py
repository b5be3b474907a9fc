"""One row per photo says what its probs say."""

import numpy as np
import pytest

from geocore.cells import build_hierarchy, generate_cells
from geocore.evaluation import answers as a
from geocore.evaluation.calibration import confidence_and_hits
from geocore.evaluation.confusion import groups_at_level
from geocore.evaluation.metrics import brier_score, log_loss
from geocore.evaluation.temperature import apply_temperature


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(0)
    lat, lng = rng.normal(40, 15, 2500), rng.normal(10, 30, 2500)
    grid = generate_cells(lat, lng, t_min=10, t_max=300)
    y_true = grid.assign(lat, lng)
    raw = 0.9 * rng.dirichlet(np.full(grid.n_leaves, 0.3), len(lat)) + 0.1 / grid.n_leaves
    return build_hierarchy(grid), y_true, raw


def table(world, temperature=1.0):
    hierarchy, y_true, raw = world
    probs = apply_temperature(raw, temperature)
    found = a.answer_table(
        y_true,
        list(probs),
        ancestors=hierarchy.ancestors,
        cell_ids=hierarchy.cell_ids,
        temperature=temperature,
    )
    return found.assign(class_index=y_true, photo_id="a.jpg"), probs


def test_figures_are_those_of_the_probs_themselves(world):
    hierarchy, y_true, raw = world
    assert (y_true < 0).any()
    answers, probs = table(world, 1.7)
    for is_raw, expected in ((False, probs), (True, raw)):
        figures = a.confidence_figures(answers, raw=is_raw)
        assert figures["loss"] == pytest.approx(log_loss(y_true, expected), abs=1e-9)
        assert figures["brier"] == pytest.approx(brier_score(y_true, expected), abs=1e-9)
    confidence, hits = confidence_and_hits(y_true, probs)
    np.testing.assert_allclose(answers["confidence"][y_true >= 0], confidence)
    assert (a.hits(answers, hierarchy.depth - 1)[y_true >= 0] == hits).all()
    np.testing.assert_allclose(answers["raw_confidence"], raw.max(axis=1))


def test_the_predicted_cell_of_every_level_is_that_of_the_rolled_up_probs(world):
    hierarchy, y_true, _ = world
    answers, probs = table(world)
    for depth in range(hierarchy.depth):
        groups = groups_at_level(hierarchy.ancestors, hierarchy.cell_ids, depth)
        _, rolled = groups.roll_up(y_true, probs)
        assert (answers[f"cell_{depth}"] == rolled.argmax(axis=1)).all()


def test_no_photo_gives_an_empty_table(world):
    hierarchy = world[0]
    empty = a.answer_table(
        np.zeros(0, int), [], ancestors=hierarchy.ancestors, cell_ids=hierarchy.cell_ids
    )
    assert len(empty) == 0
    assert list(empty.columns) == list(table(world)[0].columns[:-2])
    assert np.isnan(list(a.confidence_figures(empty).values())).all()


@pytest.mark.parametrize(
    ("row", "received"),
    [([0.5, 0.2], "a sum of 0.7"), ([1.5, -0.5], "a sum of 1 "), ([np.nan, 1], "a sum of nan")],
)
def test_probs_that_are_none_are_named_with_their_photo(row, received):
    grid = generate_cells([0, 0, 50, 50], [0, 0, 50, 50], t_min=1, t_max=3)
    tree = build_hierarchy(grid)
    found = a.answer_table(
        np.array([0, 1]), [[0.5, 0.5], row], ancestors=tree.ancestors, cell_ids=tree.cell_ids
    ).assign(photo_id=["good.jpg", "bad.jpg"])
    with pytest.raises(ValueError, match=rf"sum to 1 .*{received}.* photo bad.jpg \(1 such"):
        a.check_answers(found)
    assert len(a.check_answers(found.iloc[:1])) == 1


@pytest.mark.parametrize(("labels", "row"), [([0], [0.5, 0.2, 0.3]), ([7], [0.5, 0.5])])
def test_predictions_of_another_grid_are_refused(labels, row):
    tree = build_hierarchy(generate_cells([0, 0, 50, 50], [0, 0, 50, 50], t_min=1, t_max=3))
    with pytest.raises(ValueError, match=r"must have 2 probabilities.*come from one grid"):
        a.answer_table(np.array(labels), [row], ancestors=tree.ancestors, cell_ids=tree.cell_ids)
