"""Every format: recognised by what stands in it, read to the same photos, its own traps."""

import bz2
import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from geocore.data.importers import ImportOptions, import_photos
from geocore.data.importers.detection import FORMATS, detect_format, open_source
from geocore.data.importers.shards import DAMAGED, NO_RECORD
from geocore.data.importers.tables import VIDEO
from geocore.data.photo_checks import NO_ID, NO_POSITION
from geocore.data.photos import load_coordinates, load_photos
from geocore.errors import PhotoTableError
from tests.conftest import encode, made_photo
from tests.data.importers.made import (
    record,
    write_images,
    write_json,
    write_shards,
    yfcc_line,
)


def imported(source: Path, out: Path, **options: object) -> pd.DataFrame:
    """The photos of a positions-only import, by id."""
    import_photos(source, out, **options)
    return load_coordinates(out).photos.set_index("photo_id")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IMG_ID,AUTHOR,LAT,LON\na/b/1.jpg,7@N00,1.5,-2.5\n", "mp16"),
        ("IMG_ID,AUTHOR,LON,LAT,S3_Label\na/b/1.jpg,7@N00,-2.5,1.5,2\n", "mp16"),
        ("IMG_ID,LAT,LON,S3_Label,Prob_urban\na/b/1.jpg,1.5,-2.5,0,0.3\n", "geoestimation"),
        ("photo_id;Latitude;Longitude\na/b/1.jpg;1,5;-2,5\n", "geoestimation"),
        ("id,latitude,longitude,creator_id\na/b/1.jpg,1.5,-2.5,7\n", "osv5m"),
        (",key,lon,lat,ca,captured_at,pano\n0,a/b/1.jpg,-2.5,1.5,90,2018,False\n", "mapillary"),
        ("photoid,uid,longitude,latitude,marker\na/b/1.jpg,7@N00,-2.5,1.5,0\n", "yfcc100m"),
    ],
)
def test_tables_are_told_apart_by_their_columns(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "any_name.csv"
    path.write_text(text, "utf-8")
    assert detect_format(path) == expected
    photos = imported(path, tmp_path / "out")
    assert photos.loc["a/b/1.jpg", ["lat", "lng"]].tolist() == [1.5, -2.5]
    if "7" in text:
        assert str(photos["AUTHOR"].iloc[0]).startswith("7"), "photographers have one name"


@pytest.mark.parametrize("with_hash", [False, True])
@pytest.mark.parametrize("name", ["yfcc100m_dataset-0", "part.bz2", "dump.tsv.gz"])
def test_yfcc100m(tmp_path: Path, with_hash: bool, name: str) -> None:
    lines = [
        yfcc_line(with_hash=with_hash),
        yfcc_line(with_hash=with_hash, photoid="2", longitude="", latitude=""),
        yfcc_line(with_hash=with_hash, photoid="3", marker="1"),
        yfcc_line(with_hash=with_hash, photoid="4", title='one " mark', latitude="-1"),
    ]
    text = "\n".join(lines).encode()
    pack = {".bz2": bz2.compress, ".gz": gzip.compress}.get(Path(name).suffix, bytes)
    (tmp_path / name).write_bytes(pack(text))
    assert detect_format(tmp_path / name) == "yfcc100m"
    report = import_photos(tmp_path / name, tmp_path / "out")
    assert report.reasons == {NO_POSITION: 1, VIDEO: 1}
    photos = load_coordinates(tmp_path / "out").photos
    assert photos["photo_id"].tolist() == ["6985418911", "4"]
    assert photos["lat"].tolist() == [24.550558, -1]
    assert photos["lng"].tolist() == [-81.804885] * 2
    assert photos["TAGS"].tolist() == ["café,old town"] * 2
    assert photos["TITLE"].tolist() == ['a "quoted" title', 'one " mark']
    assert photos["AUTHOR"].tolist() == ["39089491@N00"] * 2


def test_photos_of_yfcc100m_are_found_by_id_or_by_hash(tmp_path: Path) -> None:
    lines = [yfcc_line(with_hash=True, photoid=str(i), hash=f"ab{i}") for i in range(3)]
    (tmp_path / "dump").write_text("\n".join(lines), "utf-8")
    images = write_images(tmp_path / "images", ["0.jpg", "ab/ab1.jpg"])
    report = import_photos(tmp_path / "dump", tmp_path / "out")
    photos = load_photos(tmp_path / "out").photos.set_index("FLICKR_ID")
    assert photos["photo_id"].to_dict() == {0: "0.jpg", 1: "ab/ab1.jpg"}
    assert report.reasons == {"image file not found": 1}
    assert report.images == f"in the folder {images.resolve()}"


def test_osv5m_finds_its_photos_in_numbered_folders(tmp_path: Path) -> None:
    text = "id,latitude,longitude,creator_id,captured_at\n"
    text += "3859149887465501,-43.8,-176.6,111336221091714.0,1\n7,1,2,,2\n8,3,4,,3\n"
    (tmp_path / "train.csv").write_text(text, "utf-8")
    write_images(tmp_path / "osv5m", ["00/3859149887465501.jpg", "99/7.JPG", "99/8.jpg", "0/8.png"])
    report = import_photos(tmp_path / "train.csv", tmp_path / "out", images=tmp_path / "osv5m")
    photos = load_photos(tmp_path / "out").photos
    assert photos["photo_id"].tolist() == ["00/3859149887465501.jpg", "99/7.JPG"]
    assert report.reasons == {"several image files have this name": 1}
    assert photos["DATE_TAKEN"].tolist() == [1, 2]


MAPILLARY = {
    "id": "1933525276802129",
    "geometry": {"type": "Point", "coordinates": [-97.7, 30.2]},
    "computed_geometry": {"type": "Point", "coordinates": [-97.5, 30.5]},
    "captured_at": 1507560881000,
    "compass_angle": 200.5,
    "creator": {"username": "ann", "id": "9"},
    "sequence": "f1ih",
    "is_pano": False,
}
FEATURE = {
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": ["-97.5", "30.5"]},
    "properties": {"key": "1933525276802129", "user_key": "9", "captured_at": "2018-01-02"},
}


@pytest.mark.parametrize(
    "content",
    [
        {"data": [MAPILLARY], "paging": {}},
        [MAPILLARY],
        MAPILLARY,
        {"type": "FeatureCollection", "features": [FEATURE]},
    ],
)
def test_mapillary_in_all_its_forms(tmp_path: Path, content: object) -> None:
    path = write_json(tmp_path / "m.json", content)
    assert detect_format(path) == "mapillary"
    photos = imported(path, tmp_path / "out")
    assert photos.loc["1933525276802129", ["lat", "lng"]].tolist() == [30.5, -97.5]
    assert str(photos["AUTHOR"].iloc[0]) == "9"


def test_mapillary_says_when_and_in_which_direction(tmp_path: Path) -> None:
    photos = imported(write_json(tmp_path / "m.geojson", [MAPILLARY]), tmp_path / "out")
    found = photos.iloc[0][["DATE_TAKEN", "HEADING", "SEQUENCE", "IS_PANORAMA"]].tolist()
    assert found == ["2017-10-09 14:54:41", 200.5, "f1ih", "False"]


def test_a_folder_of_answers_and_lines_of_json(tmp_path: Path) -> None:
    folder = tmp_path / "answers"
    folder.mkdir()
    write_json(folder / "1.json", {"data": [MAPILLARY, {"id": "2"}, {"id": None}, "odd"]})
    lines = [dict(MAPILLARY, id=str(i)) for i in (3, 4)]
    (folder / "2.jsonl").write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    report = import_photos(folder, tmp_path / "out")
    assert (report.format, report.n_in, report.n_out) == ("mapillary", 6, 3)
    assert report.reasons == {NO_POSITION: 1, NO_ID: 2}


@pytest.mark.parametrize(
    "wrap", [lambda x: {"currentPageItems": x}, lambda x: {"result": {"data": x}}]
)
def test_kartaview(tmp_path: Path, wrap: object) -> None:
    item = {"id": "1", "lat": "46.5", "lng": "10.001", "sequence_id": "7", "username": "u"}
    path = write_json(tmp_path / "k.json", {"status": {}} | wrap([item, {"id": "2", "lat": "1"}]))
    assert detect_format(path) == "kartaview"
    report = import_photos(path, tmp_path / "out")
    assert (report.n_out, report.reasons) == (1, {NO_POSITION: 1})
    photos = load_coordinates(tmp_path / "out").photos
    assert photos.loc[0, ["photo_id", "lat", "lng"]].tolist() == ["1", 46.5, 10.001]


def test_json_that_is_none(tmp_path: Path) -> None:
    for name, text in (("a.json", '{"data": [{"id": 1'), ("b.json", "photos"), ("c.json", "\xff")):
        (tmp_path / name).write_bytes(text.encode("latin-1"))
        with pytest.raises(PhotoTableError, match=rf"{name}: the file must be JSON .* Download"):
            detect_format(tmp_path / name)
    with pytest.raises(PhotoTableError, match=r"d\.json: the first entry must have a position"):
        detect_format(write_json(tmp_path / "d.json", {"data": [{"id": "1"}]}))
    path = write_json(tmp_path / "e.json", {"data": [MAPILLARY] * 3})
    path.write_text(path.read_text("utf-8")[:-40], "utf-8")
    with pytest.raises(PhotoTableError, match=r"e\.json: the file must be JSON"):
        import_photos(path, tmp_path / "out")


@pytest.mark.parametrize("packing", [{}, {"use_bin_type": False}])
def test_shards(tmp_path: Path, packing: dict) -> None:
    shards = [[record("6a/1.jpg", 1.5, -2.5), record("noend")], [record("10.png", 3, 4)]]
    source = write_shards(tmp_path / "shards", shards, **packing)
    report = import_photos(source, tmp_path / "out")
    assert (report.format, report.images) == ("msgpack", "in the photo set")
    photos = load_photos(tmp_path / "out").photos
    assert photos["photo_id"].tolist() == ["6a/1.jpg", "noend.jpg", "10.png"]
    assert photos[["lat", "lng"]].to_numpy().tolist() == [[1.5, -2.5], [1, 2], [3, 4]]
    assert all(Path(path).read_bytes() == shards[0][0]["image"] for path in photos["path"])


def test_shards_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    source = write_shards(tmp_path / "s", [[record(f"{i}.jpg")] for i in range(12)])
    assert imported(source, tmp_path / "out").index.tolist() == [f"{i}.jpg" for i in range(12)]


def test_nothing_in_a_shard_is_trusted(tmp_path: Path) -> None:
    bad = [
        record("../../evil.jpg"),
        record("/etc/evil.jpg"),
        record("a\\..\\..\\evil.jpg"),
        record("x" * 300),
        record("new\nline.jpg"),
        record("a//b.jpg"),
        record("no photo.jpg", image=b"GIF89a"),
        {"id": "no image", "latitude": 1, "longitude": 2},
        ["no", "map"],
        record("lost.jpg", latitude="here"),
    ]
    source = write_shards(tmp_path / "s", [[*bad, record("good.jpg")]])
    report = import_photos(source, tmp_path / "out")
    assert report.n_out == 1
    assert report.reasons == {
        "image file outside the folder of the table": 3,
        "IMG_ID cannot be the name of a file": 3,
        "not a readable photo": 1,
        NO_RECORD: 2,
        "LAT or LON not a number": 1,
    }
    assert [x.name for x in (tmp_path / "out" / "images").rglob("*")] == ["good.jpg"]
    assert not list(tmp_path.rglob("*evil*"))


def test_files_and_folders_of_one_name_in_a_shard_stop_nothing(tmp_path: Path) -> None:
    ids = ["a.jpg", "a.jpg/b.jpg", "c/d.jpg", "c", "x" * 239, "y/" * 300 + "z.jpg"]
    ids = [*ids, "c/d.jpg/e.jpg", "f.jpg/g.jpg", "f.jpg"]
    report = import_photos(write_shards(tmp_path / "s", [[record(x) for x in ids]]), tmp_path / "o")
    names = load_photos(tmp_path / "o").photos["photo_id"].tolist()
    assert names == ["a.jpg", "c/d.jpg", "c.jpg", "x" * 239 + ".jpg", "f.jpg/g.jpg"]
    assert report.reasons == {"IMG_ID cannot be the name of a file": 4}


def test_of_equal_ids_in_shards_the_first_image_counts(tmp_path: Path) -> None:
    other = encode(made_photo(40, 30, place=2))
    shards = [[record("a.jpg", 1.0)], [record("a.jpg", 2.0, image=other)]]
    import_photos(write_shards(tmp_path / "s", shards), tmp_path / "out")
    photos = load_photos(tmp_path / "out").photos
    assert photos["lat"].tolist() == [1.0]
    assert Path(photos["path"].iloc[0]).read_bytes() == shards[0][0]["image"]


def test_a_name_that_is_taken_is_not_given_twice(tmp_path: Path) -> None:
    text = "id,latitude,longitude,creator_id,AUTHOR\na.jpg,1,2,7,Ann\n"
    (tmp_path / "t.csv").write_text(text, "utf-8")
    photos = imported(tmp_path / "t.csv", tmp_path / "out")
    assert photos[["creator_id", "AUTHOR"]].iloc[0].tolist() == [7, "Ann"]


@pytest.mark.parametrize("end", [b"\xc1", b"\x84\xa2id\xa1x", b"\xc6\xff\xff\xff\xff"])
def test_the_rest_of_a_damaged_shard_is_one_row(tmp_path: Path, end: bytes) -> None:
    source = write_shards(tmp_path / "s", [[record("1.jpg")], [record("2.jpg")]])
    with (source / "shard_0.msg").open("ab") as file:
        file.write(end)
    report = import_photos(source, tmp_path / "out")
    assert (report.n_in, report.n_out, report.reasons) == (3, 2, {DAMAGED: 1})
    assert report.examples[DAMAGED] == "row 2, shard_0.msg"


def test_shards_without_positions_take_them_from_a_table(tmp_path: Path) -> None:
    shards = [[{"id": f"{i}.jpg", "image": record("")["image"]} for i in range(3)]]
    source = write_shards(tmp_path / "s", shards)
    places = tmp_path / "mp16_places365.csv"
    places.write_text("IMG_ID,LAT,LON\n0.jpg,1.5,2.5\n2.jpg,-3,4\n", "utf-8")
    report = import_photos(source, tmp_path / "out", options=ImportOptions(places=places))
    assert report.reasons == {NO_POSITION: 1}
    photos = load_photos(tmp_path / "out").photos
    assert photos[["photo_id", "lat", "lng"]].to_numpy().tolist() == [
        ["0.jpg", 1.5, 2.5],
        ["2.jpg", -3.0, 4.0],
    ]


def test_a_folder_of_photos_with_gps(shared_data: Path, tmp_path: Path) -> None:
    for name in ("Apple_iPhone_5.jpg", "Apple_iPhone_6_plus.jpg"):
        content = (shared_data / "exif_photos" / name).read_bytes()
        (tmp_path / "in" / "sub").mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / "sub" / name).write_bytes(content)
    write_images(tmp_path / "in", ["none.jpg"])
    assert detect_format(tmp_path / "in") == "exif"
    report = import_photos(tmp_path / "in", tmp_path / "out")
    assert report.reasons == {"no GPS position in the photo's EXIF": 1}
    photos = load_photos(tmp_path / "out").photos
    assert photos["photo_id"].tolist() == ["sub/Apple_iPhone_5.jpg", "sub/Apple_iPhone_6_plus.jpg"]
    assert photos["lat"].round(6).tolist() == [47.627167, 51.482995]


