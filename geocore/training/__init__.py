"""Training stage: fit one network to photos that already have a class index (thesis 6.1).

Knows Keras and arrays; knows nothing of tables, grids or bundles. Every epoch's order and
augmentation follow from (seed, epoch) alone, so a run that was killed goes on from its last epoch
and ends with the weights it would have had anyway.
"""

from geocore.training.batches import Examples
from geocore.training.fitting import TrainingRun, fit, fit_features, prepare_tensorflow
from geocore.training.run_state import RunState
from geocore.training.settings import STRATEGIES, TrainingConfig
from geocore.training.strategy import device_scope, is_first_worker

__all__ = [
    "STRATEGIES",
    "Examples",
    "RunState",
    "TrainingConfig",
    "TrainingRun",
    "device_scope",
    "fit",
    "fit_features",
    "is_first_worker",
    "prepare_tensorflow",
]
