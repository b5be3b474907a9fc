"""An analyst's day at the case desk, on a server of its own that is killed in the middle of it."""

import os
import signal
from pathlib import Path

import pytest

from geocore.analysis.case_file import open_case
from geocore.analysis.case_state import case_state
from geocore.data.made_world.world import draw_scene
from tests.browser import harness
from tests.conftest import encode

DESK = "Case_desk"
N_SAMPLES, N_MADE = 10, 10
PLACES = ((41.9, 12.5), (-1.3, 36.8), (-33.9, 151.2), (35.7, 139.7), (40.7, -74.0))


def photos() -> list[dict]:
    """Twenty files as a browser drops them: sample photos, and made ones."""
    samples = sorted(harness.ROOT.glob("geocore/assets/samples/*.jpg"))[:N_SAMPLES]
    named = [(path.name, path.read_bytes()) for path in samples]
    for number in range(N_MADE):
        lat, lng = PLACES[number % len(PLACES)]
        named.append((f"made-{number}.jpg", encode(draw_scene(lat, lng, number))))
    return [{"name": name, "mimeType": "image/jpeg", "buffer": content} for name, content in named]


@pytest.fixture
def cases(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("GEOCORE_CASES", str(tmp_path / "cases"))
    return tmp_path / "cases"


def press(page, key, then):
    """Press a key and wait until the page shows what it leads to."""
    page.keyboard.press(key)
    wait_for_text(page, then)


def click(page, label):
    page.get_by_role("button", name=label, exact=True).first.click()
    harness.settled(page)


def part_of_case(page, name):
    page.get_by_role("radio", name=name, exact=True).click()
    harness.settled(page)


def fill(page, label, text):
    page.get_by_label(label, exact=True).fill(text)
    page.keyboard.press("Enter")
    harness.settled(page)


def wait_for_text(page, text):
    page.get_by_text(text).first.wait_for(timeout=120_000)
    harness.settled(page)


def begin_case(visit, title):
    page = visit.open(DESK)
    fill(page, "Your name, for the log", "Ada")
    page.get_by_label("Title", exact=True).fill(title)
    page.get_by_role("combobox", name="What are the answers for?").click()
    page.get_by_role("option").first.click()
    click(page, "Begin the case")
    return page


def drop_all(page, files):
    page.get_by_text("Keep the photos themselves in the case").click()
    harness.settled(page)
    page.locator(harness.DROP_ZONE).first.set_input_files(files)
    wait_for_text(page, f"{len(files)} of {len(files)} photos looked at")


def triage_by_keyboard(page):
    """Accept, reject, take back, write a note, mark three photos, go back, leave one open."""
    page.locator("h1").click()
    press(page, "a", "Photo 2 of 20")
    press(page, "x", "Photo 3 of 20")
    press(page, "u", "Photo 2 of 20")
    press(page, "x", "Photo 3 of 20")
    page.keyboard.press("n")
    page.locator(".st-key-desk_note_box input:focus").wait_for()
    page.keyboard.type("axe by the river")  # letters that are keys elsewhere
    press(page, "Enter", "axe by the river")
    for number in (3, 4, 5):
        page.locator(".st-key-desk_note_box input:not(:focus)").wait_for()
        press(page, "e", "Not for the event")
        press(page, "ArrowRight", f"Photo {number + 1} of 20")
    press(page, "ArrowLeft", "Photo 5 of 20")
    press(page, "o", "Photo 6 of 20")


def join_marked(page):
    part_of_case(page, "Events")
    fill(page, "What the event is called", "Old stones")
    click(page, "Join the photos")
    wait_for_text(page, "3 photos that count as")


def check_a_claim(page):
    part_of_case(page, "Photos")
    fill(page, "The photo is said to be from", "Lisbon")
    click(page, "Keep this verdict in the case")
    wait_for_text(page, "Kept in the case")


def export_report(page, folder):
    part_of_case(page, "Export")
    click(page, "Make the file")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download Report").click()
    path = folder / "report.html"
    download.value.save_as(path)
    return path.read_text("utf-8")


@pytest.mark.slow
def test_a_case_from_the_first_photo_to_the_next_day(playwright, cases, tmp_path):
    files = photos()
    (tmp_path / "first").mkdir()
    with harness.serve(harness.HOME, tmp_path / "first") as server:
        browser = harness.launch(playwright, server, tmp_path / "first")
        visit = harness.visit(browser, server.url)
        page = begin_case(visit, "Old stones")
        drop_all(page, files)
        triage_by_keyboard(page)
        join_marked(page)
        check_a_claim(page)
        report = export_report(page, tmp_path)
        assert not harness.complaints(page) and not visit.errors
        assert not harness.outside(visit.requests, server.url)
        os.kill(server.process.pid, signal.SIGKILL)
        browser.close()
    assert "Old stones" in report and "Lisbon" in report and "://" not in _sources(report)
    _check_log(cases / "Old-stones.case", files)
    (tmp_path / "second").mkdir()
    with harness.serve(harness.HOME, tmp_path / "second") as server:
        browser = harness.launch(playwright, server, tmp_path / "second")
        page = harness.visit(browser, server.url).open(f"{DESK}?case=Old-stones")
        wait_for_text(page, "Photo 1 of 20")
        assert page.locator("img").count() >= 1, "photos that were kept are shown again"
        part_of_case(page, "Log")
        click(page, "Verify the case")
        wait_for_text(page, "entries are as they were written")
        assert not harness.complaints(page)
        browser.close()


def _sources(report: str) -> str:
    """What the report would load: every src and href that is no jump within the page."""
    return " ".join(part.split('"')[1] for part in report.split(" src=")[1:] if '"' in part)


def _check_log(path: Path, files: list[dict]) -> None:
    with open_case(path) as case:
        assert case.verify().ok
        state = case_state(case.entries())
        assert all(case.photo(sha256) for sha256 in state.photos)
        assert len(case.entries(kinds=["export"])) == 1
        assert {entry.analyst for entry in case.entries(kinds=["decision", "note"])} == {"Ada"}
    seen = list(state.photos.values())
    assert [photo.name for photo in seen] == [file["name"] for file in files]
    assert [photo.decision for photo in seen[:2]] == ["accepted", "rejected"]
    assert seen[2].notes == [("Ada", "axe by the river")]
    assert [photo.name for photo in seen if photo.event_ids] == [x.name for x in seen[2:5]]
    assert all(photo.claims == [] for photo in seen if photo.name != _claimed(seen))


def _claimed(seen) -> str:
    (name,) = [photo.name for photo in seen if photo.claims]
    return name
