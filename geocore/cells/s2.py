"""S2 cell ids as uint64 arrays (stage: cells). Knows nothing about photos.

The only module that knows S2's bit layout. An id is 3 bits of face, two bits per level of position
on the Hilbert curve, a closing 1, zeros. A cell is therefore one range of ids, and sorting ids
walks along the curve. Every function takes and returns whole arrays.

Source: Google's S2 geometry library (thesis appendix A), quadratic projection; bit for bit equal to
the package s2sphere.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocore.cells.geodesy import EARTH_RADIUS_KM, FloatArray, lat_lng, unit_vectors

MAX_LEVEL = 30
N_FACES = 6

IdArray = NDArray[np.uint64]
IntArray = NDArray[np.int64]

_SIZE_IJ = 1 << MAX_LEVEL
_SWAP, _INVERT = 1, 2
_LOOKUP_BITS = 4
_CHUNK = 1 << 16  # points at a time: the working arrays stay in the processor's cache
_ONE = np.uint64(1)
# Sub-cell order along the curve, per orientation, as 2 * i + j; and how each sub-cell turns the
# curve.
_POS_TO_IJ = np.array([[0, 1, 3, 2], [0, 2, 3, 1], [3, 2, 0, 1], [3, 1, 0, 2]])
_POS_TO_ORIENTATION = np.array([_SWAP, 0, 0, _INVERT | _SWAP])


def _lookup_tables() -> tuple[IntArray, IntArray]:
    """Four levels of the Hilbert curve at once: (i, j, orientation) -> position, and back.

    Keys and values are packed as `i:4 j:4 orientation:2` and `position:8 orientation:2`.
    """
    packed_pos, start = np.meshgrid(np.arange(256), np.arange(4), indexing="ij")
    i, j, orientation = np.zeros_like(packed_pos), np.zeros_like(packed_pos), start.copy()
    for shift in (6, 4, 2, 0):
        quarter = (packed_pos >> shift) & 3
        ij = _POS_TO_IJ[orientation, quarter]
        i, j = 2 * i + (ij >> 1), 2 * j + (ij & 1)
        orientation = orientation ^ _POS_TO_ORIENTATION[quarter]
    key_ij, key_pos = (i << 6) | (j << 2), packed_pos << 2
    to_pos, to_ij = np.empty(1024, dtype=np.int64), np.empty(1024, dtype=np.int64)
    to_pos[(key_ij | start).ravel()] = (key_pos | orientation).ravel()
    to_ij[(key_pos | start).ravel()] = (key_ij | orientation).ravel()
    return to_pos, to_ij


_TO_POS, _TO_IJ = _lookup_tables()


def cell_ids(lat: ArrayLike, lng: ArrayLike, level: int = MAX_LEVEL) -> IdArray:
    """Ids of the cells that contain the points.

    Args:
        lat: Latitudes in degrees, `(n_points,)`; finite, within +-90 (callers check).
        lng: Longitudes in degrees, `(n_points,)`.
        level: Level of the cells, 0 (a cube face) to 30 (about a centimetre).

    Returns:
        Ids `(n_points,)`.
    """
    lat, lng = np.atleast_1d(np.asarray(lat, float)), np.atleast_1d(np.asarray(lng, float))
    ids = np.empty(len(lat), dtype=np.uint64)
    for start in range(0, len(lat), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        face, u, v = _face_uv(unit_vectors(lat[chunk], lng[chunk]))
        ids[chunk] = _from_face_ij(face, _st_to_ij(_uv_to_st(u)), _st_to_ij(_uv_to_st(v)))
    return ids if level == MAX_LEVEL else parent(ids, level)


def parent(ids: ArrayLike, level: ArrayLike) -> IdArray:
    """Ancestors of the cells at `level`: one for all, or one per cell; none below the cell."""
    ids = _as_ids(ids)
    level = np.asarray(level)
    if np.any((level < 0) | (level > level_of(ids))):
        raise ValueError(f"Cells have ancestors from level 0 to their own, received level {level}.")
    lowest_bit = _ONE << (2 * (MAX_LEVEL - level)).astype(np.uint64)
    return (ids & (~lowest_bit + _ONE)) | lowest_bit


def children(ids: ArrayLike) -> IdArray:
    """The four children of each cell in curve order, `(n_cells, 4)`; no cell may be at level 30."""
    ids = _as_ids(ids)
    if np.any(ids & _ONE):
        raise ValueError(f"Cells at level {MAX_LEVEL} have no children.")
    quarter = _lowest_bit(ids) >> np.uint64(2)
    first = ids - np.uint64(3) * quarter
    return first[:, None] + quarter[:, None] * np.array([0, 2, 4, 6], dtype=np.uint64)


def cells_at_level(level: int) -> IdArray:
    """Ids of all 6 x 4^level cells of a level, in curve order."""
    lowest_bit = 1 << (2 * (MAX_LEVEL - level))
    steps = np.arange(N_FACES * 4**level, dtype=np.uint64)
    return steps * np.uint64(2 * lowest_bit) + np.uint64(lowest_bit)


def level_of(ids: ArrayLike) -> IntArray:
    """Level of each cell, 0 to 30."""
    n_zeros = np.bitwise_count(_lowest_bit(_as_ids(ids)) - _ONE)
    return MAX_LEVEL - n_zeros.astype(np.int64) // 2


def is_valid(ids: ArrayLike) -> NDArray[np.bool_]:
    """Whether each number is the id of a cell: one of six faces, closing 1 at an even position."""
    ids = _as_ids(ids)
    is_even = (_lowest_bit(ids) & np.uint64(0x1555555555555555)) != 0
    return ((ids >> np.uint64(61)) < N_FACES) & is_even


def id_range(ids: ArrayLike) -> tuple[IdArray, IdArray]:
    """Smallest and largest level-30 id inside each cell, both inclusive."""
    ids = _as_ids(ids)
    half = _lowest_bit(ids) - _ONE
    return ids - half, ids + half


def token(ids: ArrayLike) -> list[str]:
    """Tokens of the cells: the id in hexadecimal without its trailing zeros, such as `47c1`."""
    return [f"{cell_id:016x}".rstrip("0") or "X" for cell_id in _as_ids(ids).tolist()]


def from_token(tokens: Iterable[str]) -> IdArray:
    """Ids of the cells with these tokens.

    Raises:
        ValueError: If a token is not the token of a cell.
    """
    tokens = list(tokens)
    ids = parse_tokens(tokens)
    bad = np.flatnonzero(~is_valid(ids))
    if len(bad):
        raise ValueError(f"{tokens[bad[0]]!r} is not the token of an S2 cell (such as '47c1').")
    return ids


def parse_tokens(tokens: Iterable[str]) -> IdArray:
    """Like `from_token`, but what cannot be a token becomes 0, which is no valid id."""
    return np.array([_parse_token(text) for text in tokens], dtype=np.uint64)


def cell_area_km2(ids: ArrayLike) -> FloatArray:
    """Area of each cell on the sphere in km2; the six faces sum to 510 million.

    Source: own. A cell is a rectangle on the cube, and the solid angle of a rectangle has a closed
    form; it cancels out in tiny cells, for which the solid angle's density at the middle is exact
    enough (relative error below 1e-6).
    """
    _, u, v = _uv_bounds(_as_ids(ids))
    corners = np.arctan2(u[:, :, None] * v[:, None, :], _length(u[:, :, None], v[:, None, :]))
    exact = corners[:, 1, 1] - corners[:, 0, 1] - corners[:, 1, 0] + corners[:, 0, 0]
    tiny = np.ptp(u, axis=1) * np.ptp(v, axis=1) / _length(u.mean(1), v.mean(1)) ** 3
    return np.where(level_of(ids) < 12, exact, tiny) * EARTH_RADIUS_KM**2


def vertices(ids: ArrayLike) -> FloatArray:
    """Corners of each cell, counter-clockwise: lat and lng in degrees, `(n_cells, 4, 2)`."""
    face, u, v = _uv_bounds(_as_ids(ids))
    xyz = _face_uv_to_xyz(face[:, None], u[:, [0, 1, 1, 0]], v[:, [0, 0, 1, 1]])
    return np.stack(lat_lng(xyz), axis=-1)


def centers(ids: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Latitude and longitude, in degrees, of the middle of each cell."""
    face, i, j, size = _to_face_ij(_as_ids(ids))
    u, v = (_st_to_uv((low + size / 2) / _SIZE_IJ) for low in (i, j))
    return lat_lng(_face_uv_to_xyz(face, u, v))


