"""Measure every head on every photo, each time trained without that photo's fold."""

import argparse
import sys
from pathlib import Path

from geocore.config import load_config
from geocore.cross_validation import cross_validate
from geocore.errors import GeocoreError
from geocore.evaluation.coverage import coverage_table
from geocore.evaluation.report import head_table
from geocore.inference.bundle_files import as_json

CACHE = Path(".geocore")


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="experiment, a TOML of configs/")
    parser.add_argument(
        "--photos",
        type=Path,
        required=True,
        metavar="DIR",
        help="one photo set, or the folder that holds the photo sets which the experiment names",
    )
    parser.add_argument("--folds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="where to write all figures as JSON")
    parser.add_argument("--cache", type=Path, default=CACHE, help="features (default: %(default)s)")
    arguments = parser.parse_args(argv)
    try:
        config = load_config(arguments.config)
        report = cross_validate(config, arguments.photos, arguments.cache, k=arguments.folds)
    except (GeocoreError, ValueError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    for photo_set in next(iter(report["heads"].values())):
        print(f"\n{photo_set}\n{head_table(report, photo_set).to_string()}")
    print(f"\nSearch areas\n{coverage_table(report['search_areas']).to_string(index=False)}")
    if arguments.out is not None:
        arguments.out.write_text(as_json(report), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
