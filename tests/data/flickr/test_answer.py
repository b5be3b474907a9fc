"""Whatever a server sends is read, refused row by row, or refused as a whole; never a crash."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocore.data.flickr.answer import (
    MALFORMED,
    NO_IMAGE,
    NO_POSITION,
    OFF_EARTH,
    OTHER_LICENSE,
    OUTSIDE,
    TOO_COARSE,
    Answer,
    MalformedAnswer,
    Refusal,
    Wanted,
    read_answer,
)
from geocore.data.flickr.licenses import LICENSES, OPEN, check_licenses

WANTED = Wanted(licenses=frozenset({4}), min_accuracy=6, side_px=640)
ROW = {
    "id": "5000000001",
    "owner": "1@N01",
    "ownername": "Ann",
    "license": "4",
    "latitude": "45.5",
    "longitude": 9.25,
    "accuracy": "16",
    "dateupload": "1300000000",
    "datetaken": "2011-03-11 14:46:00",
    "datetakenunknown": "0",
    "tags": "flood milano",
    "url_z": "https://live.staticflickr.com/1/5000000001_a_z.jpg",
    "width_z": 640,
    "height_z": "480",
    "url_m": "https://live.staticflickr.com/1/5000000001_a.jpg",
}


def read(content, box=(5, 44, 14, 50)):
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_answer(content, box=box, since=0, until=2_000_000_000, wanted=WANTED)


def page(*rows, total=1, **more):
    return {"photos": {"total": total, "photo": list(rows)} | more, "stat": "ok"}


def test_a_photo_is_read_with_what_is_kept_of_it():
    (photo,) = read(page(ROW)).photos
    assert (photo.photo_id, photo.lat, photo.lng, photo.accuracy) == ("5000000001", 45.5, 9.25, 16)
    assert (photo.owner, photo.author, photo.license) == ("1@N01", "Ann", 4)
    assert (photo.tags, photo.taken) == ("flood milano", "2011-03-11 14:46:00")
    assert (photo.url, photo.width_px, photo.height_px) == (ROW["url_z"], 640, 480)


def test_the_next_smaller_image_is_taken_where_the_wanted_size_is_missing():
    row = {name: value for name, value in ROW.items() if name != "url_z"}
    assert read(page(row)).photos[0].url == ROW["url_m"]
    assert WANTED.url_fields() == ["url_z", "url_m", "url_n"]


def test_an_unknown_date_is_left_empty():
    assert read(page(ROW | {"datetakenunknown": "1"})).photos[0].taken == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"latitude": 0, "longitude": 0, "accuracy": 0}, NO_POSITION),
        ({"latitude": "91.2"}, OFF_EARTH),
        ({"longitude": 181}, OFF_EARTH),
        ({"latitude": "north"}, MALFORMED),
        ({"latitude": None}, MALFORMED),
        ({"latitude": True}, MALFORMED),
        ({"latitude": "NaN"}, MALFORMED),
        ({"latitude": float("inf")}, MALFORMED),
        ({"id": "../../etc/passwd"}, MALFORMED),
        ({"id": "٣"}, MALFORMED),
        ({"id": ""}, MALFORMED),
        ({"id": "1" * 21}, MALFORMED),
        ({"longitude": 20}, OUTSIDE),
        ({"dateupload": "2100000000"}, OUTSIDE),
        ({"dateupload": None, "latitude": 60}, OUTSIDE),
        ({"license": "0"}, OTHER_LICENSE),
        ({"license": "by"}, OTHER_LICENSE),
        ({"accuracy": 3}, TOO_COARSE),
        ({"accuracy": None}, TOO_COARSE),
        ({"url_z": "", "url_m": None}, NO_IMAGE),
    ],
)
def test_a_row_that_is_not_kept_is_counted_with_its_reason(change, reason):
    answer = read(page(ROW | change, ROW))
    assert answer.refused == {reason: 1}
    assert len(answer.photos) == 1
    assert answer.n_listed == 2


@pytest.mark.parametrize("row", [None, 3, "photo", [], {}])
def test_a_row_that_is_no_record_is_counted(row):
    assert read(page(row)).refused == {MALFORMED: 1}


def test_text_of_strangers_is_made_harmless():
    row = ROW | {"ownername": "A\x00nn\n\ud800 =cmd()", "tags": "x" * 9000}
    (photo,) = read(page(row)).photos
    assert photo.author == "A nn   =cmd()"
    assert len(photo.tags) == 4000


@pytest.mark.parametrize(("total", "expected"), [("12", 12), (7.0, 7), ("0", 1), (1, 1)])
def test_totals_are_read_as_numbers_or_text_and_are_never_below_what_is_listed(total, expected):
    assert read(page(ROW, total=total)).total == expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b'{"photos": {"photo"',
        b'jsonFlickrApi({"stat":"ok"})',
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"stat": "ok"}',
        b'{"stat": "ok", "photos": []}',
        b'{"stat": "ok", "photos": {"photo": [], "total": "many"}}',
        b'{"stat": "ok", "photos": {"photo": [], "total": -3}}',
        b'{"stat": "ok", "photos": {"photo": [], "total": null}}',
        b'{"stat": "ok", "photos": {"photo": null, "total": 3}}',
        b'{"stat": "ok", "photos": {"total": 3}}',
        b'{"stat": "ok", "photos": {"photo": [], "total": 1' + b"0" * 5000 + b"}}",
    ],
)
def test_what_is_no_answer_is_told_apart(content):
    with pytest.raises(MalformedAnswer, match="the answer"):
        read(content)


def test_a_refusal_carries_its_code_and_message():
    with pytest.raises(Refusal, match="code 100: Invalid API Key") as refusal:
        read({"stat": "fail", "code": "100", "message": "Invalid API Key"})
    assert refusal.value.code == 100
    with pytest.raises(Refusal, match="code 0"):
        read({"stat": "fail"})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*ROW, "photos", "photo", "total", "stat"]), inner)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(list(ROW)), json_values), json_values)
def test_any_row_is_read_or_counted(change, other):
    answer = read(page(ROW | change, other))
    assert len(answer.photos) + sum(answer.refused.values()) == answer.n_listed == 2


@given(json_values | st.binary(max_size=40))
def test_any_content_is_an_answer_or_refused(content):
    with contextlib.suppress(MalformedAnswer, Refusal):
        assert isinstance(read(content), Answer)


def test_open_licences_let_everybody_change_the_photo():
    names = [LICENSES[number][0] for number in OPEN]
    assert not any("NC" in name or "ND" in name for name in names)


@pytest.mark.parametrize(
    ("licenses", "message"),
    [
        ([4, 0], "licence 0 .* is not collected"),
        ([4, 99], r"must be some of 1 CC BY-NC-SA 2.0.*received \[4, 99\]"),
        ([], r"received \[\]"),
    ],
)
def test_licences_that_do_not_let_one_keep_the_photo_are_refused(licenses, message):
    with pytest.raises(ValueError, match=message):
        check_licenses(licenses)
