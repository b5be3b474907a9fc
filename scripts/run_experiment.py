"""Repeat an experiment of the thesis (A backbones, B photos, C classes, D heads) on a photo set.

Or measure all heads by cross-validation (street): repeated folds by place over every photo of the
tested sets, with search areas and a test of each head against MC.

What is finished is kept at once; started again, the command goes on with what is missing. The
dashboard shows what is stored of A to D beside the thesis's own numbers.

    python scripts/run_experiment.py C --photos DIR
    python scripts/run_experiment.py street --photos PHOTO_SETS
"""

import argparse
import sys
from pathlib import Path

from geocore.errors import GeocoreError
from geocore.evaluation.store import EXPERIMENTS, RESULTS, STREET

CONFIGS = Path(__file__).parents[1] / "configs"


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    args = _parser().parse_args(argv)
    from geocore.experiments.results import experiment_results

    config = args.config or CONFIGS / f"experiment_{args.experiment.lower()}.toml"
    try:
        text = experiment_results(
            args.experiment, config, args.photos, args.cache, args.out, args.repeats
        )
    except (GeocoreError, ValueError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"\n{text}\n\nStored in {args.out}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = (*EXPERIMENTS, STREET)
    parser.add_argument("experiment", choices=names, help="which one")
    sets = "one photo set, or the folder that holds those of the configuration"
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR", help=sets)
    parser.add_argument("--repeats", type=int, default=3, help="default: %(default)s")
    cache = Path(".geocore")
    parser.add_argument("--cache", type=Path, default=cache, help="features (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the stored results")
    parser.add_argument("--config", type=Path, help="another plan than the one in configs/")
    return parser


if __name__ == "__main__":
    sys.exit(main())