def test_what_no_importer_understands(tmp_path: Path) -> None:
    with pytest.raises(PhotoTableError, match="there is no such file or folder"):
        open_source(tmp_path / "gone.csv")
    (tmp_path / "urls.csv").write_text("IMG_ID,URL\na,http://x\n", "utf-8")
    with pytest.raises(
        PhotoTableError, match=r"urls\.csv: .*no known collection\. Found: IMG_ID, URL.*YFCC100M: "
    ):
        detect_format(tmp_path / "urls.csv")
    with pytest.raises(ValueError, match=r"Unknown format 'mp17'\. Known formats: mp16, yfcc100m"):
        open_source(tmp_path / "urls.csv", "mp17")
    with pytest.raises(ValueError, match=r"table of places is for msgpack shards; urls\.csv is a"):
        open_source(tmp_path / "urls.csv", "mp16", places=tmp_path / "urls.csv")
    for name in ("a.csv", "b.csv"):
        (tmp_path / "two" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "two" / name).write_text("IMG_ID,LAT,LON\n", "utf-8")
    with pytest.raises(PhotoTableError, match=r"it holds 2 tables \(a\.csv, b\.csv\)\. Name the"):
        open_source(tmp_path / "two")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PhotoTableError, match="the folder must hold"):
        open_source(tmp_path / "empty")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(PhotoTableError, match="first line must name the columns"):
        detect_format(tmp_path / "empty.csv")


def test_every_format_has_a_name_for_people() -> None:
    expected = ("mp16", "yfcc100m", "geoestimation", "msgpack", "osv5m", "mapillary")
    assert tuple(FORMATS) == (*expected, "kartaview", "exif")
