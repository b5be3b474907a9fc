"""One photo's answer on a page: the first line, two heads side by side, their maps and evidence.

Stage: dashboard. It must not compute: answers come from the predictor, figures from analysis.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from dashboard.common import View, keep, plain
from dashboard.key_figures import percent
from dashboard.offline_map import show_map
from dashboard.predict_view import Answer, heat_map, shown_photo
from geocore.analysis.export import export
from geocore.analysis.trust import NEAR_KM, Trust, trust_of
from geocore.cells import s2
from geocore.cells.geodesy import distance_km
from geocore.cells.place_names import load_place_namer
from geocore.inference.bundle import Bundle
from geocore.inference.overlay import OVERLAY_FACTOR, overlay_heat_map
from geocore.inference.prediction import Prediction, roll_up
from geocore.visuals.maps import MapPoint, confidence_map, map_bounds

_NO_SECOND = "none"
_MAX_HEIGHT_PX, _SHOWN_WIDTH_PX = 380, 520
_POSITION_WORDS = {"exif": "Position in the photo's own data", "true": "Known place"}
_POSITION_LABELS = {"exif": "photo's own data", "true": "known place"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the reader set above the maps."""

    second: str
    level: int
    n_top: int
    opacity: float
    style: str
    rule: dict[str, float]

    def heads(self, view: View) -> list[str]:
        """The heads to show, the sidebar's first."""
        return [view.head] + [self.second] * (self.second != _NO_SECOND)


@keep("Comparing with the held-out photos …", max_entries=256)
def trust(bundle: Bundle, head: str, confidence: float) -> Trust | None:
    """What became of held-out photos about which this head was as sure."""
    rows, probs = bundle.predictions(head), bundle.probs(head)
    if rows.empty:
        return None
    is_right = probs.argmax(axis=1) == rows["class_index"].to_numpy()
    places = (rows[column].to_numpy() for column in ("lat", "lng", "point_lat", "point_lng"))
    return trust_of(confidence, probs.max(axis=1), is_right, distance_km(*places))


def show_first_line(view: View, answer: Answer) -> None:
    """Where, how sure, and how far it can be trusted."""
    prediction = answer.predictions[view.head]
    top = prediction.top(1).iloc[0]
    km2 = float(s2.cell_area_km2(s2.from_token([top["token"]]))[0])
    photo, words = st.columns([1, 2], gap="medium")
    pixels = shown_photo(answer.content)
    photo.image(pixels, width=_width_px(pixels))
    photo.caption(plain(answer.name))
    with words:
        where = plain(_around(top["place"]))
        st.subheader(f"Most probably {where}: confidence {percent(top['prob'])}")
        st.markdown(
            f"The area is a cell of {_area(km2)}. "
            + _trust_words(trust(view.bundle, view.head, prediction.confidence))
        )
        point = load_place_namer().names([prediction.lat], [prediction.lng])[0]
        st.markdown(
            f"**Best single point** {prediction.lat:.4f}, {prediction.lng:.4f}, {plain(point)}: "
            "the one to name where only one can be named."
        )
        _show_position(answer, prediction)


def choose_settings(view: View) -> Settings:
    """The controls above the maps."""
    columns = st.columns([2, 3, 2, 3, 2], gap="medium", vertical_alignment="bottom")
    others = [head for head in view.bundle.heads if head != view.head]
    preferred = next((head for head in ("MC", "HMC-tree") if head in others), None)
    second = columns[0].selectbox(
        "Second head",
        [*others, _NO_SECOND],
        index=others.index(preferred) if preferred else 0,
        key=f"second_of_{view.head}",
    )
    level = _choose_level(columns[1], view.bundle)
    n_top = columns[2].slider("Cells listed", 1, 20, 5, key="n_top")
    opacity = columns[3].slider(
        "Evidence over the photo", 0.0, 1.0, OVERLAY_FACTOR, key="evidence_opacity"
    )
    with columns[4].popover("Shading", width="stretch"):
        style = st.radio("Evidence", ["colour", "grey"], horizontal=True, key="evidence_style")
        rule = {
            "min_confidence": st.slider("Leave out cells under", 0.0, 0.5, 0.05, 0.01, key="low"),
            "max_confidence": st.slider("Shade no stronger from", 0.1, 1.0, 0.8, 0.05, key="cap"),
            "gain": st.slider("Strength of shading", 0.5, 10.0, 5.0, 0.5, key="gain"),
        }
    return Settings(
        second=second, level=level, n_top=n_top, opacity=opacity, style=style, rule=rule
    )


