"""Make a photo set of an existing collection: a table, JSON, msgpack shards, or photos with GPS.

What SOURCE is, is found out by what stands in it. Rows that cannot be used are counted and listed
in dropped.csv with their reasons. However a run ended, the same command goes on. Images stay where
they are: the set gets a link to their folder.

    python scripts/import_photos.py mp16_places365.csv --images mp16/ --out mp16_set
"""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from geocore.cells.place_names import is_near_town
from geocore.data.importers import ImportOptions, import_photos
from geocore.data.importers.detection import FORMATS
from geocore.errors import GeocoreError


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    args = vars(_parser().parse_args(argv))
    source, out = args.pop("source"), args.pop("out")
    found = {name: args.pop(name) for name in ("format", "images")}
    try:
        with tqdm(unit=" rows", disable=not sys.stderr.isatty()) as bar:
            options = ImportOptions(**args, is_plausible=is_near_town, progress=bar.update)
            report = import_photos(source, out, options=options, **found)
    except (GeocoreError, ValueError, OSError) as error:
        sys.stderr.write(f"import_photos.py: {error}\n")
        return 2
    print(f"{report.summary()}\nThe photo set is {out}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    about = "".join(f"\n  {name:<15}{words}" for name, words in FORMATS.items())
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=f"{__doc__}\n{about[1:]}", formatter_class=style)
    add = parser.add_argument
    add("source", type=Path, metavar="SOURCE", help="file or folder of the collection")
    add("--out", type=Path, required=True, metavar="DIR", help="photo set to make, a new folder")
    add("--images", type=Path, metavar="DIR", help="folder of the images (default: images/ beside)")
    add("--places", type=Path, metavar="CSV", help="positions, for shards that have none")
    add("--format", choices=FORMATS, help="what the source is (default: found out)")
    add("--table", choices=("photos.parquet", "photos.csv"), default="photos.parquet")
    order = parser.add_mutually_exclusive_group().add_argument
    order("--swap", action="store_true", default=None, help="exchange latitude and longitude")
    order("--not-swapped", dest="swap", action="store_false", help="take them as they are")
    return parser


if __name__ == "__main__":
    sys.exit(main())
