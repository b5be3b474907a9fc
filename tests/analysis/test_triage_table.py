"""The table of a case: one row per photo, whatever is known of it."""

import pytest

from geocore.analysis.case_state import CasePhoto, CaseState
from geocore.analysis.region_text import read_region
from geocore.analysis.triage_table import (
    ORDERS,
    TRIAGE_COLUMNS,
    countries_of,
    filtered,
    ordered,
    touching,
    triage_table,
)

TOKENS = {"near Accra": ["0fdf"], "near Lima": ["9105"]}
GHANA = read_region("POLYGON((-4 4, 2 4, 2 12, -4 12, -4 4))")


def answer(place, prob, codes, abstention=None):
    area = {
        "area_km2": 1000,
        "is_everywhere": False,
        "tokens": TOKENS[place],
        "countries": [{"code": code, "name": code} for code in codes],
    }
    return {
        "lat": -12.0,
        "lng": -77.0,
        "top": [{"place": place, "prob": prob, "token": "04", "level": 2}],
        "areas": {"0.9": area},
        "abstention": abstention,
    }


def state():
    photos = [
        CasePhoto(sha256="a", name="a.jpg", answer=answer("near Accra", 0.5, ["GH", "TG"])),
        CasePhoto(sha256="b", name="b.jpg", failure="b.jpg: no photo."),
        CasePhoto(
            sha256="c",
            name="c.jpg",
            answer=answer("near Lima", 0.1, ["PE"], {"reason": "flat", "sentence": "Too flat."}),
            decision="rejected",
            notes=[("Ada", "dark"), ("Ben", "drawn?")],
            claims=[{"verdict": "compatible"}, {"verdict": "unlikely"}],
        ),
        CasePhoto(sha256="d", name="d.jpg"),
    ]
    return CaseState(photos={photo.sha256: photo for photo in photos})


def test_one_row_per_photo():
    table = triage_table(state()).set_index("sha256")
    assert table.loc["a", "place"] == "near Accra"
    assert table.loc["a", "area_km2"] == 1000
    assert table.loc["b", "no_answer"] == "b.jpg: no photo."
    assert table.loc["c", "no_answer"] == "Too flat."
    assert table.loc["c", "claim"] == "unlikely"
    assert table.loc["c", "notes"] == "dark / drawn?"
    assert table.loc["d", "no_answer"] == "not asked yet"
    assert table.loc[["b", "d"], "confidence"].isna().all()


def test_an_empty_case_has_an_empty_table():
    table = triage_table(CaseState())
    assert tuple(table) == TRIAGE_COLUMNS
    assert table.empty and countries_of(table) == []


def test_filters_narrow():
    table = triage_table(state())
    assert countries_of(table) == ["GH", "PE", "TG"]
    assert list(filtered(table)["sha256"]) == ["a", "b", "c", "d"]
    assert list(filtered(table, decisions=["rejected"])["sha256"]) == ["c"]
    assert list(filtered(table, countries=["TG", "PE"])["sha256"]) == ["a", "c"]
    assert filtered(table, decisions=["open"], countries=["PE"]).empty
    assert list(filtered(table, claims=["unlikely"])["sha256"]) == ["c"]
    assert list(filtered(table, claims=[""])["sha256"]) == ["a", "b", "d"]


def test_a_region_keeps_the_photos_whose_area_touches_it():
    case = state()
    table = triage_table(case)
    assert list(touching(table, case, GHANA)["sha256"]) == ["a"]
    case.photos["c"].answer["areas"]["0.9"]["is_everywhere"] = True
    assert list(touching(table, case, GHANA)["sha256"]) == ["a", "c"]
    case.photos["a"].answer["areas"] = {}
    assert list(touching(table, case, GHANA)["sha256"]) == ["c"], "its best point lies in Peru"
    assert touching(table.iloc[:0], case, GHANA).empty


def test_photos_are_ordered_and_the_unknown_come_last():
    table = triage_table(state())
    found = {by: "".join(ordered(table, by)["sha256"]) for by in ORDERS}
    assert found == {
        "arrival": "abcd",
        "certainty, the surest first": "acbd",
        "area, the smallest first": "acbd",
        "region, by name": "acbd",
        "claim, the most doubtful first": "cabd",
    }
    with pytest.raises(ValueError, match=r"Unknown order 'size'\. Known orders: arrival"):
        ordered(table, "size")
