"""What a bundle is given after training, without training: its promises and its sense of the known.

Belongs to `geocore.pipeline`; no formula of its own.
"""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd

from geocore.cells.place_names import load_place_namer
from geocore.config import ExperimentConfig, config_from_dict
from geocore.data.images import decode_photo
from geocore.errors import PhotoTableError
from geocore.evaluation.familiarity import Familiarity, fit_familiarity
from geocore.inference import bundle_files
from geocore.inference.bundle import Bundle, load_bundle
from geocore.inference.calibrating import calibrate_bundle
from geocore.inference.evidence_file import load_projection
from geocore.inference.familiarity_file import write_familiarity
from geocore.inference.model_card import write_model_card
from geocore.inference.photo_kinds import kind_figures, kinds_of
from geocore.inference.photo_look import mean_brightness
from geocore.inference.search_calibration import SearchCalibration
from geocore.models.reduction import Reduction
from geocore.photo_features import features_of
from geocore.preparation import Say, load_photo_sets


def complete_bundle(
    folder: Path, source: Path | None, cache: Path, say: Say = print
) -> SearchCalibration:
    """`finish_bundle` and `renew_card`: all that follows training but needs none."""
    calibration = finish_bundle(folder, source, cache, say)
    renew_card(folder, source)
    return calibration


def finish_bundle(
    folder: Path, source: Path | None, cache: Path, say: Say = print
) -> SearchCalibration:
    """Add search areas to a bundle, and where its photos are at hand, what is familiar to it.

    Args:
        folder: the bundle's.
        source: the photos that it was made from, as for training; None leaves what the bundle knows
            of familiar photos as it is.
        cache: where features are kept.
        say: receives a sentence per step.

    Returns:
        What promises the coverage of its search areas.

    Raises:
        BundleError: the folder is no bundle.
        PhotoTableError: the photos are not those that the bundle was made from.
    """
    folder = folder.absolute()
    calibration = calibrate_bundle(folder, load_place_namer())
    say(f"Search areas: {len(calibration.photos)} photos calibrate.")
    if source is not None:
        familiarity = familiarity_of(load_bundle(folder), source, cache)
        with bundle_files.reworked(folder) as copy:
            write_familiarity(copy, familiarity)
        say(f"Familiar photos: {len(familiarity.axes)} axes.")
    return calibration


def renew_card(folder: Path, source: Path | None) -> None:
    """Measure a bundle's held-out photos by kind and write its model card anew; no training.

    Args:
        folder: the bundle's.
        source: the photos that it was made from; without them nothing is said of the light.

    Raises:
        BundleError: the folder is no bundle.
        PhotoTableError: the photos are not those that the bundle was made from.
        ImageError: a held-out photo cannot be read any more.
    """
    folder = folder.absolute()
    bundle = load_bundle(folder)
    predictions = {head: bundle.predictions(head) for head in bundle.answers}
    tested = predictions[bundle.default_head]
    brightness = None if source is None else _brightness(bundle, source, tested["photo_id"])
    lat, lng = tested["lat"].to_numpy(), tested["lng"].to_numpy()
    kinds = kinds_of(lat, lng, load_place_namer(), brightness)
    report = bundle.report | {
        "kinds": {head: kind_figures(predictions[head], kinds) for head in bundle.heads}
    }
    config = asdict(_config(bundle))
    card = write_model_card(report, predictions, bundle.photos, bundle.grid, config)
    with bundle_files.reworked(folder) as copy:
        (copy / "report.json").write_text(bundle_files.as_json(report), "utf-8", newline="\n")
        (copy / "MODEL_CARD.md").write_text(card, "utf-8", newline="\n")


def _brightness(bundle: Bundle, source: Path, photo_ids: pd.Series) -> np.ndarray:
    """Mean brightness of photos of a bundle, 0 to 1, (n_photos,)."""
    photos = load_photo_sets(_config(bundle), source, lambda _: None)
    paths = photos.set_index("photo_id")["path"].reindex(photo_ids)
    if paths.isna().any():
        raise PhotoTableError(
            f"{source}: {paths.isna().sum()} of the {len(paths)} held-out photos of bundle "
            f"'{bundle.name}' are not there. Give the folder it was trained with."
        )
    return np.array([mean_brightness(np.asarray(decode_photo(path))) for path in paths])


def familiarity_of(bundle: Bundle, source: Path, cache: Path) -> Familiarity:
    """Features of the photos that a bundle learned from and held out, and what they span."""
    features = _features(_config(bundle), bundle, source, cache)
    split = bundle.photos["split"].to_numpy()
    return fit_familiarity(features[split == "train"], features[split == "test"])


def _features(config: ExperimentConfig, bundle: Bundle, source: Path, cache: Path) -> np.ndarray:
    """What the heads read (n_photos, n_inputs) of the bundle's photos, in their order."""
    tuned = bundle.backbone_weights()
    config = replace(config, augmentation=replace(config.augmentation, n_views=0))
    photos = load_photo_sets(config, source, lambda _: None)  # training has said it all
    found = features_of(config, photos, cache, None if tuned is None else tuple(tuned))
    row = {sha256: k for k, sha256 in enumerate(found.sha256) if sha256}
    missing = [x for x in bundle.photos["sha256"] if x not in row]
    if missing:
        raise PhotoTableError(
            f"{source}: {len(missing)} of the {len(bundle.photos)} photos that bundle "
            f"'{bundle.name}' was made from are not there. Give the folder it was trained with."
        )
    rows = [row[x] for x in bundle.photos["sha256"]]
    pooled, projection = found.pooled(config.classifier.pooling)[rows, 0], load_projection(bundle)
    return pooled if projection is None else Reduction(*projection)(pooled)


def _config(bundle: Bundle) -> ExperimentConfig:
    return config_from_dict(bundle.config, where=f"{bundle.folder}/config.toml")
