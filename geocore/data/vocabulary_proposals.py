"""Data stage: proposals for the vocabulary, by a WordNet and by a translation program.

Both are optional and propose only: what they say is written as `unreviewed` rows, which nothing
uses until a person has read them. It knows no photos and asks no server.
"""

import csv
import io
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType

import pandas as pd

from geocore.data.vocabulary import (
    FOLDER,
    GROUPS,
    LANGUAGES,
    SCENES,
    as_tag,
    load_terms,
    load_words,
)
from geocore.errors import VocabularyError

# Argos Translate has both Chinese scripts as languages of their own.
_ARGOS_CODES = {"zh": ("zh", "zt")}

Row = tuple[str, str, str, str, str, str, str]


def propose_synonyms(terms: Iterable[str]) -> list[Row]:
    """English synonyms of terms: all lemmas of all their senses as nouns, the sense in the note.

    Raises:
        VocabularyError: The library `wn` or its English WordNet is not installed.

    Source: WordNet through wn. The thesis used PyDictionary, which is not kept any more.
    """
    wn = _wordnet()
    return [
        _row(term, lemma, "en", lemma, "WordNet", synset.definition() or "")
        for term in terms
        for synset in wn.synsets(term, pos="n", lang="en")
        for lemma in synset.lemmas()
    ]


def propose_translations(words: pd.DataFrame, languages: Sequence[str]) -> list[Row]:
    """Translations of every English word that has none in a language.

    Args:
        words: As `load_words` gives them.
        languages: Codes of `LANGUAGES` other than "en".

    Raises:
        VocabularyError: Argos Translate or its model for a language is not installed.
        ValueError: No such language.

    Source: Argos Translate. The thesis used GoSlate, which is not kept any more.
    """
    foreign = [code for code in LANGUAGES if code != "en"]
    if not set(languages) <= set(foreign):
        raise ValueError(
            f"languages must be some of {', '.join(foreign)}, received {', '.join(languages)}."
        )
    rows = []
    for language in languages:
        translators = [_translator(code) for code in _ARGOS_CODES.get(language, (language,))]
        for term, english in _untranslated(words, language):
            texts = dict.fromkeys(translate(english).strip() for translate in translators)
            rows += [
                _row(term, english, language, text, "Argos Translate", "")
                for text in texts
                if as_tag(text)
            ]
    return rows


def add_term(term: str, group: str, scene: str, folder: Path = FOLDER) -> None:
    """Add a term of one's own, its English word unreviewed.

    Raises:
        ValueError: The term is there already or is no word, or there is no such group or scene.
    """
    terms, words = set(load_terms(folder)["term"]), set(load_words(folder)["term"])
    if not as_tag(term) or term in words:
        raise ValueError(f"the term must be a word that is not there yet, received {term!r}.")
    if group not in GROUPS or scene not in SCENES:
        raise ValueError(
            f"the group must be one of {', '.join(GROUPS)} and the scene one of "
            f"{', '.join(SCENES)}, received {group!r} and {scene!r}."
        )
    if term not in terms:
        _append(folder / "terms.csv", [(term, group, scene, "added")])
    _append(folder / "words.csv", [_row(term, term, "en", term, "added", "")])


def add_rows(rows: Iterable[Row], folder: Path = FOLDER) -> int:
    """Append proposals to `words.csv`, except those that are there already; how many were added.

    Raises:
        ValueError: A row belongs to no term of the vocabulary.
    """
    rows, words, terms = list(rows), load_words(folder), set(load_terms(folder)["term"])
    unknown = {row[0] for row in rows} - terms
    if unknown:
        raise ValueError(f"no such term in the vocabulary: {', '.join(sorted(unknown))}. Add it.")
    there = set(zip(words["term"], words["language"], words["text"].map(as_tag), strict=True))
    proposed = {(row[0], row[2], as_tag(row[3])): row for row in reversed(rows)}
    new = [proposed[key] for key in reversed(proposed) if key not in there]
    _append(folder / "words.csv", new)
    return len(new)


def _row(term: str, english: str, language: str, text: str, source: str, note: str) -> Row:
    return term, english, language, text, "unreviewed", source, " ".join(note.split())


def _untranslated(words: pd.DataFrame, language: str) -> list[tuple[str, str]]:
    """Term and English word of every English word that has no row in the language."""
    pairs = words[["term", "english"]].apply(tuple, axis=1)
    there = set(pairs[words["language"] == language])
    return [pair for pair in dict.fromkeys(pairs) if pair not in there]


def _wordnet() -> ModuleType:
    """The library wn, once it has English data."""
    try:
        import wn
    except ImportError as error:
        raise VocabularyError(
            "synonyms need the library wn. Install it: pip install 'geocore[vocabulary]'."
        ) from error
    if not wn.lexicons(lang="en"):
        raise VocabularyError(
            "the library wn has no English WordNet. Get it once, where there is internet: "
            "python -m wn download oewn:2024"
        )
    return wn


def _translator(code: str) -> Callable[[str], str]:
    """What translates from English into a language of Argos Translate."""
    try:
        from argostranslate import translate
    except ImportError as error:
        raise VocabularyError(
            "translations need the library argostranslate. Install it: "
            "pip install 'geocore[vocabulary]'."
        ) from error
    installed = {language.code: language for language in translate.get_installed_languages()}
    to = installed.get(code)
    translation = installed["en"].get_translation(to) if to and "en" in installed else None
    if translation is None:
        raise VocabularyError(
            f"Argos Translate has no model from English to {code!r}. Get it once, where there is "
            f"internet: argospm install translate-en_{code}"
        )
    return translation.translate


def _append(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Append rows to a table, in place of the old file when all are written."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    part = path.with_name(f"{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as stream:
        old = path.read_text("utf-8")
        stream.write(old if old.endswith("\n") else f"{old}\n")
        stream.write(text.getvalue())
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
