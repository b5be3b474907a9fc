"""Configurations that a training can start from: what they say of themselves, and small changes.

Belongs to the background jobs. It reads the files of `configs/` as plain tables, because whoever
checks them in earnest (`geocore.config`) needs TensorFlow; the training itself does that.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from geocore.errors import ConfigError

CONFIGS = Path(__file__).parents[2] / "configs"
HEADS = ("MC", "HMC", "HMC-sol", "HMC-smooth", "HMC-tree")
"""Those that are trained where a configuration names none; a test compares with the heads."""

EPOCHS, DEFAULT_HEAD = 10, "HMC-tree"
_NOTE = re.compile(r"([A-Z][a-z]+):\s+(.*)")
_TRAINING = "scripts/train.py"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A configuration for training.

    Attributes:
        name: of its file, without ending.
        summary: what its header says first.
        notes: the header's further entries by their word: Thesis, Command, Time, Numbers.
        tables: its settings as `tomllib` reads them.
    """

    name: str
    summary: str
    notes: dict[str, str]
    tables: dict[str, Any]

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads that it trains."""
        return tuple(self.tables.get("heads", {}).get("names", HEADS))

    @property
    def epochs(self) -> int:
        """How often it goes through the photos at most."""
        return int(self.tables.get("training", {}).get("epochs", EPOCHS))

    @property
    def t_min(self) -> int:
        """Fewest photos of a cell."""
        return int(self.tables["grid"]["t_min"])

    @property
    def t_max(self) -> int:
        """Most photos of a cell."""
        return int(self.tables["grid"]["t_max"])

    @property
    def photo_sets(self) -> list[dict[str, Any]]:
        """The photo sets that it names, as tables."""
        return list(self.tables.get("photo_sets", []))

    def fit(self, photo_set: str) -> int:
        """How well it is meant for a photo set of that name: 0 for it, 1 for any, 2 for others."""
        if photo_set in {entry["folder"] for entry in self.photo_sets}:
            return 0
        return 2 if any(entry.get("group") for entry in self.photo_sets) else 1


def load_recipes(folder: Path = CONFIGS) -> list[Recipe]:
    """Every configuration in a folder whose header says that it is trained from.

    Raises:
        ConfigError: there is none, or one of them is no TOML or has no cells.
    """
    texts = {path: path.read_text("utf-8") for path in sorted(folder.glob("*.toml"))}
    read = ((path, *_header(text), text) for path, text in texts.items())
    recipes = [
        Recipe(name=path.stem, summary=summary, notes=notes, tables=_tables(path, text))
        for path, summary, notes, text in read
        if _TRAINING in notes.get("Command", "")
    ]
    if not recipes:
        raise ConfigError(
            f"{folder}: there must be a configuration whose header names the command {_TRAINING}, "
            "but there is none. Put one there."
        )
    return recipes


def changed_recipe(
    recipe: Recipe,
    *,
    heads: Sequence[str],
    epochs: int,
    t_min: int,
    t_max: int,
    photo_sets: Sequence[dict[str, Any]],
) -> str:
    """The recipe as TOML text with some settings replaced.

    Args:
        recipe: where the other settings come from.
        heads: at least one; the recipe's own choice stays the default one where it is among them.
        epochs: at least 1.
        t_min: fewest photos of a cell.
        t_max: most photos of a cell.
        photo_sets: those that are meant, as tables.

    Raises:
        ValueError: no head, or a number out of range.
    """
    if not heads:
        raise ValueError("At least one head must be trained, received none.")
    if epochs < 1 or not 1 <= t_min <= t_max:
        raise ValueError(
            "epochs must be at least 1 and t_min between 1 and t_max, received "
            f"{epochs}, {t_min}, {t_max}."
        )
    own = recipe.tables.get("heads", {})
    default = own.get("default", DEFAULT_HEAD)
    changes = {
        "heads": {"names": list(heads), "default": default if default in heads else heads[0]},
        "training": {"epochs": epochs},
        "grid": {"t_min": t_min, "t_max": t_max},
    }
    tables = recipe.tables | {k: recipe.tables.get(k, {}) | new for k, new in changes.items()}
    tables["photo_sets"] = list(photo_sets)
    header = f"# {recipe.summary}\n# Changed from configs/{recipe.name}.toml on the dashboard.\n\n"
    return header + tomli_w.dumps(tables)


def _tables(path: Path, text: str) -> dict[str, Any]:
    try:
        tables = tomllib.loads(text)
        _ = int(tables["grid"]["t_min"]), int(tables["grid"]["t_max"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path}: a configuration for training must be TOML with t_min and t_max in [grid] "
            f"({error!r}). Correct it, or move it out of the folder."
        ) from error
    return tables


def _header(text: str) -> tuple[str, dict[str, str]]:
    """First sentences of the comment at the top, and its entries; indented lines go on."""
    parts: list[list[str]] = [["", ""]]
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        said = line.removeprefix("#").strip()
        if note := _NOTE.fullmatch(said):
            parts.append([note[1], note[2]])
        else:
            parts[-1][1] = f"{parts[-1][1]} {said}".strip()
    return parts[0][1], dict(parts[1:])
