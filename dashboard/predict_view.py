"""The parts of page 2: photos in, and for each photo the answer, its map and its evidence.

Stage: dashboard. It must not compute: answers come from the predictor, figures from analysis.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st
from PIL import ImageOps

from dashboard.abstention_view import abstention_of
from dashboard.cell_words import most_probable
from dashboard.common import View, keep, load_predictor, plain
from dashboard.line import give_way
from dashboard.public_demo import is_samples_only, show_samples_only
from dashboard.table_view import show_table_of
from geocore.data.exif import exif_position
from geocore.data.images import ACCEPTED, thumbnail
from geocore.data.samples import load_samples
from geocore.errors import ImageError
from geocore.inference.bundle import Bundle
from geocore.inference.photo_look import PhotoLook
from geocore.inference.prediction import PhotoFailure, Prediction

if TYPE_CHECKING:
    from geocore.inference.predictor import Reading

NamedPhoto = tuple[str, bytes]
Position = tuple[float, float]
_SHOWN_PX = 900
_N_COLUMNS = 5
_GALLERY_STYLE = """<style>.st-key-gallery button {min-height: 3.4rem}
.st-key-gallery button p {white-space: normal}</style>"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """One photo and what all heads say about it.

    Attributes:
        name: of the file, as it was given.
        content: the encoded photo.
        predictions: per head; of the region alone, if one is known otherwise.
        from_photo: per head what the photo alone says.
        look: what kind of picture it is.
        position: the photo's own position (EXIF) or a sample's known place; None where unknown.
        position_kind: "exif", "true" or "".
    """

    name: str
    content: bytes
    predictions: dict[str, Prediction]
    from_photo: dict[str, Prediction]
    look: PhotoLook
    position: Position | None
    position_kind: str


@keep("Opening the sample photos …", max_entries=1)
def samples() -> pd.DataFrame:
    """The sample photos with places, licences and, as `content`, their bytes."""
    photos = load_samples().photos
    return photos.assign(content=[Path(path).read_bytes() for path in photos["path"]])


@keep("Looking at the photo …", max_entries=4096, is_heavy=True)
def seen(bundle: Bundle, name: str, content: bytes) -> tuple[dict[str, Prediction], PhotoLook]:
    """What every head says about a photo, and what kind of picture it is."""
    predictor = load_predictor(bundle)
    reading = _reading(bundle, name, content)
    return {head: predictor.answer(reading, head) for head in bundle.heads}, predictor.look(reading)


@keep("Finding what in the photo speaks for the answer …", max_entries=256, is_heavy=True)
def heat_map(
    bundle: Bundle, content: bytes, head: str, class_index: int, _name: str = "photo"
) -> np.ndarray:
    """Grad-CAM of one leaf, (h, w) in 0..1; quicker with the name that `seen` was asked with."""
    reading = _reading(bundle, _name, content)
    return load_predictor(bundle).explain(reading, head, class_index)


@keep("Looking at the photo …", max_entries=32)
def _reading(bundle: Bundle, name: str, content: bytes) -> "Reading":
    """The network's view of a photo, kept for as long as its heat maps are likely to be wanted."""
    return load_predictor(bundle).read(content, name=name)


@keep("Opening the photo …", max_entries=64, is_heavy=True)  # over a megabyte each
def shown_photo(content: bytes, side_px: int = _SHOWN_PX) -> np.ndarray:
    """The photo upright and small enough to show, (height, width, 3) uint8."""
    return np.asarray(thumbnail(content, side_px))


@keep("Opening the sample photos …", max_entries=32)
def _cropped(content: bytes) -> np.ndarray:
    return np.asarray(ImageOps.fit(thumbnail(content, 320), (240, 160)))


def take_photos() -> list[NamedPhoto]:
    """The drop zone and the gallery; what was chosen last are this reader's photos."""
    key = f"predict_upload_{st.session_state.setdefault('upload_round', 0)}"

    def take_uploads() -> None:
        uploads = st.session_state[key]
        st.session_state["photos"] = [(upload.name, upload.getvalue()) for upload in uploads]

    if is_samples_only():
        show_samples_only()
        _show_gallery()
        return [photo for photo in st.session_state.get("photos", []) if _is_sample(photo)]
    st.file_uploader(
        f"Drop photos here, several at once if you like ({ACCEPTED}). They stay on this computer.",
        accept_multiple_files=True,
        key=key,
        on_change=take_uploads,
    )
    photos = st.session_state.get("photos", [])
    with st.expander("No photo at hand? Try one of known place", expanded=not photos):
        _show_gallery()
    return photos


