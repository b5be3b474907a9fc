"""Train and evaluate every head of an experiment and write the bundle."""

import argparse
import sys
from pathlib import Path

from geocore.config import load_config
from geocore.data.cluster import check_scheduler
from geocore.errors import GeocoreError
from geocore.finishing import complete_bundle
from geocore.pipeline import run_experiment
from geocore.training import is_first_worker

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
        help="folder with photos.csv and images, folder of photos with GPS in their EXIF, or the "
        "folder that holds the photo sets which the experiment names",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="BUNDLE", help="bundle folder")
    parser.add_argument(
        "--cache",
        type=Path,
        default=CACHE,
        help="where features and unfinished training are kept; started again, the command goes on "
        "from there (default: %(default)s)",
    )
    parser.add_argument(
        "--scheduler",
        metavar="WHERE",
        help="where the frozen backbone looks at the photos: 'processes', or tcp://host:port of a "
        "Dask cluster whose machines see the same folders (default: here, on all cores)",
    )
    arguments = parser.parse_args(argv)
    try:
        scheduler = check_scheduler(arguments.scheduler)
        config = load_config(arguments.config)
        bundle = run_experiment(
            config, arguments.photos, arguments.out, arguments.cache, scheduler=scheduler
        )
        if is_first_worker(config.training):  # it is the one that wrote the bundle
            complete_bundle(bundle, arguments.photos, arguments.cache)
    except (GeocoreError, ValueError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"Bundle written to {bundle}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
