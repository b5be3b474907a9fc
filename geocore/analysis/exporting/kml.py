"""A case as KML, for Google Earth and its like (stage: analysis).

Google Earth shows texts as web pages. So that no text from outside becomes one, "<" is written as
a look-alike.

Source: OGC 12-007r2, KML 2.3 (written as 2.2, which every reader knows).
"""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

import shapely

from geocore.analysis.case_state import CaseState
from geocore.analysis.exporting.features import LAYERS, Feature, features_of

_NAMESPACE = "http://www.opengis.net/kml/2.2"
_LOOK_ALIKE = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
_FOLDERS = {
    "answers": "Best single points", "areas": "Search areas", "claims": "Claimed places",
    "exif_positions": "Positions that the files claim", "events": "Best single points of events",
    "event_areas": "Search areas of events", "region": "Region known otherwise",
    "failures": "Files that could not be read",
}  # fmt: skip
_COLOURS = {  # aabbggrr
    "answers": "ff005ed5", "areas": "40b27200", "claims": "ff000000", "exif_positions": "ff5a7a00",
    "events": "ff005ed5", "event_areas": "40a850a8", "region": "207a6400",
}  # fmt: skip


def as_kml(state: CaseState) -> bytes:
    """One folder per layer; each thing's facts are its ExtendedData."""
    root = ET.Element("kml", xmlns=_NAMESPACE)
    document = ET.SubElement(root, "Document")
    _text(document, "name", state.title)
    about = f"{state.purpose}\nHash of the log's last entry: {state.head_hash or 'none'}"
    _text(document, "description", about)
    for layer, colour in _COLOURS.items():
        _add_style(document, layer, colour)
    by_layer: dict[str, list[Feature]] = {}
    for feature in features_of(state):
        by_layer.setdefault(feature.layer, []).append(feature)
    for layer, features in by_layer.items():
        folder = ET.SubElement(document, "Folder")
        _text(folder, "name", _FOLDERS[layer])
        for feature in features:
            _add_placemark(folder, feature)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _add_style(document: ET.Element, layer: str, colour: str) -> None:
    style = ET.SubElement(document, "Style", id=layer)
    _text(ET.SubElement(style, "IconStyle"), "color", colour)
    _text(ET.SubElement(style, "LineStyle"), "color", f"ff{colour[2:]}")
    _text(ET.SubElement(style, "PolyStyle"), "color", colour)


def _add_placemark(folder: ET.Element, feature: Feature) -> None:
    placemark = ET.SubElement(folder, "Placemark")
    _text(placemark, "name", _name(feature))
    if feature.geometry is None:
        _text(placemark, "visibility", "0")
    if feature.layer in _COLOURS:
        _text(placemark, "styleUrl", f"#{feature.layer}")
    data = ET.SubElement(placemark, "ExtendedData")
    for key in LAYERS[feature.layer][1]:
        if feature.row[key] is not None:
            _text(ET.SubElement(data, "Data", name=key), "value", str(feature.row[key]))
    if feature.geometry is not None:
        placemark.append(_geometry(feature.geometry))


def _name(feature: Feature) -> str:
    row = feature.row
    name = row.get("photo") or row.get("event") or row.get("region") or ""
    share = row.get("promised_share")
    return name if share is None else f"{name}: {share:.0%} area"


def _geometry(geometry: shapely.Geometry) -> ET.Element:
    if isinstance(geometry, shapely.Point):
        point = ET.Element("Point")
        _text(point, "coordinates", next(_coordinates(geometry)))
        return point
    parts = ET.Element("MultiGeometry")
    for polygon in shapely.get_parts(geometry):
        element = ET.SubElement(parts, "Polygon")
        _ring(element, "outerBoundaryIs", polygon.exterior)
        for ring in polygon.interiors:
            _ring(element, "innerBoundaryIs", ring)
    return parts


def _ring(polygon: ET.Element, tag: str, ring: shapely.LinearRing) -> None:
    line = ET.SubElement(ET.SubElement(polygon, tag), "LinearRing")
    _text(line, "coordinates", " ".join(_coordinates(ring)))


def _coordinates(geometry: shapely.Geometry) -> Iterator[str]:
    for lng, lat in shapely.get_coordinates(geometry).round(5) + 0.0:
        yield f"{lng:.7g},{lat:.7g}"


def _text(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = text.replace("<", _LOOK_ALIKE)
