"""Models stage: the heads, which carry the tree of cells inside the network (thesis 4.1 and 4.2).

A head maps hidden features (n, n_features) to logits (n, n_leaves): log scores, not yet summing to
1. `normalise` is the one place where they become probs. Nothing here multiplies by the dense
matrices of Algorithm 2: because p_l @ M_l = epsilon + (1 - epsilon) * p_l[ancestor], a head walks
down the tree level by level and gathers, in log space.
"""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from geocore.cells import Hierarchy

EPSILON = 0.01  # Algorithm 2, line 23
ALPHA = 0.9  # table 6.7
MODES = ("neutral", "literal")


def normalise(logits: keras.KerasTensor) -> keras.KerasTensor:
    """Logits (n, n_leaves) of any head -> probs (n, n_leaves). Rows sum to 1: yes."""
    return ops.softmax(logits, axis=-1)


class MultiClassHead(layers.Layer):
    """MC: one softmax over the leaves, blind to the tree.

    Input (n, n_features), output logits (n, n_leaves). Rows sum to 1: no. Source: thesis 4.1.
    """

    def __init__(self, hierarchy: Hierarchy, weight_decay: float = 0.0, **settings: Any) -> None:
        super().__init__(**settings)
        self.dense = _dense(hierarchy.n_leaves, weight_decay)

    def call(self, features: keras.KerasTensor) -> keras.KerasTensor:
        """Features (n, n_features) -> logits (n, n_leaves)."""
        return self.dense(features)


class _CellHead(layers.Layer):
    """Logits for every cell, handed to `combine` as one array (n, n_cells) per level.

    Walking down the tree, arrays are (n_cells, n): whole rows are gathered three times as fast.
    """

    def __init__(self, hierarchy: Hierarchy, weight_decay: float = 0.0, **settings: Any) -> None:
        super().__init__(**settings)
        sizes = [len(x) for x in hierarchy.cell_ids]
        self.dense = _dense(sum(sizes), weight_decay)
        self.parents = [np.asarray(x, "int32") for x in hierarchy.parents]
        self.starts = np.cumsum([0, *sizes])
        self.leaf_index = (
            self.starts[hierarchy.leaf_level] + np.asarray(hierarchy.leaf_position)
        ).astype("int32")
        self.leaf_level = np.asarray(hierarchy.leaf_level)

    def call(self, features: keras.KerasTensor) -> keras.KerasTensor:
        """Features (n, n_features) -> logits (n, n_leaves)."""
        logits = self.dense(features)
        starts = self.starts
        return self.combine([logits[:, starts[i] : starts[i + 1]] for i in range(self.depth)])

    @property
    def depth(self) -> int:
        """Number of levels of the tree."""
        return len(self.parents)

    def combine(self, level_logits: list[keras.KerasTensor]) -> keras.KerasTensor:
        """One array of logits (n, n_cells) per level -> logits (n, n_leaves)."""
        raise NotImplementedError

    def _to_leaves(self, by_level: list[keras.KerasTensor]) -> keras.KerasTensor:
        """One array (n_cells, n) per level -> (n, n_leaves)."""
        return ops.transpose(ops.take(ops.concatenate(by_level, axis=0), self.leaf_index, axis=0))


class _LevelHead(_CellHead):
    """One softmax per level, expanded to the leaves; epsilon off the branch (eq. 4.1)."""

    def __init__(
        self,
        hierarchy: Hierarchy,
        weight_decay: float = 0.0,
        mode: str = "neutral",
        epsilon: float = EPSILON,
        **settings: Any,
    ) -> None:
        super().__init__(hierarchy, weight_decay, **settings)
        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}, received {mode!r}.")
        if not 0 < epsilon < 1:
            raise ValueError(f"epsilon must lie in (0, 1), received {epsilon}.")
        self.mode, self.epsilon = mode, epsilon

    def _log_tensor(self, logits: keras.KerasTensor) -> keras.KerasTensor:
        """Logits (n, n_cells) of a level -> log(epsilon + (1 - epsilon) * p), (n_cells, n).

        p is the level's softmax. The sum is never below epsilon, so that its logarithm is exact.
        """
        p = ops.softmax(logits, axis=-1)
        return ops.transpose(ops.log(self.epsilon + (1 - self.epsilon) * p))  # eq. 4.1


class ProductHead(_LevelHead):
    """HMC: product of the levels' probs down each branch.

    Input (n, n_features), output logits (n, n_leaves). Rows sum to 1: no. In log space the product
    (eq. 4.2) and the exponential of the sum of logarithms (eq. 4.5) are one function, so HMC and
    HMC-sol differ only in how they are trained. In mode literal a level below a leaf multiplies by
    epsilon, in mode neutral by 1. Source: thesis 4.2.2, eq. 4.2.
    """

    def combine(self, level_logits: list[keras.KerasTensor]) -> keras.KerasTensor:
        """One array of logits (n, n_cells) per level -> logits (n, n_leaves)."""
        by_level = [self._log_tensor(level_logits[0])]
        for logits, parents in zip(level_logits[1:], self.parents[1:], strict=True):
            above = ops.take(by_level[-1], parents, axis=0)
            by_level.append(above + self._log_tensor(logits))  # log of eq. 4.2
        leaves = self._to_leaves(by_level)
        if self.mode == "neutral":
            return leaves
        n_missing = self.depth - 1 - self.leaf_level
        return leaves + (n_missing * np.log(self.epsilon)).astype("float32")


class SumOfLogsHead(ProductHead):
    """HMC-sol: exponential of the sum of the levels' log probs (eq. 4.5); see `ProductHead`."""


