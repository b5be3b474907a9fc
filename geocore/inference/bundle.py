"""The bundle: one folder with a trained, evaluated classifier and all a page needs to show it.

Stage: inference. This module reads and writes the folder and trusts nothing in it: format version,
list of files and every SHA-256 are checked first. It must not know TensorFlow,
nor what a head computes: weights are plain arrays here.

    manifest.json        format version, SHA-256 of every file, package versions, photo-set hash
    config.toml          the resolved configuration of the experiment
    cells.csv            the grid (geocore.cells)
    heads/<HEAD>.npz     weights w00, w01, ... as float16 or float32, never a pickle
    baselines/<NAME>.npz what the heads are compared with, the same kind of arrays; may be absent
    backbone.npz         the same for the backbone, only where it was fine-tuned
    reduction.npz, evidence.npz   see geocore.inference.evidence_file; may be absent
    report.json          all figures with intervals, per head and photo set; temperature per head
    predictions.parquet  probs of the held-out photos as served, one row per (head, photo)
    answers.parquet      what those probs say of each photo (geocore.inference.held_out)
    photos.parquet       position, class index, split and SHA-256 of every photo; no image content
    MODEL_CARD.md        data, measured numbers, where it is blind, provenance

Source: ARCHITECTURE "The bundle"; own.
"""

import json
import os
import shutil
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from geocore.cells import CellGrid, Hierarchy, build_hierarchy, load_grid
from geocore.errors import BundleError, GeocoreError
from geocore.evaluation.baselines import BASELINES, Baseline, baseline_from_arrays
from geocore.evaluation.temperature import check_temperature
from geocore.inference import bundle_files as files
from geocore.inference.answers_file import ANSWERS_FILE, write_answers
from geocore.inference.model_card import MADE_COLUMN, made_sentence

