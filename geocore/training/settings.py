"""Training stage: how a network is fitted, as data."""

from dataclasses import dataclass

STRATEGIES = ("none", "mirrored", "multi-worker")


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How a network is fitted.

    Attributes:
        learning_rate: of Adam; table 6.7 has 1e-4 for MC and HMC-sol, 1e-2 for HMC, 1e-6 for
            HMC-smooth.
        epochs: at most so many; early stopping usually ends sooner.
        batch_size: photos per step, all devices together.
        stop_patience: epochs without a better validation loss before training stops.
        plateau_patience: epochs without a better validation loss before the learning rate falls.
        plateau_factor: what the learning rate is multiplied by then.
        seed: of weights, dropout, order and augmentation.
        strategy: "none" for one device; "mirrored" for all GPUs of this machine; "multi-worker" for
            those of all machines that the environment variable TF_CONFIG names.
    """

    learning_rate: float = 1e-4  # table 6.7
    epochs: int = 10  # table 6.7
    batch_size: int = 32  # 6.1.1
    stop_patience: int = 3  # 6.1.3
    plateau_patience: int = 3  # 6.1.3
    plateau_factor: float = 0.2  # 6.1.3
    seed: int = 42  # 6.5.2
    strategy: str = "none"

    def __post_init__(self) -> None:
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate must be positive, received {self.learning_rate}.")
        if min(self.epochs, self.batch_size, self.stop_patience, self.plateau_patience) < 1:
            raise ValueError("epochs, batch_size and both patiences must be at least 1.")
        if not 0 < self.plateau_factor < 1:
            raise ValueError(f"plateau_factor must lie in (0, 1), received {self.plateau_factor}.")
        if self.strategy not in STRATEGIES:
            raise ValueError(
                f"Unknown strategy {self.strategy!r}. Known strategies: {', '.join(STRATEGIES)}."
            )
