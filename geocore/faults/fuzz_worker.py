"""Faults: the process that decodes spoilt files, so that a crash or a hang is its own.

    python -m geocore.faults.fuzz_worker SEED FIRST END

Says `begin NUMBER` before each file and one line of JSON after it.

Source: own.
"""

import faulthandler
import json
import re
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import NamedTuple

from geocore.data.exif import exif_position
from geocore.data.images import decode_photo, open_photo, upright_grey
from geocore.errors import ImageError
from geocore.faults.corpus import corpus
from geocore.faults.mutations import mutated

MAX_MEMORY = 4 << 30


class Outcome(NamedTuple):
    """What became of one file, "decoded" or "refused", and what it took."""

    number: int
    kind: str
    outcome: str
    cpu_s: float
    peak_mb: float


def main(seed: int, first: int, end: int) -> None:
    """Decode the files of these numbers, one after the other."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    warnings.simplefilter("ignore")  # Pillow's, on what it finds in spoilt files
    files = corpus()
    kinds, contents = list(files), list(files.values())
    for number in range(first, end):
        which, content = mutated(contents, seed, number)
        _say(f"begin {number}")
        begun_s = time.process_time()
        outcome = door_outcome(content)
        cpu_s = time.process_time() - begun_s
        _say(json.dumps(Outcome(number, kinds[which], outcome, round(cpu_s, 4), _peak_mb())))


def door_outcome(content: bytes) -> str:
    """Read all that is ever read from an unknown photo: "decoded" or "refused".

    Whatever else it raises is a fault of the door, and ends the process.
    """
    outcomes = []
    for way in (_whole, exif_position, _small):
        try:
            way(content)
        except ImageError:
            outcomes.append("refused")
        else:
            outcomes.append("decoded")
    return outcomes[0]


def _whole(content: bytes) -> None:
    image = decode_photo(content)
    if image.mode != "RGB" or max(image.size) > 2048:
        raise AssertionError(f"decoded into {image.mode} {image.size}")


def _small(content: bytes) -> None:
    with open_photo(content) as image:
        upright_grey(image, 32)


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text("ascii")
    return float(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1e3


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    faulthandler.enable()  # a decoder that crashes is named
    main(*map(int, sys.argv[1:4]))
