"""Work on a case without a browser; its log says the same as if it had been clicked.

    case_desk.py flood.case begin "Flood" "Emergency response"         (then: answer photos/)
    case_desk.py flood.case restrict "PH, Vietnam"      ("" takes the region back)
    case_desk.py flood.case check bridge.jpg "Hue"      (without a place: what its EXIF says)
    case_desk.py flood.case join "Bridge" bridge.jpg market.jpg
    case_desk.py flood.case decide bridge.jpg accepted   (also: note, undo, show)

Photos go by file name, or the start of their SHA-256. Exit code: 0, or 2 if it failed.
"""

import argparse
import os
import sys

from geocore.analysis.terminal_text import printable
from geocore.casework.desk import Desk
from geocore.errors import GeocoreError
from geocore.inference import DEFAULT_BUNDLE

STEPS = {
    "begin": "title purpose", "answer": "photos+ --keep-photos --no-private-person",
    "restrict": "region", "check": "photo place?", "join": "name photos+",
    "decide": "photo decision", "note": "text photo?", "undo": "", "show": "",
}  # fmt: skip
KINDS = {"+": {"nargs": "+"}, "?": {"nargs": "?", "default": ""}, "-": {"action": "store_true"}}


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    args = vars(_parser().parse_args(argv))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    desk = Desk(args.pop("case"), analyst=args.pop("analyst"), bundle=args.pop("bundle"))
    sys.stdout.reconfigure(encoding="utf-8")
    try:
        said = getattr(desk, args.pop("step"))(**args)
    except (GeocoreError, ValueError) as error:
        sys.stderr.write(f"case_desk.py: {printable(error)}\n")
        return 2
    print(*map(printable, said.splitlines()), sep="\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("case", help="case file, or the URL of its database")
    parser.add_argument("--analyst", default="unnamed analyst", help="who works, for the log")
    parser.add_argument("--bundle", default=DEFAULT_BUNDLE, help="trained model folder")
    steps = parser.add_subparsers(dest="step", required=True)
    for step, arguments in STEPS.items():
        own = steps.add_parser(step, help=getattr(Desk, step).__doc__.splitlines()[0])
        for argument in arguments.split():
            kinds = KINDS.get(argument[0], {}) | KINDS.get(argument[-1], {})
            own.add_argument(argument.rstrip("?+"), **kinds)
    return parser


if __name__ == "__main__":
    sys.exit(main())
