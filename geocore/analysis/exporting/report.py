"""What a report says, in the order in which it says it, for a page and for a PDF alike.

Stage: analysis. It must not know how a report is laid out.

Source: own.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import shapely

from geocore.analysis.case_state import CasePhoto, CaseState
from geocore.analysis.exporting.area_shapes import (
    AreaShapes,
    areas_of,
    region_shape,
    shapes_of_case,
)
from geocore.analysis.exporting.flat_map import FlatMap, flat_map
from geocore.analysis.exporting.report_limits import limits_of, model_part
from geocore.analysis.exporting.report_words import (
    answer_facts,
    area_rows,
    cell_rows,
    claim_lines,
    event_facts,
    influence_lines,
    km2_words,
    photo_facts,
    short_place,
)
from geocore.data.images import thumbnail
from geocore.errors import ImageError
from geocore.inference.bundle import Bundle

Pictures = Callable[[str], bytes | None]
Rows = list[tuple[str, ...]]
PICTURE_PX = 480


@dataclass(frozen=True, kw_only=True)
class Part:
    """One photo or one event of a report.

    Attributes:
        anchor: name of the place in the report that the overview leads to.
        title: name of the photo or event; text from outside.
        warning: why there is no usable answer, or the file could not be read; "" otherwise.
        map: of its areas and points, or None.
        facts: (what, value).
        areas: rows of AREA_HEADER.
        cells: rows of CELL_HEADER.
        lines: sentences about claims or about single photos of an event.
        notes: (analyst, text).
        photo, heat_map: small JPEG pictures, where they were given and can be read.
    """

    anchor: str
    title: str
    warning: str = ""
    map: FlatMap | None = None
    facts: Rows = field(default_factory=list)
    areas: Rows = field(default_factory=list)
    cells: Rows = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    photo: bytes | None = None
    heat_map: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole report.

    Attributes:
        title: of the case.
        facts: (what, value) about the case and the log it was made from.
        region: sentence about the region known otherwise, "" without one.
        map: where the best single points lie.
        overview: one row per photo, OVERVIEW_HEADER, after the anchor of its part.
        events, photos: the parts.
        failures: (name, sentence) of files that could not be read.
        notes: (analyst, text) about the case.
        model: (heading, sentences) about the model that answered.
        limits: sentences.
    """

    title: str
    facts: Rows
    region: str
    map: FlatMap | None
    overview: Rows
    events: list[Part]
    photos: list[Part]
    failures: list[tuple[str, str]]
    notes: list[tuple[str, str]]
    model: list[tuple[str, list[str]]]
    limits: list[str]


def report_of(
    state: CaseState,
    bundle: Bundle | None,
    photos: Pictures | None,
    heat_maps: Pictures | None,
) -> Report:
    """The report of a case (see `geocore.analysis.exporting.formats.export_case`)."""
    shapes = shapes_of_case(state)
    parts = [
        _photo_part(number, photo, shapes, photos, heat_maps)
        for number, photo in enumerate(state.photos.values(), start=1)
    ]
    answered = [photo.answer for photo in state.photos.values() if photo.answer is not None]
    region = "" if state.prior is None else str(state.prior["label"])
    return Report(
        title=state.title or "Untitled case",
        facts=_case_facts(state, len(answered)),
        region=region,
        map=flat_map([], [("answer", a["lat"], a["lng"]) for a in answered]) if answered else None,
        overview=[
            (part.anchor, *_overview(photo))
            for part, photo in zip(parts, state.photos.values(), strict=True)
        ],
        events=[
            _event_part(number, event, state, shapes)
            for number, event in enumerate(state.events.values(), start=1)
        ],
        photos=parts,
        failures=state.failures,
        notes=state.notes,
        model=model_part(answered, bundle),
        limits=limits_of(state, bundle),
    )


def _case_facts(state: CaseState, n_answered: int) -> Rows:
    decisions = [photo.decision for photo in state.photos.values()]
    return [
        ("Purpose", state.purpose or "not given"),
        *(("Photos of people or homes", _caution_words(*said)) for said in state.cautions),
        ("Photos", f"{len(state.photos):,}, of which {n_answered:,} were answered"),
        (
            "Decisions of the analyst",
            f"{decisions.count('accepted'):,} accepted, {decisions.count('rejected'):,} rejected, "
            f"{decisions.count('open'):,} open",
        ),
        ("Events", f"{len(state.events):,}"),
        ("Entries in the log", f"{state.n_entries:,}"),
        ("Hash of the last entry", state.head_hash or "no log: answers without a case"),
    ]


