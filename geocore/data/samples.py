"""Data stage: the sample photos that ship with geocore. It knows no page that shows them."""

from pathlib import Path

from geocore.data.photos import PhotoTable, load_photos

SAMPLES = Path(__file__).resolve().parents[1] / "assets" / "samples" / "samples.csv"


def load_samples() -> PhotoTable:
    """Load ten public-domain and CC0 photos of known places.

    Returns:
        Table with the further columns TITLE, COUNTRY (ISO 3166 code), LICENSE, AUTHOR, SOURCE (web
        page of the original) and PRECISION_KM (how far off the position may be).

    Raises:
        PhotoTableError: The folder of samples is damaged.

    Source:
        assets/samples/README.md.
    """
    return load_photos(SAMPLES)
