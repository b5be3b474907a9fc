"""A collection from a local Flickr: complete, nothing twice, and resumable from any end."""

import dataclasses
import json
import signal
from datetime import date

import numpy as np
import pytest

from geocore.data.flickr.crawl import CrawlLimits, collect_photos
from geocore.data.flickr.journal import FILE, open_journal
from geocore.data.flickr.report import COLUMNS
from geocore.data.flickr.server import FlickrServer
from geocore.data.flickr.settings import CrawlSettings
from geocore.errors import CrawlError
from geocore.faults.flickr_double import (
    KEY,
    POSTED,
    FlickrDouble,
    Gate,
    MadePhotos,
    failing,
    sending,
    status,
)
from tests.data.flickr.runs import SETTINGS, TABLE_ONLY, collect, repeated, start, table


@pytest.fixture
def small():
    """A Flickr of 600 photos, three pages."""
    with FlickrDouble(MadePhotos.random(600)) as flickr:
        yield flickr


def test_every_photo_is_found_though_flickr_gives_only_four_thousand_of_a_search(tmp_path):
    # Most of the photos lie within a kilometre: boxes alone cannot bring them under the cap.
    with FlickrDouble(MadePhotos.random(4600, n_crowd=4300)) as flickr:
        report = collect(flickr, tmp_path / "set")
    assert report.n_photos == 4600
    assert report.queries == {"answered": len(flickr.log.queries)}
    assert report.refused == {}
    assert not repeated(flickr.log.queries)
    assert set(table(tmp_path / "set")["IMG_ID"]) == {f"{i}.jpg" for i in flickr.photos.ids}
    assert all(int(query["page"]) <= 16 for query in flickr.log.queries)


def test_more_than_flickr_gives_in_one_place_and_second_is_told(tmp_path):
    photos = MadePhotos.random(4100, n_crowd=4100)
    photos.lat[:], photos.lng[:], photos.posted[:] = 45.4, 9.1, POSTED
    with FlickrDouble(photos) as flickr:
        report = collect(flickr, tmp_path / "set")
    assert report.n_photos == 4000
    assert report.n_cut_off == 16
    assert "16 answers come from places with more than 4,000 photos" in report.summary()


def test_a_finished_collection_asks_nothing_more(small, tmp_path):
    first = collect(small, tmp_path / "set")
    n_asked = len(small.log.queries)
    assert collect(small, tmp_path / "set") == first
    assert len(small.log.queries) == n_asked


def test_the_table_says_what_a_licence_asks_for(small, tmp_path):
    collect(small, tmp_path / "set")
    photos = table(tmp_path / "set")
    assert tuple(photos.columns) == COLUMNS
    assert dict(photos.iloc[3].dropna()) | {"LICENSE": "", "LICENSE_URL": ""} == {
        "IMG_ID": "5000000003.jpg",
        "LAT": small.photos.lat[3],
        "LON": small.photos.lng[3],
        "AUTHOR": "Photographer 3",
        "OWNER": "3@N01",
        "LICENSE": "",
        "LICENSE_URL": "",
        "TAGS": "flood outdoor",
        "TERMS": "flood",
        "ACCURACY": 16,
        "DATE_TAKEN": "2011-03-11 14:46:00",
        "DATE_POSTED": "2011-03-13 07:09:40",
        "PAGE": "https://www.flickr.com/photos/3@N01/5000000003",
        "WIDTH": 640,
        "HEIGHT": 480,
    }
    licenses = {4: "CC BY 2.0", 5: "CC BY-SA 2.0", 9: "CC0 1.0"}
    assert list(photos["LICENSE"]) == [licenses[n] for n in small.photos.licenses]


def test_a_photo_that_several_terms_find_is_one_row_with_all_of_them(small, tmp_path):
    small.photos.tags[:] = "bosque"
    settings = dataclasses.replace(SETTINGS, terms=("forest", "woods"), languages=("es", "pt"))
    report = collect(small, tmp_path / "set", settings)
    assert report.n_photos == 600
    assert set(table(tmp_path / "set")["TERMS"]) == {"forest, woods"}


def test_area_time_and_licence_are_asked_for_and_checked(small, tmp_path):
    area = (170.0, -60.0, -100.0, 60.0)
    settings = dataclasses.replace(
        SETTINGS, area=area, licenses=(9,), since=date(2011, 3, 13), until=date(2011, 3, 13)
    )
    collect(small, tmp_path / "set", settings)
    photos = small.photos
    is_wanted = (photos.lng >= 170) | (photos.lng <= -100)
    is_wanted &= (np.abs(photos.lat) <= 60) & (photos.licenses == 9)
    is_wanted &= photos.posted < 1_300_060_800
    found = table(tmp_path / "set")["IMG_ID"]
    assert 0 < is_wanted.sum() == len(found)
    assert set(found) == {f"{i}.jpg" for i in photos.ids[is_wanted]}


