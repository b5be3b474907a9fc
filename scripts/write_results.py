"""Write the README's figures from what is stored: cross-validation and experiments A to D."""

import argparse
import sys
from pathlib import Path

from geocore.errors import GeocoreError
from geocore.evaluation.folds_text import results_section, search_section
from geocore.evaluation.results_text import experiments_section, with_section
from geocore.evaluation.store import RESULTS, load_folds, load_results

README = Path(__file__).parents[1] / "README.md"


def written(text: str, results: Path) -> str:
    """The README's text with its three sections as the stored results say."""
    folds = load_folds(results)
    text = with_section(text, "results", results_section(folds))
    text = with_section(text, "search", search_section(folds))
    return with_section(text, "experiments", experiments_section(load_results(folder=results)))


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readme", type=Path, default=README, help="default: the repository's")
    parser.add_argument(
        "--results",
        type=Path,
        default=RESULTS,
        metavar="FOLDER",
        help="where run_experiment.py stored its tables (default: those that geocore ships with)",
    )
    args = parser.parse_args(argv)
    try:
        args.readme.write_text(written(args.readme.read_text("utf-8"), args.results), "utf-8")
    except (GeocoreError, ValueError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"Results written into {args.readme}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
