"""The command that collects from Flickr: it says what it asks, and asks only when told to."""

import pytest

from geocore.data.flickr.licenses import LICENSES
from geocore.data.flickr.settings import (
    CrawlSettings,
    announcement,
    duration,
    settings_from_text,
)
from geocore.faults.flickr_double import KEY, FlickrDouble, MadePhotos, failing
from scripts.collect_flickr import main


@pytest.fixture
def flickr():
    with FlickrDouble(MadePhotos.random(20)) as server:
        yield server


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("FLICKR_API_KEY", KEY)


def run(flickr, tmp_path, *more):
    return main(["--out", str(tmp_path / "set"), "--endpoint", flickr.address, *more])


def test_without_yes_nothing_is_sent_or_written(flickr, key, tmp_path, capsys):
    assert run(flickr, tmp_path, "--terms", "flood") == 0
    text = capsys.readouterr().out
    assert "Nothing was sent. Add --yes" in text
    assert not flickr.log.queries
    assert not (tmp_path / "set").exists()


def test_it_says_what_will_be_asked_kept_and_left_alone():
    settings = CrawlSettings(terms=("flood", "city"), area=(5, 44, 14, 50), licenses=(4, 9))
    text = " ".join(announcement(settings).split())
    for part in (
        "longitude 5 to 14, latitude 44 to 50, posted from 2004-02-10 to now",
        "one of the licences CC BY 2.0, CC0 1.0.",
        "Searches 81 words in English, Italian, French, Spanish, Portuguese, German, Chinese, "
        "Swedish for these terms: flood, city.",
        "Asks nothing about people.",
        "at least 5 queries, one more for every 250 photos",
        "at most 3,500 an hour",
        "1,000,000 photos at least 69 minutes, their images 6 days",
        "not endorsed or certified by SmugMug, Inc.",
    ):
        assert part in text


def test_all_terms_are_the_default():
    settings = CrawlSettings()
    tags = settings.tags()
    assert {"city", "savanna", "typhoon", "landslide"} <= set(tags)
    queries = settings.first_queries(0)
    assert {tag for query in queries for tag in query.tags} == {
        t for tt in tags.values() for t in tt
    }
    assert max(len(query.tags) for query in queries) <= 20


def test_with_yes_it_collects_and_reports(flickr, key, tmp_path, capsys):
    assert run(flickr, tmp_path, "--terms", "flood", "--yes") == 0
    streams = capsys.readouterr()
    assert "20 photos found, 20 images fetched." in streams.out
    assert f"The table is {tmp_path / 'set' / 'photos.csv'}." in streams.out
    assert KEY not in streams.out + streams.err


def test_without_a_key_nothing_is_sent(flickr, monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("FLICKR_API_KEY", raising=False)
    assert run(flickr, tmp_path, "--terms", "flood", "--yes") == 1
    assert "FLICKR_API_KEY must hold your Flickr key" in capsys.readouterr().err
    assert not flickr.log.queries


def test_a_refused_key_is_an_error_without_the_key(flickr, key, tmp_path, capsys):
    flickr.faults = {0: failing(100, f"Invalid API Key {KEY}")}
    assert run(flickr, tmp_path, "--terms", "flood", "--yes") == 1
    streams = capsys.readouterr()
    assert "Flickr refuses the key in FLICKR_API_KEY" in streams.err
    assert KEY not in streams.out + streams.err


def test_an_end_by_the_user_says_that_it_goes_on(flickr, key, tmp_path, capsys, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("scripts.collect_flickr.collect_photos", interrupt)
    assert run(flickr, tmp_path, "--yes") == 130
    assert "The same command goes on from here." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--terms", "flod"], "Unknown term 'flod'. Known terms: city"),
        (["--languages", "en,xx"], r"languages must be some of en, it"),
        (["--area=1,2,3"], "--area cannot be read: '1,2,3'. It is west,south,east,north"),
        (["--area=1,50,3,40"], "with south below north"),
        (["--since", "yesterday"], "--since cannot be read: 'yesterday'. It is first day"),
        (["--since", "2012-01-01", "--until", "2011-01-01"], "must not lie after the last"),
        (["--licenses", "0"], "licence 0 (all rights reserved) is not collected"),
        (["--licenses", "free"], "--licenses cannot be read: 'free'"),
        (["--side-px", "700"], "side_px must be one of 320, 500, 640, 800, 1024, received 700"),
        (["--min-accuracy", "17"], "min_accuracy must lie in 1 to 16, received 17"),
        (["--per-term", "0"], "per_term must be at least 1, received 0"),
        (["--endpoint", "https://example.org", "--yes"], "Your key is sent nowhere else"),
    ],
)
def test_what_cannot_be_is_said(flickr, key, tmp_path, capsys, arguments, message):
    assert run(flickr, tmp_path, *arguments) == 1
    assert message in capsys.readouterr().err
    assert not flickr.log.queries


def test_settings_are_read_from_text():
    texts = {"area": "-10, 35,30,60", "licenses": "4,9", "terms": "flood, city", "since": None}
    settings = settings_from_text(texts)
    assert settings.area == (-10, 35, 30, 60)
    assert (settings.licenses, settings.terms) == ((4, 9), ("flood", "city"))
    assert set(settings.licenses) < set(LICENSES)


@pytest.mark.parametrize(
    ("n", "expected"),
    [(1, "1 minute"), (3500, "60 minutes"), (10_000, "3 hours"), (600_000, "7 days")],
)
def test_durations_in_words(n, expected):
    assert duration(n, 3500) == expected
