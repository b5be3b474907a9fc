"""What every page shares: the frame, the sidebar, the one error box and everything kept in memory.

Stage: dashboard. The only place with `st.cache_*`. It must not know what a page shows, and it
loads TensorFlow only when a page asks for the predictor.

    from dashboard.common import page

    with page("Cell explorer", ":material/grid_view:") as view:
        st.write(view.bundle.grid.n_leaves, view.head)
"""

import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.event_log import log_event, start_event_log
from dashboard.footer import show_footer
from dashboard.offline_map import show_map
from geocore.analysis.case_file import Case, open_case
from geocore.analysis.photo_description import (
    PhotoDescription,
    describe_photos,
    describe_source,
)
from geocore.data.photos import TABLE_NAMES
from geocore.errors import BundleError, GeocoreError
from geocore.inference.bundle import DEFAULT_BUNDLE, Bundle, list_bundles, load_bundle
from geocore.inference.bundle_files import MANIFEST, file_sha256
from geocore.jobs import bundles_folder

if TYPE_CHECKING:
    from geocore.casework.batch import Batch
    from geocore.inference.predictor import Predictor

__all__ = [
    "View",
    "bundle_folders",
    "error_box",
    "fragment",
    "keep",
    "load_predictor",
    "open_photo_set",
    "page",
    "plain",
    "shared_batch",
    "shared_case",
    "show_map",
]

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:])")
_ICON = str(Path(__file__).with_name("icon.svg"))  # a symbol or emoji would be fetched
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class View:
    """What the sidebar chose: the opened bundle and the name of one of its heads."""

    bundle: Bundle
    head: str


@contextmanager
def page(title: str, icon: str) -> Iterator[View]:
    """The frame of a page: title, sidebar, header, error box and footer around its content.

    A bundle that cannot be opened shows a sentence in place of the content.

    Args:
        title: of the page and of its browser tab.
        icon: Material symbol before the title, such as ":material/grid_view:".
    """
    start_event_log()
    started = time.monotonic()
    st.set_page_config(page_title=f"{title} · Geolocation", page_icon=_ICON, layout="wide")
    st.title(f"{icon} {title}")
    view = None
    with error_box():
        chosen = _chosen_view()
        _bundle_line(chosen.bundle)
        view = chosen
    if view is not None:
        with error_box():
            yield view
    show_footer(view and view.bundle, plain(view.bundle.name) if view else "")
    log_event("page shown", page=title, seconds=round(time.monotonic() - started, 3))
    if view is None:
        st.stop()


@contextmanager
def error_box() -> Iterator[None]:
    """The one place where a failure becomes a sentence instead of a traceback."""
    try:
        yield
    except GeocoreError as error:
        st.error(plain(str(error)), icon=":material/error:")
    except Exception:
        _LOG.exception("unexpected failure on a page")
        st.error(
            "This part of the page failed unexpectedly. Reload the page; if it fails again, give "
            "the terminal's last lines to whoever runs this dashboard.",
            icon=":material/error:",
        )


def plain(text: str) -> str:
    """Text from outside (file names, places) as Markdown that shows exactly this text.

    Unescaped, a file's name could draw a picture from another server.
    """
    return _MARKDOWN.sub(r"\\\1", text)


def fragment(show: Callable[..., None]) -> Callable[..., None]:
    """`st.fragment` with its own error box: a part of a page that reruns alone."""

    @st.fragment
    @wraps(show)
    def shown(*args: Any, **kwargs: Any) -> None:
        with error_box():
            show(*args, **kwargs)

    return shown


def keep(message: str, max_entries: int = 64) -> Callable[[Callable[..., Any]], Any]:
    """Keep a function's results in memory, by the values of its arguments, for all readers.

    Give it names, numbers, bytes, bundles (compared by folder and manifest) and photo sets (by
    where their photos lie). An argument whose name starts with an underscore is not compared.

    Args:
        message: status line shown while the result is computed.
        max_entries: results kept; the oldest go first.
    """
    identity = {
        Bundle: lambda bundle: (str(bundle.folder), repr(bundle.manifest)),
        PhotoDescription: lambda photos: photos.places_sha256,
    }
    return st.cache_data(show_spinner=message, max_entries=max_entries, hash_funcs=identity)


def open_bundle(folder: Path) -> Bundle:
    """The checked bundle in `folder`, opened once for all readers and again when it changes.

    Raises:
        BundleError: it cannot be used; the sentence says why.
    """
    return _open_bundle(str(folder), _stamp(folder))


def load_predictor(bundle: Bundle) -> "Predictor":
    """The predictor of a bundle, made once for all readers. Loads TensorFlow."""
    return _load_predictor(str(bundle.folder), _stamp(bundle.folder))


