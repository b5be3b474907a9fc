"""Measure a bundle on photos whose places are known; every figure with its 95 % interval.

DIR holds photos.csv (columns IMG_ID, LAT, LON) and its photos, or photos with GPS in their EXIF.

    python scripts/evaluate.py --photos DIR --head MC --unseen-only --out report.json
"""

import argparse
import os
import sys
from functools import partial
from pathlib import Path

from tqdm import tqdm

from geocore.cells.place_names import is_near_town
from geocore.data.photos import load_photos
from geocore.errors import GeocoreError
from geocore.inference import DEFAULT_BUNDLE
from geocore.inference.bundle_files import as_json


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    args = _parser().parse_args(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from geocore.inference.photo_folders import evaluate_photos, summary_of, warnings_of
    from geocore.inference.predictor import Predictor

    try:
        if args.out.resolve().is_relative_to(args.bundle.resolve()):
            raise ValueError(f"--out must lie outside the bundle, received {args.out}.")
        photos = load_photos(args.photos, is_plausible=is_near_town)
        sys.stderr.write(photos.summary() + "\n")
        predictor = Predictor.load(args.bundle)
        options = {"unseen_only": args.unseen_only, "progress": partial(tqdm, unit="photo")}
        report = evaluate_photos(predictor, photos, args.head, **options)
    except (GeocoreError, ValueError) as error:
        sys.stderr.write(f"evaluate.py: {error}\n")
        return 2
    sys.stderr.writelines(f"{sentence}\n" for sentence in warnings_of(report))
    args.out.write_text(as_json(report), "utf-8")
    print(f"{summary_of(report)}\nAll figures: {args.out}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE, help="trained model folder")
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR", help="known photos")
    parser.add_argument("--head", help="head or baseline that answers (default: its own choice)")
    parser.add_argument("--unseen-only", action="store_true", help="only photos it has not seen")
    parser.add_argument("--out", type=Path, required=True, metavar="REPORT.json")
    return parser


if __name__ == "__main__":
    sys.exit(main())
