"""One experiment as data: read from TOML, written back resolved with every run.

Composes the parts' own settings; an unknown key is an error, so that a misspelt setting never goes
unnoticed.
"""

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from geocore.data.place_groups import SMALLEST_KM
from geocore.errors import ConfigError
from geocore.evaluation.place_fit import EvidenceConfig
from geocore.models.backbones import BACKBONES, DEPTHS
from geocore.models.classifier import ClassifierConfig
from geocore.models.heads import ALPHA, EPSILON, HEADS
from geocore.models.images import AUGMENTATIONS
from geocore.training import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class PhotoSetConfig:
    """One photo set of the experiment.

    Attributes:
        folder: its folder below the one that `--photos` names.
        test_share: share that is held out for the report; 0 for a set that only trains.
        group: column whose equal values stay together in the split (photographers, views of one
            place), or "".
        place_km: photos nearer to each other than this stay together too; 0 for any split.
        split: column that says train, validation or test of each photo, or "" to draw it by the
            settings above.
        weight: of each of its photos in the loss.
        evidence_weight: of each of its photos in the evidence of places.
        density_km: lower that weight where the set stands more crowded than the first set, crowds
            being counted within about so many km; 0 leaves it as it is.
    """

    folder: str
    test_share: float = 0.2
    group: str = ""
    place_km: float = 0.0
    split: str = ""
    weight: float = 1.0
    evidence_weight: float = 1.0
    density_km: float = 0.0

    def __post_init__(self) -> None:
        if not self.evidence_weight >= 0 or not self.density_km >= 0:
            raise ValueError(
                "evidence_weight and density_km must not be negative, received "
                f"{self.evidence_weight} and {self.density_km}."
            )
        if self.place_km != 0 and not self.place_km >= SMALLEST_KM:
            raise ValueError(
                f"place_km must be 0 or at least {SMALLEST_KM:g} km, received {self.place_km}."
            )


@dataclass(frozen=True, kw_only=True)
class GridConfig:
    """Settings of Algorithm 1, see `geocore.cells.generate_cells`."""

    t_min: int
    t_max: int
    level_start: int = 0
    level_end: int = 30
    policy: str = "drop"


@dataclass(frozen=True, kw_only=True)
class BackboneConfig:
    """Which network looks at the photos.

    Attributes:
        name: key of BACKBONES; the one that Grad-CAM looks at.
        further: further ones that look at each photo beside it.
        depths: keys of DEPTHS: where in each of them feature maps are taken.
        root: take the features' square roots, with their signs, before anything else.
        mirror: look at each photo's mirror image too and take the mean of what was seen.
        size_px: height and width of the photos it sees.
        fine_tune: train it together with the head instead of keeping it frozen.
        dropout: inside EfficientNetB0/B1 while fine-tuning.
        mixed_precision: 16-bit arithmetic where a GPU profits from it; slower on a CPU.
    """

    name: str = "EfficientNet-Lite1"
    further: tuple[str, ...] = ()
    depths: tuple[str, ...] = ("top",)
    root: bool = False
    mirror: bool = False
    size_px: int = 224  # 6.1.1
    fine_tune: bool = False
    dropout: float = 0.4  # 6.1.3
    mixed_precision: bool = False

    def __post_init__(self) -> None:
        for name in self.names:
            if name not in BACKBONES:
                raise ValueError(
                    f"Unknown backbone {name!r}. Known backbones: {', '.join(BACKBONES)}."
                )
        for depth in self.depths:
            if depth not in DEPTHS:
                raise ValueError(f"Unknown depth {depth!r}. Known depths: {', '.join(DEPTHS)}.")
        if not self.depths or self.depths[0] != "top":
            raise ValueError(f"The first depth must be 'top', received {list(self.depths)}.")
        if self.fine_tune and (self.further or self.depths != ("top",) or self.root or self.mirror):
            raise ValueError(
                "One backbone and its last feature map can be fine-tuned: leave out further, "
                "depths, root and mirror, or keep it frozen (fine_tune = false)."
            )
        if self.size_px < 32:
            raise ValueError(f"size_px must be at least 32, received {self.size_px}.")

    @property
    def names(self) -> tuple[str, ...]:
        """All backbones that look at a photo, in the order of their features."""
        return (self.name, *self.further)


@dataclass(frozen=True, kw_only=True)
class AugmentationConfig:
    """Random variations of the training photos.

    Attributes:
        kind: key of AUGMENTATIONS.
        n_views: frozen backbone only: so many varied copies of each photo are kept beside the
            original.
    """

    kind: str = "upright"
    n_views: int = 1

    def __post_init__(self) -> None:
        if self.kind not in AUGMENTATIONS:
            raise ValueError(
                f"Unknown augmentation {self.kind!r}. Known: {', '.join(AUGMENTATIONS)}."
            )
        if self.n_views < 0:
            raise ValueError(f"n_views must not be negative, received {self.n_views}.")


