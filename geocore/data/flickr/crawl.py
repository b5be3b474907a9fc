"""Data stage: collect openly licensed photos with a position from Flickr into a photo set.

Joins vocabulary, search, server, journal and images; each has a module of its own. Photos are found
by words, places and times alone: nothing is asked about people, and no search is by person.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geocore.data.flickr.connection import TemporaryFailure
from geocore.data.flickr.images import FOLDER, fetch_images, vanished
from geocore.data.flickr.journal import FILE, Journal, open_journal
from geocore.data.flickr.report import TABLE, CrawlReport, report_of, write_table
from geocore.data.flickr.search import Query, follow_ups, is_cut_off
from geocore.data.flickr.server import TOO_MANY_TAGS, FlickrServer, QueryRefused
from geocore.data.flickr.settings import CrawlSettings
from geocore.errors import CrawlError

_MAX_FAILURES = 3


@dataclass(frozen=True)
class CrawlLimits:
    """How far one run goes; the next may go further.

    Attributes:
        per_term: Photos after which a term is searched no further; None for all there are.
        max_queries: Queries of this run; None for as many as it takes.
        with_images: Whether to fetch the image files too.

    Raises:
        ValueError: A limit is not positive.
    """

    per_term: int | None = None
    max_queries: int | None = None
    with_images: bool = True

    def __post_init__(self) -> None:
        for name in ("per_term", "max_queries"):
            limit = getattr(self, name)
            if limit is not None and limit < 1:
                raise ValueError(f"{name} must be at least 1, received {limit}.")


def collect_photos(
    folder: Path,
    settings: CrawlSettings,
    server: FlickrServer,
    limits: CrawlLimits | None = None,
    progress: Callable[[str], object] = lambda text: None,
) -> CrawlReport:
    """Collect photos into a folder, or go on with a collection that was ended at any moment.

    Every answer is kept the moment it arrives, with the queries that follow from it. After a kill
    at most the one query whose answer was on its way is asked again, and the images that were.

    Args:
        folder: Gets `photos.csv`, `images/` and the state, `flickr.sqlite`.
        settings: What to look for; in every run the same. The words are those that the vocabulary
            had when the collection began.
        server: Whom to ask.
        limits: How far to go this time.
        progress: Called with a few words after every query and every image.

    Returns:
        Where the collection stands.

    Raises:
        CrawlError: Flickr refuses the key, cannot be reached, the disk is full, the folder holds
            something else, or another process collects into it. What was found is kept and the
            table written as far as possible.
    """
    limits = limits or CrawlLimits()
    _check_folder(folder)
    with open_journal(folder, settings.to_plain(), settings.end()) as journal:
        if not journal.count("queries"):
            journal.add_queries(settings.first_queries(journal.until))
        journal.reopen(vanished(journal, folder))
        try:
            _search(journal, server, limits, progress)
            if limits.with_images:
                fetch_images(journal, server, folder, progress)
        finally:
            write_table(journal, folder / TABLE, with_image=limits.with_images)
        return report_of(journal)


def _check_folder(folder: Path) -> None:
    """Make the folder; refuse one that holds a photo set of another origin."""
    if not (folder / FILE).exists() and any((folder / name).exists() for name in (TABLE, FOLDER)):
        raise CrawlError(
            f"{folder} holds photos that this command did not collect. Choose an empty folder."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CrawlError(
            f"{folder}: the folder cannot be made ({error.strerror}). Choose another."
        ) from error


def _search(
    journal: Journal, server: FlickrServer, limits: CrawlLimits, progress: Callable[[str], object]
) -> None:
    """Ask until nothing is open, the limits are reached, or Flickr answers no more."""
    n_asked = n_failed_in_a_row = 0
    while limits.max_queries is None or n_asked < limits.max_queries:
        upcoming = journal.next_query(_full_terms(journal, limits.per_term))
        if upcoming is None:
            return
        problem = _ask(journal, server, *upcoming)
        n_asked += 1
        n_failed_in_a_row = n_failed_in_a_row + 1 if problem else 0
        n_photos = sum(journal.count("photos").values())
        progress(f"{n_asked:,} queries, {n_photos:,} photos found, now {upcoming[1].term}")
        if n_failed_in_a_row >= _MAX_FAILURES:
            raise CrawlError(
                f"{_MAX_FAILURES} queries in a row got no answer. The last: {problem} Run the same "
                "command later; nothing is lost."
            )


def _ask(journal: Journal, server: FlickrServer, number: int, query: Query) -> str:
    """Ask one query and keep what comes of it; what went wrong, or ""."""
    try:
        answer = server.search(query)
    except (QueryRefused, TemporaryFailure) as error:
        is_too_long = isinstance(error, QueryRefused) and error.code in TOO_MANY_TAGS
        fewer_tags = query.fewer_tags() if is_too_long else []
        if fewer_tags:
            journal.replace_query(number, fewer_tags)
            return ""
        journal.query_failed(number, str(error))
        return str(error)
    following = follow_ups(query, answer)
    journal.record_answer(number, query, answer, following, is_cut_off(query, answer))
    return ""


def _full_terms(journal: Journal, per_term: int | None) -> list[str]:
    if per_term is None:
        return []
    return [term for term, n in journal.n_photos_by_term().items() if n >= per_term]
