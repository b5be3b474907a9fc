"""Leave out photos that are damaged, too small, copies, or at a position that cannot be believed.

Nothing is changed or copied: OUT becomes a photo set whose table lists the photos to keep and whose
images lead to the originals. OUT/cleaning.html says what was left out and why. Started again after
it was interrupted, the command goes on where it was.

    python scripts/clean.py --photos DIR --out OUT     # of several DIR copies across them are named
"""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from geocore.data.cleaning.photo_filters import PHOTO_FILTERS
from geocore.data.cleaning.report import PAGE
from geocore.data.cleaning.run import clean_photo_sets
from geocore.data.cleaning.settings import LIMITS, CleaningSettings
from geocore.errors import GeocoreError


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    args = vars(_parser().parse_args(argv))
    sources, out = args.pop("photos"), args.pop("out")
    others = {name: args.pop(name) for name in ("scheduler", "thumbnails")}
    try:
        settings = CleaningSettings(filters=tuple(args.pop("filter")), **args)
        others["start_progress"] = lambda what, n: tqdm(total=n, desc=what).update
        report = clean_photo_sets(sources, out, settings, **others)
    except (GeocoreError, ValueError) as error:
        print(f"clean.py: {error}", file=sys.stderr)
        return 2
    print(report.summary())
    print(f"Written to {out}; what was left out and why: {out / PAGE}")
    return 0 if len(report.photos) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    several = {"type": Path, "nargs": "+", "required": True, "metavar": "DIR"}
    parser.add_argument("--photos", **several, help="photo sets: table and images, or EXIF photos")
    parser.add_argument("--out", type=Path, required=True, help="new folder, or an earlier result")
    parser.add_argument("--scheduler", help="'processes', or a Dask cluster as tcp://host:port")
    for name, text in LIMITS.items():
        default = getattr(CleaningSettings, name)
        option = {"type": type(default), "default": default, "help": f"{text} (%(default)s)"}
        parser.add_argument(f"--{name.replace('_', '-')}", **option)
    kind = {"action": "append", "default": [], "choices": list(PHOTO_FILTERS)}
    parser.add_argument("--filter", **kind, help="also leave out what such a filter finds")
    shown = "show small copies of the examples on the page; mind who may see them"
    parser.add_argument("--thumbnails", action="store_true", help=shown)
    return parser


if __name__ == "__main__":
    sys.exit(main())
