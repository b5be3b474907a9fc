"""Replaying a case: the same bytes, or what differs, and what could not be asked."""

import pytest

from geocore.analysis.abstention import Abstention, AbstentionRule
from geocore.analysis.case_file import open_case
from geocore.analysis.records import N_TOP
from geocore.casework import answering
from geocore.casework.answering import answer_entries
from geocore.casework.replay import differences, photo_source, replay, summary_of
from scripts import replay_case
from tests.browser.harness import photo_bytes
from tests.casework.stand_in import StandIn

PHOTO = photo_bytes()


@pytest.fixture
def case(tmp_path):
    with open_case(tmp_path / "flood.case", create=True) as case:
        case.append_many(answer_entries(StandIn(), PHOTO, "a.jpg"), analyst="Ada")
        yield case


def outcomes(case, predictor, photos=lambda _: PHOTO):
    return [answer.outcome for answer in replay(case, predictor, photos)]


def test_an_answer_is_kept_whole(case):
    photo, answer = (entry.body for entry in case.entries())
    assert (photo["width_px"], photo["height_px"], photo["n_bytes"]) == (320, 240, len(PHOTO))
    assert answer["photo_sha256"] == photo["sha256"]
    assert set(answer["areas"]) == {"0.8", "0.9", "0.95"}
    assert answer["areas"]["0.8"]["area_km2"] <= answer["areas"]["0.95"]["area_km2"]
    assert 0 < len(answer["top"]) <= N_TOP


def test_a_file_that_is_no_photo_is_one_failure():
    (kind, body), *rest = answer_entries(StandIn(), b"no photo", "notes.jpg")
    assert (kind, rest) == ("failure", [])
    assert body["error"].startswith("notes.jpg: the content is not a photo")


def test_the_same_bundle_and_photo_give_the_same_bytes(case):
    assert outcomes(case, StandIn()) == ["same"]


def test_another_answer_is_told_with_what_differs(case):
    (answer,) = replay(case, StandIn(row=1), lambda _: PHOTO)
    assert answer.outcome == "different"
    assert any(text.startswith("confidence: 0.") for text in answer.differences)


def test_a_missing_photo_and_another_bundle_are_told_apart(case, monkeypatch):
    assert outcomes(case, StandIn(), lambda _: None) == ["no photo"]
    monkeypatch.setattr(answering, "file_sha256", lambda _: "00")
    monkeypatch.setattr("geocore.casework.replay.bundle_of", answering.bundle_of)
    assert outcomes(case, StandIn()) == ["other bundle"]


def test_photos_come_from_the_case_or_from_folders(case, tmp_path):
    sha256 = case.entries()[0].body["sha256"]
    assert photo_source(case)(sha256) is None
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "b.jpg").write_bytes(PHOTO)
    (folder / "empty.jpg").write_bytes(b"")
    assert photo_source(case, [folder])(sha256) == PHOTO
    case.store_photo(PHOTO)
    assert photo_source(case)(sha256) == PHOTO


def test_differences_name_their_place():
    then = {"a": [1, {"b": 2}], "c": "x" * 200, "gone": 1}
    now = {"a": [1, {"b": 3}], "c": "y", "new": 2}
    found = list(differences(then, now))
    assert found[0] == "a[1].b: 2 -> 3"
    assert found[1].startswith("c: 'xxx") and "…" in found[1]
    assert found[2:] == ["gone: 1 -> None", "new: None -> 2"]


def test_the_summary_counts_every_outcome():
    assert summary_of({"same": 2, "no photo": 1}) == (
        "3 answers: 2 the same byte for byte, 1 not asked, for want of the photo."
    )


def command(monkeypatch, folder, *options, row=0):
    monkeypatch.setattr(
        "geocore.inference.predictor.Predictor.load", classmethod(lambda *_: StandIn(row))
    )
    return replay_case.main([str(folder / "flood.case"), *options])


def test_the_command_says_that_all_is_well(case, tmp_path, monkeypatch, capsys):
    case.store_photo(PHOTO)
    assert command(monkeypatch, tmp_path) == 0
    assert "All 2 entries are as they were written." in (said := capsys.readouterr().out)
    assert "1 answers: 1 the same byte for byte." in said


def test_the_command_says_what_differs(case, tmp_path, monkeypatch, capsys):
    case.store_photo(PHOTO)
    assert command(monkeypatch, tmp_path, row=1) == 1
    assert "Entry 2: " in capsys.readouterr().out
    assert command(monkeypatch, tmp_path, "--verify-only") == 0


def test_the_command_explains_what_is_no_case(tmp_path, capsys):
    assert replay_case.main([str(tmp_path / "none.case")]) == 2
    assert "there is no such case file" in capsys.readouterr().err


def test_an_answer_that_is_none_says_why(monkeypatch):
    flat = Abstention(reason="flat", sentence="Spread too evenly.", value=30.0, limit=20.0)
    monkeypatch.setattr(AbstentionRule, "judge", lambda *_: flat)
    answer = dict(answer_entries(StandIn(), PHOTO, "a.jpg"))["answer"]
    assert answer["abstention"] == {"reason": "flat", "sentence": "Spread too evenly."}
