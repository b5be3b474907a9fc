"""What is the same in every search area: where the parts of cells lie, and whose land they hold.

Stage: analysis. It must not know predictions. Worked out once per calibration, for an area is asked
for thrice per photo.

Source: own.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from geocore.cells import s2
from geocore.cells.continents import load_countries
from geocore.inference.search_calibration import SearchCalibration


@dataclass(frozen=True, kw_only=True, eq=False)
class CountryInArea:
    """A country that a search area touches.

    Attributes:
        code: ISO 3166.
        name: English name.
        land_km2: its land inside the area, at 1:110 million; 0 for a state too small for the map.
    """

    code: str
    name: str
    land_km2: float


@dataclass(frozen=True, kw_only=True, eq=False)
class UnitFacts:
    """The units of one method (leaves or pieces) as arrays (n_units,), in their order.

    Attributes:
        class_index: int, of the leaf.
        cell_id: uint64.
        token: str.
        level: int, of S2.
        lat, lng: degrees, of the middle.
        share: of the leaf's probability, 0-1.
        area_km2, land_km2: float64.
    """

    class_index: np.ndarray
    cell_id: np.ndarray
    token: np.ndarray
    level: np.ndarray
    lat: np.ndarray
    lng: np.ndarray
    share: np.ndarray
    area_km2: np.ndarray
    land_km2: np.ndarray
    _codes: np.ndarray  # (n_codes,), ascending
    _part_unit: np.ndarray  # (n_parts,): a part is what one country has of one unit
    _part_code: np.ndarray
    _part_km2: np.ndarray

    def countries(self, rows: np.ndarray) -> tuple[CountryInArea, ...]:
        """Countries that some units touch, the one with most land in them first."""
        is_inside = np.zeros(len(self.cell_id), bool)
        is_inside[rows] = True
        own = is_inside[self._part_unit]
        code, n_codes = self._part_code[own], len(self._codes)
        km2 = np.bincount(code, self._part_km2[own], minlength=n_codes)
        touched = np.flatnonzero(np.bincount(code, minlength=n_codes))
        names = _country_names()
        return tuple(
            CountryInArea(
                code=str(self._codes[i]),
                name=names.get(str(self._codes[i]), str(self._codes[i])),
                land_km2=float(km2[i]),
            )
            for i in touched[np.argsort(-km2[touched], kind="stable")]
        )


@lru_cache(maxsize=16)
def unit_facts(calibration: SearchCalibration, method: str) -> UnitFacts:
    """The facts of a method's units.

    Args:
        calibration: of a bundle; told from others by identity, for it never changes.
        method: key of `geocore.evaluation.conformal.METHODS`.
    """
    units = calibration.units(method)
    cell_id = units["cell_id"].to_numpy(np.uint64)
    lat, lng = s2.centers(cell_id)
    n_parts = np.array([len(codes) for codes in units["codes"]], np.int64)
    part_codes = [code for codes in units["codes"] for code in codes]
    codes, part_code = np.unique(np.array(part_codes, str), return_inverse=True)
    return UnitFacts(
        class_index=units["class_index"].to_numpy(np.int64),
        cell_id=cell_id,
        token=np.array(s2.token(cell_id), object),
        level=s2.level_of(cell_id),
        lat=lat,
        lng=lng,
        share=units["share"].to_numpy(np.float64),
        area_km2=units["area_km2"].to_numpy(np.float64),
        land_km2=units["land_km2"].to_numpy(np.float64),
        _codes=codes,
        _part_unit=np.repeat(np.arange(len(units)), n_parts),
        _part_code=part_code,
        _part_km2=np.array([x for km2 in units["codes_km2"] for x in km2], np.float64),
    )


@lru_cache(maxsize=1)
def _country_names() -> dict[str, str]:
    return {str(code): str(name) for code, name in load_countries()["name"].items()}
