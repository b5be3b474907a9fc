"""Splits and folds: the right shares, whole groups, and the same photos whatever the row order."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocore.cells.geodesy import distance_km
from geocore.data.sampling import k_folds, split_groups, split_photos


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


def photos_of_places(n_places: int, seed: int = 0) -> pd.DataFrame:
    """Photos within about 2 km of places some 20 km apart on both sides of +-180 degrees."""
    random = np.random.default_rng(seed)
    n_photos = 6 * n_places
    place = np.arange(n_photos) % n_places
    lng = 180 + 0.2 * (place % 20) - 2 + random.normal(0, 0.005, n_photos)
    return pd.DataFrame(
        {
            "photo_id": [f"{i}.jpg" for i in range(n_photos)],
            "lat": 0.2 * (place // 20) + random.normal(0, 0.005, n_photos),
            "lng": (lng + 180) % 360 - 180,
            "AUTHOR": [f"author {i % 97}" for i in random.permutation(n_photos)],
        }
    )


def test_parts_by_place_never_come_nearer_than_asked() -> None:
    photos = photos_of_places(60)
    parts = split_photos(photos, test=0.2, validation=0.1, place_km=10)
    assert set(parts) == {"train", "validation", "test"}
    lat, lng = photos["lat"].to_numpy(), photos["lng"].to_numpy()
    km = distance_km(lat[:, None], lng[:, None], lat, lng)
    differs = parts.to_numpy()[:, None] != parts.to_numpy()
    assert km[differs].min() > 10
    assert km[~differs].min() == 0
    folds = k_folds(photos, 5, place_km=10)
    assert km[folds[:, None] != folds].min() > 10
    at_random = split_photos(photos, test=0.2, validation=0.1).to_numpy()
    assert km[at_random[:, None] != at_random].min() < 1, "what the option is there to prevent"


def test_splits_by_place_do_not_depend_on_the_order_of_the_rows() -> None:
    photos = photos_of_places(60)
    shuffled = photos.sample(frac=1, random_state=3)
    rules = ({"place_km": 10}, {"group": "AUTHOR"}, {"group": "AUTHOR", "place_km": 0.02})
    for rule in rules:
        parts = split_photos(photos, test=0, validation=0.1, **rule)
        again = split_photos(shuffled, test=0, validation=0.1, **rule)
        assert again.loc[photos.index].equals(parts)
        assert split_groups(shuffled, **rule).loc[photos.index].equals(split_groups(photos, **rule))
    assert abs((parts == "validation").mean() - 0.1) < 0.05


def test_photographer_and_place_together_divide_neither() -> None:
    photos = photos_of_places(60)
    photos["AUTHOR"] = (np.arange(len(photos)) % 60 // 2).astype(str)  # two places each
    units = split_groups(photos, group="AUTHOR", place_km=10)
    assert units.nunique() == 30
    parts = split_photos(photos, group="AUTHOR", place_km=10)
    assert parts.groupby(units).nunique().max() == 1
    assert parts.groupby(photos["AUTHOR"]).nunique().max() == 1


def test_a_column_of_groups_keeps_together_what_its_rule_does() -> None:
    photos = photos_of_places(60)
    photos.loc[::5, "AUTHOR"] = np.nan
    for rule in ({"group": "AUTHOR"}, {"place_km": 10}):
        units = split_groups(photos, **rule)
        parts = split_photos(photos.assign(unit=units), group="unit")
        assert parts.groupby(units).nunique().max() == 1
    no_rule = split_groups(photos)
    assert split_photos(photos.assign(unit=no_rule), group="unit").equals(split_photos(photos))
    assert split_groups(photos, group="AUTHOR").isna().sum() == len(photos) // 5


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
    one_author = photos_of(40).assign(AUTHOR="a", lat=0.0, lng=0.0)
    for rule in ({"group": "AUTHOR"}, {"place_km": 1}):
        with pytest.raises(ValueError, match=r"must stay together holds 40 of them .* Add photos"):
            split_photos(one_author, **rule)
        with pytest.raises(ValueError, match=r"1 of 2: the largest group .* Use fewer folds"):
            k_folds(one_author, 2, **rule)
    with pytest.raises(ValueError, match=r"at least 0\.02 km"):
        split_photos(one_author, place_km=0)
