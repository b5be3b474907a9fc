"""The joining of stages up to the first head: photo sets -> one table, features, cells.

Belongs to `geocore.pipeline`; no formula of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from geocore.cells import UNASSIGNED, CellGrid, Hierarchy, build_hierarchy, generate_cells
from geocore.cells.geodesy import EARTH_RADIUS_KM, unit_vectors
from geocore.cells.place_names import is_near_town
from geocore.config import ExperimentConfig, PhotoSetConfig
from geocore.data.photos import TABLE_NAMES, load_photos
from geocore.data.sampling import given_split, split_groups, split_photos
from geocore.data.scheduling import Scheduler
from geocore.errors import GridError, PhotoTableError
from geocore.models.features import Features
from geocore.models.reduction import Reduction, fit_reduction
from geocore.photo_features import feature_specs, features_of

LEAK_KM = 1.0  # a set that only trains may not show the place of a test photo
GROUP = "split_group"  # column of what must stay together, where a set asks for that
EVIDENCE_WEIGHT = "evidence_weight"  # column of what a photo counts in the evidence of places
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """Photos with their cells and features, ready for any head.

    Attributes:
        photos: photo_id, photo_set, sha256, path, lat, lng, split, weight, class_index, ...
        features: of every photo; view 0 is the photo itself, the others its variations.
        reduction: of the pooled features to what a classifier reads; None where it reads them all.
    """

    config: ExperimentConfig
    photos: pd.DataFrame
    grid: CellGrid
    hierarchy: Hierarchy
    features: Features
    reduction: Reduction | None = None

    @cached_property
    def inputs(self) -> np.ndarray:
        """What a classifier reads of every photo and view, (n_photos, n_views, n_inputs)."""
        pooled = self.features.pooled(self.config.classifier.pooling)
        return pooled if self.reduction is None else self.reduction(pooled)

    def over(self, grid: CellGrid, class_index: np.ndarray) -> "Prepared":
        """The same photos over other cells; what a classifier reads of them is not made anew."""
        photos = self.photos.assign(class_index=class_index)
        other = replace(self, grid=grid, hierarchy=build_hierarchy(grid), photos=photos)
        vars(other)["inputs"] = self.inputs
        return other

    def rows(self, split: str) -> np.ndarray:
        """Positions of the photos of one split that lie inside a leaf."""
        is_used = (self.photos["split"] == split) & (self.photos["class_index"] != UNASSIGNED)
        return np.flatnonzero(is_used)


def prepare_photos(
    config: ExperimentConfig, source: Path, cache: Path, say: Say, scheduler: Scheduler = None
) -> Prepared:
    """From the photo sets on disk to photos with cells and features; see the functions it calls."""
    photo_sets = load_photo_sets(config, source, say)
    photos, features = load_features(config, photo_sets, cache, say, scheduler)
    return prepare(config, without_leaks(photos, say), features, say)


def load_photo_sets(config: ExperimentConfig, source: Path, say: Say) -> pd.DataFrame:
    """The experiment's photo sets as one table with the columns photo_set, weight and split.

    Where a set asks for a split by group or place, the columns GROUP and place_km say how.

    Args:
        config: names the sets; a source that has a table of photos of its own, or a configuration
            without sets, is one set, whatever its folder is called.
        source: folder or table.
        say: receives what each set's table says of itself.

    Raises:
        PhotoTableError: a set cannot be used.
    """
    has_table = source.is_file() or any((source / name).exists() for name in TABLE_NAMES)
    is_one_set = has_table or not config.photo_sets
    sets = _only_set(config) if is_one_set else config.photo_sets
    tables = [_load_photo_set(config, settings, source, say) for settings in sets]
    return pd.concat(tables, ignore_index=True)


def _only_set(config: ExperimentConfig) -> tuple[PhotoSetConfig, ...]:
    """Settings of a source that is one set: those of the only set named, if only one is named."""
    if len(config.photo_sets) == 1:
        return (replace(config.photo_sets[0], folder="."),)
    return (PhotoSetConfig(folder="."),)


def _load_photo_set(
    config: ExperimentConfig, settings: PhotoSetConfig, source: Path, say: Say
) -> pd.DataFrame:
    folder = source if settings.folder == "." else source / settings.folder
    table = load_photos(folder, is_plausible=is_near_town)
    name = folder.resolve().name.removesuffix(".csv").removesuffix(".parquet")
    say(f"{name}: {table.summary()}")
    photos = table.photos.assign(photo_set=name, weight=settings.weight)
    if config.evidence.is_used:
        photos[EVIDENCE_WEIGHT] = settings.evidence_weight
        photos["density_km"] = settings.density_km
    group, place_km = settings.group or None, settings.place_km or None
    if settings.split:
        photos["split"] = given_split(photos, settings.split)
    else:
        photos["split"] = split_photos(
            photos,
            test=settings.test_share,
            validation=config.validation_share if settings.test_share else 0.0,
            seed=config.split_seed,
            group=group,
            place_km=place_km,
        )
    if group or place_km:
        photos[GROUP] = f"{name}/" + split_groups(photos, group=group, place_km=place_km)
        photos["place_km"] = settings.place_km
    photos["photo_id"] = name + "/" + photos["photo_id"]
    return photos


def load_features(
    config: ExperimentConfig,
    photos: pd.DataFrame,
    cache: Path,
    say: Say,
    scheduler: Scheduler = None,
) -> tuple[pd.DataFrame, Features]:
    """Features of every photo; unreadable ones and copies of an earlier photo leave the table.

    Raises:
        PhotoTableError: no photo is left.
        ClusterError: the cluster cannot be reached or is gone.
    """
    features = features_of(config, photos, cache, scheduler=scheduler)
    photos = photos.assign(sha256=features.sha256)
    is_copy = photos["sha256"].duplicated() & features.is_readable
    for error in features.errors.values():
        say(f"Left out: {error}")
    if is_copy.any():
        say(f"Left out: {is_copy.sum()} photos that are byte for byte copies of another one.")
    is_kept = features.is_readable & ~is_copy.to_numpy()
    if not is_kept.any():
        raise PhotoTableError("No photo is left: none of the image files can be read.")
    return photos[is_kept].reset_index(drop=True), features.subset(is_kept)


def without_leaks(photos: pd.DataFrame, say: Say) -> pd.DataFrame:
    """Mark photos of sets that only train as "unused" where they show the place of a test photo.

    Where a set asks for a split by place, its distance counts, and for photos of every set.

    Returns:
        The table with column split changed; rows stay, so that features keep their places.
    """
    is_test = (photos["split"] == "test").to_numpy()
    place_km = float(photos["place_km"].max()) if "place_km" in photos else 0.0
    may_leak = ~is_test if place_km else ~has_test_photos(photos).to_numpy()
    if not is_test.any() or not may_leak.any():
        return photos
    apart_km = max(LEAK_KM, place_km)
    places = unit_vectors(photos["lat"], photos["lng"])
    chord = 2 * np.sin(min(apart_km / EARTH_RADIUS_KM, np.pi) / 2)
    to_test, _ = cKDTree(places[is_test]).query(places[may_leak], distance_upper_bound=chord)
    leaks = np.flatnonzero(may_leak)[to_test < chord]
    if len(leaks):
        say(
            f"Left out: {len(leaks)} photos that only train and stand within {apart_km:g} km of a "
            "test photo."
        )
    return photos.assign(
        split=photos["split"].mask(np.isin(np.arange(len(photos)), leaks), "unused")
    )


def make_grid(config: ExperimentConfig, photos: pd.DataFrame) -> CellGrid:
    """Algorithm 1 with the experiment's settings on the given photos.

    Raises:
        GridError: fewer than two leaves.
    """
    settings = {key: value for key, value in vars(config.grid).items()}
    grid = generate_cells(photos["lat"].to_numpy(), photos["lng"].to_numpy(), **settings)
    if grid.n_leaves < 2:
        raise GridError(
            f"A classifier needs at least two cells; t_min {config.grid.t_min} and t_max "
            f"{config.grid.t_max} "
            f"leave {grid.n_leaves} for {len(photos)} photos. Lower t_max or t_min."
        )
    return grid


def prepare(
    config: ExperimentConfig,
    photos: pd.DataFrame,
    features: Features,
    say: Say,
    grid: CellGrid | None = None,
) -> Prepared:
    """Give every photo its class index and weight.

    Unless a grid is given, it is shaped by the training and validation photos of the sets that are
    also tested: where an extra set is crowded, cells would be small without being well known.
    """
    if grid is None:
        shapes = photos["split"].isin(["train", "validation"]) & has_test_photos(photos)
        grid = make_grid(config, photos[shapes])
    class_index = grid.assign(photos["lat"].to_numpy(), photos["lng"].to_numpy())
    n_outside = int((class_index == UNASSIGNED).sum())
    say(f"{grid.n_leaves} cells; {n_outside} of {len(photos)} photos lie outside all of them.")
    photos = photos.assign(class_index=class_index)
    prepared = Prepared(
        config=config,
        photos=photos.assign(weight=balanced_weights(photos)),
        grid=grid,
        hierarchy=build_hierarchy(grid),
        features=features,
    )
    return with_reduction(prepared)


def with_reduction(prepared: Prepared) -> Prepared:
    """The same with a reduction fitted on its training photos, where the experiment asks for one.

    To be called anew whenever other photos train.
    """
    settings = prepared.config.classifier
    train = np.flatnonzero(prepared.photos["split"] == "train")
    if not settings.n_axes or len(train) < 2:
        return prepared
    pooled = prepared.features.pooled(settings.pooling)[train, 0]
    widths = [width for x in feature_specs(prepared.config) for width in x.block_widths()]
    if sum(widths) != pooled.shape[1]:  # one of the two poolings kept, the only block
        widths = []
    return replace(prepared, reduction=fit_reduction(pooled, settings.n_axes, widths))


def balanced_weights(photos: pd.DataFrame) -> pd.Series:
    """Weight of each photo in the loss, lowered where a set that only trains is crowded.

    In no leaf may all photos of such a set together outweigh the training photos of the sets that
    are also tested: otherwise the model learns where the extra set was collected.
    """
    has_test = has_test_photos(photos)
    leaf = photos["class_index"]
    n_main = leaf[has_test & (photos["split"] == "train")].value_counts()
    n_extra = photos[~has_test].groupby(["photo_set", "class_index"])["lat"].transform("size")
    limit = leaf[~has_test].map(n_main).fillna(0) / n_extra
    return photos["weight"].where(has_test, np.minimum(photos["weight"], limit.reindex(leaf.index)))


def has_test_photos(photos: pd.DataFrame) -> pd.Series:
    """Whether the photo's set is one that is tested on; bool (n_photos,)."""
    return (photos["split"] == "test").groupby(photos["photo_set"]).transform("any")