DEFAULT_BUNDLE = Path(__file__).resolve().parents[1] / "assets" / "bundles" / "street-world"
PREDICTION_COLUMNS = (
    "head",
    "photo_id",
    "photo_set",
    "lat",
    "lng",
    "class_index",
    "point_lat",
    "point_lng",
    "probs",
)
PHOTO_COLUMNS = ("photo_id", "photo_set", "sha256", "lat", "lng", "class_index", "split")


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A checked bundle. Tables are read on first use and kept.

    Attributes:
        folder: where it lies.
        manifest: the parsed manifest.json.
        config: the parsed config.toml.
        grid: the cells; `grid.leaves` is ordered by class index.
        hierarchy: the same cells as index arrays.
        report: the parsed report.json.
        heads: names of the heads it holds, sorted.
        baselines: names of the baselines it holds, in the order of a table.
        default_head: the head to use where nobody chose one.
        card: the model card, Markdown.
    """

    folder: Path
    manifest: dict[str, Any]
    config: dict[str, Any]
    grid: CellGrid
    hierarchy: Hierarchy
    report: dict[str, Any]
    heads: tuple[str, ...]
    default_head: str
    card: str
    baselines: tuple[str, ...] = ()

    @property
    def answers(self) -> tuple[str, ...]:
        """Names of all that answers photos and can be compared: the heads, then the baselines."""
        return (*self.heads, *self.baselines)

    @property
    def name(self) -> str:
        """The folder's name, which is how people refer to the bundle."""
        return self.folder.name

    @cached_property
    def photos(self) -> pd.DataFrame:
        """Every photo the bundle was made from: columns `PHOTO_COLUMNS`, no image content."""
        return pd.read_parquet(self.folder / "photos.parquet")

    @cached_property
    def warning(self) -> str:
        """What made images among its photos mean for its answers; "" without any."""
        path = self.folder / "photos.parquet"
        columns = [name for name in pq.read_schema(path).names if name == MADE_COLUMN]
        return made_sentence(pd.read_parquet(path, columns=columns)) if columns else ""

    @cached_property
    def _all_predictions(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "predictions.parquet")

    def temperature(self, head: str) -> float:
        """Temperature that one head's probs are served at; 1 where none was fitted.

        The held-out probs are those served; `undo_temperature` gives back the head's own.
        """
        return float(self.report.get("temperatures", {}).get(self._known(head), 1.0))

    @property
    def domains(self) -> tuple[str, ...]:
        """Names of the photo sets that the evidence of places tells apart; often none."""
        return tuple(str(name) for name in self.report.get("domains", ()))

    def predictions(self, head: str) -> pd.DataFrame:
        """Held-out predictions of a head or baseline: `PREDICTION_COLUMNS`, probs as float32."""
        rows = self._all_predictions["head"] == self._known(head)
        return self._all_predictions[rows].reset_index(drop=True)

    def probs(self, head: str) -> np.ndarray:
        """Held-out probs of a head or baseline, float32 (n_photos, n_leaves), as `predictions`."""
        rows = self.predictions(head)["probs"]
        if rows.empty:
            return np.zeros((0, self.grid.n_leaves), np.float32)
        return np.stack(list(rows)).astype(np.float32)

    def head_weights(self, head: str) -> list[np.ndarray]:
        """Weights of one head, float32, in the order they were saved.

        Raises:
            ValueError: the bundle has no such head.
            BundleError: the file is not a set of finite arrays.
        """
        if head in self.baselines:
            raise ValueError(f"{head} is a baseline of bundle '{self.name}', not a head.")
        return files.read_arrays(self.folder / "heads" / f"{self._known(head)}.npz")

    def baseline(self, name: str) -> Baseline:
        """One of the baselines, ready to answer.

        Raises:
            ValueError: the bundle has no such baseline.
            BundleError: the file does not hold the arrays of one.
        """
        if name not in self.baselines:
            known = ", ".join(self.baselines) or "none"
            raise ValueError(f"Unknown baseline {name!r}. Baselines of '{self.name}': {known}.")
        path = self.folder / "baselines" / f"{name}.npz"
        try:
            return baseline_from_arrays(name, files.read_arrays(path))
        except ValueError as error:
            raise BundleError(f"{path}: {error} Make the bundle anew.") from error

    def backbone_weights(self) -> list[np.ndarray] | None:
        """Weights of a fine-tuned backbone, else None (it has its published weights)."""
        path = self.folder / "backbone.npz"
        return files.read_arrays(path) if path.exists() else None

    def _known(self, head: str) -> str:
        if head not in self.answers:
            known = ", ".join(self.answers)
            raise ValueError(f"Unknown head {head!r}. Heads of bundle '{self.name}': {known}.")
        return head


