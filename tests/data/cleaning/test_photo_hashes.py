"""What is known of one file, and that the perceptual hash knows copies and tells photos apart."""

import hashlib

import numpy as np
import pytest
import scipy.fft
from PIL import Image, ImageEnhance

from geocore.data.cleaning.photo_filters import (
    PHOTO_FILTERS,
    flat_share,
    looks_drawn,
    named_filters,
)
from geocore.data.cleaning.photo_hashes import (
    FACT_COLUMNS,
    fact_table,
    perceptual_hashes,
    photo_facts,
)
from geocore.data.images import ImageError, decode_photo
from tests.conftest import encode
from tests.data.textured import save_photo, textured_photo


def n_bits(a: bytes, b: bytes) -> int:
    return int(np.bitwise_count(np.frombuffer(a, np.uint8) ^ np.frombuffer(b, np.uint8)).sum())


def look_of(path, image, **options):
    image.save(path, **options)
    facts = photo_facts(str(path))
    assert facts.problem == ""
    return fact_table([facts])["look"][0]


def test_the_facts_of_a_photo(tmp_path):
    path = save_photo(tmp_path / "a.jpg", 1)
    facts = photo_facts(str(path))
    assert facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (facts.width_px, facts.height_px, len(facts.grey)) == (240, 180, 32 * 32)
    assert (facts.problem, facts.is_lasting, facts.filtered) == ("", True, "")


def test_the_hash_is_the_one_that_it_says_it_is():
    greys = np.random.default_rng(0).integers(0, 256, (3, 32, 32), dtype=np.uint8)
    for grey, look in zip(greys, perceptual_hashes(greys), strict=True):
        frequencies = scipy.fft.dct(scipy.fft.dct(grey.astype(float), axis=0), axis=1)
        lowest = frequencies[:16, :16].ravel()
        assert np.packbits(lowest > np.median(lowest)).tolist() == look.tolist()


def test_the_table_of_facts_has_what_is_computed_from_the_small_copy(tmp_path):
    (tmp_path / "text.jpg").write_text("no photo", encoding="utf-8")
    paths = [save_photo(tmp_path / "a.png", 1, 32, 32), tmp_path / "text.jpg"]
    table = fact_table([photo_facts(str(path)) for path in paths])
    assert list(table) == list(FACT_COLUMNS)
    grey = np.asarray(Image.open(paths[0]).convert("L"), float)
    assert table["contrast"].tolist() == pytest.approx([grey.std(), 0], abs=0.5)
    assert [len(look) for look in table["look"]] == [32, 0]
    assert list(fact_table([])) == list(FACT_COLUMNS)


VARIANTS = {
    "half.jpg": lambda photo: photo.resize((120, 90)),
    "larger.jpg": lambda photo: photo.resize((312, 234)),
    "squeezed.jpg": lambda photo: photo.resize((240, 150)),
    "format.png": lambda photo: photo,
    "grey.webp": lambda photo: photo.convert("L"),
    "dark.jpg": lambda photo: ImageEnhance.Brightness(photo).enhance(0.7),
    "palette.gif": lambda photo: photo,
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_copy_has_nearly_the_same_hash(tmp_path, name):
    for seed in range(5):
        photo = textured_photo(seed)
        original = look_of(tmp_path / "original.jpg", photo)
        assert n_bits(original, look_of(tmp_path / name, VARIANTS[name](photo))) <= 40


def test_photos_of_different_things_have_different_hashes(tmp_path):
    looks = [look_of(tmp_path / f"{seed}.jpg", textured_photo(seed)) for seed in range(12)]
    apart = [n_bits(a, b) for k, a in enumerate(looks) for b in looks[:k]]
    assert min(apart) > 70


def test_a_photo_that_lies_on_its_side_by_exif_has_the_hash_of_the_upright_one(tmp_path):
    photo = textured_photo(3)
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = photo.transpose(Image.Transpose.ROTATE_90)
    upright = look_of(tmp_path / "upright.jpg", photo)
    assert n_bits(upright, look_of(tmp_path / "lying.jpg", lying, exif=exif)) <= 40
    assert n_bits(upright, look_of(tmp_path / "turned.jpg", lying)) > 70


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_cut_file_is_found_wherever_it_is_cut(tmp_path, options):
    content = encode(textured_photo(1), quality=80, **options)
    path = tmp_path / "cut.jpg"
    for n_bytes in [*range(200, len(content), len(content) // 12), len(content) - 3]:
        path.write_bytes(content[:n_bytes])
        try:
            decode_photo(path)
        except ImageError:
            assert "damaged or incomplete" in photo_facts(str(path)).problem
        else:
            assert photo_facts(str(path)).problem == ""


def test_what_is_no_photo_is_so_for_good_and_what_cannot_be_read_is_not(tmp_path):
    text = tmp_path / "text.jpg"
    text.write_text("no photo", encoding="utf-8")
    facts = photo_facts(str(text))
    assert "not a photo in a known format" in facts.problem and facts.is_lasting
    assert facts.sha256 == hashlib.sha256(b"no photo").hexdigest()
    missing = photo_facts(str(tmp_path / "missing.jpg"))
    assert "there is no such file" in missing.problem and not missing.is_lasting
    (tmp_path / "empty.jpg").touch()
    assert "empty (0 bytes)" in photo_facts(str(tmp_path / "empty.jpg")).problem


def test_a_shortage_of_memory_is_not_remembered_as_a_damaged_photo(tmp_path, monkeypatch):
    path = save_photo(tmp_path / "a.jpg", 1)

    def no_memory(*_):
        raise MemoryError

    monkeypatch.setattr("geocore.data.cleaning.photo_hashes.upright_grey", no_memory)
    assert not photo_facts(str(path)).is_lasting


def test_filters_are_asked_in_turn_until_one_objects(tmp_path):
    path = save_photo(tmp_path / "a.jpg", 1)
    asked = []
    filters = (
        ("content", lambda path: asked.append(path.name) or ""),
        ("strict", lambda path: "too green"),
        ("late", lambda path: asked.append("late") or "never"),
    )
    assert photo_facts(str(path), filters).filtered == "strict: too green"
    assert asked == ["a.jpg"]
    (tmp_path / "text.jpg").write_text("no photo", encoding="utf-8")
    assert photo_facts(str(tmp_path / "text.jpg"), filters).filtered == ""


def test_drawings_are_found_and_photos_are_not(tmp_path):
    drawing = Image.new("RGB", (300, 200), "white")
    drawing.paste((200, 30, 30), (50, 50, 120, 150))
    drawing.save(tmp_path / "drawing.jpg", quality=75)
    assert "of it is flat colour" in looks_drawn(tmp_path / "drawing.jpg")
    assert looks_drawn(save_photo(tmp_path / "photo.jpg", 1)) == ""
    assert named_filters(["drawings"]) == (("drawings", looks_drawn),)


def test_no_real_photo_is_taken_for_a_drawing(shared_data):
    files = sorted((shared_data / "street_photos" / "images").glob("*.jpg"))[::12]
    assert max(flat_share(file) for file in files) < 0.35


def test_an_unknown_filter_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match=r"Unknown filter 'indoor'. Known filters: drawings"):
        named_filters(["indoor"])
    assert list(PHOTO_FILTERS) == ["drawings"]
