"""All photos of a case in one table, to be sorted and filtered.

Stage: analysis. It must not know databases or pages.

Source: own.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd

from geocore.analysis.case_state import CasePhoto, CaseState
from geocore.analysis.claim_verdict import VERDICTS
from geocore.analysis.region_prior import RegionPrior, region_units
from geocore.cells import s2

AREA_LEVEL = "0.9"
ORDERS = {
    "arrival": ("", True),
    "certainty, the surest first": ("confidence", False),
    "area, the smallest first": ("area_km2", True),
    "region, by name": ("place", True),
    "claim, the most doubtful first": ("claim", True),
}
"""How photos may be ordered: by which column, and whether it rises."""
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
    claims: Collection[str] = (),
) -> pd.DataFrame:
    """The rows with one of the decisions and verdicts, whose area touches one of the countries.

    An empty collection asks for nothing; the verdict "" is that of photos without a claim.
    """
    shown = table
    if decisions:
        shown = shown[shown["decision"].isin(list(decisions))]
    if countries:
        wanted = set(countries)
        shown = shown[[not wanted.isdisjoint(codes) for codes in shown["countries"]]]
    if claims:
        shown = shown[shown["claim"].isin(list(claims))]
    return shown


def touching(table: pd.DataFrame, state: CaseState, region: RegionPrior) -> pd.DataFrame:
    """The rows whose 90 % search area touches a region; without an area, whose best point does."""
    ids = {sha256: _area_ids(state.photos[sha256]) for sha256 in table["sha256"]}
    cells = np.unique(np.concatenate([np.zeros(0, np.uint64), *ids.values()]))
    if not len(cells):
        return table.iloc[:0]
    touched = cells[region_units(region, pd.DataFrame({"cell_id": cells})) > 0]
    return table[[bool(np.isin(ids[sha256], touched).any()) for sha256 in table["sha256"]]]


def ordered(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """The rows in one of ORDERS; rows of which nothing is known come last, equal ones as arrived.

    Raises:
        ValueError: an unknown order.
    """
    if by not in ORDERS:
        raise ValueError(f"Unknown order {by!r}. Known orders: {', '.join(ORDERS)}.")
    column, ascending = ORDERS[by]
    if not column:
        return table
    values = table[column]
    if column == "claim":
        values = values.map({verdict: rank for rank, verdict in enumerate(VERDICTS[::-1])})
    elif column == "place":
        values = values.fillna("").str.casefold().replace("", None)
    order = values.sort_values(ascending=ascending, kind="stable", na_position="last").index
    return table.loc[order]


def _area_ids(photo: CasePhoto) -> np.ndarray:
    """Cells of a photo's area, or that of its best point; of the whole Earth the six faces."""
    if photo.answer is None:
        return np.zeros(0, np.uint64)
    area = photo.answer["areas"].get(AREA_LEVEL)
    if area is None:
        return s2.cell_ids([photo.answer["lat"]], [photo.answer["lng"]])
    return s2.cells_at_level(0) if area["is_everywhere"] else s2.from_token(area["tokens"])


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
