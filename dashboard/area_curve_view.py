"""What search areas cost: how often they hold the true place, against how large they are.

Stage: dashboard. It must not compute: all was measured when the bundle was calibrated.
"""

import pandas as pd
import streamlit as st

from dashboard.common import View, plain
from dashboard.figure_view import download_table, show_figure
from dashboard.offline_map import is_dark
from dashboard.prior_view import is_calibrated
from geocore.evaluation.conformal import LEAST_AREA, METHODS
from geocore.evaluation.coverage import CURVE_LEVELS
from geocore.inference.search_calibration import SearchCalibration, load_calibration
from geocore.visuals.area_figures import describe_area_curve, plot_area_curve


def show_area_curve(view: View) -> None:
    """Recall against area, the promise beside what was seen, and other ways to choose an area."""
    st.subheader("How large an area to search must be")
    if not is_calibrated(view.bundle):
        st.caption("This bundle promises no search areas, so there is nothing to measure.")
        return
    calibration = load_calibration(view.bundle)
    curve = _measured(calibration, view.head, LEAST_AREA)
    if curve.empty:
        st.caption(f"Search areas were not measured for {plain(view.head)}.")
        return
    usual = curve.iloc[(curve["level"] - 0.9).abs().argmin()]
    st.markdown(
        f"Areas that promise **{100 * usual['level']:g} %** held the true place of "
        f"**{100 * usual['coverage']:.1f} %** of photos that calibration did not see, and measured "
        f"{usual['area_km2'] / 1e6:.1f} million km² on average, {usual['land_km2'] / 1e6:.1f} of "
        "it land."
    )
    show_figure(
        plot_area_curve(curve, dark=is_dark()), key="area_curve", alt=describe_area_curve(curve)
    )
    st.caption(
        f"All held-out photos ({len(calibration.photos)}): 20 times one half calibrated and the "
        "other was tested. Points are means, bars reach from the lowest to the highest half."
    )
    _show_methods(calibration, view.head)
    download_table("Curve as CSV", curve, f"{view.bundle.name}-{view.head}-area-curve")


def _measured(calibration: SearchCalibration, head: str, method: str) -> pd.DataFrame:
    rows = calibration.measured.get(head, {}).get(method, {}).get("together", [])
    table = pd.DataFrame(rows, columns=None if rows else ["level"])
    return table[table["level"].isin(CURVE_LEVELS)].sort_values("level", ignore_index=True)


def _show_methods(calibration: SearchCalibration, head: str) -> None:
    """The same promise at 90 % by other ways to choose the area."""
    rows = []
    for method, words in METHODS.items():
        curve = _measured(calibration, head, method)
        for row in curve[curve["level"] == 0.9].itertuples():
            rows.append((words, row.coverage * 100, row.area_km2 / 1e6, row.land_km2 / 1e6))
    with st.expander("Other ways to choose the area, all at 90 %"):
        names = ["Taken into the area", "Inside, %", "Million km²", "of land"]
        table = pd.DataFrame(rows, columns=names)
        formats = dict.fromkeys(names[1:], "{:.1f}".format)
        st.table(table.set_index(names[0]).apply(lambda column: column.map(formats[column.name])))
