"""What is in a photo set: which places, what is missing, and where to collect next.

DIR is a folder with photos.csv or photos.parquet (columns IMG_ID, LAT, LON), such a table, or a
folder of photos with GPS in their EXIF. --out writes every table, the figures and two world maps.

    python scripts/describe.py --photos DIR --out REPORT
"""

import argparse
import sys
from pathlib import Path

from geocore.analysis import description_tables as report
from geocore.analysis.description_text import description_text
from geocore.analysis.photo_description import describe_source
from geocore.cells import load_grid
from geocore.errors import GeocoreError
from geocore.visuals.density_maps import world_pictures


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    args = _parser().parse_args(argv)
    try:
        photos = describe_source(args.photos)
        grid = load_grid(args.grid).leaves if args.grid else None
        cells = report.cells_of_set(photos, grid, t_min=args.t_min, t_max=args.t_max)
        tables, figures = report.all_tables(photos, cells), report.key_figures(photos, cells)
        print(description_text(photos, cells, tables, figures["rule_for_collecting"]))
        if args.out:
            places = tables["collect_small_cells"]
            maps = world_pictures(photos.name, tables["density"], places)
            report.save_files(report.description_files(figures, tables, maps), args.out)
            print(f"\nWritten to {args.out}.")
    except (GeocoreError, ValueError, OSError) as error:
        sys.stderr.write(f"describe.py: {error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR", help="the photo set")
    grid_help = "count in these cells instead of dividing the world by the set itself"
    parser.add_argument("--grid", type=Path, metavar="CELLS.csv", help=grid_help)
    low_help = "fewest photos that a cell needs (default: as in the thesis, scaled to the set)"
    parser.add_argument("--t-min", type=int, help=low_help)
    parser.add_argument("--t-max", type=int, help="most photos of an undivided cell (likewise)")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="folder for tables and maps")
    return parser


if __name__ == "__main__":
    sys.exit(main())
