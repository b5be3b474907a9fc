"""Say where several photos of one event were probably taken, all together.

Give two or more photos, or folders of photos, that are said to show one place. A photo that cannot
be read, or seems to show a person or a room, is left out, and the exit code 1 (2: no answer).

    python scripts/combine_photos.py north.jpg east.jpg south.jpg
    python scripts/combine_photos.py flood/ --format json > event.json
"""

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from geocore.casework.caution import NO_PRIVATE_PERSON, SENTENCE, hold_back
from geocore.errors import GeocoreError
from geocore.inference import DEFAULT_BUNDLE
from geocore.inference.prediction import PhotoFailure, Prediction


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    args = _parser().parse_args(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from geocore.casework.joining import joined_json, joined_text
    from geocore.inference.photo_folders import list_photos
    from geocore.inference.predictor import Predictor

    try:
        photos, answers = list_photos(args.photos)
        predictor = Predictor.load(args.bundle)
        answered = predictor.predict_each(photos, args.head)
        answers += hold_back(answered, photos, args.no_private_person)
        failures = [x for x in answers if isinstance(x, PhotoFailure)]
        for failure in failures:
            sys.stderr.write(f"combine_photos.py: left out, {failure.error}\n")
        good = [x for x in answers if isinstance(x, Prediction)]
        write = joined_json if args.format == "json" else joined_text
        text = write(good, predictor.bundle, args.name)
    except (GeocoreError, ValueError) as error:
        sys.stderr.write(f"combine_photos.py: {error}\n")
        return 2
    sys.stdout.reconfigure(encoding="utf-8")  # place names of every script, on every machine
    sys.stdout.write(text)
    return int(bool(failures))


def _parser() -> ArgumentParser:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO_OR_DIR")
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE, help="trained model folder")
    parser.add_argument("--head", help="head that answers (default: the bundle's own choice)")
    parser.add_argument("--name", default="event", help="what the event is called")
    parser.add_argument(NO_PRIVATE_PERSON, action="store_true", help=f'say: "{SENTENCE}"')
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    return parser


if __name__ == "__main__":
    sys.exit(main())
