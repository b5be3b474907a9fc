"""The oracle itself, on a forest small enough to reckon by hand.

Two roots: A is a leaf, B has the leaves b and c. Level probs: A 0.6, B 0.4; b 0.7, c 0.3.
"""

import numpy as np
import pytest

from tests import reference

PARENT = {"A": None, "B": None, "b": "B", "c": "B"}
LENGTHS = [1, 2, 2]
LEVEL_PROBS = [np.array([[0.6, 0.4]]), np.array([[0.7, 0.3]])]
MATRICES = reference.algorithm_2(["A", "b", "c"], PARENT)
# Eq. 4.1: 0.6 + 0.01 * 0.4 and so on; A has no cell on the second level, only epsilon.
TENSORS = [[0.604, 0.406, 0.406], [0.01, 0.703, 0.307]]


def test_matrices_and_their_expansion():
    np.testing.assert_array_equal(MATRICES[0], [[1, 0.01, 0.01], [0.01, 1, 1]])
    np.testing.assert_array_equal(MATRICES[1], [[0.01, 1, 0.01], [0.01, 0.01, 1]])
    np.testing.assert_allclose(np.vstack(reference.expand(LEVEL_PROBS, MATRICES)), TENSORS)


@pytest.mark.parametrize("head", [reference.hmc, reference.hmc_sol])
@pytest.mark.parametrize(("mode", "first"), [("literal", 0.604 * 0.01), ("neutral", 0.604)])
def test_product(head, mode, first):
    found = head(reference.expand(LEVEL_PROBS, MATRICES), LENGTHS, mode)
    np.testing.assert_allclose(found, [[first, 0.406 * 0.703, 0.406 * 0.307]])


@pytest.mark.parametrize(("mode", "first"), [("literal", (0.302 + 0.01) / 0.5), ("neutral", 0.604)])
def test_smooth(mode, first):
    # alpha 0.5: the roots weigh 0.5, the second level 1; A's own branch weighs 0.5 alone.
    found = reference.hmc_smooth(reference.expand(LEVEL_PROBS, MATRICES), LENGTHS, mode, alpha=0.5)
    np.testing.assert_allclose(found, [[first, (0.203 + 0.703) / 1.5, (0.203 + 0.307) / 1.5]])


def test_tree_and_mc():
    logits = [np.log([[0.6, 0.4]]), np.log([[0.7, 0.3]]) + 5]
    parents, branches = [[-1, -1], [1, 1]], [[0], [1, 0], [1, 1]]
    found = reference.hmc_tree(logits, parents, branches)
    np.testing.assert_allclose(found, [[0.6, 0.28, 0.12]])
    np.testing.assert_allclose(reference.mc(np.log([[1, 2, 5.0]])), [[0.125, 0.25, 0.625]])
