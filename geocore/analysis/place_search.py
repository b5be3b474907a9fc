"""Places by name without internet: towns, regions and countries, misspelt ones too.

Stage: analysis. It must not know predictions or pages.

60,000 towns ship with geocore, with regions and countries. A query is a name, or a name with its
region or country behind a comma ("Paris, Texas"). Spelling is compared without accents and
capitals; of names that fit alike, the larger place comes first.

Source: own; similarity is one minus the share of letters to change, insert, leave out or exchange
(optimal string alignment, rapidfuzz).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from rapidfuzz import process
from rapidfuzz.distance import OSA

from geocore.analysis.other_names import OTHER_NAMES
from geocore.cells.continents import load_countries
from geocore.cells.place_names import load_place_namer

TOWN, REGION, COUNTRY = "town", "region", "country"
MAX_LENGTH = 200
CUTOFF = 70.0
_ALIKE = OSA.normalized_similarity
EXACT = 100.0
_QUALIFIER_SHARE = 0.35
_LOST_PER_DECADE = 1.5
"""Score that a place of a tenth of the population loses: a misspelt city before a like hamlet."""
_NEAR_EXACT = 97.0
_REGION_LOSES = 3.0
"""So that Washington is the city, and yet Texas not a village of that name."""
_MUCH_WORSE = 12.0
"""What fits that much less than the best is not shown beside it."""


_SHORT = {"us": ("usa", "america"), "gb": ("uk", "great britain"), "ae": ("uae",)}
_UMLAUTS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "\u0131": "i", "æ": "ae", "œ": "oe"})


@dataclass(frozen=True, kw_only=True)
class FoundPlace:
    """A place that a text may mean.

    Attributes:
        name: of the town, region or country.
        region: first-order division of a town, or the region itself; "" for none.
        country: English name.
        code: ISO 3166 of the country.
        lat, lng: degrees; of a region or country, of its largest town.
        population: inhabitants of the town; of a region or country, of its towns.
        score: how well the text fits, 0-100; 100 is letter by letter, accents and capitals aside.
        kind: TOWN, REGION or COUNTRY.
    """

    name: str
    region: str
    country: str
    code: str
    lat: float
    lng: float
    population: int
    score: float
    kind: str

    @property
    def label(self) -> str:
        """What to show: "Ubud, Bali, Indonesia"."""
        parts = (self.name, self.region, self.country)
        return ", ".join(dict.fromkeys(filter(None, parts)))


def find_places(text: str, limit: int = 5) -> list[FoundPlace]:
    """Places that a text may mean, the likeliest first; none where nothing is alike.

    Args:
        text: a name, or a name and its region or country with a comma between them.
        limit: at most this many.

    Raises:
        ValueError: no letter in the text, a text too long, or a limit below 1.
    """
    if limit < 1:
        raise ValueError(f"The number of places must be at least 1, received {limit}.")
    if len(text) > MAX_LENGTH or not re.search("[a-z]", query := plain_name(text)):
        raise ValueError(
            f"A place is a name of 1 to {MAX_LENGTH} characters with Latin letters in it, received "
            f"{text[:40]!r}. Write for example Lisbon or Paris, Texas."
        )
    name, _, qualifier = (plain_name(part) for part in text.partition(","))
    places = _gazetteer()
    alike = process.cdist(_spellings(name or query), places["plain"].tolist(), scorer=_ALIKE)
    scores = EXACT * alike.max(axis=0).astype(float)
    candidates = np.flatnonzero(scores >= CUTOFF)
    found = places.iloc[candidates].assign(score=scores[candidates])
    if qualifier:
        fit = np.array([_fit(qualifier, around) for around in found["around"]])
        found["score"] = (1 - _QUALIFIER_SHARE) * found["score"] + _QUALIFIER_SHARE * fit
        found = found[found["score"] >= CUTOFF]
    elif found["score"].max() != EXACT and " " in query:
        found = pd.concat([found, _without_comma(query, places)])
    return _ranked(found, limit)


def _spellings(name: str) -> list[str]:
    """A plain name and others for the same place: "muenchen" is "munchen" is "munich"."""
    bare = name.removeprefix("the ")
    short = re.sub(r"([aou])e", r"\1", bare)
    saint = re.sub(r"^st ", "saint ", bare)
    one_of = dict.fromkeys([name, bare, short, saint])
    return list(dict.fromkeys(OTHER_NAMES.get(one, one) for one in one_of))


def plain_name(text: str) -> str:
    """A name as it is compared: no accents, capitals or punctuation."""
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_UMLAUTS))
    letters = "".join(c for c in folded if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", letters))


def _ranked(found: pd.DataFrame, limit: int) -> list[FoundPlace]:
    worst = EXACT if (found["score"] == EXACT).any() else found["score"].max() - _MUCH_WORSE
    found = found[found["score"] >= worst]
    size = np.log10(found["population"].clip(lower=1))
    is_country = found["kind"] == COUNTRY
    is_exact = found["score"] >= _NEAR_EXACT
    order = found["score"] + _LOST_PER_DECADE * size
    # The country is meant by its own name, unless that is a large town's as well.
    order = order + EXACT * is_exact + is_country * is_exact
    table = found.assign(order=order - _REGION_LOSES * (found["kind"] == REGION))
    table = table.sort_values(["order", "population"], ascending=False, kind="stable")
    table = table.drop_duplicates(["name", "region", "code", "kind"]).head(limit)
    columns = ["name", "region", "country", "code", "lat", "lng", "population", "score", "kind"]
    rows = table[columns].astype({"population": int}).to_dict("records")
    return [FoundPlace(**{str(k): v for k, v in row.items()}) for row in rows]


def _fit(qualifier: str, around: tuple[str, ...]) -> float:
    """How well a region or country fits, 0-100: the best of names and code."""
    return EXACT * max(
        (_ALIKE(one, name) for one in _spellings(qualifier) for name in around), default=0.0
    )


def _without_comma(query: str, places: pd.DataFrame) -> pd.DataFrame:
    """Exact names with their region or country behind them, the comma forgotten."""
    words = query.split()
    parts = []
    for k in range(1, len(words)):
        name, qualifier = " ".join(words[:k]), " ".join(words[k:])
        same = places[places["plain"].isin(_spellings(name))]
        fit = np.array([_fit(qualifier, around) for around in same["around"]])
        parts.append(same.assign(score=EXACT - _QUALIFIER_SHARE * (EXACT - fit))[fit >= CUTOFF])
    return pd.concat(parts)


@cache
def _gazetteer() -> pd.DataFrame:
    """All places: columns of `FoundPlace`, `plain` name and `around` (what may follow)."""
    namer = load_place_namer()
    towns = namer.places.rename(columns={"city": "name"}).assign(kind=TOWN)
    largest = towns.sort_values("population", ascending=False).drop_duplicates("code")
    total = towns.groupby("code")["population"].sum()
    states = load_countries()["name"].rename("name").reset_index()
    states = states.merge(largest[["code", "lat", "lng"]], on="code")
    states["population"] = states["code"].map(total)
    states = states.assign(country=states["name"], region="", kind=COUNTRY)
    table = pd.concat([towns, _regions(towns), states], ignore_index=True)
    plain = {
        name: plain_name(name)
        for name in pd.unique(table[["name", "region", "country"]].to_numpy().ravel())
    }
    table["plain"] = table["name"].map(plain)
    codes = table["code"].str.lower()
    columns = (table["region"].map(plain), table["country"].map(plain), codes)
    table["around"] = [
        (*filter(None, row), *_SHORT.get(row[2], ())) for row in zip(*columns, strict=True)
    ]
    return table


def _regions(towns: pd.DataFrame) -> pd.DataFrame:
    """First-order divisions, each at its largest town."""
    known = towns[towns["region"] != ""].sort_values("population", ascending=False)
    total = known.groupby(["code", "region"])["population"].transform("sum")
    regions = known.assign(name=known["region"], population=total, kind=REGION)
    return regions.drop_duplicates(["code", "region"])
