"""What a simulated analyst complains about."""

import json

import pytest

from geocore.load.analyst import ANSWER, Analyst, Diary
from geocore.load.crowd import LoadPlan
from geocore.load.photos import OwnPhoto, named_photos
from geocore.load.report import LoadReport, Phase

OWN = OwnPhoto(content=b"photo", lat=41.9, lng=12.5, confidence=0.4)


class Page:
    def __init__(self, texts=(), errors=()):
        self.texts, self.errors = list(texts), list(errors)


@pytest.fixture
def ada():
    return Analyst(url="", number=7, photos=[OWN], diary=Diary(), pause_s=0)


def answer(**changes):
    row = {"photo": "a.jpg", "lat": 41.9, "lng": 12.5, "cells": [{"prob": 0.4}]} | changes
    return json.dumps([row]).encode()


def test_what_is_right_is_no_problem(ada):
    ada._listen(b"..visitor07photo0001.jpg..You are number 3 in line..")
    ada._check_page(Page(["Purpose"], ["**No usable answer.** It is a drawing."]), "Purpose")
    ada._check_answer(answer(), "a.jpg", OWN)
    assert ada.diary.problems == [] and ada.diary.places == [3]


@pytest.mark.parametrize(
    "changes",
    [{"photo": "b.jpg"}, {"lat": 41.7}, {"lng": 12.51}, {"cells": [{"prob": 0.41}]}],
)
def test_an_answer_of_another_photo_is_noticed(ada, changes):
    ada._check_answer(answer(**changes), "a.jpg", OWN)
    assert "asked about a.jpg" in ada.diary.problems[0]


def test_another_ones_file_name_is_noticed(ada):
    ada._listen(b"visitor08photo0001.jpg")
    assert ada.diary.problems == ["analyst 07: was sent file names of [8]"]


def test_errors_and_missing_answers_are_noticed(ada):
    ada._check_page(Page(["Other"], ["This part failed."]), "Purpose")
    assert len(ada.diary.problems) == 2


def test_every_file_is_new_and_shows_the_same_picture():
    files = named_photos(7, [OWN, OWN])
    (one, first, _), (other, second, _) = next(files), next(files)
    assert one == "visitor07photo0000.jpg" != other
    assert first != second and first.startswith(OWN.content) and second.startswith(OWN.content)


def phase(seconds, **changes):
    settings = {"from_s": 100.0, "to_s": 700.0, "cpu_s": 30.0, "seconds": seconds} | {
        "problems": [], "largest_place": 0, "n_places": 0, "n_left": 0
    }  # fmt: skip
    return Phase(**settings | changes)


def report(memory):
    own = {"alone": phase({ANSWER: [1.0, 2.0, 3.0]}), "afterwards": phase({ANSWER: [2.0]})}
    crowd = phase({ANSWER: [float(n) for n in range(101)]}, largest_place=18)
    return LoadReport(
        n_analysts=20, minutes=10, pause_s=5, n_first_drop=100, n_cores=2, first_answer_s=40,
        crowd=crowd, problems=["one"], memory=memory, **own,
    )  # fmt: skip


def test_the_report_gives_shares_of_all_answers_and_growth_of_the_second_half():
    grows = [(s, 5000.0 if s < 400 else 1000 + s / 60 * 7) for s in range(0, 1000, 5)]
    found = report(grows)
    assert found.memory_slope == pytest.approx(7)
    assert found.crowd.percentile(ANSWER, 95) == 95
    table = found.table()
    assert "1-" not in table and "50.0/95.0 (101)" in table and "2.0/2.9 (3)" in table
    assert "+7.0 MB per minute" in table and "largest place in line 18" in table
    assert found.as_json()["figures"]["crowd"][ANSWER]["p95_s"] == 95
    assert json.dumps(found.as_json())


@pytest.mark.parametrize("wrong", [{"n_analysts": 0}, {"n_analysts": 101}, {"pause_s": -1.0}])
def test_an_impossible_plan_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        LoadPlan(**wrong)
