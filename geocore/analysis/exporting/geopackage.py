"""A case as a GeoPackage: one layer per kind of thing, for QGIS and its like (stage: analysis).

A GeoPackage is an SQLite file with a few agreed tables, written here directly: GDAL would add 30 MB
and a time stamp. The same case gives the same bytes. Checked with GDAL in the tests.

Source: OGC 12-128r19, GeoPackage 1.4.
"""

import sqlite3
import struct
from collections.abc import Sequence
from contextlib import closing

import numpy as np
import shapely

from geocore.analysis.case_state import CaseState
from geocore.analysis.exporting.features import LAYERS, NONE, Feature, features_of
from geocore.analysis.exporting.geojson import case_facts

_APPLICATION_ID, _USER_VERSION, _WGS84 = 0x47504B47, 10400, 4326
_SQL_TYPES = {str: "TEXT", int: "INTEGER", float: "DOUBLE", bool: "BOOLEAN"}
_NO_TIME = "1970-01-01T00:00:00.000Z"
_WGS84_WKT = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,'
    'AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,'
    'AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],'
    'AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]'
)
_AGREED_TABLES = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY,
  organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL,
  description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL,
  identifier TEXT UNIQUE, description TEXT DEFAULT '', last_change DATETIME NOT NULL,
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
"""


def as_geopackage(state: CaseState) -> bytes:
    """An SQLite file with a table per layer that is not empty, and the table `case_facts`."""
    by_layer: dict[str, list[Feature]] = {}
    for feature in features_of(state):
        by_layer.setdefault(feature.layer, []).append(feature)
    with closing(sqlite3.connect(":memory:")) as database:
        _begin(database)
        for layer, features in by_layer.items():
            _add_layer(database, layer, features)
        _add_table(database, "case_facts", {"fact": str, "value": str})
        facts = [(None, key, str(value)) for key, value in case_facts(state).items()]
        database.executemany('INSERT INTO "case_facts" VALUES (?, ?, ?)', facts)
        database.commit()
        return database.serialize()


def _begin(database: sqlite3.Connection) -> None:
    database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {_USER_VERSION}")
    database.executescript(_AGREED_TABLES)
    systems = [
        ("Undefined Cartesian", -1, "NONE", -1, "undefined", None),
        ("Undefined geographic", 0, "NONE", 0, "undefined", None),
        ("WGS 84", _WGS84, "EPSG", _WGS84, _WGS84_WKT, None),
    ]
    database.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", systems)


def _add_layer(database: sqlite3.Connection, layer: str, features: list[Feature]) -> None:
    geometry_type, columns = LAYERS[layer]
    has_geometry = geometry_type != NONE
    shapes = np.array([feature.geometry for feature in features], dtype=object)
    bounds = [None if np.isnan(x) else float(x) for x in shapely.total_bounds(shapes)]
    _add_table(database, layer, columns, geometry_type, bounds)
    marks = ", ".join("?" * (1 + has_geometry + len(columns)))
    rows = [
        (None, *([_blob(x.geometry)] if has_geometry else []), *(x.row[key] for key in columns))
        for x in features
    ]
    database.executemany(f'INSERT INTO "{layer}" VALUES ({marks})', rows)


def _add_table(
    database: sqlite3.Connection,
    name: str,
    columns: dict[str, type],
    geometry_type: str = NONE,
    bounds: Sequence[float | None] = (None,) * 4,
) -> None:
    """A table and its entries in the agreed ones; names and columns are ours, never the user's."""
    parts = ["fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL"]
    parts += [f"geom {geometry_type}"] if geometry_type else []
    parts += [f'"{column}" {_SQL_TYPES[kind]}' for column, kind in columns.items()]
    database.execute(f'CREATE TABLE "{name}" ({", ".join(parts)})')
    data_type, srs_id = ("features", _WGS84) if geometry_type else ("attributes", None)
    contents = (name, data_type, name, "", _NO_TIME, *bounds, srs_id)
    database.execute("INSERT INTO gpkg_contents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", contents)
    if geometry_type:
        described = (name, "geom", geometry_type, _WGS84, 0, 0)
        database.execute("INSERT INTO gpkg_geometry_columns VALUES (?, ?, ?, ?, ?, ?)", described)


def _blob(geometry: shapely.Geometry | None) -> bytes | None:
    """GeoPackage binary: "GP", version 0, flags little-endian (and empty), srs_id, then WKB."""
    if geometry is None:
        return None
    flags = 0b00010001 if geometry.is_empty else 0b00000001
    wkb = shapely.to_wkb(geometry, byte_order=1, flavor="iso")
    return b"GP" + struct.pack("<BBi", 0, flags, _WGS84) + wkb
