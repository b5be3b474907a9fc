"""Spoil photos at random and read each as an unknown photo is read: nothing may crash or hang.

    python scripts/fuzz.py --n 100000                  # make fuzz
    python scripts/fuzz.py --first 24900 --n 20        # look again at a few of its files

Exit code 1 if a file did anything but be decoded or refused with a sentence, took more than two
seconds of processor time, or if memory grew too large. Such files are kept for a test.
"""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from geocore.faults.fuzzing import fuzz


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, default=100_000, help="spoilt files (%(default)s)")
    parser.add_argument("--seed", type=int, default=42, help="another one: other files")
    parser.add_argument("--first", type=int, default=0, help="number of the first (%(default)s)")
    keep = Path(".geocore/fuzz")
    parser.add_argument("--keep", type=Path, default=keep, help="for what failed (%(default)s)")
    arguments = parser.parse_args(argv)
    if arguments.n < 1:
        parser.error(f"--n must be at least 1, received {arguments.n}")
    if arguments.first < 0:
        parser.error(f"--first must be at least 0, received {arguments.first}")
    work = (arguments.n, arguments.seed, arguments.keep)
    with tqdm(total=arguments.n, unit="file", disable=not sys.stderr.isatty()) as bar:
        report = fuzz(*work, bar.update, first=arguments.first)
    print(report.summary())
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
