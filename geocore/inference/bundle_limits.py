"""How large the parts of a bundle may be, told before anything of them is unpacked.

Stage: inference. Whoever makes a bundle can make its hashes fit: they say that it is unaltered, not
that it is harmless. It must not know what the files mean.

Source: own.
"""

import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from geocore.errors import BundleError

MAX_TEXT_BYTES = 512 << 20
MAX_UNPACKED_BYTES = 8 << 30
MAX_ROWS = 100_000_000
_REMEDY = "Use a bundle from a source that you trust."


def check_sizes(folder: Path) -> None:
    """Refuse files that lie elsewhere, and those that would unpack to more than memory holds.

    Raises:
        BundleError: see above; the sentence names the file.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise BundleError(
                f"{path}: a bundle must hold its files itself, received a link to somewhere else. "
                f"{_REMEDY}"
            )
        if path.suffix == ".npz":
            check_arrays(path)
        elif path.suffix == ".parquet":
            _check_table(path)
        elif path.is_file() and path.stat().st_size > MAX_TEXT_BYTES:
            raise BundleError(_too_large(path, path.stat().st_size, MAX_TEXT_BYTES))


def check_arrays(path: Path) -> None:
    """Refuse an npz that unpacks to more than `MAX_UNPACKED_BYTES`.

    Raises:
        BundleError: see above, or it is no npz.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            n_bytes = sum(member.file_size for member in archive.infolist())
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise BundleError(f"{path}: the weights cannot be read ({error}). {_REMEDY}") from error
    if n_bytes > MAX_UNPACKED_BYTES:
        raise BundleError(_too_large(path, n_bytes, MAX_UNPACKED_BYTES))


def _check_table(path: Path) -> None:
    try:
        about = pq.read_metadata(path)
    except (OSError, pa.ArrowException) as error:
        raise BundleError(f"{path}: the table cannot be read ({error}). {_REMEDY}") from error
    n_bytes = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    if n_bytes > MAX_UNPACKED_BYTES:
        raise BundleError(_too_large(path, n_bytes, MAX_UNPACKED_BYTES))
    if about.num_rows > MAX_ROWS:
        raise BundleError(
            f"{path}: a table must have at most {MAX_ROWS:,} rows, received {about.num_rows:,}. "
            f"{_REMEDY}"
        )


def _too_large(path: Path, n_bytes: int, most: int) -> str:
    return (
        f"{path}: the file must hold at most {most >> 20:,} MB, received {n_bytes >> 20:,} MB "
        f"unpacked. {_REMEDY}"
    )
