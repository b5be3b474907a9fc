"""Benchmark: the case desk, from a batch of photos to its verified log and its exports.

A case is kept on the disk of the system's temporary folder.
"""

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from geocore.analysis.case_file import Case, open_case
from geocore.analysis.case_state import case_state
from geocore.analysis.exporting.formats import FORMATS, export_case
from geocore.analysis.records import note_record
from geocore.benchmark.measurement import Measurement, compare
from geocore.benchmark.networks import bare_pass
from geocore.casework.batch import Batch
from geocore.casework.batch_items import ANSWERED
from geocore.data.made_world.table import WorldSettings
from geocore.data.made_world.world import make_world
from geocore.data.photos import load_photos
from geocore.inference.bundle import DEFAULT_BUNDLE, Bundle
from geocore.inference.predictor import Predictor

EXPORT_S, VERIFY_S, N_ENTRIES, CHUNK = 5, 5, 100_000, 1000


def measure_desk(n_photos: int = 100, n_entries: int = N_ENTRIES) -> list[Measurement]:
    """A batch against bare passes of what the bundle ships; exports and verification in seconds."""
    predictor = Predictor.load(DEFAULT_BUNDLE)
    with tempfile.TemporaryDirectory() as folder:
        photos = _made_photos(Path(folder), n_photos + 1)
        bare = bare_pass(predictor.bundle)
        _answer(predictor, photos[:1], Path(folder) / "warm.case")
        bare()
        path = Path(folder) / "desk.case"
        batch_s = _seconds(lambda: _answer(predictor, photos[1:], path))
        bare_s = _seconds(lambda: [bare() for _ in range(n_photos)])
        with open_case(path) as case:
            exports = _exports(case, predictor.bundle)
        return [
            compare(
                f"{n_photos} photos into a case, against as many bare passes of the backbones",
                batch_s, bare_s, "s", 3,
            ),
            *exports,
            _verifying(Path(folder) / "long.case", n_entries),
        ]  # fmt: skip


def _answer(predictor: Predictor, photos: list[Path], path: Path) -> None:
    batch = Batch(lambda: predictor, lambda: open_case(path, create=True))
    named = [(photo.name, photo) for photo in photos]
    batch.add(named, analyst="benchmark", keeps_photos=True)
    batch.wait()
    if batch.progress.counts[ANSWERED] != len(photos):
        raise RuntimeError(f"not every photo was answered: {batch.progress}")


def _exports(case: Case, bundle: Bundle) -> list[Measurement]:
    state, lines = case_state(case.entries()), []
    for name in FORMATS:
        export = partial(export_case, state, name, bundle=bundle, photos=case.photo)
        what = f"case of {len(state.photos)} photos as {FORMATS[name].label}, against {EXPORT_S} s"
        lines.append(compare(what, _seconds(export), EXPORT_S, "s", 1))
    return lines


def _verifying(path: Path, n_entries: int) -> Measurement:
    with open_case(path, create=True) as case:
        for start in range(0, n_entries, CHUNK):
            notes = [("note", note_record(f"entry {start + i}")) for i in range(CHUNK)]
            case.append_many(notes, analyst="benchmark")
        seconds = _seconds(lambda: _whole(case))
    what = f"verifying a log of {n_entries:,} entries, against {VERIFY_S} s"
    return compare(what, seconds, VERIFY_S, "s", 1)


def _whole(case: Case) -> None:
    if not case.verify().ok:
        raise RuntimeError("a case that was just written does not verify")


def _made_photos(folder: Path, n_photos: int) -> list[Path]:
    make_world(folder / "world", n_photos, WorldSettings())
    return [Path(x) for x in load_photos(folder / "world").photos["path"]]


def _seconds(call: Callable[[], object]) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started
