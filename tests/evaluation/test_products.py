"""Products of a few photos: the same numbers, without NumPy's matrix library."""

import numpy as np
import pytest

from geocore.evaluation import familiarity, mixing, place_evidence
from geocore.evaluation.familiarity import fit_familiarity
from geocore.evaluation.mixing import Mixing, place_answers
from geocore.evaluation.place_evidence import PlaceEvidence
from geocore.evaluation.products import FEW_PHOTOS, product


class Watched(np.ndarray):
    """An array that says so when it is multiplied by the matrix library."""

    def __matmul__(self, other):
        raise InterruptedError("multiplied by BLAS")

    __rmatmul__ = __matmul__


def made(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("n_photos", [0, 1, FEW_PHOTOS, FEW_PHOTOS + 1, 300])
def test_it_is_the_matrix_product(n_photos):
    rows, matrix = made(n_photos, 70), made(70, 30, seed=1)
    found = product(rows, matrix)
    assert found.shape == (n_photos, 30) and found.dtype == np.float32
    np.testing.assert_allclose(found, rows.astype(float) @ matrix.astype(float), atol=1e-4)


def test_few_photos_wake_no_threads_and_many_have_them():
    matrix = made(70, 30).view(Watched)
    assert product(made(FEW_PHOTOS, 70), matrix).shape == (FEW_PHOTOS, 30)
    with pytest.raises(InterruptedError, match="BLAS"):
        product(made(FEW_PHOTOS + 1, 70), matrix)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="70"):
        product(made(1, 70), made(71, 30))


def test_all_large_products_behind_an_answer_are_of_this_kind(monkeypatch):
    """What is multiplied per photo by thousands of learned photos and places goes through it."""
    seen = []

    def spy(rows, matrix):
        seen.append((*rows.shape, matrix.shape[1]))
        return product(rows, matrix)

    for module in (familiarity, mixing, place_evidence):
        monkeypatch.setattr(module, "product", spy)
    evidence = PlaceEvidence(
        made(40, 8), made(40, 5), made(5, 20).view(Watched), made(20), made(20, 2),
        np.arange(20, dtype=np.float32) % 3, np.zeros(20, np.float32), np.ones(2, np.float32),
    )  # fmt: skip
    said, _ = evidence.hear(made(1, 8))
    place_answers(evidence, 3).answer(np.full((1, 3), 1 / 3), said, Mixing(share=0.5))
    fit_familiarity(made(60, 8), made(0, 8)).distance(made(1, 8))
    assert seen == [(1, 8, 40), (1, 40, 5), (1, 5, 20), (1, 20, 20), (1, 8, 2)]
