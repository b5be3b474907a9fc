"""Kill work at random moments, and fill its disk: it goes on, loses nothing and ends the same.

    python scripts/chaos.py                      # make chaos: 210 kills, about ten minutes
    python scripts/chaos.py --kills case=20      # only some
    python scripts/chaos.py --disks 8            # more full disks for each kind of work; 0: none

Exit code 1 if anything was lost, corrupt, or other in the end than in a run that nobody disturbed.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

from geocore.faults.chaos import ChaosReport, torment
from geocore.faults.flickr_double import KEY, FlickrDouble, MadePhotos
from geocore.faults.small_disk import DiskReport, starve, why_no_disks
from geocore.faults.trials import trials
from geocore.faults.warm_start import WarmProcess, warm_up

KILLS = ("case=90", "collect=50", "clean=40", "batch=15", "train=15")


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    shown = f"how often each kind of work is killed (default: {' '.join(KILLS)})"
    parser.add_argument("--kills", nargs="+", default=KILLS, metavar="WORK=N", help=shown)
    parser.add_argument("--disks", type=int, default=4, help="full ones for each (%(default)s)")
    parser.add_argument("--seed", type=int, default=42, help="another one: other moments")
    args = parser.parse_args(argv)
    kills = dict(item.partition("=")[::2] for item in args.kills)
    os.environ["FLICKR_API_KEY"] = KEY
    with FlickrDouble(MadePhotos.random(12)) as flickr, tempfile.TemporaryDirectory() as folder:
        known, reports = trials(flickr), list[ChaosReport | DiskReport]()
        if wrong := [f"{x}={n}" for x, n in kills.items() if x not in known or not n.isdigit()]:
            parser.error(f"--kills must be WORK=N, received {wrong[0]}. Work: {', '.join(known)}")
        warm_up()
        if why := why_no_disks(Path(folder)) if args.disks else "":
            print(f"Full and read-only disks are not tried: {why}.")
        with tqdm(total=sum(map(int, kills.values())), disable=not sys.stderr.isatty()) as bar:
            for name, n in kills.items():
                place, work = Path(folder) / name, known[name]
                told = (lambda _: bar.update(), WarmProcess)
                reports.append(torment(work, int(n), args.seed, place / "kills", *told))
                print(reports[-1].summary, flush=True)
                if args.disks and not why:
                    disks = starve(work, args.disks, args.seed, place / "disks", WarmProcess)
                    reports.append(disks)
                    print(disks.summary, flush=True)
    return 1 if any(report.problems for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