def edge_neighbors(ids: ArrayLike) -> IdArray:
    """The four cells of the same level that share an edge with each cell, `(n_cells, 4)`."""
    ids = _as_ids(ids)
    face, i, j, size = (values[:, None] for values in _to_face_ij(ids))
    middle_i, middle_j = i + size // 2, j + size // 2
    i = np.clip(middle_i + size * np.array([0, 1, 0, -1]), -1, _SIZE_IJ)
    j = np.clip(middle_j + size * np.array([-1, 0, 1, 0]), -1, _SIZE_IJ)
    # A step over the face's edge lands just outside it; projecting that point finds the next face.
    u, v = ((2 * k + 1 - _SIZE_IJ) / _SIZE_IJ for k in (i, j))
    face, u, v = _face_uv(_face_uv_to_xyz(face, u, v).reshape(-1, 3))
    found = _from_face_ij(face, _st_to_ij((u + 1) / 2), _st_to_ij((v + 1) / 2))
    return parent(found.reshape(-1, 4), level_of(ids)[:, None])


def _as_ids(ids: ArrayLike) -> IdArray:
    return np.atleast_1d(np.asarray(ids, dtype=np.uint64))


def _lowest_bit(ids: IdArray) -> IdArray:
    return ids & (~ids + _ONE)


