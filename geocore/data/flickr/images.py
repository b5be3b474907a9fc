"""Data stage: the image files of the photos that a collection found. It searches for nothing.

A file appears under its name only when it is complete: it is written beside, flushed and renamed.
"""

import hashlib
import os
from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path

from geocore.data.flickr.connection import TemporaryFailure
from geocore.data.flickr.journal import ImageResult, Journal
from geocore.data.flickr.server import FlickrServer, ImageRefused
from geocore.data.images import open_photo
from geocore.data.scheduling import photo_results
from geocore.errors import CrawlError, ImageError

FOLDER = "images"
_SUFFIXES = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "GIF": ".gif", "WEBP": ".webp"}
_AT_ONCE = 256
_CHECK_SIDE_PX = 64
_MAX_FAILURES = 5


def fetch_images(
    journal: Journal, server: FlickrServer, folder: Path, progress: Callable[[str], object]
) -> None:
    """Fetch every image that is still missing.

    Args:
        journal: Says which, and is told what became of each.
        server: Where they are fetched.
        folder: Gets `images/`, with a sub-folder per last two digits of the photo's number.
        progress: Called with a few words after every image.

    Raises:
        CrawlError: The disk cannot be written, or several images in a row could not be fetched.
    """
    n_done, n_failed_in_a_row = 0, 0
    while missing := journal.open_images(_AT_ONCE):
        fetch = partial(_fetch, server=server, folder=folder / FOLDER)
        for _, results in photo_results(fetch, missing, batch=1):
            journal.record_images(results)
            n_done += 1
            has_failed = results[0].state == "failed"
            n_failed_in_a_row = n_failed_in_a_row + 1 if has_failed else 0
            progress(f"{n_done:,} images")
            if n_failed_in_a_row >= _MAX_FAILURES:
                raise CrawlError(
                    f"{_MAX_FAILURES} images in a row could not be fetched, the last because: "
                    f"{results[0].reason} Run the same command later; nothing is lost."
                )


def vanished(journal: Journal, folder: Path) -> list[str]:
    """Numbers of the photos whose image was fetched once and is not in the folder any more."""
    files = sorted(journal.files(), key=lambda row: row[1])
    gone = []
    for parent, rows in groupby(files, key=lambda row: row[1].rpartition("/")[0]):
        names = _names(folder / FOLDER / parent)
        gone += [photo_id for photo_id, file in rows if file.rpartition("/")[2] not in names]
    return gone


def _names(folder: Path) -> set[str]:
    try:
        return {entry.name for entry in os.scandir(folder)}
    except FileNotFoundError:
        return set()


def _fetch(photo: tuple[str, str], *, server: FlickrServer, folder: Path) -> ImageResult:
    """Fetch, check and keep one image; a file that an ended run left complete is taken."""
    photo_id, url = photo
    try:
        file = _kept(folder, photo_id)
        if file is None:
            content = server.image(url)
            file = _file(photo_id, _checked_suffix(content, photo_id))
            _write(folder / file, content)
        sha256 = hashlib.sha256((folder / file).read_bytes()).hexdigest()
    except (ImageRefused, ImageError) as error:
        return ImageResult(photo_id=photo_id, state="refused", reason=_reason(error))
    except TemporaryFailure as error:
        return ImageResult(photo_id=photo_id, state="failed", reason=str(error))
    except OSError as error:
        raise CrawlError(
            f"{folder}: an image cannot be written ({error.strerror}). Is the disk full? Free some "
            "space and run the same command again; nothing is lost."
        ) from error
    return ImageResult(photo_id=photo_id, state="here", file=file, sha256=sha256)


def _file(photo_id: str, suffix: str) -> str:
    return f"{photo_id[-2:]:0>2}/{photo_id}{suffix}"


def _kept(folder: Path, photo_id: str) -> str | None:
    files = (_file(photo_id, suffix) for suffix in dict.fromkeys(_SUFFIXES.values()))
    return next((file for file in files if (folder / file).is_file()), None)


def _checked_suffix(content: bytes, photo_id: str) -> str:
    """The suffix of the image's format, once a small copy of it could be decoded to its end.

    Raises:
        ImageError: It is no image, not complete, or in a format that Flickr does not serve.
    """
    with open_photo(content, name=photo_id) as image:
        suffix = _SUFFIXES.get(image.format or "")
        if suffix is None:
            raise ImageError(f"{photo_id}: a photo must be JPEG, PNG, GIF or WebP.")
        image.draft("RGB", (_CHECK_SIDE_PX, _CHECK_SIDE_PX))
        image.load()
        return suffix


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def _reason(error: Exception) -> str:
    """Why an image was refused, the same words for the same cause."""
    return str(error) if isinstance(error, ImageRefused) else "not a complete image"
