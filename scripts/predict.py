"""Say where photos were probably taken.

Give photos or folders of photos. A photo that cannot be read, or seems to show a person or a room,
becomes an error row; the others are answered, and the exit code is 1 (2: none could be).

    python scripts/predict.py holiday.jpg
    python scripts/predict.py photos/ --top 3 --format geojson > answers.geojson
"""

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from tqdm import tqdm

from geocore.analysis.export import FORMATS, export, origin_of
from geocore.casework.caution import NO_PRIVATE_PERSON, SENTENCE, hold_back
from geocore.errors import GeocoreError
from geocore.inference import DEFAULT_BUNDLE, load_bundle
from geocore.inference.prediction import PhotoFailure

BAR_FROM = 20


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    args = _parser().parse_args(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from geocore.inference.bulk import predict_photos
    from geocore.inference.photo_folders import list_photos

    try:
        photos, answers = list_photos(args.photos)
        answered = predict_photos(photos, args.bundle, args.head, args.scheduler)
        bar = tqdm(answered, total=len(photos), unit="photo", disable=len(photos) < BAR_FROM)
        answers = [*hold_back(bar, photos, args.no_private_person), *answers]
        origin = origin_of(load_bundle(args.bundle))
        sys.stdout.reconfigure(encoding="utf-8")  # place names of every script, on every machine
        sys.stdout.write(export(answers, args.format, args.top, origin))
    except (GeocoreError, ValueError) as error:
        sys.stderr.write(f"predict.py: {error}\n")
        return 2
    return int(any(isinstance(answer, PhotoFailure) for answer in answers))


def _parser() -> ArgumentParser:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO_OR_DIR")
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE, help="trained model folder")
    parser.add_argument("--head", help="head or baseline that answers (default: its own choice)")
    parser.add_argument("--top", type=int, default=5, help="cells per photo (default: 5)")
    parser.add_argument("--format", choices=FORMATS, default="table", help="default: table")
    parser.add_argument(NO_PRIVATE_PERSON, action="store_true", help=f'say: "{SENTENCE}"')
    parser.add_argument("--scheduler", help="'processes', or a Dask cluster as tcp://host:port")
    return parser


if __name__ == "__main__":
    sys.exit(main())
