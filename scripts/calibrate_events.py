"""Teach a bundle to join several photos of one event, and to promise search areas for events.

Needs the photo sets that the bundle was trained on, one of them with four views of each of many
places (column PLACE_ID). Every place is answered by a head that was trained without it. About two
minutes per head once the features are kept.

    python scripts/calibrate_events.py --bundle BUNDLE --photos PHOTO_SETS
"""

import argparse
import os
import sys
from pathlib import Path

from geocore.errors import GeocoreError
from geocore.inference import DEFAULT_BUNDLE

CACHE = Path(".geocore")


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE, help="trained model folder")
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR", help="its photo sets")
    parser.add_argument("--head", action="append", default=[], help="default: the bundle's choice")
    parser.add_argument("--folds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--cache", type=Path, default=CACHE, help="features (default: %(default)s)")
    args = parser.parse_args(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from geocore.evaluation.event_measures import event_table
    from geocore.event_calibration import calibrate_events

    try:
        found = calibrate_events(
            args.bundle, args.photos, args.cache, heads=args.head, k=args.folds
        )
    except (GeocoreError, ValueError, OSError) as error:
        sys.stderr.write(f"calibrate_events.py: {error}\n")
        return 2
    for head, fitted in found.heads.items():
        print(f"\n{head}: {fitted.n_places} places. {fitted.settings}")
        print(event_table(fitted.measured).to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
