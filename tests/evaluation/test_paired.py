"""Paired tests against cases worked out by hand."""

from math import comb

import numpy as np
import pandas as pd
import pytest

from geocore.evaluation.paired import (
    align,
    compare,
    comparison_sentence,
    difference_text,
    is_certain,
    mcnemar,
)


def hits(n_both, n_first, n_second, n_none):
    first = [True] * (n_both + n_first) + [False] * (n_second + n_none)
    second = [True] * n_both + [False] * n_first + [True] * n_second + [False] * n_none
    return np.array(first), np.array(second)


def by_hand(n_first, n_second):
    """Binomial tail with whole numbers only."""
    n, k = n_first + n_second, min(n_first, n_second)
    tail = sum(comb(n, i) for i in range(k + 1)) / 2**n
    return min(1.0, 2 * tail), min(1.0, 2 * tail - comb(n, k) / 2**n)


@pytest.mark.parametrize(
    ("n_first", "n_second"), [(1, 9), (9, 1), (5, 5), (0, 0), (0, 6), (30, 52)]
)
def test_mcnemar_by_hand(n_first, n_second):
    test = mcnemar(*hits(4, n_first, n_second, 11))
    assert (test.n_first, test.n_second) == (n_first, n_second)
    assert (test.p_exact, test.p_mid) == pytest.approx(by_hand(n_first, n_second), rel=1e-9)


def test_mcnemar_of_a_known_split():
    """1 against 9: exact p = 2 (1 + 10) / 1024; mid-p = that less 10 / 1024."""
    test = mcnemar(*hits(0, 1, 9, 0))
    assert test.p_exact == pytest.approx(22 / 1024)
    assert test.p_mid == pytest.approx(12 / 1024)


def test_mcnemar_of_a_hundred_thousand_photos():
    test = mcnemar(*hits(10_000, 20_000, 20_400, 49_600))
    z = 400 / np.sqrt(40_400)
    assert test.p_mid == pytest.approx(0.0466, abs=2e-3)
    assert z > 1.95


def test_mcnemar_of_other_photos():
    with pytest.raises(ValueError, match=r"same photos, received \(3,\) and \(2,\)"):
        mcnemar(np.ones(3), np.ones(2))


def photos(right, loss, error_km):
    return pd.DataFrame({"right": right, "loss": loss, "error_km": error_km})


def test_differences_by_hand():
    first = photos([True, True, False, False], [1.0, 2.0, np.nan, 3.0], [0.0, 100, 700, 5000])
    second = photos([True, False, False, False], [1.0, 3.0, np.nan, 3.5], [0.0, 300, 900, 5000])
    found = compare(first, second)
    assert found["top_1"]["value"] == 0.25
    assert found["loss"]["value"] == pytest.approx(-0.5)
    assert found["within_200"]["value"] == 0.25
    assert found["within_750"]["value"] == 0.25
    assert found["within_2500"]["value"] == 0
    assert found["median_km"]["value"] == 400 - 600
    for name, figure in found.items():
        low, high = figure["ci95"]
        assert low <= figure["value"] <= high, name


def test_the_interval_covers_the_truth_as_often_as_it_says():
    """Twenty worlds with a true difference of 0.3: the interval misses it in few of them."""
    covered = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        loss = rng.normal(3, 1, 200)
        second = photos([False] * 200, loss, np.zeros(200))
        first = photos([False] * 200, loss - 0.3 + rng.normal(0, 1, 200), np.zeros(200))
        low, high = compare(first, second)["loss"]["ci95"]
        covered += low <= -0.3 <= high
    assert covered >= 34


def test_pairing_finds_what_unpaired_intervals_hide():
    loss = np.random.default_rng(0).normal(3, 2, 300)
    first, second = (photos([False] * 300, x, np.zeros(300)) for x in (loss, loss + 0.1))
    assert compare(first, second)["loss"]["ci95"] == pytest.approx([-0.1, -0.1])


def test_other_cells_compare_in_km_alone():
    first = photos([True], [1.0], [5.0])
    found = compare(first, first[["error_km"]])
    shares = {f"within_{km}" for km in (25, 200, 750, 2500)}
    assert set(found) == {"geoscore", "median_km"} | shares


def test_nothing_to_compare():
    one = photos([True], [1.0], [5.0])
    with pytest.raises(ValueError, match="the same photos, at least one, received 1 and 0"):
        compare(one, one[:0])


def test_photos_outside_all_cells_have_no_loss():
    first = photos([False], [np.nan], [5.0])
    assert compare(first, first)["loss"] == {"value": None, "ci95": [None, None]}


def test_align_keeps_shared_photos_in_one_order():
    first = pd.DataFrame({"photo_id": list("abcd"), "x": range(4)})
    second = pd.DataFrame({"photo_id": list("dxb"), "x": range(3)})
    left, right = align(first, second)
    assert left["photo_id"].tolist() == right["photo_id"].tolist() == ["b", "d"]
    assert right["x"].tolist() == [2, 0]


def test_words():
    test = mcnemar(*hits(0, 1, 9, 0))
    found = {
        "top_1": {"value": -0.031, "ci95": [-0.059, -0.004]},
        "loss": {"value": -0.02, "ci95": [-0.1, 0.05]},
        "median_km": {"value": None, "ci95": [None, None]},
    }
    words = comparison_sentence(("HMC", "MC"), found, test, 330)
    assert words == (
        "Both answered the same 330 photos, which neither had seen before. In the share of right "
        "cells, MC is better than HMC by 3.1 points: more than chance explains. In loss they "
        "differ by no more than chance explains."
    )
    minus = "\N{MINUS SIGN}"
    assert (
        difference_text("top_1", found["top_1"]) == f"{minus}3.1 points ({minus}5.9 to {minus}0.4)"
    )
    assert difference_text("median_km", {"value": 120.0, "ci95": [-5.0, 300.4]}) == (
        f"+120 km ({minus}5 to +300)"
    )
    assert difference_text("loss", {"value": 0.0, "ci95": [0.0, 0.0]}) == "0.000 (0.000 to 0.000)"
    assert difference_text("median_km", found["median_km"]) == "–"


def test_certain():
    assert not is_certain("loss", {"value": None, "ci95": [None, None]}, None)
    assert is_certain("loss", {"value": -1.0, "ci95": [-2.0, -0.1]}, None)
    assert not is_certain("top_1", {"value": 0.1, "ci95": [0.01, 0.2]}, mcnemar(*hits(0, 5, 4, 0)))
