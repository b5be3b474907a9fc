"""Data stage: what a photo table says beyond positions: tags, photographers, dates, sizes, parts.

Each figure needs columns that not every set has; without them the answer is None, never a guess. It
knows no cells; where the photos lie is told in `geocore.analysis`.

Source: thesis table 5.1; the others own.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from geocore.data.images import open_photo
from geocore.data.vocabulary import tag_group
from geocore.errors import ImageError

# What a column may be called, in lower case; the first that is there counts.
TAGS = ("tags", "user_tags", "usertags", "keywords")
PHOTOGRAPHERS = (
    *("owner", "owner_id", "user_nsid", "nsid", "photographer", "author", "creator"),
    *("user_id", "userid", "user", "username", "uid", "creator_username"),
)
DATES = (
    *("taken", "date_taken", "datetaken", "capture_time", "captured_at", "date", "datetime"),
    *("timestamp", "shot_date", "capturetime"),
)
WIDTHS, HEIGHTS = ("width", "width_px"), ("height", "height_px")
PART, SET = "split", "photo_set"
THESIS_TABLE_5_1 = {"natural": 476_960, "urban": 493_605}
"""Photos of each group in the thesis, 970,565 in all."""
SMALL_SIDE_PX = 224
"""Shorter side under which a photo must be enlarged for the network."""
MOST_READ = 1000
_EPOCH_MS_FROM = 1e11
_LOOK_AT = 1000
_ORIENTATION_TAG = 0x0112
_EARLIEST = pd.Timestamp("1826-01-01")


def find_column(photos: pd.DataFrame, names: Sequence[str]) -> str | None:
    """The column that is called one of `names` in any letter case, the first of these names first.

    A column without a single value does not count.
    """
    lowered = {str(column).lower(): column for column in reversed(photos.columns)}
    found = (lowered[name] for name in names if name in lowered)
    return next((column for column in found if photos[column].notna().any()), None)


def tag_table(photos: pd.DataFrame) -> pd.DataFrame | None:
    """Natural and urban photos by their tags, beside table 5.1.

    Args:
        photos: table, its tags in a column of `TAGS`.

    Returns:
        Rows natural, urban, "neither" (with tags, none of them in the vocabulary) and "no tags":
        group, n_photos, share of all photos, thesis (photos, NaN in the last two) and thesis_share;
        None without tags.

    Source: thesis table 5.1; which tag is of which group: `geocore.data.vocabulary`.
    """
    column = find_column(photos, TAGS)
    if column is None:
        return None
    tags = _texts(photos[column])
    groups = pd.Series(tag_group(tags), dtype=object)
    has_tags = tags.str.strip().to_numpy() != ""
    groups[groups.isna() & has_tags] = "neither"
    names = [*THESIS_TABLE_5_1, "neither", "no tags"]
    counts = groups.fillna("no tags").value_counts().reindex(names, fill_value=0)
    thesis = np.array([THESIS_TABLE_5_1.get(name, np.nan) for name in names])
    return pd.DataFrame(
        {
            "group": names,
            "n_photos": counts.to_numpy(),
            "share": counts.to_numpy() / max(len(photos), 1),
            "thesis": thesis,
            "thesis_share": thesis / np.nansum(thesis),
        }
    )


def photographer_figures(photos: pd.DataFrame) -> dict[str, float] | None:
    """How far the photos come from few photographers.

    Returns:
        n_known (photos whose photographer is known), n_photographers, top_1, top_10 (shares of the
        known photos that the one and the ten most frequent took), n_for_half (fewest photographers
        that took half of them), n_effective (as many with equal shares would be as mixed); None
        without a column of `PHOTOGRAPHERS`.

    Source: own; effective number: inverse of Simpson's index (1949).
    """
    column = find_column(photos, PHOTOGRAPHERS)
    codes = np.array([]) if column is None else pd.factorize(_known(photos[column]))[0]
    if not (codes >= 0).any():
        return None
    counts = np.sort(np.bincount(codes[codes >= 0]))[::-1]
    shares = counts / counts.sum()
    return {
        "n_known": int(counts.sum()),
        "n_photographers": len(counts),
        "top_1": float(shares[0]),
        "top_10": float(shares[:10].sum()),
        "n_for_half": int(np.searchsorted(np.cumsum(shares), 0.5) + 1),
        "n_effective": float(1 / (shares**2).sum()),
    }


def photo_dates(photos: pd.DataFrame) -> pd.Series | None:
    """When each photo was taken; NaT where its date is missing, unreadable or impossible.

    Understood are ISO dates, EXIF's (2020:05:31 12:00:00), and seconds or milliseconds since 1970.

    Returns:
        datetime64 without time zone on the index of `photos`; None without a column of `DATES`.
    """
    column = find_column(photos, DATES)
    if column is None:
        return None
    values = photos[column]
    if pd.api.types.is_datetime64_any_dtype(values):
        dates = values
    elif pd.to_numeric(values.dropna().head(_LOOK_AT), errors="coerce").notna().mean() > 0.5:
        numbers = pd.to_numeric(values, errors="coerce")
        milliseconds = numbers.where(numbers.abs() >= _EPOCH_MS_FROM, numbers * 1000)
        dates = pd.to_datetime(milliseconds, unit="ms", errors="coerce")
    else:
        text = values.astype("str").str.replace(r"^(\d{4}):(\d\d):(\d\d)", r"\1-\2-\3", regex=True)
        dates = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True)
    dates = dates.dt.tz_localize(None) if dates.dt.tz is not None else dates
    return dates.where((dates >= _EARLIEST) & (dates <= pd.Timestamp.now() + pd.Timedelta(days=2)))


def year_table(dates: pd.Series) -> pd.DataFrame:
    """Photos per year: year, n_photos, share of the photos whose date is known."""
    years = dates.dt.year.dropna().astype(int)
    counts = years.value_counts().sort_index()
    return pd.DataFrame(
        {"year": counts.index, "n_photos": counts.to_numpy(), "share": counts / max(len(years), 1)}
    ).reset_index(drop=True)


def part_table(photos: pd.DataFrame) -> pd.DataFrame | None:
    """Photos for training, validation and test, and who took photos in more than one part.

    Returns:
        part, n_photos, share, n_photographers and n_shared (photographers of this part with photos
        in another one too; both NaN where photographers are not known); None without a column
        `split`.
    """
    if PART not in photos or not photos[PART].notna().any():
        return None
    parts = photos[PART].fillna("none").astype(str)
    counts = parts.value_counts()
    table = pd.DataFrame({"part": counts.index, "n_photos": counts.to_numpy()})
    table["share"] = table["n_photos"] / len(photos)
    column = find_column(photos, PHOTOGRAPHERS)
    if column is None:
        return table.assign(n_photographers=np.nan, n_shared=np.nan)
    pairs = pd.DataFrame({"part": parts, "who": _known(photos[column])}).dropna().drop_duplicates()
    is_shared = pairs["who"].duplicated(keep=False)
    per_part = is_shared.groupby(pairs["part"]).agg(["size", "sum"]).reindex(table["part"])
    shared = per_part.fillna(0).astype(int).to_numpy()
    return table.assign(n_photographers=shared[:, 0], n_shared=shared[:, 1])


def set_table(photos: pd.DataFrame) -> pd.DataFrame | None:
    """Photos of each photo set that a table was joined from, most first, and in which part.

    Returns:
        photo_set, n_photos, and a column per part; None without a column `photo_set`.
    """
    if SET not in photos:
        return None
    sets = photos[SET].astype(str)
    table = sets.value_counts().rename_axis(SET).to_frame("n_photos")
    if PART in photos:
        table = table.join(pd.crosstab(sets, photos[PART].fillna("none").astype(str)))
    return table.reset_index()


def read_sizes(paths: Sequence[str], *, most: int = MOST_READ, seed: int = 42) -> pd.DataFrame:
    """Width and height of photos, read from their files' headers; of many, of a random draw.

    Returns:
        One row per photo drawn: path, width, height (pixels, NaN where the file cannot be read).
    """
    drawn = np.random.default_rng(seed).permutation(len(paths))[:most]
    rows = [(paths[k], *_size(paths[k])) for k in sorted(drawn)]
    return pd.DataFrame(rows, columns=["path", "width", "height"])


def size_figures(photos: pd.DataFrame) -> dict[str, float] | None:
    """Sizes of photos in figures.

    Args:
        photos: with columns of `WIDTHS` and `HEIGHTS`, as from `read_sizes`.

    Returns:
        n_photos looked at, n_unknown (without a readable size), median_width, median_height,
        share_portrait (higher than wide), share_small (shorter side under `SMALL_SIDE_PX`); None
        without such columns.
    """
    columns = find_column(photos, WIDTHS), find_column(photos, HEIGHTS)
    if None in columns:
        return None
    sizes = photos[list(columns)].apply(pd.to_numeric, errors="coerce")
    sizes = sizes[(sizes > 0).all(axis=1)]
    width, height = sizes.to_numpy(float).T
    if not len(sizes):
        return None
    return {
        "n_photos": len(photos),
        "n_unknown": len(photos) - len(sizes),
        "median_width": float(np.median(width)),
        "median_height": float(np.median(height)),
        "share_portrait": float((height > width).mean()),
        "share_small": float((np.minimum(width, height) < SMALL_SIDE_PX).mean()),
    }


def _known(names: pd.Series) -> pd.Series:
    """Names, missing where they are empty."""
    return names.mask(names.astype("str").str.strip() == "")


def _texts(values: pd.Series) -> pd.Series:
    """Tags as one text per photo; lists, as Parquet may hold them, are joined."""
    if values.dtype == object:
        values = values.map(lambda tags: tags if pd.api.types.is_scalar(tags) else "|".join(tags))
    return values.fillna("").astype("str").reset_index(drop=True)


def _size(path: str) -> tuple[float, float]:
    """Width and height of a photo held upright."""
    try:
        with open_photo(path, header_only=True) as image:
            lies_on_its_side = image.getexif().get(_ORIENTATION_TAG, 1) >= 5
            return image.size[::-1] if lies_on_its_side else image.size
    except ImageError:
        return np.nan, np.nan
