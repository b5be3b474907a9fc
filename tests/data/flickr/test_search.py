"""Queries are divided so that nothing is left out, and answers decide rightly what to ask next."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocore.data.flickr.answer import Answer
from geocore.data.flickr.search import (
    MAX_PAGES,
    MAX_RESULTS,
    WORLD,
    Query,
    boxes_of,
    follow_ups,
    is_cut_off,
    n_expected,
)

QUERY = Query(term="lake", tags=("lake", "lago"), box=WORLD, since=0, until=1_000_000)
NARROWEST = replace(QUERY, box=(9.0, 45.0, 9.005, 45.005), until=0)


def answer(total, n_listed, n_inside=None):
    return Answer(
        total=total,
        n_listed=n_listed,
        n_inside=n_listed if n_inside is None else n_inside,
        photos=[],
        refused={},
    )


lngs = st.floats(-180, 179).map(lambda x: round(x, 6))
lats = st.floats(-90, 89).map(lambda x: round(x, 6))


@given(lngs, lats, st.floats(0.00001, 1), st.floats(0.00001, 1), st.integers(0, 40))
def test_narrower_queries_cover_the_query_and_are_narrower(west, south, width, height, seconds):
    box = (west, south, round(west + width, 6), round(south + height, 6))
    query = replace(QUERY, box=box, until=seconds)
    parts = query.narrower()
    for part in parts:
        assert part != query
        assert part.page == 1
        assert box[0] <= part.box[0] < part.box[2] <= box[2]
        assert box[1] <= part.box[1] < part.box[3] <= box[3]
        assert 0 <= part.since <= part.until <= seconds
    area = sum((p.box[2] - p.box[0]) * (p.box[3] - p.box[1]) for p in parts if p.until == seconds)
    if parts and parts[0].until == seconds:
        assert area == pytest.approx((box[2] - box[0]) * (box[3] - box[1]))
    elif parts:
        assert [(p.since, p.until) for p in parts] == [
            (0, seconds // 2),
            (seconds // 2 + 1, seconds),
        ]
    else:
        assert seconds == 0
        assert max(width, height) <= 0.0101


def test_narrowing_comes_to_an_end():
    query, n_steps = QUERY, 0
    while parts := query.narrower():
        query, n_steps = parts[-1], n_steps + 1
    assert n_steps < 50
    assert query.since == query.until


def test_a_query_is_read_back_from_its_text():
    query = replace(QUERY, tags=("città", "森林"), box=(-10.5, 1.0, 2.25, 3.0), page=7)
    assert Query.from_text(query.to_text()) == query


def test_what_flickr_is_sent():
    assert replace(QUERY, box=(-10.5, 1.0, 2.25, 3.1234567), page=3).fields() == {
        "tags": "lake,lago",
        "tag_mode": "any",
        "bbox": "-10.500000,1.000000,2.250000,3.123457",
        "min_upload_date": "0",
        "max_upload_date": "1000000",
        "page": "3",
    }


def test_tags_are_halved_until_one_is_left():
    assert [part.tags for part in QUERY.fewer_tags()] == [("lake",), ("lago",)]
    assert replace(QUERY, tags=("lake",)).fewer_tags() == []


@pytest.mark.parametrize(
    ("query", "given_answer", "expected"),
    [
        (QUERY, answer(0, 0), []),
        (QUERY, answer(100, 100), []),
        (QUERY, answer(251, 250), [2]),
        # Flickr leaves out hidden photos: a page that is not full is no reason to stop.
        (QUERY, answer(600, 240), [2]),
        (replace(QUERY, page=3), answer(600, 90), []),
        # A total that claims too few: the page is full, so the next may hold more.
        (QUERY, answer(100, 250), [2]),
        # A total that claims too many: an empty page ends it.
        (replace(QUERY, page=3), answer(3000, 0), []),
        (replace(QUERY, page=MAX_PAGES), answer(MAX_RESULTS, 250), []),
        # Over the cap: narrowed, at whichever page it is seen.
        (QUERY, answer(MAX_RESULTS + 1, 250), [1, 1, 1, 1]),
        (replace(QUERY, page=4), answer(MAX_RESULTS + 1, 250), [1, 1, 1, 1]),
        # A server that ignores the box is not followed into ever smaller ones.
        (QUERY, answer(MAX_RESULTS + 1, 250, 0), []),
        (QUERY, answer(MAX_RESULTS + 1, 0), []),
        # What cannot be narrowed is paged to Flickr's cap.
        (NARROWEST, answer(9999, 250), [2]),
        (replace(NARROWEST, page=MAX_PAGES), answer(9999, 250), []),
    ],
)
def test_what_is_asked_after_an_answer(query, given_answer, expected):
    following = follow_ups(query, given_answer)
    assert [part.page for part in following] == expected


def test_only_what_cannot_be_narrowed_is_cut_off():
    assert is_cut_off(NARROWEST, answer(MAX_RESULTS + 1, 250))
    assert not is_cut_off(NARROWEST, answer(MAX_RESULTS, 250))
    assert not is_cut_off(QUERY, answer(MAX_RESULTS + 1, 250))


def test_photos_still_expected_are_shared_among_the_parts():
    big, few = answer(10_000, 250), answer(700, 250)
    assert n_expected(QUERY, big, follow_ups(QUERY, big)) == 2500
    assert n_expected(QUERY, few, follow_ups(QUERY, few)) == 450
    assert n_expected(QUERY, answer(3, 3), []) == 0


def test_an_area_across_180_degrees_is_two_boxes():
    assert boxes_of((5, 44, 14, 50)) == [(5, 44, 14, 50)]
    assert boxes_of((170, -50, -170, -30)) == [(170, -50, 180, -30), (-180, -50, -170, -30)]


@pytest.mark.parametrize(
    ("area", "message"),
    [
        ((0, 50, 10, 40), "south below north; received"),
        ((0, -91, 10, 40), r"latitudes in \[-90, 90\]"),
        ((0, 40, 181, 50), r"longitudes in \[-180, 180\]"),
        ((float("nan"), 40, 10, 50), "received"),
        ((10, 40, 10, 50), "must have a width, received west = east = 10"),
    ],
)
def test_an_area_that_is_none_is_refused(area, message):
    with pytest.raises(ValueError, match=message):
        boxes_of(area)
