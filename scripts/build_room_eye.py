"""Fit the eye for rooms anew: which photos the caution gate takes for photos from inside.

Needs the photo sets that geocore/assets/rooms/rooms.csv names. Prints how many rooms are seen and
how many photos from outdoors are held up, by eyes that saw no photo of the same place.

    python scripts/build_room_eye.py --photos DIR
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from geocore.casework.caution import ROOM_LIMIT
from geocore.errors import GeocoreError
from geocore.inference.room_eye import WEIGHTS


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR", help="all photo sets")
    parser.add_argument("--cache", type=Path, default=Path(".geocore"), help="of what was seen")
    parser.add_argument("--table", type=Path, default=WEIGHTS.with_name("rooms.csv"))
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="(default: %(default)s)")
    args = parser.parse_args(argv)
    from geocore import room_fitting

    try:
        photos = room_fitting.known_photos(args.photos, args.table)
        weights = {}
        for backbone in room_fitting.BACKBONES:
            features = room_fitting.room_features(photos, backbone, args.cache)
            weights[backbone] = room_fitting.fit_weights(features, photos.is_inside)
            is_held = room_fitting.scores_left_out(features, photos) > ROOM_LIMIT
            inside, outside = is_held[photos.is_inside], is_held[~photos.is_inside]
            print(
                f"{backbone}: {inside.sum():,} of {len(inside):,} photos from inside are seen, "
                f"{outside.sum():,} of {len(outside):,} from outdoors are held up"
            )
    except GeocoreError as error:
        sys.stderr.write(f"build_room_eye.py: {error}\n")
        return 2
    np.savez(args.out, **weights)
    return 0


if __name__ == "__main__":
    sys.exit(main())