@dataclass(frozen=True, kw_only=True)
class HeadsConfig:
    """Which heads are trained over the grid, and their settings, see `heads.build_head`."""

    names: tuple[str, ...] = tuple(HEADS)
    default: str = "HMC-tree"
    mode: str = "neutral"
    epsilon: float = EPSILON
    alpha: float = ALPHA

    def __post_init__(self) -> None:
        for name in (*self.names, self.default):
            if name not in HEADS:
                raise ValueError(f"Unknown head {name!r}. Known heads: {', '.join(sorted(HEADS))}.")
        if self.default not in self.names:
            raise ValueError(f"The default head {self.default!r} is not among {self.names}.")


@dataclass(frozen=True, kw_only=True)
class ExperimentConfig:
    """Everything that decides what an experiment produces.

    Attributes:
        photo_sets: sets below the photo folder; empty when the folder itself is the one set.
        validation_share: share of all photos that early stopping looks at.
        split_seed: seed of the split.
    """

    grid: GridConfig
    photo_sets: tuple[PhotoSetConfig, ...] = ()
    validation_share: float = 0.1  # chapter 5
    split_seed: int = 42
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    classifier: ClassifierConfig = field(default_factory=ClassifierConfig)
    heads: HeadsConfig = field(default_factory=HeadsConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    evidence: EvidenceConfig = field(default_factory=EvidenceConfig)


_UNSAID = {
    "training": ("strategy",),
    "backbone": ("further", "depths", "root", "mirror"),
    "classifier": ("n_axes",),
}
"""What is not worth a word where it has its usual value, so that a run keeps its name."""


def load_config(path: Path) -> ExperimentConfig:
    """Read an experiment from a TOML file.

    Raises:
        ConfigError: the file is missing, is no TOML, has an unknown key, or a value out of range.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: not a readable TOML file ({error}).") from error
    return config_from_dict(tables, where=str(path))


def config_from_dict(tables: dict[str, Any], *, where: str = "config") -> ExperimentConfig:
    """Build an experiment from nested tables, as `tomllib` gives them.

    Raises:
        ConfigError: unknown or missing key, or a value that its part refuses.
    """
    return _build(ExperimentConfig, tables, where)


def config_to_toml(config: ExperimentConfig) -> str:
    """The resolved experiment as TOML text; `load_config` reads it back to an equal one."""
    lines: list[str] = []
    tables: list[str] = []
    settings = dataclasses.asdict(config)
    for row in settings["photo_sets"]:
        _forget_usual(row, PhotoSetConfig(folder="."), ("evidence_weight", "density_km"))
    for section, keys in _UNSAID.items():
        _forget_usual(settings[section], type(getattr(config, section))(), keys)
    if config.evidence == EvidenceConfig():
        del settings["evidence"]
    for key, value in settings.items():
        if isinstance(value, dict):
            tables += [f"\n[{key}]", *_entries(value)]
        elif isinstance(value, tuple):
            for row in value:
                tables += [f"\n[[{key}]]", *_entries(row)]
        else:
            lines += _entries({key: value})
    return "\n".join([*lines, *tables]) + "\n"


def _forget_usual(table: dict[str, Any], usual: Any, keys: tuple[str, ...]) -> None:
    """Leave out those of the keys that have their usual values."""
    for key in keys:
        if table[key] == getattr(usual, key):
            del table[key]


def _entries(table: dict[str, Any]) -> list[str]:
    return [f"{key} = {_toml_value(value)}" for key, value in table.items()]


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml_value(x) for x in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)


def _build(kind: type, table: dict[str, Any], where: str) -> Any:
    hints = get_type_hints(kind)
    if unknown := sorted(set(table) - set(hints)):
        raise ConfigError(
            f"{where}: unknown key {unknown[0]!r}. Known keys: {', '.join(sorted(hints))}."
        )
    values = {key: _convert(hints[key], x, f"{where}: {key}") for key, x in table.items()}
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where}: {error}") from error


def _convert(hint: Any, value: Any, where: str) -> Any:
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise ConfigError(f"{where} must be a list, received {value!r}.")
        return tuple(_convert(get_args(hint)[0], x, where) for x in value)
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise ConfigError(f"{where} must be a table, received {value!r}.")
        return _build(hint, value, where)  # type: ignore[arg-type]
    expected = (int, float) if hint is float else hint
    if not isinstance(value, expected) or (isinstance(value, bool) and hint is not bool):
        name = hint.__name__ if not isinstance(hint, UnionType) else str(hint)
        raise ConfigError(f"{where} must be {name}, received {value!r}.")
    return float(value) if hint is float else value
