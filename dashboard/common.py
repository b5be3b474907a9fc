"""What every page shares: the frame, the sidebar and the one error box.

Stage: dashboard. It must not know what a page shows. What is kept in memory for all readers is in
`dashboard.memory`, handed on from here.

    from dashboard.common import page

    with page("Cell explorer", ":material/grid_view:") as view:
        st.write(view.bundle.grid.n_leaves, view.head)
"""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.address import keep_from_address
from dashboard.event_log import log_event, start_event_log
from dashboard.footer import show_footer
from dashboard.line import page_turn
from dashboard.login import require_login
from dashboard.memory import (
    keep,
    load_predictor,
    open_bundle,
    open_photo_set,
    shared_batch,
    shared_case,
)
from dashboard.no_lookup import never_ask_outside
from dashboard.offline_map import show_map
from dashboard.plain_text import plain
from geocore.errors import BundleError, GeocoreError
from geocore.inference.bundle import DEFAULT_BUNDLE, Bundle, list_bundles
from geocore.inference.bundle_files import MANIFEST, file_sha256
from geocore.jobs import bundles_folder

__all__ = [
    "View",
    "bundle_folders",
    "error_box",
    "fragment",
    "keep",
    "load_predictor",
    "open_bundle",
    "open_photo_set",
    "page",
    "plain",
    "shared_batch",
    "shared_case",
    "show_map",
]

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

    A bundle that cannot be opened shows a sentence in place of the content; whoever must log in
    and has not sees neither.

    Args:
        title: of the page and of its browser tab.
        icon: Material symbol before the title, such as ":material/grid_view:".
    """
    start_event_log()
    never_ask_outside()
    started = time.monotonic()
    st.set_page_config(page_title=f"{title} · Geolocation", page_icon=_ICON, layout="wide")
    st.title(f"{icon} {title}")
    view = None
    with error_box():  # whatever fails in here, the content is not shown
        require_login()
        chosen = _chosen_view()
        _bundle_line(chosen.bundle)
        view = chosen
    if view is not None:
        with page_turn(), error_box():
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


def fragment(show: Callable[..., None]) -> Callable[..., None]:
    """`st.fragment` with its own error box: a part of a page that reruns alone."""

    @st.fragment
    @wraps(show)
    def shown(*args: Any, **kwargs: Any) -> None:
        with page_turn(), error_box():
            show(*args, **kwargs)

    return shown


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
    keep_from_address("bundle", lambda folder: Path(folder).name)
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
    keep_from_address("head")
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
