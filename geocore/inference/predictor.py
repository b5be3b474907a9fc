"""Photo in, answer out: the one place where images, backbone, heads and cells meet at run time.

Stage: inference. It must not know pages, nor write files.

Source: thesis 4.1 and chapter 7; own.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import keras
import numpy as np

from geocore.config import config_from_dict
from geocore.data.images import Photo, photo_name
from geocore.errors import BundleError, ImageError
from geocore.evaluation.baselines import Baseline
from geocore.evaluation.points import best_points
from geocore.evaluation.temperature import apply_temperature
from geocore.inference.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from geocore.inference.bundle_files import arrays_sha256
from geocore.inference.network import PhotoNetwork
from geocore.inference.photo_look import PhotoLook, colours_share, even_share
from geocore.inference.prediction import PhotoFailure, Prediction
from geocore.inference.training_places import training_point_table
from geocore.models.backbones import build_backbone
from geocore.models.classifier import build_classifier, n_pooled
from geocore.models.heads import build_head
from geocore.models.images import load_image

BATCH_SIZE = 16


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """What the network saw in one photo: enough for every head's answer and explanation.

    Attributes:
        photo: the photo's name.
        feature_map: (h, w, c) float32, output of the last convolution.
        probs: per head (n_leaves,) float32, as the head gives them, before its temperature.
        even_share: see `geocore.inference.photo_look.PhotoLook`.
        colours_share: likewise.
    """

    photo: str
    feature_map: np.ndarray
    probs: dict[str, np.ndarray]
    even_share: float
    colours_share: float


class Predictor:
    """Answers for photos with the heads of one bundle. Made once; may be shared between threads.

    Attributes:
        bundle: where backbone, heads, cells and training places come from.
        is_calibrated: whether probs are given at the temperature that the bundle keeps per head.
    """

    def __init__(
        self, bundle: Bundle, network: PhotoNetwork, *, is_calibrated: bool = True
    ) -> None:
        self.bundle = bundle
        self.is_calibrated = is_calibrated
        self._network = network
        self._points = training_point_table(bundle.grid, bundle.photos)
        self._baselines: dict[str, Baseline] = {}

    @classmethod
    def load(
        cls, folder: str | os.PathLike[str] = DEFAULT_BUNDLE, *, calibrated: bool = True
    ) -> "Predictor":
        """Open a bundle and make its network ready.

        Args:
            folder: the bundle's.
            calibrated: False gives the probs as the heads make them, without temperature.

        Raises:
            BundleError: the folder cannot be used.
            BackboneError: the backbone's weights are not on this machine.
        """
        bundle = load_bundle(folder)
        return cls(bundle, build_network(bundle), is_calibrated=calibrated)

    def read(self, photo: Photo, *, name: str | None = None) -> Reading:
        """Show a photo to the network once.

        Args:
            photo: path, encoded bytes or a binary file object.
            name: what the answer calls it; a path as it was given where left out.

        Raises:
            ImageError: the photo cannot be decoded.
        """
        return self._read([(_name(photo, name), self._pixels(photo, name))])[0]

    def predict(
        self, photo: Photo, head: str | None = None, *, name: str | None = None
    ) -> Prediction:
        """The answer of one head (the bundle's default head) for one photo.

        Raises:
            ImageError: the photo cannot be decoded.
            ValueError: the bundle has no such head.
        """
        head = self._known_head(head)
        return self.answer(self.read(photo, name=name), head)

    def predict_heads(
        self, photo: Photo, heads: Sequence[str] | None = None, *, name: str | None = None
    ) -> dict[str, Prediction]:
        """The answers of several heads (all of them) for one photo, which is read once."""
        heads = [self._known_head(head) for head in heads or self.bundle.heads]
        reading = self.read(photo, name=name)
        return {head: self.answer(reading, head) for head in heads}

    def predict_many(
        self, photos: Iterable[Photo], head: str | None = None
    ) -> list[Prediction | PhotoFailure]:
        """One answer or failure per photo, in their order; a bad photo never stops the others."""
        return list(self.predict_each(photos, head))

    def predict_each(
        self, photos: Iterable[Photo], head: str | None = None
    ) -> Iterator[Prediction | PhotoFailure]:
        """As `predict_many`, one after the other, so that millions need no memory."""
        head = self._known_head(head)
        remaining = iter(photos)
        while batch := list(islice(remaining, BATCH_SIZE)):
            yield from self._predict_batch(batch, head)

    def answer(self, reading: Reading, head: str | None = None) -> Prediction:
        """The answer of one head or baseline for a photo that was read."""
        head = self._known_head(head)
        if head in self.bundle.baselines:
            probs, points = self._baseline_answer(reading, head)
        else:
            probs, points = reading.probs[head], None
            if self.is_calibrated:
                probs = apply_temperature(probs, self.bundle.temperature(head))
        lat, lng = best_points(probs, self._points) if points is None else points.T
        return Prediction(
            photo=reading.photo,
            head=head,
            lat=float(lat[0]),
            lng=float(lng[0]),
            probs=probs,
            leaves=self.bundle.grid.leaves,
        )

    def look(self, reading: Reading) -> PhotoLook:
        """What `geocore.analysis.abstention` judges a photo by, beside an answer's probs."""
        return PhotoLook(
            features=self._network.features_of(reading.feature_map[None])[0],
            even_share=reading.even_share,
            colours_share=reading.colours_share,
        )

    def explain(
        self, photo: Photo | Reading, head: str | None = None, class_index: int | None = None
    ) -> np.ndarray:
        """Grad-CAM heat map (h, w) in 0..1: what in the photo speaks for a leaf.

        Args:
            photo: a photo, or its reading, which saves showing it to the network again.
            head: the bundle's default head where left out.
            class_index: the leaf; the most probable one where left out.

        Raises:
            ImageError: the photo cannot be decoded.
            ValueError: there is no such head or leaf; baselines have nothing to differentiate.
        """
        head = self._known_head(head)
        if head in self.bundle.baselines:
            raise ValueError(
                f"{head} is a baseline: only heads can be explained. "
                f"Heads of bundle '{self.bundle.name}': {', '.join(self.bundle.heads)}."
            )
        reading = photo if isinstance(photo, Reading) else self.read(photo)
        if class_index is None:
            class_index = int(reading.probs[head].argmax())
        return self._network.heat_map(reading.feature_map, head, class_index)

    def _baseline_answer(self, reading: Reading, name: str) -> tuple[np.ndarray, np.ndarray | None]:
        """Probs (n_leaves,) of a baseline and, where it has a rule of its own, its point (1, 2)."""
        if name not in self._baselines:
            self._baselines[name] = self.bundle.baseline(name)
        features = self._network.features_of(reading.feature_map[None])
        answers = self._baselines[name].answer(features)
        return answers.probs[0], answers.points

    def _known_head(self, head: str | None) -> str:
        head = head or self.bundle.default_head
        if head not in self.bundle.answers:
            known = ", ".join(self.bundle.answers)
            raise ValueError(
                f"Unknown head {head!r}. Heads of bundle '{self.bundle.name}': {known}."
            )
        return head

    def _predict_batch(self, photos: list[Photo], head: str) -> list[Prediction | PhotoFailure]:
        decoded: list[tuple[str, np.ndarray] | PhotoFailure] = []
        for photo in photos:
            try:
                decoded.append((_name(photo, None), self._pixels(photo, None)))
            except ImageError as error:
                decoded.append(PhotoFailure(photo=_name(photo, None), error=_printable(str(error))))
        good = [item for item in decoded if not isinstance(item, PhotoFailure)]
        readings = iter(self._read(good) if good else [])
        return [
            item if isinstance(item, PhotoFailure) else self.answer(next(readings), head)
            for item in decoded
        ]

    def _pixels(self, photo: Photo, name: str | None) -> np.ndarray:
        return load_image(photo, self._network.size_px, name=name)

    def _read(self, photos: Sequence[tuple[str, np.ndarray]]) -> list[Reading]:
        feature_maps, probs = self._network.run(np.stack([pixels for _, pixels in photos]))
        return [
            Reading(
                photo=name,
                feature_map=feature_maps[row],
                probs={head: values[row] for head, values in probs.items()},
                even_share=even_share(pixels),
                colours_share=colours_share(pixels),
            )
            for row, (name, pixels) in enumerate(photos)
        ]


def build_network(bundle: Bundle) -> PhotoNetwork:
    """The network that a bundle describes, with the bundle's weights.

    Raises:
        BundleError: the weights do not fit the network that config.toml describes, or the
            backbone's weights are not those that the heads were trained on.
        BackboneError: the backbone's weights are not on this machine.
    """
    config = config_from_dict(bundle.config, where=f"{bundle.folder}/config.toml")
    tuned = bundle.backbone_weights()
    weights = "imagenet" if tuned is None else None
    backbone = build_backbone(
        config.backbone.name, config.backbone.size_px, folded=tuned is None, weights=weights
    )
    if tuned is not None:
        _set_weights(backbone, tuned, bundle, "the backbone")
    _check_backbone(backbone, bundle)
    pooling = config.classifier.pooling
    n_features = n_pooled(backbone.output_shape[-1], pooling)
    settings = {name: getattr(config.heads, name) for name in ("mode", "epsilon", "alpha")}
    classifiers = {}
    for head in bundle.heads:
        layer = build_head(head, bundle.hierarchy, **settings)
        classifiers[head] = build_classifier(n_features, layer, config.classifier)
        _set_weights(classifiers[head], bundle.head_weights(head), bundle, f"head {head}")
    return PhotoNetwork(backbone, classifiers, pooling)


def _check_backbone(backbone: keras.Model, bundle: Bundle) -> None:
    expected = bundle.manifest.get("backbone_sha256")
    if expected and arrays_sha256(backbone.get_weights()) != expected:
        raise BundleError(
            f"{bundle.folder}: the weights of {backbone.name} on this machine are not those "
            "that its heads were trained on (SHA-256 differs). Run `make install` to get them."
        )


def _set_weights(model: keras.Model, weights: list[np.ndarray], bundle: Bundle, what: str) -> None:
    expected = [tuple(variable.shape) for variable in model.weights]
    received = [array.shape for array in weights]
    if expected != received:
        raise BundleError(
            f"{bundle.folder}: the weights of {what} do not fit config.toml and cells.csv: "
            f"expected shapes {expected}, received {received}. "
            "Make the bundle anew with scripts/train.py."
        )
    model.set_weights(weights)


def _name(photo: Photo, name: str | None) -> str:
    """What an answer calls a photo: the given name, the path as given, else the file's name."""
    name = name or (str(photo) if isinstance(photo, str | Path) else photo_name(photo))
    return _printable(name)


def _printable(text: str) -> str:
    """Text that every output can encode, whatever bytes a file's name is made of."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
