"""The table of a case: one row per photo, whatever is known of it."""

from geocore.analysis.case_state import CasePhoto, CaseState
from geocore.analysis.triage_table import TRIAGE_COLUMNS, countries_of, filtered, triage_table


def answer(place, prob, codes, abstention=None):
    area = {"area_km2": 1000, "countries": [{"code": code, "name": code} for code in codes]}
    return {
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
