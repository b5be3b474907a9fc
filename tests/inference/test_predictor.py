"""The predictor: files, bytes and streams in; probs, points and heat maps out."""

import io
import threading
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.utils.scores import CategoricalScore

from geocore.errors import BundleError, ImageError
from geocore.evaluation.points import best_points, build_point_table
from geocore.evaluation.temperature import apply_temperature
from geocore.inference import Predictor, load_bundle
from geocore.inference.bundle_files import arrays_sha256
from geocore.inference.prediction import PhotoFailure, Prediction
from geocore.models.backbones import last_convolution
from geocore.models.classifier import on_photos, pool
from geocore.models.heads import HEADS, normalise
from geocore.models.images import load_image
from tests.inference import tiny_model

HEAD_NAMES = tuple(HEADS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_model.save_tiny_model(tmp_path_factory.mktemp("bundles") / "tiny", HEAD_NAMES)


@pytest.fixture(scope="module")
def predictor(folder):
    return Predictor.load(folder)


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "a photo.jpg"
    tiny_model.made_photo(1).save(path, quality=95)
    return path


def test_every_head_answers_with_probs_that_sum_to_one(predictor, photo):
    answers = predictor.predict_heads(photo)
    assert sorted(answers) == sorted(HEAD_NAMES)
    for head, answer in answers.items():
        assert answer.head == head and answer.photo == str(photo)
        assert answer.probs.shape == (predictor.bundle.grid.n_leaves,)
        assert answer.probs.sum() == pytest.approx(1, abs=1e-5)
        assert -90 <= answer.lat <= 90 and -180 <= answer.lng <= 180
        assert type(answer.lat) is float


def test_probs_are_those_of_the_plain_models(predictor, photo):
    """The compiled network gives what backbone, pooling and classifier give one after the other."""
    pixels = load_image(photo, tiny_model.SIZE_PX)[None].astype(np.float32)
    features = pool(tiny_model.backbone()(pixels), tiny_model.POOLING)
    models = tiny_model.classifiers(HEAD_NAMES, predictor.bundle.grid)
    for head, model in models.items():
        expected = keras.ops.convert_to_numpy(normalise(model(features, training=False)))[0]
        np.testing.assert_allclose(predictor.predict(photo, head).probs, expected, atol=2e-6)


def test_heads_differ_and_the_default_is_the_bundles(predictor, photo):
    answers = predictor.predict_heads(photo, ["MC", "HMC-tree"])
    assert list(answers) == ["MC", "HMC-tree"]
    assert np.abs(answers["MC"].probs - answers["HMC-tree"].probs).max() > 1e-4
    assert predictor.predict(photo).head == predictor.bundle.default_head


def test_the_point_has_the_highest_expected_geoscore(predictor, photo):
    answer = predictor.predict(photo)
    leaves, photos = predictor.bundle.grid.leaves, predictor.bundle.photos
    train = photos[photos["split"] == "train"]
    table = build_point_table(
        *(leaves[c].to_numpy() for c in ("lat", "lng")),
        *(train[c].to_numpy() for c in ("lat", "lng", "class_index")),
    )
    lat, lng = best_points(answer.probs, table)
    assert (answer.lat, answer.lng) == (lat[0], lng[0])


def test_the_temperature_is_applied_unless_switched_off(folder, predictor, photo, tmp_path):
    """Points are chosen by the probs as served; evidence is the same at any temperature."""
    report = {**predictor.bundle.report, "temperatures": {"MC": 0.5}}
    hot = tiny_model.save_tiny_model(tmp_path / "hot", HEAD_NAMES, report=report)
    plain, served = predictor.predict(photo, "MC"), Predictor.load(hot).predict(photo, "MC")
    np.testing.assert_allclose(served.probs, apply_temperature(plain.probs, 0.5), atol=1e-6)
    assert served.confidence > plain.confidence + 1e-3
    off = Predictor.load(hot, calibrated=False)
    np.testing.assert_allclose(off.predict_many([photo], "MC")[0].probs, plain.probs, atol=1e-6)
    np.testing.assert_allclose(off.explain(photo, "MC"), Predictor.load(hot).explain(photo, "MC"))


def test_path_text_bytes_and_stream_are_one_photo(predictor, photo):
    expected = predictor.predict(photo).probs
    content = photo.read_bytes()
    for given in (str(photo), content, io.BytesIO(content)):
        np.testing.assert_array_equal(predictor.predict(given).probs, expected)
    assert predictor.predict(content, name="sent.jpg").photo == "sent.jpg"


def test_a_bad_photo_alone_raises_and_in_a_batch_is_one_row(predictor, photo, tmp_path):
    bad = tmp_path / "letter.jpg"
    bad.write_text("dear")
    with pytest.raises(ImageError, match=r"letter.jpg: the content is not a photo"):
        predictor.predict(bad)
    answers = predictor.predict_many([photo, bad, tmp_path / "none.jpg", photo])
    assert [type(a) for a in answers] == [Prediction, PhotoFailure, PhotoFailure, Prediction]
    assert answers[1].photo == str(bad) and "letter.jpg" in answers[1].error
    assert "no such file" in answers[2].error
    np.testing.assert_allclose(answers[0].probs, answers[3].probs, atol=1e-6)


def test_batches_answer_as_single_photos_in_order(predictor, tmp_path):
    paths = []
    for seed in range(35):  # more than two batches
        paths.append(tmp_path / f"{seed}.png")
        tiny_model.made_photo(seed).save(paths[-1])
    answers = predictor.predict_many(iter(paths), "MC")
    assert [answer.photo for answer in answers] == [str(path) for path in paths]
    for index in (0, 17, 34):
        np.testing.assert_allclose(
            answers[index].probs, predictor.predict(paths[index], "MC").probs, atol=1e-5
        )
    assert predictor.predict_many([]) == []


def test_unknown_heads_name_the_known_ones(predictor, photo):
    for ask in (
        lambda: predictor.predict(photo, "HCM"),
        lambda: predictor.predict_heads(photo, ["MC", "HCM"]),
        lambda: predictor.predict_many([photo], "HCM"),
        lambda: predictor.explain(photo, "HCM"),
    ):
        with pytest.raises(ValueError, match=r"Unknown head 'HCM'. Heads of bundle 'tiny': HMC"):
            ask()


def test_a_name_that_no_output_can_encode_is_made_readable(predictor):
    failure = predictor.predict_many([Path("bad\udcff.jpg")])[0]
    assert failure.photo == "bad\\udcff.jpg"
    failure.error.encode("utf-8")


def test_explanations_use_the_photos_reading(predictor, photo):
    reading = predictor.read(photo)
    heat_map = predictor.explain(reading, "MC", 3)
    assert heat_map.shape == (2, 2) and 0 <= heat_map.min() <= heat_map.max() <= 1
    np.testing.assert_array_equal(heat_map, predictor.explain(photo, "MC", 3))
    top = int(reading.probs["HMC-tree"].argmax())
    np.testing.assert_array_equal(
        predictor.explain(reading, "HMC-tree"), predictor.explain(reading, "HMC-tree", top)
    )


def test_explanations_equal_stock_tf_keras_vis_on_the_whole_network(predictor, photo):
    pixels = load_image(photo, tiny_model.SIZE_PX)[None].astype(np.float32)
    models = tiny_model.classifiers(HEAD_NAMES, predictor.bundle.grid)
    n_shown = 0
    for head, model in models.items():
        backbone = tiny_model.backbone()
        layer = last_convolution(backbone)
        stock = Gradcam(on_photos(backbone, model, tiny_model.POOLING))
        for class_index in range(4):
            score = CategoricalScore(class_index)
            expected = stock(score, pixels, penultimate_layer=layer, expand_cam=False)[0]
            ours = predictor.explain(photo, head, class_index)
            np.testing.assert_allclose(ours, np.asarray(expected), atol=1e-5)
            n_shown += ours.max() > 0.9
    assert n_shown >= 5  # not all maps are empty


def test_threads_share_one_predictor(predictor, tmp_path):
    paths = [tmp_path / f"{seed}.png" for seed in range(6)]
    for seed, path in enumerate(paths):
        tiny_model.made_photo(seed).save(path)
    expected = [predictor.predict(path).probs for path in paths]
    results: dict[int, np.ndarray] = {}

    def work(i: int) -> None:
        results[i] = predictor.predict(paths[i]).probs
        predictor.explain(paths[i], "HMC")

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(6):
        np.testing.assert_array_equal(results[i], expected[i])


def test_weights_that_do_not_fit_the_cells_are_refused(tmp_path):
    wrong = {"MC": [np.zeros((3, 4), np.float32)], "HMC-tree": [np.zeros((3, 4), np.float32)]}
    folder = tiny_model.save_tiny_model(tmp_path / "wrong", head_weights=wrong)
    with pytest.raises(BundleError, match=r"weights of head HMC-tree do not fit config.toml"):
        Predictor.load(folder)


def test_another_backbone_than_the_heads_were_trained_on_is_refused(tmp_path, photo):
    right = arrays_sha256(tiny_model.backbone().get_weights())
    same = tiny_model.save_tiny_model(tmp_path / "a", provenance={"backbone_sha256": right})
    assert Predictor.load(same).predict(photo)
    other = tiny_model.save_tiny_model(tmp_path / "b", provenance={"backbone_sha256": "0" * 64})
    with pytest.raises(BundleError, match=r"efficientnet_lite0 on this machine are not those"):
        Predictor.load(other)


def test_a_fine_tuned_backbone_comes_from_the_bundle(tmp_path, photo, predictor):
    from geocore.models.backbones import build_backbone

    tuned = build_backbone(tiny_model.BACKBONE, tiny_model.SIZE_PX, folded=False)
    weights = [array.astype(np.float32) for array in tuned.get_weights()]
    same = tiny_model.save_tiny_model(tmp_path / "same", HEAD_NAMES, backbone_weights=weights)
    np.testing.assert_allclose(
        Predictor.load(same).predict(photo, "MC").probs,
        predictor.predict(photo, "MC").probs,
        atol=1e-4,
    )
    changed = [array * 0.9 for array in weights]
    other = tiny_model.save_tiny_model(tmp_path / "other", HEAD_NAMES, backbone_weights=changed)
    assert load_bundle(other).backbone_weights() is not None
    difference = (
        Predictor.load(other).predict(photo, "MC").probs - predictor.predict(photo, "MC").probs
    )
    assert np.abs(difference).max() > 1e-3


def test_a_look_has_the_features_of_the_backbone_and_the_shares_of_even_colour(predictor, photo):
    pixels = load_image(photo, tiny_model.SIZE_PX)[None].astype(np.float32)
    features = pool(tiny_model.backbone()(pixels), tiny_model.POOLING)
    look = predictor.look(predictor.read(photo))
    assert look.features == pytest.approx(features[0].numpy(), abs=1e-3)
    assert look.even_share < 1
    grey = io.BytesIO()
    Image.new("RGB", (90, 70), (120, 130, 140)).save(grey, "PNG")
    even = predictor.look(predictor.read(grey.getvalue()))
    assert (even.even_share, even.colours_share) == (1, 1)
