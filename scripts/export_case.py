"""Write a case, or one of its events, as files for people (report) and programs (map data, table).

The ending of each file's name says what it becomes: .html, .pdf, .csv, .geojson, .gpkg or .kml.
The case's log notes which files were made. With --photos, reports show the photos that the case
holds or that lie in the folders given. Exit code: 0, or 2 if it failed.

    python scripts/export_case.py flood.case report.html places.gpkg --analyst Ada
"""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from geocore.analysis.case_file import open_case
from geocore.analysis.case_state import case_state
from geocore.analysis.exporting.content import part_of
from geocore.analysis.exporting.files import export_to_file
from geocore.analysis.exporting.formats import format_of
from geocore.errors import GeocoreError
from geocore.inference import DEFAULT_BUNDLE
from geocore.inference.bundle import load_bundle


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    args = _parser().parse_args(argv)
    try:
        for path in args.files:
            format_of(path.name)
        with open_case(args.case) as case:
            state = part_of(case_state(case.entries()), args.event)
            shown = {"bundle": load_bundle(args.bundle)}
            if args.photos is not None:
                from geocore.casework.replay import photo_source

                shown["photos"] = photo_source(case, args.photos)
            for path in tqdm(args.files, disable=len(args.files) < 2):
                export_to_file(case, state, path, analyst=args.analyst, **shown)
    except (GeocoreError, ValueError) as error:
        sys.stderr.write(f"export_case.py: {error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("case", metavar="CASE", help="case file, or the URL of its database")
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="what to write")
    parser.add_argument("--event", metavar="ID", help="only this event and its photos")
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE, help="model that answered")
    parser.add_argument("--photos", type=Path, nargs="*", metavar="PHOTO_OR_DIR")
    parser.add_argument("--analyst", default="unnamed", help="who exports, for the log")
    return parser


if __name__ == "__main__":
    sys.exit(main())
