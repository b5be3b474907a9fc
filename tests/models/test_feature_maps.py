"""Where feature maps are taken, how they are pooled, and what a photo's mirror image adds."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from PIL import Image

from geocore.data.images import photo_sha256
from geocore.models.backbones import build_backbone, feature_maps
from geocore.models.classifier import pool_maps, pooled_blocks, root
from geocore.models.feature_pass import FeaturePass, FeatureSpec
from geocore.models.features import Features, joined
from tests.conftest import made_photo

DEPTHS = ("top", "residual", "sixteenth", "expansion")


@pytest.fixture(scope="module")
def backbone():
    return build_backbone("EfficientNet-Lite0", 64, weights=None)


def test_maps_are_those_that_the_depths_name(backbone):
    shapes = [x.shape[1:] for x in feature_maps(backbone, ("narrow", *DEPTHS))]
    assert shapes == [(2, 2, 320), (2, 2, 1280), (2, 2, 192), (4, 4, 112), (4, 4, 672)]
    sixteenth = backbone.get_layer("block10_add").output
    assert feature_maps(backbone, ["sixteenth"])[0] is sixteenth


def test_depths_that_are_not_there_are_named(backbone):
    with pytest.raises(ValueError, match=r"Unknown depth 'eighth'. Known depths: top, narrow"):
        feature_maps(backbone, ["eighth"])
    photo = keras.Input((32, 32, 3))
    plain = keras.Model(photo, keras.layers.Conv2D(4, 3)(photo), name="plain")
    with pytest.raises(ValueError, match="plain has no residual block for the depth 'residual'"):
        feature_maps(plain, ["residual"])
    with pytest.raises(ValueError, match="plain has no block for the depth 'expansion'"):
        feature_maps(plain, ["expansion"])


def test_pooled_blocks_are_what_pooling_gives():
    """A wide map has no bands; a band is the mean of its third of the rows."""
    rng = np.random.default_rng(0)
    wide, narrow = rng.normal(size=(2, 4, 5, 300)), rng.normal(size=(2, 8, 3, 2))
    pooled = np.asarray(pool_maps([wide, narrow], "mean+std+bands"))
    blocks = pooled_blocks([300, 2], "mean+std+bands")
    assert blocks == [(0, 300), (1, 2), (0, 300), (1, 2), (1, 2), (1, 2), (1, 2)]
    assert pooled.shape == (2, sum(width for _, width in blocks))
    np.testing.assert_allclose(pooled[:, :300], wide.mean((1, 2)), atol=1e-5)
    np.testing.assert_allclose(pooled[:, 302:602], wide.std((1, 2)), atol=1e-4)
    for i, rows in enumerate((slice(0, 3), slice(3, 5), slice(5, 8))):
        band = pooled[:, 604 + 2 * i : 606 + 2 * i]
        np.testing.assert_allclose(band, narrow[:, rows].mean((1, 2)), atol=1e-5)


def test_a_map_of_one_row_has_bands():
    one_row = np.random.default_rng(0).normal(size=(1, 1, 4, 2)).astype(np.float32)
    pooled = np.asarray(pool_maps([one_row], "bands"))
    np.testing.assert_allclose(pooled, np.tile(one_row.mean((1, 2)), 3), atol=1e-6)


def test_the_root_keeps_signs_and_its_slope_is_finite():
    import tensorflow as tf

    features = tf.constant([[-4.0, 0.0, 9.0]])
    with tf.GradientTape() as tape:
        tape.watch(features)
        rooted = root(features)
    np.testing.assert_allclose(rooted, [[-2, 0, 3]], atol=1e-5)
    assert np.isfinite(tape.gradient(rooted, features)).all()


def test_a_photo_and_its_mirror_image_have_the_same_features(tmp_path):
    spec = FeatureSpec(
        backbone="EfficientNet-Lite0", size_px=64, depths=DEPTHS, pooling="mean+std+bands",
        root=True, mirror=True,
    )  # fmt: skip
    image = made_photo(64, 64, place=0, seed=1)
    image.save(tmp_path / "a.png")
    image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "b.png")
    photos = [(str(p), photo_sha256(str(p))) for p in sorted(tmp_path.iterdir())]
    photo, mirrored = FeaturePass(spec=spec, view=0, policy="float32")(photos)
    assert len(photo) == sum(spec.block_widths())
    np.testing.assert_allclose(photo, mirrored, atol=1e-3)
    alone = FeaturePass(spec=replace(spec, mirror=False), view=0, policy="float32")(photos)
    assert np.abs(alone[0] - alone[1]).max() > 0.01
    np.testing.assert_allclose(photo, (alone[0] + alone[1]) / 2, atol=1e-3)


def test_features_kept_otherwise_lie_elsewhere():
    """The usual ones stay where they were kept before there was a choice."""
    usual = FeatureSpec(backbone="EfficientNet-Lite0", size_px=64)
    assert usual.folder_name(0) == "EfficientNet-Lite0-64px-original"
    changes = ({"depths": ("top", "narrow")}, {"pooling": "mean+std"}, {"root": True})
    names = {replace(usual, **change).folder_name(0) for change in changes}
    assert len(names | {usual.folder_name(0)}) == 4


def test_backbones_are_joined_side_by_side():
    one, other = np.zeros((3, 1, 2), np.float32), np.ones((3, 1, 4), np.float32)
    first = Features(values=one, sha256=np.array(["a", "", "c"]), errors={1: "no photo"})
    second = Features(values=other, sha256=np.array(["a", "", ""]), errors={1: "no", 2: "gone"})
    both = joined([first, second])
    np.testing.assert_array_equal(both.values[0, 0], [0, 0, 1, 1, 1, 1])
    assert list(both.sha256) == ["a", "", ""]
    assert set(both.errors) == {1, 2}
    assert joined([first]) is first


def test_a_part_that_was_not_kept_is_refused():
    kept = Features(
        values=np.zeros((1, 1, 4), np.float32),
        sha256=np.array(["a"]),
        errors={},
        pooling="mean+std",
    )
    with pytest.raises(ValueError, match="Of mean\\+std features there can be no max ones"):
        kept.pooled("max")
