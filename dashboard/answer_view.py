"""One photo's answer on a page: two heads side by side, their maps, cells and evidence.

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

from dashboard.cell_words import cells_at
from dashboard.common import View, plain
from dashboard.first_line import width_px
from dashboard.key_figures import percent
from dashboard.offline_map import show_map
from dashboard.predict_view import Answer, heat_map, shown_photo
from dashboard.table_view import show_table_of
from geocore.analysis.export import export, origin_of
from geocore.inference.bundle import Bundle
from geocore.inference.overlay import OVERLAY_FACTOR, overlay_heat_map
from geocore.visuals.maps import MapPoint, confidence_map, map_bounds

_NO_SECOND = "none"
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


def show_heads(
    view: View, answer: Answer, settings: Settings, *, is_restricted: bool = False
) -> None:
    """Map, most probable cells and evidence of each chosen head, side by side."""
    if is_restricted:
        st.caption(
            "Restricted: a cell counts with the part of it that lies in the region, but is drawn "
            "and named as a whole. The files below hold these restricted answers."
        )
    heads = settings.heads(view)
    points = known_points(answer)
    layers = {
        head: cells_at(view.bundle, answer.predictions[head], settings.level) for head in heads
    }
    drawn = [cells[cells["prob"] >= settings.rule["min_confidence"]] for cells in layers.values()]
    bounds = map_bounds(pd.concat(drawn), points, margin_deg=12.0)
    for column, head in zip(st.columns(len(heads), gap="medium"), heads, strict=True):
        with column:
            _show_head(view, answer, head, layers[head], points, bounds, settings)


def show_downloads(
    view: View,
    answers: Sequence[Answer],
    shown: Answer,
    settings: Settings,
    *,
    is_restricted: bool = False,
) -> None:
    """Answers of all photos as files, and the shown photo with its evidence as a picture.

    Made beforehand: Streamlit 1.67 throws files that are made on the click away as soon as another
    reader's page ends its run, and the click then finds nothing.
    """
    st.subheader("Take the answers along")
    stem = "answers-restricted" if is_restricted else "answers"
    rows = [a.predictions[head] for a in answers for head in settings.heads(view)]
    kinds = {"JSON": "application/json", "GeoJSON": "application/geo+json", "CSV": "text/csv"}
    columns = st.columns([*[2] * len(kinds), 3])
    for column, (kind, mime) in zip(columns, kinds.items(), strict=False):
        content = export(rows, kind.lower(), settings.n_top, origin_of(view.bundle))
        column.download_button(
            kind, content, f"{stem}.{kind.lower()}", mime,
            icon=":material/download:", on_click="ignore", width="stretch",
        )  # fmt: skip
    columns[-1].download_button(
        "PNG of the evidence", _png(view, shown, settings),
        f"{Path(shown.name).stem}-{view.head}.png", "image/png",
        icon=":material/download:", on_click="ignore", width="stretch",
    )  # fmt: skip


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
    show_table_of(
        cells[["prob", "place", "centroid", "lat", "lng", "level", "token"]],
        hide_index=True,
        column_config={
            "prob": st.column_config.ProgressColumn(
                "Probability", format="percent", max_value=1, width=95
            ),
            "place": st.column_config.TextColumn("Known photos from", width=290),
            # On the map's tooltips and in the downloads; here they would cut each other off.
            **dict.fromkeys(("centroid", "lat", "lng", "level", "token")),
        },
    )


def _show_evidence(view: View, answer: Answer, head: str, settings: Settings) -> None:
    pixels = shown_photo(answer.content)
    st.image(_evidence(view, answer, head, settings), width=width_px(pixels))
    is_flat = not _heat(view, answer, head).any()
    st.caption(
        "No part of the photo stands out as evidence for the most probable area: what the network "
        "sees last speaks against it everywhere. The answer then rests on finer structures and on "
        "what else the model reads, which this picture does not show."
        if is_flat
        else "Bright: what in the photo speaks for the most probable area."
    )


def _heat(view: View, answer: Answer, head: str) -> np.ndarray:
    class_index = int(answer.predictions[head].probs.argmax())
    return heat_map(view.bundle, answer.content, head, class_index, answer.name)


def _evidence(view: View, answer: Answer, head: str, settings: Settings) -> Image.Image:
    photo, heat = Image.fromarray(shown_photo(answer.content)), _heat(view, answer, head)
    return overlay_heat_map(photo, heat, opacity=settings.opacity, style=settings.style)


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


def known_points(answer: Answer) -> list[MapPoint]:
    """Where the photo is known or said, by itself, to be from."""
    if answer.position is None:
        return []
    lat, lng = answer.position
    label = _POSITION_LABELS[answer.position_kind]
    return [MapPoint(lat=lat, lng=lng, label=label, kind=answer.position_kind)]
