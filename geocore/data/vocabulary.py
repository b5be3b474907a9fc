"""Data stage: the words that photos are searched by, and the two groups that tags fall into.

Two tables in `assets/vocabulary/`: `terms.csv`, one row per term of the thesis or of ours, and
`words.csv`, one row per English word of a term and language. Only rows whose status is `reviewed`
are used. It knows no photos and no server.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geocore.errors import VocabularyError

FOLDER = Path(__file__).resolve().parents[1] / "assets" / "vocabulary"
GROUPS = ("urban", "natural", "place", "disaster")
SCENES = ("urban", "natural")
LANGUAGES = {
    "en": "English",
    "it": "Italian",
    "fr": "French",
    "es": "Spanish",
    "pt": "Portuguese",
    "de": "German",
    "zh": "Chinese",
    "sv": "Swedish",
}
STATUSES = ("reviewed", "ambiguous", "unreviewed")
TERM_COLUMNS = ("term", "group", "scene", "source")
WORD_COLUMNS = ("term", "english", "language", "text", "status", "source", "note")
_BETWEEN_TAGS = r"[,;|]"


def load_terms(folder: Path = FOLDER) -> pd.DataFrame:
    """The terms: term, group (`GROUPS`), scene (`SCENES`, for table 5.1), source.

    Raises:
        VocabularyError: `terms.csv` is missing, malformed, or has a value that is not allowed.
    """
    terms = _table(folder / "terms.csv", TERM_COLUMNS)
    _check(terms, "group", GROUPS, "terms.csv")
    _check(terms, "scene", SCENES, "terms.csv")
    return terms


def load_words(folder: Path = FOLDER) -> pd.DataFrame:
    """Every word of every status: term, english, language, text, status, source, note.

    Raises:
        VocabularyError: `words.csv` is missing, malformed, or has a value that is not allowed.
    """
    words = _table(folder / "words.csv", WORD_COLUMNS)
    _check(words, "language", LANGUAGES, "words.csv")
    _check(words, "status", STATUSES, "words.csv")
    _check(words, "term", load_terms(folder)["term"], "words.csv")
    return words


def searchable_terms(folder: Path = FOLDER) -> list[str]:
    """The terms that have a reviewed word, in the order of the vocabulary."""
    return list(_reviewed(folder)["term"].unique())


def search_tags(
    term: str, *, languages: Sequence[str] = tuple(LANGUAGES), folder: Path = FOLDER
) -> list[str]:
    """The tags to search for one term: its reviewed words as tags, without repeats.

    Raises:
        ValueError: No such term or language, or no reviewed word in these languages.
    """
    words = _reviewed(folder)
    known = searchable_terms(folder)
    if term not in known:
        raise ValueError(f"Unknown term {term!r}. Known terms: {', '.join(known)}.")
    unknown = sorted(set(languages) - set(LANGUAGES))
    if unknown or not languages:
        raise ValueError(
            f"languages must be some of {', '.join(LANGUAGES)}, received {list(languages)}."
        )
    chosen = words[(words["term"] == term) & words["language"].isin(list(languages))]
    return list(dict.fromkeys(as_tag(text) for text in chosen["text"]))


def as_tag(text: str) -> str:
    """A word as Flickr keeps tags: lower case, without blanks and punctuation, accents kept."""
    folded = unicodedata.normalize("NFKC", unquote(text)).casefold()
    return folded if folded.isalnum() else re.sub(r"[\W_]+", "", folded)


def tag_group(tags: Sequence[str | None] | pd.Series) -> NDArray[np.object_]:
    """Which of the two groups of table 5.1 each photo belongs to, by its tags.

    Every tag that is a reviewed word counts for its term's scene; the scene with more tags wins,
    and of two equally frequent ones the one tagged first.

    Args:
        tags: (n_photos,), the tags of a photo in one text, divided by blanks, or by comma,
            semicolon or | where one of these occurs.

    Returns:
        (n_photos,), "urban", "natural", or None where no tag is in the vocabulary.

    Raises:
        TypeError: One text is given instead of a sequence of texts.

    Source:
        Thesis table 5.1; how it grouped is not told, so the rule is our own.
    """
    if isinstance(tags, str):
        raise TypeError(f"tags must be one text per photo, received the single text {tags!r}.")
    one_piece = pd.Series(tags, dtype="str").fillna("").to_numpy(object)
    texts = pa.array(one_piece, type=pa.large_string())
    lists = _lists_of_tags(texts)
    photo = pc.list_parent_indices(lists).to_numpy()
    codes = pc.list_flatten(lists).dictionary_encode()
    votes = [_votes().get(as_tag(tag), 0) for tag in codes.dictionary.to_pylist()]
    return _winners(photo, np.array(votes, dtype=int)[codes.indices.to_numpy()], len(texts))


def _lists_of_tags(texts: pa.Array) -> pa.Array:
    """The tags of each photo apart."""
    has_divider = pc.match_substring_regex(texts, _BETWEEN_TAGS)
    if not pc.any(has_divider).as_py():
        return pc.utf8_split_whitespace(texts)  # twice as fast, and what Flickr's tags need
    blanks_divide = pc.replace_substring(texts, " ", ",")
    dividers = pc.replace_substring_regex(texts, _BETWEEN_TAGS, ",")
    return pc.split_pattern(pc.if_else(has_divider, dividers, blanks_divide), ",")


def _winners(photo: np.ndarray, votes: np.ndarray, n_photos: int) -> NDArray[np.object_]:
    """Votes (n_tags,) of +1 urban, -1 natural, 0 neither -> the group of every photo."""
    is_vote = votes != 0
    photo, votes = photo[is_vote], votes[is_vote]
    balance = np.bincount(photo, weights=votes, minlength=n_photos).astype(float)
    voters, first = np.unique(photo, return_index=True)
    balance[voters] += 0.5 * votes[first]
    groups = np.full(n_photos, None, dtype=object)
    groups[balance > 0], groups[balance < 0] = SCENES
    return groups


@lru_cache(maxsize=8)
def _reviewed(folder: Path) -> pd.DataFrame:
    words = load_words(folder)
    return words[words["status"] == "reviewed"]


@lru_cache(maxsize=1)
def _votes() -> dict[str, int]:
    """Tag -> +1 urban, -1 natural; a tag of terms of both scenes counts for neither."""
    words = _reviewed(FOLDER).merge(load_terms()[["term", "scene"]], on="term")
    votes = words["scene"].map({"urban": 1, "natural": -1})
    by_tag = votes.groupby(words["text"].map(as_tag)).agg(["min", "max"])
    return by_tag["min"].where(by_tag["min"] == by_tag["max"], 0).astype(int).to_dict()


def _table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8")
    except (OSError, UnicodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise VocabularyError(
            f"{path}: the vocabulary must be a table in UTF-8, but reading it failed ({error}). "
            "Restore the file."
        ) from error
    if tuple(table.columns) != tuple(columns):
        raise VocabularyError(
            f"{path.name}: the columns must be {', '.join(columns)}; found: "
            f"{', '.join(table.columns)}. Restore the header."
        )
    return table


def _check(table: pd.DataFrame, column: str, allowed: Collection[str], name: str) -> None:
    """Raise if a column holds a value that is not allowed."""
    is_bad = ~table[column].isin(list(allowed))
    if is_bad.any():
        row = int(np.argmax(is_bad.to_numpy()))
        raise VocabularyError(
            f"{name}: column {column} must hold one of {', '.join(allowed)}; row {row + 2} holds "
            f"{table[column].iloc[row]!r}. Correct the row."
        )
