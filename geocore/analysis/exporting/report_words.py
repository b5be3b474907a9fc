"""The figures of a case in words: every number says what it is a number of.

Stage: analysis. It must not know how a report is laid out.

Source: own.
"""

from collections.abc import Mapping
from typing import Any

from geocore.analysis.case_state import CasePhoto
from geocore.analysis.exporting.area_shapes import areas_of

AREA_HEADER = ("Search area", "Size with sea", "Land in it", "Countries it touches")
CELL_HEADER = ("Cell", "Place", "Probability given to it")
OVERVIEW_HEADER = ("Photo", "Most probable cell", "90 % search area", "Last claim", "Decision")
N_COUNTRIES, N_CELLS = 8, 5
_NO_BREAK = "\N{NO-BREAK SPACE}"
SOURCES = {"typed": "typed in", "click": "set on the map", "exif": "written in the file (EXIF)"}
Rows = list[tuple[str, ...]]


def photo_facts(photo: CasePhoto) -> Rows:
    """The file: its hash, size and what it claims of itself."""
    facts: Rows = [("Decision of the analyst", photo.decision), ("SHA-256", photo.sha256)]
    if photo.photo is None:
        return facts
    record = photo.photo
    size = f"{record['width_px']:,} × {record['height_px']:,} pixels, {record['n_bytes']:,} bytes"
    exif = record["exif_position"]
    position = "none" if exif is None else f"{point_words(*exif)} (not checked, easily changed)"
    return [*facts, ("File", size), ("Position written in the file", position)]


def answer_facts(answer: Mapping[str, Any]) -> Rows:
    """The answer: best single point, how sure, and who answered."""
    facts: Rows = [
        ("Best single point", point_words(answer["lat"], answer["lng"])),
        (
            "Confidence",
            f"{answer['confidence']:.1%}: the probability that the model gives to its most "
            "probable cell",
        ),
        ("Model and head", f"{answer['bundle']['name']}, {answer['head']}"),
        ("Hash of the model", answer["bundle"]["sha256"]),
    ]
    if answer.get("prior") is not None:
        facts.insert(0, ("Only places within", str(answer["prior"]["label"])))
    return facts


def event_facts(event: Mapping[str, Any], names: list[str]) -> Rows:
    """An event: its photos and their joint answer."""
    facts: Rows = [("Photos", f"{len(event['photo_sha256s'])}: {'; '.join(names)}")]
    if event.get("lat") is not None:
        facts.append(("Best single point of all together", point_words(event["lat"], event["lng"])))
    if event.get("bundle"):
        facts.append(("Model and head", f"{event['bundle']['name']}, {event.get('head', '')}"))
    return facts


def area_rows(record: Mapping[str, Any]) -> Rows:
    """Search areas, AREA_HEADER."""
    return [
        (f"{level:.0%}", km2_words(area["area_km2"]), km2_words(area["land_km2"]), _touched(area))
        for level, area in areas_of(record)
    ]


def cell_rows(record: Mapping[str, Any]) -> Rows:
    """The most probable cells, CELL_HEADER."""
    return [
        (cell["token"], cell["place"] or "unnamed", f"{cell['prob']:.1%}")
        for cell in (record.get("top") or [])[:N_CELLS]
    ]


def claim_lines(photo: CasePhoto) -> list[str]:
    """What was claimed of a photo, by whom, and what the check says."""
    return [
        f"Claimed: {x['claimed']['text']} "
        f"({point_words(x['claimed']['lat'], x['claimed']['lng'])}, "
        f"{SOURCES.get(x['claimed']['source'], x['claimed']['source'])}). "
        f"Verdict: {x['verdict']}. {x['sentence']}"
        for x in photo.claims
    ]


def influence_lines(event: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    """What each photo of an event does to its answer, and which do not fit."""
    lines = []
    for row in event.get("influence") or []:
        name = names.get(row["photo_sha256"], row["photo_sha256"])
        words = f"{name}: counts as {row['weight']:.2f} of a photo"
        lines.append(f"{words}; without it the best point would lie {row['moved_km']:,} km away.")
    for sha256 in event.get("outliers") or []:
        lines.append(f"{names.get(sha256, sha256)} does not fit the other photos of this event.")
    return lines


def short_place(answer: Mapping[str, Any]) -> str:
    """The most probable cell's place and probability."""
    if not answer["top"]:
        return point_words(answer["lat"], answer["lng"])
    best = answer["top"][0]
    return f"{best['place'] or 'unnamed'}, {best['prob']:.0%}"


def km2_words(area_km2: float) -> str:
    """An area, in one piece on every line."""
    return f"{area_km2:,}{_NO_BREAK}km²"


def point_words(lat: float, lng: float) -> str:
    """A point as people write it."""
    north, east = "S" if lat < 0 else "N", "W" if lng < 0 else "E"
    return f"{abs(lat):.4f}° {north}, {abs(lng):.4f}° {east}"


def _touched(area: Mapping[str, Any]) -> str:
    if area["is_everywhere"]:
        return "everywhere: no smaller area can keep this promise"
    names = [country["name"] for country in area["countries"]]
    if len(names) <= N_COUNTRIES:
        return ", ".join(names) or "none"
    return f"{', '.join(names[:N_COUNTRIES])} and {len(names) - N_COUNTRIES:,} more"
