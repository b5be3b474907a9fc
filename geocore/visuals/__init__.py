"""Visuals stage: folium maps and plotly figures of plain arrays and tables."""
