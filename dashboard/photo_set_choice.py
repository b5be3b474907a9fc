"""Which photo set the reader looks at: the bundle's own photos, a listed folder, or a typed path.

Stage: dashboard. It must not read a photo set, only find where one lies. Nothing is ever written
into a photo set from here.
"""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard.common import View, plain
from geocore.data.photos import TABLE_NAMES

SUFFIXES = (".csv", ".csv.gz", ".parquet")
OWN, TYPED = "own", "typed"


@dataclass(frozen=True)
class PhotoSource:
    """A photo set that was chosen.

    Attributes:
        name: what to call it.
        path: its folder or table; None for the photos that the bundle learned from.
    """

    name: str
    path: Path | None


def listed_sources() -> dict[str, Path]:
    """Photo sets in what GEOCORE_PHOTOS names, by their resolved path.

    Each of its paths (divided as in PATH) is a photo set itself, or a folder of photo sets.
    """
    named = filter(None, os.environ.get("GEOCORE_PHOTOS", "").split(os.pathsep))
    found = [source for path in named for source in _sources_in(Path(path))]
    return {str(source.resolve()): source for source in found}


def choose_source(view: View) -> PhotoSource | None:
    """The photo set the reader wants; None, with a sentence shown, where there is none there."""
    listed = listed_sources()
    names = {OWN: "This bundle's photos", **_names(listed), TYPED: "Another folder or table"}
    if st.session_state.get("photo_source", OWN) not in names:
        st.session_state["photo_source"] = OWN
    left, right = st.columns([2, 3], gap="medium")
    chosen = left.selectbox(
        "Photo set",
        list(names),
        format_func=names.get,
        key="photo_source",
        bind="query-params",
        help="Folders that GEOCORE_PHOTOS names are listed here. They are only read.",
    )
    if chosen == OWN:
        return PhotoSource(view.bundle.name, None)
    if chosen != TYPED:
        return PhotoSource(names[chosen], listed[chosen])
    text = right.text_input(
        "Folder with photos.csv or photos.parquet, or such a table",
        key="photo_path",
        bind="query-params",
        placeholder="/data/my_photos",
        help="A folder or a table on the computer that runs this dashboard. It is only read.",
    )
    return _typed_source(text.strip())


def _typed_source(text: str) -> PhotoSource | None:
    if not text:
        st.info("Type where the photo set lies.", icon=":material/folder_open:")
        return None
    path = Path(text).expanduser()
    if not path.exists():
        st.error(
            f"There is nothing at {plain(text)} on this computer. Check the spelling, or whether "
            "the disk is connected.",
            icon=":material/error:",
        )
        return None
    return PhotoSource(path.name, path)


def _names(listed: dict[str, Path]) -> dict[str, str]:
    """What to call each set: its own name, or its whole path where two are called alike."""
    times = Counter(path.name for path in listed.values())
    return {key: path.name if times[path.name] == 1 else key for key, path in listed.items()}


def _sources_in(path: Path) -> list[Path]:
    if not path.is_dir() or _is_photo_set(path):
        return [path]
    return sorted(entry for entry in path.iterdir() if _is_photo_set(entry))


def _is_photo_set(path: Path) -> bool:
    if path.is_dir():
        return any((path / name).is_file() for name in TABLE_NAMES)
    return path.name.lower().endswith(SUFFIXES)
