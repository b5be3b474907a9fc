"""How much land of which country lies in a cell (stage: cells). Knows nothing about photos.

Shapes are laid out by longitude and the sine of latitude, where equal areas are equal on the sphere
too (Lambert's cylindrical projection), cut with each other and measured. The coasts are those of
the world map at 1:110 million: areas are good to about a percent for large countries, and islands
smaller than some thousand km2 are missing. So that no country is, those with a town of the place
list in the cell are named too, with the area that the map gives them there, which may be 0.

Source: Lambert 1772; own.
"""

import numpy as np
import pandas as pd
import shapely

from geocore.cells import s2
from geocore.cells.pieces import find_pieces
from geocore.cells.place_names import PlaceNamer
from geocore.cells.polygons import cells_geojson

SLIVER_SHARE, SLIVER_KM2 = 1e-4, 100.0
"""What is below both is no land but the drawing's inaccuracy along a cell's edge."""
LAND_COLUMNS = ("cell", "code", "land_km2")


def land_of_cells(cell_ids: np.ndarray, namer: PlaceNamer) -> pd.DataFrame:
    """The countries that each cell touches and how much land they have in it.

    Args:
        cell_ids: uint64 (n_cells,), ascending, none inside another.
        namer: places and countries.

    Returns:
        Columns LAND_COLUMNS: cell (position in `cell_ids`), code (ISO 3166), land_km2; rising by
        cell, in a cell the country with most land first.
    """
    cell_ids = np.asarray(cell_ids, np.uint64)
    pieces = pd.concat([_shape_pieces(cell_ids, namer), _town_pieces(cell_ids, namer)])
    land = pieces.groupby(["cell", "code"], as_index=False)["land_km2"].sum()
    order = ["cell", "land_km2", "code"]
    return land.sort_values(order, ascending=[True, False, True], ignore_index=True)


def _shape_pieces(cell_ids: np.ndarray, namer: PlaceNamer) -> pd.DataFrame:
    """Land of each country's shape in each cell that it meets."""
    features = cells_geojson(s2.token(cell_ids))["features"]
    cells = _equal_area(_shapes(features))
    countries = _equal_area(namer.countries["shape"].to_numpy())
    cell, country = shapely.STRtree(countries).query(cells, predicate="intersects")
    common = shapely.area(shapely.intersection(cells[cell], countries[country]))
    share = common / shapely.area(cells)[cell]
    km2 = share * s2.cell_area_km2(cell_ids)[cell]
    codes = namer.countries["code"].to_numpy()[country]
    return pd.DataFrame({"cell": cell, "code": codes, "land_km2": km2})[
        (share > SLIVER_SHARE) | (km2 > SLIVER_KM2)
    ]


def _town_pieces(cell_ids: np.ndarray, namer: PlaceNamer) -> pd.DataFrame:
    """A row without land for each country with a town in a cell."""
    places = namer.places
    cell = find_pieces(cell_ids, places["lat"].to_numpy(), places["lng"].to_numpy())
    towns = pd.DataFrame({"cell": cell, "code": places["code"], "land_km2": 0.0})
    return towns[cell >= 0].drop_duplicates()


def _shapes(features: list[dict]) -> np.ndarray:
    geometries = [shapely.geometry.shape(feature["geometry"]) for feature in features]
    return np.array(geometries, dtype=object)


def _equal_area(shapes: np.ndarray) -> np.ndarray:
    """Shapes in lng and lat, degrees, moved to longitude (degrees) and sine of latitude."""

    def move(points: np.ndarray) -> np.ndarray:
        return np.column_stack([points[:, 0], np.sin(np.radians(points[:, 1]))])

    return shapely.make_valid(shapely.transform(shapes, move))
