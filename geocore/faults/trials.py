"""Faults: what is killed, what must hold right after, and what must come out in the end.

Source: own.
"""

import hashlib
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geocore.analysis.case_file import open_case
from geocore.data.samples import SAMPLES
from geocore.faults.corpus import noise_jpeg
from geocore.faults.flickr_double import JPEG, FlickrDouble
from geocore.faults.victims import BUNDLE, CASE, PHOTOS, confirmed
from geocore.inference.bundle import load_bundle
from geocore.inference.bundle_files import read_arrays

ROOT = Path(__file__).resolve().parents[2]
OUT = "out"
_PLACES = ((41.9, 12.5), (-1.3, 36.8), (-33.9, 151.2), (-12.0, -77.0), (39.7, -105.0))


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One kind of work.

    Attributes:
        name: what it is called in the report.
        prepare: puts into a folder what the work needs.
        command: that works in the folder; started again, it goes on.
        check: after a kill; the sentences say what is wrong.
        result: of finished work, the same for the same work.
        window_s: it is killed within its first so many seconds, and within the time that it takes.
    """

    name: str
    prepare: Callable[[Path], None]
    command: Callable[[Path], list[str]]
    check: Callable[[Path], list[str]]
    result: Callable[[Path], object]
    window_s: float = 30.0


def trials(flickr: FlickrDouble) -> dict[str, Trial]:
    """Every kind of work by name; `flickr` answers those that collect."""
    return {
        trial.name: trial
        for trial in (
            Trial(
                name="case", prepare=lambda folder: None, command=_victim("case"),
                check=_check_case, result=lambda folder: [x[0] for x in _bodies(folder)],
            ),
            Trial(
                name="collect", prepare=lambda folder: None,
                command=lambda folder: _collect(folder, flickr.address),
                check=_check_collection, result=_tables_and_images, window_s=6.0,
            ),
            Trial(
                name="clean", prepare=_few_photos,
                command=lambda folder: _script(
                    "clean", "--photos", folder / PHOTOS, "--out", folder / OUT,
                    "--min-side-px", "0",
                ),
                check=_check_cleaning, result=_tables_and_images,
            ),
            Trial(
                name="train", prepare=_few_photos, command=_victim("train"),
                check=_check_bundle, result=_weights,
            ),
            Trial(
                name="batch", prepare=_sample_photos, command=_victim("batch"),
                check=_check_case, result=lambda folder: sorted(_bodies(folder)),
            ),
        )
    }  # fmt: skip


def _victim(name: str) -> Callable[[Path], list[str]]:
    return lambda folder: [sys.executable, "-m", "geocore.faults.victims", name, str(folder)]


def _script(name: str, *options: object) -> list[str]:
    return [sys.executable, str(ROOT / "scripts" / f"{name}.py"), *map(str, options)]


def _collect(folder: Path, endpoint: str) -> list[str]:
    what = ("--terms", "flood", "--languages", "en", "--until", "2020-01-01", "--yes")
    return _script("collect_flickr", "--out", folder / OUT, "--endpoint", endpoint, *what)


def _few_photos(folder: Path) -> None:
    """A photo set of sixty photos of nothing, round five places."""
    (folder / PHOTOS / "images").mkdir(parents=True)
    rows = ["IMG_ID,LAT,LON"]
    shifts = np.random.default_rng(0).uniform(-0.5, 0.5, (60, 2))
    for i, (up, right) in enumerate(shifts):
        (folder / PHOTOS / "images" / f"{i}.jpg").write_bytes(noise_jpeg(64, 48, i))
        lat, lng = _PLACES[i % len(_PLACES)]
        rows.append(f"images/{i}.jpg,{lat + up:.5f},{lng + right:.5f}")
    (folder / PHOTOS / "photos.csv").write_text("\n".join(rows) + "\n", "ascii")


def _sample_photos(folder: Path) -> None:
    """The samples, and photos of nothing."""
    (folder / PHOTOS).mkdir(parents=True)
    for path in sorted(SAMPLES.rglob("*.jpg")):
        shutil.copy(path, folder / PHOTOS)
    for number in range(60):
        (folder / PHOTOS / f"{number}.jpg").write_bytes(noise_jpeg(64, 48, number))


def _bodies(folder: Path) -> list[tuple[str, str]]:
    with open_case(folder / CASE, read_only=True) as case:
        return [(str(entry.body), entry.kind) for entry in case.entries()]


def _check_case(folder: Path) -> list[str]:
    if not (folder / CASE).exists():
        return [] if confirmed(folder) == 0 else ["The case is gone."]
    with open_case(folder / CASE, create=True) as case:
        checked = case.verify()
        answers = [x.body["photo_sha256"] for x in case.entries(kinds=["answer"])]
        n_kept = len(answers) or len(case.entries(kinds=["note"]))
    problems = list(checked.problems)
    if n_kept < confirmed(folder):
        problems.append(f"{confirmed(folder)} were confirmed, {n_kept} were kept.")
    if len(answers) != len(set(answers)):
        problems.append("A photo was answered twice.")
    return problems


def _check_collection(folder: Path) -> list[str]:
    images = [x for x in (folder / OUT / "images").rglob("*.jpg") if x.read_bytes() != JPEG]
    return [f"{path.name} is not the image that was sent." for path in images]


def _check_cleaning(folder: Path) -> list[str]:
    table = folder / OUT / "photos.csv"
    if table.exists() and not table.read_text("utf-8").endswith("\n"):
        return ["The table of kept photos ends in the middle of a line."]
    return []


def _check_bundle(folder: Path) -> list[str]:
    if (folder / BUNDLE).exists():
        load_bundle(folder / BUNDLE)  # raises for one that is not whole
    return []


def _tables_and_images(folder: Path) -> dict[str, str]:
    """SHA-256 of every table and image of a photo set; links are followed."""
    files = [*(folder / OUT).rglob("*.csv"), *(folder / OUT / "images").rglob("*.jpg")]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def _weights(folder: Path) -> list[bytes]:
    heads = sorted((folder / BUNDLE / "heads").iterdir())
    predictions = (folder / BUNDLE / "predictions.parquet").read_bytes()
    return [predictions, *(x.tobytes() for head in heads for x in read_arrays(head))]
