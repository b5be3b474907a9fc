"""Many photos answered elsewhere, as one process would."""

import pickle

import numpy as np
import pytest

from geocore.data.scheduling import photo_results
from geocore.errors import BundleError
from geocore.inference import bulk
from geocore.inference.bulk import predict_photos
from geocore.inference.prediction import Prediction
from tests.inference import tiny_model


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return tiny_model.save_tiny_model(tmp_path_factory.mktemp("bundles") / "tiny")


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Five photos, the third of them none, by names that hold in this folder only."""
    for i in range(5):
        tiny_model.made_photo(i).save(tmp_path / f"{i}.jpg")
    (tmp_path / "2.jpg").write_text("no photo")
    monkeypatch.chdir(tmp_path)
    return [path.relative_to(tmp_path) for path in sorted(tmp_path.glob("*.jpg"))]


@pytest.fixture
def elsewhere(monkeypatch):
    """Whatever goes to another process and comes back is pickled, and comes back to front."""

    def sent(work, items, *, scheduler, batch):
        assert scheduler == "tcp://a:1"
        there = pickle.loads(pickle.dumps(work))
        results = photo_results(lambda item: pickle.dumps(there(item)), items, batch=batch)
        for number, (answers,) in sorted(results, reverse=True):
            yield number, [pickle.loads(answers)]

    monkeypatch.setattr(bulk, "photo_results", sent)
    monkeypatch.setattr(bulk, "BATCH_SIZE", 2)


def test_another_process_answers_the_same_in_the_same_order(bundle, photos, elsewhere):
    here = list(predict_photos(photos, bundle, "MC"))
    there = list(predict_photos(photos, bundle, "MC", scheduler="tcp://a:1"))
    assert [x.photo for x in there] == [x.photo for x in here] == [str(x) for x in photos]
    for left, right in zip(here, there, strict=True):
        assert type(left) is type(right)
        if isinstance(left, Prediction):
            np.testing.assert_allclose(left.probs, right.probs, atol=1e-5)
            assert left.top(2)["token"].tolist() == right.top(2)["token"].tolist()
        else:
            assert left.error == right.error


def test_a_bundle_that_is_none_is_said_before_any_work(tmp_path, photos):
    with pytest.raises(BundleError):
        list(predict_photos(photos, tmp_path, scheduler="processes"))


def test_an_unknown_scheduler(bundle, photos):
    with pytest.raises(ValueError, match="scheduler must be 'processes' or the address"):
        list(predict_photos(photos, bundle, scheduler="all"))