def _parse_token(text: str) -> int:
    is_hex = 1 <= len(text) <= 16 and set(text) <= set("0123456789abcdef")
    return int(text.ljust(16, "0"), 16) if is_hex else 0


def _face_uv(xyz: FloatArray) -> tuple[IntArray, FloatArray, FloatArray]:
    """Project unit vectors `(n, 3)` onto the cube: face 0-5 and u, v in [-1, 1]."""
    x, y, z = xyz[:, 0], xyz[:, 1], xyz[:, 2]
    abs_x, abs_y, abs_z = np.abs(x), np.abs(y), np.abs(z)
    is_x = (abs_x > abs_y) & (abs_x > abs_z)
    is_z = ~is_x & np.where(abs_x > abs_y, True, abs_y <= abs_z)
    depth = np.where(is_x, x, np.where(is_z, z, y))
    a = np.where(is_x, y, -x) / depth
    b = np.where(is_z, -y, z) / depth
    is_far = depth < 0
    face = np.where(is_x, 0, np.where(is_z, 2, 1)) + 3 * is_far
    return face, np.where(is_far, b, a), np.where(is_far, a, b)


def _face_uv_to_xyz(face: IntArray, u: FloatArray, v: FloatArray) -> FloatArray:
    """Back from the cube: vectors `(..., 3)`, not of unit length; the arguments broadcast."""
    face, u, v = np.broadcast_arrays(face, u, v)
    is_far = face >= 3
    depth = np.where(is_far, -1.0, 1.0)
    a, b = np.where(is_far, v, u) * depth, np.where(is_far, u, v) * depth
    axis = face % 3
    return np.stack(
        [
            np.choose(axis, [depth, -a, -a]),
            np.choose(axis, [a, depth, -b]),
            np.choose(axis, [b, b, depth]),
        ],
        axis=-1,
    )


def _uv_to_st(u: FloatArray) -> FloatArray:
    root = 0.5 * np.sqrt(1 + 3 * np.abs(u))
    return np.where(u >= 0, root, 1 - root)


def _st_to_uv(s: FloatArray) -> FloatArray:
    return np.where(s >= 0.5, (4 * s * s - 1) / 3, (1 - 4 * (1 - s) * (1 - s)) / 3)


def _st_to_ij(s: FloatArray) -> IntArray:
    return np.clip(np.floor(s * _SIZE_IJ), 0, _SIZE_IJ - 1).astype(np.int64)


def _length(u: FloatArray, v: FloatArray) -> FloatArray:
    return np.sqrt(1 + u * u + v * v)


def _from_face_ij(face: IntArray, i: IntArray, j: IntArray) -> IdArray:
    """Level-30 ids: the Hilbert position of (i, j), four bits of each at a time."""
    position = face << 60
    bits = face & _SWAP
    for k in range(7, -1, -1):
        shift = k * _LOOKUP_BITS
        bits = _TO_POS[(((i >> shift) & 15) << 6) | (((j >> shift) & 15) << 2) | bits]
        position |= (bits >> 2) << (2 * shift)
        bits &= _SWAP | _INVERT
    return position.astype(np.uint64) * np.uint64(2) + _ONE


def _to_face_ij(ids: IdArray) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Face, lower corner (i, j) on the 2^30 grid, and side length of each cell on that grid."""
    face = (ids >> np.uint64(61)).astype(np.int64)
    position = (ids >> _ONE).astype(np.int64)
    i, j, bits = np.zeros_like(face), np.zeros_like(face), face & _SWAP
    for k in range(7, -1, -1):
        n_bits = 2 * (_LOOKUP_BITS if k < 7 else MAX_LEVEL - 7 * _LOOKUP_BITS)
        quarter = (position >> (k * 2 * _LOOKUP_BITS)) & ((1 << n_bits) - 1)
        bits = _TO_IJ[(quarter << 2) | bits]
        i, j = i + ((bits >> 6) << (k * 4)), j + (((bits >> 2) & 15) << (k * 4))
        bits = bits & (_SWAP | _INVERT)
    size = 1 << (MAX_LEVEL - level_of(ids))
    return face, i & -size, j & -size, size


def _uv_bounds(ids: IdArray) -> tuple[IntArray, FloatArray, FloatArray]:
    """Face `(n,)` and the lower and upper u and v of each cell, both `(n, 2)`."""
    face, i, j, size = _to_face_ij(ids)
    ends = size[:, None] * np.array([0, 1])
    return (
        face,
        _st_to_uv((i[:, None] + ends) / _SIZE_IJ),
        _st_to_uv((j[:, None] + ends) / _SIZE_IJ),
    )
