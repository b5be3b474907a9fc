"""The committed vocabulary keeps its promises, and tags fall into the groups of table 5.1."""

import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocore.data.vocabulary import (
    FOLDER,
    LANGUAGES,
    as_tag,
    load_terms,
    load_words,
    search_tags,
    tag_group,
)
from geocore.errors import VocabularyError

# Every word that chapter 5.1 of the thesis quotes.
THESIS = {
    "urban": "city building street monument parkway fountain architecture skyscraper",
    "natural": "countryside landscape mountain woods forest river lake camping beach",
    "place": "pyramid savanna tundra volcano fjord pagoda",
    "disaster": "typhoon flood earthquake",
}


@pytest.mark.parametrize("group", THESIS)
def test_every_term_of_the_thesis_is_there_in_its_group(group):
    terms = load_terms()
    ours = terms[(terms["group"] == group) & (terms["source"] == "thesis 5.1")]["term"]
    assert sorted(ours) == sorted(THESIS[group].split())


def test_every_english_word_is_translated_into_every_language():
    words = load_words()
    reviewed = words[words["status"] == "reviewed"]
    languages = reviewed.groupby(["term", "english"])["language"].agg(set)
    incomplete = languages[languages.map(lambda found: found != set(LANGUAGES))]
    assert incomplete.empty, incomplete.to_dict()


def test_thesis_terms_have_synonyms():
    words = load_words()
    n_english = words.groupby("term")["english"].nunique()
    alone = {term for term in n_english.index if n_english[term] == 1}
    # Nothing else means these three, or every other word for it is ambiguous as a tag.
    assert alone & set(" ".join(THESIS.values()).split()) == {"tundra"}


def test_words_are_clean_and_stand_once():
    words = load_words()
    assert not words.duplicated(["term", "english", "language", "text"]).any()
    assert (words["text"] == words["text"].str.strip()).all()
    assert words["text"].map(as_tag).str.len().gt(0).all()
    is_ambiguous = words["status"] == "ambiguous"
    assert (words.loc[is_ambiguous, "note"] != "").all()
    assert set(load_terms()["term"]) == set(words["term"])


def test_chinese_words_have_no_latin_letters_and_the_others_no_chinese_ones():
    words = load_words()
    is_chinese = words["text"].str.contains(r"[\u4e00-\u9fff]")
    assert (is_chinese == (words["language"] == "zh")).all()


def test_search_tags_are_the_reviewed_words_as_tags():
    expected = "river río fluss flod älv creek arroyo riachuelo bachlauf bäck"
    assert search_tags("river", languages=["en", "es", "sv", "de"]) == expected.split()
    assert "bach" not in search_tags("river")
    assert len(set(search_tags("forest"))) == len(search_tags("forest"))


def test_unreviewed_words_are_never_used(tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "vocabulary")
    with (folder / "words.csv").open("a", encoding="utf-8") as file:
        file.write("lake,tarn,en,tarn,unreviewed,WordNet,\n")
    assert "tarn" in set(load_words(folder)["text"])
    assert search_tags("lake", folder=folder) == search_tags("lake")


@pytest.mark.parametrize(
    ("tags", "group"),
    [
        ("city street", "urban"),
        ("rome monument forest street", "urban"),
        ("bosque río plaza", "natural"),
        ("forest city", "natural"),
        ("city forest", "urban"),
        ("Tall trees, Rice Field, Rome", "natural"),
        ("new york|high-rise", "urban"),
        ("森林 夜", "natural"),
        ("STRASSE", "urban"),
        ("for%C3%AAt,new+york", "natural"),
        ("earthquake", "natural"),
        ("pyramid", "urban"),
        ("gata via see", None),
        ("holiday 2019", None),
        ("", None),
        (None, None),
    ],
)
def test_a_photo_falls_into_the_group_of_most_of_its_tags(tags, group):
    assert tag_group([tags]).tolist() == [group]


def test_groups_of_many_photos_are_those_of_each_alone():
    tags = ["city", "", "lake forest city", None, "nothing", "beach, sand dune"]
    together = tag_group(pd.Series(tags, index=range(10, 16)))
    assert together.tolist() == [tag_group([one])[0] for one in tags]
    assert tag_group([]).shape == (0,)


@given(st.lists(st.text(max_size=20), max_size=5))
def test_any_text_has_a_group_or_none(tags):
    groups = tag_group(tags)
    assert groups.shape == (len(tags),)
    assert set(groups) <= {"urban", "natural", None}


@given(st.text(max_size=30))
def test_a_tag_of_a_tag_is_itself(text):
    assert as_tag(as_tag(text)) == as_tag(text)


def test_one_text_instead_of_many_is_refused():
    with pytest.raises(TypeError, match="one text per photo, received the single text 'city'"):
        tag_group("city")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: search_tags("citty"), "Unknown term 'citty'. Known terms: city, building"),
        (lambda: search_tags("city", languages=["xx"]), r"must be some of en, it.*\['xx'\]"),
        (lambda: search_tags("city", languages=[]), r"received \[\]"),
    ],
)
def test_unknown_terms_and_languages_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("reviewed,", "good,", "column status must hold one of reviewed.*row 2 holds 'good'"),
        (",it,", ",xx,", "column language must hold one of en.*row 3 holds 'xx'"),
        ("city,city", "town,city", "column term must hold one of city.*row 2 holds 'town'"),
        ("term,", "word,", "the columns must be term, english.*found: word"),
    ],
)
def test_a_damaged_table_is_named(tmp_path, old, new, message):
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "words.csv"
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(VocabularyError, match=message):
        load_words(tmp_path)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00bad"])
def test_an_unreadable_table_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / "terms.csv").write_bytes(content)
    with pytest.raises(VocabularyError, match=r"terms\.csv: .*Restore the"):
        load_terms(tmp_path)


def test_both_scenes_weigh_alike():
    n_tags = np.random.default_rng(0).integers(1, 4, 50)
    for n in n_tags:
        assert tag_group([" ".join(["city"] * n + ["lake"] * n)])[0] == "urban"
