"""Divide a photo set into training, validation and test photos, so that no part has seen another's.

Drawn photo by photo, photos of one walk or one square land in both parts, and a model is praised
for places it has seen. --group keeps a photographer's photos together, --place-km those of one
place (and what is joined to it by steps of that length). Same seed, same split. The new set's table
has the column split, which training uses where its configuration says split = "split".

    python scripts/split_photos.py --photos DIR --place-km 5 --out SPLIT
"""

import argparse
import sys
from pathlib import Path

from geocore.data.split_set import SplitRule, save_split
from geocore.errors import GeocoreError


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    args = vars(_parser().parse_args(argv))
    source, out = args.pop("photos"), args.pop("out")
    try:
        said = save_split(source, out, SplitRule(**args))
    except (GeocoreError, ValueError, OSError) as error:
        sys.stderr.write(f"split_photos.py: {error}\n")
        return 2
    print(f"{said}\nThe photo set is {out}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--photos", type=Path, required=True, metavar="DIR", help="photo set or its table")
    add("--out", type=Path, required=True, metavar="DIR", help="photo set to make, a new folder")
    add("--test", type=float, default=0.0, help="share of test photos (default: %(default)s)")
    share = "share of validation photos (default: %(default)s, as in the thesis)"
    add("--validation", type=float, default=0.1, help=share)
    add("--seed", type=int, default=42, help="another one: another split (default: %(default)s)")
    add("--group", metavar="COLUMN", help="column whose equal values stay together, as AUTHOR")
    add("--place-km", type=float, help="photos nearer to each other stay together")
    return parser


if __name__ == "__main__":
    sys.exit(main())
