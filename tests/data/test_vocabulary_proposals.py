"""Proposals are unreviewed rows, from a WordNet and a translator that may both be missing."""

import re
import shutil
import sys
from types import SimpleNamespace

import pytest

from geocore.data.vocabulary import FOLDER, load_terms, load_words, search_tags, searchable_terms
from geocore.data.vocabulary_proposals import (
    add_rows,
    add_term,
    propose_synonyms,
    propose_translations,
)
from geocore.errors import VocabularyError
from scripts.extend_vocabulary import main

LEXICON = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE LexicalResource SYSTEM "http://globalwordnet.github.io/schemas/WN-LMF-1.1.dtd">
<LexicalResource xmlns:dc="https://globalwordnet.github.io/schemas/dc/">
<Lexicon id="made" label="Made" language="en" email="a@b.c" license="MIT" version="1">
<LexicalEntry id="made-lake-n"><Lemma writtenForm="lake" partOfSpeech="n"/>
<Sense id="s1" synset="made-1-n"/><Sense id="s2" synset="made-2-n"/></LexicalEntry>
<LexicalEntry id="made-mere-n"><Lemma writtenForm="mere" partOfSpeech="n"/>
<Sense id="s3" synset="made-1-n"/></LexicalEntry>
<LexicalEntry id="made-pigment-n"><Lemma writtenForm="lake pigment" partOfSpeech="n"/>
<Sense id="s4" synset="made-2-n"/></LexicalEntry>
<Synset id="made-1-n" ili="" partOfSpeech="n"><Definition>a body of
 water</Definition></Synset>
<Synset id="made-2-n" ili="" partOfSpeech="n"><Definition>a colour, red</Definition></Synset>
</Lexicon></LexicalResource>
"""


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(FOLDER, tmp_path / "vocabulary")


@pytest.fixture
def wordnet(tmp_path, monkeypatch):
    """The library wn, its data in a folder of the test; gives a function that adds the lexicon."""
    wn = pytest.importorskip("wn", reason="needs the extra 'vocabulary'")
    monkeypatch.setattr(wn.config, "data_directory", tmp_path / "wn")
    path = tmp_path / "made.xml"
    path.write_text(LEXICON, "utf-8")
    return lambda: wn.add(path, progress_handler=None)


@pytest.fixture
def argos(monkeypatch):
    """Stands for Argos Translate: English to Italian, and to both Chinese scripts."""

    class Language:
        def __init__(self, code):
            self.code = code

        def get_translation(self, to):
            return SimpleNamespace(translate=lambda text: f"{text} {to.code}")

    languages = [Language(code) for code in ("en", "it", "zh", "zt")]
    translate = SimpleNamespace(get_installed_languages=lambda: languages)
    monkeypatch.setitem(sys.modules, "argostranslate", SimpleNamespace(translate=translate))
    return languages


def test_synonyms_come_with_their_sense_and_wait_for_a_reader(wordnet, folder, capsys):
    wordnet()
    assert main(["--synonyms", "lake", "--vocabulary", str(folder)]) == 0
    assert "2 unreviewed rows added" in capsys.readouterr().out
    added = load_words(folder).tail(2)
    assert list(added["text"]) == ["mere", "lake pigment"]
    assert list(added["note"]) == ["a body of water", "a colour, red"]
    assert set(added["status"]) == {"unreviewed"}
    assert set(added["source"]) == {"WordNet"}
    assert search_tags("lake", folder=folder) == search_tags("lake")
    assert main(["--synonyms", "lake", "--vocabulary", str(folder)]) == 0
    assert "0 unreviewed rows added" in capsys.readouterr().out


def test_what_is_missing_is_translated(argos, folder):
    add_rows([("lake", "mere", "en", "mere", "unreviewed", "WordNet", "")], folder)
    rows = propose_translations(load_words(folder), ["it", "zh"])
    assert [(row[1], row[2], row[3]) for row in rows] == [
        ("mere", "it", "mere it"),
        ("mere", "zh", "mere zh"),
        ("mere", "zh", "mere zt"),
    ]
    assert add_rows(rows, folder) == 3
    assert propose_translations(load_words(folder), ["it", "zh"]) == []


def test_a_term_of_ones_own_is_searched_once_it_is_reviewed(folder):
    add_term("quarry", "natural", "natural", folder)
    assert load_terms(folder).iloc[-1].tolist() == ["quarry", "natural", "natural", "added"]
    assert "quarry" not in searchable_terms(folder)
    path = folder / "words.csv"
    path.write_text(path.read_text("utf-8").replace("quarry,unrev", "quarry,rev"), "utf-8")
    searchable = folder.rename(folder.with_name("reviewed"))
    assert search_tags("quarry", folder=searchable) == ["quarry"]


def test_a_term_that_an_ended_process_left_half_added_is_completed(folder):
    with (folder / "terms.csv").open("a", encoding="utf-8") as stream:
        stream.write("quarry,natural,natural,added\n")
    add_term("quarry", "natural", "natural", folder)
    assert load_terms(folder)["term"].is_unique
    assert load_words(folder)["term"].iloc[-1] == "quarry"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--add", "city", "--group", "urban", "--scene", "urban"],
            "not there yet, received 'city'",
        ),
        (["--add", "!", "--group", "urban", "--scene", "urban"], "must be a word"),
        (["--add", "quarry"], "received None and None"),
        (["--translations", "en"], "must be some of it, fr.*received en"),
        (["--translations", "it,xx"], "received it, xx"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(folder, capsys, arguments, message):
    before = (folder / "words.csv").read_bytes()
    assert main([*arguments, "--vocabulary", str(folder)]) == 1
    assert re.search(message, capsys.readouterr().err)
    assert (folder / "words.csv").read_bytes() == before


def test_words_of_a_term_that_is_none_are_refused(folder):
    row = ("mere", "mere", "en", "mere", "unreviewed", "WordNet", "")
    with pytest.raises(ValueError, match="no such term in the vocabulary: mere"):
        add_rows([row], folder)


def test_without_the_library_it_says_how_to_get_it(monkeypatch, folder):
    monkeypatch.setitem(sys.modules, "wn", None)
    monkeypatch.setitem(sys.modules, "argostranslate", None)
    with pytest.raises(VocabularyError, match=r"library wn\. Install it: pip install"):
        propose_synonyms(["lake"])
    add_rows([("lake", "mere", "en", "mere", "unreviewed", "WordNet", "")], folder)
    with pytest.raises(VocabularyError, match=r"library argostranslate\. Install it"):
        propose_translations(load_words(folder), ["it"])


def test_without_data_it_says_how_to_get_it(wordnet, argos, folder, capsys):
    assert main(["--synonyms", "lake", "--vocabulary", str(folder)]) == 1
    assert "python -m wn download oewn:2024" in capsys.readouterr().err
    assert main(["--translations", "sv", "--vocabulary", str(folder)]) == 1
    assert "argospm install translate-en_sv" in capsys.readouterr().err
    argos.clear()
    with pytest.raises(VocabularyError, match="no model from English to 'it'"):
        propose_translations(load_words(folder), ["it"])


def test_nothing_asked_adds_nothing(folder, capsys):
    before = (folder / "words.csv").read_bytes()
    assert main(["--vocabulary", str(folder)]) == 0
    assert (folder / "words.csv").read_bytes() == before
