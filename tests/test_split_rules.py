"""A configuration says what keeps photos apart, photographer or place: in splits and in folds."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geocore.cells.geodesy import distance_km
from geocore.config import ExperimentConfig, load_config
from geocore.data.sampling import given_split, k_folds
from geocore.errors import PhotoTableError
from geocore.experiments.repetition import _split
from geocore.preparation import GROUP, load_photo_sets, without_leaks
from tests.conftest import encode, made_photo

TOML = """
[grid]
t_min = 2
t_max = 20
[[photo_sets]]
folder = "walks"
{rule}
"""
JPEG = encode(made_photo(32, 24))


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 places 50 km apart across +-180 degrees, three photos within 2 km of each."""
    folder = tmp_path_factory.mktemp("sets") / "walks"
    (folder / "images").mkdir(parents=True)
    rows = []
    for i in range(120):
        place, view = divmod(i, 3)
        lng = 179 + 0.5 * (place % 10) + 0.01 * view
        row = (f"{i}.jpg", 0.5 * (place // 10), (lng + 180) % 360 - 180, f"author {place // 2}")
        rows.append(row)
        (folder / "images" / row[0]).write_bytes(JPEG)
    table = pd.DataFrame(rows, columns=["IMG_ID", "LAT", "LON", "AUTHOR"])
    table.to_parquet(folder / "photos.parquet")
    return folder


def loaded(walks: Path, rule: str) -> tuple[ExperimentConfig, pd.DataFrame]:
    path = walks.parent / "experiment.toml"
    path.write_text(TOML.format(rule=rule), "utf-8")
    config = load_config(path)
    return config, load_photo_sets(config, walks, lambda _: None)


def nearest_km(photos: pd.DataFrame, labels: np.ndarray) -> float:
    """Smallest distance between two photos with different labels."""
    lat, lng = photos["lat"].to_numpy(), photos["lng"].to_numpy()
    km = distance_km(lat[:, None], lng[:, None], lat, lng)
    return float(km[labels[:, None] != labels].min())


def test_by_place_parts_folds_and_repeats_stay_apart(walks: Path) -> None:
    config, photos = loaded(walks, "place_km = 10")
    assert set(photos["split"]) == {"train", "validation", "test"}
    assert nearest_km(photos, photos["split"].to_numpy(str)) > 40
    assert nearest_km(photos, k_folds(photos, 5, config.split_seed, GROUP)) > 40
    assert nearest_km(photos, _split(photos, config).to_numpy(str)) > 40


def test_by_photographer_nobody_is_on_both_sides(walks: Path) -> None:
    config, photos = loaded(walks, 'group = "AUTHOR"')
    for parts in (photos["split"], _split(photos, config)):
        assert parts.groupby(photos["AUTHOR"]).nunique().max() == 1
    assert photos[GROUP].str.startswith("walks/").all()
    assert "place_km" not in photos or photos["place_km"].max() == 0


def test_without_a_rule_the_split_is_by_photo(walks: Path) -> None:
    _, photos = loaded(walks, "")
    assert GROUP not in photos
    assert nearest_km(photos, photos["split"].to_numpy(str)) < 2


def test_a_split_that_the_table_says_is_kept(walks: Path, tmp_path: Path) -> None:
    table = pd.read_parquet(walks / "photos.parquet")
    said = np.resize(["Train", "val", " test "], len(table))
    (walks.parent / "said").mkdir()
    (walks.parent / "said" / "images").symlink_to(walks / "images")
    table.assign(PART=said).to_parquet(walks.parent / "said" / "photos.parquet")
    config, photos = loaded(walks.parent / "said", 'split = "PART"')
    assert photos["split"].tolist()[:3] == ["train", "validation", "test"]
    assert _split(photos, config).equals(photos["split"])
    with pytest.raises(PhotoTableError, match=r"received 'part'\. Columns: photo_id, path, lat"):
        given_split(photos, "part")
    with pytest.raises(PhotoTableError, match=r"120 of 120 photos .* \(first: 'author 0'\)"):
        given_split(photos, "AUTHOR")


def test_with_a_distance_no_set_shows_the_place_of_a_test_photo(walks: Path) -> None:
    _, photos = loaded(walks, "place_km = 10")
    other = photos.assign(photo_set="other", split="train", lat=photos["lat"] + 0.05)
    other.loc[0, "split"] = "test"
    both = pd.concat([photos, other], ignore_index=True)
    said: list[str] = []
    split = without_leaks(both, said.append)["split"]
    used = split != "unused"
    assert nearest_km(both[used], (split[used] == "test").to_numpy()) > 10
    assert said == [
        f"Left out: {(~used).sum()} photos that only train and stand within 10 km of a test photo."
    ]
