"""Data stage: a made world: any number of drawn photos at real places, always labelled as made.

For tests, benchmarks, tutorials and scale. The look of a picture depends on where it is, by rules
and tables alone: no photo was sampled for it. It is no data about the real world, and a model that
learned from it knows nothing about photos.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from geocore.data.made_world.camera import LABEL
from geocore.data.made_world.circumstances import plan_scenes
from geocore.data.made_world.flaws import spoilt
from geocore.data.made_world.scenes import paint
from geocore.data.made_world.table import (
    SHARD,
    WorldSettings,
    check_size,
    photo_name,
    plan_photos,
    world_rows,
)
from geocore.data.scheduling import Scheduler, open_processes, photo_results
from geocore.data.whole_files import whole_file
from geocore.errors import WorldError

SETTINGS = "made_world.json"
DEFAULTS = WorldSettings()
DRAWING = 1
"""Raised whenever the same seed would give other pictures."""
_ROWS_AT_ONCE = 5000
_END_OF_JPEG = b"\xff\xd9"


@dataclass(frozen=True, kw_only=True)
class WorldReport:
    """What `make_world` did.

    Attributes:
        folder: the photo set.
        n_photos: rows of its table.
        n_drawn: photos drawn this time; the others were there already.
    """

    folder: Path
    n_photos: int
    n_drawn: int

    def summary(self) -> str:
        """One sentence."""
        kept = self.n_photos - self.n_drawn
        there = f", {kept:,} were there already" if kept else ""
        return (
            f"{self.n_photos:,} made photos in {self.folder}: {self.n_drawn:,} drawn now{there}. "
            "Each is labelled as made; none shows a real place."
        )


@dataclass(frozen=True, kw_only=True)
class _Shard:
    """A folder's worth of photos, drawn by one process."""

    folder: Path
    settings: WorldSettings
    start: int
    stop: int


def draw_scene(lat: float, lng: float, seed: int, size_px: int = 320) -> Image.Image:
    """Draw one made photo of a place.

    Args:
        lat: degrees.
        lng: degrees.
        seed: everything that the place does not decide: day, weather, camera, what stands where.
        size_px: longer side, 48 to 2048.

    Returns:
        RGB image with the words "made image" in its lower left corner.

    Raises:
        ValueError: an argument is out of range.
    """
    check_size(size_px)
    if not (abs(lat) <= 90 and abs(lng) <= 180):
        raise ValueError(
            f"lat must lie within [-90, 90] and lng within [-180, 180], received {lat}, {lng}."
        )
    seeds = np.array([seed % 2**64], np.uint64)
    plan = plan_scenes(np.array([lat], float), np.array([lng], float), seeds)
    return paint(next(plan.itertuples(index=False)), size_px)


def make_world(
    out: Path,
    n: int,
    settings: WorldSettings = DEFAULTS,
    *,
    scheduler: Scheduler = None,
    progress: Callable[[int], object] | None = None,
) -> WorldReport:
    """Draw n photos into `out/images` and list them in `out/photos.csv`.

    Photo number i depends on the settings and i alone: a larger world begins with the smaller one.
    A run that was ended, however, goes on: photos that are there whole are kept. The table
    comes last.

    Args:
        out: folder of the photo set; empty, absent, or a made world of the same settings.
        n: number of photos.
        settings: what else decides the photos.
        scheduler: None for one process per core of this machine; else as for `map_photos`.
        progress: called with the number of photos just done.

    Raises:
        WorldError: `out` holds something else, or a process was ended from outside.
        ValueError: n is under 1.
        OSError: the disk is full or may not be written to; what was drawn is kept.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1 photo, received {n}.")
    _claim(out, settings)
    shards = [
        _Shard(folder=out, settings=settings, start=k, stop=min(k + SHARD, n))
        for k in range(0, n, SHARD)
    ]
    n_drawn = 0
    with _pool(scheduler, len(shards)) as pool:
        for start, drawn in photo_results(_draw_shard, shards, scheduler=pool, batch=1):
            n_drawn += sum(drawn)
            if progress is not None:
                progress(shards[start].stop - shards[start].start)
    for torn in (out / "images").glob("*/.*.new"):
        torn.unlink(missing_ok=True)
    _write_table(out, n, settings)
    return WorldReport(folder=out, n_photos=n, n_drawn=n_drawn)


def _draw_shard(shard: _Shard) -> int:
    """Draw what is missing of a shard; returns how many photos that were."""
    images = shard.folder / "images"
    numbers = range(shard.start, shard.stop)
    missing = [i for i in numbers if not _is_whole(images / photo_name(i))]
    if not missing:
        return 0
    (images / photo_name(shard.start)).parent.mkdir(parents=True, exist_ok=True)
    plan, flaws = plan_photos(shard.settings, np.array(missing))
    for i, scene, flaw in zip(missing, plan.itertuples(index=False), flaws, strict=True):
        image = paint(scene, shard.settings.size_px)
        _save(images / photo_name(i), spoilt(image, scene, flaw))
    return len(missing)


def _is_whole(path: Path) -> bool:
    """Whether a photo is there to its last byte."""
    try:
        with path.open("rb") as file:
            file.seek(-2, os.SEEK_END)
            return file.read() == _END_OF_JPEG
    except OSError:
        return False


def _save(path: Path, content: bytes) -> None:
    """Write in one step; without fsync, for `_is_whole` finds what a power cut tore."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}.new")
    scratch.write_bytes(content)
    scratch.replace(path)


def _claim(out: Path, settings: WorldSettings) -> None:
    """Note the world's settings in its folder, or see that they are the ones noted there."""
    wanted = {"made": LABEL, "drawing": DRAWING, **asdict(settings)}
    path = out / SETTINGS
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        found = None
    except ValueError as error:
        raise WorldError(
            f"{path} is no JSON file ({error}). Remove the folder, or choose another."
        ) from error
    if found is None:
        if out.is_dir() and any(out.iterdir()):
            raise WorldError(
                f"{out} must be empty, absent or a made world, but it holds other files and no "
                f"{SETTINGS}. Choose another folder."
            )
        out.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as scratch:
            scratch.write_text(json.dumps(wanted, indent=1) + "\n", "utf-8")
    elif found != wanted:
        raise WorldError(
            f"{out} holds a made world with other settings ({_words(found)}), now asked for: "
            f"{_words(wanted)}. Give the same ones, or choose another folder."
        )


def _words(settings: Any) -> str:
    items = settings.items() if isinstance(settings, dict) else [("content", settings)]
    return ", ".join(f"{key} {value}" for key, value in items if key != "made")


def _write_table(out: Path, n: int, settings: WorldSettings) -> None:
    """Write `photos.csv` piece by piece, so that a large one does not fill memory."""
    with whole_file(out / "photos.csv") as scratch, scratch.open("w", encoding="utf-8") as file:
        for start in range(0, n, _ROWS_AT_ONCE):
            rows = world_rows(settings, start, min(start + _ROWS_AT_ONCE, n))
            rows.to_csv(file, index=False, header=start == 0, lineterminator="\n")


@contextmanager
def _pool(scheduler: Scheduler, n_shards: int) -> Iterator[Scheduler]:
    """Where shards are drawn: by default one process per core."""
    if scheduler is not None or n_shards == 1:
        yield scheduler
        return
    lost = WorldError(
        "A drawing process was ended from outside, perhaps for want of memory. Start the same "
        "command again: what is drawn is kept."
    )
    with open_processes(n_shards, lost) as pool:
        yield pool
