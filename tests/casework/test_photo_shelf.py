"""The shelf of answered photos: what makes room for what."""

from geocore.casework.photo_shelf import PhotoShelf


def test_photos_not_asked_for_longest_make_room():
    shelf = PhotoShelf(max_bytes=10)
    for name in "abc":
        shelf.put(name, name.encode() * 3)
    assert shelf.get("a") == b"aaa"
    shelf.put("d", b"dddd")
    assert [shelf.get(name) for name in "abcd"] == [b"aaa", None, b"ccc", b"dddd"]


def test_the_same_photo_twice_takes_room_once():
    shelf = PhotoShelf(max_bytes=10)
    for _ in range(20):
        shelf.put("a", b"aaa")
    shelf.put("b", b"bbbbbbb")
    assert (shelf.get("a"), shelf.get("b")) == (b"aaa", b"bbbbbbb")


def test_a_photo_larger_than_the_shelf_is_not_kept_and_leaves_room_for_others():
    shelf = PhotoShelf(max_bytes=10)
    shelf.put("huge", b"x" * 11)
    shelf.put("a", b"a" * 10)
    assert (shelf.get("huge"), shelf.get("a")) == (None, b"a" * 10)
