"""A checked claim, and how well claims are checked, as plain text or JSON.

Stage: analysis. It must not know pages.

Source: own.
"""

import json
from collections.abc import Sequence

import pandas as pd

from geocore.analysis.claim_power import TRUE
from geocore.analysis.claim_verdict import ClaimCheck
from geocore.analysis.claimed_place import ClaimedPlace

FORMATS = ("text", "json")
_BRANCH = ["level", "place", "prob", "p_value", "rank", "n_cells"]


def claim_text(check: ClaimCheck, claims: Sequence[ClaimedPlace], file_format: str = "text") -> str:
    """What the check of the first of `claims` found.

    Args:
        check: of the first claim.
        claims: as they were understood; further ones are named as what else may have been meant.
        file_format: one of FORMATS.

    Raises:
        ValueError: an unknown format.
    """
    if file_format not in FORMATS:
        raise ValueError(f"Unknown format {file_format!r}. Known formats: {', '.join(FORMATS)}.")
    if file_format == "json":
        return json.dumps(_json(check, claims), ensure_ascii=False, indent=2, sort_keys=True)
    claim, *others = claims
    lines = [
        f"Claimed: {claim.label}" + (f" (within {check.radius_km:g} km)" * (check.radius_km > 0))
    ]
    lines += [claim.note] * bool(claim.note)
    if others:
        lines.append(f"May also be meant: {'; '.join(other.label for other in others)}")
    lines += [
        "",
        check.sentence,
        "",
        "The claimed cell at every level:",
        _table(check.branch[_BRANCH]),
    ]
    if len(check.nearest):
        nearest = check.nearest[["place", "distance_km", "prob", "p_value"]]
        lines += ["", "Nearest other cells that are compatible:", _table(nearest)]
    return "\n".join(lines)


def power_text(power: pd.DataFrame) -> str:
    """The table of `geocore.analysis.claim_power.claim_power` in sentences."""
    n_photos = power.loc[power["claim"] == TRUE, "n_photos"].iloc[0]
    lines = [
        f"Of {n_photos:,} photos that were not trained on, each held against its own place "
        "and against those of the others, the check doubts (95 % interval):"
    ]
    for claim, rows in power.groupby("claim", sort=False):
        lines.append(f"\nwhere {claim} is claimed ({rows['n_claims'].iloc[0]:,} claims)")
        lines += [f"  {_share(row):>20}  {row['doubt']}" for row in rows.to_dict("records")]
    return "\n".join(lines)


def _share(row: dict) -> str:
    if row["share"] is None or pd.isna(row["share"]):
        return "no such claim"
    return f"{row['share']:.1%} ({row['low']:.1%}-{row['high']:.1%})"


def _json(check: ClaimCheck, claims: Sequence[ClaimedPlace]) -> dict:
    return {
        "claimed": vars(claims[0]),
        "may_also_be_meant": [claim.label for claim in claims[1:]],
        "radius_km": check.radius_km,
        "verdict": check.verdict,
        "sentence": check.sentence,
        "head": check.head,
        "p_value": round(check.p_value, 6),
        "rank": check.rank,
        "n_cells": check.n_cells,
        "prob": round(check.prob, 6),
        "is_inside_area": check.is_inside,
        "distance_to_area_km": round(check.distance_to_area_km),
        "n_compatible": check.n_compatible,
        "n_calibration": check.n_calibration,
        "branch": json.loads(check.branch.to_json(orient="records", double_precision=6)),
        "nearest": json.loads(check.nearest.to_json(orient="records", double_precision=6)),
    }


def _table(table: pd.DataFrame) -> str:
    words = {
        "place": "place", "level": "level", "prob": "probability", "p_value": "p-value",
        "rank": "rank", "n_cells": "of cells", "distance_km": "km away",
    }  # fmt: skip
    table = table.replace({name: {-1: "-"} for name in ("level", "rank") if name in table})
    shown = table.assign(
        **{name: table[name].map("{:.3f}".format) for name in ("prob", "p_value")},
        **{name: table[name].map("{:,.0f}".format) for name in ("distance_km",) if name in table},
    )
    return shown.rename(columns=words).to_string(index=False)