def load_bundle(folder: str | os.PathLike[str] = DEFAULT_BUNDLE) -> Bundle:
    """Check and open a bundle folder.

    Raises:
        BundleError: not a bundle, a newer format, a missing, additional or altered file, or content
            that does not fit together. The sentence says which and what to do.
    """
    folder = Path(folder)
    manifest = files.read_manifest(folder)
    files.check_files(folder, manifest["files"])
    heads = tuple(
        sorted(Path(name).stem for name in manifest["files"] if name.startswith("heads/"))
    )
    try:
        grid = load_grid(folder / "cells.csv")
        report = json.loads((folder / "report.json").read_text("utf-8"))
        config = tomllib.loads((folder / "config.toml").read_text("utf-8"))
        for temperature in report.get("temperatures", {}).values():
            check_temperature(temperature)
        bundle = Bundle(
            folder=folder, manifest=manifest, config=config, grid=grid,
            hierarchy=build_hierarchy(grid), report=report, heads=heads,
            default_head=report["default_head"],
            card=(folder / "MODEL_CARD.md").read_text("utf-8"),
            baselines=tuple(x for x in BASELINES if f"baselines/{x}.npz" in manifest["files"]),
        )  # fmt: skip
    except (GeocoreError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleError(
            f"{folder}: the content cannot be read ({error}). Make the bundle anew."
        ) from error
    if bundle.default_head not in heads:
        raise BundleError(
            f"{folder}: report.json names the head {bundle.default_head!r}, but the bundle holds "
            f"{', '.join(heads) or 'none'}. Make the bundle anew with scripts/train.py."
        )
    return bundle


def list_bundles(folder: str | os.PathLike[str]) -> list[Path]:
    """Bundle folders in `folder` (or `folder` itself), by name; none where it does not exist."""
    folder = Path(folder)
    if (folder / files.MANIFEST).is_file():
        return [folder]
    if not folder.is_dir():
        return []
    found = (path for path in folder.iterdir() if not path.name.startswith("."))
    return sorted(path for path in found if (path / files.MANIFEST).is_file())


def save_bundle(
    folder: str | os.PathLike[str],
    *,
    config_toml: str,
    grid: CellGrid,
    head_weights: Mapping[str, Sequence[np.ndarray]],
    report: Mapping[str, Any],
    predictions: pd.DataFrame,
    photos: pd.DataFrame,
    model_card: str,
    backbone_weights: Sequence[np.ndarray] | None = None,
    baselines: Mapping[str, Sequence[np.ndarray]] | None = None,
    further_arrays: Mapping[str, Sequence[np.ndarray]] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Path:
    """Write a bundle in one step: a reader sees the old folder or the new one, never a half.

    Args:
        folder: where to; an existing bundle is replaced, any other non-empty folder is refused.
        config_toml: the resolved configuration.
        grid: the cells, places filled.
        head_weights: per head its arrays, float16 or float32, stored as they are.
        report: as in report.json; NaN becomes null.
        predictions: columns `PREDICTION_COLUMNS`; probs a sequence of n_leaves floats per row.
        photos: columns `PHOTO_COLUMNS` (further ones are kept).
        model_card: Markdown.
        backbone_weights: only where the backbone was fine-tuned.
        baselines: per baseline its arrays, see `geocore.evaluation.baselines`.
        further_arrays: see `geocore.inference.evidence_file.further_arrays`.
        provenance: further entries of the manifest, e.g. the backbone's name and weight hash.

    Returns:
        The folder.

    Raises:
        BundleError: the folder exists and is no bundle.
        ValueError: a column is missing, a head's name cannot be a file name, or an array is not
            finite float16 or float32.
    """
    folder = Path(folder).absolute()
    files.refuse_foreign_folder(folder)
    _check_columns("predictions", predictions, PREDICTION_COLUMNS)
    _check_columns("photos", photos, PHOTO_COLUMNS)
    temporary = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.new")
    try:
        temporary.mkdir(parents=True)
        (temporary / "config.toml").write_text(config_toml, "utf-8", newline="\n")
        (temporary / "MODEL_CARD.md").write_text(model_card, "utf-8", newline="\n")
        (temporary / "report.json").write_text(files.as_json(report), "utf-8", newline="\n")
        grid.save_csv(temporary / "cells.csv")
        tuned = {} if backbone_weights is None else {"backbone": backbone_weights}
        files.write_all_arrays(temporary, {**(further_arrays or {}), **tuned})
        files.write_all_arrays(temporary / "heads", head_weights)
        files.write_all_arrays(temporary / "baselines", baselines or {})
        files.write_predictions(temporary / "predictions.parquet", predictions)
        tree, temperatures = build_hierarchy(grid), report.get("temperatures", {})
        write_answers(temporary / ANSWERS_FILE, predictions, tree, temperatures)
        photos.to_parquet(temporary / "photos.parquet", index=False, compression="zstd")
        files.write_manifest(temporary, photos, provenance or {})
        files.replace_folder(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _check_columns(what: str, table: pd.DataFrame, columns: Sequence[str]) -> None:
    if missing := [column for column in columns if column not in table]:
        raise ValueError(
            f"{what}: the columns {', '.join(columns)} must be there, "
            f"missing: {', '.join(missing)}."
        )