def show_heads(view: View, answer: Answer, settings: Settings) -> None:
    """Map, most probable cells and evidence of each chosen head, side by side."""
    heads = settings.heads(view)
    points = _points(answer)
    layers = {
        head: cells_at(view.bundle, answer.predictions[head], settings.level) for head in heads
    }
    drawn = [cells[cells["prob"] >= settings.rule["min_confidence"]] for cells in layers.values()]
    bounds = map_bounds(pd.concat(drawn), points)
    for column, head in zip(st.columns(len(heads), gap="medium"), heads, strict=True):
        with column:
            _show_head(view, answer, head, layers[head], points, bounds, settings)


def show_downloads(
    view: View, answers: Sequence[Answer], shown: Answer, settings: Settings
) -> None:
    """Answers of all photos as files, and the shown photo with its evidence as a picture."""
    st.subheader("Take the answers along")
    rows = [a.predictions[head] for a in answers for head in settings.heads(view)]
    kinds = {"JSON": "application/json", "GeoJSON": "application/geo+json", "CSV": "text/csv"}
    columns = st.columns(len(kinds) + 1)
    for column, (kind, mime) in zip(columns, kinds.items(), strict=False):
        content = export(rows, kind.lower(), settings.n_top)
        column.download_button(
            kind, content, f"answers.{kind.lower()}", mime,
            icon=":material/download:", on_click="ignore", width="stretch",
        )  # fmt: skip
    columns[-1].download_button(
        "PNG of the evidence", _png(view, shown, settings),
        f"{Path(shown.name).stem}-{view.head}.png", "image/png",
        icon=":material/download:", on_click="ignore", width="stretch",
    )  # fmt: skip


def cells_at(bundle: Bundle, prediction: Prediction, level: int) -> pd.DataFrame:
    """Cells of the map at a level with their probs: token, level, place, lat, lng, prob."""
    ids, probs = roll_up(prediction.probs, bundle.hierarchy, level)
    cells = bundle.grid.cells.set_index("cell_id").loc[ids].assign(prob=probs)
    return cells.reset_index()[["token", "level", "place", "lat", "lng", "prob"]]


def _show_head(
    view: View,
    answer: Answer,
    head: str,
    cells: pd.DataFrame,
    points: list[MapPoint],
    bounds: Sequence[Sequence[float]],
    settings: Settings,
) -> None:
    prediction = answer.predictions[head]
    st.markdown(f"#### {plain(head)}")
    best = MapPoint(lat=prediction.lat, lng=prediction.lng, label="best point", kind="best")
    layer = confidence_map(cells, cells["prob"].to_numpy(), points=[*points, best], **settings.rule)
    low = settings.rule["min_confidence"]
    if cells["prob"].max() < low:
        st.info(f"No cell reaches {percent(low)}: the model has no clear idea.")
    show_map(layer, key=f"answer_map_{head}", bounds=bounds, height=380)
    st.caption(
        f"The stronger the shade, the more probable. Cells under {percent(low)} are not drawn."
    )
    _show_top(cells.nlargest(settings.n_top, "prob"))
    _show_evidence(view, answer, head, settings)


def _show_top(cells: pd.DataFrame) -> None:
    st.dataframe(
        cells[["prob", "place", "lat", "lng", "level", "token"]],
        hide_index=True,
        column_config={
            "prob": st.column_config.ProgressColumn("Probability", format="percent", max_value=1),
            "place": st.column_config.TextColumn("Cell around", width=260),
            "lat": st.column_config.NumberColumn("Latitude", format="%.2f"),
            "lng": st.column_config.NumberColumn("Longitude", format="%.2f"),
            "level": "Level",
            "token": "Cell",
        },
    )


