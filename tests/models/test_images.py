"""Square photos and their variations: the thesis's chances, the same result everywhere."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from geocore.data.images import decode_photo
from geocore.errors import ImageError
from geocore.models.images import AUGMENTATIONS, augment, load_image, resize_photo
from tests.conftest import encode, made_photo

SIZE_PX = 24


@pytest.fixture(scope="module")
def batch() -> np.ndarray:
    """Distinct, asymmetric photos (400, 24, 24, 3), values well inside 0..255."""
    rng = np.random.default_rng(0)
    slope = np.linspace(60, 160, SIZE_PX)
    photos = slope[:, None, None] + 0.4 * slope[None, :, None] + rng.normal(0, 5, (400, 1, 1, 3))
    return np.clip(photos, 0, 255).astype(np.uint8)


def test_squash_keeps_the_whole_scene() -> None:
    image = Image.new("RGB", (300, 100), "red")
    image.paste("blue", (150, 0, 300, 100))
    square = resize_photo(image, 30)
    assert (square.shape, square.dtype) == ((30, 30, 3), np.uint8)
    assert square[:, 2].tolist() == [[255, 0, 0]] * 30
    assert square[:, -3].tolist() == [[0, 0, 255]] * 30


def test_reducing_averages_instead_of_picking_pixels() -> None:
    stripes = Image.fromarray(np.tile([[0, 255]], (256, 128)).astype(np.uint8)).convert("RGB")
    assert np.abs(resize_photo(stripes, 16).astype(int) - 127).max() <= 4


def test_load_image_is_decode_then_resize() -> None:
    content = encode(made_photo(200, 90))
    expected = resize_photo(decode_photo(content), 32)
    assert np.array_equal(load_image(content, 32), expected)


def test_a_bad_photo_names_itself(tmp_path: Path) -> None:
    path = tmp_path / "notes.jpg"
    path.write_text("text")
    with pytest.raises(ImageError, match=r"notes\.jpg: "):
        load_image(path, 32)
    with pytest.raises(ImageError, match=r"upload 3: "):
        load_image(b"text", 32, name="upload 3")


def test_size_must_be_positive() -> None:
    with pytest.raises(ValueError, match="size_px must be at least 1, received 0"):
        resize_photo(made_photo(), 0)


@pytest.mark.parametrize("kind", AUGMENTATIONS)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_same_seed_same_result_eagerly_and_inside_tf_data(
    batch: np.ndarray, kind: str, dtype: type
) -> None:
    images = batch[:40].astype(dtype)
    eager = augment(images, kind, 7).numpy()
    dataset = tf.data.Dataset.from_tensors(images).map(lambda x: augment(x, kind, 7))
    assert np.array_equal(eager, next(iter(dataset)).numpy())
    assert np.array_equal(eager, augment(images, kind, 7).numpy())
    assert (eager.shape, eager.dtype) == (images.shape, images.dtype)
    assert eager.min() >= 0
    assert eager.max() <= 255


@pytest.mark.parametrize("kind", ["thesis", "upright"])
def test_another_seed_another_result(batch: np.ndarray, kind: str) -> None:
    results = [augment(batch[:40], kind, seed).numpy() for seed in (1, 2, tf.constant([1, 5]))]
    assert not np.array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])


def test_a_seed_may_be_a_tensor_of_the_pipeline(batch: np.ndarray) -> None:
    seeds = tf.data.Dataset.random(seed=3).batch(2).take(2)
    dataset = seeds.map(lambda seed: augment(batch[:20], "upright", seed))
    first, second = (images.numpy() for images in dataset)
    assert not np.array_equal(first, second)


def test_one_photo_without_a_batch(batch: np.ndarray) -> None:
    results = [augment(batch[0], "thesis", seed).numpy() for seed in range(12)]
    assert {result.shape for result in results} == {(SIZE_PX, SIZE_PX, 3)}
    assert len({result.tobytes() for result in results}) > 3


def geometric_change(photo: np.ndarray, varied: np.ndarray) -> str:
    """Which of the eight symmetries of a square made `varied`; "colour" if none did."""
    symmetries = {
        "none": photo,
        "turn 90": np.rot90(photo),
        "turn 180": np.rot90(photo, 2),
        "turn 270": np.rot90(photo, 3),
        "left-right": photo[:, ::-1],
        "top-bottom": photo[::-1],
    }
    same = [name for name, symmetry in symmetries.items() if np.array_equal(symmetry, varied)]
    return same[0] if same else "colour"


def shares_of_changes(batch: np.ndarray, kind: str) -> dict[str, float]:
    varied = augment(batch, kind, 42).numpy()
    changes = [geometric_change(*pair) for pair in zip(batch, varied, strict=True)]
    return {name: changes.count(name) / len(changes) for name in changes}


def test_thesis_applies_one_of_three_changes_to_half_of_the_photos(batch: np.ndarray) -> None:
    shares = shares_of_changes(batch, "thesis")
    turns = sum(shares[f"turn {angle}"] for angle in (90, 180, 270))
    flips = shares["left-right"] + shares["top-bottom"]
    assert shares["none"] == pytest.approx(1 / 2, abs=0.08)
    assert [turns, flips, shares["colour"]] == pytest.approx([1 / 6] * 3, abs=0.07)


def test_upright_keeps_the_horizon_up(batch: np.ndarray) -> None:
    shares = shares_of_changes(batch, "upright")
    assert set(shares) == {"none", "left-right", "colour"}
    assert shares["none"] == pytest.approx(1 / 2, abs=0.08)


def test_none_changes_nothing(batch: np.ndarray) -> None:
    assert shares_of_changes(batch, "none") == {"none": 1.0}


def test_colour_changes_are_visible_and_moderate(batch: np.ndarray) -> None:
    varied = augment(batch.astype(np.float32), "upright", 42).numpy()
    is_colour = [
        geometric_change(*pair) == "colour"
        for pair in zip(batch.astype(np.float32), varied, strict=True)
    ]
    shift = np.abs(varied.mean((1, 2, 3)) - batch.mean((1, 2, 3)))[is_colour]
    assert 5 < shift.mean() < 60


def test_bad_arguments_say_what_must_hold(batch: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"Unknown augmentation 'heavy'\. Known: none, thesis, up"):
        augment(batch, "heavy", 1)
    with pytest.raises(ValueError, match=r"\(n, size, size, 3\) .* received \(24, 20, 3\)"):
        augment(batch[0, :, :20], "none", 1)
    with pytest.raises(ValueError, match="received"):
        augment(batch[..., :1], "upright", 1)
