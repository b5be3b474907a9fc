"""A small made bundle whose report was measured on its own predictions, as a real one's is."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from geocore.cells import generate_cells
from geocore.evaluation.evaluator import evaluate_probs
from geocore.inference.bundle import save_bundle
from tests.inference.tiny_bundle import bundle_parts, tiny_photos

PAGES = Path(__file__).resolve().parents[2] / "dashboard" / "pages"
KNOWLEDGE = {"MC": 1.0, "HMC": 2.0, "HMC-tree": 2.5}


def measured_parts() -> dict[str, object]:
    """Arguments of `save_bundle`: three heads that know more and more."""
    parts = bundle_parts(heads=tuple(KNOWLEDGE))
    parts["predictions"] = pd.concat(
        [_knowing(rows, KNOWLEDGE[head]) for head, rows in parts["predictions"].groupby("head")],
        ignore_index=True,
    )
    heads = {
        head: {"all": _evaluate(rows)}
        | {photo_set: _evaluate(part) for photo_set, part in rows.groupby("photo_set")}
        for head, rows in parts["predictions"].groupby("head", sort=False)
    }
    training = {head: {"seconds_per_epoch": 0.5} for head in heads}
    return parts | {"report": {"heads": heads, "default_head": "HMC-tree", "training": training}}


def save_measured_bundle(folder: Path, **changes: object) -> Path:
    """Save it, some parts replaced."""
    return save_bundle(folder, **{**measured_parts(), **changes})


def one_cell_parts() -> dict[str, object]:
    """The same with a grid of one leaf, whose every answer is that leaf."""
    photos = tiny_photos()
    photos = photos.assign(lat=photos["lat"].abs() / 90 + 4, lng=photos["lng"].abs() / 180 + 9)
    parts = measured_parts()
    grid = generate_cells(photos["lat"], photos["lng"], t_min=1, t_max=10_000)
    one = [np.ones(1, np.float32)] * len(parts["predictions"])
    predictions = parts["predictions"].assign(class_index=0, probs=one)
    return parts | {"grid": grid, "predictions": predictions}


def page_with(page: str, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """A page that ran on one bundle, chosen in the sidebar, without a complaint."""
    monkeypatch.setenv("GEOCORE_BUNDLES", str(bundle))
    app = AppTest.from_file(str(PAGES / page), default_timeout=60)
    app.session_state["bundle"] = str(bundle.resolve())
    app.run()
    assert not app.exception
    assert not app.error
    return app


def texts(app: AppTest) -> str:
    """All words on a page, Markdown's backslashes left out."""
    blocks = [*app.title, *app.subheader, *app.markdown, *app.caption, *app.info]
    return "\n".join(str(block.value) for block in blocks).replace("\\", "")


def _knowing(rows: pd.DataFrame, knowledge: float) -> pd.DataFrame:
    """Predictions with probs that lean to the true leaf, and points within some 300 km of it."""
    scores = np.log(np.stack(list(rows["probs"])))
    assigned = (rows["class_index"] >= 0).to_numpy()
    scores[assigned, rows["class_index"][assigned]] += knowledge
    probs = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return rows.assign(
        probs=list(probs.astype(np.float32)), point_lat=rows["lat"] + 3 / knowledge,
        point_lng=rows["lng"],
    )  # fmt: skip


def _evaluate(rows: pd.DataFrame) -> dict:
    places = (rows[name].to_numpy() for name in ("lat", "lng", "point_lat", "point_lng"))
    probs = np.stack(list(rows["probs"]))
    return evaluate_probs(probs, rows["class_index"].to_numpy(), *places, n_bootstrap=100)
