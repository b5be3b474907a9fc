"""Rooms are told by the classifier that came with the backbone, without a second look."""

import numpy as np
import pytest

from geocore.inference import Predictor
from geocore.inference.room_eye import ROOM_CLASSES, RoomEye, room_eye
from geocore.models.efficientnet_lite import imagenet_classifier
from geocore.models.images import load_image
from tests.inference import tiny_model

CASTLE, COUCH, CAR_WHEEL = 483, 831, 479


@pytest.fixture(scope="module")
def eye():
    return RoomEye(*imagenet_classifier(0))


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "a.jpg"
    tiny_model.made_photo(1).save(path, quality=95)
    return path


def test_maps_that_speak_for_a_couch_are_a_room_and_others_are_not(eye):
    kernel, _ = imagenet_classifier(0)
    maps = np.stack([np.tile(np.maximum(20 * kernel[:, x], -9), (2, 3, 1)) for x in
                     (COUCH, CASTLE, CAR_WHEEL)])  # fmt: skip
    probs = eye.probs(maps)
    assert probs.shape == (3,) and COUCH in ROOM_CLASSES
    assert probs[0] > 0.9 and max(probs[1:]) < 0.01


def test_a_look_says_what_the_whole_classifier_says(photo, tmp_path):
    """The predictor keeps the map before its last activation; the eye supplies that."""
    predictor = Predictor.load(tiny_model.save_tiny_model(tmp_path / "tiny"))
    pixels = load_image(photo, tiny_model.SIZE_PX)[None].astype(np.float32)
    kernel, bias = imagenet_classifier(0)
    scores = tiny_model.backbone()(pixels).numpy().mean(axis=(1, 2)) @ kernel + bias
    probs = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
    expected = probs[0, list(ROOM_CLASSES)].sum()
    assert predictor.look(predictor.read(photo)).room_prob == pytest.approx(expected, abs=1e-3)


def test_a_tuned_backbone_cannot_say(photo, tmp_path):
    from geocore.models.backbones import build_backbone

    tuned = build_backbone(tiny_model.BACKBONE, tiny_model.SIZE_PX, folded=False)
    weights = [array.astype(np.float32) for array in tuned.get_weights()]
    folder = tiny_model.save_tiny_model(tmp_path / "tuned", backbone_weights=weights)
    predictor = Predictor.load(folder)
    assert room_eye(predictor.bundle) is None
    assert predictor.look(predictor.read(photo)).room_prob == 0
