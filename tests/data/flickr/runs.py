"""One run of a collection against the local Flickr, shared by the tests of collecting."""

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pandas as pd

from geocore.data.flickr.crawl import CrawlLimits, CrawlReport, collect_photos
from geocore.data.flickr.server import FlickrServer
from geocore.data.flickr.settings import CrawlSettings
from geocore.faults.flickr_double import KEY, FlickrDouble

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = CrawlSettings(terms=("flood",), languages=("en",), until=date(2020, 1, 1))
TABLE_ONLY = CrawlLimits(with_images=False)


def collect(
    flickr: FlickrDouble,
    folder: Path,
    settings: CrawlSettings = SETTINGS,
    limits: CrawlLimits = TABLE_ONLY,
) -> CrawlReport:
    """Collect without pauses."""
    server = FlickrServer(KEY, settings.wanted(), endpoint=flickr.address, sleep=lambda s: None)
    return collect_photos(folder, settings, server, limits)


def start(flickr: FlickrDouble, folder: Path, *more: str) -> subprocess.Popen:
    """The command with `SETTINGS`, as a process of its own."""
    settings = ["--terms", "flood", "--languages", "en", "--until", "2020-01-01"]
    where = ["--out", str(folder), "--endpoint", flickr.address, "--yes"]
    return subprocess.Popen(
        [sys.executable, "scripts/collect_flickr.py", *settings, *where, *more],
        cwd=ROOT,
        env=os.environ | {"FLICKR_API_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def table(folder: Path) -> pd.DataFrame:
    """The photos of a collection."""
    return pd.read_csv(folder / "photos.csv", dtype={"IMG_ID": str})


def repeated(queries: list[dict[str, str]]) -> list[str]:
    """Queries that occur more than once."""
    counts = Counter(json.dumps(query, sort_keys=True) for query in queries)
    return [query for query, n in counts.items() if n > 1]
