"""What an experiment consists of: shared settings and one entry per row of the thesis's table.

Belongs to the experiments, offline. A plan is a TOML file: `experiment` is its letter, [[rows]] are
the rows, everything else is an experiment as `geocore.config` reads it. A row may change any of
those settings; its t_min and t_max are the thesis's and are scaled to the photo set when it is run.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geocore.config import ExperimentConfig, config_from_dict
from geocore.errors import ConfigError
from geocore.evaluation.store import EXPERIMENTS

_ROW_KEYS = ("setting", "head", "divisor")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of an experiment's table.

    Attributes:
        setting: what the row is called, as in `geocore.evaluation.thesis` where it has a
            counterpart there.
        head: the head that is trained.
        divisor: the training photos are divided by it (experiment B).
        config: its settings, t_min and t_max not yet scaled.
    """

    setting: str
    head: str
    divisor: int
    config: ExperimentConfig

    def __post_init__(self) -> None:
        if self.divisor < 1:
            raise ValueError(f"divisor must be at least 1, received {self.divisor}.")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An experiment: its letter and its rows."""

    experiment: str
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        if self.experiment not in EXPERIMENTS:
            raise ValueError(
                f"Unknown experiment {self.experiment!r}. Known experiments: "
                f"{', '.join(EXPERIMENTS)}."
            )
        names = [(row.setting, row.head) for row in self.rows]
        if not names or len(set(names)) < len(names):
            raise ValueError(
                "An experiment needs rows that differ in setting or head, received "
                f"{', '.join(' with '.join(name) for name in names) or 'none'}."
            )


def load_plan(path: Path) -> Plan:
    """Read an experiment's plan.

    Raises:
        ConfigError: the file is missing, is no TOML, or has a key or value that is not allowed.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: not a readable TOML file ({error}).") from error
    return plan_from_dict(tables, where=str(path))


def plan_from_dict(tables: Mapping[str, Any], *, where: str = "plan") -> Plan:
    """Build a plan from nested tables, as `tomllib` gives them.

    Raises:
        ConfigError: as `load_plan`.
    """
    shared = {key: x for key, x in tables.items() if key not in ("experiment", "rows")}
    rows = tables.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError(f"{where}: [[rows]] must hold one table per row.")
    try:
        return Plan(
            experiment=tables.get("experiment", ""),
            rows=tuple(_row(shared, row, f"{where}: row {i + 1}") for i, row in enumerate(rows)),
        )
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where}: {error}") from error


def _row(shared: Mapping[str, Any], row: Mapping[str, Any], where: str) -> Row:
    if not isinstance(row.get("setting"), str):
        raise ConfigError(f"{where} must have a setting, received {row.get('setting')!r}.")
    head, divisor = row.get("head", "MC"), row.get("divisor", 1)
    if type(divisor) is not int:
        raise ConfigError(f"{where}: divisor must be int, received {divisor!r}.")
    changes = {key: x for key, x in row.items() if key not in _ROW_KEYS}
    heads = {"heads": {"names": [head], "default": head}}
    tables = _merged(_merged(shared, changes), heads)
    config = config_from_dict(tables, where=where)
    return Row(setting=row["setting"], head=head, divisor=divisor, config=config)


def _merged(tables: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Nested tables with the changes' values in place of their own."""
    result = dict(tables)
    for key, value in changes.items():
        is_table = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = _merged(result[key], value) if is_table else value
    return result
