"""The thesis's own tables 6.2 to 6.8 as printed, to stand beside ours.

Stage: evaluation. It must not know our results. Other photos (970,565 of Flickr), another backbone,
other cells, measured on validation photos, no intervals: a column of its own, never one to be
ranked with ours. Copied digit by digit, HMC-sol's too, whose accuracy and IoR do not agree in print
(0.032 times 72 classes is 2.30, not 2.23).

Source: thesis chapter 6.
"""

import pandas as pd

N_PHOTOS = 970_565
"""Photos of the thesis; its t_min and t_max are meant for that many (6.4.2)."""
SOURCES = {
    "A": "Table 6.2: frozen backbones, MC over 99 classes",
    "B": "Table 6.3: number of training photos, MC over 89 classes",
    "C": "Tables 6.4 to 6.6: number of classes, MC",
    "D": "Tables 6.7 and 6.8: heads over 72 classes",
}
"""Where the numbers of an experiment are printed."""
TABLE_6_7 = "table 6.7"
"""Name of the setting of experiment D that uses the thesis's own learning rates and epochs."""

T_MIN_FLOOR, T_MAX_FLOOR = 2, 4

_A = pd.DataFrame(
    [("VGG19", 6.985, 0.015, 1.485), ("ResNet152", 6.324, 0.020, 1.980),
     ("EfficientNetB0", 5.158, 0.023, 2.277), ("EfficientNetB1", 4.607, 0.026, 2.574)],
    columns=["setting", "loss", "top_1", "ior"],
)  # fmt: skip
_B = pd.DataFrame(
    [("1/64", 10_000, 12.429, 0.006, 0.534), ("1/16", 40_000, 6.170, 0.009, 0.828),
     ("1/4", 160_000, 5.762, 0.011, 0.935), ("all", 640_000, 5.283, 0.019, 1.655)],
    columns=["setting", "x", "loss", "top_1", "ior"],
)  # fmt: skip
_C = pd.DataFrame(
    [("80,000 to 350,000", 4, 0.726, 1.554, 0.278, 1.11),
     ("25,000 to 100,000", 14, 0.874, 2.936, 0.091, 1.28),
     ("5,000 to 40,000", 50, 0.939, 4.926, 0.031, 1.57),
     ("3,000 to 15,000", 110, 0.877, 5.537, 0.013, 1.38)],
    columns=["setting", "x", "share_kept", "loss", "top_1", "ior"],
)  # fmt: skip
THESIS_TABLE_6_8 = pd.DataFrame(
    [("MC", 4.799, 0.023, 1.66, 9256), ("HMC", 4.301, 0.033, 2.38, 10253),
     ("HMC-sol", 4.104, 0.032, 2.23, 15960), ("HMC-smooth", 3.980, 0.031, 2.23, 19253)],
    columns=["head", "loss", "top_1", "ior", "seconds_per_epoch"],
)  # fmt: skip
"""Thesis table 6.8 (experiment D): other photos, other cells (72), other backbone; no intervals."""

_TABLES = {
    "A": _A.assign(head="MC"),
    "B": _B.assign(head="MC"),
    "C": _C.assign(head="MC"),
    "D": THESIS_TABLE_6_8.assign(setting=TABLE_6_7),
}


def scaled_thresholds(t_min: int, t_max: int, n_photos: int) -> tuple[int, int]:
    """The thesis's t_min and t_max for a set of that many photos, in the same proportion.

    Raises:
        ValueError: no photos.
    """
    if n_photos < 1:
        raise ValueError(f"n_photos must be at least 1, received {n_photos}.")
    factor = n_photos / N_PHOTOS
    return max(T_MIN_FLOOR, round(t_min * factor)), max(T_MAX_FLOOR, round(t_max * factor))


def thesis_results() -> pd.DataFrame:
    """Every number of tables 6.2 to 6.8 as one row, named as in our own results.

    Returns:
        Columns experiment, setting, head, x (training photos in B, classes in C, else NaN),
        measure (loss, top_1, ior, share_kept, seconds_per_epoch; shares from 0 to 1), value.
    """
    keys = ["experiment", "setting", "head", "x"]
    parts = []
    for experiment, table in _TABLES.items():
        whole = table.assign(experiment=experiment).reindex(
            columns=[*keys, *table.columns.difference([*keys])]
        )
        parts.append(whole.melt(id_vars=keys, var_name="measure", value_name="value"))
    return pd.concat([part.astype({"x": float}) for part in parts], ignore_index=True)
