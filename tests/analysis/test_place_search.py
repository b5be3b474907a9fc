"""Places by name, misspelt ones too."""

import pytest

from geocore.analysis.other_names import OTHER_NAMES
from geocore.analysis.place_search import COUNTRY, EXACT, REGION, TOWN, find_places, plain_name
from geocore.cells.continents import load_countries
from geocore.cells.place_names import load_place_namer


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Lisbon", "Lisbon, Portugal"),
        ("  lisbon ", "Lisbon, Portugal"),
        ("Lisabon", "Lisbon, Portugal"),
        ("Munnich", "Munich, Bavaria, Germany"),
        ("Munchen", "Munich, Bavaria, Germany"),
        ("München", "Munich, Bavaria, Germany"),
        ("Muenchen", "Munich, Bavaria, Germany"),
        ("Cologne", "Köln, North Rhine-Westphalia, Germany"),
        ("Köln", "Köln, North Rhine-Westphalia, Germany"),
        ("Koln", "Köln, North Rhine-Westphalia, Germany"),
        ("Kiev", "Kyiv, Kyiv City, Ukraine"),
        ("Tokio", "Tokyo, Japan"),
        ("Bombay", "Mumbai, Maharashtra, India"),
        ("Peking", "Beijing, China"),
        ("Saigon", "Ho Chi Minh City, Ho Chi Minh, Vietnam"),
        ("Los Angles", "Los Angeles, California, United States"),
        ("San Fransisco", "San Francisco, California, United States"),
        ("Kopenhagen", "Copenhagen, Capital Region, Denmark"),
        ("Paris", "Paris, Île-de-France, France"),
        ("Paris, Texas", "Paris, Texas, United States"),
        ("Paris Texas", "Paris, Texas, United States"),
        ("Paris, USA", "Paris, Texas, United States"),
        ("London, Canda", "London, Ontario, Canada"),
        ("Cambridge, UK", "Cambridge, England, United Kingdom"),
        ("Springfield, Illinois", "Springfield, Illinois, United States"),
        ("New York", "New York City, New York, United States"),
        ("Washington DC", "Washington, District of Columbia, United States"),
        ("St. Petersburg", "Saint Petersburg, St.-Petersburg, Russia"),
        ("St Petersburg Florida", "St. Petersburg, Florida, United States"),
        ("St Petersburg Russia", "Saint Petersburg, St.-Petersburg, Russia"),
        ("Odesa, Ukraine", "Odesa, Odessa, Ukraine"),
        ("Koeln", "Köln, North Rhine-Westphalia, Germany"),
        ("Łodz", "Łódź, Łódź Voivodeship, Poland"),
        ("Pairs", "Paris, Île-de-France, France"),
        ("Bakhmut", "Bakhmut, Donetsk, Ukraine"),
    ],
)
def test_towns(text, label):
    found = find_places(text)[0]
    assert (found.label, found.kind) == (label, TOWN)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Italy", "IT"), ("Itly", "IT"), ("Germny", "DE"), ("Georgia", "GE"), ("Mexico", "MX"),
        ("Singapore", "SG"), ("UK", "GB"), ("U.S.A.", "US"), ("the Netherlands", "NL"),
        ("Czech Republic", "CZ"), ("Burma", "MM"), ("Ivory Coast", "CI"), ("Cote d'Ivoire", "CI"),
        ("Deutschland", "DE"), ("Türkiye", "TR"), ("Holland", "NL"),
    ],
)  # fmt: skip
def test_countries(text, code):
    found = find_places(text)[0]
    assert (found.code, found.kind) == (code, COUNTRY)


@pytest.mark.parametrize(
    "text", ["Texas", "Scotland", "Bali, Indonesia", "Bavaria", "Tuscany Italy"]
)
def test_regions(text):
    found = find_places(text)[0]
    assert found.kind == REGION and found.name == text.replace(",", "").split()[0]


def test_of_equal_names_the_larger_place_comes_first():
    found = find_places("Paris", 3)
    assert [place.population for place in found] == sorted(
        (place.population for place in found), reverse=True
    )
    assert {place.score for place in found} == {EXACT}
    assert len(find_places("Paris", 1)) == 1


def test_nothing_alike_is_nothing_found():
    assert find_places("Qqzzxw") == []


@pytest.mark.parametrize(
    ("text", "limit"),
    [("", 5), ("...", 5), ("東京", 5), ("Москва", 5), ("x" * 201, 5), ("Paris", 0)],
)
def test_bad_arguments_are_refused(text, limit):
    with pytest.raises(ValueError, match=r"Latin letters in it|at least 1"):
        find_places(text, limit)


def test_names_are_compared_without_accents_capitals_and_marks():
    assert plain_name("  Saint-Étienne (Loire) ") == "saint etienne loire"
    assert plain_name("Łódź") == "lodz"
    assert plain_name("Tromsø") == "tromso"


def test_a_misspelt_name_shows_only_what_is_about_as_alike():
    scores = [place.score for place in find_places("Munnich")]
    assert min(scores) >= max(scores) - 12
    assert {place.score for place in find_places("Lisbon", 50)} == {EXACT}


def test_every_other_name_leads_to_a_place_that_is_known_by_it():
    towns = load_place_namer().places
    large = towns.loc[towns["population"] > 50_000, "city"]
    known = {plain_name(name) for name in [*large, *load_countries()["name"]]}
    assert set(OTHER_NAMES.values()) - known == set()
