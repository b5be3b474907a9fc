"""Bundles and what answers from them. Importing this package does not load TensorFlow."""

from typing import Any

from geocore.inference.bundle import DEFAULT_BUNDLE, Bundle, list_bundles, load_bundle, save_bundle

__all__ = ["DEFAULT_BUNDLE", "Bundle", "Predictor", "list_bundles", "load_bundle", "save_bundle"]


def __getattr__(name: str) -> Any:
    if name == "Predictor":
        from geocore.inference.predictor import Predictor

        return Predictor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
