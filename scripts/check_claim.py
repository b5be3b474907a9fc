"""Hold a photo against the place that is claimed for it.

The place is a name (misspelt too), a country, or coordinates in any usual notation; without one it
is what the photo's own EXIF says. Without a photo: how often true and false claims are doubted.
Exit code 0: compatible, 1: a reason to doubt the claim, 2: it could not or should not be checked.

    python scripts/check_claim.py photo.jpg "Paris, Texas"
    python scripts/check_claim.py photo.jpg "48.8583 N, 2.2945 E" --radius-km 50
    python scripts/check_claim.py
"""

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from geocore.analysis.claim_power import claim_power
from geocore.analysis.claim_text import FORMATS, claim_text, power_text
from geocore.analysis.claim_verdict import COMPATIBLE
from geocore.analysis.claimed_place import claims_of_photo
from geocore.analysis.claims import check_claim
from geocore.casework.caution import NO_PRIVATE_PERSON, SENTENCE, check_private
from geocore.errors import GeocoreError
from geocore.inference import DEFAULT_BUNDLE
from geocore.inference.bundle import load_bundle


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("photo", nargs="?", type=Path)
    parser.add_argument("place", nargs="?", help="claimed (default: what the photo's EXIF says)")
    parser.add_argument("--radius-km", type=float, default=0.0, help="how exact the claim is")
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE, help="trained model folder")
    parser.add_argument("--head", help="head that answers (default: its own choice)")
    parser.add_argument(NO_PRIVATE_PERSON, action="store_true", help=f'say: "{SENTENCE}"')
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    args = parser.parse_args(argv)
    sys.stdout.reconfigure(encoding="utf-8")  # place names of every script, on every machine
    try:
        bundle = load_bundle(args.bundle)
        if args.photo is None:
            print(power_text(claim_power(bundle, args.head or bundle.default_head)))
            return 0
        claims = claims_of_photo(args.photo, args.place)
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        from geocore.inference.predictor import Predictor

        answer = Predictor.load(args.bundle).predict(args.photo, args.head)
        check_private(args.photo, answer, args.no_private_person)
        check = check_claim(answer, bundle, **claims[0].arguments(), radius_km=args.radius_km)
    except (GeocoreError, ValueError) as error:
        sys.stderr.write(f"check_claim.py: {error}\n")
        return 2
    print(claim_text(check, claims, args.format))
    return int(check.verdict != COMPATIBLE)


if __name__ == "__main__":
    sys.exit(main())
