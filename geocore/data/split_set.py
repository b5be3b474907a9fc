"""Data stage: a photo set of its own whose table says which photos train and which test."""

from dataclasses import dataclass
from pathlib import Path

from geocore.data.photo_parquet import save_photo_table
from geocore.data.photos import TABLE_NAMES, PhotoTable, load_coordinates, load_photos
from geocore.data.sampling import PARTS, split_groups, split_photos
from geocore.errors import PhotoTableError

COLUMN = "split"
_IMAGES = "images"


@dataclass(frozen=True, kw_only=True)
class SplitRule:
    """How photos are divided, see `geocore.data.sampling.split_photos`."""

    test: float = 0.0
    validation: float = 0.1  # chapter 5
    seed: int = 42
    group: str | None = None
    place_km: float | None = None

    def in_words(self) -> str:
        """What stays together."""
        rules = [f"equal {self.group} together"] if self.group else []
        rules += [f"places within {self.place_km:g} km together"] if self.place_km else []
        return " and ".join(rules) or "photo by photo"


def save_split(source: Path, out: Path, rule: SplitRule) -> str:
    """Write a photo set with the column `split`; its images stay where they are.

    Args:
        source: Photo set or table; images are not needed.
        out: Folder to make, new or empty.
        rule: How photos are divided.

    Returns:
        The parts in words.

    Raises:
        PhotoTableError: The source cannot be used.
        ValueError: The folder holds something, or the rule leaves a part empty.
    """
    if out.exists() and any(out.iterdir()):
        raise ValueError(
            f"{out} must be a new or empty folder, but it holds something. Choose one."
        )
    table = _load(source)
    photos = table.photos
    parts = split_photos(photos, **vars(rule))
    images = _image_folder(source, out, photos["photo_id"].iloc[0])
    out.mkdir(parents=True, exist_ok=True)
    if images:
        (out / _IMAGES).symlink_to(images, target_is_directory=True)
    save_photo_table(photos.assign(**{COLUMN: parts}), out / "photos.parquet")
    units = split_groups(photos, group=rule.group, place_km=rule.place_km)
    largest = units.value_counts().max() if units.notna().any() else 1
    counts = [f"{(parts == part).sum():,} {part}" for part in PARTS if (parts == part).any()]
    return (
        f"{table.summary()}\n{', '.join(counts)}; {rule.in_words()}. The largest group holds "
        f"{largest:,} photos ({largest / len(photos):.1%})."
    )


def _load(source: Path) -> PhotoTable:
    """Positions of a table, whether or not its images are there; else photos with GPS."""
    is_table = source.is_file() or any((source / name).is_file() for name in TABLE_NAMES)
    return load_coordinates(source) if is_table else load_photos(source)


def _image_folder(source: Path, out: Path, first_id: str) -> Path | None:
    """Where the images are: in `images/`, or beside the table; None where they are not there."""
    folder = source if source.is_dir() else source.parent
    images = folder / _IMAGES if (folder / _IMAGES).is_dir() else folder
    if images == folder and not (folder / first_id).is_file():
        return None
    if out.resolve().is_relative_to(images.resolve()):
        raise PhotoTableError(f"{out} must not lie inside {images}, the folder of the images.")
    return images.resolve()
