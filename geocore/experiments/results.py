"""One experiment from its name to a readable table; belongs to the experiments, offline."""

from pathlib import Path

from geocore.config import load_config
from geocore.evaluation.experiment_tables import experiment_table
from geocore.evaluation.folds_text import results_section
from geocore.evaluation.store import STREET
from geocore.experiments.folds import repeat_folds
from geocore.experiments.plan import load_plan
from geocore.experiments.repetition import repeat_experiment


def experiment_results(
    experiment: str, config: Path, photos: Path, cache: Path, store: Path, n_repeats: int
) -> str:
    """Run what is missing of an experiment, store it, and say what came of it.

    Args:
        experiment: A, B, C, D or STREET.
        config: its plan; of STREET a configuration as `geocore.config` reads it.
        photos: one photo set, or for STREET the folder that holds those of the configuration.
        cache: where features and finished folds are kept.
        store: folder of the results.
        n_repeats: at least 1.

    Raises:
        ValueError: the plan is another experiment's; see also `repeat_experiment`, `repeat_folds`.
        ConfigError: the plan cannot be read.
    """
    if experiment == STREET:
        report = repeat_folds(load_config(config), photos, cache, store, n_repeats=n_repeats)
        return results_section(report)
    plan = load_plan(config)
    if plan.experiment != experiment:
        raise ValueError(
            f"{config} describes experiment {plan.experiment}, not {experiment}. "
            "Name the other one, or leave out --config."
        )
    results = repeat_experiment(plan, photos, cache, store, n_repeats=n_repeats)
    return experiment_table(results).to_string(index=False)