def _show_evidence(view: View, answer: Answer, head: str, settings: Settings) -> None:
    pixels = shown_photo(answer.content)
    st.image(_evidence(view, answer, head, settings), width=_width_px(pixels))
    is_flat = not _heat(view, answer, head).any()
    st.caption(
        "No part of the photo stands out as evidence for the most probable area."
        if is_flat
        else "Bright: what in the photo speaks for the most probable area."
    )


def _heat(view: View, answer: Answer, head: str) -> np.ndarray:
    class_index = int(answer.predictions[head].probs.argmax())
    return heat_map(view.bundle, answer.name, answer.content, head, class_index)


def _evidence(view: View, answer: Answer, head: str, settings: Settings) -> Image.Image:
    photo, heat = Image.fromarray(shown_photo(answer.content)), _heat(view, answer, head)
    return overlay_heat_map(photo, heat, opacity=settings.opacity, style=settings.style)


def _width_px(pixels: np.ndarray) -> int:
    """Width at which a photo is no higher than `_MAX_HEIGHT_PX`."""
    height, width = pixels.shape[:2]
    return max(1, min(_SHOWN_WIDTH_PX, round(_MAX_HEIGHT_PX * width / height)))


def _png(view: View, answer: Answer, settings: Settings) -> bytes:
    buffer = io.BytesIO()
    _evidence(view, answer, view.head, settings).save(buffer, "PNG")
    return buffer.getvalue()


def _choose_level(column: "st.delta_generator.DeltaGenerator", bundle: Bundle) -> int:
    levels = bundle.hierarchy.levels
    if len(levels) < 2:
        return levels[-1]
    return column.slider(
        "Cells merged up to level",
        levels[0],
        levels[-1],
        levels[-1],
        key="map_level",
        help="Smaller numbers merge cells into larger ones and add up their probabilities; none is "
        "lost. Exact for HMC-tree; for other heads the sum of their normalised scores.",
    )


def _points(answer: Answer) -> list[MapPoint]:
    if answer.position is None:
        return []
    lat, lng = answer.position
    label = _POSITION_LABELS[answer.position_kind]
    return [MapPoint(lat=lat, lng=lng, label=label, kind=answer.position_kind)]


def _show_position(answer: Answer, prediction: Prediction) -> None:
    if answer.position is None:
        st.caption("The photo's own data hold no position to compare with.")
        return
    lat, lng = answer.position
    km = float(distance_km(lat, lng, prediction.lat, prediction.lng))
    place = load_place_namer().names([lat], [lng])[0]
    words = _POSITION_WORDS[answer.position_kind]
    st.markdown(
        f"**{words}** {lat:.4f}, {lng:.4f}, {plain(place)}: "
        f"**{km:,.0f} km** from the best single point."
    )


def _trust_words(found: Trust | None) -> str:
    if found is None:
        return "Too few held-out photos to say how often such a confidence is right."
    low, high = (percent(x) for x in found.share_right_ci95)
    return (
        f"Of the {found.n_photos} held-out photos about which it was as sure as here, "
        f"**{percent(found.share_right)} were truly in the area named** (95 % interval {low} to "
        f"{high}); for {percent(found.share_near)} the best single point was within "
        f"{NEAR_KM:,.0f} km, and the median error was {found.median_km:,.0f} km."
    )


def _around(place: str) -> str:
    """A cell's name in a sentence: "near Ubud, Bali (3.4 km)" becomes "around Ubud, Bali"."""
    name = place.removeprefix("near ").rpartition(" (")[0] or place.removeprefix("near ")
    if place.startswith("near "):
        return f"around {name}"
    return f"in {'the ' * name.endswith(('Ocean', 'Sea'))}{name or 'an unnamed area'}"


def _area(km2: float) -> str:
    return f"{km2 / 1e6:.1f} million km²" if km2 >= 1e6 else f"{km2:,.0f} km²"
