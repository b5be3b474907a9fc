"""Faults: sound files spoilt at random, each the same whenever its number and seed are the same.

Source: own; the kinds of changes are those of AFL's havoc stage, and checksums of PNG set right
afterwards, as they would hide all that lies behind them.
"""

import zlib
from collections.abc import Callable, Sequence

import numpy as np

MAX_BYTES = 1 << 20
_NUMBERS = (
    *(0, 1, 7, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF),
    *(0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 0x4000, 0x3FFF, 20_000, 65_500),
)
_PNG = b"\x89PNG\r\n\x1a\n"

Change = Callable[[bytearray, np.random.Generator, Sequence[bytes]], None]


def mutated(files: Sequence[bytes], seed: int, number: int) -> tuple[int, bytes]:
    """Spoilt file number `number`.

    Args:
        files: sound ones; at least one.
        seed: of the whole run.
        number: of the spoilt file, from 0.

    Returns:
        Which of `files` it was made from, and its bytes, at most `MAX_BYTES`.
    """
    rng = np.random.default_rng((seed, number))
    which = number % len(files)
    content = bytearray(files[which])
    for _ in range(1 << int(rng.integers(0, 5))):
        CHANGES[int(rng.integers(len(CHANGES)))](content, rng, files)
        if not content:
            break
    del content[MAX_BYTES:]
    if content.startswith(_PNG) and rng.random() < 0.8:
        _set_checksums(content)
    return which, bytes(content)


def _place(content: bytearray, rng: np.random.Generator) -> int:
    """A place in the file: as often among its first bytes, where the headers are, as anywhere."""
    near = (24, 160, 1000, len(content))[int(rng.integers(4))]
    return int(rng.integers(max(1, min(near, len(content)))))


def _stretch(content: bytearray, rng: np.random.Generator) -> slice:
    first = _place(content, rng)
    return slice(first, first + 1 + int(rng.integers(1 << int(rng.integers(1, 11)))))


def _flip(content: bytearray, rng: np.random.Generator, files: Sequence[bytes]) -> None:
    if content:
        content[_place(content, rng)] ^= 1 << int(rng.integers(8))


def _byte(content: bytearray, rng: np.random.Generator, files: Sequence[bytes]) -> None:
    if content:
        content[_place(content, rng)] = int(rng.integers(256))


def _number(content: bytearray, rng: np.random.Generator, files: Sequence[bytes]) -> None:
    """A length, offset or size that lies."""
    place, n_bytes = _place(content, rng), int(rng.choice([2, 4]))
    value = int(rng.choice(_NUMBERS)) & ((1 << 8 * n_bytes) - 1)
    is_big = rng.random() < 0.5
    content[place : place + n_bytes] = value.to_bytes(n_bytes, "big" if is_big else "little")


def _cut(content: bytearray, rng: np.random.Generator, files: Sequence[bytes]) -> None:
    del content[_place(content, rng) + 1 :]


def _remove(content: bytearray, rng: np.random.Generator, files: Sequence[bytes]) -> None:
    del content[_stretch(content, rng)]


def _repeat(content: bytearray, rng: np.random.Generator, files: Sequence[bytes]) -> None:
    """A stretch again and again, up to thousands of times."""
    part = content[_stretch(content, rng)]
    n_times = min(1 << int(rng.integers(13)), MAX_BYTES // (len(part) + 1))
    place = _place(content, rng)
    content[place:place] = part * n_times


def _move(content: bytearray, rng: np.random.Generator, files: Sequence[bytes]) -> None:
    stretch = _stretch(content, rng)
    part, place = content[stretch], _place(content, rng)
    content[place : place + len(part)] = part


def _noise(content: bytearray, rng: np.random.Generator, files: Sequence[bytes]) -> None:
    stretch = _stretch(content, rng)
    content[stretch] = rng.bytes(len(content[stretch]))


def _splice(content: bytearray, rng: np.random.Generator, files: Sequence[bytes]) -> None:
    """The rest of another file, or the whole of it: one file that is two."""
    other = files[int(rng.integers(len(files)))]
    place = _place(content, rng)
    content[place:] = other[int(rng.integers(2)) * min(place, len(other)) :]


CHANGES: tuple[Change, ...] = (
    *(_flip, _flip, _byte, _byte, _number, _number, _number),
    *(_cut, _remove, _repeat, _move, _noise, _splice),
)


def _set_checksums(content: bytearray) -> None:
    """Give every chunk of a PNG the checksum of what is in it now."""
    place = len(_PNG)
    while place + 12 <= len(content):
        n_bytes = int.from_bytes(content[place : place + 4], "big")
        end = place + 8 + n_bytes
        if end + 4 > len(content):
            return
        content[end : end + 4] = zlib.crc32(content[place + 4 : end]).to_bytes(4, "big")
        place = end + 4
