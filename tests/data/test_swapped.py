"""Swapped columns are named where the places speak for it: in the real tables, by country."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geocore.cells.place_names import is_near_town, load_place_namer
from geocore.data.photos import load_coordinates
from geocore.data.swapped import beyond_range, implausible_places

TABLES = (
    "coordinates/flickr_100k.csv.gz",
    "coordinates/flood_photos_2013.csv",
    "coordinates/landslides_nasa.csv",
    "street_photos/photos.csv",
    "country_scenes/photos.csv",
    "open_photos/photos.csv",
)
# Latitude and longitude are alike there: no table of these places alone can show a swap.
ALIKE = {"AD", "AE", "CY", "GE", "IL", "IR", "KE", "LV", "MT", "NA", "QA", "SA", "SN", "SY", "TZ"}
ALIKE |= {"UA"}


@pytest.mark.parametrize("name", TABLES)
def test_real_tables_are_right_and_swapped_they_are_named(shared_data: Path, name: str) -> None:
    table = pd.read_csv(shared_data / name)
    table = table[table["LON"].abs() <= 90]  # where every number is in range after a swap
    lat, lng = table["LAT"].to_numpy(float), table["LON"].to_numpy(float)
    assert implausible_places(lat, lng, is_near_town) == ""
    assert beyond_range(lng, lat) == ""
    sentence = implausible_places(lng, lat, is_near_town)
    assert "The columns look swapped." in sentence


def test_photos_of_one_country_are_never_called_swapped_wrongly(shared_data: Path) -> None:
    table = pd.read_csv(shared_data / "coordinates" / "flickr_100k.csv.gz")
    lat, lng = table["LAT"].to_numpy(float), table["LON"].to_numpy(float)
    code = pd.Series(load_place_namer().country_codes(lat, lng))
    found = {
        name: [
            bool(implausible_places(*pair, is_near_town) or beyond_range(*pair))
            for pair in ((lat[rows], lng[rows]), (lng[rows], lat[rows]))
        ]
        for name, rows in code.groupby(code).indices.items()
        if len(rows) >= 30 and name
    }
    assert not any(as_given for as_given, _ in found.values())
    missed = {name for name, (_, swapped) in found.items() if not swapped}
    assert missed <= ALIKE


def everywhere(lat: np.ndarray, lng: np.ndarray) -> np.ndarray:
    assert (np.abs(lat) <= 90).all()
    return np.ones(len(lat), bool)


def test_too_little_evidence_says_nothing() -> None:
    lat, lng = np.full(30, 150.0), np.full(30, 20.0)
    assert "0% lie where" in implausible_places(lat, lng, everywhere)
    assert implausible_places(lat[:19], lng[:19], everywhere) == ""
    assert implausible_places(np.full(30, np.nan), lng, everywhere) == ""
    assert implausible_places(lng, lng, everywhere) == ""


def test_a_table_that_looks_swapped_says_so_in_its_summary(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("IMG_ID,LAT,LON\n" + "".join(f"{i},13.4,52.5\n" for i in range(30)), "utf-8")
    table = load_coordinates(path, is_plausible=is_near_town)
    assert "Doubtful: LAT must be the latitude and LON the longitude, but of 30" in table.summary()
    assert len(table.photos) == 30, "nothing is corrected or left out"
    assert load_coordinates(path).doubt == ""
