"""A folder leads to photos that lie elsewhere, under the names that its table gives them."""

from pathlib import Path

import pandas as pd
import pytest

from geocore.data.cleaning.image_links import image_links, make_links
from geocore.data.photo_files import find_photo_files
from geocore.errors import PhotoTableError


def photos_at(root: Path, files: dict[str, str]) -> pd.DataFrame:
    """Photos with their ids and where below the root their files are."""
    for file in files.values():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    paths = [str(root / file) for file in files.values()]
    return pd.DataFrame({"photo_id": list(files), "path": paths})


LAYOUTS = {
    "in images, named so": {"images/a.jpg": "images/a.jpg", "images/b.jpg": "images/b.jpg"},
    "in images, named without": {"a.jpg": "images/a.jpg", "6a/b.jpg": "images/6a/b.jpg"},
    "both spellings": {"a.jpg": "images/a.jpg", "images/b.jpg": "images/b.jpg"},
    "beside the table": {"a.jpg": "a.jpg", "sub/b.jpg": "sub/b.jpg"},
    "backslashes": {"6a\\a.jpg": "images/6a/a.jpg", "b.jpg": "images/b.jpg"},
    "two sets side by side": {"one/images/a.jpg": "one/images/a.jpg", "two/a.jpg": "two/a.jpg"},
    "two sets apart": {"one/a.jpg": "x/one/images/a.jpg", "two/images/a.jpg": "y/two/images/a.jpg"},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_photo_is_found_through_the_links(tmp_path, layout):
    photos = photos_at(tmp_path / "from", LAYOUTS[layout])
    out = tmp_path / "out"
    out.mkdir()
    make_links(out, image_links(photos))
    paths, reasons = find_photo_files(out, photos["photo_id"])
    assert reasons.tolist() == [""] * 2
    for found, path in zip(paths, photos["path"], strict=True):
        assert Path(found).samefile(path)


def test_photos_that_no_link_leads_to_are_refused(tmp_path):
    mixed = {"a.jpg": "images/a.jpg", "b.jpg": "b.jpg"}
    with pytest.raises(PhotoTableError, match="must lie in one folder under the names"):
        image_links(photos_at(tmp_path, mixed))
    with pytest.raises(PhotoTableError, match="Clean the photo sets one at a time"):
        image_links(photos_at(tmp_path, {"one": "images/a.jpg", "two": "images/b.jpg"}))


@pytest.mark.parametrize("name", ["../a.jpg", "x/../../a.jpg", "/etc/a.jpg"])
def test_an_id_cannot_place_a_link_outside_the_folder(tmp_path, name):
    photos = photos_at(tmp_path / "from", {"y/b.jpg": "y/b.jpg"})
    bad = pd.DataFrame({"photo_id": [name], "path": [f"{tmp_path}/from/{name}"]})
    out = tmp_path / "out"
    out.mkdir()
    try:
        links = image_links(pd.concat([photos, bad], ignore_index=True))
    except PhotoTableError:
        return
    make_links(out, links)
    assert [path.name for path in tmp_path.iterdir()] == ["from", "out"]
    assert [path.name for path in out.iterdir()] == ["images"]


def test_links_of_an_earlier_run_are_replaced_and_nothing_else(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    make_links(out, {"images": tmp_path})
    make_links(out, {"images/one": tmp_path, "images/two": tmp_path})
    assert sorted(path.name for path in (out / "images").iterdir()) == ["one", "two"]
    make_links(out, {"images": tmp_path})
    assert (out / "images").is_symlink()
    make_links(out, {})
    assert list(out.iterdir()) == []
    (out / "images").mkdir()
    (out / "images" / "mine.jpg").touch()
    with pytest.raises(PhotoTableError, match="nothing else is called images"):
        make_links(out, {"images": tmp_path})
    assert (out / "images" / "mine.jpg").exists()
