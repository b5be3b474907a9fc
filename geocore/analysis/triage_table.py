"""All photos of a case in one table, to be sorted and filtered.

Stage: analysis. It must not know databases or pages.

Source: own.
"""

from collections.abc import Collection

import pandas as pd

from geocore.analysis.case_state import CasePhoto, CaseState

AREA_LEVEL = "0.9"
TRIAGE_COLUMNS = (
    "sha256", "name", "decision", "place", "confidence", "area_km2", "countries", "claim",
    "no_answer", "notes",
)  # fmt: skip


def triage_table(state: CaseState) -> pd.DataFrame:
    """One row per photo, in the order of arrival.

    Returns:
        Columns TRIAGE_COLUMNS: place and confidence of the most probable cell, area_km2 of the
        90 % search area and the codes of the countries it touches (tuple), verdict of the latest
        claim, why there is no answer ("" where there is one), and the notes in one text.
    """
    rows = [_row(photo) for photo in state.photos.values()]
    return pd.DataFrame(rows, columns=list(TRIAGE_COLUMNS)).astype(
        {"confidence": "float64", "area_km2": "float64"}
    )


def countries_of(table: pd.DataFrame) -> list[str]:
    """Codes of all countries that any photo's area touches, sorted."""
    return sorted({code for codes in table["countries"] for code in codes})


def filtered(
    table: pd.DataFrame,
    *,
    decisions: Collection[str] = (),
    countries: Collection[str] = (),
) -> pd.DataFrame:
    """The rows with one of the decisions, and whose area touches one of the countries.

    An empty collection asks for nothing.
    """
    shown = table
    if decisions:
        shown = shown[shown["decision"].isin(list(decisions))]
    if countries:
        wanted = set(countries)
        shown = shown[[not wanted.isdisjoint(codes) for codes in shown["countries"]]]
    return shown


def _row(photo: CasePhoto) -> dict[str, object]:
    answer = photo.answer
    row: dict[str, object] = {
        "sha256": photo.sha256,
        "name": photo.name,
        "decision": photo.decision,
        "claim": photo.claims[-1]["verdict"] if photo.claims else "",
        "no_answer": photo.failure or ("" if answer else "not asked yet"),
        "notes": " / ".join(text for _, text in photo.notes),
        "countries": (),
    }
    if answer is None:
        return row
    area = answer["areas"].get(AREA_LEVEL)
    if answer["abstention"] is not None:
        row["no_answer"] = answer["abstention"]["sentence"]
    if area is not None:
        row |= {
            "area_km2": float(area["area_km2"]),
            "countries": tuple(country["code"] for country in area["countries"]),
        }
    best = answer["top"][0]
    return row | {"place": best["place"], "confidence": best["prob"]}
