"""The case desk for programs: each step writes what a click writes, and says so."""

import pytest

from geocore.analysis.case_file import open_case
from geocore.analysis.case_state import case_state
from geocore.casework.desk import Desk, region_of_text
from geocore.errors import CaseError
from scripts import case_desk
from tests.browser.harness import photo_bytes
from tests.casework.stand_in import StandIn
from tests.data.test_faces import PORTRAIT


@pytest.fixture
def folder(tmp_path, monkeypatch):
    load = classmethod(lambda *_: StandIn())
    monkeypatch.setattr("geocore.inference.predictor.Predictor.load", load)
    (tmp_path / "photos").mkdir()
    for number in (1, 2):
        content = photo_bytes((10 * number, 90, 120))
        (tmp_path / "photos" / f"{number}.jpg").write_bytes(content)
    (tmp_path / "photos" / "3.jpg").write_bytes(b"no photo")
    return tmp_path


@pytest.fixture
def desk(folder):
    desk = Desk(folder / "flood.case", analyst="Ada", bundle=StandIn().bundle.folder)
    desk.begin("Flood", "Emergency response")
    desk.answer([folder / "photos"])
    return desk


@pytest.fixture
def state(folder):
    def read():
        with open_case(folder / "flood.case", read_only=True) as case:
            return case_state(case.entries())

    return read


def test_photos_are_answered_once_and_bad_ones_named(desk, folder, state):
    said = desk.answer([folder / "photos", folder / "none.jpg"], keep_photos=True)
    first, *rest = said.splitlines()
    assert first == "2 photos have an answer, 2 had it before."
    assert len(rest) == 2
    assert any("3.jpg" in line for line in rest)
    assert any("none.jpg" in line for line in rest)
    assert [x.name for x in state().photos.values() if x.answer] == ["1.jpg", "2.jpg"]


def test_a_case_is_begun_once_and_before_anything_else(desk, folder):
    with pytest.raises(CaseError, match="begun already"):
        desk.begin("Flood", "again")
    with pytest.raises(ValueError, match="title and a purpose"):
        Desk(folder / "new.case", analyst="Ada").begin(" ", "x")
    with pytest.raises(CaseError, match="no such case file"):
        Desk(folder / "new.case", analyst="Ada").answer([folder])


def test_a_region_is_set_and_taken_back(desk, state):
    assert desk.restrict("fr, Italy") == "Restricted to France, Italy: 2 answers were cut with it."
    assert all(x.answer["prior"] is not None for x in state().photos.values() if x.answer)
    desk.restrict("")
    assert state().prior is None
    with pytest.raises(ValueError, match="no region is in force"):
        desk.restrict(" ")


def test_regions_are_countries_or_outlines():
    assert region_of_text("POLYGON((6 36, 19 36, 19 48, 6 36))").polygon is not None
    assert region_of_text("namibia").countries == ("NA",)
    with pytest.raises(ValueError, match="No country is called 'Atlantis'"):
        region_of_text("FR, Atlantis")


def test_a_claim_is_checked_by_name_hash_and_position(desk, state):
    sha256 = next(iter(state().photos))
    assert "Milan" in desk.check("1.jpg", "Milan", radius_km=20)
    desk.check(sha256[:8].upper(), "45.46, 9.19")
    assert len(state().photos[sha256].claims) == 2
    with pytest.raises(ValueError, match="its file states no position"):
        desk.check("1.jpg")
    with pytest.raises(ValueError, match=r"holds no photo '9\.jpg'"):
        desk.check("9.jpg", "Milan")
    with pytest.raises(ValueError, match=r"3\.jpg: the case holds no answer"):
        desk.check("3.jpg", "Milan")


def test_photos_are_joined(desk, state):
    assert desk.join("Bridge", ["1.jpg", "2.jpg", "1.jpg"]).startswith("Bridge: ")
    (event,) = state().events.values()
    assert (event["name"], len(event["photo_sha256s"])) == ("Bridge", 2)


def test_decisions_and_notes(desk, state):
    desk.decide("1.jpg", "accepted")
    desk.note("a bridge", "1.jpg")
    desk.note("all from one source")
    photo = next(iter(state().photos.values()))
    assert (photo.decision, photo.notes) == ("accepted", [("Ada", "a bridge")])
    assert state().notes == [("Ada", "all from one source")]
    assert desk.undo() == "Taken back: open again."
    with pytest.raises(ValueError, match="Ada has no decision to take back"):
        desk.undo()
    with pytest.raises(ValueError, match="note is empty"):
        desk.note(" ")


def test_names_that_many_photos_share_are_told_apart_by_hash(desk, folder, state):
    other = folder / "other" / "1.jpg"
    other.parent.mkdir()
    other.write_bytes(photo_bytes((200, 10, 10)))
    desk.answer([other])
    with pytest.raises(ValueError, match=r"2 photos are called '1\.jpg'"):
        desk.decide("1.jpg", "rejected")


def test_the_command_takes_every_step(folder, capsys):
    case = str(folder / "new.case")
    bundle = ["--analyst", "Ada", "--bundle", str(StandIn().bundle.folder)]
    for step in (
        ["begin", "Flood", "Training and exercise"],
        ["answer", str(folder / "photos" / "1.jpg"), "--keep-photos"],
        ["check", "1.jpg", "Milan"],
        ["note", "red\x1b[2J", "1.jpg"],
        ["decide", "1.jpg", "rejected"],
        ["show"],
    ):
        assert case_desk.main([case, *bundle, *step]) == 0
    said = capsys.readouterr().out
    assert "Flood: 1 photo." in said
    assert "rejected" in said.splitlines()[-1]
    assert case_desk.main([case, *bundle, "undo"]) == 0
    assert case_desk.main([case, *bundle, "undo"]) == 2
    assert "no decision to take back" in capsys.readouterr().err


def test_a_photo_of_a_person_needs_the_purpose_to_be_confirmed(desk, folder, state):
    said = desk.answer([PORTRAIT])
    assert said.splitlines()[0] == "0 photos have an answer, 0 had it before."
    assert "portrait.jpg: it seems to show a person" in said and "--no-private-person" in said
    assert not state().cautions
    said = desk.answer([PORTRAIT], no_private_person=True)
    assert said == "1 photos have an answer, 0 had it before."
    ((_, record),) = state().cautions
    assert record["purpose"] == state().purpose and len(record["photo_sha256s"]) == 1
