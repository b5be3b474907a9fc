"""Draw a made world: any number of outdoor pictures at real coordinates, by rule, not from photos.

For trying everything without photos of your own, for tests and for measuring speed. Every picture
is labelled as made, in its corner and in its file. A model trained on it knows nothing about the
real world. However a run ended, the same command goes on; a larger --n adds to what is there.

    python scripts/make_world.py --n 20000 --out made
"""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from geocore.data.made_world.table import WorldSettings
from geocore.data.made_world.world import make_world
from geocore.errors import GeocoreError


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    args = _parser().parse_args(argv)
    try:
        settings = WorldSettings(seed=args.seed, size_px=args.size, flaws=args.flaws)
        with tqdm(total=args.n, unit="photo", disable=not sys.stderr.isatty()) as bar:
            options = {"scheduler": args.scheduler, "progress": bar.update}
            report = make_world(args.out, args.n, settings, **options)
    except KeyboardInterrupt:
        sys.stderr.write("Ended by you. The same command goes on from here.\n")
        return 130
    except (GeocoreError, ValueError, OSError) as error:
        sys.stderr.write(f"make_world.py: {error}\n")
        return 1
    print(f"{report.summary()}\nThe table is {args.out / 'photos.csv'}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--n", type=int, required=True, help="number of photos")
    add("--out", type=Path, required=True, metavar="DIR", help="photo set to make")
    add("--seed", type=int, default=42, help="another one: other photos (default: %(default)s)")
    add("--size", type=int, default=320, help="longer side in pixels (default: %(default)s)")
    add("--flaws", type=float, default=0, help="share of photos spoilt, for trying to clean (0)")
    add("--scheduler", help="Dask cluster, tcp://host:port; default: the cores of this machine")
    return parser


if __name__ == "__main__":
    sys.exit(main())
