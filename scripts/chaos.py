"""Kill work at random moments, see that it goes on, loses nothing and ends as if nobody had.

    python scripts/chaos.py                      # make chaos: 210 kills, about twenty minutes
    python scripts/chaos.py --kills case=20      # only some

Exit code 1 if anything was lost, corrupt, or other in the end than in a run that nobody killed.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

from geocore.faults.chaos import torment
from geocore.faults.flickr_double import KEY, FlickrDouble, MadePhotos
from geocore.faults.trials import trials
from geocore.faults.warm_start import WarmProcess, warm_up

KILLS = ("case=90", "collect=50", "clean=40", "batch=15", "train=15")


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shown = f"how often each kind of work is killed (default: {' '.join(KILLS)})"
    parser.add_argument("--kills", nargs="+", default=KILLS, metavar="WORK=N", help=shown)
    parser.add_argument("--seed", type=int, default=42, help="another one: other moments")
    arguments = parser.parse_args(argv)
    kills = dict(item.partition("=")[::2] for item in arguments.kills)
    os.environ["FLICKR_API_KEY"] = KEY
    with FlickrDouble(MadePhotos.random(12)) as flickr, tempfile.TemporaryDirectory() as folder:
        known = trials(flickr)
        if wrong := [f"{x}={n}" for x, n in kills.items() if x not in known or not n.isdigit()]:
            parser.error(f"--kills must be WORK=N, received {wrong[0]}. Work: {', '.join(known)}")
        reports = []
        warm_up()
        with tqdm(total=sum(map(int, kills.values())), disable=not sys.stderr.isatty()) as bar:
            for name, n in kills.items():
                work = (known[name], int(n), arguments.seed, Path(folder) / name)
                reports.append(torment(*work, lambda _: bar.update(), WarmProcess))
                print(reports[-1].summary, flush=True)
    print(f"{sum(report.n_kills for report in reports)} kills")
    return 1 if any(report.problems for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
