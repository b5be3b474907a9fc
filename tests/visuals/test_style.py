"""What all figures share: room for their legend."""

import plotly.graph_objects as go
import pytest

from geocore.visuals.style import MAX_LEGEND_LINES, finish


def finished(n_entries, **settings):
    plot = go.Figure([go.Scatter(x=[0], y=[0], name=f"entry {i}") for i in range(n_entries)])
    plot.add_scatter(x=[0], y=[0], name="not in the legend", showlegend=False)
    return finish(plot, False, 400, **settings).layout


@pytest.mark.parametrize(("n_entries", "n_lines"), [(0, 1), (1, 1), (3, 3), (9, MAX_LEGEND_LINES)])
def test_a_figure_has_room_for_a_legend_that_wraps_in_a_narrow_column(n_entries, n_lines):
    layout = finished(n_entries)
    assert layout.margin.t == 40 + 20 * n_lines
    assert layout.height - layout.margin.t == 400 - 60  # what is drawn stays as high


def test_room_can_be_set():
    layout = finished(5, legend_lines=0)
    assert (layout.margin.t, layout.height) == (40, 400)
