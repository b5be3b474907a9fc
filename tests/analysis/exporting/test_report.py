"""What a report shows besides the case: pictures, the model, and what is missing."""

import io
from dataclasses import replace

import pypdf
import pytest

from geocore.analysis.exporting import report_limits
from geocore.analysis.exporting.formats import export_case
from geocore.analysis.records import bundle_record
from tests.analysis.exporting.small_case import FIRST, SECOND, answer, small_case
from tests.browser.harness import photo_bytes
from tests.inference.calibrated_bundle import calibrated_bundle

PHOTO = photo_bytes()


def page(source, **others) -> str:
    return export_case(source, "html", **others).decode()


def test_pictures_are_shown_where_they_are_given():
    shown = page(small_case(), photos={FIRST: PHOTO}.get, heat_maps={SECOND: PHOTO}.get)
    assert shown.count("data:image/jpeg;base64,") == 2
    assert shown.count("The photo, reduced</figcaption>") == 1
    assert shown.count("Where the model looked:") == 1


def test_a_picture_that_cannot_be_read_is_left_out():
    assert "data:image" not in page(small_case(), photos=lambda _: b"no photo")


def test_a_pdf_shows_pictures_too():
    pdf = export_case([answer(FIRST, "a.jpg")], "pdf", photos={FIRST: PHOTO}.get)
    images = [image for sheet in pypdf.PdfReader(io.BytesIO(pdf)).pages for image in sheet.images]
    assert len(images) == 1


def test_without_the_model_the_report_says_so():
    assert "The model was not at hand" in page([answer(FIRST, "a.jpg")])


def test_an_answer_of_another_model_is_told():
    shown = page([answer(FIRST, "a.jpg")], bundle=calibrated_bundle())
    assert "Answers of other models are in this report too: calibrated (000" in shown
    assert "promises" in shown


def test_the_figures_of_the_head_that_answered_are_shown(monkeypatch):
    monkeypatch.setattr(report_limits, "file_sha256", lambda _: "0" * 64)
    card = "# Model card\n\nAn aim.\n\n## Photos\n\n| a |\n\n## Where it is blind\n\n- **Night**.\n"
    shown = page([answer(FIRST, "a.jpg")], bundle=replace(calibrated_bundle(), card=card))
    assert "MC, " in shown
    assert "the most probable cell was the right one for" in shown
    assert "Search areas at 90% held" in shown
    assert "<h3>Where it is blind</h3><p><bdi>Night.</bdi></p>" in shown
    assert "An aim." in shown
    assert "| a |" not in shown


def test_a_letter_that_the_pdf_cannot_draw_is_named():
    pdf = export_case([answer(FIRST, "\u6771\u4eac \u0141\u00f3d\u017a.jpg")], "pdf")
    text = "".join(sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    assert "[U+6771][U+4EAC] Łódź.jpg" in text


@pytest.mark.parametrize("format", ["html", "pdf"])
def test_an_area_of_the_whole_earth_is_told(format):
    record = answer(FIRST, "a.jpg")
    record["bundle"] = bundle_record("b", "1")
    record["areas"]["0.95"] |= {"is_everywhere": True, "tokens": []}
    content = export_case([record], format)
    if format == "html":
        assert "everywhere: no smaller area can keep this promise" in content.decode()
