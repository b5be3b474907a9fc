"""Data stage, made world: chance that depends on numbers alone. It knows no place, no picture.

Three kinds: numbers per photo (hashed, so that photo i is the same whatever else is made), smooth
fields over the globe (so that neighbouring places look alike) and textures for surfaces.
"""

from functools import cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.special import ndtri

FloatArray = NDArray[np.float64]
EARTH_RADIUS_KM = 6371.0
TEXTURE_PX = 512
# Lengths over which the look of the made world changes, and how much of it each one carries.
SCALES_KM = {"continent": 4000.0, "region": 1300.0, "district": 450.0}
SHARES = {"continent": 0.62, "region": 0.62, "district": 0.48}
_N_WAVES = 24


def hashed_seeds(seed: int, numbers: NDArray[np.int64]) -> NDArray[np.uint64]:
    """One seed per number, below 2^53 (exact in any table), of the seed and the number alone."""
    with np.errstate(over="ignore"):
        world = _mixed(_mixed(np.uint64(seed % 2**64)))  # twice: or 42, 43 were 43, 42 again
        bits = _mixed(world + _mixed(numbers.astype(np.uint64)))
    return bits >> np.uint64(11)


def uniforms(seeds: NDArray[np.uint64], stream: str) -> FloatArray:
    """One number in (0, 1) per seed; every stream is independent of the others.

    Args:
        seeds: uint64 (n,).
        stream: name of what is drawn.
    """
    key = _mixed(np.uint64(crc32(stream.encode())))
    bits = _mixed(np.asarray(seeds, np.uint64) ^ key)
    return ((bits >> np.uint64(11)).astype(float) + 0.5) / 2.0**53


def normals(seeds: NDArray[np.uint64], stream: str) -> FloatArray:
    """One standard normal number per seed, see `uniforms`."""
    return ndtri(uniforms(seeds, stream))


def _mixed(x: NDArray[np.uint64] | np.uint64) -> NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        x = np.asarray(x, np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def unit_vectors(lat: FloatArray, lng: FloatArray) -> FloatArray:
    """Points on the unit sphere, (n, 3), of degrees."""
    phi, theta = np.radians(lat), np.radians(lng)
    cos_phi = np.cos(phi)
    return np.stack([cos_phi * np.cos(theta), cos_phi * np.sin(theta), np.sin(phi)], axis=-1)


def style_field(name: str, vectors: FloatArray) -> FloatArray:
    """A smooth random function on the sphere, about standard normal, the same in every world.

    It is a sum over `SCALES_KM`: places of one continent share its slow part, regions and
    districts refine it. Each part is a sum of waves (random Fourier features).

    Args:
        name: of the trait; every name is another function.
        vectors: unit vectors (n, 3).
    """
    total = np.zeros(len(vectors))
    for scale, length_km in SCALES_KM.items():
        waves, phases = _waves(f"{name}/{scale}", length_km)
        total += SHARES[scale] * np.sqrt(2 / _N_WAVES) * np.cos(vectors @ waves + phases).sum(1)
    return total


@cache
def _waves(name: str, length_km: float) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(list(name.encode()))
    waves = rng.normal(0, EARTH_RADIUS_KM / length_km, (3, _N_WAVES))
    return waves, rng.uniform(0, 2 * np.pi, _N_WAVES)


@cache
def texture(kind: str) -> NDArray[np.float32]:
    """A square of noise that repeats without a seam, values in [0, 1], mean 0.5.

    Args:
        kind: "cloud" (large shapes with fine borders), "soil" (patches) or "grain" (fine).
    """
    octaves = {
        "cloud": ((48, 1.0), (20, 0.55), (8, 0.28), (3, 0.14)),
        "soil": ((24, 0.5), (9, 0.6), (3, 0.6), (1, 0.45)),
        "grain": ((2.2, 0.35), (0.9, 0.8), (0.0, 0.5)),
    }[kind]
    rng = np.random.default_rng(list(kind.encode()))
    total = np.zeros((TEXTURE_PX, TEXTURE_PX))
    for sigma_px, weight in octaves:
        layer = gaussian_filter(rng.normal(size=total.shape), sigma_px, mode="wrap")
        total += weight * layer / layer.std()
    ranks = total.ravel().argsort().argsort().reshape(total.shape)
    return (ranks / ranks.size).astype(np.float32)


@cache
def texture_bytes(kind: str) -> NDArray[np.uint8]:
    """A texture as whole numbers, 0 to 255."""
    return (texture(kind) * 256).astype(np.uint8)


@cache
def ridge_line(n: int, roughness: float, variant: int) -> NDArray[np.float32]:
    """Heights of a mountain line of n points in [0, 1]: midpoint displacement by spectrum.

    Args:
        n: number of points.
        roughness: 0 for round hills to 1 for jagged peaks, in steps of 0.1 (others are not kept).
        variant: 0 to 63, another line each.
    """
    rng = np.random.default_rng([n, round(roughness * 10), variant])
    frequency = np.fft.rfftfreq(n, 1 / n)[1:]
    amplitude = frequency ** (-2.3 + 0.9 * roughness) * (frequency > 0.8)
    phases = rng.uniform(0, 2 * np.pi, len(frequency))
    line = np.fft.irfft(np.concatenate([[0], amplitude * np.exp(1j * phases)]), n)
    low, high = line.min(), line.max()
    return ((line - low) / (high - low)).astype(np.float32)
