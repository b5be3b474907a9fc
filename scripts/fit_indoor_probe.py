"""Fit anew what the caution gate tells photos from inside by.

Needs the photo sets that geocore/assets/indoor/indoor_photos.csv names. Prints how many rooms are
seen and how many photos from outdoors are held up, by probes that saw no photo of the same place.

    python scripts/fit_indoor_probe.py --photos DIR
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from geocore.casework.caution import INDOOR_LIMIT
from geocore.errors import GeocoreError
from geocore.inference.indoor_probe import WEIGHTS


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR", help="all photo sets")
    parser.add_argument("--cache", type=Path, default=Path(".geocore"), help="of what was seen")
    parser.add_argument("--table", type=Path, default=WEIGHTS.with_name("indoor_photos.csv"))
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="(default: %(default)s)")
    args = parser.parse_args(argv)
    from geocore import indoor_fitting

    try:
        photos = indoor_fitting.known_photos(args.photos, args.table)
        weights = {}
        for backbone in indoor_fitting.BACKBONES:
            features = indoor_fitting.indoor_features(photos, backbone, args.cache)
            weights[backbone] = indoor_fitting.fit_weights(features, photos.is_inside)
            is_held = indoor_fitting.scores_left_out(features, photos) > INDOOR_LIMIT
            inside, outside = is_held[photos.is_inside], is_held[~photos.is_inside]
            print(
                f"{backbone}: {inside.sum():,} of {len(inside):,} photos from inside are seen, "
                f"{outside.sum():,} of {len(outside):,} from outdoors are held up"
            )
    except GeocoreError as error:
        sys.stderr.write(f"fit_indoor_probe.py: {error}\n")
        return 2
    np.savez(args.out, **weights)
    return 0


if __name__ == "__main__":
    sys.exit(main())
