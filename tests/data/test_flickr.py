"""A collection from a local Flickr: complete, nothing twice, and resumable from any end."""

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from geocore.data.flickr import CrawlLimits, collect_photos
from geocore.data.flickr_server import FlickrServer
from geocore.data.flickr_settings import CrawlSettings
from tests.data.flickr_double import (
    KEY,
    FlickrDouble,
    MadePhotos,
)

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = CrawlSettings(terms=("flood",), languages=("en",), until=date(2020, 1, 1))
TABLE_ONLY = CrawlLimits(with_images=False)


def collect(flickr, folder, settings=SETTINGS, limits=TABLE_ONLY, **options):
    """One run against the local server, without pauses."""
    server = FlickrServer(
        KEY, settings.wanted(), endpoint=flickr.address, sleep=lambda s: None, **options
    )
    return collect_photos(folder, settings, server, limits)


def table(folder):
    """The photos of a collection."""
    return pd.read_csv(folder / "photos.csv", dtype={"IMG_ID": str})


def repeated(queries):
    """Queries that occur more than once."""
    counts = Counter(json.dumps(query, sort_keys=True) for query in queries)
    return [query for query, n in counts.items() if n > 1]


@pytest.fixture
def small():
    """A Flickr of 600 photos, three pages."""
    with FlickrDouble(MadePhotos.random(600)) as flickr:
        yield flickr


def test_every_photo_is_found_though_flickr_gives_only_four_thousand_of_a_search(tmp_path):
    # Half of the photos lie within a kilometre: boxes alone cannot bring them under the cap.
    with FlickrDouble(MadePhotos.random(9000)) as flickr:
        report = collect(flickr, tmp_path / "set")
    assert report.n_photos == 9000
    assert report.queries == {"answered": len(flickr.log.queries)}
    assert not repeated(flickr.log.queries)
    assert set(table(tmp_path / "set")["IMG_ID"]) == {f"{i}.jpg" for i in flickr.photos.ids}
    assert all(int(query["page"]) <= 16 for query in flickr.log.queries)


def test_a_finished_collection_asks_nothing_more(small, tmp_path):
    collect(small, tmp_path / "set")
    n_asked = len(small.log.queries)
    collect(small, tmp_path / "set")
    assert len(small.log.queries) == n_asked
