"""Mixtures of given distributions."""

import numpy as np
import pytest

from geocore.evaluation.mixture import fit_mixture

KNOWN = np.array([[0.7, 0.2, 0.1, 0.0], [0.1, 0.1, 0.2, 0.6]])


def test_the_weights_that_made_the_counts_are_found():
    counts = 1e6 * (0.3 * KNOWN[0] + 0.7 * KNOWN[1])
    assert fit_mixture(KNOWN, counts) == pytest.approx([0.3, 0.7], abs=1e-3)


def test_a_component_that_explains_nothing_gets_nothing():
    assert fit_mixture(KNOWN, np.array([0, 0, 0, 9])) == pytest.approx([0, 1])


def test_without_counts_all_weigh_alike():
    assert fit_mixture(KNOWN, np.zeros(4)).tolist() == [0.5, 0.5]


def test_counts_that_no_component_can_explain_are_left_out():
    known = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert fit_mixture(known, np.array([1, 3, 50])) == pytest.approx([0.25, 0.75])


@pytest.mark.parametrize(
    ("components", "counts", "message"),
    [
        (KNOWN, np.ones(3), r"counts \(n_cells,\), received \(2, 4\) and \(3,\)"),
        (KNOWN[0], np.ones(4), "n_components, n_cells"),
        (-KNOWN, np.ones(4), "finite and at least 0"),
        (KNOWN, -np.ones(4), "finite and at least 0"),
        (KNOWN * np.nan, np.ones(4), "finite and at least 0"),
    ],
)
def test_what_cannot_be_a_distribution_is_refused(components, counts, message):
    with pytest.raises(ValueError, match=message):
        fit_mixture(components, counts)