def test_nothing_found_is_an_empty_table(tmp_path):
    with FlickrDouble(MadePhotos.random(0)) as flickr:
        report = collect(flickr, tmp_path / "set")
    assert report.n_photos == 0
    assert len(table(tmp_path / "set")) == 0


# Totals that lie or change, repeats and rows of no use.


def claim(total):
    return lambda page, asked: page.update(total=total(page, asked))


def test_totals_that_claim_too_much_cost_queries_but_no_photo(small, tmp_path):
    small.edit = claim(lambda page, asked: page["total"] + 2000 if page["total"] else 0)
    report = collect(small, tmp_path / "set")
    assert report.n_photos == 600
    assert len(small.log.queries) <= 12


def test_totals_that_claim_too_little_lose_no_photo_of_full_pages(small, tmp_path):
    small.edit = claim(lambda page, asked: 1)
    assert collect(small, tmp_path / "set").n_photos == 600


def test_a_total_that_grows_over_the_cap_while_paging_divides_the_search(tmp_path):
    with FlickrDouble(MadePhotos.random(900)) as flickr:
        whole_world = "-180.000000,-90.000000,180.000000,90.000000"

        def grow(page, asked):
            if asked["bbox"] == whole_world and asked["page"] == "2":
                page["total"] = 4001

        flickr.edit = grow
        report = collect(flickr, tmp_path / "set")
        assert report.n_photos == 900
        assert {query["bbox"] for query in flickr.log.queries} > {whole_world}


def test_a_server_that_always_claims_a_million_is_not_followed_for_ever(tmp_path):
    with FlickrDouble(MadePhotos.random(3)) as flickr:
        flickr.edit = claim(lambda page, asked: 10**6)
        report = collect(flickr, tmp_path / "set")
    assert report.n_photos == 3
    assert len(flickr.log.queries) < 1000


def test_repeats_within_and_between_pages_are_one_row_each(small, tmp_path):
    small.edit = lambda page, asked: page["photo"].extend(page["photo"][:100])
    assert collect(small, tmp_path / "set").n_photos == 600
    assert len(table(tmp_path / "set")) == 600


def test_rows_of_no_use_are_counted_with_their_reason(small, tmp_path):
    def spoil(page, asked):
        if asked["page"] == "1":
            page["photo"][0] |= {"latitude": 0, "longitude": 0, "accuracy": 0}
            page["photo"][1]["latitude"] = "123"
            page["photo"][2]["id"] = "../../../etc/passwd"
            page["photo"][3]["license"] = "0"

    small.edit = spoil
    report = collect(small, tmp_path / "set")
    assert report.n_photos == 596
    assert set(report.refused.values()) == {1}
    assert "  not kept: 1 listed photos, position not on Earth" in report.summary()
    assert "  not kept: 1 listed photos, licence not asked for" in report.summary()


# Failures.


def test_passing_failures_lose_nothing(small, tmp_path):
    faults = [failing(105), status(429), sending(b""), sending(b"<html>"), status(503)]
    small.faults = dict(enumerate(faults))
    assert collect(small, tmp_path / "set").n_photos == 600
    assert not repeated(small.log.answered)


def test_a_refused_key_ends_the_run_and_a_good_one_goes_on(small, tmp_path):
    small.faults = {1: failing(100)}
    with pytest.raises(CrawlError, match="refuses the key"):
        collect(small, tmp_path / "set")
    assert len(table(tmp_path / "set")) == 250
    assert collect(small, tmp_path / "set").n_photos == 600
    assert not repeated(small.log.answered)


def test_three_queries_in_a_row_without_an_answer_end_the_run(tmp_path):
    settings = dataclasses.replace(SETTINGS, terms=("flood", "lake", "city", "river", "beach"))
    with FlickrDouble(MadePhotos.random(20, tags=("flood", "lake", "city", "river"))) as flickr:
        flickr.faults = dict.fromkeys(range(1, 100), status(500))
        with pytest.raises(CrawlError, match=r"3 queries in a row.*HTTP 500.*nothing is lost"):
            collect(flickr, tmp_path / "set", settings)
        flickr.faults = {}
        assert collect(flickr, tmp_path / "set", settings).n_photos == 20
    assert not repeated(flickr.log.answered)


