"""Rules that carry the thesis's numbers over to a photo set of another size.

Belongs to the experiments, offline. It must not know models or files.

- Thresholds: t_min and t_max are the thesis's times n_photos / 970,565, rounded, at least 2 and 4.
  If they leave fewer than two classes, both are halved until they do, down to those floors.
- Training photos: the thesis drew 10,000, 40,000, 160,000 and 640,000, each four times the one
  before; here it is 1/64, 1/16, 1/4 and all of the training photos, at least 2.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from geocore.cells import CellGrid
from geocore.config import ExperimentConfig
from geocore.errors import GridError
from geocore.evaluation.thesis import T_MAX_FLOOR, T_MIN_FLOOR, scaled_thresholds
from geocore.preparation import make_grid

N_TRAIN_FLOOR = 2


def scaled_grid(
    config: ExperimentConfig, photos: pd.DataFrame
) -> tuple[ExperimentConfig, CellGrid]:
    """The cells of an experiment whose thresholds are those of the thesis.

    Args:
        config: with the thesis's t_min and t_max.
        photos: all of them, with lat and lng.

    Returns:
        The experiment with the thresholds that were used, and the grid with at least two leaves.

    Raises:
        GridError: even the smallest thresholds leave fewer than two leaves.
    """
    t_min, t_max = scaled_thresholds(config.grid.t_min, config.grid.t_max, len(photos))
    while True:
        scaled = replace(config, grid=replace(config.grid, t_min=t_min, t_max=t_max))
        try:
            return scaled, make_grid(scaled, photos)
        except GridError:
            if (t_min, t_max) == (T_MIN_FLOOR, T_MAX_FLOOR):
                raise
        t_min, t_max = max(T_MIN_FLOOR, t_min // 2), max(T_MAX_FLOOR, t_max // 2)


def n_needed(n_train: int, divisor: int) -> int:
    """How many of the training photos a setting of experiment B trains with."""
    return min(n_train, max(N_TRAIN_FLOOR, round(n_train / divisor)))


def balanced_draw(
    class_index: np.ndarray, n_classes: int, n_photos: int, seed: int = 42
) -> np.ndarray:
    """Draw photos as evenly over the classes as they allow.

    From every class round(n_photos / n_classes) at random, or all it has; what is still needed is
    drawn at random from the photos left. Where rounding up gives more than needed, the surplus is
    taken away at random.

    Args:
        class_index: int (n_available,), each photo's leaf, none UNASSIGNED.
        n_classes: number of leaves, those without a photo included.
        n_photos: how many to draw, 1 to n_available.
        seed: of the draw.

    Returns:
        int (n_photos,), positions in `class_index`, ascending.

    Raises:
        ValueError: more photos than there are, or none.

    Source: thesis eq. 6.4; the surplus: own (160,000 over 89 classes gives 160,022).
    """
    if not 1 <= n_photos <= len(class_index):
        raise ValueError(
            f"n_photos must lie between 1 and the {len(class_index)} photos there are, "
            f"received {n_photos}."
        )
    n_per_class = round(n_photos / n_classes)  # eq. 6.4
    order = np.random.default_rng(seed).permutation(len(class_index))
    shuffled = pd.Series(np.asarray(class_index)[order])
    is_first = (shuffled.groupby(shuffled).cumcount() < n_per_class).to_numpy()
    return np.sort(np.concatenate([order[is_first], order[~is_first]])[:n_photos])
