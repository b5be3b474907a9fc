"""A predictor without a network, for tests of what is done with answers."""

import threading
from dataclasses import replace

from geocore.data.images import decode_photo
from geocore.inference.bundle import load_bundle
from tests.inference.calibrated_bundle import calibrated_bundle, held_out_prediction


class StandIn:
    """Answers every readable photo with the held-out prediction of one row.

    Attributes:
        n_asked: photos it was asked about.
        gate: it answers only while this is set.
    """

    def __init__(self, row: int = 0, folder: str | None = None) -> None:
        self.bundle = load_bundle(folder) if folder else calibrated_bundle()
        self.row = row
        self.n_asked = 0
        self.gate = threading.Event()
        self.gate.set()

    def read(self, photo, *, name=None):
        decode_photo(photo, name=name)
        assert self.gate.wait(10)
        self.n_asked += 1
        return name

    def answer(self, reading, head=None):
        prediction, _ = held_out_prediction(self.bundle, self.row, head or "MC")
        return replace(prediction, photo=reading)

    def look(self, reading):
        """None: only how flat the probs are can be judged."""
