"""Divide the world into cells that each hold about as many photos; write them as a table.

PHOTOS.csv has the columns IMG_ID, LAT, LON (a .csv.gz is read as well); the photos themselves are
not needed. Cells with more than --t-max photos are split, those with fewer than --t-min left out.

    python scripts/build_grid.py photos.csv --t-min 3000 --t-max 30000 --out cells.csv
"""

import argparse
import sys
from pathlib import Path

from geocore.cells import generate_cells
from geocore.cells.grid import POLICIES
from geocore.cells.place_names import load_place_namer
from geocore.cells.summary import grid_summary
from geocore.data.photos import load_coordinates
from geocore.errors import GeocoreError


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    args = vars(_parser().parse_args(argv))
    source, out = args.pop("photos"), args.pop("out")
    try:
        if out.resolve() == source.resolve():
            raise ValueError(f"--out must not be the photo table itself, received {out} twice.")
        table = load_coordinates(source, further=False)
        photos = table.photos
        grid = generate_cells(photos["lat"], photos["lng"], **args)
        grid.with_places(load_place_namer()).save_csv(out)
    except (GeocoreError, ValueError, OSError) as error:
        sys.stderr.write(f"build_grid.py: {error}\n")
        return 2
    print(table.summary())
    print(grid_summary(grid, len(photos)))
    print(f"Written to {out}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path, metavar="PHOTOS.csv", help="table of photos")
    parser.add_argument("--t-min", type=int, required=True, help="fewest photos of a cell")
    parser.add_argument("--t-max", type=int, required=True, help="most photos of an unsplit cell")
    parser.add_argument("--level-start", type=int, default=0, help="level of the largest cells")
    parser.add_argument("--level-end", type=int, default=30, help="level of the smallest cells")
    policy_help = "leave sparse cells out, or keep all and cover the world (default: %(default)s)"
    parser.add_argument("--policy", choices=POLICIES, default="drop", help=policy_help)
    parser.add_argument("--out", type=Path, required=True, metavar="CELLS.csv")
    return parser


if __name__ == "__main__":
    sys.exit(main())
