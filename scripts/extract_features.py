"""Let the frozen backbone look at every photo and keep what it saw, for training to start from.

Training does this by itself; on its own it can run before, on many machines, and be stopped and
started again at any time: it goes on where it was.
"""

import argparse
import sys
from pathlib import Path

from geocore.config import load_config
from geocore.data.cluster import check_scheduler
from geocore.errors import GeocoreError
from geocore.preparation import load_features, load_photo_sets
from geocore.training import prepare_tensorflow

CACHE = Path(".geocore")


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="experiment, a TOML of configs/")
    parser.add_argument(
        "--photos", type=Path, required=True, metavar="DIR", help="as for scripts/train.py"
    )
    parser.add_argument(
        "--cache", type=Path, default=CACHE, help="where to keep them (default: %(default)s)"
    )
    parser.add_argument(
        "--scheduler",
        metavar="WHERE",
        help="'processes', or tcp://host:port of a Dask cluster whose machines see the same "
        "folders (default: this process, on all cores)",
    )
    arguments = parser.parse_args(argv)
    try:
        check_scheduler(arguments.scheduler)
        config = load_config(arguments.config)
        prepare_tensorflow(config.training.seed, mixed_precision=config.backbone.mixed_precision)
        table = load_photo_sets(config, arguments.photos, print)
        photos, _ = load_features(config, table, arguments.cache, print, arguments.scheduler)
    except (GeocoreError, ValueError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    variations = f"each with {config.augmentation.n_views} varied copies of it"
    print(
        f"Kept in {arguments.cache}: what the backbone saw in {len(photos)} photos, {variations}."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
