"""Photos dropped by a visitor: answered, explained when unreadable, harmless, and nobody else's."""

import io
from pathlib import Path

import pytest
from PIL import Image

from tests.browser import harness

SAMPLES = harness.ROOT / "geocore" / "assets" / "samples"
PREDICT = "Predict_and_explain"
HOSTILE = '<img src="http://outside.invalid/n.png" onerror="window.harmed=1"><script>.jpg'
ADDRESSES = "www.outside.invalid ada@outside.invalid.jpg"
MARKDOWN = "![n](http://outside.invalid/n.png) **bold**.jpg"


def shown(page) -> str:
    return page.locator('[data-testid="stMain"]').inner_text()


@pytest.mark.parametrize("start", ["", PREDICT])
def test_a_sample_photo_is_answered(visit, start):
    visit.open(start)
    page = visit.drop("colosseum.jpg", (SAMPLES / "colosseum.jpg").read_bytes())
    page.get_by_text("Most probably").first.wait_for(timeout=120_000)
    assert not harness.complaints(harness.settled(page))
    assert "Best single point" in shown(page)
    assert "Known place" in shown(page)
    assert "km from the best single point" in shown(page)
    frame = page.frame_locator('iframe[title="streamlit_folium.st_folium"]').first
    frame.locator(".leaflet-container").wait_for(timeout=60_000)


def test_a_sample_is_answered_by_a_click(visit):
    page = visit.open(PREDICT)
    page.get_by_role("button", name="Petra").first.click()
    page.get_by_text("Most probably").first.wait_for(timeout=120_000)
    assert "petra.jpg" in shown(harness.settled(page))


def test_answers_are_taken_along(visit):
    """Each file of the page holds what its button says."""
    page = visit.open(PREDICT)
    page.get_by_role("button", name="Petra").first.click()
    page.get_by_role("button", name="PNG of the evidence").wait_for(timeout=120_000)
    harness.settled(page)
    content = {}
    for label in ("JSON", "GeoJSON", "CSV", "PNG of the evidence"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=label, exact=True).click()
        download = waiting.value
        content[download.suggested_filename] = Path(download.path()).read_bytes()
    assert list(content) == ["answers.json", "answers.geojson", "answers.csv", "petra-MC.png"]
    *texts, picture = content.values()
    assert all(b"petra.jpg" in text for text in texts)
    with Image.open(io.BytesIO(picture)) as evidence:
        assert evidence.format == "PNG" and min(evidence.size) > 100


def test_a_text_file_named_jpg_gives_a_readable_sentence(visit):
    visit.open(PREDICT)
    page = visit.drop("notes.jpg", b"These are notes, not a photo.")
    boxes = page.locator('[data-testid="stAlert"]').all_inner_texts()
    assert any("notes.jpg" in text and len(text) < 300 for text in boxes), boxes
    assert not harness.complaints(page)


def test_a_bad_photo_does_not_stop_the_others(visit):
    visit.open(PREDICT)
    zone = visit.page.locator(harness.DROP_ZONE).first
    files = [("good.jpg", harness.photo_bytes()), ("bad.jpg", b"no photo")]
    zone.set_input_files(
        [{"name": name, "mimeType": "image/jpeg", "buffer": content} for name, content in files]
    )
    visit.page.get_by_text("Most probably").first.wait_for(timeout=120_000)
    assert "bad.jpg" in shown(harness.settled(visit.page))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (HOSTILE, harness.photo_bytes()),
        (HOSTILE, b"no photo"),
        (MARKDOWN, b"no photo"),
        (ADDRESSES, harness.photo_bytes()),
    ],
)
def test_a_hostile_file_name_does_no_harm(visit, name, content):
    visit.open(PREDICT)
    page = visit.drop(name, content)
    refusal = page.locator('[data-testid="stAlertContentError"]')
    page.get_by_text("Most probably").or_(refusal).first.wait_for(timeout=120_000)
    assert not harness.complaints(harness.settled(page))
    assert not any(frame.evaluate("window.harmed") for frame in page.frames)
    assert not page.locator('a[href*="outside.invalid"]').count()
    assert not harness.outside(visit.requests, visit.url)


def test_visitors_do_not_see_each_others_photos(new_visit):
    first, second = new_visit(), new_visit()
    first.open(PREDICT)
    first.drop("photo-of-the-first.jpg", harness.photo_bytes((90, 90, 90)))
    first.page.get_by_text("Most probably").first.wait_for(timeout=120_000)
    assert "photo-of-the-first" not in shown(second.open(PREDICT))
    second.drop("photo-of-the-second.jpg", harness.photo_bytes((60, 110, 200)))
    second.page.get_by_text("Most probably").first.wait_for(timeout=120_000)
    for path, landmark in (("Cell_explorer", "Cells"), (PREDICT, "photo-of-the-first")):
        first.page.get_by_role("link", name=path.replace("_", " ")).first.click()
        first.page.wait_for_url(f"**/{path}*")
        first.page.get_by_text(landmark).first.wait_for(timeout=120_000)
        assert "photo-of-the-second" not in shown(harness.settled(first.page))
    assert "photo-of-the-first" in shown(first.page)
