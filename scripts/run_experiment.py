"""Repeat an experiment of the thesis (A backbones, B photos, C classes, D heads) on a photo set.

Every finished run is stored at once; started again, the command goes on with the first that is
missing. The dashboard shows what is stored beside the thesis's own numbers.

    python scripts/run_experiment.py C --photos DIR
"""

import argparse
import sys
from pathlib import Path

from geocore.errors import GeocoreError
from geocore.evaluation.store import EXPERIMENTS, RESULTS

CONFIGS = Path(__file__).parents[1] / "configs"


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    args = _parser().parse_args(argv)
    from geocore.evaluation.experiment_tables import experiment_table
    from geocore.experiments.plan import load_plan
    from geocore.experiments.repetition import repeat_experiment

    config = args.config or CONFIGS / f"experiment_{args.experiment.lower()}.toml"
    try:
        plan = load_plan(config)
        if plan.experiment != args.experiment:
            raise ValueError(
                f"{config} describes experiment {plan.experiment}, not {args.experiment}. "
                "Name the other one, or leave out --config."
            )
        results = repeat_experiment(plan, args.photos, args.cache, args.out, n_repeats=args.repeats)
    except (GeocoreError, ValueError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"\n{experiment_table(results).to_string(index=False)}\n\nStored in {args.out}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("experiment", choices=EXPERIMENTS, help="which one")
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR", help="one photo set")
    parser.add_argument("--repeats", type=int, default=3, help="default: %(default)s")
    cache = Path(".geocore")
    parser.add_argument("--cache", type=Path, default=cache, help="features (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the stored results")
    parser.add_argument("--config", type=Path, help="another plan than the one in configs/")
    return parser


if __name__ == "__main__":
    sys.exit(main())
