"""Say what is wrong with this installation, in plain words; exit code 1 where it cannot work.

Python, packages, weights, bundles with all their hashes, fonts, folders, memory, port, browser.
With --url it is a health check of a dashboard that runs: the server answers and the bundles open.

    python scripts/doctor.py
    python scripts/doctor.py --url http://127.0.0.1:8501
"""

import argparse
import sys

from geocore.doctor import BAD, GOOD, WARNING, examine

_MARKS = {GOOD: "ok  ", WARNING: "note", BAD: "BAD "}


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    args = _parser().parse_args(argv)
    findings = examine(args.port, args.url)
    for finding in findings:
        sys.stdout.write(f"{_MARKS[finding.state]}  {finding.words}\n")
    n_bad = sum(finding.state == BAD for finding in findings)
    verdict = f"{n_bad} to put right first." if n_bad else "It can run."
    sys.stdout.write(f"{verdict}\n")
    return int(n_bad > 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8501, help="of the dashboard (default: 8501)")
    parser.add_argument("--url", help="address of a dashboard that should be running")
    return parser


if __name__ == "__main__":
    sys.exit(main())
