"""Exports on disk, and the trace that they leave in the case's log (stage: analysis).

Source: own.
"""

from pathlib import Path

from geocore.analysis.canonical import sha256_hex
from geocore.analysis.case_file import Case, Entry
from geocore.analysis.case_state import CaseState
from geocore.analysis.exporting.formats import export_case, format_of
from geocore.analysis.exporting.report import Pictures
from geocore.analysis.records import export_record
from geocore.data.whole_files import whole_file
from geocore.errors import CaseError
from geocore.inference.bundle import Bundle


def export_to_file(
    case: Case,
    state: CaseState,
    path: Path,
    *,
    analyst: str,
    bundle: Bundle | None = None,
    photos: Pictures | None = None,
) -> Entry:
    """Write a case, or a part of it, in the format that the file's name asks for, and log it.

    Raises:
        ValueError: no format has this ending.
        CaseError: the file or the case cannot be written.
    """
    format = format_of(path.name)
    content = export_case(state, format, bundle=bundle, photos=photos)
    save_export(content, path)
    return log_export(case, state, format, content, analyst=analyst)


def save_export(content: bytes, path: Path) -> None:
    """Write an export, whole or not at all; a file of that name is replaced.

    Raises:
        CaseError: it cannot be written.
    """
    try:
        with whole_file(path) as scratch:
            scratch.write_bytes(content)
    except OSError as error:
        raise CaseError(
            f"{path}: the export must be written here, but that failed ({error.strerror}). Free "
            "space or choose another place."
        ) from error


def log_export(case: Case, state: CaseState, format: str, content: bytes, *, analyst: str) -> Entry:
    """Note in the case's log that a file was made of it: its hash, and of which state."""
    record = export_record(format, len(state.photos), sha256_hex(content), state.head_hash)
    return case.append("export", record, analyst=analyst)
