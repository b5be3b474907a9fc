"""Data stage: the result of cleaning as one page that opens in any browser, without a network.

Ids and file names come from outside: every text is escaped. It computes nothing.
"""

import base64
import html
import io
from collections.abc import Callable, Iterable, Sequence

from geocore.data.cleaning import reasons as why
from geocore.data.cleaning.clean import CleaningReport, has_parts
from geocore.data.cleaning.settings import LIMITS, CleaningSettings
from geocore.data.images import thumbnail
from geocore.data.photos import UNDECODABLE
from geocore.errors import ImageError

N_EXAMPLES = 5
_SIDE_PX = 160

_MEANING: dict[str, Callable[[CleaningSettings], str]] = {
    why.UNREAD: lambda s: "The table names a file that is not there or may not be read.",
    UNDECODABLE: lambda s: "Damaged, cut off, or no photo at all.",
    why.TOO_SMALL: lambda s: f"The shorter side has fewer than {s.min_side_px} pixels.",
    why.TOO_LONG: lambda s: f"The longer side is more than {s.max_aspect:g} times the shorter.",
    why.ONE_COLOUR: lambda s: "Nothing is to be seen: a failed download, a lens cap, fog.",
    why.FILTERED: lambda s: (
        f"Asked for: {', '.join(s.filters)}."
        + " No real photo of 6,607 was taken for a drawing." * ("drawings" in s.filters)
    ),
    why.NULL_ISLAND: lambda s: (
        f"Within {s.null_island_km:g} km of 0, 0 in the open Atlantic: what devices write that "
        "have no position."
    ),
    why.CENTROID: lambda s: (
        f"Within {s.centroid_km:g} km of the middle of a country, which is often written where "
        "only the country is known. Real photos of that spot are lost too: 3 of 100,000 on Flickr."
    ),
    why.COARSE: lambda s: (
        f"Latitude and longitude are both multiples of {s.coarse_deg:g} degrees, which stands for "
        "a region and not for a place."
    ),
    why.SAME_FILE: lambda s: "Byte for byte the file of another photo that is kept.",
    why.NEAR_DUPLICATE: lambda s: (
        f"At most {s.near_bits} of 256 features differ from a photo that is kept: other metadata, "
        "size, quality or format, a caption, a narrow crop. Photos of different things differ in "
        "about 128; among 6,607 no two differed in fewer than 70. Wider crops, mirrored copies and "
        "photos taken one after the other are not found."
    ),
}
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1.5rem; }
td:first-child, th:first-child { width: 14rem; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem;
  border-bottom: 1px solid #8885; overflow-wrap: anywhere; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
img { max-width: 160px; display: block; }
"""


def cleaning_page(report: CleaningReport, *, thumbnails: bool = False) -> str:
    """The page as HTML that needs no other file.

    Args:
        report: what was kept and left out.
        thumbnails: whether the examples are shown as small pictures inside the page.
    """
    n_kept, n_in = len(report.photos), report.n_in
    share = f" ({n_kept / n_in:.1%})" if n_in else ""
    body = [
        "<h1>What cleaning left out</h1>",
        f"<p><strong>{n_kept:,} of {n_in:,} photos are kept{share}.</strong> The original files "
        "and tables are unchanged; photos.csv and photos.parquet list what is kept, dropped.csv "
        "every other photo with its reason.</p>",
        *_reasons(report),
        *_conflicts(report),
        *_leaks(report),
        *_shared(report),
        *_examples(report, thumbnails),
        "<h2>Settings</h2>",
        _table(["Setting", "Value"], _settings(report.settings)),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>What cleaning left out</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _reasons(report: CleaningReport) -> list[str]:
    counts = report.counts()
    if counts.empty:
        return ["<p>No photo was left out.</p>"]
    rows = [
        [reason, f"{n:,}", f"{n / report.n_in:.2%}", _meaning(reason, report.settings)]
        for reason, n in counts.items()
    ]
    head = ["Reason", "Photos", "Of all", "What it means"]
    return ["<h2>Reasons</h2>", _table(head, rows, numbers={1, 2})]


def _meaning(reason: str, settings: CleaningSettings) -> str:
    return (
        _MEANING[reason](settings)
        if reason in _MEANING
        else "The row of the table could not be used."
    )


def _conflicts(report: CleaningReport) -> list[str]:
    if not report.n_conflicts():
        return []
    return [
        f"<p>{report.n_conflicts():,} of the copies claim to be more than {why.APART_KM:g} km from "
        "the photo that is kept in their place: one of the two positions is wrong, and which one "
        "is not known.</p>"
    ]


def _leaks(report: CleaningReport) -> list[str]:
    if report.leaks.empty:
        none = "<h2>Leaks</h2><p>No copy of a photo was found in another part.</p>"
        return [none] if has_parts(report.photos) else []
    across = report.leaks.groupby(["part", "kept_part"]).size().sort_values(ascending=False)
    rows = [[*parts, f"{n:,}"] for parts, n in across.items()]
    return [
        "<h2>Leaks</h2>",
        f"<p>{len(report.leaks):,} of the copies had their original in another part. A model that "
        "learns from one part and is tested on the other would have seen the answer; without the "
        "copies it does not. All are in leaks.csv.</p>",
        _table(["Copy left out in", "Original kept in", "Photos"], rows, numbers={2}),
    ]


def _shared(report: CleaningReport) -> list[str]:
    if report.shared.empty:
        return []
    rows = [[f"{x.lat:g}, {x.lng:g}", f"{x.n_photos:,}"] for x in report.shared.itertuples()]
    return [
        "<h2>Positions that many photos share</h2>",
        "<p>These photos are kept. The same position to the last digit may be a lookout, or "
        "what somebody entered who did not know better.</p>",
        _table(["Latitude, longitude", "Photos"], rows, numbers={1}),
    ]


def _examples(report: CleaningReport, thumbnails: bool) -> list[str]:
    paths = dict(zip(report.photos["photo_id"], report.photos["path"], strict=True))
    blocks = ["<h2>Examples</h2>"] if len(report.dropped) else []
    for reason in report.counts().index:
        rows = report.dropped[report.dropped["reason"] == reason][:N_EXAMPLES]
        head = ["Photo", "Detail", *(["Copy of"] if rows["kept_photo_id"].any() else [])]
        cells = [
            [
                _Cell(row.photo_id, row.path if thumbnails else ""),
                row.detail,
                _Cell(row.kept_photo_id, paths.get(row.kept_photo_id, "") if thumbnails else ""),
            ][: len(head)]
            for row in rows.itertuples()
        ]
        blocks += [f"<h3>{html.escape(reason)}</h3>", _table(head, cells)]
    return blocks


class _Cell(str):
    """A text in a table, with the path of the photo that is shown above it."""

    path: str

    def __new__(cls, text: str, path: str = "") -> "_Cell":
        cell = super().__new__(cls, text)
        cell.path = path
        return cell


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], numbers: set[int] | None = None
) -> str:
    style = ['class="number"' if i in (numbers or ()) else "" for i in range(len(head))]
    lines = [f"<tr>{_cells('th', head, style)}</tr>"]
    lines += [f"<tr>{_cells('td', row, style)}</tr>" for row in rows]
    return f"<table>{''.join(lines)}</table>"


def _cells(tag: str, texts: Sequence[str], style: Sequence[str]) -> str:
    return "".join(
        f"<{tag} {style[i]}>{_picture(text)}{html.escape(str(text))}</{tag}>"
        for i, text in enumerate(texts)
    )


def _picture(text: str) -> str:
    """The photo of a cell as an image that needs no file; "" where it cannot be shown."""
    path = text.path if isinstance(text, _Cell) else ""
    if not path:
        return ""
    buffer = io.BytesIO()
    try:
        thumbnail(path, _SIDE_PX).save(buffer, "JPEG", quality=80)
    except ImageError:
        return ""
    return (
        f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}">'
    )


def _settings(settings: CleaningSettings) -> list[list[str]]:
    rows = [[text.capitalize(), f"{getattr(settings, name):g}"] for name, text in LIMITS.items()]
    return [*rows, ["Filters that were asked for", ", ".join(settings.filters) or "none"]]
