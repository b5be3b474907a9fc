"""A case restricted to a region: its answers follow it, the log keeps what the photos alone say."""

from functools import partial

import pytest

from geocore.analysis.case_file import open_case
from geocore.analysis.case_state import case_state
from geocore.analysis.region_prior import country_prior, region_mask
from geocore.casework.batch import Batch
from geocore.casework.joining import event_of_answers
from geocore.casework.replay import SAME, replay
from geocore.casework.restricting import remove_region, set_region
from tests.casework.stand_in import StandIn
from tests.casework.test_batch import photo
from tests.inference.calibrated_bundle import calibrated_bundle

AUSTRALIA = country_prior(("AU",))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "flood.case"


@pytest.fixture
def case(path):
    with open_case(path, create=True) as case:
        yield case


@pytest.fixture
def answer_photos(path):
    return partial(_answer_photos, path)


def _answer_photos(path, *numbers):
    batch = Batch(StandIn, partial(open_case, path))
    batch.add([(f"{n}.png", photo(n)) for n in numbers], analyst="Ada")
    assert batch.wait(60)
    assert batch.progress.stopped_by is None


def photos_of(case):
    return list(case_state(case.entries()).photos.values())


def test_answers_before_and_after_are_cut_with_the_region(case, answer_photos):
    answer_photos(1, 2)
    assert set_region(case, AUSTRALIA, calibrated_bundle(), analyst="Ben") == 2
    answer_photos(3)
    mask = region_mask(AUSTRALIA, calibrated_bundle())
    for seen in photos_of(case):
        assert seen.answer["prior"] == AUSTRALIA.record()
        assert seen.from_photo["prior"] is None
        assert sum(seen.answer["probs"][leaf] for leaf in (mask == 0).nonzero()[0]) == 0
        codes = [x["code"] for area in seen.answer["areas"].values() for x in area["countries"]]
        assert set(codes) <= {"AU"}
    remove_region(case, AUSTRALIA, analyst="Ben")
    assert all(seen.answer == seen.from_photo for seen in photos_of(case))
    answer_photos(4)
    assert photos_of(case)[-1].answer["prior"] is None
    assert case.verify().ok


def test_a_region_without_a_cell_changes_nothing(case, answer_photos):
    answer_photos(1)
    n_entries = len(case.entries())
    with pytest.raises(ValueError, match="No cell of this model lies in the region 'Antarctica'"):
        set_region(case, country_prior(("AQ",)), calibrated_bundle(), analyst="Ben")
    assert len(case.entries()) == n_entries


def test_a_restricted_answer_is_replayed_to_the_same_bytes(case, answer_photos):
    answer_photos(1)
    set_region(case, AUSTRALIA, calibrated_bundle(), analyst="Ben")
    outcomes = [x.outcome for x in replay(case, StandIn(), lambda _: photo(1))]
    assert outcomes == [SAME, SAME]


def test_an_event_is_cut_with_the_region_too(case, answer_photos):
    answer_photos(1, 2)
    alone = [seen.from_photo for seen in photos_of(case)]
    event = event_of_answers(
        alone, calibrated_bundle(), event_id="1", name="Flood", prior=AUSTRALIA
    )
    assert event["prior"]["label"] == "Australia"
    assert event["photo_sha256s"] == [x["photo_sha256"] for x in alone]
    whole = event_of_answers(alone, calibrated_bundle(), event_id="1", name="Flood")
    assert whole["prior"] is None and whole["top"] != event["top"]


def test_answers_of_another_bundle_make_no_event(case, answer_photos):
    answer_photos(1, 2)
    alone = [seen.from_photo for seen in photos_of(case)]
    alone[1] = {**alone[1], "bundle": {"name": "other", "sha256": "0" * 64}}
    with pytest.raises(ValueError, match=r"answered by one bundle.*2\.png"):
        event_of_answers(alone, calibrated_bundle(), event_id="1", name="Flood")
