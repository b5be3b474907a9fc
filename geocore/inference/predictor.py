"""Photo in, answer out: the one place where images, backbone, heads and cells meet at run time.

Stage: inference. It must not know pages, nor write files.

Source: thesis 4.1 and chapter 7; own.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from geocore.config import config_from_dict
from geocore.data.images import Photo, photo_name
from geocore.errors import ImageError
from geocore.evaluation.baselines import Baseline
from geocore.evaluation.mixing import PlaceAnswers, place_answers
from geocore.evaluation.points import best_points
from geocore.evaluation.temperature import apply_temperature
from geocore.inference.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from geocore.inference.bundle_network import build_network
from geocore.inference.evidence_file import head_mixing, load_evidence
from geocore.inference.indoor_probe import indoor_probe
from geocore.inference.network import PhotoNetwork
from geocore.inference.photo_look import PhotoLook, colours_share, even_share
from geocore.inference.prediction import PhotoFailure, Prediction
from geocore.inference.training_places import point_sharpness, training_point_table
from geocore.models.images import load_image

BATCH_SIZE = 16


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """What the network saw in one photo: enough for every head's answer and explanation.

    Attributes:
        photo: the photo's name.
        feature_map: (h, w, c) float32, output of the last convolution.
        features: (n_inputs,) float32, what every head read.
        probs: per head (n_leaves,) float32, as the head itself gives them.
        place_log_probs: (n_places,) float32, what the evidence of places says; None without any.
        domain_shares: (n_domains,) float32, how much of each domain the photo is; None likewise.
        even_share: see `geocore.inference.photo_look.PhotoLook`.
        colours_share: likewise.
        indoor_score: likewise.
    """

    photo: str
    feature_map: np.ndarray
    features: np.ndarray
    probs: dict[str, np.ndarray]
    place_log_probs: np.ndarray | None
    domain_shares: np.ndarray | None
    even_share: float
    colours_share: float
    indoor_score: float


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
        self._places = _place_answers(bundle)
        self._indoor_probe = indoor_probe(bundle)
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
            probs, points = self._head_answer(reading, head)
        lat, lng = best_points(probs, self._points) if points is None else points.T
        return Prediction(
            photo=reading.photo,
            head=head,
            lat=float(lat[0]),
            lng=float(lng[0]),
            probs=probs,
            leaves=self.bundle.grid.leaves,
            domain=self._domain(reading),
            indoor_score=reading.indoor_score,
        )

    def look(self, reading: Reading) -> PhotoLook:
        """What `geocore.analysis.abstention` judges a photo by, beside an answer's probs."""
        return PhotoLook(
            features=reading.features,
            even_share=reading.even_share,
            colours_share=reading.colours_share,
            indoor_score=reading.indoor_score,
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
            class_index = int(self._head_answer(reading, head)[0].argmax())
        return self._network.heat_map(reading.feature_map, reading.features, head, class_index)

    def _head_answer(self, reading: Reading, head: str) -> tuple[np.ndarray, np.ndarray | None]:
        """Probs (n_leaves,) of a head as served and, with evidence of places, its point (1, 2)."""
        mixing = head_mixing(self.bundle, head)
        if not self.is_calibrated:
            mixing = replace(mixing, temperature=1.0)
        if self._places is None or reading.place_log_probs is None or reading.domain_shares is None:
            return apply_temperature(reading.probs[head], mixing.temperature), None
        probs, points = self._places.answer(
            reading.probs[head][None],
            reading.place_log_probs[None],
            mixing,
            reading.domain_shares[None],
        )
        return probs[0], points

    def _domain(self, reading: Reading) -> str | None:
        """The photo set that the photo looks like, where the bundle tells several apart."""
        if reading.domain_shares is None or len(reading.domain_shares) != len(self.bundle.domains):
            return None
        return self.bundle.domains[int(reading.domain_shares.argmax())]

    def _baseline_answer(self, reading: Reading, name: str) -> tuple[np.ndarray, np.ndarray | None]:
        """Probs (n_leaves,) of a baseline and, where it has a rule of its own, its point (1, 2)."""
        if name not in self._baselines:
            self._baselines[name] = self.bundle.baseline(name)
        answers = self._baselines[name].answer(reading.features[None])
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
        pixels = np.stack([pixels for _, pixels in photos])
        feature_maps, features, probs = self._network.run(pixels)
        said = None if self._places is None else self._places.evidence.hear(features)
        probe = self._indoor_probe
        indoor = np.zeros(len(photos)) if probe is None else probe.scores(feature_maps)
        return [
            Reading(
                photo=name,
                feature_map=feature_maps[row],
                features=features[row],
                probs={head: values[row] for head, values in probs.items()},
                place_log_probs=None if said is None else said[0][row],
                domain_shares=None if said is None else said[1][row],
                even_share=even_share(pixels),
                colours_share=colours_share(pixels),
                indoor_score=float(indoor[row]),
            )
            for row, (name, pixels) in enumerate(photos)
        ]


def _place_answers(bundle: Bundle) -> PlaceAnswers | None:
    """The bundle's evidence of places, ready to answer; None where it has none."""
    evidence = load_evidence(bundle)
    if evidence is None:
        return None
    settings = config_from_dict(bundle.config, where=f"{bundle.folder}/config.toml").evidence
    n_leaves = bundle.grid.n_leaves
    return place_answers(evidence, n_leaves, settings.point, point_sharpness(bundle))


def _name(photo: Photo, name: str | None) -> str:
    """What an answer calls a photo: the given name, the path as given, else the file's name."""
    name = name or (str(photo) if isinstance(photo, str | Path) else photo_name(photo))
    return _printable(name)


def _printable(text: str) -> str:
    """Text that every output can encode, whatever bytes a file's name is made of."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
