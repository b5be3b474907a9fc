"""Splits and folds: the right shares, whole groups, and the same photos whatever the row order."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocore.data.sampling import k_folds, split_photos


def photos_of(n_photos: int, n_views: int = 1) -> pd.DataFrame:
    ids = [f"{i}.jpg" for i in range(n_photos)]
    return pd.DataFrame({"photo_id": ids, "PLACE_ID": np.arange(n_photos) // n_views})


@given(n_photos=st.integers(20, 300), seed=st.integers(-(2**40), 2**70))
def test_shares_are_exact_to_one_photo(n_photos: int, seed: int) -> None:
    counts = split_photos(photos_of(n_photos), seed=seed).value_counts()
    assert abs(counts["test"] - 0.2 * n_photos) <= 0.5
    assert abs(counts["validation"] - 0.1 * n_photos) <= 1
    assert counts.sum() == n_photos


def test_row_order_and_index_change_nothing() -> None:
    photos = photos_of(200, n_views=4)
    shuffled = photos.sample(frac=1, random_state=3)
    for group in (None, "PLACE_ID"):
        parts, folds = split_photos(photos, group=group), k_folds(photos, 5, group=group)
        assert split_photos(shuffled, group=group).loc[photos.index].equals(parts)
        assert np.array_equal(k_folds(shuffled, 5, group=group), folds[shuffled.index])


def test_another_seed_is_another_split() -> None:
    photos = photos_of(200)
    assert split_photos(photos).equals(split_photos(photos, seed=42))
    assert not split_photos(photos).equals(split_photos(photos, seed=43))
    assert not np.array_equal(k_folds(photos, 5, 1), k_folds(photos, 5, 2))


def test_this_split_stays_the_same_for_ever() -> None:
    """A shipped bundle's held-out photos must not change with a version of pandas."""
    parts = split_photos(photos_of(20))
    assert np.flatnonzero(parts == "test").tolist() == [8, 9, 18, 19]
    assert np.flatnonzero(parts == "validation").tolist() == [10, 14]


@pytest.mark.parametrize("k", [2, 5, 10])
def test_folds_are_even_and_cover_everything(k: int) -> None:
    counts = np.bincount(k_folds(photos_of(103), k), minlength=k)
    assert len(counts) == k
    assert counts.max() - counts.min() <= 1


def test_groups_are_never_divided() -> None:
    photos = photos_of(400, n_views=4)
    parts, folds = split_photos(photos, group="PLACE_ID"), k_folds(photos, 5, group="PLACE_ID")
    assert parts.groupby(photos["PLACE_ID"]).nunique().max() == 1
    assert pd.Series(folds).groupby(photos["PLACE_ID"]).nunique().max() == 1
    assert abs((parts == "test").mean() - 0.2) < 0.02


def test_photos_without_a_group_stand_for_themselves() -> None:
    photos = photos_of(400).assign(PLACE_ID=np.nan)
    assert split_photos(photos, group="PLACE_ID").equals(split_photos(photos))


def test_no_test_part_if_none_is_asked_for() -> None:
    parts = split_photos(photos_of(30), test=0, validation=0.5)
    assert parts.value_counts().to_dict() == {"train": 15, "validation": 15}


def test_bad_arguments_say_what_must_hold() -> None:
    with pytest.raises(ValueError, match=r"leave something to train on, received test=0\.9, valid"):
        split_photos(photos_of(30), test=0.9, validation=0.2)
    with pytest.raises(ValueError, match="shares >= 0"):
        split_photos(photos_of(30), test=-0.1)
    with pytest.raises(ValueError, match=r"2 photos are too few.* test share of 0\.2"):
        split_photos(photos_of(2))
    with pytest.raises(ValueError, match="0 photos are too few"):
        split_photos(photos_of(0))
    with pytest.raises(ValueError, match=r"received 'CITY'\. Columns: photo_id, PLACE_ID"):
        split_photos(photos_of(30), group="CITY")
    with pytest.raises(ValueError, match="at least 2 folds, received 1"):
        k_folds(photos_of(30), 1)
    with pytest.raises(ValueError, match=r"3 photos fill only 3 of 5\. Use fewer folds"):
        k_folds(photos_of(3), 5)
