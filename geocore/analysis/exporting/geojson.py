"""A case as GeoJSON (stage: analysis). It must not know how features come about.

Source: RFC 7946: WGS 84, longitude first, outer rings counterclockwise, nothing across +-180.
"""

import json

import shapely

from geocore.analysis.canonical import canonical_json
from geocore.analysis.case_state import CaseState
from geocore.analysis.exporting.features import Feature, features_of

DECIMALS = 5


def as_geojson(state: CaseState) -> bytes:
    """A FeatureCollection; a feature's property `kind` is its layer, `case` says what it is of."""
    return canonical_json(
        {
            "type": "FeatureCollection",
            "case": case_facts(state),
            "features": [_as_dict(feature) for feature in features_of(state)],
        }
    )


def case_facts(state: CaseState) -> dict[str, object]:
    """What a file says of the case that it was made from."""
    return {
        "title": state.title,
        "purpose": state.purpose,
        "n_photos": len(state.photos),
        "n_log_entries": state.n_entries,
        "log_head_hash": state.head_hash,
    }


def _as_dict(feature: Feature) -> dict[str, object]:
    return {
        "type": "Feature",
        "geometry": None if feature.geometry is None else _geometry(feature.geometry),
        "properties": {"kind": feature.layer, **feature.row},
    }


def _geometry(geometry: shapely.Geometry) -> object:
    rounded = shapely.transform(geometry, lambda lng_lat: lng_lat.round(DECIMALS) + 0.0)
    return json.loads(shapely.to_geojson(rounded))
