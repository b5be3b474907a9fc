"""When to give no answer: drawings and screenshots, photos unlike any known, probs too flat.

Stage: analysis. It judges what a photo looks like and what a head said; it must not know pages or
TensorFlow.

The limits are shares of held-out photos that may be turned away in vain, so that nobody has to
guess them: a photo is unfamiliar where fewer than 2 in 100 held-out photos are as unlike the
training photos, and an answer flat where fewer than 5 in 100 are as flat. Behind the second: of
1,652 photos answered out of fold with the shipped grid, the flattest 5 % had their best point
within 2,500 km for 18 % (MC) and 29 % (HMC-tree), all of them for 39 %; one and the same guess for
every photo has 27 %. `AbstentionRule.table` and `.curve` say the same of a bundle's own photos.

Source: own; Chow 1970, "On optimum recognition error and reject tradeoff", for turning away.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geocore.evaluation.calibration import wilson_interval
from geocore.evaluation.conformal import p_values
from geocore.evaluation.familiarity import Familiarity
from geocore.evaluation.risk_coverage import risk_coverage
from geocore.inference.bundle import Bundle
from geocore.inference.familiarity_file import load_familiarity
from geocore.inference.held_out import held_out_answers
from geocore.inference.photo_look import PhotoLook

DRAWING, UNFAMILIAR, FLAT = "drawing", "unfamiliar", "flat"
REASONS = {
    DRAWING: "This looks like a drawing, a screenshot or a document",
    UNFAMILIAR: "This is unlike the photos that the model learned from",
    FLAT: "The model cannot tell the areas apart",
}
EVEN_LIMIT, COLOURS_LIMIT = 0.4, 0.5
"""Of 1,192 photos none exceeds both; of 120 drawings 93 %, of 40 screenshots 95 %, all charts."""
SHARES = {UNFAMILIAR: 0.02, FLAT: 0.05}
NEAR_KM = 2500.0
_AS = {UNFAMILIAR: "as unlike or more", FLAT: "answered as evenly or more"}


@dataclass(frozen=True, kw_only=True)
class Abstention:
    """Why there is no usable answer.

    Attributes:
        reason: key of REASONS.
        sentence: the same with its figures, for people; "No usable answer." stands before it.
        value: what was measured: share of even colour, p-value of the distance or of the flatness.
        limit: the value that it is on the wrong side of.
    """

    reason: str
    sentence: str
    value: float
    limit: float


@dataclass(frozen=True, kw_only=True, eq=False)
class AbstentionRule:
    """What held-out photos say about when to give no answer; made once per bundle and head.

    Attributes:
        familiarity: None where the bundle keeps none: unfamiliar photos cannot be told then.
        extremes: per reason but DRAWING, how far each held-out photo goes towards it, (n_photos,):
            distance from the training photos, flatness.
        is_near: whether the best single point of each was within NEAR_KM, bool (n_photos,).
    """

    familiarity: Familiarity | None
    extremes: dict[str, np.ndarray]
    is_near: np.ndarray

    def judge(self, look: PhotoLook | None, probs: np.ndarray) -> Abstention | None:
        """Whether an answer should be withheld, and why; the first reason that holds.

        Args:
            look: from `Predictor.look`; None where only the answer is at hand: then only its
                flatness is judged.
            probs: (n_leaves,), as served.

        Raises:
            ValueError: features of another backbone.
        """
        if look is not None and (found := _drawing(look)) is not None:
            return found
        if look is not None and self.familiarity is not None:
            distance = self.familiarity.distance(look.features[None])[0]
            if (found := self._compared(UNFAMILIAR, distance, "")) is not None:
                return found
        spread = float(flatness(probs))
        figures = f"its probability is spread as if over {spread:.0f} of {len(probs)} areas alike; "
        return self._compared(FLAT, spread, figures)

    def table(self) -> pd.DataFrame:
        """What becomes of the held-out photos.

        Returns:
            One row per reason that is judged by them, and one, "answered", for the photos that none
            turns away: reason, n_photos, share_near (of them, NaN for none), low and high (its 95 %
            Wilson interval).
        """
        marks = {reason: self._turned_away(reason) for reason in self.extremes}
        marks["answered"] = ~np.logical_or.reduce(list(marks.values()))
        n = np.array([is_marked.sum() for is_marked in marks.values()])
        n_near = np.array([self.is_near[is_marked].sum() for is_marked in marks.values()])
        share = np.divide(n_near, n, out=np.full(len(n), np.nan), where=n > 0)
        low, high = wilson_interval(share, n)
        return pd.DataFrame(
            {"reason": list(marks), "n_photos": n, "share_near": share, "low": low, "high": high}
        )

    def curve(self, reason: str) -> pd.DataFrame:
        """How often answers are far off if only the least extreme photos are answered.

        Args:
            reason: one of those in `extremes`.

        Returns:
            `geocore.evaluation.risk_coverage.risk_coverage`; risk: best single point farther than
            NEAR_KM; threshold: minus the distance or the flatness.

        Raises:
            ValueError: another reason.
        """
        if reason not in self.extremes:
            known = ", ".join(self.extremes)
            raise ValueError(f"reason must be one of {known}, received {reason!r}.")
        return risk_coverage(-self.extremes[reason], self.is_near)

    def _compared(self, reason: str, extreme: float, figures: str) -> Abstention | None:
        """The abstention, where too few held-out photos are as extreme."""
        known = self.extremes[reason]
        p = float(p_values(np.array([extreme]), known)[0])
        if not len(known) or p > max(SHARES[reason], 1 / (len(known) + 1)):
            return None
        n_alike = int((known >= extreme).sum())
        alike = f"of {len(known):,} photos that it had not seen, {n_alike or 'none'} {_AS[reason]}"
        return _because(reason, figures + alike, p, SHARES[reason])

    def _turned_away(self, reason: str) -> np.ndarray:
        """Held-out photos that the reason turns away, bool (n_photos,)."""
        rank = pd.Series(self.extremes[reason]).rank(ascending=False, method="max").to_numpy()
        return rank <= SHARES[reason] * len(rank)


def abstention_rule(bundle: Bundle, head: str) -> AbstentionRule:
    """The rule that a bundle's held-out photos give for one head.

    Raises:
        ValueError: the bundle has no such head.
        BundleError: its files cannot be used.
    """
    answers, familiarity = held_out_answers(bundle, head), load_familiarity(bundle)
    extremes = {FLAT: 1 / answers["square_sum"].to_numpy(np.float64)}
    if familiarity is not None:
        test = bundle.photos.loc[bundle.photos["split"] == "test", "photo_id"]
        distance = pd.Series(familiarity.held_out, index=test).reindex(answers["photo_id"])
        extremes = {UNFAMILIAR: distance.to_numpy(np.float64), **extremes}
    return AbstentionRule(
        familiarity=familiarity,
        extremes=extremes,
        is_near=(answers["error_km"] <= NEAR_KM).to_numpy(),
    )


def flatness(probs: np.ndarray) -> np.ndarray:
    """Number of cells that an even spread as flat as the probs would cover, float64 (...,).

    Args:
        probs: (..., n_leaves), sum 1.

    Source: Hill 1973 (order 2); 1 where one cell has all, n_leaves where all have the same.
    """
    return 1 / (np.asarray(probs, np.float64) ** 2).sum(axis=-1)


def _drawing(look: PhotoLook) -> Abstention | None:
    if look.even_share <= EVEN_LIMIT or look.colours_share <= COLOURS_LIMIT:
        return None
    figures = (
        f"{100 * look.even_share:.0f} % of it is of exactly even colour, and five colours make up "
        f"{100 * look.colours_share:.0f} % of it"
    )
    return _because(DRAWING, figures, look.even_share, EVEN_LIMIT)


def _because(reason: str, figures: str, value: float, limit: float) -> Abstention:
    sentence = f"{REASONS[reason]}: {figures}."
    return Abstention(reason=reason, sentence=sentence, value=value, limit=limit)
