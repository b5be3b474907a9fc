"""What is kept in memory for all readers: bundles, models, cases, photo sets and results.

Stage: dashboard. The only place with `st.cache_*`. It must not know pages, and it loads TensorFlow
only when the predictor is asked for.
"""

import gc
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.line import TURNS, NotYetOurTurn, check_turn, take_turn, turn_scope
from geocore.analysis.case_file import Case, open_case
from geocore.analysis.photo_description import (
    PhotoDescription,
    describe_photos,
    describe_source,
)
from geocore.casework.photo_cache import PhotoCache
from geocore.data.photos import TABLE_NAMES
from geocore.inference.bundle import Bundle, load_bundle
from geocore.inference.bundle_files import MANIFEST

if TYPE_CHECKING:
    from geocore.casework.batch import Batch
    from geocore.inference.predictor import Predictor


def keep(message: str, max_entries: int = 64, *, is_heavy: bool = False) -> Callable[..., Any]:
    """Keep a function's results in memory, by the values of its arguments, for all readers.

    Give it names, numbers, bytes, bundles (compared by folder and manifest) and photo sets (by
    where their photos lie). An argument whose name starts with an underscore is not compared.

    Args:
        message: status line shown while the result is computed.
        max_entries: results kept; the oldest go first.
        is_heavy: what is not kept yet waits for this reader's turn, see `dashboard.line`.
    """
    identity = {
        Bundle: lambda bundle: (str(bundle.folder), repr(bundle.manifest)),
        PhotoDescription: lambda photos: photos.places_sha256,
    }
    kept = st.cache_data(show_spinner=message, max_entries=max_entries, hash_funcs=identity)
    return (lambda compute: _in_turn(kept, compute)) if is_heavy else kept


def _in_turn(kept: Callable[..., Any], compute: Callable[..., Any]) -> Callable[..., Any]:
    """Whatever is kept is there at once; only what must be computed waits in line."""

    @wraps(compute)
    def computed(*args: Any, **kwargs: Any) -> Any:
        check_turn()
        return compute(*args, **kwargs)

    kept_result = kept(computed)

    @wraps(compute)
    def result(*args: Any, **kwargs: Any) -> Any:
        """The kept result; where it must be computed, in the reader's turn."""
        try:
            return kept_result(*args, **kwargs)
        except NotYetOurTurn:  # nobody waits while others wait for this very result
            with turn_scope():
                take_turn()
                return kept_result(*args, **kwargs)

    return result


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


@st.cache_resource(show_spinner="Opening the case …", max_entries=64)
def _shared_case(path: str, inode: int) -> Case:
    return open_case(path)


def shared_batch(bundle: Bundle, head: str, case: Path) -> "Batch":
    """The queue of a case for a bundle and one of its heads, shared by all who work on the case."""
    folder = bundle.folder
    return _shared_batch(str(case.resolve()), str(folder), _stamp(folder), head, bundle)


# No `max_entries`: a queue that made room for others would be gone with the photos that wait in it.
@st.cache_resource(show_spinner="Loading the model, some seconds the first time …")
def _shared_batch(case: str, folder: str, stamp: int, head: str, _bundle: Bundle) -> "Batch":
    from geocore.casework.batch import Batch
    from geocore.casework.caution import shows_person

    opened = partial(open_case, case)
    predictor = partial(load_predictor, _bundle)
    return Batch(
        predictor, opened, head=head, turns=TURNS, is_held=shows_person, cache=_photo_cache()
    )


@st.cache_resource(show_spinner=False)
def _photo_cache() -> PhotoCache:
    return PhotoCache()


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
    predictor = Predictor.load(folder)
    gc.collect()
    gc.freeze()  # it stays: later searches for garbage need not look through it
    return predictor


def _stamp(folder: Path) -> int:
    manifest = folder / MANIFEST
    return manifest.stat().st_mtime_ns if manifest.is_file() else 0
