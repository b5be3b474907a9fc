"""Replaying a case: the same bytes, or what differs, and what could not be asked."""

import pytest

from geocore.analysis.abstention import Abstention, AbstentionRule
from geocore.analysis.case_file import open_case
from geocore.analysis.claimed_place import clicked_claim, exif_place, read_claim
from geocore.analysis.records import N_TOP
from geocore.analysis.region_prior import country_prior
from geocore.casework import answering
from geocore.casework.answering import answer_entries
from geocore.casework.checking import claim_of_answer
from geocore.casework.joining import event_of_answers
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
    counted = {("answer", "same"): 2, ("answer", "no photo"): 1, ("claim", "different"): 1}
    assert summary_of(counted) == (
        "3 answers: 2 the same byte for byte, 1 not asked, for want of the photo. "
        "1 claim: 1 different."
    )
    assert summary_of({}) == "0 answers: nothing to ask."


@pytest.mark.parametrize(
    "claim",
    [
        clicked_claim(45.46427123, -9.19),
        exif_place(-0.000001, 180.0),
        read_claim("Italy")[0],
        read_claim("45°27'51.2\"N 9°11'24.7\"E")[0],
    ],
)
def test_a_claim_is_checked_again_without_the_photo(case, claim):
    answer = case.entries()[-1].body
    record = claim_of_answer(answer, claim, StandIn().bundle, radius_km=12.34)
    case.append("claim", record, analyst="Ada")
    case.append("claim", record | {"p_value": 0.5, "rank": 2}, analyst="Mallory")
    _, same, forged = replay(case, StandIn(), lambda _: None)
    assert same.outcome == "same"
    assert forged.outcome == "different"
    assert any(text.startswith("p_value: 0.5 -> ") for text in forged.differences)


@pytest.mark.parametrize("prior", [None, country_prior(("IT", "FR"))])
def test_an_event_is_joined_again_without_the_photos(case, prior):
    (first,) = (entry.body for entry in case.entries(kinds=["answer"]))
    second = answer_entries(StandIn(row=1), photo_bytes((10, 20, 30)), "b.jpg")
    case.append_many(second, analyst="Ada")
    answers = [first, second[-1][1]]
    record = event_of_answers(answers, StandIn().bundle, event_id="e1", name="Flood", prior=prior)
    case.append("event", record, analyst="Ada")
    case.append("event", record | {"photo_sha256s": ["00", "01"]}, analyst="Mallory")
    case.append("event", record | {"lat": 1.0}, analyst="Mallory")
    case.append("event", record | {"photo_sha256s": record["photo_sha256s"][:1]}, analyst="M")
    made = [x for x in replay(case, StandIn(), lambda _: None) if x.entry.kind == "event"]
    assert [x.outcome for x in made] == ["same", "no answer", "different", "different"]
    assert made[2].differences == (f"lat: 1.0 -> {record['lat']}",)
    assert "cannot be made again: An event needs at least 2 photos" in made[3].differences[0]


def command(monkeypatch, folder, *options, row=0):
    monkeypatch.setattr(
        "geocore.inference.predictor.Predictor.load", classmethod(lambda *_: StandIn(row))
    )
    return replay_case.main([str(folder / "flood.case"), *options])


def test_the_command_says_that_all_is_well(case, tmp_path, monkeypatch, capsys):
    case.store_photo(PHOTO)
    assert command(monkeypatch, tmp_path) == 0
    assert "All 2 entries are as they were written." in (said := capsys.readouterr().out)
    assert "1 answer: 1 the same byte for byte." in said


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
