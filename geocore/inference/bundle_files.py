"""The bytes of a bundle: hashes, manifest, plain arrays, and the swap that makes saving atomic.

Stage: inference. It must not know what the files mean, only that they are complete and unaltered.

Source: own.
"""

import hashlib
import io
import json
import math
import platform
import re
import shutil
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from geocore.errors import BundleError
from geocore.inference.bundle_limits import check_arrays, check_sizes

FORMAT_VERSION = 2
READABLE_VERSIONS = (1, 2)  # 1 knew neither reduction.npz nor evidence.npz
MANIFEST = "manifest.json"
REQUIRED_FILES = (
    "config.toml",
    "cells.csv",
    "report.json",
    "predictions.parquet",
    "photos.parquet",
    "MODEL_CARD.md",
)
_PART_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_PACKAGES = ("tensorflow-cpu", "tensorflow", "keras", "numpy", "pandas", "pyarrow")
_REMEDY = "Restore the bundle from its source, or make it anew with scripts/train.py."


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def photo_set_sha256(photos: pd.DataFrame) -> str:
    """Hash of a set of photos, whatever their order: SHA-256 over their sorted SHA-256."""
    return hashlib.sha256("\n".join(sorted(photos["sha256"].astype(str))).encode()).hexdigest()


def arrays_sha256(arrays: Sequence[np.ndarray]) -> str:
    """Hash of weights: SHA-256 over shape and float32 bytes of each array, in their order."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.shape}".encode())
        digest.update(np.ascontiguousarray(array, "<f4").tobytes())
    return digest.hexdigest()


def as_json(content: Any) -> str:
    """The one JSON spelling of bundles: NumPy numbers as plain ones, NaN and infinity as null."""
    return json.dumps(_plain(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {str(key): _plain(value) for key, value in content.items()}
    if isinstance(content, np.ndarray):
        return _plain(content.tolist())
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    if isinstance(content, np.generic):
        content = content.item()
    return None if isinstance(content, float) and not math.isfinite(content) else content


def write_manifest(folder: Path, photos: pd.DataFrame, provenance: Mapping[str, Any]) -> None:
    """Write manifest.json over all files that lie in the folder.

    The manifest carries the hash of its own text without that entry: no byte is unguarded.
    """
    manifest = {
        "format_version": FORMAT_VERSION,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "packages": _package_versions(),
        "photo_set_sha256": photo_set_sha256(photos),
        "n_photos": len(photos),
        **provenance,
    }
    _save_manifest(folder, manifest)


@contextmanager
def reworked(folder: Path) -> Iterator[Path]:
    """A copy of a bundle to add files to; it takes the bundle's place when the work is done.

    A reader sees the old folder or the new one; where the work fails, the old one stays. What the
    manifest says beside its list of files stays as it is.
    """
    temporary = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.new")
    try:
        shutil.copytree(folder, temporary)
        yield temporary
        _save_manifest(temporary, read_manifest(temporary))
        replace_folder(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _save_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    names = [name for name in _files_in(folder) if name != MANIFEST]
    manifest["files"] = {name: file_sha256(folder / name) for name in names}
    manifest["manifest_sha256"] = _text_sha256(as_json(manifest))
    (folder / MANIFEST).write_text(as_json(manifest), "utf-8", newline="\n")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Parse manifest.json and check its format version, its own hash and its list of files.

    Raises:
        BundleError: no bundle, a newer format, or an altered manifest.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise BundleError(
            f"{folder}: this is not a bundle, it has no {MANIFEST}. "
            "Give the folder that scripts/train.py wrote."
        )
    try:
        text = path.read_text("utf-8")
        manifest = json.loads(text)
        version = manifest["format_version"]
        files = manifest["files"]
        if type(version) is not int or not isinstance(files, dict):
            raise TypeError("format_version must be a whole number and files a table")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(f"{path}: the manifest cannot be read ({error}). {_REMEDY}") from error
    if version not in READABLE_VERSIONS:
        raise BundleError(
            f"{path}: the bundle has format {version}, "
            f"this version of geocore reads formats {READABLE_VERSIONS[0]} to {FORMAT_VERSION}. "
            + ("Update geocore." if version > FORMAT_VERSION else _REMEDY)
        )
    stated = manifest.pop("manifest_sha256", None)
    if stated != _text_sha256(as_json(manifest)) or text != as_json(
        {**manifest, "manifest_sha256": stated}
    ):
        raise BundleError(f"{path}: the manifest was changed after the bundle was made. {_REMEDY}")
    return manifest


def check_files(folder: Path, hashes: Mapping[str, str]) -> None:
    """Compare the files of the folder (hidden ones aside) with the manifest; see `check_sizes`.

    Raises:
        BundleError: a file is missing, additional, was changed, or is too large.
    """
    expected, present = {*hashes, *REQUIRED_FILES}, set(_files_in(folder)) - {MANIFEST}
    if missing := sorted(expected - present):
        raise BundleError(f"{folder}: the bundle lacks {_list(missing)}. {_REMEDY}")
    if extra := sorted(present - set(hashes)):
        raise BundleError(
            f"{folder}: {_list(extra)} is not part of the bundle's manifest. "
            "Move it out of the folder."
        )
    if not any(name.startswith("heads/") for name in hashes):
        raise BundleError(f"{folder}: the bundle holds no head (heads/<HEAD>.npz). {_REMEDY}")
    changed = [name for name in sorted(hashes) if file_sha256(folder / name) != hashes[name]]
    if changed:
        raise BundleError(
            f"{folder}: {_list(changed)} was changed after the bundle was made "
            f"(SHA-256 differs). {_REMEDY}"
        )
    check_sizes(folder)


def write_arrays(path: Path, arrays: Sequence[np.ndarray]) -> None:
    """Save arrays as w00, w01, ... in a compressed npz.

    Raises:
        ValueError: no array, or one that is not float16/float32 or not finite.
    """
    if not arrays:
        raise ValueError(
            f"{path.stem}: a bundle needs at least one array of weights, received none."
        )
    for array in arrays:
        if array.dtype not in (np.float16, np.float32) or not np.isfinite(array).all():
            raise ValueError(
                f"{path.stem}: weights must be finite float16 or float32, "
                f"received {array.dtype} {array.shape}."
            )
    names = {f"w{index:02d}": array for index, array in enumerate(arrays)}
    np.savez_compressed(path, allow_pickle=False, **names)


def write_all_arrays(folder: Path, arrays_by_name: Mapping[str, Sequence[np.ndarray]]) -> None:
    """One npz per head, baseline or other part; no folder where there is none."""
    for name, arrays in arrays_by_name.items():
        if not _PART_NAME.fullmatch(name):
            raise ValueError(f"A head's name must be letters, digits, - and _, received {name!r}.")
        folder.mkdir(exist_ok=True)
        write_arrays(folder / f"{name}.npz", arrays)


def read_arrays(path: Path) -> list[np.ndarray]:
    """The arrays w00, w01, ... of an npz as float32.

    Raises:
        BundleError: not such a file, an object array, or values that are not finite.
    """
    check_arrays(path)
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            arrays = [np.asarray(archive[f"w{index:02d}"]) for index in range(len(archive.files))]
    except (OSError, ValueError, KeyError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        raise BundleError(f"{path}: the weights cannot be read ({error}). {_REMEDY}") from error
    if not all(array.dtype.kind == "f" and np.isfinite(array).all() for array in arrays):
        raise BundleError(f"{path}: the weights must be finite numbers. {_REMEDY}")
    return [array.astype(np.float32) for array in arrays]


def write_predictions(path: Path, predictions: pd.DataFrame) -> None:
    """Save predictions with probs as list<float32>."""
    table = pa.Table.from_pandas(predictions.drop(columns="probs"), preserve_index=False)
    rows = [np.asarray(row, np.float32) for row in predictions["probs"]]
    probs = pa.array(rows, type=pa.list_(pa.float32()))
    pq.write_table(table.append_column("probs", probs), path, compression="zstd")


def replace_folder(new: Path, target: Path) -> None:
    """Put `new` in the place of `target`; where that fails, the old folder comes back."""
    if not target.exists():
        new.rename(target)
        return
    old = target.with_name(f".{target.name}.{uuid.uuid4().hex}.old")
    target.rename(old)
    try:
        new.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def refuse_foreign_folder(folder: Path) -> None:
    """Raise BundleError where saving would replace something that is no bundle."""
    is_free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not is_free and not (folder / MANIFEST).is_file():
        raise BundleError(
            f"{folder}: a bundle is only written to a new or empty folder or over a bundle; "
            "this holds something else. Choose another folder."
        )


def _files_in(folder: Path) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def _package_versions() -> dict[str, str]:
    installed = {dist.metadata["Name"]: dist.version for dist in metadata.distributions()}
    return {name: installed[name] for name in _PACKAGES if name in installed}


def _text_sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
