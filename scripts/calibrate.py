"""Give a bundle search areas with a promised coverage, without training it again.

The bundle's own test photos calibrate; no photo file is needed. train.py does the same for a new
bundle.

    python scripts/calibrate.py --bundle BUNDLE
"""

import argparse
import sys
from pathlib import Path

from geocore.cells.place_names import load_place_namer
from geocore.errors import GeocoreError
from geocore.evaluation.conformal import LEVELS
from geocore.inference import DEFAULT_BUNDLE
from geocore.inference.calibrating import calibrate_bundle


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE, help="trained model folder")
    args = parser.parse_args(argv)
    try:
        calibration = calibrate_bundle(args.bundle, load_place_namer())
    except (GeocoreError, OSError) as error:
        sys.stderr.write(f"calibrate.py: {error}\n")
        return 2
    print(f"{len(calibration.photos)} photos calibrate. Seen on photos left out of it:")
    for head, methods in calibration.measured.items():
        for method, seen in methods.items():
            for row in seen["together"]:
                if row["level"] in LEVELS:
                    print(
                        f"{head}, {method}: promised {row['level']:.0%}, covered "
                        f"{row['coverage']:.1%} with {row['area_km2'] / 1e6:.1f} million km2 on "
                        "average"
                    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
