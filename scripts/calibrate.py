"""Give a bundle search areas with a promised coverage, without training it again.

The bundle's own test photos calibrate; no photo file is needed. Given the photos that the bundle
was made from, it also learns to tell photos unlike those, and its model card is written anew.
train.py does all of it for a new bundle.

    python scripts/calibrate.py --bundle BUNDLE --photos DIR
    python scripts/calibrate.py --bundle BUNDLE --photos DIR --card     # the model card alone
"""

import argparse
import sys
from pathlib import Path

from geocore.cells.place_names import load_place_namer
from geocore.errors import GeocoreError
from geocore.evaluation.coverage import coverage_table
from geocore.inference import DEFAULT_BUNDLE
from geocore.inference.calibrating import calibrate_bundle

CACHE = Path(".geocore")


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE, help="trained model folder")
    parser.add_argument("--photos", type=Path, metavar="DIR", help="the photos it was made from")
    parser.add_argument("--cache", type=Path, default=CACHE, help="features (default: %(default)s)")
    parser.add_argument("--card", action="store_true", help="write only the model card anew")
    args = parser.parse_args(argv)
    try:
        if args.card:
            from geocore.finishing import renew_card

            renew_card(args.bundle, args.photos)
            print(f"Model card of {args.bundle} written anew.")
            return 0
        if args.photos is None:
            calibration = calibrate_bundle(args.bundle, load_place_namer())
        else:
            from geocore.finishing import complete_bundle  # loads TensorFlow

            calibration = complete_bundle(args.bundle, args.photos, args.cache)
    except (GeocoreError, OSError) as error:
        sys.stderr.write(f"calibrate.py: {error}\n")
        return 2
    print(f"{len(calibration.photos)} photos calibrate. Seen on halves of them, left out in turn:")
    print(coverage_table(calibration.measured).to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
