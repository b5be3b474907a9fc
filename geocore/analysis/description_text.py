"""A described photo set in words and tables for a terminal.

Stage: analysis. Tables in, text out; it computes no figure. Text from outside (names of sets,
reasons) is made printable.

Source: thesis tables 5.1 and 5.2.
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from geocore.analysis.description_tables import Cells
from geocore.analysis.photo_description import PhotoDescription
from geocore.analysis.photo_places import THESIS_NOTE_5_2, THESIS_TOTAL_5_2
from geocore.analysis.terminal_text import printable
from geocore.analysis.yardstick import load_yardstick

MOST_ROWS = 10
_COUNTS = ("n_photos", "n_cells", "n_in_cells", "thesis_cells", "thesis_photos")
_DASH = "–"


def description_text(
    photos: PhotoDescription, cells: Cells, tables: Mapping[str, pd.DataFrame], rule: str
) -> str:
    """Everything about a photo set that fits a terminal.

    Args:
        photos: the set.
        cells: those it is counted in.
        tables: as from `all_tables`.
        rule: what the ranking of places goes by, in words.
    """
    parts = [
        _opening(photos),
        *_tags(tables.get("table_5_1")),
        _continents(cells, tables["table_5_2"]),
        world_in_characters(photos),
        _countries(tables["countries"]),
        _sparse(cells, tables["sparse_cells"]),
        _collect(tables, rule),
        *_parts(photos),
        *_further(photos),
    ]
    return "\n\n".join(parts)


def columns(rows: Iterable[Iterable[object]], header: Iterable[str]) -> str:
    """Rows as aligned columns: the first to the left, numbers to the right."""
    texts = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[k]) for row in texts) for k in range(len(texts[0]))]
    lines = (
        "  ".join(
            cell.ljust(width) if k == 0 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in texts
    )
    return "\n".join(f"  {line}" for line in lines)


def _opening(photos: PhotoDescription) -> str:
    n_dropped = int(photos.dropped["n_photos"].sum())
    lines = [f"{printable(photos.name)}: {len(photos):,} photos with a position."]
    if n_dropped:
        reasons = "; ".join(
            f"{row.n_photos:,} × {printable(row.reason)}" for row in photos.dropped.itertuples()
        )
        lines.append(f"Rows that cannot be used: {n_dropped:,} ({reasons}).")
    if photos.n_drawn:
        lines.append(f"Image files: {photos.n_found:,} of {photos.n_drawn:,} photos looked for.")
    return "\n".join(lines)


def _tags(table: pd.DataFrame | None) -> Iterator[str]:
    if table is None:
        return
    rows = [
        (row.group, f"{row.n_photos:,}", percent(row.share), number(row.thesis))
        for row in table.itertuples()
    ]
    n_photos, thesis = table["n_photos"].sum(), table["thesis"].sum()
    rows.append(("total", number(n_photos), percent(1.0), number(thesis)))
    yield "Urban and natural photos, by their tags (table 5.1)\n" + columns(
        rows, ("Tags", "Photos", "Share", "Thesis")
    )


def _continents(cells: Cells, table: pd.DataFrame) -> str:
    rows = [
        (row.continent, percent(row.share), *(number(getattr(row, name)) for name in _COUNTS))
        for row in table.itertuples()
    ]
    sums = table[list(_COUNTS)].sum().to_dict() | THESIS_TOTAL_5_2
    rows.append(("Total", percent(1.0), *(number(sums[name]) for name in _COUNTS)))
    made = (
        f"cells with {cells.t_min:,} to {cells.t_max:,} photos"
        if cells.t_max
        else f"given cells with at least {cells.t_min:,} photos"
    )
    header = ("Continent", "Share", "Photos", "Cells", "In cells", "Thesis: cells", "Its photos")
    title = f"Photos per continent, and {made} (table 5.2)"
    return f"{title}\n{columns(rows, header)}\n{_wrapped(THESIS_NOTE_5_2)}"


def world_in_characters(photos: PhotoDescription) -> str:
    """A density map of the world that any terminal shows.

    Each character stands for 4 degrees of longitude and 6 of latitude, from 84 north to 60 south;
    photos farther north or south are drawn at the edge.
    """
    yardstick = load_yardstick()
    counts, people = (
        _histogram(lat, lng)
        for lat, lng in ((photos.lat, photos.lng), (yardstick.lat, yardstick.lng))
    )
    digits = np.where(counts > 0, np.log10(np.maximum(counts, 1)).astype(int) + 1, 0)
    signs = np.where(digits > 0, digits.astype(str), np.where(people > 0, ".", " "))
    lines = ["  " + "".join(row).rstrip() for row in signs]
    rule = (
        "1 stands for 1 to 9 photos, 2 for 10 to 99, 3 for 100 to 999, and so on; a dot for land "
        "where people live and no photo is from."
    )
    return "\n".join(["Where the photos are", _wrapped(rule), *lines])


def _histogram(lat: np.ndarray, lng: np.ndarray) -> np.ndarray:
    """Points in each character of the map, (24, 90), from north to south and west to east."""
    row = np.clip((84 - lat) // 6, 0, 23).astype(int)
    column = np.clip((lng + 180) // 4, 0, 89).astype(int)
    return np.bincount(row * 90 + column, minlength=24 * 90).reshape(24, 90)


def _countries(table: pd.DataFrame) -> str:
    have = table[(table["n_photos"] > 0) & (table["code"] != "")]
    rows = [
        (row.country, f"{row.n_photos:,}", percent(row.share), f"{row.per_million:,.1f}")
        for row in have.head(MOST_ROWS).itertuples()
    ]
    n_without = int(((table["n_photos"] == 0) & (table["code"] != "")).sum())
    return (
        f"Photos come from {len(have):,} countries; {n_without:,} countries with towns have none\n"
        + columns(rows, ("Country", "Photos", "Share", "Per million inhabitants of towns"))
    )


def _sparse(cells: Cells, table: pd.DataFrame) -> str:
    title = f"Cells with fewer than {cells.t_min:,} photos where people live or photos exist"
    if table.empty:
        return f"{title}: none."
    rows = [
        (
            f"{row.token} {near(row.town, row.country)}",
            row.level,
            number(row.n_photos),
            number(row.lack),
            f"{row.inhabitants / 1e6:,.1f}",
        )
        for row in table.head(MOST_ROWS).itertuples()
    ]
    header = ("Cell", "Level", "Photos", "Lacking", "Million inhabitants of towns")
    n_photos = int(table["n_photos"].sum())
    return f"{title}: {len(table):,}, with {n_photos:,} photos\n" + columns(rows, header)


def _collect(tables: Mapping[str, pd.DataFrame], rule: str) -> str:
    text = ["Where to collect next", _wrapped(rule)]
    for name, title in (("collect_countries", "Country"), ("collect_regions", "Region")):
        rows = [
            (row.name, f"{row.n_photos:,}", f"{row.expected:,.1f}", f"{row.lack:,.1f}")
            for row in tables[name].head(MOST_ROWS).itertuples(index=False)
        ]
        text.append(columns(rows, (title, "Photos", "Due", "Lacking")))
    return "\n".join(text)


def _parts(photos: PhotoDescription) -> Iterator[str]:
    if photos.parts is None:
        return
    rows = [
        (
            printable(row.part),
            number(row.n_photos),
            percent(row.share),
            number(row.n_photographers),
            number(row.n_shared),
        )
        for row in photos.parts.itertuples()
    ]
    text = "Split\n" + columns(rows, ("Part", "Photos", "Share", "Photographers", "Shared"))
    if photos.share_near_training is not None:
        share = percent(photos.share_near_training)
        text += f"\n  Test photos in about the same square kilometre as a training photo: {share}."
    yield text


def _further(photos: PhotoDescription) -> Iterator[str]:
    if photos.photographers is not None:
        who = photos.photographers
        yield _wrapped(
            f"Photographers: {who['n_photographers']:,} took the {who['n_known']:,} photos whose "
            f"photographer is known; half of them are by {who['n_for_half']:,}. The most active "
            f"took {percent(who['top_1'])}, the first ten {percent(who['top_10'])}."
        )
    if photos.years is not None and len(photos.years):
        years = photos.years
        peak = years.loc[years["n_photos"].idxmax()]
        yield _wrapped(
            f"Taken: {years['year'].min():.0f} to {years['year'].max():.0f} "
            f"({years['n_photos'].sum():,} photos with a date), most in {peak['year']:.0f} "
            f"({percent(peak['share'])})."
        )
    if photos.sizes is not None:
        yield _wrapped(size_sentence(photos.sizes))


def size_sentence(sizes: Mapping[str, Any]) -> str:
    """Sizes of photos in one sentence."""
    return (
        f"Sizes of {sizes['n_photos'] - sizes['n_unknown']:,} photos: median "
        f"{sizes['median_width']:,.0f} × {sizes['median_height']:,.0f} pixels, "
        f"{percent(sizes['share_portrait'])} higher than wide, {percent(sizes['share_small'])} "
        "with a side under 224 pixels."
    )


def _wrapped(text: str) -> str:
    """A sentence in lines of at most 100 characters, set in by two."""
    return textwrap.fill(text, 100, initial_indent="  ", subsequent_indent="  ")


def near(town: str, country: str) -> str:
    """Where a cell lies: "round Lagos, Nigeria"; "no town" where there is none."""
    return f"round {town}, {country}" if town else "no town"


def number(value: float) -> str:
    """A count with thousands divided, a dash where there is none."""
    return _DASH if pd.isna(value) else f"{value:,.0f}"


def percent(share: float) -> str:
    """A share as "46.1 %"."""
    return f"{share:.1%}".replace("%", " %")