def _caution_words(analyst: str, record: Mapping[str, Any]) -> str:
    return (
        f"{len(record['photo_sha256s']):,} held back until {analyst} confirmed: "
        f"{record['sentence']} Purpose: {record['purpose']}."
    )


def _overview(photo: CasePhoto) -> tuple[str, ...]:
    answer = photo.answer
    if answer is None:
        return (photo.name, photo.failure or "not answered yet", "", "", photo.decision)
    if answer["abstention"] is not None:
        return (photo.name, "no usable answer", "", "", photo.decision)
    sizes = {f"{level:g}": area for level, area in areas_of(answer)}
    area = sizes.get("0.9")
    size = "" if area is None else km2_words(area["area_km2"])
    verdict = photo.claims[-1]["verdict"] if photo.claims else ""
    return (photo.name, short_place(answer), size, verdict, photo.decision)


def _photo_part(
    number: int,
    photo: CasePhoto,
    shapes: AreaShapes,
    photos: Pictures | None,
    heat_maps: Pictures | None,
) -> Part:
    answer = photo.answer
    warning = photo.failure or ""
    if answer is not None and answer["abstention"] is not None:
        warning = f"No usable answer. {answer['abstention']['sentence']}"
    return Part(
        anchor=f"photo-{number}",
        title=photo.name,
        warning=warning,
        map=None if answer is None else _photo_map(photo, answer, shapes),
        facts=photo_facts(photo) + ([] if answer is None else answer_facts(answer)),
        areas=[] if answer is None else area_rows(answer),
        cells=[] if answer is None else cell_rows(answer),
        lines=claim_lines(photo),
        notes=photo.notes,
        photo=_picture(photos, photo),
        heat_map=_picture(heat_maps, photo),
    )


def _picture(pictures: Pictures | None, photo: CasePhoto) -> bytes | None:
    """A picture made small and drawn anew: whatever else its file holds is not passed on."""
    content = None if pictures is None else pictures(photo.sha256)
    if content is None:
        return None
    stream = io.BytesIO()
    try:
        thumbnail(content, PICTURE_PX, name=photo.name).save(stream, "JPEG", quality=80)
    except ImageError:
        return None
    return stream.getvalue()


def _photo_map(photo: CasePhoto, answer: Mapping[str, Any], shapes: AreaShapes) -> FlatMap:
    points = [("answer", answer["lat"], answer["lng"])]
    points += [("claim", x["claimed"]["lat"], x["claimed"]["lng"]) for x in photo.claims]
    exif = (photo.photo or {}).get("exif_position")
    points += [] if exif is None else [("exif", *exif)]
    return flat_map([*_region(answer), *_outlines(answer, shapes)], points)


def _event_part(
    number: int, event: Mapping[str, Any], state: CaseState, shapes: AreaShapes
) -> Part:
    members = [state.photos[x] for x in event["photo_sha256s"] if x in state.photos]
    points = [("member", x.answer["lat"], x.answer["lng"]) for x in members if x.answer is not None]
    if event.get("lat") is not None:
        points.append(("answer", event["lat"], event["lng"]))
    return Part(
        anchor=f"event-{number}",
        title=event["name"],
        map=flat_map(_outlines(event, shapes), points),
        facts=event_facts(event, [photo.name for photo in members]),
        areas=area_rows(event),
        cells=cell_rows(event),
        lines=influence_lines(event, {photo.sha256: photo.name for photo in members}),
    )


def _outlines(record: Mapping[str, Any], shapes: AreaShapes) -> list[tuple[str, shapely.Geometry]]:
    """The widest area first, so that the narrower ones lie on it."""
    return [(f"area-{x.level * 100:.0f}", x.shape) for x in shapes.outlines(record)[::-1]]


def _region(answer: Mapping[str, Any]) -> list[tuple[str, shapely.Geometry]]:
    polygon = (answer.get("prior") or {}).get("polygon")
    return [] if polygon is None else [("region", region_shape(polygon))]
