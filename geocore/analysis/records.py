"""What a case file says of photos, answers and decisions: plain dicts, rounded, ready for hashing.

Stage: analysis. It must not know databases. Figures are rounded so that a replay gives the same
bytes: probs to 6 decimals, degrees to 5 (1 m), areas to whole km2.

Source: own.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from geocore.analysis.search_area import SearchArea
from geocore.inference.prediction import Prediction

DECISIONS = ("open", "accepted", "rejected")
N_TOP = 10
Record = dict[str, Any]


def opened_record(title: str, purpose: str, app_version: str) -> Record:
    """A case begins: what it is called and what its answers are for."""
    return {"title": title, "purpose": purpose, "app_version": app_version}


def photo_record(
    name: str,
    sha256: str,
    *,
    n_bytes: int,
    size_px: tuple[int, int],
    exif_position: tuple[float, float] | None,
) -> Record:
    """A photo that was read.

    Args:
        name: as it was given; text from outside.
        sha256: of the encoded file.
        n_bytes: of the encoded file.
        size_px: width and height.
        exif_position: lat, lng in degrees as the file claims, never trusted.
    """
    position = None if exif_position is None else [_degrees(x) for x in exif_position]
    return {
        "name": name,
        "sha256": sha256,
        "n_bytes": int(n_bytes),
        "width_px": int(size_px[0]),
        "height_px": int(size_px[1]),
        "exif_position": position,
    }


def failure_record(name: str, error: str, sha256: str | None = None) -> Record:
    """A photo that could not be read, and the sentence that says why."""
    return {"name": name, "sha256": sha256, "error": error}


def answer_record(
    prediction: Prediction,
    *,
    photo_sha256: str,
    bundle: Mapping[str, str],
    areas: Iterable[SearchArea] = (),
    abstention: Mapping[str, str] | None = None,
    prior: Mapping[str, Any] | None = None,
) -> Record:
    """An answer, whole enough to be compared with a replay.

    Args:
        prediction: of one head for the photo.
        photo_sha256: of the encoded photo.
        bundle: `bundle_record` of the bundle that answered.
        areas: search areas, one per level.
        abstention: reason and sentence, where there is no usable answer.
        prior: the region that was known otherwise, if one was set.
    """
    return {
        "photo_sha256": photo_sha256,
        "photo": prediction.photo,
        "bundle": dict(bundle),
        "head": prediction.head,
        "domain": prediction.domain,
        "lat": _degrees(prediction.lat),
        "lng": _degrees(prediction.lng),
        "confidence": _prob(prediction.confidence),
        "top": [_cell(row) for row in prediction.top(N_TOP).to_dict("records")],
        "probs": [_prob(x) for x in prediction.probs],
        "areas": {f"{area.level:g}": area_record(area) for area in areas},
        "abstention": None if abstention is None else dict(abstention),
        "prior": None if prior is None else dict(prior),
    }


def area_record(area: SearchArea) -> Record:
    """A search area: the cells that draw it, its size, and the countries it touches."""
    return {
        "method": area.method,
        "tokens": sorted(area.tokens),
        "area_km2": round(area.area_km2),
        "land_km2": round(area.land_km2),
        "countries": [{"code": c.code, "name": c.name} for c in area.countries],
        "is_everywhere": bool(area.is_everywhere),
    }


def bundle_record(name: str, sha256: str) -> dict[str, str]:
    """Which bundle answered: its name and the SHA-256 of its manifest, which lists every file."""
    return {"name": name, "sha256": sha256}


def caution_record(purpose: str, sentence: str, photo_sha256s: Iterable[str]) -> Record:
    """Photos of people or homes may be answered: what for, and the sentence that was confirmed."""
    return {
        "purpose": purpose,
        "sentence": sentence,
        "photo_sha256s": sorted(set(photo_sha256s)),
    }


def decision_record(photo_sha256: str, decision: str, *, undoes: int | None = None) -> Record:
    """What the analyst decided about a photo's answer.

    Args:
        photo_sha256: of the encoded photo.
        decision: one of DECISIONS.
        undoes: number of the entry that is taken back by this one; what stood before it is
            `decision` again.

    Raises:
        ValueError: not one of DECISIONS.
    """
    if decision not in DECISIONS:
        raise ValueError(f"A decision is one of {', '.join(DECISIONS)}, received {decision!r}.")
    record: Record = {"photo_sha256": photo_sha256, "decision": decision}
    return record if undoes is None else record | {"undoes": undoes}


def note_record(text: str, photo_sha256: str | None = None) -> Record:
    """A note about a photo, or about the case."""
    return {"photo_sha256": photo_sha256, "text": text}


def export_record(file_format: str, n_photos: int, sha256: str, head_hash: str) -> Record:
    """A file was exported: its hash, and the last entry of the log it was made from."""
    return {
        "format": file_format,
        "n_photos": int(n_photos),
        "sha256": sha256,
        "head_hash": head_hash,
    }


def online_record(service: str, what: str) -> Record:
    """The analyst asked a service outside this machine: which, and what it was told."""
    return {"service": service, "what": what}


def _cell(row: Mapping[str, Any]) -> Record:
    return {
        "token": str(row["token"]),
        "level": int(row["level"]),
        "place": str(row["place"]),
        "prob": _prob(row["prob"]),
    }


def _degrees(value: float) -> float:
    return round(float(value), 5) + 0.0  # no minus zero


def _prob(value: float) -> float:
    return round(float(value), 6)
