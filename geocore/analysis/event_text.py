"""The joint answer of an event in sentences and a table, for a terminal or a page.

Stage: analysis. Plain text; it must not know pages.

Source: own.
"""

from collections.abc import Sequence

import pandas as pd

from geocore.analysis.events import EventAnswer
from geocore.analysis.search_area import SearchArea
from geocore.evaluation.pooling_fit import SIZES

CLAIM = (
    "That the photos show one place is taken for granted: one photo of elsewhere spoils the answer."
)


def event_sentences(answer: EventAnswer) -> list[str]:
    """What the joint answer is worth, and which photos do not fit."""
    said = [
        f"{answer.n_photos} photos that count as {answer.n_effective:.1f} different ones. {CLAIM}"
    ]
    if not answer.is_fitted:
        said.append(
            f"How photos are joined was not fitted for {answer.prediction.head}: usual settings, "
            "no search areas, and photos that do not fit are not named."
        )
    elif answer.n_photos > max(SIZES):
        said.append(
            f"Joining was measured with {min(SIZES)} to {max(SIZES)} photos of a place; with "
            f"{answer.n_photos} the promise of the search areas is less sure."
        )
    if answer.outliers and answer.n_photos == 2:
        said.append("The two photos do not fit together: do they really show one place?")
    elif answer.outliers:
        said.append(
            "Fits the others worse than 98 of 100 photos that do belong to their event: "
            + ", ".join(answer.outliers)
            + "."
        )
    return said


def influence_table(answer: EventAnswer) -> pd.DataFrame:
    """Per photo what it adds, for people."""
    rows, words = answer.photos, {True: "no", False: "yes" if answer.is_fitted else "not known"}
    return pd.DataFrame(
        {
            "photo": rows["photo"],
            "confidence alone": rows["confidence"].map("{:.1%}".format),
            "counts as": rows["weight"].map("{:.2f}".format),
            "moves of the probability": rows["moved_share"].map("{:.1%}".format),
            "moves the point by km": rows["moved_km"].map("{:,.0f}".format),
            "fits the others": rows["is_outlier"].map(words),
        }
    )


def area_sentences(areas: Sequence[SearchArea]) -> list[str]:
    """One line per search area: its size and the countries with most land in it."""
    said = []
    for area in areas:
        if area.is_everywhere:
            said.append(f"{area.level:.0%} area: the whole Earth; no smaller one can be promised.")
            continue
        names = ", ".join(x.name for x in area.countries[:5])
        more = f" and {len(area.countries) - 5} more" if len(area.countries) > 5 else ""
        said.append(
            f"{area.level:.0%} area: {area.area_km2:,.0f} km2, {area.land_km2:,.0f} of land; "
            f"{names}{more}."
        )
    return said
