"""Check that a case file is as it was written, and that its answers are given again today.

The same, byte for byte, where the photo is stored in the case or lies in the folders given; claims
and events must follow from the log's answers. Exit code: 0 well, 1 differs, 2 nothing to open.

    python scripts/replay_case.py flood.case --photos evidence/
"""

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

from tqdm import tqdm

from geocore.analysis.case_file import Case, open_case
from geocore.errors import GeocoreError
from geocore.inference import DEFAULT_BUNDLE


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    args = _parser().parse_args(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        with open_case(args.case, read_only=True) as case:
            print((checked := case.verify()).sentence)
            return int(not (checked.ok and (args.verify_only or _replay(case, args))))
    except GeocoreError as error:
        sys.stderr.write(f"replay_case.py: {error}\n")
        return 2


def _replay(case: Case, args: argparse.Namespace) -> bool:
    from geocore.casework.replay import DIFFERENT, photo_source, replay, summary_of
    from geocore.inference.predictor import Predictor

    outcomes = Counter[tuple[str, str]]()
    made_again = replay(case, Predictor.load(args.bundle), photo_source(case, args.photos))
    for made in tqdm(made_again, unit="entry"):
        outcomes[made.entry.kind, made.outcome] += 1
        if made.outcome == DIFFERENT:
            tqdm.write(f"Entry {made.entry.seq}: " + "; ".join(made.differences))
    print(summary_of(outcomes))
    return all(outcome != DIFFERENT for _, outcome in outcomes)


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("case", metavar="CASE", help="case file, or the URL of its database")
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE, help="that was asked")
    parser.add_argument("--photos", type=Path, nargs="*", default=[], metavar="PHOTO_OR_DIR")
    parser.add_argument("--verify-only", action="store_true", help="check the log, ask nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