def shared_case(path: Path) -> Case:
    """The open case of a file, for all readers.

    Raises:
        CaseError: it cannot be used; the sentence says why.
    """
    return _shared_case(str(path.resolve()), path.stat().st_ino if path.is_file() else 0)


@st.cache_resource(show_spinner="Opening the case …", max_entries=16)
def _shared_case(path: str, inode: int) -> Case:
    return open_case(path)


def shared_batch(view: View, case: Path) -> "Batch":
    """The queue of a case for the chosen bundle and head, shared by all who work on the case."""
    folder = view.bundle.folder
    return _shared_batch(str(case.resolve()), str(folder), _stamp(folder), view.head, view.bundle)


@st.cache_resource(show_spinner="Loading the model, some seconds the first time …", max_entries=16)
def _shared_batch(case: str, folder: str, stamp: int, head: str, _bundle: Bundle) -> "Batch":
    from geocore.casework.batch import Batch

    return Batch(partial(load_predictor, _bundle), partial(open_case, case), head=head)


def open_photo_set(source: Path | None, bundle: Bundle) -> PhotoDescription:
    """A photo set described, once for all readers and again when its table changes.

    Args:
        source: its folder or table; None for the photos behind the bundle.
        bundle: the chosen one.

    Raises:
        PhotoTableError: it cannot be used; the sentence says why.
    """
    if source is None:
        return _describe_bundle(str(bundle.folder), _stamp(bundle.folder), bundle)
    tables = (source / name for name in TABLE_NAMES)
    table = next((path for path in tables if path.is_file()), source)
    return _describe_source(str(source), table.stat().st_mtime_ns)


@st.cache_resource(show_spinner="Reading the photo set …", max_entries=4)
def _describe_source(source: str, stamp: int) -> PhotoDescription:
    return describe_source(Path(source))


@st.cache_resource(show_spinner="Locating the photos …", max_entries=4)
def _describe_bundle(folder: str, stamp: int, _bundle: Bundle) -> PhotoDescription:
    return describe_photos(_bundle.photos, _bundle.name)


@st.cache_resource(show_spinner="Checking and opening the bundle …", max_entries=4)
def _open_bundle(folder: str, stamp: int) -> Bundle:
    return load_bundle(folder)


@st.cache_resource(show_spinner="Loading the model, some seconds the first time …", max_entries=2)
def _load_predictor(folder: str, stamp: int) -> "Predictor":
    from geocore.inference.predictor import Predictor
    from geocore.inference.shared_models import keep_shared_models

    keep_shared_models()
    return Predictor.load(folder)


def _stamp(folder: Path) -> int:
    manifest = folder / MANIFEST
    return manifest.stat().st_mtime_ns if manifest.is_file() else 0


def bundle_folders() -> dict[str, Path]:
    """Every bundle that can be chosen, by its resolved path.

    Raises:
        BundleError: there is none.
    """
    own = os.environ.get("GEOCORE_BUNDLES")
    places = [DEFAULT_BUNDLE, *([own] if own else []), bundles_folder()]
    folders = [folder for place in places for folder in list_bundles(place)]
    if not folders:
        raise BundleError(
            f"No bundle was found: {DEFAULT_BUNDLE} holds none and GEOCORE_BUNDLES names no folder "
            "with one. Make one with scripts/train.py, or set GEOCORE_BUNDLES to its folder."
        )
    return {str(folder.resolve()): folder for folder in folders}


def _chosen_view() -> View:
    bundle = open_bundle(_pick_bundle())
    return View(bundle, _pick_head(bundle))


def _pick_bundle() -> Path:
    folders = bundle_folders()
    chosen = st.sidebar.selectbox(
        "Bundle",
        list(folders),
        format_func=lambda folder: folders[folder].name,
        key="bundle",
        persist_state="session",
        bind="query-params",
        help="A trained model with its cells and its measured results. Further ones are made on "
        "the page Photo set, or found in the folder that GEOCORE_BUNDLES names.",
    )
    return folders[chosen]


def _pick_head(bundle: Bundle) -> str:
    if st.session_state.get("head", bundle.default_head) not in bundle.heads:
        st.session_state["head"] = bundle.default_head
    return st.sidebar.selectbox(
        "Head",
        bundle.heads,
        index=bundle.heads.index(bundle.default_head),
        key="head",
        persist_state="session",
        bind="query-params",
        help="The last step of the model. All heads of a bundle share its cells; the bundle's own "
        f"choice is {bundle.default_head}.",
    )


def _bundle_line(bundle: Bundle) -> None:
    manifest = bundle.manifest
    sha256 = file_sha256(bundle.folder / MANIFEST)
    st.caption(
        f"Bundle **{plain(bundle.name)}** · format {manifest['format_version']} · "
        f"made {plain(str(manifest['created'])[:10])} · SHA-256 `{sha256[:12]}`"
    )
    if bundle.warning:
        st.warning(bundle.warning, icon=":material/brush:")
