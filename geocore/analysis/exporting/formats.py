"""Every format a case can be exported in, and the one call for all of them (stage: analysis).

Source: own.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePath

from geocore.analysis.case_state import CaseState
from geocore.analysis.exporting.content import as_case
from geocore.analysis.exporting.geojson import as_geojson
from geocore.analysis.exporting.geopackage import as_geopackage
from geocore.analysis.exporting.kml import as_kml
from geocore.analysis.exporting.report import Pictures, Report, report_of
from geocore.analysis.exporting.report_page import as_page
from geocore.analysis.exporting.report_pdf import as_pdf
from geocore.analysis.exporting.table import as_csv
from geocore.analysis.records import Record
from geocore.inference.bundle import Bundle


@dataclass(frozen=True, kw_only=True)
class Format:
    """A kind of file.

    Attributes:
        label: what people choose it by.
        suffix: of its file names.
        mime: its media type.
        write_data: for files that programs read.
        write_report: for reports that people read.
    """

    label: str
    suffix: str
    mime: str
    write_data: Callable[[CaseState], bytes] = as_csv
    write_report: Callable[[Report], bytes] | None = None

    @property
    def is_report(self) -> bool:
        """Whether it shows photos and heat maps, where they are given, and the model's figures."""
        return self.write_report is not None


FORMATS = {
    "html": Format(
        label="Report (web page)", suffix=".html", mime="text/html", write_report=as_page
    ),
    "pdf": Format(
        label="Report (PDF)", suffix=".pdf", mime="application/pdf", write_report=as_pdf
    ),
    "csv": Format(label="Table (CSV)", suffix=".csv", mime="text/csv", write_data=as_csv),
    "geojson": Format(
        label="Map data (GeoJSON)", suffix=".geojson", mime="application/geo+json",
        write_data=as_geojson,
    ),
    "gpkg": Format(
        label="Map data (GeoPackage)", suffix=".gpkg", mime="application/geopackage+sqlite3",
        write_data=as_geopackage,
    ),
    "kml": Format(
        label="Map data (KML)", suffix=".kml", mime="application/vnd.google-earth.kml+xml",
        write_data=as_kml,
    ),
}  # fmt: skip


def export_case(
    source: CaseState | Iterable[Record],
    format: str,
    *,
    bundle: Bundle | None = None,
    photos: Pictures | None = None,
    heat_maps: Pictures | None = None,
) -> bytes:
    """A case, some of its photos, an event, or bare answers as one file.

    The same case gives the same bytes; what is shown besides (`bundle`, `photos`, `heat_maps`)
    only changes reports.

    Args:
        source: a case (see `geocore.analysis.exporting.content` for parts of one), or answer
            records.
        format: key of FORMATS.
        bundle: that answered, for its measured figures and limits.
        photos: encoded photo by SHA-256, or None where there is none. Leave it out where the photos
            must not be given on.
        heat_maps: the same for pictures of where the model looked.

    Raises:
        ValueError: unknown format.
        TypeError: `source` is neither.
    """
    if format not in FORMATS:
        raise ValueError(f"Unknown format {format!r}. Known formats: {', '.join(FORMATS)}.")
    state, kind = as_case(source), FORMATS[format]
    if kind.write_report is not None:
        return kind.write_report(report_of(state, bundle, photos, heat_maps))
    return kind.write_data(state)


def format_of(file_name: str) -> str:
    """The format that a file's name asks for by its ending.

    Raises:
        ValueError: no format has this ending.
    """
    suffix = PurePath(file_name).suffix.lower()
    for key, kind in FORMATS.items():
        if kind.suffix == suffix:
            return key
    known = ", ".join(kind.suffix for kind in FORMATS.values())
    raise ValueError(f"{file_name}: the name must end in one of {known}.")
