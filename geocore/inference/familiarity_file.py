"""`familiarity.npz`: what a bundle keeps to tell photos unlike those that it learned from.

Stage: inference. It must not know TensorFlow, nor what is concluded from a distance.

Source: own; `geocore.evaluation.familiarity`.
"""

from functools import lru_cache
from pathlib import Path

from geocore.errors import BundleError
from geocore.evaluation.familiarity import (
    Familiarity,
    familiarity_arrays,
    familiarity_from_arrays,
)
from geocore.inference import bundle_files as files
from geocore.inference.bundle import Bundle

FAMILIARITY_FILE = "familiarity.npz"


def write_familiarity(folder: Path, familiarity: Familiarity) -> None:
    """Write the file into a bundle's folder; the manifest is the caller's."""
    files.write_arrays(folder / FAMILIARITY_FILE, familiarity_arrays(familiarity))


def load_familiarity(bundle: Bundle) -> Familiarity | None:
    """What the bundle keeps, read once; None where it keeps nothing.

    Raises:
        BundleError: the file cannot be used.
    """
    digest = bundle.manifest["files"].get(FAMILIARITY_FILE)
    return None if digest is None else _read(bundle.folder / FAMILIARITY_FILE, digest)


@lru_cache(maxsize=8)
def _read(path: Path, digest: str) -> Familiarity:
    """The digest is part of the key: a bundle that was made anew is read anew."""
    del digest
    try:
        return familiarity_from_arrays(files.read_arrays(path))
    except ValueError as error:
        raise BundleError(
            f"{path}: {error} Make it anew: python scripts/calibrate.py --bundle {path.parent} "
            "--photos DIR"
        ) from error
