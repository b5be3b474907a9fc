"""Events: the joint answer, what each photo adds, outliers, areas, the record."""

import json
from dataclasses import replace

import numpy as np
import pytest

from geocore.analysis.canonical import canonical_json
from geocore.analysis.event_record import event_record, prediction_from_record
from geocore.analysis.event_text import area_sentences, event_sentences, influence_table
from geocore.analysis.events import PHOTO_COLUMNS, combine, event_areas
from geocore.analysis.records import answer_record
from geocore.casework.joining import joined_json, joined_text
from geocore.errors import BundleError
from geocore.evaluation.pooling import PoolSettings
from tests.inference.calibrated_bundle import calibrated_bundle, prediction_of
from tests.inference.event_bundle import event_bundle, views_of_places


@pytest.fixture(scope="module")
def bundle():
    return event_bundle()


@pytest.fixture(scope="module")
def views(bundle):
    rows = views_of_places(bundle)["probs"].iloc[:4]
    return [replace(prediction_of(bundle, probs), photo=f"{i}.jpg") for i, probs in enumerate(rows)]


def peaked(bundle, leaf, name, head="MC"):
    probs = np.full(bundle.grid.n_leaves, 1e-4)
    probs[leaf] = 1
    return replace(prediction_of(bundle, probs / probs.sum(), head), photo=name)


def test_the_joint_answer_is_an_ordinary_prediction(bundle, views):
    answer = combine(views, bundle, name="flood")
    assert (answer.prediction.photo, answer.prediction.head) == ("flood", "MC")
    assert answer.prediction.probs.sum() == pytest.approx(1, abs=1e-5)
    assert list(answer.photos) == list(PHOTO_COLUMNS)
    assert list(answer.photos["photo"]) == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
    assert 1 <= answer.n_effective <= answer.n_photos == 4
    assert answer.is_fitted


def test_influence_is_what_leaving_the_photo_out_changes(bundle, views):
    answer = combine(views, bundle)
    without = combine(views[1:], bundle)
    moved = np.abs(without.prediction.probs - answer.prediction.probs).sum() / 2
    assert answer.photos["moved_share"][0] == pytest.approx(moved, abs=1e-5)


def test_a_copy_neither_moves_nor_strengthens_the_answer(bundle, views):
    settings = PoolSettings(tempering=0.5, sameness=1e4)
    once = combine(views[:2], bundle, settings=settings)
    twice = combine([views[0], *views[:2]], bundle, settings=settings)
    np.testing.assert_allclose(twice.prediction.probs, once.prediction.probs, atol=1e-6)
    assert list(twice.photos["weight"].round(3)) == [0.5, 0.5, 1.0]
    assert twice.photos["moved_share"][0] == pytest.approx(0, abs=1e-6)


def test_a_photo_of_elsewhere_is_named(bundle):
    photos = [peaked(bundle, 2, f"{i}.jpg") for i in range(3)]
    answer = combine([*photos, peaked(bundle, 9, "else.jpg")], bundle)
    assert answer.outliers == ("else.jpg",)
    assert "else.jpg" in "\n".join(event_sentences(answer))
    assert list(influence_table(answer)["fits the others"]) == ["yes", "yes", "yes", "no"]


def test_two_photos_that_contradict_each_other_are_both_named(bundle):
    answer = combine([peaked(bundle, 2, "a.jpg"), peaked(bundle, 9, "b.jpg")], bundle)
    assert answer.outliers == ("a.jpg", "b.jpg")
    assert "do they really show one place?" in "\n".join(event_sentences(answer))


def test_areas_grow_with_the_promise_and_use_the_events_yardstick(bundle, views):
    answer = combine(views, bundle)
    areas = event_areas(answer, bundle)
    assert [area.level for area in areas] == [0.8, 0.9, 0.95]
    assert (np.diff([area.area_km2 for area in areas]) >= 0).all()
    assert {area.n_calibration for area in areas} == {60}
    assert len(area_sentences(areas)) == 3
    apart = event_areas(answer, bundle, levels=[0.9], by_continent=True)[0]
    assert apart.by_continent
    assert apart.area_km2 != areas[1].area_km2


def test_a_head_that_was_not_fitted_says_so_and_promises_nothing(bundle):
    photos = [peaked(bundle, i, f"{i}.jpg", "HMC-tree") for i in (2, 9)]
    answer = combine(photos, bundle)
    assert not answer.is_fitted
    assert answer.outliers == ()
    assert "not fitted for HMC-tree" in "\n".join(event_sentences(answer))
    assert set(influence_table(answer)["fits the others"]) == {"not known"}
    assert "no search areas" in joined_text(photos, bundle, "e")
    with pytest.raises(BundleError, match="calibrate_events"):
        event_areas(answer, bundle)
    plain = combine([replace(x, head="MC") for x in photos], calibrated_bundle())
    assert not plain.is_fitted


def test_more_photos_than_measured_are_answered_with_a_warning(bundle, views):
    answer = combine([*views, *views], bundle)
    assert answer.n_effective < 5
    assert "less sure" in "\n".join(event_sentences(answer))


def test_what_cannot_be_joined_is_refused(bundle, views):
    with pytest.raises(ValueError, match="at least 2 photos with an answer, received 1"):
        combine(views[:1], bundle)
    with pytest.raises(ValueError, match="by one head, received answers of HMC-tree, MC"):
        combine([views[0], replace(views[1], head="HMC-tree")], bundle)
    with pytest.raises(ValueError, match="the answer has 3 cells"):
        combine([views[0], replace(views[1], probs=np.full(3, 1 / 3))], bundle)


def test_an_event_from_records_is_the_event_from_photos(bundle, views):
    known = {"name": "b", "sha256": "0"}
    records = [answer_record(x, photo_sha256=x.photo, bundle=known) for x in views]
    again = [prediction_from_record(json.loads(canonical_json(x)), bundle) for x in records]
    np.testing.assert_allclose(
        combine(again, bundle).prediction.probs, combine(views, bundle).prediction.probs, atol=1e-5
    )
    with pytest.raises(ValueError, match="its answer must hold a probability for each"):
        prediction_from_record(records[0] | {"probs": [1.0]}, bundle)
    older = {key: x for key, x in records[0].items() if key != "probs"}
    with pytest.raises(ValueError, match="found 0"):
        prediction_from_record(older, bundle)


def test_the_record_is_plain_and_the_same_every_time(bundle, views):
    answer = combine(views, bundle, name="flood")
    hashes = ["a", "b", "c", "d"]
    first, second = (
        event_record(
            answer, event_id="e1", photo_sha256s=hashes, bundle={"name": "b"},
            areas=event_areas(answer, bundle),
        )
        for _ in range(2)
    )  # fmt: skip
    assert canonical_json(first) == canonical_json(second)
    assert (first["name"], first["photo_sha256s"], first["prior"]) == ("flood", hashes, None)
    assert [x["photo_sha256"] for x in first["influence"]] == hashes
    assert set(first["areas"]) == {"0.8", "0.9", "0.95"}
    with pytest.raises(ValueError, match="one SHA-256 for each of 4 photos, received 1"):
        event_record(answer, event_id="e", photo_sha256s=["a"], bundle={})


def test_text_and_json_say_the_same(bundle, views):
    text, record = joined_text(views, bundle, "e"), json.loads(joined_json(views, bundle, "e"))
    assert f"{record['lat']:.4f}, {record['lng']:.4f}" in text
    assert record["photos"] == [x.photo for x in views]
    assert record["influence"][0]["photo"] == "0.jpg"
