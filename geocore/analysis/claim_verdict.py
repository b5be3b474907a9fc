"""What a check of a claim found, and the verdict in words that promise no more than was measured.

Stage: analysis. It must not know how the figures came about (`geocore.analysis.claims`) or pages.

Source: own.
"""

from dataclasses import dataclass

import pandas as pd

from geocore.evaluation.conformal import EPSILON

COMPATIBLE, UNLIKELY, OUTSIDE_AREA = "compatible", "unlikely", "outside the 95 % area"
VERDICTS = (COMPATIBLE, UNLIKELY, OUTSIDE_AREA)
AREA_LEVEL, ALARM = 0.95, 0.05
_NO_PROOF = "It is a reason to doubt, no proof."


@dataclass(frozen=True, kw_only=True, eq=False)
class ClaimCheck:
    """What a photo says about a claimed place.

    Attributes:
        lat, lng: the claimed point, degrees; of a region or country its largest town.
        radius_km: how exact the claim is, 0 for a point.
        code: ISO 3166 of a country claimed as a whole, or of the region's, else "".
        region: that is claimed as a whole, else "".
        place: its name, by default what lies there: the nearest town, the country, or the sea.
        head: that answered.
        branch: the claimed cell at every level, the coarsest first, columns
            `geocore.analysis.cell_p_values.P_COLUMNS`. Of a claim that several cells hold, the best
            fitting one.
        p_value: of the finest claimed cell: the largest share of true claims that fit as ill.
        rank: of that cell by probability among n_cells, 1 the most probable; -1 outside all cells.
        n_cells: finest cells, all of which it is ranked among.
        prob: of that cell.
        is_inside: whether the claim touches the search area at 95 %.
        is_everywhere: that area is the whole Earth: no smaller one can be promised.
        distance_to_area_km: from the claim to the area, 0 inside.
        is_outside_cells: no cell holds the place: hardly any photo was ever taken there.
        n_compatible: finest cells with a p-value above 5 %.
        nearest: other compatible cells, the nearest first, columns
            `geocore.analysis.claims.NEAREST_COLUMNS`.
        n_calibration: photos with known places that the claim is held against.
    """

    lat: float
    lng: float
    radius_km: float
    code: str
    region: str
    place: str
    head: str
    branch: pd.DataFrame
    p_value: float
    rank: int
    n_cells: int
    prob: float
    is_inside: bool
    is_everywhere: bool
    distance_to_area_km: float
    is_outside_cells: bool
    n_compatible: int
    nearest: pd.DataFrame
    n_calibration: int

    @property
    def is_alarm(self) -> bool:
        """Whether the photo's look speaks against the place: so it does for 5 % of true claims."""
        return self.p_value <= ALARM + EPSILON

    @property
    def verdict(self) -> str:
        """One of VERDICTS; of two reasons to doubt, the one that the map shows."""
        if not self.is_inside:
            return OUTSIDE_AREA
        return UNLIKELY if self.is_alarm else COMPATIBLE

    @property
    def sentence(self) -> str:
        """The verdict in careful words, with what it rests on."""
        if self.verdict == OUTSIDE_AREA:
            return self._outside_sentence()
        if self.verdict == UNLIKELY:
            where = "inside the 95 % search area all the same"
            if self.is_everywhere:
                where = "in the area to search, which here is the whole Earth"
            return (
                f"Unlikely: {self.place}. {self._against()}{self._look()} The place lies "
                f"{where}. 5 of 100 true claims look as unlikely. {_NO_PROOF}"
            )
        return (
            f"Compatible: the check found nothing that speaks against {self.place}. {self._look()} "
            f"That is no proof either: {self.n_compatible} of {self.n_cells} cells are compatible "
            "with this photo."
        )

    def _outside_sentence(self) -> str:
        return (
            f"Outside the 95 % area: {self.place} lies {self.distance_to_area_km:,.0f} km from the "
            "area to search, and of 100 photos like the measured ones 95 were taken inside theirs. "
            f"{self._against()}{self._look()} 5 of 100 true claims lie outside too. {_NO_PROOF}"
        )

    def _against(self) -> str:
        if self.is_outside_cells:
            return "No cell holds the place. "
        against = "speaks" if self.is_alarm else "by itself does not speak"
        return f"The photo's look {against} against the place. "

    def _look(self) -> str:
        known = f"{self.n_calibration:,} photos of known places"
        if self.is_outside_cells:
            return f"Hardly any photo is taken there (p = {self.p_value:.2g}, by {known})."
        return (
            f"Of {known}, {self._share()} fit their true place as badly or worse "
            f"(p = {self.p_value:.2g})."
        )

    def _share(self) -> str:
        return f"{self.p_value:.1%}" if self.p_value < 0.1 else f"{self.p_value:.0%}"
