"""A described set: leaks between its parts, its cells, its map in characters, its files."""

import numpy as np
import pandas as pd
import pytest

from geocore.analysis.description_tables import all_tables, cells_of_set, save_files
from geocore.analysis.description_text import world_in_characters
from geocore.analysis.photo_description import describe_photos, describe_source
from geocore.data.photo_parquet import save_photo_table
from geocore.errors import PhotoTableError

PARIS, ROME = (48.86, 2.35), (41.9, 12.5)


@pytest.fixture(scope="module")
def photos():
    """Fifty photos in Paris, of which ten for testing; ten in Rome, all for testing."""
    lat, lng = np.repeat([PARIS, ROME], (50, 10), axis=0).T
    parts = ["test"] * 10 + ["train"] * 40 + ["test"] * 10
    return pd.DataFrame({"photo_id": range(60), "lat": lat, "lng": lng, "split": parts})


def test_test_photos_beside_training_photos_are_counted(photos):
    assert describe_photos(photos, "x").share_near_training == 0.5
    shuffled = photos.sample(frac=1, random_state=3)
    assert describe_photos(shuffled, "x").share_near_training == 0.5
    assert describe_photos(photos[photos["split"] == "test"], "x").share_near_training is None
    far = photos.assign(lat=np.where(photos["split"] == "test", 10.0, photos["lat"]))
    assert describe_photos(far, "x").share_near_training == 0


def test_equal_places_in_any_order_are_the_same_set(photos):
    first, again = (describe_photos(p, "x") for p in (photos, photos[::-1]))
    assert first.places_sha256 == again.places_sha256
    assert describe_photos(photos[1:], "x").places_sha256 != first.places_sha256


def test_the_map_in_characters(photos):
    lines = world_in_characters(describe_photos(photos, "x")).splitlines()[-24:]
    assert lines[5][2 + 45] == "2"  # fifty photos, 48.86 N, 2.35 E
    assert lines[7][2 + 48] == "2"  # ten photos
    assert "".join(lines).count("2") == 2 and "1" not in "".join(lines)
    assert "." in lines[18]  # South Africa
    pole = pd.DataFrame({"lat": [90.0, -90.0], "lng": [180.0, -180.0]})
    lines = world_in_characters(describe_photos(pole, "x")).splitlines()[-24:]
    assert lines[0][2 + 89] == "1" and lines[23][2] == "1"


def test_cells_of_a_set_and_of_a_grid(photos):
    described = describe_photos(photos, "x")
    own = cells_of_set(described)
    assert (own.t_min, own.t_max) == (2, 4)
    assert own.cells["n_photos"].sum() == 60
    own = cells_of_set(described, t_min=20, t_max=50)
    assert own.kept["n_photos"].tolist() == [50]
    given = cells_of_set(described, own.cells, t_min=10)
    assert given.t_max is None and sorted(given.kept["n_photos"]) == [10, 50]
    assert all_tables(described, given)["table_5_2"]["n_cells"].sum() == 2


def test_a_parquet_table_is_described_like_its_csv(photos, tmp_path):
    named = photos.assign(photo_id=[f"{k}.jpg" for k in range(60)], path="")
    for name in ("photos.csv", "photos.parquet"):
        (tmp_path / name[7:]).mkdir()
        save_photo_table(named, tmp_path / name[7:] / name)
    first, second = (describe_source(tmp_path / kind) for kind in ("csv", "parquet"))
    assert first.places_sha256 == second.places_sha256 and first.n_drawn == 60
    pd.testing.assert_frame_equal(first.parts, second.parts)


def test_nothing_there_is_a_sentence(tmp_path):
    with pytest.raises(PhotoTableError, match="neither is there"):
        describe_source(tmp_path)
    with pytest.raises(PhotoTableError, match="there is no such file or folder"):
        describe_source(tmp_path / "gone")


def test_files_are_whole_or_not_there(tmp_path):
    save_files({"a.csv": "x\n"}, tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.csv"]
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        save_files({"a.csv": "x\n"}, tmp_path / "file")
