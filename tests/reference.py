"""The oracle of the tests: the thesis's algorithms and equations, literally and slowly.

Nothing here shares code with geocore: cells come from the package s2sphere, the rest is loops.
"""

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import s2sphere

EPSILON = 1e-2  # algorithm 2, row 23
ALPHA = 0.9  # table 6.7


def cell_id(lat, lng, level=30):
    """S2 cell of one point."""
    point = s2sphere.LatLng.from_degrees(float(lat), float(lng))
    return s2sphere.CellId.from_lat_lng(point).parent(level)


@dataclass
class Cells:
    """What algorithm 1 returns: leaves, the parent of every cell, every cell's photos."""

    leaves: list = field(default_factory=list)
    parent: dict = field(default_factory=dict)
    n_photos: dict = field(default_factory=dict)


def algorithm_1(lat, lng, t_min, t_max, level_start=0, level_end=30, policy="drop"):
    """Algorithm 1 with our written decisions, photo by photo; leaves in the order of ids."""
    finest = [cell_id(*point) for point in zip(lat, lng, strict=True)]
    n_photos = Counter(photo.parent(level) for photo in finest for level in range(level_end + 1))
    parent = {}
    first = s2sphere.CellId.begin(level_start)
    current, leaves = [], []
    while first != s2sphere.CellId.end(level_start):
        current.append(first)
        first = first.next()
    for level in range(level_start, level_end + 1):
        new_cells = []
        for cell in current:
            if n_photos[cell] > t_max and level < level_end:
                new_cells += list(cell.children())
            else:
                leaves.append(cell)
        current = new_cells
    if policy == "drop":
        leaves = [cell for cell in leaves if n_photos[cell] >= t_min]
    for leaf in leaves:
        for level in range(level_start, leaf.level() + 1):
            cell = leaf.parent(level)
            parent[cell] = leaf.parent(level - 1) if level > level_start else None
    return Cells(sorted(leaves, key=lambda cell: cell.id()), parent, n_photos)


def algorithm_2(leaves, parent, epsilon=EPSILON):
    """Algorithm 2: one matrix (n_cells_at_level, n_leaves) per level, mode `literal`.

    Args:
        leaves: The leaves in the order of their class index (any hashable, sortable cells).
        parent: The parent of every cell, None for a root.
    """
    hierarchy_matrix = []
    for cell in leaves:  # rows 4-16
        curr_branch = []
        while cell is not None:
            curr_branch.insert(0, cell)
            cell = parent[cell]
        hierarchy_matrix.append(curr_branch)
    depth = max(len(branch) for branch in hierarchy_matrix)
    lvls = [  # rows 18-21
        sorted({branch[i] for branch in hierarchy_matrix if i < len(branch)}) for i in range(depth)
    ]
    binary_matrices = [[] for _ in range(depth)]
    for branch in hierarchy_matrix:  # rows 28-36
        for i in range(depth):
            binary_array = [epsilon] * len(lvls[i])
            if i < len(branch):
                binary_array[lvls[i].index(branch[i])] = 1
            binary_matrices[i].append(binary_array)
    return [np.array(matrix, dtype=float).T for matrix in binary_matrices]  # row 37


def softmax(logits):
    """Softmax over the last axis."""
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


def mc(logits):
    """MC (4.1): one softmax over the leaves, `(n, n_leaves)`."""
    return softmax(logits)


def expand(level_probs, matrices):
    """Eq. 4.1: per level, probs `(n, n_cells)` times its matrix -> `(n, n_leaves)`."""
    return [probs @ matrix for probs, matrix in zip(level_probs, matrices, strict=True)]


def _takes_part(level, branch_length, mode):
    return mode == "literal" or level < branch_length


def hmc(tensors, branch_lengths, mode):
    """Eq. 4.2: product over the levels, leaf by leaf; scores, not probs.

    Args:
        tensors: Per level, the result `(n, n_leaves)` of eq. 4.1.
        branch_lengths: For each leaf, the number of cells on its branch.
        mode: `literal` multiplies the levels below a leaf in, `neutral` leaves them out.
    """
    out = np.ones(tensors[0].shape)
    for k, branch_length in enumerate(branch_lengths):
        for level, tensor in enumerate(tensors):
            if _takes_part(level, branch_length, mode):
                out[:, k] = out[:, k] * tensor[:, k]
    return out


def hmc_sol(tensors, branch_lengths, mode):
    """Eq. 4.3-4.5: e raised to the sum of the natural logarithms."""
    out = np.zeros(tensors[0].shape)
    for k, branch_length in enumerate(branch_lengths):
        for level, tensor in enumerate(tensors):
            if _takes_part(level, branch_length, mode):
                out[:, k] = out[:, k] + np.log(tensor[:, k])
    return math.e**out


def hmc_smooth(tensors, branch_lengths, mode, alpha=ALPHA):
    """Eq. 4.6 and 4.7: weighted sum over the levels, over the weights of the leaf's own branch."""
    depth = len(tensors)
    out = np.zeros(tensors[0].shape)
    for k, branch_length in enumerate(branch_lengths):
        norm_factor = sum(alpha ** (depth - j - 1) for j in range(branch_length))
        for level, tensor in enumerate(tensors):
            if _takes_part(level, branch_length, mode):
                out[:, k] += tensor[:, k] * alpha ** (depth - level - 1)
        out[:, k] /= norm_factor
    return out


def hmc_tree(level_logits, parents, branches):
    """HMC-tree (ours): product down the branch of each cell's prob among its siblings.

    Args:
        level_logits: Per level, logits `(n, n_cells)`.
        parents: Per level, the position of each cell's parent in the level above; -1 for roots.
        branches: For each leaf, the positions of its branch's cells, from the root to the leaf.
    """
    out = np.ones((len(level_logits[0]), len(branches)))
    for k, branch in enumerate(branches):
        for level, cell in enumerate(branch):
            parent = parents[level][cell]
            siblings = [i for i, other in enumerate(parents[level]) if other == parent]
            probs = softmax(level_logits[level][:, siblings])
            out[:, k] = out[:, k] * probs[:, siblings.index(cell)]
    return out
