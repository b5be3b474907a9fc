"""The cache of answered photos: what makes room for what."""

from geocore.casework.photo_cache import PhotoCache


def test_photos_not_asked_for_longest_make_room():
    cache = PhotoCache(max_bytes=10)
    for name in "abc":
        cache.put(name, name.encode() * 3)
    assert cache.get("a") == b"aaa"
    cache.put("d", b"dddd")
    assert [cache.get(name) for name in "abcd"] == [b"aaa", None, b"ccc", b"dddd"]


def test_the_same_photo_twice_takes_room_once():
    cache = PhotoCache(max_bytes=10)
    for _ in range(20):
        cache.put("a", b"aaa")
    cache.put("b", b"bbbbbbb")
    assert (cache.get("a"), cache.get("b")) == (b"aaa", b"bbbbbbb")


def test_a_photo_larger_than_the_cache_is_not_kept_and_leaves_room_for_others():
    cache = PhotoCache(max_bytes=10)
    cache.put("huge", b"x" * 11)
    cache.put("a", b"a" * 10)
    assert (cache.get("huge"), cache.get("a")) == (None, b"a" * 10)