def _is_sample(photo: NamedPhoto) -> bool:
    return photo[1] in set(samples()["content"])


def _show_gallery() -> None:
    def take_sample(name: str, content: bytes) -> None:
        st.session_state["photos"] = [(name, content)]
        st.session_state["upload_round"] += 1  # another key empties the drop zone

    st.html(_GALLERY_STYLE)
    columns = st.container(key="gallery").columns(_N_COLUMNS)
    for index, sample in enumerate(samples().itertuples()):
        with columns[index % _N_COLUMNS]:
            st.image(_cropped(sample.content), width="stretch")
            st.button(
                plain(sample.TITLE),
                key=f"sample_{sample.photo_id}",
                on_click=take_sample,
                args=(sample.photo_id, sample.content),
                width="stretch",
            )
            credit = f"{plain(sample.AUTHOR)} · {plain(sample.LICENSE)}"
            st.caption(f"{credit} · [source](<{sample.SOURCE}>)")


def answer_photos(view: View, photos: Sequence[NamedPhoto]) -> list[Answer | PhotoFailure]:
    """One answer per photo, or why it cannot be read."""
    bar = st.progress(0.0) if len(photos) > 1 else None
    answers: list[Answer | PhotoFailure] = []
    known = {s.content: (s.lat, s.lng) for s in samples().itertuples()}
    for index, (name, content) in enumerate(photos):
        if index:
            give_way()
        if bar:
            bar.progress(index / len(photos), f"Photo {index + 1} of {len(photos)}")
        try:
            answers.append(_answer(view.bundle, name, content, known))
        except ImageError as error:
            answers.append(PhotoFailure(photo=name, error=str(error)))
    if bar:
        bar.empty()
    return answers


def show_failures(answers: Sequence[Answer | PhotoFailure]) -> None:
    """One sentence per photo that cannot be read."""
    for answer in answers:
        if isinstance(answer, PhotoFailure):
            st.error(plain(answer.error), icon=":material/broken_image:")


def pick_answer(view: View, answers: Sequence[Answer]) -> Answer:
    """The photo to show: the only one, or the row ticked in a table of all."""
    if len(answers) == 1:
        return answers[0]
    st.markdown(f"**{len(answers)} photos.** Tick a row to see its answer below.")
    tops = [answer.predictions[view.head].top(1).iloc[0] for answer in answers]
    table = pd.DataFrame(
        {
            "Photo": [answer.name for answer in answers],
            "Most probable area": [_where(view, answer) for answer in answers],
            "Confidence": [top["prob"] for top in tops],
            "Best latitude": [answer.predictions[view.head].lat for answer in answers],
            "Best longitude": [answer.predictions[view.head].lng for answer in answers],
        }
    )
    number = st.column_config.NumberColumn
    state = show_table_of(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [0]}},
        key=f"photos_{_identity(answers)}",
        column_config={
            "Photo": st.column_config.TextColumn(width=190),
            "Most probable area": st.column_config.TextColumn(width=285),
            "Confidence": st.column_config.ProgressColumn(format="percent", max_value=1),
            "Best latitude": number(format="%.2f"),
            "Best longitude": number(format="%.2f"),
        },
    )
    rows = state["selection"]["rows"]
    return answers[rows[0] if rows else 0]


def _where(view: View, answer: Answer) -> str:
    if abstention_of(view.bundle, answer.from_photo[view.head], answer.look):
        return "no usable answer"
    return most_probable(view.bundle, answer.predictions[view.head])


def _answer(bundle: Bundle, name: str, content: bytes, known: dict[bytes, Position]) -> Answer:
    position, kind = exif_position(content, name=name), "exif"
    if content in known:
        position, kind = known[content], "true"
    found, look = seen(bundle, name, content)
    return Answer(
        name=name,
        content=content,
        predictions=found,
        from_photo=found,
        look=look,
        position=position,
        position_kind=kind if position else "",
    )


def _identity(answers: Sequence[Answer]) -> str:
    digest = hashlib.sha256()
    for answer in answers:
        digest.update(hashlib.sha256(answer.content).digest())
    return digest.hexdigest()[:16]
