"""Only the very photo is taken for a known one."""

import pandas as pd

from geocore.data.images import photo_sha256
from geocore.data.verified_files import verified_photo_files


def test_files_are_found_by_id_and_proven_by_hash(make_photo_folder):
    folder = make_photo_folder(3, name="street")
    paths = [folder / "images" / f"{i}.jpg" for i in range(3)]
    photos = pd.DataFrame(
        {
            "photo_id": [f"street/images/{i}.jpg" for i in range(3)] + ["street/images/9.jpg"],
            "sha256": [photo_sha256(path) for path in paths] + ["0" * 64],
        }
    )
    (folder / "images" / "2.jpg").write_bytes(paths[0].read_bytes())
    for root in (folder, folder.parent):
        found = verified_photo_files(root, photos)
        assert [path and path.resolve() for path in found] == [
            paths[0].resolve(),
            paths[1].resolve(),
            None,
            None,
        ]
    assert verified_photo_files(folder / "nowhere", photos) == [None] * 4


def test_an_id_never_leads_outside_the_folder(make_photo_folder):
    folder = make_photo_folder(2, name="street")
    secret = folder.parent / "secret.jpg"
    secret.write_bytes((folder / "images" / "0.jpg").read_bytes())
    ids = ["../secret.jpg", "x/../secret.jpg", str(secret)]
    photos = pd.DataFrame({"photo_id": ids, "sha256": photo_sha256(secret)})
    assert verified_photo_files(folder, photos) == [None] * 3