class SmoothHead(_LevelHead):
    """HMC-smooth: average of the levels' probs down each branch, weighted with alpha**(depth-1-i).

    Input (n, n_features), output logits (n, n_leaves). Rows sum to 1: no. Each leaf is divided by
    the sum of its own branch's weights. Source: thesis 4.2.4, eq. 4.6 and 4.7.
    """

    def __init__(
        self,
        hierarchy: Hierarchy,
        weight_decay: float = 0.0,
        mode: str = "neutral",
        epsilon: float = EPSILON,
        alpha: float = ALPHA,
        **settings: Any,
    ) -> None:
        super().__init__(hierarchy, weight_decay, mode, epsilon, **settings)
        if not 0 < alpha <= 1:
            raise ValueError(f"alpha must lie in (0, 1], received {alpha}.")
        self.weights_by_level = alpha ** np.arange(self.depth - 1, -1, -1.0)  # eq. 4.6

    def combine(self, level_logits: list[keras.KerasTensor]) -> keras.KerasTensor:
        """One array of logits (n, n_cells) per level -> logits (n, n_leaves)."""
        log_weights = np.log(self.weights_by_level).astype("float32")
        by_level = [self._log_tensor(level_logits[0]) + log_weights[0]]
        for i in range(1, self.depth):
            above = ops.take(by_level[-1], self.parents[i], axis=0)
            here = self._log_tensor(level_logits[i]) + log_weights[i]
            by_level.append(ops.logaddexp(above, here))  # log of the numerator of eq. 4.7
        leaves = self._to_leaves(by_level)
        branch = np.cumsum(self.weights_by_level)
        if self.mode == "literal":
            missing = self.epsilon * (branch[-1] - branch[self.leaf_level])
            leaves = ops.logaddexp(leaves, np.log(np.maximum(missing, 1e-35)).astype("float32"))
        return leaves - np.log(branch[self.leaf_level]).astype("float32")  # eq. 4.7


class TreeHead(_CellHead):
    """HMC-tree: softmax among siblings at every fork; a leaf's prob is the product down its branch.

    Input (n, n_features), output log probs (n, n_leaves). Rows sum to 1: yes. A parent's prob is
    the sum of its children's, so the map can be read at any level. Source: own (the conditional
    reading of thesis 4.2.1).
    """

    def combine(self, level_logits: list[keras.KerasTensor]) -> keras.KerasTensor:
        """One array of logits (n, n_cells) per level -> logits (n, n_leaves)."""
        by_level = [ops.transpose(ops.log_softmax(level_logits[0], axis=-1))]
        for logits, parents in zip(level_logits[1:], self.parents[1:], strict=True):
            above = ops.take(by_level[-1], parents, axis=0)
            by_level.append(above + _sibling_log_softmax(logits, parents))
        return self._to_leaves(by_level)


HEADS: dict[str, type[layers.Layer]] = {
    "MC": MultiClassHead,
    "HMC": ProductHead,
    "HMC-sol": SumOfLogsHead,
    "HMC-smooth": SmoothHead,
    "HMC-tree": TreeHead,
}


def build_head(
    name: str,
    hierarchy: Hierarchy,
    *,
    mode: str = "neutral",
    epsilon: float = EPSILON,
    alpha: float = ALPHA,
    weight_decay: float = 0.0,
) -> layers.Layer:
    """Build a head by its name in HEADS.

    Args:
        name: key of HEADS.
        hierarchy: tree of cells.
        mode: what a level below a leaf contributes, ``"neutral"`` (nothing) or ``"literal"``
            (epsilon, as Algorithm 2 says).
        epsilon: weight of a cell off the leaf's branch. Per-level heads only.
        alpha: smoothing base of HMC-smooth.
        weight_decay: L2 factor on the kernel.

    Returns:
        Keras layer from features (n, n_features) to logits (n, n_leaves).

    Raises:
        ValueError: unknown name, or a setting out of range.
    """
    if name not in HEADS:
        raise ValueError(f"Unknown head {name!r}. Known heads: {', '.join(sorted(HEADS))}.")
    settings: dict[str, Any] = {"weight_decay": weight_decay, "name": "head"}
    if issubclass(HEADS[name], _LevelHead):
        settings |= {"mode": mode, "epsilon": epsilon}
    if issubclass(HEADS[name], SmoothHead):
        settings["alpha"] = alpha
    return HEADS[name](hierarchy, **settings)


def _dense(n_units: int, weight_decay: float) -> layers.Dense:
    regularizer = keras.regularizers.L2(weight_decay) if weight_decay else None
    return layers.Dense(n_units, kernel_regularizer=regularizer, dtype="float32", name="cells")


def _sibling_log_softmax(logits: keras.KerasTensor, parents: np.ndarray) -> keras.KerasTensor:
    """Logits (n, n_cells) -> log softmax (n_cells, n) among the cells that share a parent.

    Siblings stand next to each other (a level is sorted by cell id), four at most, so each family
    is one row of a padded table (n_families, 4, n).
    """
    _, family, n_siblings = np.unique(parents, return_inverse=True, return_counts=True)
    slot = np.arange(len(parents)) - np.repeat(np.cumsum(n_siblings) - n_siblings, n_siblings)
    table = np.zeros((len(n_siblings), n_siblings.max()), "int32")
    table[family, slot] = np.arange(len(parents))
    is_padding = np.arange(table.shape[1]) >= n_siblings[:, None]
    families = ops.take(ops.transpose(logits), table.ravel(), axis=0)
    families = ops.reshape(families, (*table.shape, -1))
    families = ops.where(is_padding[:, :, None], np.float32(-1e9), families)
    log_p = families - ops.logsumexp(families, axis=1, keepdims=True)
    log_p = ops.reshape(log_p, (table.size, -1))
    return ops.take(log_p, (family * table.shape[1] + slot).astype("int32"), axis=0)