def test_one_query_without_an_answer_does_not_end_the_run(tmp_path):
    settings = dataclasses.replace(SETTINGS, terms=("flood", "lake"))
    with FlickrDouble(MadePhotos.random(20, tags=("flood", "lake"))) as flickr:
        flickr.always = lambda handler, form: "lake" in form["tags"] and handler.fail(105, "")
        report = collect(flickr, tmp_path / "set", settings)
        assert report.queries == {"answered": 1, "failed": 1}
        assert report.failed == {"Flickr cannot answer now (code 105: ).": 1}
        assert "to be asked again by the next run: 1." in report.summary()
        flickr.always = None
        assert collect(flickr, tmp_path / "set", settings).n_photos == 20


def test_a_query_that_flickr_refuses_is_told_and_the_others_go_on(tmp_path):
    settings = dataclasses.replace(SETTINGS, terms=("flood", "lake"))
    with FlickrDouble(MadePhotos.random(20, tags=("flood", "lake"))) as flickr:
        flickr.faults = {0: failing(116, "Bad URL found")}
        report = collect(flickr, tmp_path / "set", settings)
        assert report.queries == {"answered": 1, "failed": 1}
        assert "  1: Flickr refuses a query (code 116: Bad URL found)." in report.summary()
        assert collect(flickr, tmp_path / "set", settings).n_photos == 20


def test_a_page_in_between_that_asks_for_a_login_loses_nothing(small, tmp_path):
    small.faults = {1: status(302, Location="http://127.0.0.1:9/login")}
    with pytest.raises(CrawlError, match="Does a browser here reach"):
        collect(small, tmp_path / "set")
    assert collect(small, tmp_path / "set").n_photos == 600


@pytest.mark.parametrize("code", [1, 77])
def test_too_many_tags_are_asked_in_smaller_groups(small, tmp_path, code):
    def refuse(handler, form):
        return form["tags"].count(",") > 0 and handler.fail(code, "Too many tags")

    small.always = refuse
    report = collect(small, tmp_path / "set")
    assert report.n_photos == 600
    assert {query["tags"] for query in small.log.answered} == set(SETTINGS.tags()["flood"])


# Limits, and going on.


def test_a_limited_run_goes_on_where_it_was(small, tmp_path):
    runs = [collect(small, tmp_path / "set", limits=CrawlLimits(None, 1, False)) for _ in range(3)]
    assert [run.n_photos for run in runs] == [250, 500, 600]
    assert "Still to ask: about 2 queries, 1 minute." in runs[0].summary()
    assert not repeated(small.log.queries)


def test_a_term_with_photos_enough_waits_and_the_others_are_searched(tmp_path):
    settings = dataclasses.replace(SETTINGS, terms=("flood", "lake"))
    with FlickrDouble(MadePhotos.random(1200, tags=("flood", "flood", "lake"))) as flickr:
        report = collect(flickr, tmp_path / "set", settings, CrawlLimits(300, None, False))
        n_lake = int((flickr.photos.tags == "lake").sum())
        assert report.n_photos == 500 + n_lake
        assert collect(flickr, tmp_path / "set", settings).n_photos == 1200
    assert not repeated(flickr.log.queries)


def test_a_vocabulary_that_grew_meanwhile_changes_nothing(small, tmp_path, monkeypatch):
    collect(small, tmp_path / "set", limits=CrawlLimits(None, 1, False))
    monkeypatch.setattr(CrawlSettings, "tags", lambda self: {"flood": ["flood", "spate"]})
    assert collect(small, tmp_path / "set").n_photos == 600
    assert len({query["tags"] for query in small.log.queries}) == 1


def test_photos_posted_meanwhile_shift_nothing(small, tmp_path):
    settings = dataclasses.replace(SETTINGS, until=None)
    for _ in range(2):
        collect(small, tmp_path / "set", settings, CrawlLimits(None, 1, False))
    assert len({query["max_upload_date"] for query in small.log.queries}) == 1


def divide(page, asked):
    """Claims more than Flickr gives for a few hundred photos, so that few are divided as many."""
    if page["total"] > 400:
        page["total"] = 5000


def test_any_end_at_any_query_leads_to_the_same_table(tmp_path):
    with FlickrDouble(MadePhotos.random(700)) as flickr:
        flickr.edit = divide
        collect(flickr, tmp_path / "whole")
        whole = (tmp_path / "whole" / "photos.csv").read_bytes()
        for n in range(len(flickr.log.queries)):
            folder = tmp_path / str(n)
            with pytest.raises(Ended):
                collect_ended(flickr, folder, after=n)
            collect(flickr, folder)
            assert (folder / "photos.csv").read_bytes() == whole


class Ended(BaseException):
    """Stands for the end of a process."""


def collect_ended(flickr, folder, *, after):
    server = FlickrServer(KEY, SETTINGS.wanted(), endpoint=flickr.address)
    n_asked = 0

    def search(query, ask=server.search):
        nonlocal n_asked
        n_asked += 1
        answer = ask(query)
        if n_asked > after:
            raise Ended
        return answer

    server.search = search
    collect_photos(folder, SETTINGS, server, TABLE_ONLY)


