"""Data stage: where a collection from Flickr stands, as a table of photos and as sentences."""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from geocore.data.flickr.journal import Journal
from geocore.data.flickr.licenses import LICENSES
from geocore.data.flickr.search import MAX_RESULTS
from geocore.data.flickr.server import QUERIES_PER_HOUR
from geocore.data.flickr.settings import duration

TABLE = "photos.csv"
COLUMNS = (
    *("IMG_ID", "LAT", "LON", "AUTHOR", "OWNER", "LICENSE", "LICENSE_URL", "TAGS", "TERMS"),
    *("ACCURACY", "DATE_TAKEN", "DATE_POSTED", "PAGE", "WIDTH", "HEIGHT", "SHA256"),
)


@dataclass(frozen=True, kw_only=True)
class CrawlReport:
    """Where a collection stands, over all its runs.

    Attributes:
        queries: How many queries, by state: answered, open, failed, replaced (by shorter ones).
        failed: Queries that got no answer, by reason.
        n_expected: About how many queries the open ones will take.
        n_photos: Photos found.
        n_images: Images fetched.
        refused: Rows of answers that were not kept, by reason.
        without_image: Photos whose image could not be had, by reason.
        n_cut_off: Queries of which Flickr gives only the first 4,000 results.
    """

    queries: dict[str, int]
    failed: dict[str, int]
    n_expected: int
    n_photos: int
    n_images: int
    refused: dict[str, int]
    without_image: dict[str, int]
    n_cut_off: int

    def summary(self) -> str:
        """The numbers in sentences, one a line."""
        lines = [
            f"{self.queries.get('answered', 0):,} queries answered, {self.n_photos:,} photos "
            f"found, {self.n_images:,} images fetched.",
            *(f"  not kept: {n:,} listed photos, {reason}" for reason, n in self.refused.items()),
            *(f"  without image: {n:,}, {reason}" for reason, n in self.without_image.items()),
        ]
        if self.n_cut_off:
            lines.append(
                f"{self.n_cut_off:,} answers come from places with more than {MAX_RESULTS:,} "
                "photos in one second, of which Flickr gives no more."
            )
        if self.failed:
            n_failed = sum(self.failed.values())
            lines.append(f"Without an answer, to be asked again by the next run: {n_failed:,}.")
            lines += [f"  {n:,}: {reason}" for reason, n in self.failed.items()]
        if self.queries.get("open"):
            time_left = duration(self.n_expected, QUERIES_PER_HOUR)
            lines.append(f"Still to ask: about {self.n_expected:,} queries, {time_left}.")
        return "\n".join(lines)


def report_of(journal: Journal) -> CrawlReport:
    """The numbers of a journal."""
    photos = journal.count("photos")
    return CrawlReport(
        queries=journal.count("queries"),
        failed=journal.count("failed"),
        n_expected=journal.n_queries_expected(),
        n_photos=sum(photos.values()),
        n_images=photos.get("here", 0),
        refused=journal.count("refused"),
        without_image=journal.count("without image"),
        n_cut_off=journal.count("cut off")["queries"],
    )


def write_table(journal: Journal, path: Path, *, with_image: bool) -> None:
    """Write `photos.csv`, row by row, in place of an older one.

    Args:
        journal: Holds the photos.
        path: Of the table.
        with_image: Only photos whose image is here; else all that were found.
    """
    part = path.with_name(f"{path.name}.part")
    with part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows(_rows(journal, with_image))
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def _rows(journal: Journal, with_image: bool) -> Iterator[tuple[Any, ...]]:
    for photo in journal.photos(with_image=with_image):
        license_name, license_url = LICENSES[photo["license"]]
        owner, photo_id = photo["owner"], photo["photo_id"]
        yield (
            *(photo["file"] or f"{photo_id}.jpg", photo["lat"], photo["lng"]),
            *(_plain(photo["author"] or owner), owner, license_name, license_url),
            *(_plain(photo["tags"]), photo["terms"], photo["accuracy"], photo["taken"]),
            datetime.fromtimestamp(photo["posted"], UTC).strftime("%Y-%m-%d %H:%M:%S"),
            f"https://www.flickr.com/photos/{owner}/{photo_id}",
            *(photo["width_px"], photo["height_px"], photo["sha256"]),
        )


def _plain(text: str) -> str:
    """Text of strangers that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
