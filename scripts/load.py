"""Twenty analysts at once: real sessions of the real dashboard, on the bundle that ships.

    python scripts/load.py                             # make load: about 13 minutes
    python scripts/load.py --analysts 5 --minutes 1    # less

Each uploads photos of their own, reads the answer, looks at another head, downloads, puts photos on
the case desk and exports the case. The first begins with many photos on the desk, the last also
closes pages that are at work. Exit code 1 if a page showed an error, a request failed, an answer
was not that of the photo, or anybody was sent another one's file name.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from geocore.load.crowd import LoadPlan, load_test

_UNITS = {"analysts": "n_analysts", "minutes": "minutes", "alone": "alone_minutes"} | {
    "pause": "pause_s",
    "first-drop": "n_first_drop",
}
_HELP = {
    "analysts": "at once",
    "minutes": "for how long they work",
    "alone": "minutes for which one works alone beforehand",
    "pause": "mean seconds of the pauses in which an analyst reads",
    "first-drop": "photos that the first analyst puts on the case desk at the beginning",
}


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, field in _UNITS.items():
        default = getattr(LoadPlan, field)
        words = f"{_HELP[name]} (default: {default})"
        parser.add_argument(
            f"--{name}", type=type(default), default=default, help=words, dest=field
        )
    parser.add_argument("--out", type=Path, help="write all that was measured here, as JSON")
    settings = vars(parser.parse_args(argv))
    out = settings.pop("out")
    try:
        plan = LoadPlan(**settings)
    except ValueError as error:
        parser.error(str(error))
    report = load_test(plan, lambda words: print(time.strftime("%H:%M:%S"), words, flush=True))
    print(report.table())
    if out is not None:
        out.write_text(json.dumps(report.as_json(), indent=1), encoding="utf-8")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