# The disk, the folder, the state.


def test_a_disk_too_full_for_the_state_is_told(small, tmp_path):
    collect(small, tmp_path / "set", limits=CrawlLimits(None, 1, False))
    with open_journal(tmp_path / "set", SETTINGS.to_plain(), 0) as journal:
        journal._db.execute("PRAGMA max_page_count = 20")
        n_before = journal.count("photos")
        number, query = journal.next_query()
        answer = FlickrServer(KEY, SETTINGS.wanted(), endpoint=small.address).search(query)
        with pytest.raises(CrawlError, match=r"database or disk is full.*What was kept"):
            journal.record_answer(number, query, answer, [], False)
        assert journal.count("photos") == n_before
    assert collect(small, tmp_path / "set").n_photos == 600


def test_two_processes_do_not_collect_into_one_folder(small, tmp_path):
    (tmp_path / "set").mkdir()
    with (
        open_journal(tmp_path / "set", SETTINGS.to_plain(), 0),
        pytest.raises(CrawlError, match="another process collects into this folder"),
    ):
        collect(small, tmp_path / "set")


def test_other_settings_are_refused_by_name(small, tmp_path):
    collect(small, tmp_path / "set")
    other = dataclasses.replace(SETTINGS, terms=("flood", "lake"), licenses=(9,))
    with pytest.raises(CrawlError, match=r"other settings \(licenses, terms\). Repeat them"):
        collect(small, tmp_path / "set", other)


def test_a_damaged_state_is_told(small, tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / FILE).write_bytes(b"not a database" * 100)
    with pytest.raises(CrawlError, match=r"the state is damaged .*another folder"):
        collect(small, tmp_path / "set")


def test_a_begun_but_empty_state_is_begun_again(small, tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / FILE).touch()
    assert collect(small, tmp_path / "set").n_photos == 600


@pytest.mark.parametrize("name", ["photos.csv", "images"])
def test_a_photo_set_of_another_origin_is_left_alone(small, tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(CrawlError, match="holds photos that this command did not collect"):
        collect(small, tmp_path)
    assert not small.log.queries


def test_a_folder_that_cannot_be_made_is_told(small, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CrawlError, match="the folder cannot be made"):
        collect(small, tmp_path / "file" / "set")


def test_the_key_is_in_no_file(tmp_path):
    with FlickrDouble(MadePhotos.random(4)) as flickr:
        flickr.faults = {
            0: sending(json.dumps({"stat": "fail", "code": 116, "message": KEY}).encode())
        }
        collect(flickr, tmp_path / "set", dataclasses.replace(SETTINGS, languages=("en", "it")))
        collect(flickr, tmp_path / "other", limits=CrawlLimits())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"flickr.sqlite", "photos.csv"} <= {path.name for path in files}
    assert not any(KEY.encode() in path.read_bytes() for path in files)


def test_a_name_that_a_spreadsheet_would_run_is_disarmed(small, tmp_path):
    small.edit = lambda page, asked: page["photo"][0].update(ownername="=HYPERLINK(1)", tags="-1 a")
    collect(small, tmp_path / "set")
    first = table(tmp_path / "set").iloc[0]
    assert (first["AUTHOR"], first["TAGS"]) == ("'=HYPERLINK(1)", "'-1 a")


@pytest.mark.parametrize(
    ("limits", "message"),
    [((0,), "per_term must be at least 1, received 0"), ((None, -1), "max_queries must be")],
)
def test_limits_that_are_none_are_refused(limits, message):
    with pytest.raises(ValueError, match=message):
        CrawlLimits(*limits)


def test_a_process_killed_in_mid_search_loses_nothing_and_asks_nothing_twice(tmp_path):
    with FlickrDouble(MadePhotos.random(1500)) as flickr:
        flickr.edit, gate = divide, Gate()
        flickr.faults = {5: gate}
        process = start(flickr, tmp_path / "killed", "--no-images")
        assert gate.reached.wait(60)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        gate.opened.set()
        assert not (tmp_path / "killed" / "photos.csv").exists()
        collect(flickr, tmp_path / "killed")
        asked = list(flickr.log.queries)
        collect(flickr, tmp_path / "whole")
        whole = flickr.log.queries[len(asked) :]
    # The one query that was asked twice is the one whose answer never came.
    assert repeated(asked) == [json.dumps(asked[5], sort_keys=True)]
    assert len(asked) == len(whole) + 1 > 12
    killed = (tmp_path / "killed" / "photos.csv").read_bytes()
    assert killed == (tmp_path / "whole" / "photos.csv").read_bytes()
    assert len(table(tmp_path / "killed")) == 1500
